//! Openings of inputs, and plain images with public salts, checked by anybody.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::document::{listed, Committed, Labelled, OpenedInput, Opening};
use crate::openings::file::refuted;
use crate::testset::{image_files, read_image};
use alloy::primitives::{B256, U256};
use assay_chain::error::usage;
use assay_durable::report::Reporter;
use assay_protocol::ids::test_leaf;
use assay_protocol::merkle::{depth, root_from};
use assay_protocol::prediction::inputs::{input_leaf, input_tree};
use assay_protocol::prediction::MAX_PREDICTIONS;
use assay_protocol::testset::{input_commit, ImageSize};
use assay_statement::input::InputSalt;
use eyre::WrapErr;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What leads to a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// The inputs of a round.
    Inputs,
    /// Examples of a test set, with their labels.
    Examples,
}

/// What an opening is compared with.
#[derive(Debug, Clone)]
pub enum Claim {
    /// All inputs of a list.
    List {
        /// From the chain, or from whom the reader trusts.
        root: B256,
        /// How many lead to it: the same root over another number would open one index to two inputs.
        count: usize,
        /// Which they must be; either if the reader does not know.
        leaves: Option<Leaves>,
        /// Whose it is, as "round 0x…".
        of: String,
    },
    /// One input, wherever it stands.
    Commitment(B256),
}

/// The result of a check.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputsChecked {
    /// Whose inputs these are, in words.
    pub of: String,
    /// What they lead to, if it was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<B256>,
    /// Those that were checked.
    pub inputs: Vec<Committed>,
    /// Whether all salts are those that everybody knows.
    pub public_salts: bool,
}

impl std::fmt::Display for InputsChecked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "these are {} of {}", listed(&self.inputs), self.of)?;
        if self.public_salts {
            f.write_str("\nsalts       public")?;
        }
        Ok(())
    }
}

impl Opening {
    fn check(&self, claim: &Claim) -> eyre::Result<InputsChecked> {
        let bytes = 3 * u64::from(self.size.height) * u64::from(self.size.width);
        for input in &self.inputs {
            let refuted = |why: String| refuted(format!("input {}: {why}", input.index));
            if input.image.len() as u64 != bytes {
                return Err(refuted(format!(
                    "its image has {} bytes, {} × {} takes {bytes}",
                    input.image.len(),
                    self.size.height,
                    self.size.width
                )));
            }
            let commit = input_commit(&input.image, &input.salt);
            if B256::from(commit) != input.commitment {
                return Err(refuted(format!(
                    "its image or its salt was altered: they have commitment {}, the opening states {}",
                    B256::from(commit),
                    input.commitment
                )));
            }
            match claim {
                Claim::List {
                    root,
                    count,
                    leaves,
                    of,
                } => {
                    input
                        .fits(*count, *leaves)
                        .map_err(|why| refuted(format!("{why} in {of}")))?;
                    let leads_to = input.root(commit);
                    if leads_to != *root {
                        return Err(refuted(format!(
                            "it is not at index {} of {of}: it leads to root {leads_to}, not {root}",
                            input.index
                        )));
                    }
                }
                Claim::Commitment(claimed) if self.inputs.len() > 1 => {
                    return Err(usage(format!(
                        "the opening has {} inputs, and {claimed} is one commitment: compare the root",
                        self.inputs.len()
                    )));
                }
                Claim::Commitment(claimed) => check_commit(commit, *claimed)?,
            }
        }
        let is_public = |input: &OpenedInput| input.salt == InputSalt::public(input.index as u64);
        Ok(claim.met(self.committed(), self.inputs.iter().all(is_public)))
    }
}

impl OpenedInput {
    /// Why no list of so many such leaves has it.
    fn fits(&self, count: usize, leaves: Option<Leaves>) -> Result<(), String> {
        let own = match self.example {
            Some(_) => Leaves::Examples,
            None => Leaves::Inputs,
        };
        if leaves.is_some_and(|leaves| leaves != own) {
            return Err(format!("it is one of {own:?}, which are no leaves").to_lowercase());
        }
        if self.index >= count {
            return Err(format!("there are {count}, from 0,"));
        }
        let depth = depth(count);
        if self.path.len() != depth {
            return Err(format!("its path has {} siblings, there are {depth}", self.path.len()));
        }
        Ok(())
    }

    /// What it leads to, at its index.
    fn root(&self, commit: U256) -> B256 {
        let leaf = match self.example {
            Some(Labelled { label, leaf_salt }) => test_leaf(self.index as u64, commit, label, leaf_salt),
            None => input_leaf(self.index, commit),
        };
        root_from(leaf, self.index, &self.path)
    }
}

fn check_commit(own: U256, claimed: B256) -> eyre::Result<()> {
    let own = B256::from(own);
    if own == claimed {
        return Ok(());
    }
    Err(refuted(format!(
        "the image differs, or its salt: they have commitment {own}, not {claimed}"
    )))
}

impl Claim {
    fn met(&self, inputs: Vec<Committed>, public_salts: bool) -> InputsChecked {
        let (of, root) = match self {
            Self::List { root, of, .. } => (of.clone(), Some(*root)),
            Self::Commitment(claimed) => (format!("commitment {claimed}"), None),
        };
        InputsChecked {
            of,
            root,
            inputs,
            public_salts,
        }
    }
}

/// Checks an opening.
///
/// # Errors
/// Of kind rejected, naming the input and what of it differs.
pub fn check_opening(path: &Path, claim: &Claim) -> eyre::Result<InputsChecked> {
    Opening::load(path)?
        .check(claim)
        .wrap_err_with(|| path.display().to_string())
}

/// Checks plain images with public salts: those of a folder in the order of their names, which are all inputs of a list.
///
/// # Errors
/// Of kind rejected if they have another root, or a single one another commitment.
pub fn check_images(dir: &Path, size: ImageSize, claim: &Claim, out: &Reporter) -> eyre::Result<InputsChecked> {
    let files = image_files(dir)?;
    let bar = out.bar("committing to images", files.len() as u64);
    let commit = |(index, path): (usize, &PathBuf)| -> eyre::Result<U256> {
        let commit = input_commit(&read_image(path, size)?, &InputSalt::public(index as u64));
        bar.set(index as u64 + 1);
        Ok(commit)
    };
    let commits = files.iter().enumerate().map(commit).collect::<eyre::Result<Vec<_>>>()?;
    drop(bar);
    match (claim, commits.as_slice()) {
        (
            Claim::List {
                leaves: Some(Leaves::Examples),
                of,
                ..
            },
            _,
        ) => {
            return Err(usage(format!(
                "images have no labels: the examples of {of} need an opening"
            )));
        }
        (Claim::List { count, of, .. }, commits) if commits.len() != *count => {
            return Err(refuted(format!(
                "{} has {} images, {of} has {count} inputs",
                dir.display(),
                commits.len()
            )));
        }
        (Claim::List { root, of, .. }, commits) => {
            let own = input_tree(commits).map(|tree| tree.root());
            let own = own.ok_or_else(|| usage(format!("a round has 1 to {MAX_PREDICTIONS} inputs")))?;
            if own != *root {
                return Err(refuted(format!(
                    "the {} images of {} with public salts are not the inputs of {of}: they lead to root {own}, not {root}. \
                     Images or order differ, or the inputs were hidden and need an opening",
                    commits.len(),
                    dir.display()
                )));
            }
        }
        (Claim::Commitment(claimed), [commit]) => check_commit(*commit, *claimed)?,
        (Claim::Commitment(_), commits) => {
            return Err(usage(format!(
                "{} has {} images, and a commitment is of one: compare the root",
                dir.display(),
                commits.len()
            )));
        }
    }
    let committed = commits.iter().enumerate().map(|(index, commit)| Committed {
        index,
        commitment: (*commit).into(),
        label: None,
    });
    Ok(claim.met(committed.collect(), true))
}
