//! Keeps what the farm made.

use super::asking::{AskingArgs, Doing};
use crate::args::keys::KeyArgs;
use crate::context::Context;
use crate::farm::owner::Farm;
use crate::farm::place::Place;
use alloy::primitives::B256;
use assay_chain::error::{Error, Kind};
use assay_chain::venue::Venue;
use assay_marketplace::engagement::Desk;
use assay_marketplace::home::Journaled;
use assay_marketplace::proofs::claims::Claims;
use assay_marketplace::proofs::farm::{collect, Look, Proofs};
use assay_marketplace::proving::Prover;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay farm collect 0x3f… --model digits.assay --keystore me.json\n  \
    assay farm collect 0x3f… --model digits.assay --keystore me.json --wait\n\n\
    Verifies each proof once more, compares what it says with what is asked for, and keeps it where assay mp submit, assay predict\n\
    answer and assay audit prove look for it; a proof that does not count is made again. Then what was handed over for it is\n\
    removed. Ends with code 3 if proofs were set aside after they failed too often."
)]
pub struct Args {
    #[command(flatten)]
    asking: AskingArgs,
    /// Wait until every proof is there
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    keys: KeyArgs,
}

/// How far it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Collected {
    id: B256,
    kind: Journaled,
    /// Positions whose proofs were kept now.
    collected: Vec<usize>,
    /// Positions that still have none.
    missing: Vec<usize>,
    queued: u64,
    running: u64,
    /// Positions of what failed too often, and why.
    set_aside: BTreeMap<usize, String>,
}

impl fmt::Display for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kept, missing, id) = (self.collected.len(), self.missing.len(), self.id);
        writeln!(
            f,
            "{kept} proofs kept, {missing} missing: {} queued, {} running",
            self.queued, self.running
        )?;
        for (position, why) in &self.set_aside {
            writeln!(f, "position {position} was set aside: {why}")?;
        }
        match (self.kind, missing) {
            (Journaled::Round, 0) => write!(f, "next: assay predict answer {id}"),
            (Journaled::Audit, 0) => write!(f, "next: assay audit prove {id}"),
            (_, 0) => write!(f, "next: assay mp submit {id}"),
            _ => write!(f, "next: assay farm collect {id} --wait"),
        }
    }
}

/// How often it is asked.
const PAUSE: Duration = Duration::from_secs(2);

struct Collecting<'a> {
    farm: Farm,
    kind: Journaled,
    wait: bool,
    ctx: &'a Context,
}

impl Doing for Collecting<'_> {
    type Done = Collected;

    async fn with<V: Venue>(
        self,
        desk: &Desk<V>,
        claims: &mut impl Claims,
        prover: &Prover,
    ) -> eyre::Result<Collected> {
        let (farm, all) = (&self.farm, claims.positions().len());
        let bar = self.ctx.out.bar("proofs that are there", all as u64);
        let mut collected = Vec::new();
        let look = loop {
            collected.extend(collect(claims, farm, &desk.report).await?);
            bar.set(collected.len() as u64);
            let look = farm.look(prover, claims.id()).await?;
            let is_over = claims.positions().is_empty() || look.queued + look.running == 0;
            if is_over || !self.wait {
                break look;
            }
            tokio::time::sleep(PAUSE).await;
        };
        // What came between the two questions.
        collected.extend(collect(claims, farm, &desk.report).await?);
        self.told(claims, collected, look)
    }
}

impl Collecting<'_> {
    fn told(&self, claims: &mut impl Claims, mut collected: Vec<usize>, look: Look) -> eyre::Result<Collected> {
        let (missing, mut set_aside) = (claims.positions(), BTreeMap::new());
        for position in missing.iter().copied() {
            if let Some(why) = look.set_aside.get(&claims.about(position)?.statement()) {
                set_aside.insert(position, why.clone());
            }
        }
        collected.sort_unstable();
        Ok(Collected {
            id: claims.id(),
            kind: self.kind,
            collected,
            missing,
            queued: look.queued,
            running: look.running,
            set_aside,
        })
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let place = Place::named(&args.asking.farm, ctx)?;
    let farm = Farm::new(place, false, (*ctx.out).clone());
    let collecting = Collecting {
        farm,
        kind: args.asking.kind(ctx)?,
        wait: args.wait,
        ctx,
    };
    let collected = args.asking.act(ctx, &args.keys, false, collecting).await?;
    ctx.out.result(&collected, &collected)?;
    match collected.set_aside.len() {
        0 => Ok(()),
        n => Err(set_aside(n, args.asking.id)),
    }
}

/// What ends with code 3: a person has to look.
pub(super) fn set_aside(proofs: usize, id: impl fmt::Display) -> eyre::Report {
    let error = Error::new(
        Kind::Rejected,
        format!("{proofs} proof(s) were set aside after they failed too often"),
    );
    error
        .hint(format!("see why, then queue them again: assay farm retry {id}"))
        .into()
}
