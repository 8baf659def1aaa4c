//! The inputs of a round in one file: images with the salts that hide them. Whoever is to predict needs all of it.
//!
//! ```text
//! "assay-inputs 1\n"                       15 bytes
//! height, width, number of inputs          4 bytes each, big-endian
//! for each input: salt, image              31 bytes, 3·height·width bytes HWC in the order R, G, B
//! ```
//!
//! # Soundness
//! Nothing of it is believed: the commitments are recomputed, and the round commits to their root.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::{B256, U256};
use assay_chain::error::usage;
use assay_durable::file::write_atomic;
use assay_durable::read::open_regular;
use assay_protocol::merkle::MerkleTree;
use assay_protocol::prediction::inputs::input_tree;
use assay_protocol::prediction::MAX_PREDICTIONS;
use assay_protocol::testset::{input_commit, ImageSize};
use assay_statement::input::InputSalt;
use eyre::WrapErr;
use rayon::prelude::*;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 15] = b"assay-inputs 1\n";
const HEADER: u64 = MAGIC.len() as u64 + 12;
const SALT_BYTES: usize = 31;
/// As the importer's largest image.
pub(crate) const MAX_SIDE: u32 = 1024;

/// One input with the salt that hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Input {
    /// Row-major HWC.
    pub image: Vec<u8>,
    /// Hides the image in its commitment.
    pub salt: InputSalt,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input(hidden)")
    }
}

impl Input {
    /// What the round commits to.
    pub fn commit(&self) -> U256 {
        input_commit(&self.image, &self.salt)
    }
}

/// What the inputs of a new file are salted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Salts {
    /// The operating system's randomness: images are hidden until they are handed over or opened.
    Secret,
    /// [`InputSalt::public`]: whoever has an image recomputes its commitment.
    Public,
}

impl Salts {
    fn of(self, index: usize) -> InputSalt {
        match self {
            Self::Secret => InputSalt::random(),
            Self::Public => InputSalt::public(index as u64),
        }
    }
}

/// Inputs in their file, read one by one.
#[derive(Debug)]
pub struct Inputs {
    path: PathBuf,
    file: File,
    size: ImageSize,
    count: usize,
}

/// Bytes of a file with so many inputs.
pub fn file_bytes(size: ImageSize, count: usize) -> u64 {
    HEADER + count as u64 * (SALT_BYTES as u64 + image_bytes(size))
}

fn image_bytes(size: ImageSize) -> u64 {
    3 * u64::from(size.height) * u64::from(size.width)
}

/// Bytes of the largest file for inputs of so many bytes each.
pub fn max_file_bytes(image_len: usize, count: u32) -> u64 {
    HEADER + u64::from(count) * (SALT_BYTES + image_len) as u64
}

/// Salts these images and writes them, whole or not at all, readable by the owner alone.
///
/// # Errors
/// If there are none, too many, or the file is there already.
pub fn build(images: &[Vec<u8>], size: ImageSize, salts: Salts, to: &Path) -> eyre::Result<Inputs> {
    if images.is_empty() || images.len() > MAX_PREDICTIONS {
        return Err(usage(format!(
            "a round has 1 to {MAX_PREDICTIONS} inputs, not {}",
            images.len()
        )));
    }
    eyre::ensure!(
        !to.exists(),
        "{} exists already: inputs are never overwritten",
        to.display()
    );
    let mut bytes = Vec::with_capacity(usize::try_from(file_bytes(size, images.len()))?);
    bytes.extend(MAGIC);
    for number in [size.height, size.width, u32::try_from(images.len())?] {
        bytes.extend(number.to_be_bytes());
    }
    for (index, image) in images.iter().enumerate() {
        bytes.extend(salts.of(index).0);
        bytes.extend(image);
    }
    eyre::ensure!(
        bytes.len() as u64 == file_bytes(size, images.len()),
        "the images have other sizes than {} × {}",
        size.height,
        size.width
    );
    write_atomic(to, &bytes, true)?;
    Inputs::open(to)
}

impl Inputs {
    /// # Errors
    /// If the file is no inputs file, or shorter or longer than it says.
    pub fn open(path: &Path) -> eyre::Result<Self> {
        let context = || format!("{} holds no inputs of a round", path.display());
        let mut file = open_regular(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic).wrap_err_with(context)?;
        eyre::ensure!(magic == *MAGIC, "{}", context());
        let mut number = || -> eyre::Result<u32> {
            let mut bytes = [0; 4];
            file.read_exact(&mut bytes).wrap_err_with(context)?;
            Ok(u32::from_be_bytes(bytes))
        };
        let (height, width, count) = (number()?, number()?, number()?);
        let size = ImageSize { height, width };
        let fits = (1..=MAX_SIDE).contains(&height) && (1..=MAX_SIDE).contains(&width);
        eyre::ensure!(
            fits && (1..=MAX_PREDICTIONS).contains(&(count as usize)),
            "{}: it states {count} inputs of {height} × {width}",
            context()
        );
        let (expected, length) = (file_bytes(size, count as usize), file.metadata()?.len());
        eyre::ensure!(
            length == expected,
            "{} has {length} bytes, its {count} inputs of {height} × {width} take {expected}: it was cut off or added to",
            path.display()
        );
        Ok(Self {
            path: path.to_owned(),
            file,
            size,
            count: count as usize,
        })
    }

    /// Of every image.
    pub fn size(&self) -> ImageSize {
        self.size
    }

    /// K.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Never: a round has inputs.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// As it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of one image.
    pub fn image_len(&self) -> usize {
        image_bytes(self.size) as usize
    }

    /// # Errors
    /// If there is no such input, or it cannot be read.
    pub fn read(&self, index: usize) -> eyre::Result<Input> {
        eyre::ensure!(
            index < self.count,
            "there is no input {index} in {}, it has {}",
            self.path.display(),
            self.count
        );
        let each = SALT_BYTES as u64 + image_bytes(self.size);
        let mut file = &self.file;
        let context = || format!("cannot read input {index} of {}", self.path.display());
        file.seek(SeekFrom::Start(HEADER + index as u64 * each))
            .wrap_err_with(context)?;
        let mut salt = [0; SALT_BYTES];
        file.read_exact(&mut salt).wrap_err_with(context)?;
        let mut image = vec![0; self.image_len()];
        file.read_exact(&mut image).wrap_err_with(context)?;
        Ok(Input {
            image,
            salt: InputSalt(salt),
        })
    }

    /// `work` on every input in order, several at a time; `step` hears how many are done.
    ///
    /// # Errors
    /// The first of `work`, or if an input cannot be read.
    pub fn each<T: Send>(
        &self,
        step: impl Fn(u64),
        work: impl Fn(usize, &Input) -> eyre::Result<T> + Sync,
    ) -> eyre::Result<Vec<T>> {
        // So many are in memory at a time.
        const AT_ONCE: usize = 64;
        let mut done = Vec::with_capacity(self.count);
        while done.len() < self.count {
            let first = done.len();
            let some = first..self.count.min(first + AT_ONCE);
            let inputs = some.map(|index| Ok((index, self.read(index)?)));
            let inputs = inputs.collect::<eyre::Result<Vec<_>>>()?;
            let results = inputs.par_iter().map(|(index, input)| work(*index, input));
            done.extend(results.collect::<eyre::Result<Vec<_>>>()?);
            step(done.len() as u64);
        }
        Ok(done)
    }

    /// Whether every salt is the public one.
    ///
    /// # Errors
    /// If an input cannot be read.
    pub fn are_public(&self) -> eyre::Result<bool> {
        let public = |index: usize| Ok(self.read(index)?.salt == InputSalt::public(index as u64));
        let all = (0..self.count).map(public).collect::<eyre::Result<Vec<_>>>()?;
        Ok(all.into_iter().all(|is_public| is_public))
    }

    /// The commitments in order; `step` hears how many are done.
    ///
    /// # Errors
    /// If an input cannot be read.
    pub fn commits(&self, step: impl Fn(u64)) -> eyre::Result<Vec<U256>> {
        self.each(step, |_, input| Ok(input.commit()))
    }
}

/// The tree over these commitments, whose root must be `root`.
///
/// # Errors
/// If it is another one: these are not the inputs of the round.
pub fn require_root(commits: &[U256], root: B256, from: &Path) -> eyre::Result<MerkleTree> {
    input_tree(commits).filter(|tree| tree.root() == root).ok_or_else(|| {
        eyre::eyre!(
            "{} does not hold the inputs of this round: they do not lead to {root}",
            from.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize { height: 2, width: 3 };

    fn images(n: u8) -> Vec<Vec<u8>> {
        (0..n).map(|i| vec![i; 18]).collect()
    }

    #[test]
    fn what_is_written_is_read_and_leads_to_its_root() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("in");
        let inputs = build(&images(70), SIZE, Salts::Secret, &path).unwrap();
        assert_eq!((inputs.len(), inputs.size(), inputs.image_len()), (70, SIZE, 18));
        let commits = inputs.commits(|_| ()).unwrap();
        for index in [0, 63, 64, 69] {
            let input = inputs.read(index).unwrap();
            assert_eq!(input.image, vec![index as u8; 18]);
            assert_eq!(commits[index], input.commit());
        }
        let root = input_tree(&commits).unwrap().root();
        assert!(require_root(&commits, root, &path).is_ok());
        assert!(require_root(&commits[1..], root, &path).is_err());
        assert!(inputs.read(70).is_err());
        assert!(
            build(&images(1), SIZE, Salts::Secret, &path).is_err(),
            "never overwritten"
        );
        assert_ne!(
            build(&images(70), SIZE, Salts::Secret, &dir.path().join("again"))
                .unwrap()
                .commits(|_| ())
                .unwrap(),
            commits,
            "salts are fresh"
        );
    }

    #[test]
    fn public_inputs_are_committed_to_by_whoever_has_the_images() {
        let dir = tempfile::tempdir().unwrap();
        let one = build(&images(4), SIZE, Salts::Public, &dir.path().join("one")).unwrap();
        let other = build(&images(4), SIZE, Salts::Public, &dir.path().join("other")).unwrap();
        assert_eq!(one.commits(|_| ()).unwrap(), other.commits(|_| ()).unwrap());
        let secret = build(&images(4), SIZE, Salts::Secret, &dir.path().join("secret")).unwrap();
        assert!(one.are_public().unwrap() && !secret.are_public().unwrap());
    }

    #[test]
    fn damaged_files_are_refused_with_their_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("in");
        build(&images(3), SIZE, Salts::Secret, &path).unwrap();
        let good = std::fs::read(&path).unwrap();
        let mut cases = vec![
            good[..good.len() - 1].to_vec(),
            [good.clone(), vec![0]].concat(),
            Vec::new(),
        ];
        for (at, byte) in [(0, b'A'), (17, 9), (26, 0), (26, 4), (23, 1)] {
            let mut bad = good.clone();
            bad[at] = byte;
            cases.push(bad);
        }
        for bad in cases {
            std::fs::write(&path, &bad).unwrap();
            let error = format!("{:#}", Inputs::open(&path).unwrap_err());
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
    }

    #[test]
    fn no_round_is_empty_or_has_images_of_another_size() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("in");
        assert!(build(&[], SIZE, Salts::Secret, &to).is_err());
        assert!(build(&[vec![0; 17]], SIZE, Salts::Secret, &to).is_err());
        assert!(!to.exists());
    }
}
