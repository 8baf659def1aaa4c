//! One verdict, with what speaks for it.

use super::fields::{ask, Fields, NOT_CHECKED};
use crate::document::Body;
use crate::engagement::Site;
use crate::verifier::check::Trust;
use crate::verifier::grades::Grades;
use alloy::primitives::{B256, U256};
use assay_economics::binomial::stated_lower;
use assay_protocol::abi::{Adjudication, Assurance, EngagementView, Outcome, State, Verdict};
use assay_protocol::target::percent;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::fmt;

/// A verdict with what a reader needs to judge it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Flattened into this JSON object, as `grades` are.
    #[serde(flatten)]
    pub fields: Fields,
    /// Of the contracts and the verifier that the verdict depends on.
    #[serde(flatten)]
    pub grades: Grades,
    /// Lower bound on the accuracy at 95 % confidence, if the examples were drawn at random; 0 unless they are proven.
    pub bound_95: f64,
    /// The fee that each side paid.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub fee_wei: u128,
    /// Unix seconds.
    pub model_registered_at: u64,
    /// Other engagements of this consumer with this model that are closed.
    pub others_of_this_consumer: Vec<Fields>,
    #[serde(skip)]
    sentence: String,
}

impl Body for Shown {
    const KIND: &'static str = "engagement";
    const VERSION: u32 = 1;
}

impl Shown {
    /// Reads the verdict, and those of the model's other engagements that were locked.
    ///
    /// # Errors
    /// Those of [`Grades::read`], or if there is no such engagement.
    pub async fn read(site: &Site, id: B256, trust: &Trust) -> eyre::Result<Self> {
        let market = &site.market;
        let e = market.engagement(id).await?;
        let v = market.verdict(id).await?;
        let grades = Grades::read(site, v.modelId, trust).await?;
        let fields = Fields::new(market, id, &e, &v, &grades);
        let mut ids = market.locked_ids(v.modelId).await?;
        ids.retain(|other| *other != id);
        let views = ask(market, &ids).await?;
        let of_this_consumer = |e: &EngagementView| e.mc == v.mc && e.state == State::Closed;
        let others = ids.iter().zip(&views).filter(|(_, (e, _))| of_this_consumer(e));
        let others = others.map(|(other, (e, verdict))| Fields::new(market, *other, e, verdict, &grades));
        Ok(Self {
            bound_95: match v.assurance {
                Assurance::PROVEN if grades.allow(v.assurance) => stated_lower(v.provenOnChain, v.n2),
                _ => 0.0,
            },
            fee_wei: market.params.prices.fee,
            model_registered_at: market.model(v.modelId).await?.registeredAt,
            others_of_this_consumer: others.collect(),
            sentence: graded_sentence(e.state, &v, &grades),
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
            percent(v.targetBps)
        ),
        _ => String::new(),
    };
    format!("{NOT_CHECKED}: {}{counts}", grades.unknown())
}

/// The verdict in one sentence; never a bare "passed".
fn sentence(state: State, v: &Verdict) -> String {
    let target = percent(v.targetBps);
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
        (_, Outcome::None) => format!("NO VERDICT YET: {}, {} of {} proofs accepted so far", assay_chain::revert::state_words(state), v.provenOnChain, v.n2),
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

/// What makes an answer right, by the metric's name.
fn right_if(metric: &str) -> &'static str {
    match metric {
        "TOP5" => "the label is among five classes",
        "BIN" => "the bit is the label",
        _ => "the class is the label",
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
        let note = if v.self_dealt {
            "   SELF-DEALT: provider and consumer are one account"
        } else {
            ""
        };
        writeln!(f, "consumer       {}{note}", v.mc)?;
        writeln!(
            f,
            "metric         {} ({}) of the committed quantised circuit, not of any float model",
            v.metric,
            right_if(&v.metric)
        )?;
        writeln!(f, "mode           {}, {}", v.mode, v.adjudication)?;
        writeln!(f, "target         {} of {} examples", percent(v.target_bps), v.n2)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::Address;
    use assay_protocol::abi::{Metric, Mode};

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
}
