//! How a round ends whose time has passed, or of which nothing more can be contested.

use crate::engagement::overdue::{require_over, Overdue};
use alloy::primitives::{Address, B256};
use assay_chain::client::Call;
use assay_chain::rounds::Rounds;
use assay_protocol::abi::IPredictionMarket::{cancelCall, finalizeCall, timeoutCall};
use assay_protocol::abi::{Privacy, RoundState, RoundView};

impl Overdue for Rounds {
    async fn due(&self, id: B256, round: &RoundView, _caller: Address) -> eyre::Result<Vec<(String, Call)>> {
        let now = self.chain.now().await?;
        let over = |deadline| require_over::<RoundView>(id, deadline, now);
        let (step, call) = match round.state {
            RoundState::Offered => {
                over(round.deadline)?;
                ("cancel", self.call(&cancelCall { id }))
            }
            RoundState::Rooted => {
                over(match round.privacy {
                    Privacy::PUBLIC => round.deadline,
                    _ => round.deadline + self.params.windows.publish,
                })?;
                ("timeout-Rooted", self.call(&timeoutCall { id }))
            }
            _ if round.contested > round.proven => {
                over(round.answerBy)?;
                ("timeout-Served", self.call(&timeoutCall { id }))
            }
            _ => {
                if round.contested < round.contestCap {
                    over(round.deadline)?;
                }
                ("finalize", self.call(&finalizeCall { id }))
            }
        };
        Ok(vec![(step.into(), call)])
    }
}
