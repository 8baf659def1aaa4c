use super::held::{held, proof_path, Held};
use super::{proceed, require_provider, require_time};
use crate::chain::account::{Account, MAX_ESTIMATE};
use crate::chain::bindings::{
    Challenge, EngagementView,
    IAccuracyMarket::{submitDemandedCall, submitProofsCall},
    Mode, ProofItem, State,
};
use crate::chain::client::Call;
use crate::chain::keys::KeyArgs;
use crate::chain::market::{require_state, Market};
use crate::cmd::{engagement_journal, Sent};
use crate::context::Context;
use crate::exit::hinted;
use crate::transfer::bitmap::ResultBitmap;
use alloy::primitives::{keccak256, Bytes, B256};
use assay_prover::proof::ProofBundle;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Proofs of one batch: as many as fit a transaction at half a million gas each, and nodes take 128 KiB.
const MAX_BATCH: usize = 24;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp submit 0x3f… --keystore me.json\n\n\
    Sends the proofs in batches, the last with all that remain; of a set in clear it first sends proceed, if that was not\n\
    done. The engagement closes as soon as the target is met. Answers a full demand too, and the challenges beside it. Interrupted, it goes on where it\n\
    stopped.")]
pub struct Args {
    /// Engagement
    id: B256,
    /// Test set that the consumer handed over in clear [default: the one that was proven]
    #[arg(long, value_name = "DIR")]
    set: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyArgs,
}

/// The result of a submission.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Submitted {
    pub id: B256,
    pub state: String,
    pub outcome: String,
    pub proven_on_chain: u32,
    pub needed: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proceed: Option<Sent>,
    pub batches: Vec<Batch>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    pub positions: Vec<u32>,
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

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (market, account) = ctx.market_and_account(&args.keys).await?;
    let result = submit(ctx, &market, &account, args.id, args.set.as_deref()).await?;
    ctx.out.result(&result, &result)
}

/// Sends every proof that is there, until the target is met.
pub async fn submit(
    ctx: &Context,
    market: &Market,
    account: &Account,
    id: B256,
    set: Option<&Path>,
) -> eyre::Result<Submitted> {
    let e = market.engagement(id).await?;
    let needed = market.needed(e.mode, e.targetBps);
    let mut journal = engagement_journal(ctx, &market.chain, id)?;
    let (mut batches, mut proceeded) = (Vec::new(), None);
    if e.state != State::Closed {
        require_state(id, &e, &[State::Probing, State::Proving, State::FullDemanded])?;
        require_provider(&e, account)?;
        require_time(market, &e).await?;
        let mut held = held(ctx, market, &journal, id, &e, set).await?;
        let mut items = collect(ctx, market, &mut held).await?;
        // What counts in a full demand is what was claimed.
        let bitmap = match e.state {
            State::FullDemanded => Some(market.posted_result(id).await?),
            _ => None,
        };
        if let Some(bitmap) = &bitmap {
            let claimed = ResultBitmap::parse(held.len(), bitmap)?;
            items.retain(|item| claimed.is_set(item.position as usize));
        }
        let challenges = match e.state {
            State::FullDemanded => market.open_challenges(id).await?,
            _ => Vec::new(),
        };
        let mut due = put_answers_first(&mut items, &challenges, market.chain.now().await?);
        let unanswered = challenges
            .iter()
            .find(|(position, _)| items.iter().all(|item| item.position != *position));
        let have = items.len() as u32 + e.provenOnChain;
        if have < needed {
            return Err(hinted(
                format!("{have} proofs, {needed} are needed"),
                format!("run: assay mp prove {id}"),
            ));
        }
        if e.mode == Mode::CLEAR {
            proceeded = proceed(ctx, market, account, &mut journal, id).await?;
        }
        let mut proven = e.provenOnChain;
        while proven < needed || due > 0 {
            let largest = largest_batch(market, account, id, &items, bitmap.as_ref()).await?;
            let still_needed = due.max(needed.saturating_sub(proven) as usize);
            let size = batch_size(items.len(), largest, still_needed);
            due = due.saturating_sub(size);
            let batch: Vec<ProofItem> = items.drain(..size).collect();
            let positions: Vec<u32> = batch.iter().map(|item| item.position).collect();
            let call = submission(market, id, batch, bitmap.as_ref());
            // A step is named after what it sends: another batch is another step.
            let step = format!("submit-{}", hex::encode(&keccak256(&call.data)[..8]));
            let receipt = account.send(&mut journal, &step, &call, &ctx.out).await?;
            batches.push(Batch {
                positions,
                sent: Sent::from(&receipt),
            });
            proven = market.engagement(id).await?.provenOnChain;
        }
        if let Some((position, _)) = unanswered {
            return Err(hinted(
                format!("position {position} is challenged, and there is no proof of it in time"),
                format!("run: assay mp prove {id}"),
            ));
        }
    }
    let after: EngagementView = market.engagement(id).await?;
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

/// Puts the items of challenged positions first, the most urgent foremost, and returns how many they are. Those that are too late
/// are left out: a batch with one of them fails as a whole.
fn put_answers_first(items: &mut Vec<ProofItem>, challenges: &[(u32, Challenge)], now: u64) -> usize {
    let deadline = |item: &ProofItem| {
        let challenge = challenges.iter().find(|(position, _)| *position == item.position);
        challenge.map(|(_, challenge)| challenge.deadline)
    };
    items.retain(|item| deadline(item).is_none_or(|deadline| now <= deadline));
    items.sort_by_key(|item| deadline(item).unwrap_or(u64::MAX));
    items.iter().filter(|item| deadline(item).is_some()).count()
}

/// How many of `left` proofs to send now, so that the batch that meets the target is as full as possible: nothing counts
/// after it.
fn batch_size(left: usize, largest: usize, still_needed: usize) -> usize {
    let largest = largest.max(1);
    if left <= largest || still_needed <= 1 {
        return left.min(largest);
    }
    largest.min(still_needed - 1).min(left - largest).max(1)
}

/// The proofs that are on disk and not on chain yet, by position.
async fn collect(ctx: &Context, market: &Market, held: &mut Held) -> eyre::Result<Vec<ProofItem>> {
    let mut items = Vec::new();
    let id = held.statement.id;
    for position in 0..held.len() {
        let file = proof_path(ctx, market, id, position);
        if !file.exists() || market.is_proven(id, position).await? {
            continue;
        }
        let bundle = match ProofBundle::load(&file) {
            Ok(bundle) => bundle,
            Err(error) => {
                ctx.out.warn(format_args!("{} is not sent: {error}", file.display()));
                continue;
            }
        };
        match held.item(position, &bundle) {
            Ok(Some(item)) => items.push(item),
            Ok(None) => ctx.out.warn(format_args!(
                "{} is about something else and is not sent",
                file.display()
            )),
            // The others may be enough.
            Err(error) => ctx.out.warn(format_args!("{} is not sent: {error:#}", file.display())),
        }
    }
    Ok(items)
}

/// The call that submits these items; with the posted bitmap in answer to a full demand.
pub fn submission(market: &Market, id: B256, items: Vec<ProofItem>, bitmap: Option<&Bytes>) -> Call {
    match bitmap.cloned() {
        None => market.call(&submitProofsCall { id, items }),
        Some(bitmap) => market.call(&submitDemandedCall { id, bitmap, items }),
    }
}

/// How many of the items fit one transaction: half as many until the estimate says so.
async fn largest_batch(
    market: &Market,
    account: &Account,
    id: B256,
    items: &[ProofItem],
    bitmap: Option<&Bytes>,
) -> eyre::Result<usize> {
    let mut size = items.len().min(MAX_BATCH);
    while size > 1 {
        let gas = account
            .estimate_gas(&submission(market, id, items[..size].to_vec(), bitmap))
            .await;
        if gas.is_ok_and(|gas| gas <= MAX_ESTIMATE) {
            break;
        }
        size /= 2;
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::U256;

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
    fn the_batch_that_meets_the_target_is_full() {
        assert_eq!(run(4, 20, 3), (vec![4], 4));
        assert_eq!(run(100, 20, 75), (vec![20, 20, 20, 14, 20], 94));
        assert_eq!(run(100, 20, 100), (vec![20; 5], 100));
        assert_eq!(run(5, 1, 3), (vec![1; 3], 3));
        assert_eq!(run(21, 20, 1), (vec![20], 20));
    }

    #[test]
    fn answers_come_first_and_late_ones_not_at_all() {
        let item = |position| ProofItem {
            position,
            inputCommit: U256::ZERO,
            label: 0,
            leafSalt: B256::ZERO,
            path: Vec::new(),
            output: U256::ZERO,
            proof: Bytes::new(),
        };
        let challenge = |position, deadline| {
            let challenger = alloy::primitives::Address::ZERO;
            (position, Challenge { challenger, deadline })
        };
        let mut items: Vec<ProofItem> = (0..5).map(item).collect();
        let challenges = [
            challenge(1, 99),
            challenge(2, 120),
            challenge(4, 100),
            challenge(7, 110),
        ];
        assert_eq!(put_answers_first(&mut items, &challenges, 100), 2);
        let order: Vec<u32> = items.iter().map(|item| item.position).collect();
        assert_eq!(order, [4, 2, 0, 3]);
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
