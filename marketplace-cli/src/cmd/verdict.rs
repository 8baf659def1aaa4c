use crate::chain::bindings::{Adjudication, Assurance, ModelView, Outcome, State, Verdict};
use crate::chain::market::Market;
use crate::context::Context;
use crate::output::{ether, utc, Table};
use crate::stats::lower_bound;
use alloy::primitives::{Address, B256, U256};
use clap::Subcommand;
use serde::Serialize;
use std::fmt;

/// One minus the confidence of the bound that is printed.
const DELTA: f64 = 0.05;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What an engagement showed, and what it did not
    #[command(after_help = "Example:\n  assay verdict show 0x3f… --rpc-url http://127.0.0.1:8545")]
    Show {
        /// Engagement
        id: B256,
    },
    /// Every engagement of a model, by assurance
    #[command(after_help = "Examples:\n  assay verdict list 0x9a…\n  assay verdict list 0x9a… --json | jq .proven")]
    List {
        /// Model
        model_id: B256,
    },
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        let market = ctx.market().await?;
        match self {
            Self::Show { id } => {
                let result = Shown::read(&market, id).await?;
                ctx.out.result(&result, &result)
            }
            Self::List { model_id } => {
                let result = Listed::read(&market, model_id).await?;
                ctx.out.result(&result, &result)
            }
        }
    }
}

/// The fields of `verdict(id)` in JSON, and the state.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    pub id: B256,
    pub state: String,
    pub model_id: B256,
    pub mp: Address,
    pub mc: Address,
    pub mode: String,
    pub adjudication: String,
    pub assurance: String,
    pub metric: String,
    pub target_bps: u16,
    pub n2: u32,
    pub claimed_correct: u32,
    pub result_hash: B256,
    pub proven_on_chain: u32,
    pub challenges_answered: u32,
    pub outcome: String,
    pub closed_at: u64,
    pub test_root: B256,
    /// Seconds in which anybody could object to the claimed result.
    pub open_for: u64,
    /// The consumer accepted before that time was over, and nothing else speaks for the result.
    pub closed_early: bool,
}

impl Fields {
    fn new(id: B256, state: State, v: &Verdict) -> Self {
        Self {
            id,
            state: format!("{state:?}"),
            model_id: v.modelId,
            mp: v.mp,
            mc: v.mc,
            mode: format!("{:?}", v.mode),
            adjudication: format!("{:?}", v.adjudication),
            assurance: format!("{:?}", v.assurance),
            metric: format!("{:?}", v.metric),
            target_bps: v.targetBps,
            n2: v.n2,
            claimed_correct: v.claimedCorrect,
            result_hash: v.resultHash,
            proven_on_chain: v.provenOnChain,
            challenges_answered: v.challengesAnswered,
            outcome: format!("{:?}", v.outcome),
            closed_at: v.closedAt,
            test_root: v.testRoot,
            open_for: v.openFor,
            closed_early: v.closedEarly,
        }
    }

    fn percent(bps: u16) -> String {
        let text = format!("{:.2}", f64::from(bps) / 100.0);
        format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A verdict with what a reader needs to judge it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    #[serde(flatten)]
    pub fields: Fields,
    /// Lower bound on the accuracy at 95 % confidence, if the examples were drawn at random; 0 without assurance.
    pub bound_95: f64,
    /// The fee that each side paid.
    #[serde(serialize_with = "crate::output::as_decimal")]
    pub fee_wei: u128,
    pub self_dealt: bool,
    pub model_registered_at: u64,
    /// Other engagements of this consumer with this model that are closed.
    pub others_of_this_consumer: Vec<Fields>,
    #[serde(skip)]
    sentence: String,
}

impl Shown {
    pub async fn read(market: &Market, id: B256) -> eyre::Result<Self> {
        let state = market.engagement(id).await?.state;
        let v = market.verdict(id).await?;
        let model: ModelView = market.model(v.modelId).await?;
        let fields = Fields::new(id, state, &v);
        let mut others = Vec::new();
        for other in market.engagement_ids(v.modelId).await? {
            if other != id {
                let verdict = market.verdict(other).await?;
                if verdict.mc == v.mc && verdict.outcome != Outcome::None {
                    others.push(Fields::new(other, State::Closed, &verdict));
                }
            }
        }
        Ok(Self {
            bound_95: match v.assurance {
                Assurance::PROVEN => lower_bound(v.provenOnChain, v.n2, DELTA),
                Assurance::OPTIMISTIC => lower_bound(v.claimedCorrect, v.n2, DELTA),
                _ => 0.0,
            },
            fee_wei: market.params.fee,
            self_dealt: v.mc == v.mp,
            model_registered_at: model.registeredAt,
            others_of_this_consumer: others,
            sentence: sentence(state, &v),
            fields,
        })
    }
}

/// The verdict in one sentence; never a bare "passed".
fn sentence(state: State, v: &Verdict) -> String {
    let target = Fields::percent(v.targetBps);
    match (v.assurance, v.outcome) {
        (Assurance::PROVEN, _) => {
            format!("PROVEN: at least {} of {} correct, each of them proven on chain; target {target}", v.provenOnChain, v.n2)
        }
        (Assurance::OPTIMISTIC, _) if v.closedEarly => format!(
            "OPTIMISTIC: claimed {} of {} correct, only {} proven on chain; accepted by its consumer, others could object for {}; \
             this shows nothing; target {target}",
            v.claimedCorrect,
            v.n2,
            v.provenOnChain,
            duration(v.openFor)
        ),
        (Assurance::OPTIMISTIC, _) => format!(
            "OPTIMISTIC: claimed {} of {} correct, only {} proven on chain; nobody who held the proofs objected until {}; \
             without a live checker this shows nothing; target {target}",
            v.claimedCorrect,
            v.n2,
            v.provenOnChain,
            utc(v.closedAt)
        ),
        (_, Outcome::None) => format!("NO VERDICT YET: {}, {} of {} proven so far", crate::chain::revert::state_words(state), v.provenOnChain, v.n2),
        (_, Outcome::Cancelled) => "NO VERDICT: the offer was never accepted".into(),
        (_, Outcome::Abort) => "NO VERDICT: the provider aborted before proving; counted per consumer, it says little alone".into(),
        (_, Outcome::MpSilent) => "NOT PROVEN: the provider fell silent, lost its deposit and a strike".into(),
        (_, Outcome::FailedAccuracy) => format!("FAILED: the provider conceded that it cannot prove {target}"),
        (_, Outcome::Fault) => "NOT PROVEN: the provider claimed what it did not prove on demand; it lost its deposit and stake".into(),
        (_, Outcome::BadData) => "NO VERDICT: the consumer sent data it had not committed to, and lost its deposit".into(),
        (_, Outcome::McSilent) => "NO VERDICT: the consumer fell silent and lost its deposit".into(),
        (_, Outcome::Settled | Outcome::NoAck) => format!("NO INFORMATION: {:?}", v.outcome),
        (_, other) => format!("NO VERDICT: {other:?}"),
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = &self.fields;
        writeln!(f, "{}", self.sentence)?;
        writeln!(f)?;
        writeln!(f, "engagement     {}", v.id)?;
        writeln!(f, "model          {}", v.model_id)?;
        writeln!(f, "provider       {}", v.mp)?;
        let note = if self.self_dealt {
            "   SELF-DEALT: provider and consumer are one account"
        } else {
            ""
        };
        writeln!(f, "consumer       {}{note}", v.mc)?;
        writeln!(
            f,
            "metric         {} of the committed quantised circuit, not of any float model",
            v.metric
        )?;
        writeln!(f, "mode           {}, {}", v.mode, v.adjudication)?;
        writeln!(
            f,
            "target         {} of {} examples",
            Fields::percent(v.target_bps),
            v.n2
        )?;
        writeln!(f, "test root      {}", v.test_root)?;
        if v.adjudication == format!("{:?}", Adjudication::OPTIMISTIC) {
            let early = if v.closed_early {
                ", accepted by its consumer before the time was over"
            } else {
                ""
            };
            writeln!(f, "objections     possible for {}{early}", duration(v.open_for))?;
        }
        if self.bound_95 > 0.0 {
            writeln!(
                f,
                "bound          accuracy at least {:.2} % at 95 % confidence (one-sided), if the consumer drew the examples at random",
                (self.bound_95 * 1e4).floor() / 100.0
            )?;
        }
        writeln!(
            f,
            "fee            {} paid by each side",
            ether(U256::from(self.fee_wei))
        )?;
        write!(f, "registered     {}", utc(self.model_registered_at))?;
        match v.closed_at.checked_sub(self.model_registered_at) {
            Some(_) if v.closed_at == 0 => writeln!(f)?,
            Some(s) => writeln!(f, ", {} before the verdict of {}", duration(s), utc(v.closed_at))?,
            None => writeln!(f)?,
        }
        match self.others_of_this_consumer.as_slice() {
            [] => writeln!(f, "same consumer  no other closed engagement with this model"),
            others => {
                writeln!(
                    f,
                    "same consumer  {} other closed engagement(s) with this model:",
                    others.len()
                )?;
                for o in others {
                    writeln!(f, "               {} {} {}", o.id, o.assurance, o.outcome)?;
                }
                Ok(())
            }
        }
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The engagements of a model by assurance; the kinds are never added up.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    pub model_id: B256,
    pub proven: Vec<Fields>,
    pub optimistic: Vec<Fields>,
    /// Closed without assurance.
    pub none: Vec<Fields>,
    /// Not closed.
    pub open: Vec<Fields>,
    pub strikes: u32,
}

impl Listed {
    pub async fn read(market: &Market, model_id: B256) -> eyre::Result<Self> {
        let mut listed = Self {
            model_id,
            proven: Vec::new(),
            optimistic: Vec::new(),
            none: Vec::new(),
            open: Vec::new(),
            strikes: market.reputation(model_id).await?.strikes,
        };
        for id in market.engagement_ids(model_id).await? {
            let state = market.engagement(id).await?.state;
            let v = market.verdict(id).await?;
            let kind = match v.assurance {
                _ if state != State::Closed => &mut listed.open,
                Assurance::PROVEN => &mut listed.proven,
                Assurance::OPTIMISTIC => &mut listed.optimistic,
                _ => &mut listed.none,
            };
            kind.push(Fields::new(id, state, &v));
        }
        Ok(listed)
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "model {}, {} strike(s)", self.model_id, self.strikes)?;
        let kinds = [
            ("PROVEN", &self.proven),
            ("OPTIMISTIC: shows nothing without a live checker", &self.optimistic),
            ("NO ASSURANCE", &self.none),
            ("NOT CLOSED", &self.open),
        ];
        for (title, kind) in kinds {
            if kind.is_empty() {
                continue;
            }
            let mut table = Table::new(["engagement", "consumer", "target", "proven", "outcome"]);
            for v in kind {
                let self_dealt = if v.mc == v.mp { " (self-dealt)" } else { "" };
                let outcome = if v.outcome == "None" { &v.state } else { &v.outcome };
                table.row([
                    v.id.to_string(),
                    format!("{}{self_dealt}", v.mc),
                    Fields::percent(v.target_bps),
                    format!("{} of {}", v.proven_on_chain, v.n2),
                    outcome.clone(),
                ]);
            }
            writeln!(f, "\n{title}: {}\n{table}", kind.len())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::bindings::{Metric, Mode};

    fn verdict(assurance: Assurance, outcome: Outcome) -> Verdict {
        Verdict {
            modelId: B256::ZERO,
            mp: Address::ZERO,
            mc: Address::ZERO,
            mode: Mode::CLEAR,
            adjudication: Adjudication::DIRECT,
            assurance,
            metric: Metric::TOP1,
            targetBps: 7500,
            n2: 4,
            claimedCorrect: 4,
            resultHash: B256::ZERO,
            provenOnChain: 3,
            challengesAnswered: 0,
            outcome,
            closedAt: 1,
            testRoot: B256::ZERO,
            openFor: 0,
            closedEarly: false,
        }
    }

    #[test]
    fn no_verdict_is_a_bare_passed() {
        let proven = sentence(State::Closed, &verdict(Assurance::PROVEN, Outcome::Passed));
        assert_eq!(
            proven,
            "PROVEN: at least 3 of 4 correct, each of them proven on chain; target 75 %"
        );
        let optimistic = sentence(State::Closed, &verdict(Assurance::OPTIMISTIC, Outcome::Passed));
        assert!(optimistic.contains("only 3 proven on chain") && optimistic.contains("shows nothing"));
        let early = Verdict {
            openFor: 7,
            closedEarly: true,
            ..verdict(Assurance::OPTIMISTIC, Outcome::Passed)
        };
        assert_eq!(
            sentence(State::Closed, &early),
            "OPTIMISTIC: claimed 4 of 4 correct, only 3 proven on chain; accepted by its consumer, others could object for 7 s; \
             this shows nothing; target 75 %"
        );
        for outcome in [
            Outcome::Cancelled,
            Outcome::Abort,
            Outcome::MpSilent,
            Outcome::FailedAccuracy,
            Outcome::Fault,
            Outcome::BadData,
            Outcome::McSilent,
            Outcome::NoAck,
            Outcome::Settled,
        ] {
            let text = sentence(State::Closed, &verdict(Assurance::NONE, outcome));
            assert!(!text.to_lowercase().contains("passed"), "{text}");
        }
    }

    #[test]
    fn targets_are_printed_without_rounding() {
        assert_eq!(Fields::percent(7500), "75 %");
        assert_eq!(Fields::percent(9999), "99.99 %");
        assert_eq!(Fields::percent(1), "0.01 %");
        assert_eq!(Fields::percent(10_000), "100 %");
    }
}
