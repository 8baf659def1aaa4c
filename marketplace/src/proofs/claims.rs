//! What asks for proofs, and proofs made here for it, one after the other.

use crate::home::Home;
use crate::job::{Asked, Job};
use crate::proofs::task::{About, Task};
use crate::proving::stated::{self, Stated};
use crate::proving::Prover;
use alloy::primitives::B256;
use assay_durable::report::Reporter;
use assay_prover::proof::{ProofBundle, VerifierKey};
use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::time::Instant;

/// What sending proofs takes after they are there, seconds.
pub const SENDING: u64 = 60;

/// An engagement, a round or an audit that asks for proofs, as it was looked at once. Nobody else makes proofs for it before this is
/// dropped.
pub trait Claims {
    /// Of the engagement, the round or the audit.
    fn id(&self) -> B256;

    /// Positions of which there is no proof, the most urgent first: each is proven by itself, hence in one proof alone.
    fn positions(&self) -> Vec<usize>;

    /// The newest block's time, Unix seconds.
    fn now(&self) -> impl Future<Output = eyre::Result<u64>>;

    /// Until when the proof of a position must be there, Unix seconds, if it is `now`.
    fn by(&self, position: usize, now: u64) -> u64;

    /// How long before that what asks is given up where proofs are missing, with what sending them takes, seconds.
    fn spare(&self) -> u64 {
        SENDING
    }

    /// What the proof of a position is about.
    ///
    /// # Errors
    /// If it cannot be read.
    fn about(&mut self, position: usize) -> eyre::Result<About>;

    /// The proof of a position as a task, with its image.
    ///
    /// # Errors
    /// If nothing can be proven there.
    fn task(&mut self, position: usize) -> eyre::Result<Task>;

    /// Whether the proof is still asked for, by now.
    ///
    /// # Errors
    /// If no proof is any more.
    fn is_asked(&self, position: usize) -> impl Future<Output = eyre::Result<bool>>;

    /// Verifies a proof, and that it says what is asked for at the position; keeps it where it is looked for, so that the position
    /// asks for none any more. `seconds` is what it
    /// took, where that was measured here.
    ///
    /// # Errors
    /// If it is no such proof, or cannot be kept.
    fn keep(&mut self, position: usize, bundle: &ProofBundle, seconds: Option<f64>) -> eyre::Result<()>;

    /// Whether what asks can do without the others once so many were made, and the model can make no more.
    ///
    /// # Errors
    /// If the model's secret cannot be read.
    fn is_used_up(&self, _made: usize) -> eyre::Result<bool> {
        Ok(false)
    }
}

/// Positions whose proofs are not in their files yet, and those files.
#[derive(Debug, Default)]
pub struct Missing(BTreeMap<usize, PathBuf>);

impl Missing {
    /// Those among all whose file has no proof that says what `stated` does of the position.
    ///
    /// # Errors
    /// Those of `stated`.
    pub fn among(
        files: impl Iterator<Item = (usize, PathBuf)>,
        prover: &Prover,
        mut stated: impl FnMut(usize) -> eyre::Result<Stated>,
        out: &Reporter,
    ) -> eyre::Result<Self> {
        let mut missing = Self::default();
        for (position, file) in files {
            // What is hashed to know what a proof has to say takes longer than to see that there is none.
            let is_here = file.exists() && stated::is_in_file(prover.verifier_key(), &file, &stated(position)?, out);
            if !is_here {
                missing.0.insert(position, file);
            }
        }
        Ok(missing)
    }

    /// Ascending.
    pub fn positions(&self) -> Vec<usize> {
        self.0.keys().copied().collect()
    }

    /// Keeps a proof of a position that is missing, once it was verified and says this.
    ///
    /// # Errors
    /// If it is no such proof, or cannot be kept.
    pub fn keep(
        &mut self,
        position: usize,
        key: &VerifierKey,
        bundle: &ProofBundle,
        expected: &Stated,
    ) -> eyre::Result<()> {
        if let Some(file) = self.0.get(&position) {
            stated::keep(key, bundle, expected, file)?;
            self.0.remove(&position);
        }
        Ok(())
    }
}

/// What was made.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// In the order in which they were.
    pub positions: Vec<usize>,
    /// Whether it was told to end before all were.
    pub stopped: bool,
}

/// Makes every proof that is asked for on this machine, each when it is its turn, as long as `goes_on` says so of how many were made.
///
/// # Errors
/// Those of the claims, and if the model has no proof left.
pub async fn here(
    claims: &mut impl Claims,
    prover: &Prover,
    home: &Home,
    goes_on: impl Fn(usize) -> bool,
    out: &Reporter,
) -> eyre::Result<Made> {
    let (mut made, mut job) = (Made::default(), Job::new(prover, home));
    let positions = claims.positions();
    for position in positions.iter().copied() {
        let number = made.positions.len();
        if claims.is_used_up(number)? {
            break;
        }
        let of = positions.len();
        out.note(format_args!("position {position} ({} of {of} to prove)", number + 1));
        let task = claims.task(position)?;
        let asked = Asked {
            id: claims.id(),
            by: claims.by(position, claims.now().await?),
        };
        let Some(turn) = job.turn(Some(asked), || goes_on(number), out)? else {
            made.stopped = true;
            break;
        };
        // Others may have been proving for long.
        if !claims.is_asked(position).await? {
            continue;
        }
        let began = Instant::now();
        let bundle = turn.prove(&task.image, &task.salt, task.ctx.0, out)?;
        claims.keep(position, &bundle, Some(began.elapsed().as_secs_f64()))?;
        made.positions.push(position);
    }
    Ok(made)
}
