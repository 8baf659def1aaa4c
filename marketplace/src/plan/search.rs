//! Layouts that hold an architecture, and the one that a profile takes.
//!
//! The choice follows from the architecture and the profile alone: no machine's opinion changes a key.

use crate::plan::verification;
use assay_prover::circuit::{FloorError, Footprint, FrozenArchitecture, Layout};
use assay_prover::model::Architecture;
use assay_prover::proof::{Memory, Speed};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// Rows may be so many times doubled for fewer columns.
const TALLER: u32 = 2;
/// log₂ of the most rows that the narrow form is taken with: proofs of more take minutes, and more memory than most machines have.
const TALLEST_NARROW: u32 = 21;

/// What a layout is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// The fewest rows with three activations each: the layout that every architecture had before there was a choice.
    #[default]
    Fast,
    /// The least work of a proof, of all layouts.
    Fastest,
    /// The least memory.
    SmallMemory,
    /// The least gas of a verification; circuits get taller, and proofs slower.
    CheapGas,
}

impl Profile {
    const ALL: [(Self, &str); 4] = [
        (Self::Fast, "fast"),
        (Self::Fastest, "fastest"),
        (Self::SmallMemory, "small-memory"),
        (Self::CheapGas, "cheap-gas"),
    ];
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = Self::ALL
            .iter()
            .find(|(profile, _)| profile == self)
            .unwrap_or(&Self::ALL[0]);
        f.write_str(name)
    }
}

/// No profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is no profile: fast, fastest, small-memory or cheap-gas")]
pub struct ProfileError {
    got: String,
}

impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found
            .map(|(profile, _)| *profile)
            .ok_or_else(|| ProfileError { got: text.into() })
    }
}

/// A layout that holds its architecture.
#[derive(Debug, Clone)]
pub struct Found {
    /// Architecture and layout.
    pub frozen: FrozenArchitecture,
    /// What proofs take.
    pub footprint: Footprint,
}

impl Found {
    fn of(frozen: FrozenArchitecture) -> Self {
        Self {
            footprint: Footprint::of(&frozen),
            frozen,
        }
    }
}

/// The layout that a profile takes.
///
/// # Errors
/// If the architecture has no circuit.
pub fn choose(architecture: &Architecture, profile: Profile) -> eyre::Result<Found> {
    let default = Found::of(FrozenArchitecture::plan(architecture.clone())?);
    if profile == Profile::Fast {
        return Ok(default);
    }
    let mut best = (score(&default, profile)?, default);
    let mut all = candidates(architecture)?;
    if profile == Profile::CheapGas {
        all.extend(narrow(architecture)?.map(Found::of));
    }
    for found in all {
        let score = score(&found, profile)?;
        if score < best.0 {
            best = (score, found);
        }
    }
    Ok(best.1)
}

/// What is as small as can be; the second number decides among equals.
fn score(found: &Found, profile: Profile) -> eyre::Result<(u64, u64)> {
    let work = Speed::recorded()
        .proof(&found.footprint, Memory::Fast, false)
        .as_nanos() as u64;
    Ok(match profile {
        Profile::Fast | Profile::Fastest => (work, 0),
        Profile::SmallMemory => (found.footprint.memory.small, work),
        Profile::CheapGas => {
            let gas = verification::of(&found.frozen)?.map_or(0, |verification| verification.gas.total());
            (gas, work)
        }
    })
}

/// For each number of activations a row, the fewest rows that hold the architecture and a few doublings of them, each with the fewest
/// weight columns that suffice.
fn candidates(architecture: &Architecture) -> eyre::Result<Vec<Found>> {
    let mut found = Vec::new();
    for lanes in Layout::MIN_LANES..=Layout::MAX_LANES {
        let lowest = match FrozenArchitecture::plan_with(architecture.clone(), lanes, Layout::DEFAULT_SALT_ROWS) {
            Ok(frozen) => frozen,
            Err(FloorError::Rows { .. } | FloorError::TooLarge) => continue,
            Err(other) => return Err(other.into()),
        };
        let k = lowest.layout.k;
        found.push(Found::of(lowest));
        for k in k + 1..=(k + TALLER).min(Layout::MAX_K) {
            let taller = FrozenArchitecture::plan_at(architecture, k, lanes, Layout::DEFAULT_SALT_ROWS)?;
            found.push(Found::of(taller));
        }
    }
    Ok(found)
}

/// The narrow form in the fewest rows; none if it has no place in those that are allowed, or does not hold this output or shift.
fn narrow(architecture: &Architecture) -> eyre::Result<Option<FrozenArchitecture>> {
    for k in architecture.cut().table_bits() + 1..=TALLEST_NARROW {
        match FrozenArchitecture::plan_at(architecture, k, Layout::NARROW, Layout::DEFAULT_SALT_ROWS) {
            Ok(frozen) => return Ok(Some(frozen)),
            Err(FloorError::Rows { .. }) => {}
            Err(FloorError::NarrowOutput { .. } | FloorError::NarrowShift { .. }) => return Ok(None),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_prover::circuit::{Compiled, Cost};
    use assay_prover::model::random::{mobilenet_v2, tiny_network};
    use assay_prover::model::OutputMode;
    use assay_prover::plan::choose::lay_out;

    #[test]
    fn the_default_is_the_layout_that_every_architecture_had() {
        for architecture in [
            tiny_network(10),
            mobilenet_v2(0.35, 32, 10),
            mobilenet_v2(0.35, 96, 1001),
        ] {
            let chosen = choose(&architecture, Profile::default()).unwrap().frozen;
            assert_eq!(chosen, FrozenArchitecture::plan(architecture).unwrap());
            assert_eq!(chosen.layout.lanes, 3);
        }
    }

    /// What the narrow form is for.
    #[test]
    fn the_paper_network_in_the_narrow_form_is_verified_for_411_thousand_gas() {
        let frozen = narrow(&mobilenet_v2(0.35, 96, 1001)).unwrap().expect("it fits");
        let layout = frozen.layout;
        assert_eq!((layout.k, layout.lanes, layout.weight_columns), (20, 1, 3));
        let gas = verification::of(&frozen).unwrap().unwrap().gas;
        assert!(gas.total() <= 412_000, "{gas:?}");
        assert_eq!(Cost::of(&Compiled::new(frozen).unwrap()).commitments, 31);
    }

    #[test]
    fn networks_that_the_narrow_form_does_not_hold_have_the_wide_one() {
        let mut five = mobilenet_v2(0.35, 32, 10);
        five.output = OutputMode::Top5;
        let two_limbs = Architecture {
            shift: 17,
            ..mobilenet_v2(0.35, 32, 10)
        };
        for other in [five, two_limbs, mobilenet_v2(0.5, 224, 1001)] {
            assert!(narrow(&other).unwrap().is_none());
        }
        let small = mobilenet_v2(0.35, 32, 10);
        let chosen = choose(&small, Profile::CheapGas).unwrap().frozen;
        assert_eq!(Some(chosen), narrow(&small).unwrap());
    }

    #[test]
    fn every_candidate_holds_everything_and_the_choice_is_the_same_every_time() {
        let architecture = mobilenet_v2(0.35, 32, 10);
        let all = candidates(&architecture).unwrap();
        assert!(all.len() > 10, "{}", all.len());
        for found in &all {
            lay_out(&found.frozen).unwrap();
        }
        for (profile, name) in Profile::ALL {
            assert_eq!(name.parse(), Ok(profile));
            assert_eq!(profile.to_string(), name);
            let chosen = choose(&architecture, profile).unwrap().frozen;
            assert_eq!(chosen, choose(&architecture, profile).unwrap().frozen);
            let best = score(&Found::of(chosen), profile).unwrap();
            if profile != Profile::Fast {
                assert!(all.iter().all(|other| score(other, profile).unwrap() >= best), "{name}");
            }
        }
        assert!("quick".parse::<Profile>().is_err());
    }
}
