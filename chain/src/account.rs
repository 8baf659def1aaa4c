//! Somebody who signs: dry runs, and signed transactions that are journaled before they are sent.

use super::client::{explain_rpc, revert_data, Call, Chain, STALLED};
use super::consent::{declined, stopped, Consent};
use super::envelope::{called, decoded, outbidding, read, signer};
use super::fees::{FeeLimits, Fees};
use super::refusal::Refusal;
use super::revert;
use super::wallet::Wallet;
use crate::error::{hinted, Error, Kind};
use crate::journal::{Journal, Step};
use alloy::consensus::{Transaction, TxEnvelope};
use alloy::eips::BlockId;
use alloy::primitives::{Address, Bytes, TxHash, U256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionReceipt;
use alloy::transports::TransportError;
use assay_durable::report::Reporter;
use assay_protocol::units::{about_ether, ether};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Gas kept free above the estimate, in percent: a verifier may meet colder storage or another block's base fee logic.
pub(crate) const GAS_MARGIN_PERCENT: u64 = 20;

/// Largest gas limit of a transaction (EIP-7825).
pub const MAX_TX_GAS: u64 = 1 << 24;

/// Largest estimate that leaves room for the margin.
pub const MAX_ESTIMATE: u64 = MAX_TX_GAS / (100 + GAS_MARGIN_PERCENT) * 100;

/// Another transaction has the nonce of a journaled one and may yet lose it to a reorganisation.
fn taken(step: &str, nonce: u64) -> eyre::Report {
    Error::new(
        Kind::NonceTaken,
        format!("{step}: another transaction took its nonce {nonce}"),
    )
    .because(eyre::eyre!("it has not its confirmations yet"))
    .hint("repeat the command when it has")
    .into()
}

/// The node has another transaction with this nonce, for fees that this one does not outbid.
#[derive(Debug, thiserror::Error)]
#[error("the node has another transaction in this one's place")]
pub(crate) struct Replaces(#[source] TransportError);

/// Somebody who signs, on one chain.
#[derive(Clone)]
pub struct Account {
    /// Where the transactions go, and are waited for.
    pub chain: Chain,
    pub(crate) wallet: Wallet,
    pub(crate) limits: FeeLimits,
    pub(crate) consent: Consent,
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
    /// Within the usual limits on fees.
    pub fn new(chain: Chain, wallet: impl Into<Wallet>) -> Self {
        Self {
            chain,
            wallet: wallet.into(),
            limits: FeeLimits::default(),
            consent: Consent::default(),
            turn: Arc::default(),
        }
    }

    /// The same within other limits.
    pub fn within(self, limits: FeeLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same, if each transaction that is signed for a step needs this consent.
    pub fn asking(self, consent: Consent) -> Self {
        Self { consent, ..self }
    }

    /// Goes on unless this is a dry run.
    ///
    /// # Errors
    /// [`Kind::DryRun`] in one, with what it stopped before.
    pub fn require_real(&self, before: impl std::fmt::Display) -> eyre::Result<()> {
        self.consent.require_real(before)
    }

    /// Goes on unless this is a dry run, which makes no proof.
    ///
    /// # Errors
    /// [`Kind::DryRun`] in one, if any is missing.
    pub fn require_proofs(&self, missing: usize) -> eyre::Result<()> {
        match missing {
            0 => Ok(()),
            _ => self.require_real(format_args!(
                "{missing} proof(s) are made: what sending them costs is known once they are there"
            )),
        }
    }

    /// Whom the contracts see.
    pub fn address(&self) -> Address {
        self.wallet.account()
    }

    /// What this party signs with, for what it signs besides transactions.
    pub fn key(&self) -> Wallet {
        self.wallet.clone()
    }

    /// Whether a step that sends so much can be paid, with gas for so much, or 0 if that is not known yet.
    ///
    /// # Errors
    /// If the account has less, or nothing at all.
    pub async fn require_funds(&self, value_wei: u128, gas_wei: u128) -> eyre::Result<()> {
        let balance = self.chain.provider.get_balance(self.address()).await?;
        if !balance.is_zero() && balance >= U256::from(value_wei) + U256::from(gas_wei) {
            return Ok(());
        }
        let gas = match gas_wei {
            0 => "gas".to_owned(),
            wei => format!("up to {} for gas", about_ether(U256::from(wei))),
        };
        let takes = match value_wei {
            0 => format!("takes {gas}"),
            wei => format!("sends {} and {gas}", ether(U256::from(wei))),
        };
        Err(hinted(
            format!("{} has {}, this step {takes}", self.address(), ether(balance)),
            "send ether to the account",
        ))
    }

    /// Executes the call on the node without a transaction.
    ///
    /// # Errors
    /// If the account has less than the call sends; the contract's refusal in words.
    pub async fn dry_run(&self, call: &Call) -> eyre::Result<Bytes> {
        self.try_dry_run(call).await?.map_err(|data| revert::explain(&data))
    }

    /// As [`Account::dry_run`], with revert data for the caller to judge.
    pub async fn try_dry_run(&self, call: &Call) -> eyre::Result<Result<Bytes, Bytes>> {
        if call.value_wei > 0 {
            self.require_funds(call.value_wei, 0).await?;
        }
        match self.chain.provider.call(call.request(self.address())).await {
            Ok(output) => Ok(Ok(output)),
            Err(error) => revert_data(&error).map(Err).ok_or_else(|| error.into()),
        }
    }

    /// Whether the call can be paid, within the limits on fees, as things are now.
    ///
    /// # Errors
    /// [`Kind::TooDear`] if the limits do not allow it, if the account has too little, or the contract refuses the call.
    pub async fn require_payable(&self, call: &Call) -> eyre::Result<()> {
        let gas = self.gas_limit(call).await?;
        self.fees(call, gas, Fees::default()).await.map(drop)
    }

    /// Gas the call would use, behind what this account has sent and no block has taken.
    pub async fn estimate_gas(&self, call: &Call) -> eyre::Result<u64> {
        self.estimate_gas_at(call, BlockId::pending()).await
    }

    async fn estimate_gas_at(&self, call: &Call, block: BlockId) -> eyre::Result<u64> {
        let estimate = self.chain.provider.estimate_gas(call.request(self.address()));
        estimate.block(block).await.map_err(explain_rpc)
    }

    /// Sends the call once, however often this is repeated with the same journal and `step`, and waits for its
    /// confirmations.
    ///
    /// The signed transaction is in the journal before it is sent. A later call with the same step returns its receipt,
    /// or sends the very same transaction again. If the fees have outgrown it, no block took it or the node refuses it, another
    /// one with the same nonce takes its place, which sends as much as `call` if that is more than before; only if neither can be
    /// mined any more is a new one made.
    ///
    /// # Errors
    /// [`Kind::TooDear`] if the account's limits do not allow the fees of a transaction that is to be signed. One that is only sent
    /// again has the fees that were allowed when it was signed.
    pub async fn send(
        &self,
        journal: &mut Journal,
        step: &str,
        call: &Call,
        out: &Reporter,
    ) -> eyre::Result<TransactionReceipt> {
        let (hash, raw) = self.begin(journal, step, call, out).await?;
        self.finish(journal, step, hash, &raw, out, Instant::now()).await
    }

    /// As [`Account::send`] for several calls, which wait for their blocks together; how each of them ended. Once somebody declines one,
    /// nobody is asked about the others.
    ///
    /// # Errors
    /// If the journal cannot be written, or the node does not answer.
    pub async fn send_all(
        &self,
        journal: &mut Journal,
        calls: Vec<(String, Call)>,
        out: &Reporter,
    ) -> Vec<eyre::Result<TransactionReceipt>> {
        let (mut begun, mut is_over) = (Vec::new(), false);
        for (step, call) in calls {
            let sent = match is_over {
                true => Err(declined("one before it was not confirmed")),
                false => self.begin(journal, &step, &call, out).await,
            };
            is_over |= sent.as_ref().is_err_and(|error| Kind::Declined.is_of(error));
            begun.push((step, sent));
        }
        // They wait together: those behind one that no block takes have waited as long.
        let since = Instant::now();
        let mut ended = Vec::new();
        for (step, sent) in begun {
            ended.push(match sent {
                Ok((hash, raw)) => self.finish(journal, &step, hash, &raw, out, since).await,
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
        out: &Reporter,
    ) -> eyre::Result<(TxHash, Bytes)> {
        if let Some(sent) = self.again(journal, step, call.value_wei, |_| Ok(()), out).await? {
            return Ok(sent);
        }
        self.make_way(journal, None, true, out).await?;
        self.dry_run(call).await?;
        let _turn = self.turn.lock().await;
        let gas = self.estimate_gas(call).await?;
        let priced = self.consented(step, call, gas, Fees::default(), out).await?;
        let nonce = self.next_nonce().await?;
        let (hash, raw) = self.sign_priced(call, nonce, priced).await?;
        journal.set_step(step, Step::sent(hash, raw.clone(), nonce))?;
        self.broadcast(&raw).await?;
        Ok((hash, raw))
    }

    /// The receipt of a step that was sent before, if it was or still can be mined.
    pub async fn resume(
        &self,
        journal: &mut Journal,
        step: &str,
        out: &Reporter,
    ) -> eyre::Result<Option<TransactionReceipt>> {
        self.resume_with(journal, step, 0, |_| Ok(()), out).await
    }

    /// As [`Account::resume`] for a step of which more may be due by now: a transaction that takes the place of the journaled one
    /// sends no less than `least_wei`. A call that `is_asked` refuses is not sent again.
    ///
    /// # Errors
    /// Those of `is_asked`, of a call that succeeded or still can, and of the node.
    pub async fn resume_with(
        &self,
        journal: &mut Journal,
        step: &str,
        least_wei: u128,
        is_asked: impl FnOnce(&Bytes) -> eyre::Result<()>,
        out: &Reporter,
    ) -> eyre::Result<Option<TransactionReceipt>> {
        match self.again(journal, step, least_wei, is_asked, out).await? {
            Some((hash, raw)) => {
                let sent = self.finish(journal, step, hash, &raw, out, Instant::now());
                sent.await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// As [`Account::sent`]; what keeps it waiting is sent again as well.
    async fn again(
        &self,
        journal: &mut Journal,
        step: &str,
        least_wei: u128,
        is_asked: impl FnOnce(&Bytes) -> eyre::Result<()>,
        out: &Reporter,
    ) -> eyre::Result<Option<(TxHash, Bytes)>> {
        let Some(own) = journal.step(step).cloned() else {
            return Ok(None);
        };
        let sent = self.sent(journal, step, least_wei, is_asked, out).await?;
        if sent.is_some() {
            self.make_way(journal, Some(&own), false, out).await?;
        }
        Ok(sent)
    }

    /// The transaction of a step that was sent before, if it succeeded or still can.
    pub(crate) async fn sent(
        &self,
        journal: &mut Journal,
        step: &str,
        least_wei: u128,
        is_asked: impl FnOnce(&Bytes) -> eyre::Result<()>,
        out: &Reporter,
    ) -> eyre::Result<Option<(TxHash, Bytes)>> {
        let Some(sent) = journal.step(step).cloned() else {
            return Ok(None);
        };
        let signed = decoded(&sent)?;
        // The nonce first: whatever has used it by now has its receipt below.
        let used = self.chain.confirmed_nonce(self.address()).await?;
        let mined = self.chain.provider_nonce(self.address()).await?;
        for hash in sent.hashes() {
            match self.chain.provider.get_transaction_receipt(hash).await? {
                Some(receipt) if receipt.status() => {
                    // It may have stalled before.
                    journal.mark_over(step)?;
                    is_asked(signed.input())?;
                    return Ok(Some((hash, sent.raw.clone())));
                }
                // It will not succeed later either.
                Some(_) => return Ok(None),
                None => {}
            }
        }
        if used > sent.nonce || self.is_of_another(&signed)? {
            return Ok(None);
        }
        if mined > sent.nonce {
            return Err(taken(step, sent.nonce));
        }
        is_asked(signed.input())?;
        out.note(format_args!("{step}: sending transaction {} again", sent.tx_hash));
        self.send_again(journal, step, sent, least_wei, out).await.map(Some)
    }

    /// Whether another account signed the step: its nonces say nothing about this one's.
    pub(crate) fn is_of_another(&self, signed: &TxEnvelope) -> eyre::Result<bool> {
        Ok(signer(signed)? != self.address())
    }

    /// Sends a journaled transaction once more, or one with the same nonce and call in its place: that sends no less than
    /// `least_wei`, since what is due may depend on the base fee.
    async fn send_again(
        &self,
        journal: &mut Journal,
        step: &str,
        sent: Step,
        least_wei: u128,
        out: &Reporter,
    ) -> eyre::Result<(TxHash, Bytes)> {
        self.consent
            .require_real(format_args!("sending {step} again, transaction {}", sent.tx_hash))?;
        let old = decoded(&sent)?;
        let _turn = self.turn.lock().await;
        let is_acceptable = self.chain.base_fee().await? <= old.max_fee_per_gas();
        if !sent.stalled && is_acceptable {
            match self.broadcast(&sent.raw).await {
                Ok(()) => return Ok((sent.tx_hash, sent.raw)),
                // Of another command, which sent it while this one was in the journal only.
                Err(error) if error.is::<Replaces>() => return Err(taken(step, sent.nonce)),
                Err(error) => out.warn(format_args!("{step}: the node refuses {}: {error:#}", sent.tx_hash)),
            }
        }
        let mut call = called(&old);
        call.value_wei = call.value_wei.max(least_wei);
        // The pending block may hold what this takes the place of.
        let gas = self.estimate_gas_at(&call, BlockId::latest()).await?;
        let priced = self.consented(step, &call, gas, outbidding(&old), out).await;
        let (hash, raw) = match priced {
            // The node may have dropped it, and fees may have fallen since.
            Err(error) if Kind::TooDear.is_of(&error) && sent.stalled && is_acceptable => {
                out.warn(format_args!("{step}: {} is not replaced: {error:#}", sent.tx_hash));
                self.broadcast(&sent.raw).await?;
                return Ok((sent.tx_hash, sent.raw));
            }
            priced => self.sign_priced(&call, sent.nonce, priced?).await?,
        };
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
        let (hash, raw) = self.sign_regardless(call, gas).await?;
        self.broadcast(&raw).await?;
        loop {
            if let Some(receipt) = self.chain.provider.get_transaction_receipt(hash).await? {
                return Ok(receipt);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// `since` is when it was sent.
    pub(crate) async fn finish(
        &self,
        journal: &mut Journal,
        step: &str,
        hash: TxHash,
        raw: &Bytes,
        out: &Reporter,
        since: Instant,
    ) -> eyre::Result<TransactionReceipt> {
        let confirmed = match &self.consent {
            // What waits may have to send again.
            Consent::Dry(_) => match self.chain.confirmed_by_now(hash).await? {
                None => return Err(stopped(format_args!("waiting for the confirmations of {step}"))),
                receipt => receipt,
            },
            Consent::Given | Consent::Asked(_) => {
                let signed_by = (self.address(), read(raw)?.nonce());
                self.chain.confirmed(hash, raw, signed_by, step, out, since).await?
            }
        };
        if let Some(receipt) = confirmed {
            if let Some(mined) = journal.confirm_step(step, &receipt)? {
                out.note(format_args!("{step}: {} {mined}", receipt.transaction_hash));
            }
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

    pub(crate) async fn broadcast(&self, raw: &Bytes) -> eyre::Result<()> {
        self.consent.require_real("sending a transaction")?;
        let Err(error) = self.chain.provider.send_raw_transaction(raw).await else {
            return Ok(());
        };
        let answer = error.as_error_resp();
        match answer.map_or(Refusal::Other, |answer| Refusal::of(&answer.message)) {
            // Another run, or an earlier try whose answer was lost, was faster.
            Refusal::Known => Ok(()),
            Refusal::Underpriced => Err(Replaces(error).into()),
            Refusal::Unpayable => Err(hinted(
                format!("{} cannot pay for this transaction", self.address()),
                "send ether to the account",
            )),
            Refusal::Other => Err(explain_rpc(error)),
        }
    }
}
