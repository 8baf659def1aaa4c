//! How many proofs an engagement asks of its provider, of which positions and until when, as functions.

use crate::abi::{Adjudication, Challenge, EngagementView, State};
use std::time::Duration;

/// What is asked for, beside what is proven on chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Challenged positions and when their proofs are due, the most urgent first.
    challenged: Vec<(usize, u64)>,
    /// Challenged positions of which any proof comes too late: nothing can be sent about them.
    late: Vec<usize>,
    /// Proofs to have of other positions.
    pub others: usize,
    /// Proofs without which the target is missed, answers to challenges included.
    required: usize,
}

/// What to do about a demand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Positions whose proofs are there.
    pub there: Vec<usize>,
    /// Positions to prove, the most urgent first.
    pub to_make: Vec<usize>,
    /// Without the first so many of them the engagement is lost.
    pub required: usize,
    /// Positions that could be proven and are not asked for.
    pub left_out: usize,
}

impl Demand {
    /// What an engagement asks for that `needed` proofs decide; everything that can be proven if `all`.
    pub fn of(e: &EngagementView, needed: u32, challenges: &[(u32, Challenge)], now: u64, all: bool) -> Self {
        let due = challenges.iter().map(|(position, c)| (*position as usize, c.deadline));
        let (mut challenged, late): (Vec<_>, Vec<_>) = due.partition(|(_, deadline)| now <= *deadline);
        challenged.sort_unstable_by_key(|(position, deadline)| (*deadline, *position));
        let missing = needed.saturating_sub(e.provenOnChain) as usize;
        let is_claimed_by_proofs = e.adjudication == Adjudication::OPTIMISTIC && e.state != State::FullDemanded;
        Self {
            challenged,
            late: late.into_iter().map(|(position, _)| position).collect(),
            // What is proven is claimed, and what is claimed may be challenged. A full demand pays for what was missing before
            // it, whatever else is answered.
            others: if all || is_claimed_by_proofs {
                usize::MAX
            } else {
                missing
            },
            required: if e.state == State::Claimed { 0 } else { missing },
        }
    }

    /// Candidates with a challenge, the most urgent first, and the others in their order.
    pub fn ordered(&self, candidates: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let challenged = self.challenged.iter().map(|(position, _)| *position);
        let challenged: Vec<usize> = challenged.filter(|position| candidates.contains(position)).collect();
        let is_other = |position: &&usize| !challenged.contains(position) && !self.late.contains(position);
        let others = candidates.iter().filter(is_other).copied().collect();
        (challenged, others)
    }

    /// Which of the candidates, which are not proven on chain, to prove: no more than are asked for, and none whose proof is
    /// there. That is asked of no more positions than necessary.
    ///
    /// # Errors
    /// Those of `has_proof`.
    pub fn choose<E>(
        &self,
        candidates: &[usize],
        mut has_proof: impl FnMut(usize) -> Result<bool, E>,
    ) -> Result<Chosen, E> {
        let (challenged, others) = self.ordered(candidates);
        let mut chosen = Chosen::default();
        for position in challenged {
            let place = if has_proof(position)? {
                &mut chosen.there
            } else {
                &mut chosen.to_make
            };
            place.push(position);
        }
        let unanswered = chosen.to_make.len();
        let (mut found, mut without) = (0, Vec::new());
        for position in others.iter().copied() {
            if found == self.others {
                break;
            }
            if has_proof(position)? {
                found += 1;
                chosen.there.push(position);
            } else {
                without.push(position);
            }
        }
        without.truncate(self.others - found);
        chosen.left_out = others.len() - found - without.len();
        chosen.to_make.extend(without);
        let missing = self.required.saturating_sub(chosen.there.len());
        chosen.required = missing.max(unanswered).min(chosen.to_make.len());
        Ok(chosen)
    }

    /// When the proofs of these positions are due, of which those without a challenge have until `end`.
    pub fn due(&self, positions: &[usize], end: u64) -> Vec<u64> {
        let of = |position: &usize| self.challenged.iter().find(|(challenged, _)| challenged == position);
        let due = positions
            .iter()
            .map(|position| of(position).map_or(end, |(_, deadline)| *deadline));
        due.collect()
    }
}

/// The first of these deadlines, ascending, that is missed if the proofs are made one after the other, and how many are due by
/// then.
pub fn missed(due: &[u64], now: u64, one: Duration) -> Option<(u32, u64)> {
    due.iter().find_map(|deadline| {
        let proofs = due.partition_point(|other| other <= deadline) as u32;
        let left = Duration::from_secs(deadline.saturating_sub(now));
        (one.saturating_mul(proofs) > left).then_some((proofs, *deadline))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{Mode, Outcome};
    use alloy::primitives::{Address, B256};
    use std::convert::Infallible;
    use Adjudication::{DIRECT, OPTIMISTIC};

    const NOW: u64 = 100;

    fn engagement(state: State, adjudication: Adjudication, proven_on_chain: u32) -> EngagementView {
        EngagementView {
            modelId: B256::ZERO,
            testRoot: B256::ZERO,
            offerHash: B256::ZERO,
            mc: Address::ZERO,
            mp: Address::ZERO,
            state,
            outcome: Outcome::None,
            mode: Mode::FULL,
            adjudication,
            targetBps: 0,
            deadline: 0,
            closedAt: 0,
            provenOnChain: proven_on_chain,
            guard: B256::ZERO,
            ctRoot: B256::ZERO,
            seed: B256::ZERO,
            claimedCorrect: 0,
            openChallenges: 0,
        }
    }

    fn challenges(list: &[(u32, u64)]) -> Vec<(u32, Challenge)> {
        let challenger = Address::ZERO;
        let challenge = |(position, deadline): &(u32, u64)| {
            let deadline = *deadline;
            (*position, Challenge { challenger, deadline })
        };
        list.iter().map(challenge).collect()
    }

    /// What is chosen of `candidates` if there are proofs of the positions in `files`.
    fn chosen(demand: &Demand, candidates: &[usize], files: &[usize]) -> Chosen {
        demand
            .choose(candidates, |position| Ok::<_, Infallible>(files.contains(&position)))
            .unwrap()
    }

    #[test]
    fn what_is_proven_directly_stops_at_the_target() {
        let demand = |proven, all| Demand::of(&engagement(State::Proving, DIRECT, proven), 3, &[], NOW, all);
        let six = [0, 1, 3, 4, 6, 7];
        let expected = Chosen {
            there: vec![],
            to_make: vec![0, 1, 3],
            required: 3,
            left_out: 3,
        };
        assert_eq!(chosen(&demand(0, false), &six, &[]), expected);
        // A proof that is there saves making another one, wherever it is.
        let expected = Chosen {
            there: vec![4, 7],
            to_make: vec![0],
            required: 1,
            left_out: 3,
        };
        assert_eq!(chosen(&demand(0, false), &six, &[4, 7]), expected);
        assert_eq!(chosen(&demand(1, false), &six, &[4, 7]).to_make, [0; 0]);
        assert_eq!(chosen(&demand(2, false), &six, &[]).to_make, [0]);
        assert_eq!(chosen(&demand(3, false), &six, &[]).left_out, 6);
        let expected = Chosen {
            there: vec![4],
            to_make: vec![0, 1, 3, 6, 7],
            required: 2,
            left_out: 0,
        };
        assert_eq!(chosen(&demand(0, true), &six, &[4]), expected);
    }

    #[test]
    fn no_more_files_are_read_than_proofs_are_asked_for() {
        let demand = Demand::of(&engagement(State::Proving, DIRECT, 0), 2, &[], NOW, false);
        let mut asked = Vec::new();
        let has_proof = |position| {
            asked.push(position);
            Ok::<_, Infallible>(position != 1)
        };
        demand.choose(&[0, 1, 2, 3, 4], has_proof).unwrap();
        assert_eq!(asked, [0, 1, 2]);
    }

    #[test]
    fn what_is_claimed_or_will_be_is_proven_whole_and_challenged_positions_first() {
        let proving = Demand::of(&engagement(State::Proving, OPTIMISTIC, 0), 2, &[], NOW, false);
        let expected = Chosen {
            there: vec![],
            to_make: vec![0, 1, 2, 3],
            required: 2,
            left_out: 0,
        };
        assert_eq!(chosen(&proving, &[0, 1, 2, 3], &[]), expected);
        let open = challenges(&[(1, 300), (3, 200), (9, 150)]);
        let claimed = Demand::of(&engagement(State::Claimed, OPTIMISTIC, 1), 2, &open, NOW, false);
        let expected = Chosen {
            there: vec![1],
            to_make: vec![3, 0, 2],
            required: 1,
            left_out: 0,
        };
        assert_eq!(chosen(&claimed, &[0, 1, 2, 3], &[1]), expected);
        assert_eq!(chosen(&claimed, &[0, 1, 2, 3], &[1, 3]).required, 0);
    }

    #[test]
    fn a_full_demand_asks_for_every_answer_in_time_and_for_what_is_missing_to_the_target() {
        let open = challenges(&[(5, 120), (1, 99), (4, 100), (2, 120)]);
        let demanded = Demand::of(&engagement(State::FullDemanded, OPTIMISTIC, 1), 3, &open, NOW, false);
        let all: Vec<usize> = (0..8).collect();
        assert_eq!(demanded.ordered(&all), (vec![4, 2, 5], vec![0, 3, 6, 7]));
        let expected = Chosen {
            there: vec![],
            to_make: vec![4, 2, 5, 0, 3],
            required: 3,
            left_out: 2,
        };
        assert_eq!(chosen(&demanded, &all, &[]), expected);
        // One that is too late is asked for no more, and proofs of others take no challenge's place.
        let expected = Chosen {
            there: vec![0, 6],
            to_make: vec![4, 2, 5],
            required: 3,
            left_out: 2,
        };
        assert_eq!(chosen(&demanded, &all, &[0, 1, 6]), expected);
        assert_eq!(demanded.due(&[4, 2, 5, 0], 500), [100, 120, 120, 500]);
    }

    #[test]
    fn deadlines_are_compared_with_everything_that_is_due_before() {
        let missed = |due: &[u64], seconds| missed(due, NOW, Duration::from_secs(seconds));
        assert_eq!(missed(&[], 1000), None);
        assert_eq!(missed(&[130; 3], 10), None);
        assert_eq!(missed(&[129; 3], 10), Some((3, 129)));
        assert_eq!(missed(&[110, 120, 500], 10), None);
        assert_eq!(missed(&[110, 119, 500], 10), Some((2, 119)));
        assert_eq!(missed(&[99, 500], 1), Some((1, 99)));
    }
}
