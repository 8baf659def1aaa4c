//! How an audit ends whose time has passed, and first the demands in it.

use crate::audit::several::{Failed, Several};
use crate::engagement::overdue::{closing, early, require_over, Overdue};
use crate::engagement::{Desk, Ended};
use alloy::primitives::{Address, B256, U256};
use assay_chain::audits::Audits;
use assay_chain::client::Call;
use assay_chain::venue::Venue;
use assay_protocol::abi::IRetrievalMarket::{cancelRequestCall, finalizeCall, settleDemandCall, timeoutCall};
use assay_protocol::abi::{AuditState, AuditView, DemandView};

/// Demands that are settled together: their transactions wait for the same blocks.
const SETTLED_TOGETHER: usize = 32;

/// Settles these demands and nothing else, once their time has passed or the audit is closed.
///
/// # Errors
/// What is wrong with the first of them, when all were tried: others are settled all the same.
pub async fn settle_demands(desk: &Desk<Audits>, id: B256, demands: &[u32]) -> eyre::Result<Ended> {
    let calls: Vec<_> = demands.iter().map(|m| settling(&desk.market, id, *m)).collect();
    let steps: Vec<String> = calls.iter().map(|(step, _)| step.clone()).collect();
    let mut journal = desk.journal(id)?;
    let ended = desk.account.send_all(&mut journal, calls, &desk.report).await;
    // A demand is settled once: nobody asks for its transaction again, and there may be thousands.
    journal.forget_mined(&steps)?;
    let (mut receipts, mut failed) = (Vec::new(), Vec::new());
    for (m, ended) in demands.iter().zip(ended) {
        match ended {
            Ok(receipt) => receipts.push(receipt),
            Err(error) => failed.push(Failed::new(*m, error)),
        }
    }
    let settled = Several::new(id, demands, receipts, failed)?;
    let settled = match demands.first() {
        Some(first) => settled.unless_failed(*first)?,
        None => settled,
    };
    let after = desk.market.newest(id).await?;
    Ok(Ended::new(id, &after, closing::<AuditView>(&settled.demands, id)))
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

    async fn due(&self, id: B256, audit: &AuditView, _caller: Address) -> eyre::Result<Vec<(String, Call)>> {
        let now = self.chain.now().await?;
        let over = |deadline| require_over::<AuditView>(id, deadline, now);
        let mut open = self.open_demands(id, audit).await?;
        if let Some((first, demand)) = open.iter().min_by_key(|(_, demand)| demand.settleAfter) {
            let is_due = |demand: &DemandView| audit.state == AuditState::Closed || now > demand.settleAfter;
            if !is_due(demand) {
                return Err(early(
                    format_args!("demand {first} of audit {id}"),
                    demand.settleAfter,
                    now,
                ));
            }
            open.retain(|(_, demand)| is_due(demand));
            open.truncate(SETTLED_TOGETHER);
            return Ok(open.into_iter().map(|(m, _)| settling(self, id, m)).collect());
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
        Ok(vec![(step, call)])
    }
}
