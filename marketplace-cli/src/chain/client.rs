//! The connection to a node: dry runs, signed transactions that are journaled before they are sent, confirmations.

use super::revert;
use crate::exit::{hinted, ChainUnreachable};
use crate::journal::{Journal, Step};
use crate::output::Output;
use alloy::consensus::BlockHeader;
use alloy::contract::{CallBuilder, CallDecoder};
use alloy::eips::{BlockNumberOrTag, Encodable2718};
use alloy::network::{Ethereum, EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::{Address, Bytes, TxHash, B256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::{RpcError, TransportErrorKind};
use eyre::WrapErr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Chain id of anvil and other development chains.
pub const DEVNET_CHAIN_ID: u64 = 31337;

/// Gas kept free above the estimate, in percent: a verifier may meet colder storage or another block's base fee logic.
const GAS_MARGIN_PERCENT: u64 = 20;

/// A node and what identifies its chain.
#[derive(Debug, Clone)]
pub struct Chain {
    pub provider: DynProvider,
    pub id: u64,
    /// Hash of block 0: two development chains share the id, not this.
    pub genesis: B256,
    /// Blocks that must be on top of nothing before a transaction counts: 1 is the block that holds it.
    pub confirmations: u64,
}

impl Chain {
    /// Connects and reads what identifies the chain. Without `confirmations`: 1 on a devnet, 12 elsewhere.
    pub async fn connect(url: &str, confirmations: Option<u64>) -> eyre::Result<Self> {
        let parsed = url.parse::<alloy::transports::http::reqwest::Url>();
        let parsed = parsed.map_err(|e| crate::exit::UsageError(format!("--rpc-url is not a URL: {e}")))?;
        // The path of a provider's URL often holds an access key.
        let shown = format!("{}://{}", parsed.scheme(), parsed.host_str().unwrap_or("?"));
        let provider = ProviderBuilder::new()
            .disable_recommended_fillers()
            .connect_http(parsed)
            .erased();
        let unreachable = || ChainUnreachable { url: shown.clone() };
        let id = provider.get_chain_id().await.wrap_err_with(unreachable)?;
        let genesis = provider
            .get_block_by_number(BlockNumberOrTag::Number(0))
            .await
            .wrap_err_with(unreachable)?;
        let genesis = genesis
            .ok_or_else(|| eyre::eyre!("the node at {shown} has no block 0"))?
            .header
            .hash;
        let default = if id == DEVNET_CHAIN_ID { 1 } else { 12 };
        Ok(Self {
            provider,
            id,
            genesis,
            confirmations: confirmations.unwrap_or(default).max(1),
        })
    }

    pub fn is_devnet(&self) -> bool {
        self.id == DEVNET_CHAIN_ID
    }

    /// Name of this chain in file names: id and the first bytes of block 0.
    pub fn label(&self) -> String {
        format!("{}-{}", self.id, hex::encode(&self.genesis[..4]))
    }

    /// Timestamp of the newest block, Unix seconds.
    pub async fn now(&self) -> eyre::Result<u64> {
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
        let block = block.ok_or_else(|| eyre::eyre!("the node has no newest block"))?;
        Ok(block.header.timestamp())
    }

    /// Number of transactions of an account in mined blocks.
    pub async fn provider_nonce(&self, account: Address) -> eyre::Result<u64> {
        Ok(self.provider.get_transaction_count(account).await?)
    }

    /// Calls a view, with refusals in words.
    pub async fn view<P: Provider, D: CallDecoder + Unpin>(
        &self,
        call: CallBuilder<P, D>,
    ) -> eyre::Result<D::CallOutput> {
        call.call().await.map_err(explain_contract)
    }

    /// Waits until a transaction is in a block that has its confirmations.
    ///
    /// # Errors
    /// If it reverted.
    pub async fn confirmed(&self, hash: TxHash, what: &str, out: &Output) -> eyre::Result<TransactionReceipt> {
        let _bar = out.bar(
            format_args!("{what}: waiting for {} confirmation(s)", self.confirmations),
            0,
        );
        let pause = Duration::from_millis(if self.is_devnet() { 100 } else { 2000 });
        loop {
            if let Some(receipt) = self.provider.get_transaction_receipt(hash).await? {
                let head = self.provider.get_block_number().await?;
                let depth = receipt.block_number.map_or(0, |mined| (head + 1).saturating_sub(mined));
                if depth >= self.confirmations {
                    eyre::ensure!(receipt.status(), "{what}: transaction {hash} reverted in block {head}");
                    return Ok(receipt);
                }
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// What a transaction calls.
#[derive(Debug, Clone)]
pub struct Call {
    /// `None` creates a contract.
    pub to: Option<Address>,
    pub data: Bytes,
    pub value_wei: u128,
}

impl Call {
    pub fn new(to: Address, call: &impl alloy::sol_types::SolCall) -> Self {
        Self {
            to: Some(to),
            data: call.abi_encode().into(),
            value_wei: 0,
        }
    }

    pub fn with_value(self, value_wei: u128) -> Self {
        Self { value_wei, ..self }
    }

    fn request(&self, from: Address) -> TransactionRequest {
        let request = TransactionRequest::default()
            .with_from(from)
            .with_input(self.data.clone());
        let request = request.with_value(alloy::primitives::U256::from(self.value_wei));
        match self.to {
            Some(to) => request.with_to(to),
            None => request.into_create(),
        }
    }
}

/// Somebody who signs, on one chain.
#[derive(Clone)]
pub struct Account {
    pub chain: Chain,
    signer: PrivateKeySigner,
    /// Held from the choice of a nonce until the node has its transaction; clones share it.
    turn: Arc<Mutex<()>>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

impl Account {
    pub fn new(chain: Chain, signer: PrivateKeySigner) -> Self {
        Self {
            chain,
            signer,
            turn: Arc::default(),
        }
    }

    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// What else this party signs with, besides transactions.
    pub fn key(&self) -> PrivateKeySigner {
        self.signer.clone()
    }

    /// Executes the call on the node without a transaction.
    ///
    /// # Errors
    /// The contract's refusal in words.
    pub async fn dry_run(&self, call: &Call) -> eyre::Result<Bytes> {
        self.try_dry_run(call).await?.map_err(|data| revert::explain(&data))
    }

    /// As [`Account::dry_run`], with revert data for the caller to judge.
    pub async fn try_dry_run(&self, call: &Call) -> eyre::Result<Result<Bytes, Bytes>> {
        match self.chain.provider.call(call.request(self.address())).await {
            Ok(output) => Ok(Ok(output)),
            Err(error) => revert_data(&error).map(Err).ok_or_else(|| error.into()),
        }
    }

    /// Gas the call would use.
    pub async fn estimate_gas(&self, call: &Call) -> eyre::Result<u64> {
        let estimate = self.chain.provider.estimate_gas(call.request(self.address())).await;
        estimate.map_err(explain_rpc)
    }

    /// Sends the call once, however often this is repeated with the same journal and `step`, and waits for its
    /// confirmations.
    ///
    /// The signed transaction is in the journal before it is sent. A later call with the same step returns its receipt,
    /// or sends the very same transaction again; only if that one can never be mined any more is a new one made.
    pub async fn send(
        &self,
        journal: &mut Journal,
        step: &str,
        call: &Call,
        out: &Output,
    ) -> eyre::Result<TransactionReceipt> {
        if let Some(receipt) = self.resume(journal, step, out).await? {
            return Ok(receipt);
        }
        self.dry_run(call).await?;
        let turn = self.turn.lock().await;
        let (hash, raw, nonce) = self.sign(call).await?;
        journal.set_step(step, Step::sent(hash, raw.clone(), nonce))?;
        self.broadcast(&raw).await?;
        drop(turn);
        self.finish(journal, step, hash, out).await
    }

    /// The receipt of a step that was sent before, if it was or still can be mined.
    pub async fn resume(
        &self,
        journal: &mut Journal,
        step: &str,
        out: &Output,
    ) -> eyre::Result<Option<TransactionReceipt>> {
        let Some(sent) = journal.step(step).cloned() else {
            return Ok(None);
        };
        match self.chain.provider.get_transaction_receipt(sent.tx_hash).await? {
            Some(receipt) if !receipt.status() => return Ok(None),
            Some(_) => {}
            None => {
                let used = self.chain.provider.get_transaction_count(self.address()).await?;
                if used > sent.nonce {
                    return Ok(None);
                }
                out.note(format_args!("{step}: sending transaction {} again", sent.tx_hash));
                self.broadcast(&sent.raw).await?;
            }
        }
        self.finish(journal, step, sent.tx_hash, out).await.map(Some)
    }

    /// Sends the call with this gas limit even if it will revert, and returns its receipt either way.
    pub async fn send_regardless(&self, call: &Call, gas: u64) -> eyre::Result<TransactionReceipt> {
        let (hash, raw, _) = self.sign_with_gas(call, gas).await?;
        self.broadcast(&raw).await?;
        loop {
            if let Some(receipt) = self.chain.provider.get_transaction_receipt(hash).await? {
                return Ok(receipt);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn finish(
        &self,
        journal: &mut Journal,
        step: &str,
        hash: TxHash,
        out: &Output,
    ) -> eyre::Result<TransactionReceipt> {
        let receipt = self.chain.confirmed(hash, step, out).await?;
        journal.confirm_step(step, &receipt)?;
        Ok(receipt)
    }

    async fn sign(&self, call: &Call) -> eyre::Result<(TxHash, Bytes, u64)> {
        let gas = self.estimate_gas(call).await?;
        self.sign_with_gas(call, gas + gas * GAS_MARGIN_PERCENT / 100).await
    }

    async fn sign_with_gas(&self, call: &Call, gas: u64) -> eyre::Result<(TxHash, Bytes, u64)> {
        let provider = &self.chain.provider;
        let fees = provider.estimate_eip1559_fees().await?;
        let nonce = provider.get_transaction_count(self.address()).pending().await?;
        let request = call.request(self.address());
        let request = request
            .with_chain_id(self.chain.id)
            .with_nonce(nonce)
            .with_gas_limit(gas)
            .with_max_fee_per_gas(fees.max_fee_per_gas)
            .with_max_priority_fee_per_gas(fees.max_priority_fee_per_gas);
        let wallet = EthereumWallet::from(self.signer.clone());
        let envelope = NetworkTransactionBuilder::<Ethereum>::build(request, &wallet).await?;
        Ok((*envelope.tx_hash(), envelope.encoded_2718().into(), nonce))
    }

    async fn broadcast(&self, raw: &Bytes) -> eyre::Result<()> {
        match self.chain.provider.send_raw_transaction(raw).await {
            Ok(_) => Ok(()),
            // Another run, or an earlier try whose answer was lost, was faster.
            Err(RpcError::ErrorResp(e))
                if e.message.contains("already known") || e.message.contains("already imported") =>
            {
                Ok(())
            }
            Err(RpcError::ErrorResp(e)) if e.message.to_lowercase().contains("insufficient funds") => Err(hinted(
                format!("{} cannot pay for this transaction", self.address()),
                "send ether to the account",
            )),
            Err(error) => Err(explain_rpc(error)),
        }
    }
}

fn revert_data(error: &RpcError<TransportErrorKind>) -> Option<Bytes> {
    error.as_error_resp().and_then(|resp| resp.as_revert_data())
}

fn explain_rpc(error: RpcError<TransportErrorKind>) -> eyre::Report {
    match revert_data(&error) {
        Some(data) => revert::explain(&data),
        None => error.into(),
    }
}

fn explain_contract(error: alloy::contract::Error) -> eyre::Report {
    match error {
        alloy::contract::Error::ZeroData(..) => hinted(
            "there is no such contract on this chain",
            "check --rpc-url, --market and --deployment; on a devnet run: assay devnet up",
        ),
        other => match other.as_revert_data() {
            Some(data) => revert::explain(&data),
            None => other.into(),
        },
    }
}
