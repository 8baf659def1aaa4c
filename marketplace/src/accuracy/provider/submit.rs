//! Sends proofs until the target is met.

use crate::accuracy::provider::held::{held, Held};
use crate::accuracy::provider::proceed::proceed;
use crate::engagement::batch::largest_batch;
use crate::engagement::paths::proof_path;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{Desk, Sent, Site};
use crate::proving::bundle;
use alloy::primitives::{keccak256, Bytes, B256};
use assay_chain::client::Call;
use assay_chain::error::{hinted, hinted_because, rejected};
use assay_chain::market::{all_answers, Market};
use assay_chain::venue::require_state;
use assay_protocol::abi::IAccuracyMarket::{submitDemandedCall, submitProofsCall};
use assay_protocol::abi::{EngagementView, Mode, ProofItem, State};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::accuracy::demand::Demand;
use assay_protocol::transfer::bitmap::ResultBitmap;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Proofs of one batch: as many as fit a transaction at half a million gas each, and nodes take 128 KiB.
const MAX_BATCH: usize = 24;

/// The result of a submission.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Submitted {
    /// Of the engagement.
    pub id: B256,
    /// After it, as the contract names it.
    pub state: String,
    /// `None` while the engagement is open.
    pub outcome: String,
    /// Positions, these and earlier ones.
    pub proven_on_chain: u32,
    /// Right answers that meet the target.
    pub needed: u32,
    /// Absent if it was sent before, or is not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proceed: Option<Sent>,
    /// In the order of sending; empty if nothing was left to send.
    pub batches: Vec<Batch>,
}

/// Proofs that share a transaction.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// In the proven set.
    pub positions: Vec<u32>,
    /// That transaction.
    pub sent: Sent,
}

impl std::fmt::Display for Submitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for b in &self.batches {
            writeln!(f, "examples {:?}: {} gas", b.positions, b.sent.gas_used)?;
        }
        writeln!(f, "{} proven on chain, {} needed", self.proven_on_chain, self.needed)?;
        write!(f, "engagement {} is {}: {}", self.id, self.state, self.outcome)
    }
}

/// Sends the proofs that the target still needs, once the judge has accepted every one of them; more if `all`.
pub async fn submit(desk: &Desk, id: B256, set: Option<&Path>, all: bool) -> eyre::Result<Submitted> {
    let e = desk.market.engagement(id).await?;
    let needed = desk.market.needed(e.mode, e.targetBps);
    let mut journal = desk.journal(id)?;
    let (mut batches, mut proceeded) = (Vec::new(), None);
    if e.state != State::Closed {
        require_state(id, &e, &[State::Probing, State::Proving, State::FullDemanded])?;
        require_party(&e, &desk.account, Party::Provider)?;
        require_time(&desk.market, &e).await?;
        let mut held = held(desk, &journal, id, &e, set).await?;
        let has_file = |position: &usize| proof_path(desk, id, *position).exists();
        let files = (0..held.len()).filter(has_file).collect();
        let mut candidates = desk.market.not_proven(id, &e, files).await?;
        let (mut bitmap, mut challenges) = (None, Vec::new());
        if e.state == State::FullDemanded {
            let posted = desk.market.posted_result(id).await?;
            // What counts in a full demand is what was claimed.
            let claimed = ResultBitmap::parse(held.len(), &posted)?;
            candidates.retain(|position| claimed.is_set(*position));
            challenges = desk.market.open_challenges(id).await?;
            bitmap = Some(posted);
        }
        let demand = Demand::of(&e, needed, &challenges, desk.market.chain.now().await?, all);
        let (challenged, others) = demand.ordered(&candidates);
        let mut checked = Checked::default();
        checked.add(desk, &mut held, &e, &challenged, usize::MAX).await?;
        let mut due = checked.items.len();
        checked.add(desk, &mut held, &e, &others, demand.others).await?;
        let Checked { mut items, refused } = checked;
        let unanswered = challenges
            .iter()
            .find(|(position, _)| items.iter().all(|item| item.position != *position));
        let have = items.len() as u32 + e.provenOnChain;
        if have < needed {
            return Err(too_few(id, have, needed, refused));
        }
        if e.mode == Mode::CLEAR {
            proceeded = proceed(desk, &mut journal, id).await?;
        }
        let mut proven = e.provenOnChain;
        while proven < needed || due > 0 {
            eyre::ensure!(
                !items.is_empty(),
                "every proof is sent, {proven} are on chain, {needed} are needed"
            );
            let call_of = |size: usize| submission(&desk.market, id, items[..size].to_vec(), bitmap.as_ref());
            let largest = largest_batch(desk, items.len().min(MAX_BATCH), call_of).await;
            let still_needed = due.max(needed.saturating_sub(proven) as usize);
            let size = batch_size(items.len(), largest, still_needed);
            due = due.saturating_sub(size);
            let batch: Vec<ProofItem> = items.drain(..size).collect();
            let positions: Vec<u32> = batch.iter().map(|item| item.position).collect();
            let call = submission(&desk.market, id, batch, bitmap.as_ref());
            // A step is named after what it sends: another batch is another step.
            let step = format!("submit-{}", hex::encode(&keccak256(&call.data)[..8]));
            let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
            batches.push(Batch {
                positions,
                sent: Sent::from(&receipt),
            });
            proven = desk.market.engagement(id).await?.provenOnChain;
        }
        if let Some((position, _)) = unanswered {
            return Err(hinted(
                format!("position {position} is challenged, and there is no proof of it in time"),
                format!("run: assay mp prove {id}"),
            ));
        }
    }
    let after: EngagementView = desk.market.engagement(id).await?;
    Ok(Submitted {
        id,
        state: format!("{:?}", after.state),
        outcome: format!("{:?}", after.outcome),
        proven_on_chain: after.provenOnChain,
        needed,
        proceed: proceeded,
        batches,
    })
}

/// Proofs that the market's judge accepts, and files whose proofs it does not.
#[derive(Debug, Default)]
struct Checked {
    items: Vec<ProofItem>,
    refused: Vec<(PathBuf, eyre::Report)>,
}

impl Checked {
    /// Looks at proofs of these positions until it has `most` more: what is refused may not be needed.
    ///
    /// # Errors
    /// If the node does not answer.
    async fn add(
        &mut self,
        site: &Site,
        held: &mut Held,
        e: &EngagementView,
        positions: &[usize],
        most: usize,
    ) -> eyre::Result<()> {
        let id = held.engagement.id;
        let (mut left, wanted) = (positions, self.items.len().saturating_add(most));
        while self.items.len() < wanted && !left.is_empty() {
            let (next, rest) = left.split_at(left.len().min(wanted - self.items.len()));
            left = rest;
            let mut read = Vec::new();
            for position in next {
                let file = proof_path(site, id, *position);
                match item(held, *position, &file) {
                    Ok(item) => read.push((file, item)),
                    Err(error) => self.refuse(site, file, error),
                }
            }
            let asked = read.iter().map(|(_, item)| site.market.judge_item(id, e, item));
            let judged = all_answers(asked).await?;
            for ((file, item), judged) in read.into_iter().zip(judged) {
                match judged {
                    Ok(()) => self.items.push(item),
                    Err(error) => self.refuse(site, file, error),
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, site: &Site, file: PathBuf, error: eyre::Report) {
        site.report
            .warn(format_args!("{} is not sent: {error:#}", file.display()));
        self.refused.push((file, error));
    }
}

/// The proof of a position from its file, as the market takes it.
fn item(held: &mut Held, position: usize, file: &Path) -> eyre::Result<ProofItem> {
    let bundle = bundle::load(file)?;
    let item = held.item(position, &bundle)?;
    item.ok_or_else(|| rejected("it is about another context, model, input or output"))
}

fn too_few(id: B256, have: u32, needed: u32, refused: Vec<(PathBuf, eyre::Report)>) -> eyre::Report {
    let more = refused.len().saturating_sub(1);
    let Some((file, why)) = refused.into_iter().next() else {
        return hinted(
            format!("{have} proofs, {needed} are needed"),
            format!("run: assay mp prove {id}"),
        );
    };
    let others = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    hinted_because(
        why,
        format!(
            "{have} proofs that the market accepts, {needed} are needed: {}{others} would be refused",
            file.display()
        ),
        format!("nothing was sent; run: assay mp prove {id}, which makes it again, then repeat this command"),
    )
}

/// How many of `left` proofs to send now, so that the batch that meets the target takes as many as possible of those that it
/// does not need: nothing counts after it.
fn batch_size(left: usize, largest: usize, still_needed: usize) -> usize {
    let largest = largest.max(1);
    if left <= largest || still_needed <= 1 {
        return left.min(largest);
    }
    largest.min(still_needed - 1).min(left - largest).max(1)
}

/// The call that submits these items; with the posted bitmap in answer to a full demand.
pub fn submission(market: &Market, id: B256, items: Vec<ProofItem>, bitmap: Option<&Bytes>) -> Call {
    match bitmap.cloned() {
        None => market.call(&submitProofsCall { id, items }),
        Some(bitmap) => market.call(&submitDemandedCall { id, bitmap, items }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes of all batches, and how many proofs are on chain in the end.
    fn run(mut left: usize, largest: usize, needed: usize) -> (Vec<usize>, usize) {
        let (mut sizes, mut proven) = (Vec::new(), 0);
        while proven < needed {
            let size = batch_size(left, largest, needed - proven);
            assert!(size >= 1 && size <= largest && size <= left);
            left -= size;
            proven += size;
            sizes.push(size);
        }
        (sizes, proven)
    }

    #[test]
    fn what_the_target_does_not_need_goes_with_the_batch_that_meets_it() {
        assert_eq!(run(4, 20, 3), (vec![4], 4));
        assert_eq!(run(100, 20, 75), (vec![20, 20, 20, 14, 20], 94));
        assert_eq!(run(100, 20, 100), (vec![20; 5], 100));
        assert_eq!(run(5, 1, 3), (vec![1; 3], 3));
        assert_eq!(run(21, 20, 1), (vec![20], 20));
    }

    #[test]
    fn exactly_what_the_target_needs_is_sent_if_no_more_is_to_be() {
        assert_eq!(run(3, 20, 3), (vec![3], 3));
        assert_eq!(run(75, 20, 75).1, 75);
        assert_eq!(run(75, 20, 75).0.len(), 4);
    }

    #[test]
    fn every_choice_reaches_the_target() {
        for left in 1..30 {
            for largest in 1..9 {
                for needed in 1..=left {
                    assert!(run(left, largest, needed).1 >= needed);
                }
            }
        }
    }
}
