//! The connection to a node: dry runs, signed transactions that are journaled before they are sent, confirmations.

use super::revert;
use crate::exit::{hinted, ChainUnreachable, Hinted};
use crate::journal::{Journal, Step};
use crate::output::Output;
use alloy::consensus::{BlockHeader, Transaction, TxEnvelope};
use alloy::contract::{CallBuilder, CallDecoder};
use alloy::eips::{BlockId, BlockNumberOrTag, Decodable2718, Encodable2718};
use alloy::network::{Ethereum, EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::{Address, Bytes, TxHash, B256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::client::ClientBuilder;
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::http::reqwest;
use alloy::transports::layers::RetryBackoffLayer;
use alloy::transports::{RpcError, TransportErrorKind};
use eyre::WrapErr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a node may take to be reached, and to answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a transaction may wait for a block before another one, with higher fees, shall take its place.
const STALLED: Duration = Duration::from_secs(600);

/// How often a request is repeated that the node refuses because there were too many.
const RETRIES: u32 = 8;
const FIRST_BACKOFF_MS: u64 = 500;

/// Chain id of anvil and other development chains.
pub const DEVNET_CHAIN_ID: u64 = 31337;

/// Gas kept free above the estimate, in percent: a verifier may meet colder storage or another block's base fee logic.
const GAS_MARGIN_PERCENT: u64 = 20;

/// Largest gas limit of a transaction (EIP-7825).
pub const MAX_TX_GAS: u64 = 1 << 24;

/// Largest estimate that leaves room for the margin.
pub const MAX_ESTIMATE: u64 = MAX_TX_GAS / (100 + GAS_MARGIN_PERCENT) * 100;

/// Polls without a receipt after which a transaction is sent once more: a reorganisation may have dropped it.
const POLLS_BEFORE_RESENDING: u32 = 60;

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
        let parsed = url.parse::<reqwest::Url>();
        let parsed = parsed.map_err(|e| crate::exit::UsageError(format!("--rpc-url is not a URL: {e}")))?;
        // The path of a provider's URL often holds an access key.
        let shown = format!("{}://{}", parsed.scheme(), parsed.host_str().unwrap_or("?"));
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE)
            .build()?;
        let client = ClientBuilder::default()
            .layer(RetryBackoffLayer::new(RETRIES, FIRST_BACKOFF_MS, u64::MAX))
            .http_with_client(http, parsed);
        let provider = ProviderBuilder::new()
            .disable_recommended_fillers()
            .connect_client(client)
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

    /// The newest block that has its confirmations.
    pub async fn newest_confirmed(&self) -> eyre::Result<BlockId> {
        let head = self.provider.get_block_number().await?;
        Ok(BlockId::number((head + 1).saturating_sub(self.confirmations)))
    }

    /// Number of transactions of an account in blocks that have their confirmations.
    async fn confirmed_nonce(&self, account: Address) -> eyre::Result<u64> {
        let block = self.newest_confirmed().await?;
        Ok(self.provider.get_transaction_count(account).block_id(block).await?)
    }

    /// Wei per gas that the next block takes at least.
    async fn base_fee(&self) -> eyre::Result<u128> {
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
        let fee = block.and_then(|block| block.header.base_fee_per_gas());
        Ok(fee.unwrap_or_default().into())
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

    /// Waits until the transaction `raw` is in a block that has its confirmations; `None` if no block takes it.
    ///
    /// # Errors
    /// If it reverted.
    async fn confirmed(
        &self,
        hash: TxHash,
        raw: &Bytes,
        what: &str,
        out: &Output,
    ) -> eyre::Result<Option<TransactionReceipt>> {
        let mut seen = Instant::now();
        let _bar = out.bar(
            format_args!("{what}: waiting for {} confirmation(s)", self.confirmations),
            0,
        );
        let pause = Duration::from_millis(if self.is_devnet() { 100 } else { 2000 });
        let mut polls = 0;
        loop {
            polls += 1;
            if let Some(receipt) = self.provider.get_transaction_receipt(hash).await? {
                seen = Instant::now();
                let head = self.provider.get_block_number().await?;
                let depth = receipt.block_number.map_or(0, |mined| (head + 1).saturating_sub(mined));
                if depth >= self.confirmations {
                    eyre::ensure!(receipt.status(), "{what}: transaction {hash} reverted in block {head}");
                    return Ok(Some(receipt));
                }
            } else if seen.elapsed() > STALLED {
                return Ok(None);
            } else if polls % POLLS_BEFORE_RESENDING == 0 {
                // Most nodes know it and say so.
                let _ = self.provider.send_raw_transaction(raw).await;
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

/// Another transaction has the nonce of a journaled one and may yet lose it to a reorganisation.
#[derive(Debug, thiserror::Error)]
#[error("{step}: another transaction took its nonce {nonce}")]
pub struct NonceTaken {
    step: String,
    nonce: u64,
    source: Hinted,
}

fn taken(step: &str, nonce: u64) -> eyre::Report {
    let source = Hinted {
        error: "it has not its confirmations yet".into(),
        hint: "repeat the command when it has".into(),
    };
    let step = step.to_owned();
    NonceTaken { step, nonce, source }.into()
}

/// Wei per gas.
#[derive(Debug, Clone, Copy, Default)]
struct Fees {
    max_fee: u128,
    tip: u128,
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
    /// or sends the very same transaction again. If the fees have outgrown it, no block took it or the node refuses it, another
    /// one with the same nonce takes its place; only if neither can be mined any more is a new one made.
    pub async fn send(
        &self,
        journal: &mut Journal,
        step: &str,
        call: &Call,
        out: &Output,
    ) -> eyre::Result<TransactionReceipt> {
        let (hash, raw) = self.begin(journal, step, call, out).await?;
        self.finish(journal, step, hash, &raw, out).await
    }

    /// As [`Account::send`] for several calls, which wait for their blocks together; how each of them ended.
    ///
    /// # Errors
    /// If the journal cannot be written, or the node does not answer.
    pub async fn send_all(
        &self,
        journal: &mut Journal,
        calls: Vec<(String, Call)>,
        out: &Output,
    ) -> Vec<eyre::Result<TransactionReceipt>> {
        let mut begun = Vec::new();
        for (step, call) in calls {
            let sent = self.begin(journal, &step, &call, out).await;
            begun.push((step, sent));
        }
        let mut ended = Vec::new();
        for (step, sent) in begun {
            ended.push(match sent {
                Ok((hash, raw)) => self.finish(journal, &step, hash, &raw, out).await,
                Err(error) => Err(error),
            });
        }
        ended
    }

    /// Sends the call unless it was sent before; its transaction.
    async fn begin(
        &self,
        journal: &mut Journal,
        step: &str,
        call: &Call,
        out: &Output,
    ) -> eyre::Result<(TxHash, Bytes)> {
        if let Some(sent) = self.sent(journal, step, out).await? {
            return Ok(sent);
        }
        self.dry_run(call).await?;
        let _turn = self.turn.lock().await;
        let (hash, raw, nonce) = self.sign(call).await?;
        journal.set_step(step, Step::sent(hash, raw.clone(), nonce))?;
        self.broadcast(&raw).await?;
        Ok((hash, raw))
    }

    /// The receipt of a step that was sent before, if it was or still can be mined.
    pub async fn resume(
        &self,
        journal: &mut Journal,
        step: &str,
        out: &Output,
    ) -> eyre::Result<Option<TransactionReceipt>> {
        match self.sent(journal, step, out).await? {
            Some((hash, raw)) => self.finish(journal, step, hash, &raw, out).await.map(Some),
            None => Ok(None),
        }
    }

    /// The transaction of a step that was sent before, if it succeeded or still can.
    async fn sent(&self, journal: &mut Journal, step: &str, out: &Output) -> eyre::Result<Option<(TxHash, Bytes)>> {
        let Some(sent) = journal.step(step).cloned() else {
            return Ok(None);
        };
        // The nonce first: whatever has used it by now has its receipt below.
        let used = self.chain.confirmed_nonce(self.address()).await?;
        let mined = self.chain.provider_nonce(self.address()).await?;
        for hash in sent.hashes() {
            match self.chain.provider.get_transaction_receipt(hash).await? {
                Some(receipt) if receipt.status() => {
                    return Ok(Some((hash, sent.raw.clone())));
                }
                // It will not succeed later either.
                Some(_) => return Ok(None),
                None => {}
            }
        }
        if used > sent.nonce {
            return Ok(None);
        }
        if mined > sent.nonce {
            return Err(taken(step, sent.nonce));
        }
        out.note(format_args!("{step}: sending transaction {} again", sent.tx_hash));
        self.send_again(journal, step, sent, out).await.map(Some)
    }

    /// Sends a journaled transaction once more, or one with the same nonce and call in its place.
    async fn send_again(
        &self,
        journal: &mut Journal,
        step: &str,
        sent: Step,
        out: &Output,
    ) -> eyre::Result<(TxHash, Bytes)> {
        let old = TxEnvelope::decode_2718(&mut sent.raw.as_ref()).wrap_err("the journal holds no transaction")?;
        let _turn = self.turn.lock().await;
        if !sent.stalled && self.chain.base_fee().await? <= old.max_fee_per_gas() {
            match self.broadcast(&sent.raw).await {
                Ok(()) => return Ok((sent.tx_hash, sent.raw)),
                // Of another command, which sent it while this one was in the journal only.
                Err(error) if format!("{error:#}").contains("replacement transaction") => {
                    return Err(taken(step, sent.nonce))
                }
                Err(error) => out.warn(format_args!("{step}: the node refuses {}: {error:#}", sent.tx_hash)),
            }
        }
        let call = Call {
            to: old.to(),
            data: old.input().clone(),
            value_wei: old.value().to(),
        };
        // Nodes replace a transaction for fees that are a tenth higher.
        let raised = |fee: u128| fee + fee / 8 + 1;
        let floor = Fees {
            max_fee: raised(old.max_fee_per_gas()),
            tip: raised(old.max_priority_fee_per_gas().unwrap_or_default()),
        };
        let gas = self.gas_limit(&call).await?;
        let (hash, raw) = self.sign_with(&call, gas, sent.nonce, floor).await?;
        out.note(format_args!(
            "{step}: transaction {hash} takes the place of {}",
            sent.tx_hash
        ));
        journal.set_step(step, sent.replaced_by(hash, raw.clone()))?;
        self.broadcast(&raw).await?;
        Ok((hash, raw))
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
        raw: &Bytes,
        out: &Output,
    ) -> eyre::Result<TransactionReceipt> {
        if let Some(receipt) = self.chain.confirmed(hash, raw, step, out).await? {
            journal.confirm_step(step, &receipt)?;
            return Ok(receipt);
        }
        journal.mark_stalled(step)?;
        Err(hinted(
            format!(
                "{step}: no block has taken transaction {hash} for {} s",
                STALLED.as_secs()
            ),
            "repeat the command: it sends the transaction again with higher fees",
        ))
    }

    async fn sign(&self, call: &Call) -> eyre::Result<(TxHash, Bytes, u64)> {
        let gas = self.gas_limit(call).await?;
        self.sign_with_gas(call, gas).await
    }

    /// The estimate with its margin.
    ///
    /// # Errors
    /// If no transaction may use as much.
    async fn gas_limit(&self, call: &Call) -> eyre::Result<u64> {
        let gas = self.estimate_gas(call).await?;
        eyre::ensure!(
            gas <= MAX_TX_GAS,
            "the call takes {gas} gas, a transaction may use {MAX_TX_GAS}"
        );
        Ok((gas + gas * GAS_MARGIN_PERCENT / 100).min(MAX_TX_GAS))
    }

    async fn sign_with_gas(&self, call: &Call, gas: u64) -> eyre::Result<(TxHash, Bytes, u64)> {
        let nonce = self
            .chain
            .provider
            .get_transaction_count(self.address())
            .pending()
            .await?;
        let (hash, raw) = self.sign_with(call, gas, nonce, Fees::default()).await?;
        Ok((hash, raw, nonce))
    }

    /// Signs with the fees of the moment, and no less than `floor`.
    async fn sign_with(&self, call: &Call, gas: u64, nonce: u64, floor: Fees) -> eyre::Result<(TxHash, Bytes)> {
        let fees = self.chain.provider.estimate_eip1559_fees().await?;
        let tip = fees.max_priority_fee_per_gas.max(floor.tip);
        let request = call
            .request(self.address())
            .with_chain_id(self.chain.id)
            .with_nonce(nonce)
            .with_gas_limit(gas)
            .with_max_fee_per_gas(fees.max_fee_per_gas.max(floor.max_fee).max(tip))
            .with_max_priority_fee_per_gas(tip);
        let wallet = EthereumWallet::from(self.signer.clone());
        let envelope = NetworkTransactionBuilder::<Ethereum>::build(request, &wallet).await?;
        Ok((*envelope.tx_hash(), envelope.encoded_2718().into()))
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
