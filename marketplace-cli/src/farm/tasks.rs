//! What is to be proven, in a directory that the machines of a farm mount and nobody else reads.
//!
//! ```text
//! DIR/ID/STATEMENT.task       readable by its owner alone; see [`assay_marketplace::proofs::task`]
//! ```
//!
//! Nothing of it is in the database but its name and its hash, which is what a claim is: so neither an image nor a salt leaves the machines
//! that have the model's secret file anyway.

use alloy::primitives::B256;
use assay_durable::file::write_atomic;
use assay_durable::read::read_regular;
use assay_marketplace::proofs::task::Task;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Above the largest image, which has 1024 × 1024 pixels.
const MAX_BYTES: u64 = 8 << 20;

/// The directory.
#[derive(Debug, Clone)]
pub struct Tasks(PathBuf);

/// What stands in the database for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Claim {
    /// Of the engagement, the round or the audit.
    id: B256,
    /// Of the file.
    sha256: B256,
}

impl Tasks {
    /// Not made before something is written.
    pub fn new(dir: PathBuf) -> Self {
        Self(dir)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Makes the directory, readable by its owner alone, if it is not there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn make(&self) -> eyre::Result<()> {
        private(&self.0).wrap_err_with(|| format!("cannot make the directory {} for tasks", self.0.display()))
    }

    fn of_id(&self, id: B256) -> PathBuf {
        self.0.join(id.to_string())
    }

    fn file(&self, id: B256, statement: B256) -> PathBuf {
        self.of_id(id).join(format!("{statement}.task"))
    }

    /// Whether there is one.
    pub fn has(&self, id: B256, statement: B256) -> bool {
        self.file(id, statement).is_file()
    }

    /// Writes a task, whole or not at all.
    ///
    /// # Errors
    /// If the directory cannot be made or written to.
    pub fn write(&self, task: &Task) -> eyre::Result<()> {
        self.make()?;
        Self(self.of_id(task.id)).make()?;
        Ok(write_atomic(
            &self.file(task.id, task.about().statement()),
            &task.to_bytes()?,
            true,
        )?)
    }

    /// What the database is told of a task that was written.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn claim(&self, id: B256, statement: B256) -> eyre::Result<Vec<u8>> {
        let bytes = self.bytes(id, statement)?;
        let sha256 = B256::from_slice(&Sha256::digest(bytes));
        Ok(serde_json::to_vec(&Claim { id, sha256 })?)
    }

    /// The task that a claim is about.
    ///
    /// # Errors
    /// If it is not here, or another one.
    pub fn read(&self, claim: &[u8], statement: B256) -> eyre::Result<Task> {
        let claim: Claim = serde_json::from_slice(claim).wrap_err("the claim is none of this program")?;
        let bytes = self.bytes(claim.id, statement)?;
        let path = self.file(claim.id, statement);
        eyre::ensure!(
            Sha256::digest(&bytes).as_slice() == claim.sha256.as_slice(),
            "{} is not the task that was handed over",
            path.display()
        );
        let task = Task::from_bytes(&bytes).wrap_err_with(|| format!("{} is of no use", path.display()))?;
        eyre::ensure!(
            task.id == claim.id && task.about().statement() == statement,
            "{} is another task",
            path.display()
        );
        Ok(task)
    }

    fn bytes(&self, id: B256, statement: B256) -> eyre::Result<Vec<u8>> {
        let path = self.file(id, statement);
        read_regular(&path, MAX_BYTES)
            .wrap_err_with(|| format!("cannot read {}; do all machines mount that directory?", path.display()))
    }

    /// Removes what was collected.
    pub fn remove(&self, id: B256, statement: B256) {
        std::fs::remove_file(self.file(id, statement)).ok();
        // Once it is empty.
        std::fs::remove_dir(self.of_id(id)).ok();
    }

    /// Removes everything of an id.
    ///
    /// # Errors
    /// If the operating system does not let it.
    pub fn remove_all(&self, id: B256) -> eyre::Result<()> {
        let dir = self.of_id(id);
        match std::fs::remove_dir_all(&dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.wrap_err_with(|| format!("cannot remove {}", dir.display())),
        }
    }
}

/// A directory that its owner alone enters, if it was not there.
fn private(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_marketplace::home::Journaled;
    use assay_marketplace::proofs::task::{About, Place, Shown};
    use assay_protocol::testset::input_commit;
    use assay_statement::input::InputSalt;

    fn task(position: usize) -> Task {
        let (image, salt) = ([position as u8; 12], InputSalt([7; 31]));
        let about = About {
            vk_digest: B256::repeat_byte(3),
            weights_commit: B256::repeat_byte(4),
            ctx: B256::repeat_byte(5),
            input_commit: input_commit(&image, &salt).into(),
        };
        let place = Place {
            kind: Journaled::Engagement,
            id: B256::repeat_byte(1),
            position,
        };
        let shown = Shown {
            image: &image,
            salt: &salt,
        };
        Task::new(B256::ZERO, place, about, shown)
    }

    #[test]
    fn a_task_is_found_by_its_claim_and_no_other_passes_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let tasks = Tasks::new(dir.path().join("tasks"));
        let (one, other) = (task(1), task(2));
        let [named, elsewhere] = [&one, &other].map(|task| task.about().statement());
        assert!(!tasks.has(one.id, named));
        for task in [&one, &other] {
            tasks.write(task).unwrap();
        }
        let claim = tasks.claim(one.id, named).unwrap();
        assert_eq!(tasks.read(&claim, named).unwrap(), one);
        let text = String::from_utf8(claim.clone()).unwrap();
        assert!(text.len() < 200 && !text.contains("0707"), "{text}");

        let error = tasks.read(&claim, elsewhere).unwrap_err();
        assert!(
            error.to_string().contains("not the task that was handed over"),
            "{error}"
        );
        std::fs::copy(tasks.file(other.id, elsewhere), tasks.file(one.id, named)).unwrap();
        let claim = tasks.claim(one.id, named).unwrap();
        let error = tasks.read(&claim, named).unwrap_err();
        assert!(error.to_string().contains("is another task"), "{error}");
        tasks.remove(one.id, named);
        let error = tasks.read(&claim, named).unwrap_err();
        assert!(
            error.to_string().contains("do all machines mount that directory?"),
            "{error}"
        );
        assert!(tasks.has(one.id, elsewhere));
        tasks.remove(one.id, elsewhere);
        assert!(!tasks.of_id(one.id).exists());
        tasks.remove_all(one.id).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_a_task() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let tasks = Tasks::new(dir.path().join("tasks"));
        tasks.write(&task(1)).unwrap();
        let file = tasks.file(task(1).id, task(1).about().statement());
        for (path, mode) in [(tasks.dir(), 0o700), (&tasks.of_id(task(1).id), 0o700), (&file, 0o600)] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
    }
}
