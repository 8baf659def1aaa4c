//! What a model's circuit costs before there is any key: a layout by the wish of its owner, and all that follows from it.
//!
//! | module | content |
//! |---|---|
//! | [`search`] | layouts that hold an architecture, and the one that a profile takes |
//! | [`verification`] | calldata and gas of one verification |

pub mod search;
pub mod verification;

use crate::plan::search::{Found, Profile};
use crate::plan::verification::Verification;
use assay_chain::error::hinted;
use assay_durable::cache::Cache;
use assay_durable::report::Reporter;
use assay_prover::circuit::{Compiled, Cost, Footprint, FrozenArchitecture, MemoryBytes};
use assay_prover::model::Architecture;
use assay_prover::proof::{Memory, Speed, SpeedSource};
use eyre::WrapErr;
use std::path::PathBuf;
use std::time::Duration;

/// A layout with what it costs.
#[derive(Debug)]
pub struct Plan {
    /// Architecture and layout.
    pub frozen: FrozenArchitecture,
    /// Counted.
    pub cost: Cost,
    /// Of one call; none where the outputs are no single word, which no market takes.
    pub verification: Option<Verification>,
    /// The prover's peaks, estimated.
    pub memory: MemoryBytes,
    /// What this machine has; `None` where nothing says so.
    pub machine_memory: Option<u64>,
    /// In which mode proofs are made here, unless they are told otherwise; `None` if they do not fit.
    pub mode: Option<Memory>,
    /// On this machine, estimated.
    pub times: Times,
    /// What times follow from.
    pub speed: SpeedSource,
    /// A layout that is quicker than the default's, and how long a proof takes there.
    pub quicker: Option<(FrozenArchitecture, Duration)>,
}

/// In the mode that is taken, or small where memory does not suffice.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Both keys.
    pub keys: Duration,
    /// The first proof of a process.
    pub first: Duration,
    /// Each one after it.
    pub later: Duration,
}

/// The plan of an architecture by a profile, and whatever is wrong with the calibration that is kept.
///
/// # Errors
/// If the architecture has no circuit.
pub fn plan(architecture: Architecture, profile: Profile, cache: &Cache, out: &Reporter) -> eyre::Result<Plan> {
    let (speed, damage) = Speed::of_machine(cache)?;
    if let Some(damage) = damage {
        out.note(format_args!(
            "{damage}; it is ignored: assay plan --calibrate makes another"
        ));
    }
    let frozen = search::choose(&architecture, profile)?.frozen;
    let compiled = Compiled::new(frozen)?;
    let footprint = Footprint::of(&compiled.frozen);
    let machine_memory = Memory::of_whole_machine();
    let mode = mode(&footprint.memory, machine_memory);
    let mode_timed = mode.unwrap_or(Memory::Small);
    let later = speed.proof(&footprint, mode_timed, false);
    let quicker = match profile {
        Profile::Fast => quicker(&architecture, &compiled.frozen, &speed)?,
        _ => None,
    };
    Ok(Plan {
        cost: Cost::of(&compiled),
        verification: verification::of(&compiled.frozen)?,
        memory: footprint.memory,
        machine_memory,
        mode,
        times: Times {
            keys: speed.keys(&footprint),
            first: speed.proof(&footprint, mode_timed, true),
            later,
        },
        speed: speed.source,
        quicker,
        frozen: compiled.frozen,
    })
}

/// The fastest layout of all, if it is another one than the default's.
fn quicker(
    architecture: &Architecture,
    planned: &FrozenArchitecture,
    speed: &Speed,
) -> eyre::Result<Option<(FrozenArchitecture, Duration)>> {
    let Found { frozen, footprint } = search::choose(architecture, Profile::Fastest)?;
    let taken = mode(&footprint.memory, Memory::of_whole_machine()).unwrap_or(Memory::Small);
    Ok((frozen.layout != planned.layout).then(|| (frozen, speed.proof(&footprint, taken, false))))
}

fn mode(needs: &MemoryBytes, machine: Option<u64>) -> Option<Memory> {
    let fits = machine.is_none_or(|bytes| needs.small <= bytes);
    fits.then(|| Memory::of_machine(needs))
}

impl Plan {
    /// Whether this machine has the memory for proofs.
    ///
    /// # Errors
    /// If it has not, with what would do.
    pub fn require_memory(&self, architecture: &Architecture) -> eyre::Result<()> {
        match self.machine_memory {
            Some(machine) if self.mode.is_none() => Err(too_large(&self.frozen, &self.memory, machine, architecture)?),
            _ => Ok(()),
        }
    }
}

fn too_large(
    frozen: &FrozenArchitecture,
    needs: &MemoryBytes,
    machine: u64,
    architecture: &Architecture,
) -> eyre::Result<eyre::Report> {
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    let least = search::choose(architecture, Profile::SmallMemory)?;
    let cure = if least.footprint.memory.small <= machine {
        format!(
            "--profile small-memory takes about {:.1} GB",
            gigabytes(least.footprint.memory.small)
        )
    } else {
        format!(
            "a machine with {:.1} GB would do, or a network of a smaller width or resolution",
            gigabytes(least.footprint.memory.small)
        )
    };
    Ok(hinted(
        format!(
            "a proof with 2^{} rows takes about {:.1} GB of memory in small mode, this machine has {:.1} GB",
            frozen.layout.k,
            gigabytes(needs.small),
            gigabytes(machine)
        ),
        cure,
    ))
}

/// Measures this machine and keeps the result; where it is kept.
///
/// # Errors
/// If it cannot be measured or written.
pub fn calibrate(cache: &Cache, out: &Reporter) -> eyre::Result<(Speed, PathBuf)> {
    let _bar = out.bar("measuring this machine", 0);
    let speed = Speed::calibrate()?;
    let path = speed.keep(cache).wrap_err("cannot keep the calibration")?;
    Ok((speed, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::hint_of;
    use assay_durable::report::Reporter;
    use assay_prover::model::random::{mobilenet_v2, tiny_network};
    use assay_prover::model::OutputMode;

    fn planned(architecture: Architecture) -> Plan {
        let dir = tempfile::tempdir().unwrap();
        plan(architecture, Profile::Fast, &Cache::at(dir.path()), &Reporter::silent()).unwrap()
    }

    #[test]
    fn a_machine_without_the_memory_is_told_and_what_would_do() {
        let architecture = mobilenet_v2(0.35, 32, 10);
        let mut plan = planned(architecture.clone());
        plan.machine_memory = Some(plan.memory.small);
        assert!(mode(&plan.memory, plan.machine_memory).is_some());
        plan.machine_memory = Some(1_000_000);
        plan.mode = mode(&plan.memory, plan.machine_memory);
        let refused = plan.require_memory(&architecture).unwrap_err();
        assert!(refused.to_string().contains("this machine has 0.0 GB"), "{refused}");
        assert!(hint_of(&refused).unwrap().contains("a machine with"), "{refused:?}");
        plan.machine_memory = None;
        plan.require_memory(&architecture).unwrap();
    }

    #[test]
    fn logits_have_no_verification() {
        let logits = Architecture {
            output: OutputMode::Logits,
            ..tiny_network(10)
        };
        assert!(planned(logits).verification.is_none());
        assert!(planned(tiny_network(10)).verification.is_some());
    }
}
