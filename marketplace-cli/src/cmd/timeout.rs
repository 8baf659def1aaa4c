//! Closes an engagement whose window has passed.

use crate::args::keys::KeyArgs;
use crate::context::Context;
use crate::engagement::{Desk, Sent};
use alloy::primitives::{Address, B256};
use assay_chain::client::Call;
use assay_chain::error::hinted;
use assay_chain::market::Market;
use assay_protocol::abi::{
    EngagementView,
    IAccuracyMarket::{finalizeCall, timeoutCall, timeoutChallengeCall},
    Outcome, State,
};
use assay_protocol::units::utc;
use serde::Serialize;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Close it
    Run(Args),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Run(args) => run(args, ctx).await,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay timeout run 0x3f… --devnet-account 2\n\n\
    Whoever was to move and did not loses: a silent provider its deposit and a strike, a silent consumer its deposit; an\n\
    unanswered challenge convicts the provider. An offer returns to its consumer, an unchallenged result passes, a transfer\n\
    that was not acknowledged gives both deposits back.")]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: KeyArgs,
}

/// The result of a command that closes an engagement, or tries to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    pub id: B256,
    pub outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl Ended {
    pub fn new(id: B256, outcome: Outcome, sent: Option<Sent>) -> Self {
        Self {
            id,
            outcome: format!("{outcome:?}"),
            sent,
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "engagement {} is closed: {}", self.id, self.outcome)
    }
}

async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = timeout(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}

/// Closes an engagement whose window has passed, or finalises an unchallenged result; does nothing if it is closed.
pub async fn timeout(desk: &Desk, id: B256) -> eyre::Result<Ended> {
    let e = desk.market.engagement(id).await?;
    if e.state == State::Closed {
        return Ok(Ended::new(id, e.outcome, None));
    }
    let (step, call) = due(&desk.market, id, &e, desk.account.address()).await?;
    let mut journal = desk.journal(id)?;
    let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
    let outcome = desk.market.engagement(id).await?.outcome;
    Ok(Ended::new(id, outcome, Some(Sent::from(&receipt))))
}

/// The call by which `caller` ends the engagement now. Of several overdue challenges its own comes first: who made it has a part
/// of what is burned.
async fn due(market: &Market, id: B256, e: &EngagementView, caller: Address) -> eyre::Result<(String, Call)> {
    let now = market.chain.now().await?;
    let open = match e.state {
        State::Claimed | State::FullDemanded => market.open_challenges(id).await?,
        _ => Vec::new(),
    };
    let first = open.iter().min_by_key(|(_, challenge)| {
        let is_over = now > challenge.deadline;
        (!(is_over && challenge.challenger == caller), challenge.deadline)
    });
    match first {
        None if e.state == State::Claimed => {
            require_over(id, e.deadline, now)?;
            Ok(("finalize".into(), market.call(&finalizeCall { id })))
        }
        None => {
            require_over(id, e.deadline, now)?;
            // A state is entered once: another state is another step.
            Ok((format!("timeout-{:?}", e.state), market.call(&timeoutCall { id })))
        }
        // Its deadline is before that of a demand.
        Some((position, challenge)) => {
            require_over(id, challenge.deadline, now)?;
            let call = timeoutChallengeCall {
                id,
                position: *position,
            };
            Ok((format!("timeoutChallenge-{position}"), market.call(&call)))
        }
    }
}

fn require_over(id: B256, deadline: u64, now: u64) -> eyre::Result<()> {
    if now > deadline {
        return Ok(());
    }
    Err(hinted(
        format!("the window of engagement {id} runs until {}", utc(deadline)),
        format!("try again in {} s", deadline - now + 1),
    ))
}
