//! One proof to be made: everything that it takes but the model, in a file for whoever makes it.
//!
//! ```text
//! {"version":1,"kind":"engagement","id":…,"position":…,"archId":…,"vkDigest":…,"weightsCommit":…,"ctx":…,"inputCommit":…,"salt":…}\n
//! image                                           bytes HWC in the order R, G, B
//! ```
//!
//! Image and salt open the input's commitment: such a file is for machines that have the model's secret file, and for nobody else.
//! Nothing of it is believed: the commitment is recomputed, and whoever asked verifies what comes back.

use crate::home::Journaled;
use crate::proving::stated::{Counts, Stated};
use crate::proving::Prover;
use alloy::primitives::{keccak256, B256};
use assay_durable::report::Reporter;
use assay_protocol::testset::input_commit;
use assay_prover::proof::{self, Inference, ProofBundle};
use assay_prover::secret::ModelSecret;
use assay_statement::input::InputSalt;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::fmt;

const VERSION: u32 = 1;
/// Far above what a header has.
const MAX_HEADER: usize = 4096;

/// Says of which engagement, round or audit a proof is, of what, and by which model.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Task {
    version: u32,
    /// What asks for it.
    pub kind: Journaled,
    /// Of what asks.
    pub id: B256,
    /// In the proven set, the round or the corpus.
    pub position: usize,
    /// Architecture of the model.
    pub arch_id: B256,
    /// Of its verifying key.
    pub vk_digest: B256,
    /// The model.
    pub weights_commit: B256,
    /// What the proof is made for.
    pub ctx: B256,
    /// The input.
    pub input_commit: B256,
    /// Hides the image in its commitment.
    pub salt: InputSalt,
    /// Row-major HWC.
    #[serde(skip)]
    pub image: Vec<u8>,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({} {}, position {})", self.kind, self.id, self.position)
    }
}

/// What asks for a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// An engagement, a round or an audit.
    pub kind: Journaled,
    /// Of that.
    pub id: B256,
    /// In the proven set, the round or the corpus.
    pub position: usize,
}

/// The image that a proof is about.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// Row-major HWC.
    pub image: &'a [u8],
    /// Hides it in its commitment.
    pub salt: &'a InputSalt,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(hidden)")
    }
}

/// What a proof says, but for its output, which model and input determine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Of the verifying key.
    pub vk_digest: B256,
    /// The model.
    pub weights_commit: B256,
    /// What the proof is made for.
    pub ctx: B256,
    /// The input.
    pub input_commit: B256,
}

impl About {
    /// What a proof under this key is about, if it has to state this.
    pub fn stated(vk_digest: B256, stated: &Stated) -> Self {
        Self {
            vk_digest,
            weights_commit: stated.weights_commit.into(),
            ctx: stated.ctx.into(),
            input_commit: stated.input_commit.into(),
        }
    }

    /// What a proof under this key is about, if it has to count so.
    pub fn counted(vk_digest: B256, counts: &Counts) -> Self {
        Self {
            vk_digest,
            weights_commit: counts.weights_commit.into(),
            ctx: counts.ctx.into(),
            input_commit: counts.input_commit.into(),
        }
    }

    /// What a bundle says that it is about, true or not; `None` if it says nothing.
    pub fn by(bundle: &ProofBundle) -> Option<Self> {
        Some(Self::stated((*bundle.vk_digest()).into(), &Stated::by(bundle)?))
    }

    /// Names it: two proofs with the same name are as good as one.
    pub fn statement(&self) -> B256 {
        keccak256([self.vk_digest, self.weights_commit, self.ctx, self.input_commit].concat())
    }
}

/// Names what a machine must have to prove under a key, but for the weights: this program's tasks, the key, and how many inputs go
/// into one proof.
pub fn layout(vk_digest: B256) -> String {
    format!("task {VERSION}, key {vk_digest}, 1 input")
}

impl Task {
    /// A proof of a model of this architecture.
    pub fn new(arch_id: B256, place: Place, about: About, shown: Shown<'_>) -> Self {
        Self {
            version: VERSION,
            kind: place.kind,
            id: place.id,
            position: place.position,
            arch_id,
            vk_digest: about.vk_digest,
            weights_commit: about.weights_commit,
            ctx: about.ctx,
            input_commit: about.input_commit,
            salt: *shown.salt,
            image: shown.image.to_vec(),
        }
    }

    /// What its proof is about.
    pub fn about(&self) -> About {
        About {
            vk_digest: self.vk_digest,
            weights_commit: self.weights_commit,
            ctx: self.ctx,
            input_commit: self.input_commit,
        }
    }

    /// As it is handed over.
    ///
    /// # Errors
    /// None that can happen.
    pub fn to_bytes(&self) -> eyre::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.image);
        Ok(bytes)
    }

    /// Reads what [`Task::to_bytes`] wrote, or anybody else.
    ///
    /// # Errors
    /// If it is no task of this version, or its image is not the one that is committed to.
    pub fn from_bytes(bytes: &[u8]) -> eyre::Result<Self> {
        let no_task = || eyre::eyre!("it holds no task to prove");
        let end = bytes.iter().take(MAX_HEADER).position(|byte| *byte == b'\n');
        let (header, image) = bytes.split_at_checked(end.ok_or_else(no_task)?).ok_or_else(no_task)?;
        let task: Self = serde_json::from_slice(header).wrap_err_with(|| no_task().to_string())?;
        eyre::ensure!(
            task.version == VERSION,
            "it is a task of version {}, this program reads {VERSION}",
            task.version
        );
        let image = image.get(1..).unwrap_or_default().to_vec();
        eyre::ensure!(
            B256::from(input_commit(&image, &task.salt)) == task.input_commit,
            "its image is not the one that is to be proven"
        );
        Ok(Self { image, ..task })
    }
}

impl Prover {
    /// Fails unless a task is for this model, with this key.
    ///
    /// # Errors
    /// Naming what differs.
    pub fn require_own(&self, task: &Task) -> eyre::Result<()> {
        for (what, here, there) in [
            ("architecture", self.arch_id(), task.arch_id),
            ("verifying key", self.vk_digest(), task.vk_digest),
            ("weights commitment", self.weights_commit()?.into(), task.weights_commit),
        ] {
            eyre::ensure!(
                here == there,
                "the task is for the {what} {there}, the model here has {here}"
            );
        }
        Ok(())
    }

    /// Makes and verifies the proof of a task, which the model's owner has taken a number of the model's proofs for: nothing is
    /// counted here. `token` is of this try alone.
    ///
    /// # Errors
    /// If it is another model's, or cannot be proven.
    pub fn prove_task(&self, task: &Task, token: &[u8; 16], out: &Reporter) -> eyre::Result<ProofBundle> {
        self.require_own(task)?;
        let inference = Inference {
            model: &self.model,
            secret: &ModelSecret::open(&self.secret)?,
            image: &task.image,
            salt: &task.salt,
            ctx: task.ctx.0,
        };
        let bundle = proof::prove_try_with_secret(&self.keys, &inference, token, &out.phases_of(self.expected()))?;
        proof::verify(self.verifier_key(), &bundle)?;
        Ok(bundle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        let (image, salt) = (b"\nRGB\n".to_vec(), InputSalt([7; 31]));
        Task {
            version: VERSION,
            kind: Journaled::Round,
            id: B256::repeat_byte(1),
            position: 3,
            arch_id: B256::repeat_byte(2),
            vk_digest: B256::repeat_byte(3),
            weights_commit: B256::repeat_byte(4),
            ctx: B256::repeat_byte(5),
            input_commit: input_commit(&image, &salt).into(),
            salt,
            image,
        }
    }

    #[test]
    fn a_task_is_read_as_it_was_written() {
        let bytes = task().to_bytes().unwrap();
        assert_eq!(Task::from_bytes(&bytes).unwrap(), task());
        assert!(!format!("{:?}", task()).contains("0707"));
    }

    #[test]
    fn what_is_no_task_is_refused() {
        let bytes = task().to_bytes().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        for (bad, why) in [
            (String::new(), "no task"),
            ("{}\n".into(), "no task"),
            ("x".repeat(MAX_HEADER + 1) + "\n", "no task"),
            (text.replace("\"version\":1", "\"version\":2"), "version 2"),
            (text.replace("RGB", "RGG"), "not the one that is to be proven"),
            (text.replace("070707", "070807"), "not the one that is to be proven"),
        ] {
            let error = Task::from_bytes(bad.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
        assert!(Task::from_bytes(&bytes[..bytes.len() - 1]).is_err(), "cut off");
    }

    #[test]
    fn a_statement_names_what_is_said_and_nothing_else() {
        let changes: [fn(&mut Task); 7] = [
            |t| t.vk_digest.0[0] ^= 1,
            |t| t.weights_commit.0[0] ^= 1,
            |t| t.ctx.0[0] ^= 1,
            |t| t.input_commit.0[0] ^= 1,
            |t| t.id.0[0] ^= 1,
            |t| t.position += 1,
            |t| t.salt.0[0] ^= 1,
        ];
        let differ = changes.map(|change| {
            let mut other = task();
            change(&mut other);
            other.about().statement() != task().about().statement()
        });
        assert_eq!(differ, [true, true, true, true, false, false, false]);
    }
}
