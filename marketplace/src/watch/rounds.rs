//! What daemons of both parties know about rounds.

use crate::watch::station::Station;
use crate::watch::turn::Act;
use assay_chain::rounds::Rounds;
use assay_protocol::abi::RoundView;
use assay_protocol::accuracy::decide::Party;
use assay_protocol::prediction::decide::{Action, Situation};

impl Act for Action {
    const WAIT: Self = Self::Wait;

    fn name(&self) -> &'static str {
        Self::name(self)
    }
}

/// What the chain says of a round that it is this party's turn in.
pub(super) async fn situation(desk: &Station<Rounds>, party: Party, round: &RoundView) -> eyre::Result<Situation> {
    Ok(Situation {
        party,
        state: round.state,
        privacy: round.privacy,
        now: desk.market.chain.now().await?,
        deadline: round.deadline,
        answer_by: round.answerBy,
        answer_window: desk.market.answer_window(round.contested),
        publish_window: desk.market.params.windows.publish,
        unproven: round.contested - round.proven,
        is_full: round.contested == round.contestCap,
    })
}
