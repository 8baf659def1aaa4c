//! How an engagement ends whose window has passed, or whose result nobody challenged.

use crate::engagement::overdue::{require_over, Overdue};
use alloy::primitives::{Address, B256};
use assay_chain::client::Call;
use assay_chain::market::Market;
use assay_protocol::abi::IAccuracyMarket::{finalizeCall, timeoutCall, timeoutChallengeCall};
use assay_protocol::abi::{EngagementView, State};

impl Overdue for Market {
    /// Of several overdue challenges the caller's own comes first: who made it has a part of what is burned.
    async fn due(&self, id: B256, e: &EngagementView, caller: Address) -> eyre::Result<Vec<(String, Call)>> {
        let now = self.chain.now().await?;
        let open = match e.state {
            State::Claimed | State::FullDemanded => self.open_challenges(id).await?,
            _ => Vec::new(),
        };
        let first = open.iter().min_by_key(|(_, challenge)| {
            let is_over = now > challenge.deadline;
            (!(is_over && challenge.challenger == caller), challenge.deadline)
        });
        match first {
            None if e.state == State::Claimed => {
                require_over::<EngagementView>(id, e.deadline, now)?;
                Ok(vec![("finalize".into(), self.call(&finalizeCall { id }))])
            }
            None => {
                require_over::<EngagementView>(id, e.deadline, now)?;
                // A state is entered once: another state is another step.
                Ok(vec![(format!("timeout-{:?}", e.state), self.call(&timeoutCall { id }))])
            }
            // Its deadline is before that of a demand.
            Some((position, challenge)) => {
                require_over::<EngagementView>(id, challenge.deadline, now)?;
                let call = timeoutChallengeCall {
                    id,
                    position: *position,
                };
                Ok(vec![(format!("timeoutChallenge-{position}"), self.call(&call))])
            }
        }
    }
}
