use super::transfer;
use crate::chain::bindings::{EngagementView, Mode, State};
use crate::chain::keys::KeyArgs;
use crate::chain::market::{require_state, Market};
use crate::cmd::engagement_journal;
use crate::context::Context;
use crate::exit::hinted;
use crate::journal::Journal;
use crate::output::utc;
use crate::revealed::Revealed;
use crate::testset::TestSet;
use alloy::primitives::B256;
use eyre::WrapErr;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay mc send 0x3f… --to /mnt/shared/3f\n  \
    assay mc send 0x3f… --to /mnt/shared/3f --keystore me.json      if the transfer is encrypted\n\n\
    The acceptance must have its confirmations. In an engagement in clear images, labels and salts go over as they are; else\n\
    they are encrypted, the ciphertext's root goes on chain, and only then the file into the directory. The directory is\n\
    readable by you alone: give the provider access, or copy it over a channel of your own. What was handed over once is not\n\
    offered again.")]
pub struct Args {
    /// Engagement
    id: B256,
    /// New directory that the provider reads
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Test set [default: the one that was offered]
    #[arg(long, value_name = "DIR")]
    set: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyArgs,
}

/// The result of a hand-over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandedOver {
    pub id: B256,
    pub to: PathBuf,
    pub examples: usize,
    /// Last second in which the provider may decide.
    pub decide_until: u64,
}

impl std::fmt::Display for HandedOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} examples are in {}; the provider decides until {}",
            self.examples,
            self.to.display(),
            utc(self.decide_until)
        )
    }
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let market = ctx.market().await?;
    if market.engagement(args.id).await?.mode == Mode::CLEAR {
        let result = send(ctx, &market, args.id, args.set.as_deref(), &args.to).await?;
        return ctx.out.result(&result, &result);
    }
    let account = ctx.account(&market.chain, &args.keys)?;
    let result = transfer::send(ctx, &market, &account, args.id, args.set.as_deref(), &args.to).await?;
    ctx.out.result(&result, &result)
}

/// Copies the set to `to`, once the acceptance is confirmed.
pub async fn send(ctx: &Context, market: &Market, id: B256, set: Option<&Path>, to: &Path) -> eyre::Result<HandedOver> {
    let now = market.engagement(id).await?;
    require_state(id, &now, &[State::Probing])?;
    let confirmed = market
        .confirmed_engagement(id)
        .await
        .ok()
        .filter(|e| e.state == State::Probing);
    let Some(e) = confirmed else {
        return Err(hinted(
            format!(
                "the acceptance does not have {} confirmations yet",
                market.chain.confirmations
            ),
            "wait for more blocks: what is handed over before could be lost in a reorganisation",
        ));
    };
    let journal = engagement_journal(ctx, &market.chain, id)?;
    let set = offered_set(&journal, id, &e, set)?;
    if to.exists() {
        let there =
            TestSet::load(to).wrap_err_with(|| format!("{} exists and is no finished hand-over", to.display()))?;
        eyre::ensure!(there == set, "{} holds another test set", to.display());
    } else {
        // Before the copy: an image that may have been seen counts as seen.
        Revealed::load(ctx)?.add(&set)?;
        set.save(to)?;
    }
    Ok(HandedOver {
        id,
        to: to.canonicalize()?,
        examples: set.examples.len(),
        decide_until: e.deadline,
    })
}

/// The set that was offered, from `given` or where it was when it was offered.
pub(super) fn offered_set(
    journal: &Journal,
    id: B256,
    e: &EngagementView,
    given: Option<&Path>,
) -> eyre::Result<TestSet> {
    let offered: Option<PathBuf> = journal.fact("testSet")?;
    let dir = given.map(Path::to_owned).or(offered);
    let dir = dir.ok_or_else(|| {
        hinted(
            "this program did not make the offer, so it does not know the set",
            "use --set DIR",
        )
    })?;
    let set = TestSet::load(&dir)?;
    eyre::ensure!(
        set.root()? == e.testRoot,
        "{} is not the set of engagement {id}: its root differs",
        dir.display()
    );
    Ok(set)
}
