use crate::chain::bindings::{Adjudication, Assurance, Outcome, State, Verdict};
use crate::chain::market::Market;
use crate::chain::release::DeploymentCheck;
use crate::context::Context;
use crate::output::{ether, utc, Table};
use crate::stats::lower_bound;
use crate::verifier_check::{TrustArgs, VerifierCheck};
use alloy::primitives::{Address, B256, U256};
use clap::Subcommand;
use serde::Serialize;
use std::fmt;

/// One minus the confidence of the bound that is printed.
const DELTA: f64 = 0.05;

/// In place of an assurance that the reader's grades do not allow.
const NOT_CHECKED: &str = "NOT CHECKED";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What an engagement showed, and what it did not
    #[command(after_help = "Examples:\n  \
        assay verdict show 0x3f… --arch digits.arch.json --rpc-url http://127.0.0.1:8545\n  \
        assay verdict show 0x3f… --trust-codehash 0x51…\n\n\
        Whether proofs show anything depends on the contract that checked them: with --arch it is made anew and compared, with\n\
        --trust-codehash it must have code that you compared before. Without either nothing is called proven.")]
    Show {
        /// Engagement
        id: B256,
        #[command(flatten)]
        trust: TrustArgs,
    },
    /// Every engagement of a model, by assurance
    #[command(after_help = "Examples:\n  \
        assay verdict list 0x9a… --arch digits.arch.json\n  \
        assay verdict list 0x9a… --arch digits.arch.json --json | jq .proven")]
    List {
        /// Model
        model_id: B256,
        #[command(flatten)]
        trust: TrustArgs,
    },
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        let market = ctx.market().await?;
        match self {
            Self::Show { id, trust } => {
                let result = Shown::read(ctx, &market, id, &trust).await?;
                ctx.out.result(&result, &result)
            }
            Self::List { model_id, trust } => {
                let result = Listed::read(ctx, &market, model_id, &trust).await?;
                ctx.out.result(&result, &result)
            }
        }
    }
}

/// What a reader knows of the contracts that say what they say.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Grades {
    /// Of registry, market, terms, judges and their library.
    pub deployment: DeploymentCheck,
    pub verifier: VerifierCheck,
    /// Fees and strikes go here.
    pub treasury: Address,
}

impl Grades {
    pub async fn read(ctx: &Context, market: &Market, model_id: B256, trust: &TrustArgs) -> eyre::Result<Self> {
        let record = market.model(model_id).await?.record;
        Ok(Self {
            deployment: ctx.deployment_check(market).await?,
            verifier: trust.judge(ctx, &market.chain, &record).await?,
            treasury: market.params.treasury,
        })
    }

    /// Whether a verdict may be told as what the contracts call it.
    fn allow(&self, assurance: Assurance) -> bool {
        match assurance {
            Assurance::PROVEN => self.deployment.is_known() && self.verifier.is_known(),
            Assurance::OPTIMISTIC => self.deployment.is_known(),
            _ => true,
        }
    }

    /// What is not known, in words.
    fn unknown(&self) -> &'static str {
        if !self.deployment.is_known() {
            return "these contracts are not those of this release, so nothing that they say is stated as a fact";
        }
        "proofs were accepted by a verifier that was not compared with the model's architecture (--arch FILE) or with a code \
         hash you trust (--trust-codehash HASH)"
    }
}

impl fmt::Display for Grades {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = &self.verifier;
        writeln!(f, "contracts      {}", self.deployment)?;
        if let (false, Some(digest)) = (self.deployment.is_known(), self.deployment.digest) {
            writeln!(f, "               digest {digest}")?;
        }
        writeln!(f, "treasury       {}", self.treasury)?;
        writeln!(f, "verifier       {v}")?;
        writeln!(f, "               {}, code hash {}", v.address, v.codehash)?;
        writeln!(f, "               key {}", v.vk_digest)?;
        writeln!(f, "               weights {}, {} classes", v.weights_commit, v.classes)
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
    fn new(id: B256, state: State, v: &Verdict, grades: &Grades) -> Self {
        Self {
            id,
            state: format!("{state:?}"),
            model_id: v.modelId,
            mp: v.mp,
            mc: v.mc,
            mode: format!("{:?}", v.mode),
            adjudication: format!("{:?}", v.adjudication),
            assurance: if grades.allow(v.assurance) {
                format!("{:?}", v.assurance)
            } else {
                NOT_CHECKED.into()
            },
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
    #[serde(flatten)]
    pub grades: Grades,
    /// Lower bound on the accuracy at 95 % confidence, if the examples were drawn at random; 0 unless they are proven.
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
    pub async fn read(ctx: &Context, market: &Market, id: B256, trust: &TrustArgs) -> eyre::Result<Self> {
        let state = market.engagement(id).await?.state;
        let v = market.verdict(id).await?;
        let grades = Grades::read(ctx, market, v.modelId, trust).await?;
        let fields = Fields::new(id, state, &v, &grades);
        let mut others = Vec::new();
        for other in market.engagement_ids(v.modelId).await? {
            if other != id {
                let verdict = market.verdict(other).await?;
                if verdict.mc == v.mc && verdict.outcome != Outcome::None {
                    others.push(Fields::new(other, State::Closed, &verdict, &grades));
                }
            }
        }
        Ok(Self {
            bound_95: match v.assurance {
                Assurance::PROVEN if grades.allow(v.assurance) => lower_bound(v.provenOnChain, v.n2, DELTA),
                _ => 0.0,
            },
            fee_wei: market.params.fee,
            self_dealt: v.mc == v.mp,
            model_registered_at: market.model(v.modelId).await?.registeredAt,
            others_of_this_consumer: others,
            sentence: graded_sentence(state, &v, &grades),
            fields,
            grades,
        })
    }
}

/// The verdict in one sentence, as far as the reader knows the contracts that gave it.
fn graded_sentence(state: State, v: &Verdict, grades: &Grades) -> String {
    if grades.deployment.is_known() && grades.allow(v.assurance) {
        return sentence(state, v);
    }
    let counts = match v.assurance {
        Assurance::PROVEN => format!(
            "; they say {} of {}, target {}",
            v.provenOnChain,
            v.n2,
            Fields::percent(v.targetBps)
        ),
        _ => String::new(),
    };
    format!("{NOT_CHECKED}: {}{counts}", grades.unknown())
}

/// The verdict in one sentence; never a bare "passed".
fn sentence(state: State, v: &Verdict) -> String {
    let target = Fields::percent(v.targetBps);
    match (v.assurance, v.outcome) {
        (Assurance::PROVEN, _) => {
            format!("PROVEN: at least {} of {} correct, each of them proven on chain; target {target}", v.provenOnChain, v.n2)
        }
        (Assurance::OPTIMISTIC, _) if v.closedEarly => format!(
            "OPTIMISTIC: claimed {} of {} correct, proofs of only {} accepted on chain; accepted by its consumer, others could object for {}; \
             this shows nothing; target {target}",
            v.claimedCorrect,
            v.n2,
            v.provenOnChain,
            duration(v.openFor)
        ),
        (Assurance::OPTIMISTIC, _) => format!(
            "OPTIMISTIC: claimed {} of {} correct, proofs of only {} accepted on chain; others could object for {}, {} challenge(s) answered; \
             without a live checker this shows nothing; target {target}",
            v.claimedCorrect,
            v.n2,
            v.provenOnChain,
            duration(v.openFor),
            v.challengesAnswered
        ),
        (_, Outcome::None) => format!("NO VERDICT YET: {}, {} of {} proofs accepted so far", crate::chain::revert::state_words(state), v.provenOnChain, v.n2),
        (_, Outcome::Cancelled) => "NO VERDICT: the offer was never accepted".into(),
        (_, Outcome::Abort) => "NO VERDICT: the provider aborted before proving; counted per consumer, it says little alone".into(),
        (_, Outcome::MpSilent) => "NO PROOF: the provider fell silent, lost its deposit and a strike".into(),
        (_, Outcome::FailedAccuracy) => format!("FAILED: the provider conceded that it cannot prove {target}"),
        (_, Outcome::Fault) => "NO PROOF: the provider claimed what it did not prove on demand; it lost its deposit and stake".into(),
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
        write!(f, "{}", self.grades)?;
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
    #[serde(flatten)]
    pub grades: Grades,
    pub proven: Vec<Fields>,
    pub optimistic: Vec<Fields>,
    /// Closed as proven or optimistic, says a contract that the reader does not know.
    pub not_checked: Vec<Fields>,
    /// Closed without assurance.
    pub none: Vec<Fields>,
    /// Not closed.
    pub open: Vec<Fields>,
    pub strikes: u32,
}

impl Listed {
    pub async fn read(ctx: &Context, market: &Market, model_id: B256, trust: &TrustArgs) -> eyre::Result<Self> {
        let mut listed = Self {
            model_id,
            grades: Grades::read(ctx, market, model_id, trust).await?,
            proven: Vec::new(),
            optimistic: Vec::new(),
            not_checked: Vec::new(),
            none: Vec::new(),
            open: Vec::new(),
            strikes: market.reputation(model_id).await?.strikes,
        };
        for id in market.engagement_ids(model_id).await? {
            let state = market.engagement(id).await?.state;
            let v = market.verdict(id).await?;
            let fields = Fields::new(id, state, &v, &listed.grades);
            let kind = match v.assurance {
                _ if state != State::Closed => &mut listed.open,
                assurance if !listed.grades.allow(assurance) => &mut listed.not_checked,
                Assurance::PROVEN => &mut listed.proven,
                Assurance::OPTIMISTIC => &mut listed.optimistic,
                _ => &mut listed.none,
            };
            kind.push(fields);
        }
        Ok(listed)
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "model          {}, {} strike(s)", self.model_id, self.strikes)?;
        write!(f, "{}", self.grades)?;
        let not_checked = format!("{NOT_CHECKED}: {}", self.grades.unknown());
        let kinds = [
            ("PROVEN", &self.proven),
            ("OPTIMISTIC: shows nothing without a live checker", &self.optimistic),
            (&not_checked, &self.not_checked),
            ("NO ASSURANCE", &self.none),
            ("NOT CLOSED", &self.open),
        ];
        for (title, kind) in kinds {
            if kind.is_empty() {
                continue;
            }
            let mut table = Table::new(["engagement", "consumer", "target", "accepted", "outcome"]);
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
        assert!(optimistic.contains("only 3 accepted on chain") && optimistic.contains("shows nothing"));
        let early = Verdict {
            openFor: 7,
            closedEarly: true,
            ..verdict(Assurance::OPTIMISTIC, Outcome::Passed)
        };
        assert_eq!(
            sentence(State::Closed, &early),
            "OPTIMISTIC: claimed 4 of 4 correct, proofs of only 3 accepted on chain; accepted by its consumer, others could object for 7 s; \
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
