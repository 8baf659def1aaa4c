//! Claims a result, and hands its proofs over.

use super::held::{held, proof_path};
use super::transfer::encrypted;
use super::{accepted_guard, require_time};
use crate::args::keys::KeyArgs;
use crate::args::server::ServerArgs;
use crate::context::Context;
use crate::delivery::{Delivery, Place};
use crate::engagement::{Desk, Sent};
use crate::transfer::bitmap::ResultBitmap;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::market::require_state;
use assay_exchange::blob::Kind;
use assay_protocol::abi::{IAccuracyMarket::postResultCall, State};
use assay_protocol::units::utc;
use assay_prover::proof::ProofBundle;
use eyre::WrapErr;
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp post 0x3f… --to /mnt/shared/3f-proofs --keystore me.json\n  \
    assay mp post 0x3f… --to https://consumer.example:8700 --keystore me.json\n\n\
    Claims exactly the examples whose proofs are here; a claim that cannot be proven on demand costs the deposit and the\n\
    stake's strikes. The proofs go to the consumer, who otherwise has to challenge them one by one."
)]
pub struct Args {
    /// Engagement
    id: B256,
    /// Directory that the consumer reads, or URL of the server that takes the proofs
    #[arg(long, value_name = "DIR|URL")]
    to: Option<Place>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

/// Fact of a journal: where the proofs of the posted result were handed over.
pub const PROOFS_DELIVERED: &str = "proofsDelivered";

/// The result that was posted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    pub id: B256,
    pub result_hash: B256,
    pub claimed: u32,
    pub needed: u32,
    pub positions: Vec<usize>,
    /// Last second for challenges.
    pub challenges_until: u64,
    pub sent: Sent,
}

impl std::fmt::Display for Posted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "claimed  {} correct, {} needed", self.claimed, self.needed)?;
        write!(
            f,
            "next     challenges until {}: assay mp answer {}",
            utc(self.challenges_until),
            self.id
        )
    }
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let to = match &args.to {
        Some(place) => {
            let e = encrypted(&desk, args.id).await?;
            Some(Delivery::open(
                place,
                args.id,
                &args.server.into(),
                e.mc,
                desk.account.key(),
            )?)
        }
        None => None,
    };
    let result = post(&desk, args.id, to.as_ref()).await?;
    ctx.out.result(&result, &result)
}

/// How long the proofs may take to be handed over in one go.
const HAND_OVER_TIME: Duration = Duration::from_secs(1800);

/// Posts the result once, and hands the proofs over each time.
pub async fn post(desk: &Desk, id: B256, to: Option<&Delivery>) -> eyre::Result<Posted> {
    let e = encrypted(desk, id).await?;
    let needed = desk.market.needed(e.mode, e.targetBps);
    let mut journal = desk.journal(id)?;
    let (receipt, bitmap) = match desk.account.resume(&mut journal, "post", &desk.report).await? {
        Some(receipt) => {
            let bytes = desk.market.posted_result(id).await?;
            (
                receipt,
                ResultBitmap::parse(desk.market.proven_size(e.mode) as usize, &bytes)?,
            )
        }
        None => {
            require_state(id, &e, &[State::Proving])?;
            require_time(&desk.market, &e).await?;
            let mut held = held(desk, &journal, id, &e, None).await?;
            let mut proven = Vec::new();
            for position in 0..held.len() {
                // Positions without a proof are not looked at.
                if let Ok(bundle) = ProofBundle::load(&proof_path(desk, id, position)) {
                    match held.statement_at(position) {
                        Ok(statement) if bundle.statement() == Some(statement) => proven.push(position),
                        Ok(_) => {}
                        // The others can still be claimed.
                        Err(error) => desk
                            .report
                            .warn(format_args!("position {position} is not claimed: {error:#}")),
                    }
                }
            }
            let bitmap = ResultBitmap::of(held.len(), proven)?;
            if bitmap.correct() < needed {
                return Err(hinted(
                    format!("{} proofs are here, {needed} are needed", bitmap.correct()),
                    format!("run: assay mp prove {id}; if no more can be proven: assay mp concede {id}"),
                ));
            }
            let call = postResultCall {
                id,
                guard: accepted_guard(&journal, &e)?,
                bitmap: bitmap.bytes().to_vec().into(),
            };
            let receipt = desk
                .account
                .send(&mut journal, "post", &desk.market.call(&call), &desk.report)
                .await?;
            (receipt, bitmap)
        }
    };
    if let Some(to) = to {
        let all = async {
            for position in bitmap.positions() {
                to.put(Kind::Proofs, &proof_path(desk, id, position), &desk.report)
                    .await?;
            }
            eyre::Ok(())
        };
        // Challenges come meanwhile; repeated, it goes on where it was.
        let slow = || format!("{} takes the proofs too slowly", to.place());
        tokio::time::timeout(HAND_OVER_TIME, all).await.wrap_err_with(slow)??;
        journal.set_fact(PROOFS_DELIVERED, &to.place().to_string())?;
    }
    Ok(Posted {
        id,
        result_hash: bitmap.hash(),
        claimed: bitmap.correct(),
        needed,
        positions: bitmap.positions().collect(),
        challenges_until: desk.market.engagement(id).await?.deadline,
        sent: Sent::from(&receipt),
    })
}
