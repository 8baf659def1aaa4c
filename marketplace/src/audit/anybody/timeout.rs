//! How an audit ends whose time has passed, and first the demands in it.

use crate::engagement::overdue::{early, require_over, Overdue};
use crate::engagement::{Desk, Ended};
use alloy::primitives::{Address, B256, U256};
use assay_chain::audits::Audits;
use assay_chain::client::Call;
use assay_chain::venue::Venue;
use assay_protocol::abi::IRetrievalMarket::{cancelRequestCall, finalizeCall, settleDemandCall, timeoutCall};
use assay_protocol::abi::{AuditState, AuditView};

/// Settles this demand and nothing else, once its time has passed or the audit is closed.
///
/// # Errors
/// If its time has not come.
pub async fn settle_demand(desk: &Desk<Audits>, id: B256, m: u32) -> eyre::Result<Ended> {
    let mut journal = desk.journal(id)?;
    let (step, call) = settling(&desk.market, id, m);
    let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
    let after = desk.market.newest(id).await?;
    Ok(Ended::new(id, &after, Some(&receipt)))
}

/// The call that settles a demand, and its step.
fn settling(market: &Audits, id: B256, m: u32) -> (String, Call) {
    let call = settleDemandCall { id, m: U256::from(m) };
    (format!("settle-{m}"), market.call(&call))
}

impl Overdue for Audits {
    /// Demands of a closed audit hold money, too.
    fn is_done(view: &AuditView) -> bool {
        view.state == AuditState::Closed && view.counts.openDemands == 0
    }

    async fn due(&self, id: B256, audit: &AuditView, _caller: Address) -> eyre::Result<(String, Call)> {
        let now = self.chain.now().await?;
        let over = |deadline| require_over::<AuditView>(id, deadline, now);
        if let Some((m, demand)) = self.open_demand(id, audit).await? {
            if audit.state != AuditState::Closed && now <= demand.settleAfter {
                return Err(early(format_args!("demand {m} of audit {id}"), demand.settleAfter, now));
            }
            return Ok(settling(self, id, m));
        }
        let (step, call) = match audit.state {
            AuditState::Requested => {
                over(audit.deadline)?;
                ("cancel".to_owned(), self.call(&cancelRequestCall { id }))
            }
            AuditState::Delivering => {
                over(audit.deadline)?;
                ("finalize".to_owned(), self.call(&finalizeCall { id }))
            }
            state => {
                over(audit.deadline)?;
                (format!("timeout-{state:?}"), self.call(&timeoutCall { id }))
            }
        };
        Ok((step, call))
    }
}
