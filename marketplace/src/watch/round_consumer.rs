//! What a consumer knows about a round, and how it acts.

use crate::engagement::facts::SETTLED;
use crate::engagement::overdue::close;
use crate::engagement::Moved;
use crate::prediction::consumer::check::check;
use crate::prediction::consumer::contest::{contest, Choice};
use crate::prediction::consumer::moves::CONFIRM;
use crate::prediction::consumer::send::send_inputs;
use crate::prediction::facts::INPUTS_DELIVERED;
use crate::prediction::held::outputs_path;
use crate::watch::models::Unjournaled;
use crate::watch::record::Failed;
use crate::watch::rounds::situation;
use crate::watch::station::Station;
use crate::watch::turn::Role;
use alloy::primitives::{Address, B256};
use assay_chain::rounds::Rounds;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::{RoundState, RoundView};
use assay_protocol::accuracy::decide::{Judgement, Party};
use assay_protocol::prediction::decide::{next, Action, Facts};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the consumer was told.
#[derive(Debug)]
pub struct RoundConsumerOrders {
    /// Predictions to contest at random.
    pub contests: u32,
    /// A model of this consumer's own: what it says otherwise is contested too, as far as the round allows.
    pub reference: Option<PathBuf>,
    /// Receiver of what the contracts owe.
    pub withdraw_to: Address,
}

/// Outputs that are here and open the root, by round and root; which differ from the reference, once they were compared.
type CheckedOutputs = BTreeMap<(B256, B256), Option<BTreeSet<u32>>>;

/// The consumer's part of a patrol over rounds.
#[derive(Debug)]
pub struct RoundConsumer {
    orders: RoundConsumerOrders,
    checked: Mutex<CheckedOutputs>,
    unjournaled: Unjournaled,
}

impl RoundConsumer {
    /// Reads nothing.
    pub fn new(orders: RoundConsumerOrders) -> Self {
        Self {
            orders,
            checked: Mutex::default(),
            unjournaled: Unjournaled::default(),
        }
    }

    fn checked(&self) -> MutexGuard<'_, CheckedOutputs> {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are still to be contested: of those that differ, and of those that are drawn.
    fn left(&self, round: &RoundView, differing: Option<&BTreeSet<u32>>) -> u32 {
        let wanted = u32::try_from(differing.map_or(0, BTreeSet::len))
            .unwrap_or(u32::MAX)
            .max(self.orders.contests);
        wanted.min(round.contestCap).saturating_sub(round.contested)
    }

    /// As many of those that differ as the round allows, else some at random.
    async fn contest(&self, desk: &Station<Rounds>, id: B256, round: &RoundView) -> eyre::Result<Value> {
        let differing = self
            .checked()
            .get(&(id, round.outputsRoot))
            .cloned()
            .flatten()
            .unwrap_or_default();
        let contested = desk.market.contested(id, round).await?;
        let choice = match differing.is_subset(&contested) {
            true => Choice::Random(self.orders.contests),
            false => Choice::Among(differing),
        };
        Ok(json!(contest(desk, id, &choice).await?))
    }
}

/// Whether the outputs can be had: what a server does not say is not there.
async fn is_there(desk: &Station<Rounds>, id: B256, round: &RoundView) -> bool {
    if round.published || outputs_path(desk, id).is_file() {
        return true;
    }
    let count = async { desk.delivery(id, round.mp)?.count(BlobKind::Outputs).await };
    round.state != RoundState::Offered && count.await.is_ok_and(|count| count > 0)
}

impl Role for RoundConsumer {
    type Venue = Rounds;
    type Act = Action;
    const PARTY: Party = Party::Consumer;

    async fn next(&self, desk: &Station<Rounds>, id: B256, round: &RoundView, failed: &Failed) -> eyre::Result<Action> {
        let checked = self.checked().get(&(id, round.outputsRoot)).cloned();
        let judgement = match &checked {
            None => Judgement::Unknown,
            Some(differing) if self.left(round, differing.as_ref()) > 0 => Judgement::Doubtful,
            Some(Some(_)) => Judgement::Good,
            // What should be compared and cannot be is not confirmed.
            Some(None) => Judgement::Unknown,
        };
        let facts = Facts {
            handed_over: desk.fact(id, &INPUTS_DELIVERED)?.is_some(),
            received: checked.is_some() || is_there(desk, id, round).await,
            judgement,
            contests: true,
            has_failed: failed.often,
            is_settled: desk.fact(id, &SETTLED)?.unwrap_or(false),
            ..Facts::default()
        };
        Ok(next(&situation(desk, Self::PARTY, round).await?, &facts))
    }

    async fn act(
        &self,
        desk: &Station<Rounds>,
        id: B256,
        round: &RoundView,
        action: Action,
        _: &Failed,
    ) -> eyre::Result<Value> {
        let done = match action {
            Action::Send => json!(send_inputs(desk, id, None, &desk.delivery(id, round.mp)?).await?),
            Action::Check => {
                let from = match round.state {
                    RoundState::Rooted | RoundState::Served => Some(desk.delivery(id, round.mp)?),
                    _ => None,
                };
                let received = check(desk, id, from.as_ref(), None, None).await?;
                let mut differing = Some(BTreeSet::new());
                if let Some(reference) = &self.orders.reference {
                    let key = (id, received.outputs_root);
                    // What is to be drawn is contested even if the comparison fails.
                    self.checked().entry(key).or_default();
                    let compared = check(desk, id, None, Some(reference), None).await?;
                    differing = compared.differing.map(|differing| differing.into_iter().collect());
                }
                let (key, told) = ((id, received.outputs_root), json!(differing));
                self.checked().insert(key, differing);
                match &self.orders.reference {
                    Some(_) => json!({ "predictions": received.outputs.len(), "differing": told }),
                    None => json!({ "predictions": received.outputs.len(), "differing": null }),
                }
            }
            Action::Contest => self.contest(desk, id, round).await?,
            Action::Confirm => json!(Moved::from(desk.play(id, &CONFIRM).await?)),
            Action::Finalize | Action::Timeout => json!(close(desk, id).await?),
            Action::Settle => json!(desk.settle(id, self.orders.withdraw_to).await?),
            _ => Value::Null,
        };
        Ok(done)
    }

    async fn observe(&self, desk: &Station<Rounds>) -> eyre::Result<()> {
        let ids = async |model, from| desk.market.offer_ids(model, from).await;
        self.unjournaled.tell_asked(desk, ids).await
    }
}
