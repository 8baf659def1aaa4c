//! Whose move it is in an engagement, a round or an audit, and what follows if nobody makes one: the contracts' tables of outcomes in
//! words.

use crate::abi::{
    AuditState, AuditView, DemandState, DemandView, EngagementView, Mode, Privacy, RoundState, RoundView,
    State::{Acked, Claimed, Closed, Committed, FullDemanded, Locked, Offered, Probing, Proceeded, Proving, Published},
};
use crate::accuracy::decide::Party;

/// Whose move it is until the window is over, and what follows if nobody makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// `None` where only time has to pass, or where nothing happens any more.
    pub mover: Option<Party>,
    /// What it does.
    pub to_do: &'static str,
    /// What anybody can bring about once the window is over.
    pub silence: &'static str,
}

const fn of(mover: Option<Party>, to_do: &'static str, silence: &'static str) -> Standing {
    Standing { mover, to_do, silence }
}

const CONSUMER: Option<Party> = Some(Party::Consumer);
const PROVIDER: Option<Party> = Some(Party::Provider);
const MC_SILENT: &str = "the consumer loses its deposit to the provider (McSilent)";
const MP_SILENT: &str = "the provider loses its deposit to the consumer, and a strike (MpSilent)";
const OFFER_ENDS: &str = "the offer ends, all that it locked goes back to the consumer (Cancelled)";

/// Of an engagement.
pub fn of_engagement(e: &EngagementView) -> Standing {
    match e.state {
        Offered => of(PROVIDER, "accept the offer", OFFER_ENDS),
        Locked => of(CONSUMER, "commit to the transfer", MC_SILENT),
        Committed => of(PROVIDER, "acknowledge the transfer", "both deposits go back, the fees do not (NoAck)"),
        Published => of(PROVIDER, "acknowledge the transfer that was published", MP_SILENT),
        Acked => of(CONSUMER, "open the examples for probing", MC_SILENT),
        Probing if e.mode == Mode::CLEAR => of(
            PROVIDER,
            "check the set that the consumer hands over, then proceed or abort",
            MP_SILENT,
        ),
        Probing => of(PROVIDER, "proceed, or abort", MP_SILENT),
        Proceeded => of(CONSUMER, "open the examples that count", MC_SILENT),
        Proving => of(PROVIDER, "prove, or concede", MP_SILENT),
        Claimed if e.openChallenges > 0 => of(
            PROVIDER,
            "answer the open challenges, the first of which is due then; the consumer may make more while its window lasts",
            "the provider loses its deposit to the consumer, and strikes (Fault)",
        ),
        Claimed => of(
            CONSUMER,
            "accept the result, challenge it, or demand proofs",
            "the claimed result stands (Passed)",
        ),
        FullDemanded => of(
            PROVIDER,
            "prove what was demanded",
            "the provider loses its deposit to the consumer, and strikes (Fault)",
        ),
        Closed => of(None, "", "nothing happens any more"),
        _ => of(None, "", ""),
    }
}

/// Of a round, at this time.
pub fn of_round(round: &RoundView, now: u64) -> Standing {
    match round.state {
        RoundState::Offered => of(PROVIDER, "serve the round", OFFER_ENDS),
        RoundState::Rooted if round.privacy == Privacy::PUBLIC => of(
            PROVIDER,
            "publish the outputs",
            "the round is void: all but the fees goes back, and the provider loses a strike (Void)",
        ),
        RoundState::Rooted if now > round.deadline => of(
            PROVIDER,
            "publish the outputs",
            "the round is void: all but the fees goes back, the price to the consumer (Void)",
        ),
        RoundState::Rooted => of(
            CONSUMER,
            "check the outputs, confirm or contest; after that the provider publishes them",
            "outputs that are not published in their time make the round void (Void)",
        ),
        RoundState::Served if round.contested > round.proven => of(
            PROVIDER,
            "prove what was contested",
            "the consumer gets the provider's deposit, the price and what contests cost, and the provider loses a strike (Fault)",
        ),
        RoundState::Served if round.contested == round.contestCap => {
            of(None, "", "anybody closes the round: it was upheld (Upheld)")
        }
        RoundState::Served => of(
            CONSUMER,
            "contest predictions, or confirm",
            "the round is closed, what was served counts (Clean or Upheld)",
        ),
        RoundState::Closed => of(None, "", "nothing happens any more"),
        _ => of(None, "", ""),
    }
}

/// Of an audit: its consumer is the requester, its provider the responder.
pub fn of_audit(audit: &AuditView) -> Standing {
    match audit.state {
        AuditState::Requested => of(
            PROVIDER,
            "take the request on, or decline it",
            "the request ends, its price goes back to the requester (Cancelled)",
        ),
        AuditState::Accepted => of(
            PROVIDER,
            "answer for every document",
            "the responder is convicted and loses its bond and the price to the requester (Timeout)",
        ),
        AuditState::Answered => of(
            CONSUMER,
            "reveal the salt of its sample",
            "the responder is paid and has its bond back, though nothing was checked (Unchecked)",
        ),
        AuditState::Sampled => of(
            PROVIDER,
            "prove the sample",
            "the responder is convicted and loses its bond and the price to the requester (Violation)",
        ),
        AuditState::Delivering => of(
            CONSUMER,
            "demand documents, or confirm",
            "the audit is closed (Complete)",
        ),
        AuditState::Closed => of(None, "", "nothing happens any more"),
        _ => of(None, "", ""),
    }
}

/// Of a demand in an audit, at this time, and until when: Unix seconds.
pub fn of_demand(demand: &DemandView, now: u64) -> (Standing, u64) {
    match demand.state {
        DemandState::Demanded => {
            let silence = "the responder is convicted and loses its bond and the price to the requester (Violation)";
            (of(PROVIDER, "deliver what was demanded", silence), demand.deadline)
        }
        DemandState::Delivered if now <= demand.deadline => {
            let silence = "the responder publishes what it delivered, at the cost of the demand's fee";
            (of(CONSUMER, "acknowledge the delivery", silence), demand.deadline)
        }
        DemandState::Delivered => {
            let silence = "the responder is convicted and loses its bond and the price to the requester (Violation)";
            (of(PROVIDER, "publish the delivery", silence), demand.settleAfter)
        }
        DemandState::Acked => {
            let silence = "the demand is settled, nobody is convicted";
            (
                of(CONSUMER, "show that the delivery was bad, if it was", silence),
                demand.deadline,
            )
        }
        _ => (of(None, "", "nothing happens any more"), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{AuditOutcome, Outcome, RoundOutcome, State};
    use alloy::sol_types::{SolEnum, SolStruct, SolType};
    use std::fmt::Debug;

    /// What a contract says of nothing.
    fn nothing<T: SolStruct>() -> T {
        let words = T::ENCODED_SIZE.expect("a static struct");
        <T as SolType>::abi_decode(&vec![0; words]).expect("zeros are a view")
    }

    /// All values but the first, which is none.
    fn values<T: SolEnum + Debug>() -> Vec<T> {
        let some = 1..u8::try_from(T::COUNT).unwrap();
        some.map(|value| T::try_from(value).unwrap_or_else(|_| panic!("{value} is no value")))
            .collect()
    }

    /// The outcomes that a sentence names in parentheses at its end are the contracts'.
    fn check<O: SolEnum + Debug>(standing: Standing, is_closed: bool) {
        let silence = standing.silence;
        let known: Vec<String> = values::<O>().iter().map(|outcome| format!("{outcome:?}")).collect();
        let named = silence
            .rsplit_once('(')
            .map(|(_, end)| end.trim_end_matches(')').split(" or "));
        for name in named.into_iter().flatten() {
            assert!(known.iter().any(|known| known == name), "{silence}");
        }
        assert!(!silence.is_empty() && standing.to_do.is_empty() == standing.mover.is_none());
        assert!(!is_closed || standing.mover.is_none());
    }

    #[test]
    fn every_state_says_what_silence_leads_to_and_its_outcome_is_one_of_the_contracts() {
        for state in values::<State>() {
            for (mode, challenges) in [(Mode::CLEAR, 0), (Mode::FULL, 1)] {
                let mut view: EngagementView = nothing();
                (view.state, view.mode, view.openChallenges) = (state, mode, challenges);
                check::<Outcome>(of_engagement(&view), state == State::Closed);
            }
        }
        for state in values::<RoundState>() {
            for (contested, privacy) in [(0, Privacy::PUBLIC), (1, Privacy::PRIVATE), (2, Privacy::PUBLIC)] {
                let mut view: RoundView = nothing();
                (view.state, view.contested, view.privacy, view.contestCap) = (state, contested, privacy, 2);
                view.proven = contested / 2 * 2;
                check::<RoundOutcome>(of_round(&view, 0), state == RoundState::Closed);
            }
        }
        for state in values::<AuditState>() {
            let mut view: AuditView = nothing();
            view.state = state;
            check::<AuditOutcome>(of_audit(&view), state == AuditState::Closed);
        }
        for state in values::<DemandState>() {
            let mut view: DemandView = nothing();
            (view.state, view.deadline) = (state, 5);
            for now in [5, 6] {
                check::<AuditOutcome>(of_demand(&view, now).0, state == DemandState::Settled);
            }
        }
    }

    #[test]
    fn outputs_of_a_private_round_are_the_providers_to_publish_once_the_consumer_had_its_time() {
        let mut view: RoundView = nothing();
        (view.state, view.privacy, view.deadline) = (RoundState::Rooted, Privacy::PRIVATE, 5);
        assert_eq!(of_round(&view, 5).mover, CONSUMER);
        assert_eq!(of_round(&view, 6).mover, PROVIDER);
    }
}
