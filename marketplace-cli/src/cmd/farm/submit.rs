//! Hands over what is to be proven.

use super::asking::{AskingArgs, Doing};
use crate::args::sending::TryArgs;
use crate::context::Context;
use crate::farm::owner::Farm;
use crate::farm::place::Place;
use alloy::primitives::B256;
use assay_chain::venue::Venue;
use assay_marketplace::engagement::Desk;
use assay_marketplace::home::Journaled;
use assay_marketplace::proofs::claims::Claims;
use assay_marketplace::proofs::farm::{collect, request, Look, Proofs};
use assay_marketplace::proving::promises::Promises;
use assay_marketplace::proving::Prover;
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay farm submit 0x3f… --set /mnt/shared/3f --model digits.assay --proceed --keystore me.json\n  \
    assay farm submit 0x3f… --model digits.assay --queue 'postgres://mp@db.example/farm?sslmode=verify-full' \\\n      \
    --tasks /mnt/farm --keystore me.json\n  assay farm submit 0x77… --keystore me.json      an audit: its predicate is known\n\n\
    Checks the set as assay mp prove does, notes in the journal which positions go into which proof, writes a task for each proof into\n\
    the directory that the farm's machines mount, and queues it. Today a proof, and so a task, is of one example. The database gets its name and hash: no image, no salt, no\n\
    weights. As many of the model's proofs are allotted to the farm, two and one in fifty more for starts that are lost. A second run adds nothing;\n\
    what is there by then is kept."
)]
pub struct Args {
    #[command(flatten)]
    asking: AskingArgs,
    /// Commit to proving as soon as a set in clear is checked
    #[arg(long)]
    proceed: bool,
    /// Give up the farm that this model's proofs were allotted to before, with what it was allotted
    #[arg(long)]
    new_farm: bool,
    #[command(flatten)]
    keys: TryArgs,
}

/// What was handed over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Submitted {
    id: B256,
    kind: Journaled,
    /// Proofs that are still asked for.
    asked: usize,
    /// Of those, what the farm was not asked for before.
    new: usize,
    /// Kept now, since the farm had them.
    collected: Vec<usize>,
    #[serde(flatten)]
    look: Look,
    /// Of the model's proofs, what the farm may use in all.
    allotted: u64,
    /// And what nobody has yet.
    remaining: u64,
}

impl fmt::Display for Submitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (look, id) = (&self.look, self.id);
        writeln!(f, "{} proofs asked for, {} of them new", self.asked, self.new)?;
        if !self.collected.is_empty() {
            writeln!(f, "{} were there and are kept now", self.collected.len())?;
        }
        writeln!(
            f,
            "the farm has {} queued, {} running, {} done, {} set aside",
            look.queued,
            look.running,
            look.done,
            look.set_aside.len()
        )?;
        writeln!(
            f,
            "{} of the model's proofs are allotted to it, {} are left",
            self.allotted, self.remaining
        )?;
        write!(f, "next: assay farm status --watch, then assay farm collect {id}")
    }
}

struct Submitting {
    farm: Farm,
    kind: Journaled,
    is_dry: bool,
}

impl Doing for Submitting {
    /// Nothing, where it was only tried.
    type Done = Option<Submitted>;

    async fn with<V: Venue>(
        self,
        desk: &Desk<V>,
        claims: &mut impl Claims,
        prover: &Prover,
    ) -> eyre::Result<Option<Submitted>> {
        let Self { farm, kind, is_dry } = self;
        // Before anything is written.
        farm.queue().await?;
        let id = claims.id();
        if is_dry {
            let asked = claims.positions().len();
            desk.report
                .insist(format_args!("{asked} proofs are asked for; nothing was handed over"));
            return Ok(None);
        }
        let collected = collect(claims, &farm, &desk.report).await?;
        let asked = claims.positions().len();
        let new = request(desk, claims, prover, &farm).await?;
        let look = farm.look(prover, id).await?;
        let promises = Promises::open(prover.secret_path())?;
        Ok(Some(Submitted {
            id,
            kind,
            asked,
            new,
            collected,
            look,
            allotted: promises.allotted().map_or(0, |farm| farm.allotted),
            remaining: promises.remaining(),
        }))
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let place = Place::named(&args.asking.farm, ctx)?;
    let farm = Farm::new(place, args.new_farm, (*ctx.out).clone());
    let kind = args.asking.kind(ctx)?;
    let is_dry = args.keys.is_dry();
    let submitting = Submitting { farm, kind, is_dry };
    match args.asking.act(ctx, &args.keys, args.proceed, submitting).await? {
        Some(submitted) => ctx.out.result(&submitted, &submitted),
        None => Ok(()),
    }
}
