//! Inputs opened by their consumer.

use super::document::{listed, Committed, Labelled, OpenedInput, Opening, MAX_BYTES, VERSION};
use crate::inputs::Inputs;
use crate::openings::file::{refuted, write_opening};
use crate::testset::StoredSet;
use alloy::primitives::B256;
use assay_chain::error::usage;
use assay_durable::report::Reporter;
use assay_protocol::merkle::MerkleTree;
use assay_protocol::prediction::inputs::input_tree;
use assay_protocol::prediction::MAX_PREDICTIONS;
use assay_protocol::testset::fingerprint;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which of a list.
#[derive(Debug, Clone)]
pub enum Which {
    /// These.
    Indices(BTreeSet<usize>),
    /// Every one.
    All,
}

impl Which {
    /// The indices, in ascending order.
    ///
    /// # Errors
    /// If one of them is not in a list of so many.
    pub(super) fn of(&self, len: usize) -> eyre::Result<Vec<usize>> {
        match self {
            Self::All => Ok((0..len).collect()),
            Self::Indices(indices) => match indices.iter().find(|index| **index >= len) {
                Some(index) => Err(usage(format!("there is no input {index}: there are {len}, from 0"))),
                None => Ok(indices.iter().copied().collect()),
            },
        }
    }
}

/// An opening that is not written yet; made before anybody is asked.
pub struct Prepared {
    opening: Opening,
    /// Of the whole list.
    count: usize,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prepared(hidden)")
    }
}

/// The result of opening inputs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputsOpened {
    /// What anybody needs to check it.
    pub opening: PathBuf,
    /// Commits to all inputs of the list.
    pub root: B256,
    /// How many those are.
    pub count: usize,
    /// Which of them are opened.
    pub inputs: Vec<Committed>,
}

impl std::fmt::Display for InputsOpened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "opened      {}", listed(&self.inputs))?;
        writeln!(f, "root        {}", self.root)?;
        writeln!(f, "opening     {}", self.opening.display())?;
        write!(
            f,
            "next        anybody checks it: assay input check {} --root {} --count {}",
            self.opening.display(),
            self.root,
            self.count
        )
    }
}

impl Prepared {
    /// Some inputs of a round's file, which must lead to `root` if one is given.
    ///
    /// # Errors
    /// If there is no such input, or the file holds other inputs than those of the root.
    pub fn of_inputs(inputs: &Inputs, which: &Which, root: Option<B256>, out: &Reporter) -> eyre::Result<Self> {
        let indices = which.of(inputs.len())?;
        let bar = out.bar("committing to inputs", inputs.len() as u64);
        let commits = inputs.commits(|done| bar.set(done))?;
        drop(bar);
        let tree = input_tree(&commits).ok_or_else(|| eyre::eyre!("a round has 1 to {MAX_PREDICTIONS} inputs"))?;
        require_same(tree.root(), root, inputs.path())?;
        let opened = indices.into_iter().map(|index| {
            let input = inputs.read(index)?;
            Ok(OpenedInput {
                index,
                salt: input.salt,
                commitment: input.commit().into(),
                image: input.image.into(),
                path: path_in(&tree, index)?,
                example: None,
            })
        });
        let opening = Opening {
            version: VERSION,
            size: inputs.size(),
            root: tree.root(),
            inputs: opened.collect::<eyre::Result<_>>()?,
        };
        Ok(Self {
            opening,
            count: inputs.len(),
        })
    }

    /// Some examples of a test set, which must lead to `root` if one is given.
    ///
    /// # Errors
    /// If there is no such example, or the set is another one.
    pub fn of_set(set: &StoredSet, which: &Which, root: Option<B256>) -> eyre::Result<Self> {
        require_same(set.tree().root(), root, set.dir())?;
        let opened = which.of(set.len())?.into_iter().map(|index| {
            let example = set.example(index)?;
            Ok(OpenedInput {
                index,
                salt: example.input_salt,
                commitment: example.input_commit.into(),
                image: example.image.into(),
                path: path_in(set.tree(), index)?,
                example: Some(Labelled {
                    label: example.label,
                    leaf_salt: example.leaf_salt,
                }),
            })
        });
        let opening = Opening {
            version: VERSION,
            size: set.size(),
            root: set.tree().root(),
            inputs: opened.collect::<eyre::Result<_>>()?,
        };
        Ok(Self {
            opening,
            count: set.len(),
        })
    }

    /// What is given away.
    pub fn inputs(&self) -> String {
        listed(&self.opening.committed())
    }

    /// Of the images, as [`Revealed`](crate::revealed::Revealed) notes them.
    pub fn fingerprints(&self) -> Vec<B256> {
        self.opening
            .inputs
            .iter()
            .map(|input| fingerprint(&input.image))
            .collect()
    }

    /// Writes the opening: from here on these inputs are whoever's has the file.
    ///
    /// # Errors
    /// If another file is there.
    pub fn write(self, to: &Path) -> eyre::Result<InputsOpened> {
        let bytes = serde_json::to_vec(&self.opening)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(usage("these are too many for one opening: name fewer with --index"));
        }
        write_opening(to, &bytes)?;
        Ok(InputsOpened {
            opening: to.to_owned(),
            root: self.opening.root,
            count: self.count,
            inputs: self.opening.committed(),
        })
    }
}

fn require_same(own: B256, claimed: Option<B256>, from: &Path) -> eyre::Result<()> {
    match claimed.filter(|claimed| *claimed != own) {
        Some(claimed) => Err(refuted(format!(
            "{} leads to root {own}, not {claimed}: these are other inputs",
            from.display()
        ))),
        None => Ok(()),
    }
}

fn path_in(tree: &MerkleTree, index: usize) -> eyre::Result<Vec<B256>> {
    tree.path(index)
        .ok_or_else(|| eyre::eyre!("there is no leaf {index} in the tree"))
}
