//! A consumer's labelled examples with their salts: what they commit to.

use crate::ids::{test_leaf, N_MAX};
use crate::merkle::MerkleTree;
use alloy::primitives::{B256, U256};
use assay_statement::field;
use assay_statement::input::{self, InputSalt};
use rand::{rngs::OsRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Height and width of the images; three channels in the order R, G, B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    /// Pixels.
    pub height: u32,
    /// Pixels.
    pub width: u32,
}

/// One labelled image with the salts that hide it.
#[derive(Clone, PartialEq, Eq)]
pub struct Example {
    /// Row-major HWC.
    pub image: Vec<u8>,
    /// Class number, from 0. Not checked against the model's classes: one that is no class is never predicted.
    pub label: u32,
    /// Hides the image in `input_commit`.
    pub input_salt: InputSalt,
    /// Hides the label in the test leaf.
    pub leaf_salt: B256,
    /// [`input_commit`] of the image, as the set states it; [`Example::check_commitment`] recomputes it.
    pub input_commit: U256,
}

impl std::fmt::Debug for Example {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Example")
            .field("input_commit", &self.input_commit)
            .finish_non_exhaustive()
    }
}

/// N examples with their salts: a secret of the consumer until it hands them over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSet {
    /// Of every image.
    pub size: ImageSize,
    /// 1 to [`N_MAX`]; the place in the list is the dataset index.
    pub examples: Vec<Example>,
}

/// Why images make no test set, or a test set does not hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum TestSetError {
    #[error("a test set needs at least one image")]
    NoImage,
    #[error("a test set has at most {N_MAX} images, not {0}")]
    Images(usize),
    #[error("a test set has 1 to {N_MAX} examples")]
    Examples,
    #[error("example {index}: its image does not have the commitment that the set states")]
    Commitment { index: usize },
}

/// By which an image is known that was handed over before.
pub fn fingerprint(image_hwc: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(image_hwc))
}

/// The salted commitment to an image of HWC bytes, as the chain writes it.
pub fn input_commit(image_hwc: &[u8], salt: &InputSalt) -> U256 {
    let commit = input::input_commit(image_hwc, salt);
    U256::from_be_bytes(field::to_be_bytes(&commit))
}

impl Example {
    /// Recomputes the input commitment of example `index`.
    ///
    /// # Errors
    /// If it is not of the image.
    pub fn check_commitment(&self, index: usize) -> Result<(), TestSetError> {
        if input_commit(&self.image, &self.input_salt) == self.input_commit {
            Ok(())
        } else {
            Err(TestSetError::Commitment { index })
        }
    }
}

impl TestSet {
    /// Salts the images afresh and commits to them. `step` hears how many are done.
    ///
    /// # Errors
    /// If there are none, or more than a market can hold.
    pub fn build(size: ImageSize, images: Vec<(Vec<u8>, u32)>, step: impl Fn(u64)) -> Result<Self, TestSetError> {
        if images.is_empty() {
            return Err(TestSetError::NoImage);
        }
        if images.len() > N_MAX {
            return Err(TestSetError::Images(images.len()));
        }
        let examples = images.into_iter().enumerate().map(|(i, (image, label))| {
            let input_salt = InputSalt::random();
            let mut leaf_salt = B256::ZERO;
            OsRng.fill_bytes(leaf_salt.as_mut_slice());
            let input_commit = input_commit(&image, &input_salt);
            step(i as u64 + 1);
            Example {
                image,
                label,
                input_salt,
                leaf_salt,
                input_commit,
            }
        });
        let examples = examples.collect();
        Ok(Self { size, examples })
    }

    /// Test leaves by dataset index: what a provider may see before it accepts.
    pub fn leaves(&self) -> Vec<B256> {
        let leaf = |(i, e): (usize, &Example)| test_leaf(i as u64, e.input_commit, e.label, e.leaf_salt);
        self.examples.iter().enumerate().map(leaf).collect()
    }

    /// # Errors
    /// If the set is empty or too large.
    pub fn tree(&self) -> Result<MerkleTree, TestSetError> {
        MerkleTree::new(&self.leaves()).ok_or(TestSetError::Examples)
    }

    /// `testRoot` of the offer.
    ///
    /// # Errors
    /// Those of [`TestSet::tree`].
    pub fn root(&self) -> Result<B256, TestSetError> {
        Ok(self.tree()?.root())
    }

    /// SHA-256 of each image's bytes: what the single-use rule compares.
    pub fn fingerprints(&self) -> Vec<B256> {
        self.examples.iter().map(|e| fingerprint(&e.image)).collect()
    }

    /// Recomputes every input commitment.
    ///
    /// # Errors
    /// For the first example whose commitment is not of its image.
    pub fn check_commitments(&self, step: impl Fn(u64)) -> Result<(), TestSetError> {
        for (i, e) in self.examples.iter().enumerate() {
            e.check_commitment(i)?;
            step(i as u64 + 1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize { height: 4, width: 6 };

    fn set(n: u8) -> TestSet {
        let images = (0..n).map(|i| (vec![i; 4 * 6 * 3], u32::from(i) % 10)).collect();
        TestSet::build(SIZE, images, |_| ()).unwrap()
    }

    #[test]
    fn sets_have_one_to_n_max_images() {
        let build = |n| TestSet::build(SIZE, vec![(Vec::new(), 0); n], |_| ());
        assert_eq!(build(0), Err(TestSetError::NoImage));
        assert_eq!(build(N_MAX + 1), Err(TestSetError::Images(N_MAX + 1)));
        let empty = TestSet {
            size: SIZE,
            examples: Vec::new(),
        };
        assert_eq!(empty.root(), Err(TestSetError::Examples));
    }

    #[test]
    fn same_images_have_other_commitments_in_another_set() {
        let (a, b) = (set(3), set(3));
        assert_ne!(a.root().unwrap(), b.root().unwrap());
        assert_ne!(a.examples[0].input_commit, b.examples[0].input_commit);
        assert_eq!(a.fingerprints(), b.fingerprints());
    }
}
