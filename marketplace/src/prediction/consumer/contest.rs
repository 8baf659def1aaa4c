//! Has outputs proven.

use crate::engagement::play::require_party;
use crate::engagement::{Moved, PayingDesk, Sent};
use crate::prediction::consumer::moves::checked_root;
use crate::prediction::facts::CONTEST_SET;
use alloy::primitives::{keccak256, B256};
use assay_chain::error::{hinted, usage};
use assay_chain::rounds::Rounds;
use assay_chain::venue::{require_state, Venue};
use assay_protocol::abi::IPredictionMarket::contestCall;
use assay_protocol::abi::RoundState;
use assay_protocol::accuracy::decide::Party;
use assay_protocol::prediction::indices::bitmap;
use rand::rngs::OsRng;
use rand::seq::index::sample;
use std::collections::BTreeSet;

/// Which outputs are to be proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// These.
    Indices(BTreeSet<u32>),
    /// These as far as the round allows: if that is not far enough, drawn among them.
    Among(BTreeSet<u32>),
    /// So many in all, drawn from the operating system's randomness: what was named or drawn before counts, and stays.
    Random(u32),
}

/// Contests what is chosen and was not contested before, once, also what an earlier call drew and could not send. The set is on disk before it is on chain: one that was drawn is not
/// drawn again, or the provider could wait for a better one.
///
/// # Errors
/// If the outputs were not checked here, or more would be contested than the round allows.
pub async fn contest(desk: &PayingDesk<Rounds>, id: B256, choice: &Choice) -> eyre::Result<Moved> {
    let round = desk.market.newest(id).await?;
    require_party(&round, &desk.account, Party::Consumer)?;
    require_state(id, &round, &[RoundState::Rooted, RoundState::Served])?;
    let mut journal = desk.journal(id)?;
    let guard = checked_root(&journal, id, &round)?;
    let contested = desk.market.contested(id, &round).await?;
    let mut chosen = journal.fact(&CONTEST_SET)?.unwrap_or_default();
    let free = round.contestCap - round.contested;
    match choice {
        Choice::Among(indices) => {
            // What was drawn and not sent gives way to what is known to be wrong.
            chosen.retain(|index| contested.contains(index) || indices.contains(index));
            let unsent = u32::try_from(chosen.difference(&contested).count())?;
            let taken = (0..round.predictions)
                .filter(|index| !indices.contains(index) || chosen.contains(index) || contested.contains(index))
                .collect();
            chosen.extend(draw(round.predictions, free.saturating_sub(unsent), &taken));
        }
        Choice::Indices(indices) => {
            if let Some(index) = indices.iter().find(|index| **index >= round.predictions) {
                return Err(usage(format!(
                    "there is no prediction {index}: the round has {}, from 0",
                    round.predictions
                )));
            }
            chosen.extend(indices);
        }
        Choice::Random(count) => {
            let taken: BTreeSet<u32> = chosen.union(&contested).copied().collect();
            let missing = count.saturating_sub(u32::try_from(taken.len())?);
            chosen.extend(draw(round.predictions, missing, &taken));
        }
    }
    let wanted = chosen.clone();
    chosen.retain(|index| !contested.contains(index));
    if chosen.len() > free as usize {
        return Err(hinted(
            format!(
                "{} contests are more than the {free} that this round still allows",
                chosen.len()
            ),
            "name fewer",
        ));
    }
    let (mut sent, mut paid) = (Vec::new(), 0);
    if !chosen.is_empty() {
        // The root of outputs that are served only in a block that goes away cannot be contested.
        let root = round.guard;
        desk.market.require_deep(id, move |then| then.guard == root).await?;
        // What was drawn is kept whatever becomes of this call; who named indices and thinks better of it names others.
        if !matches!(choice, Choice::Indices(_)) {
            journal.set_fact(&CONTEST_SET, &wanted)?;
        }
        let base_fee = desk.market.chain.base_fee_ahead().await?;
        paid = desk.market.contest_fee(u32::try_from(chosen.len())?, base_fee);
        let bitmap = bitmap(&chosen, round.predictions);
        let step = format!("contest-{}", hex::encode(&keccak256(&bitmap)[..8]));
        let call = contestCall {
            id,
            guard,
            bitmap: bitmap.into(),
        };
        let call = desk.paying(&call, paid);
        let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
        journal.set_fact(&CONTEST_SET, &wanted)?;
        sent.push(Sent::from(&receipt));
    }
    Moved::read(&desk.market, id, paid, chosen.into_iter().collect(), sent).await
}

/// So many of the indices that are not taken yet, or all of them.
fn draw(predictions: u32, count: u32, taken: &BTreeSet<u32>) -> BTreeSet<u32> {
    let free: Vec<u32> = (0..predictions).filter(|index| !taken.contains(index)).collect();
    let count = free.len().min(count as usize);
    let drawn = sample(&mut OsRng, free.len(), count);
    drawn.into_iter().filter_map(|at| free.get(at).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_new_and_as_many_as_asked_for() {
        let taken = (0..6).collect();
        for count in 0..10 {
            let drawn = draw(10, count, &taken);
            assert_eq!(drawn.len(), count.min(4) as usize);
            assert!(drawn.iter().all(|index| (6..10).contains(index)));
        }
        let several: BTreeSet<_> = (0..20).map(|_| draw(1000, 3, &BTreeSet::new())).collect();
        assert!(several.len() > 15, "they differ");
    }
}
