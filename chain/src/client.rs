//! The connection to a node: what identifies its chain, views, confirmations.

use super::node_url::NodeUrl;
use super::refusal::{asks_too_much, is_unknown_tag};
use super::revert;
use crate::error::{hinted, is_unanswered, unreachable, Error, Kind};
use alloy::consensus::BlockHeader;
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, Bytes, TxHash, B256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::client::ClientBuilder;
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::sol_types::SolCall;
use alloy::transports::http::reqwest;
use alloy::transports::layers::{RateLimitRetryPolicy, RetryBackoffLayer, RetryPolicy};
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use assay_durable::report::Reporter;
use std::fmt;
use std::time::{Duration, Instant};

/// How long a node may take to be reached, and to answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a transaction may wait for a block before another one, with higher fees, shall take its place.
pub(super) const STALLED: Duration = Duration::from_secs(600);

/// How long a wait for confirmations may go unmentioned where no bar shows it.
const SILENCE: Duration = Duration::from_secs(3);

/// How often a request is repeated that does not reach the node, or that it refuses because there were too many, and after
/// which pause: six seconds in all, unless the node asks for longer ones.
const RETRIES: u32 = 12;
const BACKOFF_MS: u64 = 500;

/// What is repeated: requests that do not reach the node, and those that it refuses because there were too many.
#[derive(Debug, Clone, Copy)]
struct Repeated;

impl RetryPolicy for Repeated {
    fn should_retry(&self, error: &TransportError) -> bool {
        match error.as_error_resp() {
            Some(refusal) if asks_too_much(refusal.code, &refusal.message) => false,
            _ => is_unanswered(error) || RateLimitRetryPolicy::default().should_retry(error),
        }
    }

    fn backoff_hint(&self, error: &TransportError) -> Option<Duration> {
        RateLimitRetryPolicy::default().backoff_hint(error)
    }
}

pub use assay_protocol::ids::DEVNET_CHAIN_ID;

/// Polls without a receipt after which a transaction is sent once more: a reorganisation may have dropped it.
const POLLS_BEFORE_RESENDING: u32 = 60;

/// A node and what identifies its chain.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Signs nothing; asks again after a while where the node limits the rate.
    pub provider: DynProvider,
    /// As the node states it, EIP-155.
    pub id: u64,
    /// Hash of block 0: two development chains share the id, not this.
    pub genesis: B256,
    /// Blocks that must be on top of nothing before a transaction counts: 1 is the block that holds it.
    pub confirmations: u64,
    /// Whether what is answered by secrets or for good must be in a finalized block, if the node has one.
    awaits_finality: bool,
    /// The block that views and code are read at.
    at: BlockId,
}

/// A node that knows of finality but does not say now which block is finalized, as after a restart.
pub fn finality_unknown(refusal: &impl fmt::Display) -> Error {
    Error::new(Kind::Unsettled, "the node does not say which block is finalized")
        .because(eyre::eyre!("{refusal}"))
        .hint(
            "wait until the node has caught up, then repeat the command, or say how deep is enough: --confirmations N",
        )
}

/// What a state has to be before it is answered by secrets or for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// In a block that the consensus does not give up any more.
    Finalized,
    /// So many blocks deep.
    Deep(u64),
}

impl Chain {
    /// Connects and reads what identifies the chain. Without `confirmations`: 1 on a devnet; elsewhere 12, and finality for
    /// what is answered by secrets or for good.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] if the node does not answer within a few seconds.
    pub async fn connect(url: &str, confirmations: Option<u64>) -> eyre::Result<Self> {
        let node: NodeUrl = url.parse()?;
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE)
            .build()?;
        let client = ClientBuilder::default()
            .layer(RetryBackoffLayer::new_with_policy(
                RETRIES,
                BACKOFF_MS,
                u64::MAX,
                Repeated,
            ))
            .http_with_client(http, node.secret().clone());
        let provider = ProviderBuilder::new()
            .disable_recommended_fillers()
            .connect_client(client)
            .erased();
        let refused = |error: TransportError| match error {
            RpcError::Transport(_) => unreachable(&node).because(error).into(),
            error => eyre::Report::new(error).wrap_err(format!("the node at {node} does not say which chain it has")),
        };
        let id = provider.get_chain_id().await.map_err(refused)?;
        let genesis = provider
            .get_block_by_number(BlockNumberOrTag::Number(0))
            .await
            .map_err(refused)?;
        let genesis = genesis
            .ok_or_else(|| eyre::eyre!("the node at {node} has no block 0"))?
            .header
            .hash;
        let default = if id == DEVNET_CHAIN_ID { 1 } else { 12 };
        Ok(Self {
            provider,
            id,
            genesis,
            confirmations: confirmations.unwrap_or(default).max(1),
            awaits_finality: id != DEVNET_CHAIN_ID && confirmations.is_none(),
            at: BlockId::latest(),
        })
    }

    /// Whether keys and contracts for development are in place: goes by the chain id alone.
    pub fn is_devnet(&self) -> bool {
        self.id == DEVNET_CHAIN_ID
    }

    /// Name of this chain in file names: id and the first bytes of block 0.
    pub fn label(&self) -> String {
        format!("{}-{}", self.id, hex::encode(&self.genesis[..4]))
    }

    /// The chain as it was when this block was the newest: whatever is read of it is read at this very block, or not at all.
    #[must_use]
    pub fn as_of(&self, block: B256) -> Self {
        Self {
            at: BlockId::hash_canonical(block),
            ..self.clone()
        }
    }

    /// The block that views and code are read at.
    pub fn at(&self) -> BlockId {
        self.at
    }

    /// Code of an account; empty if it has none.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn code(&self, of: Address) -> eyre::Result<Bytes> {
        Ok(self.provider.get_code_at(of).block_id(self.at).await?)
    }

    /// Timestamp of the newest block, Unix seconds.
    pub async fn now(&self) -> eyre::Result<u64> {
        self.time_of(self.at).await
    }

    /// Timestamp of a block, Unix seconds.
    pub async fn time_of(&self, block: BlockId) -> eyre::Result<u64> {
        let found = self.provider.get_block(block).await?;
        let found = found.ok_or_else(|| eyre::eyre!("the node has no block {block}"))?;
        Ok(found.header.timestamp())
    }

    /// The newest block that has its confirmations; of the chain [as of](Self::as_of) a block, that block.
    pub async fn newest_confirmed(&self) -> eyre::Result<BlockId> {
        if self.at != BlockId::latest() {
            return Ok(self.at);
        }
        let head = self.provider.get_block_number().await?;
        Ok(BlockId::number((head + 1).saturating_sub(self.confirmations)))
    }

    /// The hash of a block, by which alone it stays the same.
    ///
    /// # Errors
    /// If the node has no such block, or does not answer.
    pub async fn block_hash(&self, block: BlockId) -> eyre::Result<B256> {
        let found = self.provider.get_block(block).await?;
        let found = found.ok_or_else(|| eyre::eyre!("the node has no block {block}"))?;
        Ok(found.header.hash)
    }

    /// The newest block that may be answered by secrets or for good, and what it is: the finalized one where it is waited for and
    /// the node has one, else the newest with its confirmations.
    ///
    /// # Errors
    /// [`Kind::Unsettled`], or if the node does not answer.
    pub async fn newest_settled(&self) -> eyre::Result<(BlockId, Settled)> {
        if self.awaits_finality {
            let tag = BlockNumberOrTag::Finalized;
            match self.provider.get_block_by_number(tag).await {
                Ok(Some(block)) => return Ok((BlockId::number(block.header.number()), Settled::Finalized)),
                Ok(None) => {}
                Err(RpcError::ErrorResp(refusal)) if is_unknown_tag(refusal.code, &refusal.message) => {}
                Err(RpcError::ErrorResp(refusal)) => return Err(finality_unknown(&refusal).into()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok((self.newest_confirmed().await?, Settled::Deep(self.confirmations)))
    }

    /// Number of transactions of an account in blocks that have their confirmations.
    pub(super) async fn confirmed_nonce(&self, account: Address) -> eyre::Result<u64> {
        let block = self.newest_confirmed().await?;
        Ok(self.provider.get_transaction_count(account).block_id(block).await?)
    }

    /// The receipt of a transaction that has its confirmations and succeeded; `None` before.
    pub(super) async fn confirmed_by_now(&self, hash: TxHash) -> eyre::Result<Option<TransactionReceipt>> {
        let receipt = self.provider.get_transaction_receipt(hash).await?;
        let head = self.provider.get_block_number().await?;
        let depth = |mined: u64| (head + 1).saturating_sub(mined);
        Ok(receipt.filter(|receipt| {
            let mined = receipt.block_number;
            receipt.status() && mined.is_some_and(|mined| depth(mined) >= self.confirmations)
        }))
    }

    /// Wei per gas that the next block takes at least.
    pub async fn base_fee(&self) -> eyre::Result<u128> {
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
        let fee = block.and_then(|block| block.header.base_fee_per_gas());
        Ok(fee.unwrap_or_default().into())
    }

    /// The base fee to send money for, wei: twice that of now. What its block does not need becomes credit.
    pub async fn base_fee_ahead(&self) -> eyre::Result<u128> {
        Ok(2 * self.base_fee().await?)
    }

    /// Number of transactions of an account in mined blocks.
    pub async fn provider_nonce(&self, account: Address) -> eyre::Result<u64> {
        Ok(self.provider.get_transaction_count(account).await?)
    }

    /// Calls a view of the contract at `to`, with refusals in words.
    ///
    /// # Errors
    /// The contract's refusal, or that there is none.
    pub async fn view<C: SolCall>(&self, to: Address, call: &C) -> eyre::Result<C::Return> {
        self.view_at(to, call, self.at).await
    }

    /// As [`Chain::view`], as it was when `block` was the newest.
    ///
    /// # Errors
    /// Those of [`Chain::view`].
    pub async fn view_at<C: SolCall>(&self, to: Address, call: &C, block: BlockId) -> eyre::Result<C::Return> {
        self.try_view_at(to, call, block)
            .await?
            .map_err(|data| revert::explain(&data))
    }

    /// As [`Chain::view_at`], with revert data for the caller to judge.
    ///
    /// # Errors
    /// If the node does not answer, or there is no such contract.
    pub async fn try_view_at<C: SolCall>(
        &self,
        to: Address,
        call: &C,
        block: BlockId,
    ) -> eyre::Result<Result<C::Return, Bytes>> {
        let request = TransactionRequest::default().with_to(to).with_input(call.abi_encode());
        match self.provider.call(request).block(block).await {
            Ok(output) if output.is_empty() => Err(hinted(
                "there is no such contract on this chain",
                "check --rpc-url, --market and --deployment; on a devnet run: assay devnet up",
            )),
            Ok(output) => Ok(Ok(C::abi_decode_returns(&output)?)),
            Err(error) => revert_data(&error).map(Err).ok_or_else(|| error.into()),
        }
    }

    /// Whether `from` could make a call that returns nothing; a refusal in words.
    ///
    /// # Errors
    /// If the node does not say.
    pub async fn judged(&self, from: Address, call: &Call) -> eyre::Result<Result<(), eyre::Report>> {
        match self.provider.call(call.request(from)).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => match revert_data(&error) {
                Some(data) => Ok(Err(revert::explain(&data))),
                None => Err(error.into()),
            },
        }
    }

    /// Waits until the transaction `raw`, sent at `since` by an account with a nonce, is in a block that has its confirmations; `None` if no block takes it.
    ///
    /// # Errors
    /// If it reverted; [`Kind::NonceTaken`] if another transaction has its nonce, with its confirmations.
    pub(super) async fn confirmed(
        &self,
        hash: TxHash,
        raw: &Bytes,
        signed_by: (Address, u64),
        what: &str,
        out: &Reporter,
        since: Instant,
    ) -> eyre::Result<Option<TransactionReceipt>> {
        let began = Instant::now();
        let mut seen = since;
        let mut is_said = out.draws_bars();
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
                self.require_untaken(hash, signed_by, what).await?;
            }
            if !is_said && began.elapsed() > SILENCE {
                let s = if self.confirmations == 1 { "" } else { "s" };
                out.note(format_args!(
                    "{what}: waiting for {} confirmation{s} of {hash}",
                    self.confirmations
                ));
                is_said = true;
            }
            tokio::time::sleep(pause).await;
        }
    }
}

impl Chain {
    /// Fails if no block can take the transaction any more that this account signed with this nonce.
    async fn require_untaken(&self, hash: TxHash, (signer, nonce): (Address, u64), what: &str) -> eyre::Result<()> {
        // The nonce first: what has used it by now has its receipt.
        let used = self.confirmed_nonce(signer).await?;
        if used <= nonce || self.provider.get_transaction_receipt(hash).await?.is_some() {
            return Ok(());
        }
        let why =
            format!("{what}: another transaction of {signer} took nonce {nonce}, and no block takes {hash} any more");
        let error = Error::new(Kind::NonceTaken, why);
        Err(error.hint("repeat the command: it sends what is still due").into())
    }
}

/// What a transaction calls.
#[derive(Debug, Clone)]
pub struct Call {
    /// `None` creates a contract.
    pub to: Option<Address>,
    /// Calldata, or the creation code with its arguments.
    pub data: Bytes,
    pub(super) value_wei: u128,
}

impl Call {
    /// Sends no money.
    pub fn new(to: Address, call: &impl SolCall) -> Self {
        Self {
            to: Some(to),
            data: call.abi_encode().into(),
            value_wei: 0,
        }
    }

    /// Creates a contract.
    pub fn create(code: Bytes) -> Self {
        Self {
            to: None,
            data: code,
            value_wei: 0,
        }
    }

    /// Only [`CheckedMarket`](super::release::CheckedMarket) sends money.
    pub(super) fn with_value(self, value_wei: u128) -> Self {
        Self { value_wei, ..self }
    }

    pub(super) fn request(&self, from: Address) -> TransactionRequest {
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

pub(super) fn revert_data(error: &RpcError<TransportErrorKind>) -> Option<Bytes> {
    error.as_error_resp().and_then(|resp| resp.as_revert_data())
}

pub(super) fn explain_rpc(error: RpcError<TransportErrorKind>) -> eyre::Report {
    match revert_data(&error) {
        Some(data) => revert::explain(&data),
        None => error.into(),
    }
}
