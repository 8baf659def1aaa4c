//! Transactions that no block takes and that keep what the same account signs after them waiting.

use super::{called, outbidding, Account};
use crate::client::Call;
use crate::error::{Error, Kind};
use crate::journal::{Journal, Step};
use alloy::consensus::{Transaction, TxEnvelope};
use alloy::eips::Decodable2718;
use assay_durable::report::Reporter;
use eyre::WrapErr;
use std::time::Instant;

/// What a journaled transaction carries.
///
/// # Errors
/// If it is none.
pub(super) fn decoded(step: &Step) -> eyre::Result<TxEnvelope> {
    TxEnvelope::decode_2718(&mut step.raw.as_ref()).wrap_err("the journal holds no transaction")
}

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
            let signed = decoded(step)?;
            if !self.is_of_another(&signed)? {
                wei = wei.saturating_add(signed.value().saturating_to());
            }
        }
        Ok(wei)
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
        let sent = unmined(journal, |name, _| is_one(name));
        self.clear(journal, sent, true, out).await
    }

    /// Sends again what no block took of what was signed before `own`, which waits behind it; before something new all of it, which is
    /// mined when this returns: what is new may depend on it.
    ///
    /// # Errors
    /// If one may not outbid others.
    pub(super) async fn make_way(&self, journal: &mut Journal, own: Option<&Step>, out: &Reporter) -> eyre::Result<()> {
        let before = unmined(journal, |_, other| own.is_none_or(|own| other.nonce < own.nonce));
        if before.is_empty() || own.is_some_and(|own| own.mined.is_some()) {
            return Ok(());
        }
        let base_fee = self.chain.base_fee().await?;
        let has_waited = own.is_some_and(|own| own.stalled);
        let mut stuck = Vec::new();
        for (name, other) in before {
            if has_waited || other.stalled || decoded(&other)?.max_fee_per_gas() < base_fee {
                journal.mark_stalled(&name)?;
                stuck.push((name, other));
            }
        }
        self.clear(journal, stuck, own.is_none(), out).await
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
                Err(error) => self.cancel(&name, &step, error, out).await?,
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

    /// Puts a transaction that does nothing in the place of one whose call is refused by now.
    ///
    /// # Errors
    /// `why` the other could not be sent again, if it was not for that.
    async fn cancel(&self, name: &str, step: &Step, why: eyre::Report, out: &Reporter) -> eyre::Result<()> {
        let old = decoded(step)?;
        // One that a block took in between is refused as well.
        let is_refused = matches!(self.try_dry_run(&called(&old)).await, Ok(Err(_)))
            && self.chain.provider_nonce(self.address()).await? <= step.nonce;
        if !is_refused {
            return Err(why);
        }
        let nothing = Call {
            to: Some(self.address()),
            data: Default::default(),
            value_wei: 0,
        };
        let gas = self.gas_limit(&nothing).await?;
        let (hash, raw) = self.sign_with(&nothing, gas, step.nonce, outbidding(&old)).await?;
        out.warn(format_args!(
            "{name}: {why:#}; transaction {hash}, which does nothing, takes the place of {}",
            step.tx_hash
        ));
        self.broadcast(&raw).await
    }
}

/// Steps that are not known to be mined, in the order of their nonces.
fn unmined(journal: &Journal, is_one: impl Fn(&str, &Step) -> bool) -> Vec<(String, Step)> {
    let steps = journal
        .steps()
        .filter(|(name, step)| step.mined.is_none() && is_one(name, step));
    let mut steps: Vec<_> = steps.map(|(name, step)| (name.to_owned(), step.clone())).collect();
    steps.sort_by_key(|(_, step)| step.nonce);
    steps
}
