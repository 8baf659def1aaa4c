//! Fetches what the contracts owe.

use crate::args::keys::KeyArgs;
use crate::context::Context;
use crate::engagement::{Desk, Sent};
use alloy::primitives::{Address, U256};
use assay_chain::client::Call;
use assay_chain::journal::Journal;
use assay_protocol::abi::ICredits::{self, creditCall, withdrawCall};
use assay_protocol::units::ether;
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay withdraw --devnet-account 1\n  \
    assay withdraw --keystore me.json --to 0x52…      to another address")]
pub struct Args {
    /// Receiver [default: the signer]
    #[arg(long, value_name = "ADDRESS", value_parser = receiver)]
    to: Option<Address>,
    #[command(flatten)]
    keys: KeyArgs,
}

/// An address that is not zero: what is sent there is lost.
pub fn receiver(text: &str) -> Result<Address, String> {
    let address: Address = text.parse().map_err(|e| format!("{e}"))?;
    match address {
        Address::ZERO => Err("the zero address belongs to nobody".into()),
        _ => Ok(address),
    }
}

/// What was fetched from each contract.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawn {
    pub account: Address,
    pub to: Address,
    pub withdrawals: Vec<Withdrawal>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawal {
    pub contract: Address,
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub amount_wei: U256,
    pub sent: Sent,
}

impl fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.withdrawals.is_empty() {
            return write!(f, "{} has no credit", self.account);
        }
        for w in &self.withdrawals {
            writeln!(f, "{} from {} to {}", ether(w.amount_wei), w.contract, self.to)?;
        }
        Ok(())
    }
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = withdraw(&desk, args.to.unwrap_or(desk.account.address())).await?;
    ctx.out.result(&result, &result)
}

/// Withdraws from registry and market, where there is credit.
pub async fn withdraw(desk: &Desk, to: Address) -> eyre::Result<Withdrawn> {
    let chain = &desk.market.chain;
    let mut journal = Journal::open(&desk.home.withdrawals(chain, desk.account.address()))?;
    let mut withdrawals = Vec::new();
    for contract in [desk.market.address, desk.market.registry] {
        let call = creditCall {
            account: desk.account.address(),
        };
        let credit = chain.view(contract, &call).await?;
        if credit.is_zero() {
            continue;
        }
        // A credit that is there now was not in an earlier withdrawal: this is a new step, whatever came before.
        let step = format!("{contract}-{}", chain.provider_nonce(desk.account.address()).await?);
        let receipt = desk
            .account
            .send(
                &mut journal,
                &step,
                &Call::new(contract, &withdrawCall { to }),
                &desk.report,
            )
            .await?;
        withdrawals.push(Withdrawal {
            contract,
            amount_wei: withdrawn_amount(&receipt, contract)?,
            sent: Sent::from(&receipt),
        });
    }
    Ok(Withdrawn {
        account: desk.account.address(),
        to,
        withdrawals,
    })
}

/// What the contract's event says it sent; more may have been credited since the credit was read.
fn withdrawn_amount(receipt: &alloy::rpc::types::TransactionReceipt, contract: Address) -> eyre::Result<U256> {
    let events = receipt.logs().iter().filter(|log| log.address() == contract);
    let amount = events
        .filter_map(|log| log.log_decode::<ICredits::Withdrawn>().ok())
        .map(|log| log.inner.data.amount)
        .next();
    amount.ok_or_else(|| eyre::eyre!("transaction {} has no Withdrawn event", receipt.transaction_hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_withdrawn_to_nobody() {
        assert!(receiver(&Address::ZERO.to_string()).is_err());
        assert!(receiver("0x52").is_err());
        assert_eq!(
            receiver(&Address::repeat_byte(1).to_string()),
            Ok(Address::repeat_byte(1))
        );
    }
}
