//! How long keys and proofs take on this machine: work that is counted times speeds that were measured.

use super::machine::Machine;
use super::memory::Memory;
use crate::circuit::Footprint;
use assay_durable::cache::{Cache, Damage};
use assay_engine::{EngineError, Silent, Timing};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Entries of the cache.
const KIND: &str = "speed";
/// log₂ of the rows of a calibration: enough that a row costs what it does in large circuits.
const CALIBRATED_K: u32 = 18;
/// log₂ of the scalars that are timed where nothing was calibrated: a few milliseconds.
const TIMED_K: u32 = 14;

/// On two cores with AVX-512 IFMA. Commitments are from the recorded steps of a proof of (0.35, 96) on a quiet machine; the others were
/// timed on a busy one, and scaled as commitments were slower there.
const LANES: Recorded = Recorded {
    timing: Timing {
        multiexp: 3.15e-7,
        small_multiexp: 6.4e-8,
        transform: 1.55e-8,
        step: 1.05e-9,
        value: 6.5e-9,
    },
    short_multiexp: 4.1e-7,
    around: 1.35,
};
/// The same on the portable path.
const PORTABLE: Recorded = Recorded {
    timing: Timing {
        multiexp: 1.05e-6,
        small_multiexp: 2.0e-7,
        transform: 9.9e-8,
        step: 3.9e-9,
        value: 6.7e-9,
    },
    short_multiexp: 1.4e-6,
    around: 1.03,
};

/// Of the sums and products of phase 2, and of all tensors: rows that are not zero, of all rows. Zeros cost no commitment.
const FILLED: f64 = 0.75;
/// Columns of single rows, which are computed on each coset by an inversion: as much as so many transforms.
const SINGLE_ROWS: f64 = 4.0;
/// Times that each polynomial is added to another while all are opened.
const COMBINED: f64 = 2.0;
/// The witness: run the network, lay it out, evaluate it. In evaluations for each column.
const WITNESS: f64 = 9.0;
/// Keys: the circuit is laid out twice and its columns compared, as a factor; fitted to those of (0.35, 96).
const AROUND_KEYS: f64 = 1.1;

#[derive(Clone, Copy, Debug)]
struct Recorded {
    /// Of a row.
    timing: Timing,
    /// Of a commitment to `2^TIMED_K` scalars.
    short_multiexp: f64,
    /// A proof takes so many times what its operations take alone: it waits for memory, and does other things between them. Fitted to
    /// proofs of (0.35, 96).
    around: f64,
}

impl Recorded {
    fn of(machine: &Machine) -> Self {
        if machine.uses_lanes() {
            LANES
        } else {
            PORTABLE
        }
    }
}

/// Where the speeds are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeedSource {
    /// Measured on this machine.
    Calibrated,
    /// Recorded on another one, and scaled by a short multi-exponentiation here.
    Scaled,
    /// Recorded on another one.
    Recorded,
}

/// How fast this machine is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Seconds of each operation.
    pub timing: Timing,
    /// Where they are from.
    pub source: SpeedSource,
    around: f64,
}

/// A calibration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} is no calibration of this machine: {damage}", path.display())]
pub struct SpeedDamage {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub damage: Damage,
}

impl Speed {
    /// Measures: some seconds, in which nothing else should run.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn calibrate() -> Result<Self, EngineError> {
        let machine = Machine::shared()?;
        Ok(Self {
            timing: Timing::measure(&machine.engine(&Silent), CALIBRATED_K)?,
            source: SpeedSource::Calibrated,
            around: Recorded::of(machine).around,
        })
    }

    /// What was recorded, scaled by a few milliseconds' measurement.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn scaled() -> Result<Self, EngineError> {
        let machine = Machine::shared()?;
        let Recorded {
            timing,
            short_multiexp,
            around,
        } = Recorded::of(machine);
        let factor = Timing::of_multiexp(&machine.engine(&Silent), TIMED_K) / short_multiexp;
        Ok(Self {
            timing: Timing {
                multiexp: factor * timing.multiexp,
                small_multiexp: factor * timing.small_multiexp,
                transform: factor * timing.transform,
                step: factor * timing.step,
                value: factor * timing.value,
            },
            source: SpeedSource::Scaled,
            around,
        })
    }

    /// As recorded, whatever this machine is: to compare layouts with each other.
    pub fn recorded() -> Self {
        Self {
            timing: LANES.timing,
            source: SpeedSource::Recorded,
            around: LANES.around,
        }
    }

    /// The calibration that is kept, else what was recorded, scaled; and what is wrong with one that is kept and cannot be used.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn of_machine(cache: &Cache) -> Result<(Self, Option<SpeedDamage>), EngineError> {
        let key = entry()?;
        let damage = match cache.load(KIND, &key, read) {
            Ok(Some(timing)) => {
                let speed = Self {
                    timing,
                    source: SpeedSource::Calibrated,
                    around: Recorded::of(Machine::shared()?).around,
                };
                return Ok((speed, None));
            }
            Ok(None) => None,
            Err(damage) => Some(SpeedDamage {
                path: cache.path(KIND, &key),
                damage,
            }),
        };
        Ok((Self::scaled()?, damage))
    }

    /// Keeps it for later, whole or not at all; answers where.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn keep(&self, cache: &Cache) -> io::Result<PathBuf> {
        let key = entry().map_err(io::Error::other)?;
        cache.store(KIND, &key, |writer| {
            words(&self.timing)
                .iter()
                .try_for_each(|word| writer.write_all(&word.to_le_bytes()))
        })?;
        Ok(cache.path(KIND, &key))
    }

    /// One proof, of many in a process or the first of it.
    pub fn proof(&self, of: &Footprint, memory: Memory, first: bool) -> Duration {
        let (census, timing) = (&of.census, &self.timing);
        let fresh = census.advice - census.remembered;
        let of_phase_1 = of.phase_1;
        let full = FILLED * (fresh - of_phase_1) as f64 + (census.products + 1 + census.pieces + 2) as f64;
        let small = of_phase_1 + if first { census.remembered } else { 0 };
        let changing = census.on_cosets() - census.unchanging();
        let on_cosets = match memory {
            Memory::Fast if !first => changing,
            _ => census.on_cosets(),
        };
        let transforms = fresh + census.products + census.instance + census.fixed + census.sigma;
        let transforms = transforms as f64 + census.pieces as f64 * (on_cosets as f64 + 1.0 + SINGLE_ROWS);
        let steps = census.pieces * census.quotient_steps + census.check_steps;
        let polynomials = (census.on_cosets() + census.pieces + 1) as f64;
        let values = census.evaluations as f64 + COMBINED * polynomials + WITNESS * of_phase_1 as f64;
        let of_row = timing.multiexp * full
            + timing.small_multiexp * small as f64
            + timing.transform * transforms
            + timing.step * steps as f64
            + timing.value * values;
        Duration::from_secs_f64(self.around * of.rows() * of_row)
    }

    /// Both keys, the verifying one from nothing; without the reference string.
    pub fn keys(&self, of: &Footprint) -> Duration {
        let (census, timing) = (&of.census, &self.timing);
        let columns = (census.fixed + census.sigma) as f64;
        // The one over all columns together compares the proving key with the verifying one.
        let of_row = timing.multiexp * (census.sigma + 1) as f64
            + timing.small_multiexp * census.fixed as f64
            + timing.transform * 2.0 * columns;
        Duration::from_secs_f64(AROUND_KEYS * self.around * of.rows() * of_row)
    }
}

/// The entry of this machine as this process uses it: other loops or threads have another speed.
fn entry() -> Result<[u8; 32], EngineError> {
    let machine = Machine::shared()?;
    let digest = Sha256::new()
        .chain_update(b"assay.speed.v1")
        .chain_update([u8::from(machine.uses_lanes())])
        .chain_update(machine.thread_count().to_be_bytes());
    Ok(digest.finalize().into())
}

fn words(timing: &Timing) -> [f64; 5] {
    let Timing {
        multiexp,
        small_multiexp,
        transform,
        step,
        value,
    } = *timing;
    [multiexp, small_multiexp, transform, step, value]
}

fn read(reader: &mut impl Read) -> io::Result<Timing> {
    let mut word = || {
        let mut bytes = [0; 8];
        reader.read_exact(&mut bytes)?;
        let seconds = f64::from_le_bytes(bytes);
        // No machine needs a second for a row, and none nothing.
        if seconds > 0.0 && seconds < 1.0 {
            Ok(seconds)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "it is no time"))
        }
    };
    Ok(Timing {
        multiexp: word()?,
        small_multiexp: word()?,
        transform: word()?,
        step: word()?,
        value: word()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::FrozenArchitecture;
    use crate::model::random::tiny_network;

    #[test]
    fn what_is_kept_is_read_again_and_what_is_damaged_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let of_machine = || Speed::of_machine(&cache).unwrap();
        assert!(matches!(of_machine(), (speed, None) if speed.source == SpeedSource::Scaled));
        let speed = Speed {
            timing: PORTABLE.timing,
            source: SpeedSource::Calibrated,
            around: Recorded::of(Machine::shared().unwrap()).around,
        };
        let path = speed.keep(&cache).unwrap();
        assert!(matches!(of_machine(), (kept, None) if kept == speed));

        let whole = std::fs::read(&path).unwrap();
        let no_time = Speed {
            timing: Timing {
                step: f64::NAN,
                ..speed.timing
            },
            ..speed
        };
        let mut flipped = whole.clone();
        flipped[90] ^= 1;
        for damaged in [&whole[..20], &whole[..whole.len() - 1], &flipped] {
            std::fs::write(&path, damaged).unwrap();
            let (other, damage) = of_machine();
            assert_eq!(other.source, SpeedSource::Scaled);
            assert_eq!(damage.unwrap().path, path);
        }
        no_time.keep(&cache).unwrap();
        assert!(matches!(of_machine().1.unwrap().damage, Damage::Unreadable(_)));
    }

    #[test]
    fn what_is_kept_in_memory_takes_no_time_and_first_proofs_take_more() {
        let footprint = Footprint::of(&FrozenArchitecture::plan(tiny_network(10)).unwrap());
        let speed = Speed::recorded();
        let proof = |memory, first| speed.proof(&footprint, memory, first);
        assert!(proof(Memory::Fast, false) < proof(Memory::Small, false));
        for memory in [Memory::Small, Memory::Fast] {
            assert!(proof(memory, false) < proof(memory, true));
        }
        assert_eq!(proof(Memory::Fast, true), proof(Memory::Small, true));
    }
}
