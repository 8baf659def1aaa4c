//! What a transaction may use and pay, told and consented to, and its signature.

use crate::account::{Account, GAS_MARGIN_PERCENT, MAX_TX_GAS};
use crate::client::Call;
use crate::consent::{stopped, Consent, Gas, Proposed};
use crate::fees::{too_dear, Fees, Quote};
use alloy::eips::Encodable2718;
use alloy::network::TransactionBuilder;
use alloy::primitives::{Bytes, TxHash, U256};
use alloy::providers::Provider;
use assay_durable::report::Reporter;
use assay_protocol::units::about_ether;
use std::time::{Duration, Instant};

/// After so long at a question, about a block, fees are asked for anew.
const BLOCK: Duration = Duration::from_secs(12);

/// Gas that a transaction may use if it is estimated at so much.
///
/// # Errors
/// If no transaction may use as much.
fn with_margin(gas: u64) -> eyre::Result<u64> {
    eyre::ensure!(
        gas <= MAX_TX_GAS,
        "the call takes {gas} gas, a transaction may use {MAX_TX_GAS}"
    );
    Ok((gas + gas * GAS_MARGIN_PERCENT / 100).min(MAX_TX_GAS))
}

/// What a transaction may use and pay, as it is signed.
pub(crate) struct Priced {
    gas_limit: u64,
    fees: Fees,
}

/// The fees of now, if whoever agreed to those that were shown agreed to as much.
///
/// # Errors
/// [`Kind::TooDear`](crate::error::Kind) otherwise.
fn agreed(shown: Fees, now: Fees, gas_limit: u64) -> eyre::Result<Fees> {
    if now.max_fee <= shown.max_fee {
        return Ok(now);
    }
    let most = |fees: Fees| about_ether(U256::from(fees.max_fee.saturating_mul(gas_limit.into())));
    Err(too_dear(
        format!(
            "fees have risen while it was asked: gas may cost {} by now, {} was shown",
            most(now),
            most(shown)
        ),
        "repeat the command: it shows what the transaction costs now".into(),
    )
    .into())
}

impl Account {
    /// The estimate with its margin.
    ///
    /// # Errors
    /// If no transaction may use as much.
    pub(crate) async fn gas_limit(&self, call: &Call) -> eyre::Result<u64> {
        with_margin(self.estimate_gas(call).await?)
    }

    /// Behind all that the node knows of this account.
    pub(crate) async fn next_nonce(&self) -> eyre::Result<u64> {
        let count = self.chain.provider.get_transaction_count(self.address());
        Ok(count.pending().await?)
    }

    /// Tells what a transaction that is estimated at so much gas costs, and hears whether it may be signed.
    ///
    /// # Errors
    /// Those of [`Account::fees`], and that nobody consents; in a dry run always.
    pub(crate) async fn consented(
        &self,
        step: &str,
        call: &Call,
        gas: u64,
        floor: Fees,
        out: &Reporter,
    ) -> eyre::Result<Priced> {
        let gas_limit = with_margin(gas)?;
        let (mut fees, price) = self.fees(call, gas_limit, floor).await?;
        let told = Gas {
            estimated: gas,
            limit: gas_limit,
            fee_wei: price.saturating_mul(gas.into()),
            most_fee_wei: fees.max_fee.saturating_mul(gas_limit.into()),
        };
        let proposed = Proposed::new(step, self.address(), call, told);
        match &self.consent {
            Consent::Dry(tried) => {
                tried.add(&proposed);
                return Err(stopped(step));
            }
            Consent::Asked(person) if proposed.is_at_stake() && !self.chain.is_devnet() => {
                let since = Instant::now();
                person.ask(&proposed).await?;
                if since.elapsed() > BLOCK {
                    fees = agreed(fees, self.fees(call, gas_limit, floor).await?.0, gas_limit)?;
                }
            }
            Consent::Asked(_) | Consent::Given => out.note(&proposed),
        }
        if let Some(asks) = self.wallet.asks() {
            out.note(format_args!("{step}: {asks}"));
        }
        Ok(Priced { gas_limit, fees })
    }

    /// The fees of the moment, within the limits and no less than `floor`, and what gas costs in the next block, wei.
    ///
    /// # Errors
    /// [`Kind::TooDear`](crate::error::Kind), or if the account cannot pay.
    pub(crate) async fn fees(&self, call: &Call, gas: u64, floor: Fees) -> eyre::Result<(Fees, u128)> {
        let suggested = self.chain.provider.estimate_eip1559_fees().await?;
        let quote = Quote {
            base: self.chain.base_fee().await?,
            tip: suggested.max_priority_fee_per_gas,
        };
        let fees = self.limits.fees(quote, floor, gas, call.value_wei)?;
        self.require_funds(call.value_wei, fees.max_fee.saturating_mul(gas.into()))
            .await?;
        Ok((fees, quote.base.saturating_add(fees.tip).min(fees.max_fee)))
    }

    /// Signs with what was consented to.
    pub(crate) async fn sign_priced(&self, call: &Call, nonce: u64, priced: Priced) -> eyre::Result<(TxHash, Bytes)> {
        let Priced { gas_limit, fees } = priced;
        let request = call
            .request(self.address())
            .with_chain_id(self.chain.id)
            .with_nonce(nonce)
            .with_gas_limit(gas_limit)
            .with_max_fee_per_gas(fees.max_fee)
            .with_max_priority_fee_per_gas(fees.tip);
        let unsigned = request
            .build_typed_tx()
            .map_err(|_| eyre::eyre!("the transaction lacks a field"))?;
        let envelope = self.wallet.signed(unsigned).await?;
        Ok((*envelope.tx_hash(), envelope.encoded_2718().into()))
    }

    /// Signs with this gas limit and the fees of the moment, and asks nobody: for what is sent though it may revert.
    ///
    /// # Errors
    /// Those of [`Account::fees`]; in a dry run always.
    pub(crate) async fn sign_regardless(&self, call: &Call, gas_limit: u64) -> eyre::Result<(TxHash, Bytes)> {
        self.consent.require_real("sending a transaction")?;
        let (fees, _) = self.fees(call, gas_limit, Fees::default()).await?;
        let nonce = self.next_nonce().await?;
        self.sign_priced(call, nonce, Priced { gas_limit, fees }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn nobody_pays_more_than_what_was_shown() {
        let fees = |max_fee| Fees { max_fee, tip: 1 };
        assert_eq!(agreed(fees(20), fees(20), 100).unwrap(), fees(20));
        assert_eq!(agreed(fees(20), fees(19), 100).unwrap(), fees(19));
        let error = agreed(fees(20), fees(21), 100).unwrap_err();
        assert!(Kind::TooDear.is_of(&error), "{error:#}");
    }
}
