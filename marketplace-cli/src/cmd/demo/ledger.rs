//! Who paid what, to the wei, and the demo's summary.

use crate::cmd::demo::ending::Story;
use crate::cmd::demo::farmed::Farmed;
use alloy::primitives::{Address, I256, U256};
use alloy::providers::Provider;
use assay_chain::client::Chain;
use assay_marketplace::accuracy::anybody::verdict::Shown;
use assay_marketplace::accuracy::provider::prepared::OneProof;
use assay_marketplace::engagement::Sent;
use assay_marketplace::table::Table;
use assay_protocol::units::ether;
use serde::Serialize;
use std::fmt;

/// One party's money.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Party {
    pub(super) name: &'static str,
    pub(super) address: Address,
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub(super) start_wei: U256,
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub(super) end_wei: U256,
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub(super) gas_wei: u128,
    /// What the protocol says, gas apart.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub(super) expected_wei: I256,
}

impl Party {
    /// What the party gained, gas apart.
    pub(super) fn change_wei(&self) -> I256 {
        I256::from_raw(self.end_wei) - I256::from_raw(self.start_wei) + I256::from_raw(U256::from(self.gas_wei))
    }

    pub(super) fn is_right(&self) -> bool {
        self.change_wei() == self.expected_wei
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) who: &'static str,
    #[serde(flatten)]
    pub(super) sent: Sent,
}

/// The transactions so far.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Ledger(pub(super) Vec<Step>);

impl Ledger {
    pub(super) fn add(&mut self, name: impl Into<String>, who: &'static str, sent: &Sent) {
        self.0.push(Step {
            name: name.into(),
            who,
            sent: sent.clone(),
        });
    }

    fn gas_wei(&self, who: &str) -> u128 {
        self.0.iter().filter(|s| s.who == who).map(|s| s.sent.gas_wei).sum()
    }

    /// A party's balance now, against the one it had and the one it should have.
    pub(super) async fn settle(
        &self,
        chain: &Chain,
        name: &'static str,
        address: Address,
        start_wei: U256,
        expected_wei: I256,
    ) -> eyre::Result<Party> {
        Ok(Party {
            name,
            address,
            start_wei,
            end_wei: chain.provider.get_balance(address).await?,
            gas_wei: self.gas_wei(name),
            expected_wei,
        })
    }
}

/// A false proof that was sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attempt {
    pub(super) what: &'static str,
    pub(super) refused: bool,
    pub(super) answer: String,
    pub(super) sent: Sent,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) verdict: Shown,
    pub(super) parties: Vec<Party>,
    pub(super) steps: Ledger,
    pub(super) proofs: Vec<OneProof>,
    /// Where a farm made the proofs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) farmed: Option<Farmed>,
    pub(super) false_proofs: Vec<Attempt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calibration_agreement: Option<String>,
    pub(super) seconds: f64,
}

impl Story for Summary {
    fn check(&self) -> eyre::Result<()> {
        let v = &self.verdict.fields;
        eyre::ensure!(
            v.outcome == "Passed" && v.assurance == "PROVEN",
            "the verdict is {} with assurance {}, expected Passed and PROVEN",
            v.outcome,
            v.assurance
        );
        if let Some(farmed) = &self.farmed {
            farmed.check()?;
        }
        require_refused(&self.false_proofs)?;
        require_right(&self.parties)
    }
}

/// # Errors
/// If a false proof was accepted.
pub(super) fn require_refused(attempts: &[Attempt]) -> eyre::Result<()> {
    for attempt in attempts {
        eyre::ensure!(
            attempt.refused,
            "{} was not refused on chain: {}",
            attempt.what,
            attempt.answer
        );
    }
    Ok(())
}

/// # Errors
/// If somebody gained or lost another amount than the protocol says.
pub(super) fn require_right(parties: &[Party]) -> eyre::Result<()> {
    for p in parties {
        eyre::ensure!(
            p.is_right(),
            "the {} gained {} wei apart from gas, the protocol says {}",
            p.name,
            p.change_wei(),
            p.expected_wei
        );
    }
    Ok(())
}

/// Who gained or paid what.
pub(super) fn money_table(parties: &[Party]) -> Table {
    let mut money = Table::new(["who", "gained or paid", "protocol says", "gas paid", "right"]);
    for p in parties {
        money.row([
            p.name.into(),
            signed(p.change_wei()),
            signed(p.expected_wei),
            ether(U256::from(p.gas_wei)),
            if p.is_right() { "to the wei" } else { "NO" }.into(),
        ]);
    }
    money
}

/// What each step took.
pub(super) fn gas_table(steps: &Ledger) -> Table {
    let mut gas = Table::new(["step", "by", "gas"]);
    for s in &steps.0 {
        gas.row([s.name.clone(), s.who.into(), s.sent.gas_used.to_string()]);
    }
    gas
}

fn signed(wei: I256) -> String {
    let sign = if wei.is_negative() { "-" } else { "+" };
    format!("{sign}{}", ether(wei.unsigned_abs()))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict)?;

        writeln!(f, "{}", money_table(&self.parties))?;
        writeln!(f, "{}", gas_table(&self.steps))?;

        let mut proofs = Table::new(["example", "proving time", "proof"]);
        for p in &self.proofs {
            let time = p.seconds.map_or("made before".into(), |s| format!("{s:.1} s"));
            proofs.row([p.position.to_string(), time, format!("{} bytes", p.proof_bytes)]);
        }
        writeln!(f, "{proofs}")?;
        if let Some(farmed) = &self.farmed {
            writeln!(f, "{farmed}")?;
        }

        for a in &self.false_proofs {
            writeln!(
                f,
                "{}: {}",
                a.what,
                if a.refused { "refused on chain" } else { "ACCEPTED" }
            )?;
        }
        let v = &self.verdict.fields;
        writeln!(f, "accuracy proven: {} of {} examples", v.proven_on_chain, v.n2)?;
        if let Some(agreement) = &self.calibration_agreement {
            writeln!(f, "float and integer network agree on {agreement} calibration images")?;
        }
        writeln!(f, "{:.0} s in all", self.seconds)
    }
}
