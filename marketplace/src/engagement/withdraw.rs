//! Fetches what the contracts owe.

use crate::engagement::{Desk, Sent};
use alloy::primitives::{Address, U256};
use assay_chain::client::Call;
use assay_chain::journal::Journal;
use assay_chain::venue::Venue;
use assay_protocol::abi::ICredits;
use assay_protocol::abi::ICredits::{creditCall, withdrawCall};
use assay_protocol::units::ether;
use serde::Serialize;
use std::fmt;

/// What was fetched from each contract.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawn {
    /// Whose credit it was.
    pub account: Address,
    /// Receiver.
    pub to: Address,
    /// Empty if there was no credit.
    pub withdrawals: Vec<Withdrawal>,
}

/// Credit of one contract, all of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawal {
    /// A market or the registry.
    pub contract: Address,
    /// A decimal string in JSON.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub amount_wei: U256,
    /// The transaction that fetched it.
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

/// Withdraws from every contract that may owe parties of the desk's market money, where there is credit.
pub async fn withdraw<V: Venue>(desk: &Desk<V>, to: Address) -> eyre::Result<Withdrawn> {
    withdraw_from(desk, &desk.market.creditors().await?, to).await
}

/// Withdraws from these contracts, where there is credit.
pub async fn withdraw_from<V: Venue>(desk: &Desk<V>, contracts: &[Address], to: Address) -> eyre::Result<Withdrawn> {
    let chain = desk.market.chain();
    let mut journal = Journal::open(&desk.home.withdrawals(chain, desk.account.address()))?;
    let mut withdrawals = Vec::new();
    for contract in contracts.iter().copied() {
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
