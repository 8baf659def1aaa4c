//! What stands in the way, and what helps.

mod chain;
mod check;
mod machine;

use crate::args::keys::KeyArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::args::srs::SrsArgs;
use crate::context::Context;
use assay_chain::error::hinted;
use check::{Check, Health};
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay doctor\n  \
    assay doctor --rpc-url https://node.example --keystore me.json --srs powersOfTau.ptau\n\n\
    One line per check: fine, look, or WRONG, with the cure below. What is only worth a look may be as it is meant to be; what is\n\
    wrong makes commands fail, and the exit code 1. Nothing is signed or sent, and no password is asked for.")]
pub struct Args {
    #[command(flatten)]
    srs: SrsArgs,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

/// All checks.
#[derive(Debug, Serialize)]
struct Found {
    checks: Vec<Check>,
    /// How many are wrong.
    wrong: usize,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let health = match check.health {
                Health::Fine => "fine ",
                Health::Look => "look ",
                Health::Wrong => "WRONG",
            };
            writeln!(f, "{health}  {:<17} {}", check.what, check.found)?;
            if let Some(cure) = &check.cure {
                writeln!(f, "       {:<17} -> {cure}", "")?;
            }
        }
        Ok(())
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let mut checks = machine::checks(ctx, &args.srs);
    let keys = ctx.settings.keys(&args.keys);
    checks.extend(chain::checks(ctx, args.retrieval, &keys).await);
    let wrong = checks.iter().filter(|check| check.health == Health::Wrong).count();
    let found = Found { checks, wrong };
    ctx.out.result(&found, &found)?;
    match wrong {
        0 => Ok(()),
        _ => Err(hinted(
            format!("{wrong} of {} checks found something wrong", found.checks.len()),
            "each line says what helps",
        )),
    }
}
