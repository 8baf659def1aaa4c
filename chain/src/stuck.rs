//! Transactions that no block takes and that keep what the same account signs after them waiting.

use crate::account::{Account, Replaces};
use crate::client::{revert_data, Call};
use crate::envelope::{called, decoded, outbidding, read};
use crate::error::{Error, Kind};
use crate::journal::{Journal, Step};
use alloy::consensus::{Transaction, TxEnvelope};
use alloy::eips::BlockId;
use alloy::primitives::{Bytes, U256};
use alloy::providers::Provider;
use assay_durable::report::Reporter;
use std::time::Instant;

impl Account {
    /// What these steps send that no block has taken and one may yet take, wei.
    ///
    /// # Errors
    /// If the node does not say how many transactions of this account blocks have taken.
    pub async fn on_its_way<'s>(&self, steps: impl Iterator<Item = &'s Step>) -> eyre::Result<u128> {
        let mut steps = steps.filter(|step| step.mined.is_none()).peekable();
        if steps.peek().is_none() {
            return Ok(0);
        }
        let mined = self.chain.provider_nonce(self.address()).await?;
        let mut wei = 0u128;
        for step in steps.filter(|step| step.nonce >= mined) {
            if self.awaits(step)? {
                wei = wei.saturating_add(decoded(step)?.value().saturating_to());
            }
        }
        Ok(wei)
    }

    /// Whether this account, and no other one of the same state directory, has sent the step and does not know yet that a block has it.
    ///
    /// # Errors
    /// If it is no transaction.
    pub fn awaits(&self, step: &Step) -> eyre::Result<bool> {
        Ok(step.mined.is_none() && !step.lost && !self.is_of_another(&decoded(step)?)?)
    }

    /// Those of a journal that it awaits, in the order of their nonces.
    fn awaited(&self, journal: &Journal, is_one: impl Fn(&str, &Step) -> bool) -> eyre::Result<Vec<(String, Step)>> {
        let mut steps = Vec::new();
        for (name, step) in journal.steps() {
            if is_one(name, step) && self.awaits(step)? {
                steps.push((name.to_owned(), step.clone()));
            }
        }
        steps.sort_by_key(|(_, step)| step.nonce);
        Ok(steps)
    }

    /// Sends the steps of these names again that no block has taken, and waits for them.
    ///
    /// # Errors
    /// If one reverts, or still no block takes it.
    pub async fn finish_sent(
        &self,
        journal: &mut Journal,
        is_one: impl Fn(&str) -> bool,
        out: &Reporter,
    ) -> eyre::Result<()> {
        let sent = self.awaited(journal, |name, _| is_one(name))?;
        self.clear(journal, sent, true, out).await
    }

    /// Sends what is stuck in this journal again, though nothing of it may be due any more: other journals of this account wait behind
    /// it, which know nothing of this one. Waits for nothing. What came of the others is noted, so that nobody looks for them again.
    ///
    /// # Errors
    /// If one may not outbid others.
    pub async fn free(&self, journal: &mut Journal, out: &Reporter) -> eyre::Result<()> {
        // The nonce first: whatever has used it by now has its receipt.
        let used = self.chain.confirmed_nonce(self.address()).await?;
        for (name, step) in self.awaited(journal, |_, step| step.nonce < used)? {
            let mut receipt = None;
            for hash in step.hashes() {
                receipt = receipt.or(self.chain.provider.get_transaction_receipt(hash).await?);
            }
            match receipt {
                Some(receipt) if receipt.status() => {
                    journal.confirm_step(&name, &receipt)?;
                }
                _ => journal.mark_lost(&name)?,
            }
        }
        self.make_way(journal, None, false, out).await
    }

    /// Sends again what no block took of what was signed before `own`, which waits behind it; before something new all of it. If this
    /// `waits`, it is mined on return: what is new may depend on it.
    ///
    /// # Errors
    /// If one may not outbid others.
    pub(crate) async fn make_way(
        &self,
        journal: &mut Journal,
        own: Option<&Step>,
        waits: bool,
        out: &Reporter,
    ) -> eyre::Result<()> {
        let mut before = self.awaited(journal, |_, other| own.is_none_or(|own| other.nonce < own.nonce))?;
        if before.is_empty() || own.is_some_and(|own| own.mined.is_some()) {
            return Ok(());
        }
        let mined = self.chain.provider_nonce(self.address()).await?;
        before.retain(|(_, other)| other.nonce >= mined);
        let base_fee = self.chain.base_fee().await?;
        let has_waited = own.is_some_and(|own| own.stalled);
        let mut stuck = Vec::new();
        for (name, other) in before {
            if has_waited || other.stalled || decoded(&other)?.max_fee_per_gas() < base_fee {
                journal.mark_stalled(&name)?;
                stuck.push((name, other));
            }
        }
        self.clear(journal, stuck, waits, out).await
    }

    /// Sends these again, in the order of their nonces; one that is refused by now makes room.
    async fn clear(
        &self,
        journal: &mut Journal,
        steps: Vec<(String, Step)>,
        waits: bool,
        out: &Reporter,
    ) -> eyre::Result<()> {
        let mut sent = Vec::new();
        for (name, step) in steps {
            match self.sent(journal, &name, 0, |_| Ok(()), out).await {
                Ok(Some(again)) => sent.push((name, again)),
                // Its nonce is used.
                Ok(None) => journal.mark_over(&name)?,
                Err(error) if Kind::NonceTaken.is_of(&error) => {}
                // It is neither sent again nor cancelled.
                Err(error) if Kind::DryRun.is_of(&error) || Kind::Declined.is_of(&error) => return Err(error),
                Err(error) => self.cancel(journal, &name, &step, error, out).await?,
            }
        }
        let since = Instant::now();
        for (name, (hash, raw)) in sent {
            let is_stalled = journal.step(&name).is_some_and(|step| step.stalled);
            if is_stalled {
                let why =
                    format!("{name}: no block takes transaction {hash}, and what is signed now would wait behind it");
                let hint = "raise --max-fee and --max-priority-fee, or wait until fees fall";
                return Err(Error::new(Kind::TooDear, why).hint(hint).into());
            }
            if waits {
                self.finish(journal, &name, hash, &raw, out, since).await?;
            }
        }
        Ok(())
    }

    /// Puts a transaction that does nothing in the place of one whose call is refused by now, or that the account cannot pay for any more.
    /// What waits behind others is not judged before them: it may need what they do.
    ///
    /// # Errors
    /// `why` the other could not be sent again, if it was not for that; [`Kind::Unsettled`] while others are before it.
    async fn cancel(
        &self,
        journal: &mut Journal,
        name: &str,
        step: &Step,
        why: eyre::Report,
        out: &Reporter,
    ) -> eyre::Result<()> {
        let old = decoded(step)?;
        let is_useless = self.is_refused(&called(&old)).await? || !self.can_pay(&old).await?;
        let mined = self.chain.provider_nonce(self.address()).await?;
        // One that a block took in between is refused as well.
        if !is_useless || mined > step.nonce {
            return Err(why);
        }
        if mined < step.nonce {
            let waits = format!("{name} is sent again once blocks have taken what this account signed before it");
            return Err(Error::new(Kind::Unsettled, waits).because(why).into());
        }
        let void = match &step.void {
            Some(raw) => Some((read(raw)?, raw)),
            None => None,
        };
        if let Some((last, raw)) = &void {
            if self.chain.base_fee().await? <= last.max_fee_per_gas() {
                return self.put_in_place(raw).await;
            }
        }
        let nothing = Call {
            to: Some(self.address()),
            data: Default::default(),
            value_wei: 0,
        };
        let gas = self.estimate_gas(&nothing).await?;
        let floor = outbidding(void.as_ref().map_or(&old, |(last, _)| last));
        let in_place = format!("nothing in place of {name}");
        let priced = self.consented(&in_place, &nothing, gas, floor, out).await?;
        let (hash, raw) = self.sign_priced(&nothing, step.nonce, priced).await?;
        journal.set_void(name, raw.clone())?;
        out.warn(format_args!(
            "{name}: {why:#}; transaction {hash}, which does nothing, takes the place of {}",
            step.tx_hash
        ));
        self.put_in_place(&raw).await
    }

    /// Sends it, unless the node has another one there already that does as well.
    async fn put_in_place(&self, raw: &Bytes) -> eyre::Result<()> {
        match self.broadcast(raw).await {
            Err(error) if error.is::<Replaces>() => Ok(()),
            sent => sent,
        }
    }

    /// Whether the contract refuses the call in the newest block: the pending one may hold the transaction itself.
    async fn is_refused(&self, call: &Call) -> eyre::Result<bool> {
        let request = call.request(self.address());
        match self.chain.provider.call(request).block(BlockId::latest()).await {
            Ok(_) => Ok(false),
            Err(error) => Ok(revert_data(&error).is_some()),
        }
    }

    /// Whether the account has what the transaction takes at most.
    async fn can_pay(&self, signed: &TxEnvelope) -> eyre::Result<bool> {
        let gas = U256::from(signed.gas_limit()) * U256::from(signed.max_fee_per_gas());
        Ok(self.chain.provider.get_balance(self.address()).await? >= signed.value() + gas)
    }
}
