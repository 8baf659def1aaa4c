//! A [`TestSet`] on disk: saved, handed over, and checked by whoever receives it.
//!
//! ```text
//! SET/set.json             everything but the images; secret until it is handed over
//! SET/images/00000.png …   RGB, 8 bits, in the order of the positions
//! SET/leaves.json          the leaf hashes alone, which may be shown to a provider before it accepts
//! ```

use alloy::primitives::{B256, U256};
use assay_durable::directory::create_dir_atomic;
use assay_durable::file::write_atomic;
use assay_durable::read::{open_regular, read_regular};
use assay_protocol::ids::{test_leaf, N_MAX};
use assay_protocol::merkle::MerkleTree;
use assay_prover::import::decode_png;
use assay_statement::input::InputSalt;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use assay_protocol::testset::{Example, ImageSize, TestSet};

const VERSION: u32 = 1;
/// Far above a set of [`N_MAX`] examples.
const MAX_SET_BYTES: u64 = 64 << 20;

/// `set.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFile {
    version: u32,
    size: ImageSize,
    test_root: B256,
    examples: Vec<ExampleRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleRow {
    label: u32,
    input_salt: InputSalt,
    leaf_salt: B256,
    input_commit: U256,
}

impl std::fmt::Debug for SetFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetFile")
            .field("test_root", &self.test_root)
            .finish_non_exhaustive()
    }
}

/// Writes the set as a new directory, whole or not at all, readable by the owner alone.
pub fn save(set: &TestSet, dir: &Path) -> eyre::Result<()> {
    write(set, dir, true)
}

/// As [`save`], for the other party: readable by whom the umask allows.
pub fn hand_over(set: &TestSet, dir: &Path) -> eyre::Result<()> {
    write(set, dir, false)
}

fn write(set: &TestSet, dir: &Path, private: bool) -> eyre::Result<()> {
    let row = |e: &Example| ExampleRow {
        label: e.label,
        input_salt: e.input_salt,
        leaf_salt: e.leaf_salt,
        input_commit: e.input_commit,
    };
    let file = SetFile {
        version: VERSION,
        size: set.size,
        test_root: set.root()?,
        examples: set.examples.iter().map(row).collect(),
    };
    create_dir_atomic::<eyre::Report>(dir, private, |temp| {
        for (i, e) in set.examples.iter().enumerate() {
            write_atomic(&image_path(temp, i), &encode_png(set.size, &e.image)?, private)?;
        }
        write_atomic(&temp.join("leaves.json"), &serde_json::to_vec(&set.leaves())?, private)?;
        Ok(write_atomic(
            &temp.join("set.json"),
            &serde_json::to_vec_pretty(&file)?,
            private,
        )?)
    })
}

/// Reads a set and checks that it leads to the root it states. Commitments are not recomputed:
/// [`TestSet::check_commitments`] does that.
pub fn load(dir: &Path) -> eyre::Result<TestSet> {
    let stored = StoredSet::open(dir)?;
    let examples = (0..stored.len()).map(|i| stored.read(i)).collect::<eyre::Result<_>>()?;
    Ok(TestSet {
        size: stored.file.size,
        examples,
    })
}

/// A saved set whose images stay on disk until they are asked for.
#[derive(Debug)]
pub struct StoredSet {
    dir: PathBuf,
    file: SetFile,
    tree: MerkleTree,
}

impl StoredSet {
    /// Reads everything but the images, and checks that it leads to the root it states.
    pub fn open(dir: &Path) -> eyre::Result<Self> {
        let path = dir.join("set.json");
        let context = || format!("{} is not a test set", dir.display());
        let bytes = read_regular(&path, MAX_SET_BYTES).wrap_err_with(context)?;
        let file: SetFile = serde_json::from_slice(&bytes).wrap_err_with(context)?;
        eyre::ensure!(
            file.version == VERSION,
            "{}: version {}, this program reads {VERSION}",
            path.display(),
            file.version
        );
        let leaf = |(i, row): (usize, &ExampleRow)| test_leaf(i as u64, row.input_commit, row.label, row.leaf_salt);
        let leaves: Vec<B256> = file.examples.iter().enumerate().map(leaf).collect();
        let tree = MerkleTree::new(&leaves)
            .ok_or_else(|| eyre::eyre!("{}: a test set has 1 to {N_MAX} examples", path.display()))?;
        eyre::ensure!(
            tree.root() == file.test_root,
            "{}: its examples do not lead to the root it states",
            path.display()
        );
        Ok(Self {
            dir: dir.to_owned(),
            file,
            tree,
        })
    }

    /// N.
    pub fn len(&self) -> usize {
        self.file.examples.len()
    }

    /// Never: a set has examples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of every image.
    pub fn size(&self) -> ImageSize {
        self.file.size
    }

    /// As it was opened.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Over the test leaves by dataset index; compared with the root that the set states.
    pub fn tree(&self) -> &MerkleTree {
        &self.tree
    }

    /// What the set states about an example, image aside: commitment, label and salt of its leaf.
    pub fn stated(&self, index: usize) -> Option<(U256, u32, B256)> {
        let row = self.file.examples.get(index)?;
        Some((row.input_commit, row.label, row.leaf_salt))
    }

    /// One example, compared with its commitment.
    ///
    /// # Errors
    /// If its image cannot be read or is another one.
    pub fn example(&self, index: usize) -> eyre::Result<Example> {
        let example = self.read(index)?;
        example.check_commitment(index)?;
        Ok(example)
    }

    fn read(&self, index: usize) -> eyre::Result<Example> {
        let row = self.file.examples.get(index);
        let row = row.ok_or_else(|| eyre::eyre!("there is no example {index} in {}", self.dir.display()))?;
        Ok(Example {
            image: read_image(&image_path(&self.dir, index), self.file.size)?,
            label: row.label,
            input_salt: row.input_salt,
            leaf_salt: row.leaf_salt,
            input_commit: row.input_commit,
        })
    }
}

fn image_path(dir: &Path, position: usize) -> PathBuf {
    dir.join("images").join(format!("{position:05}.png"))
}

/// HWC bytes of an image file of exactly this size; grey becomes three equal channels.
pub fn read_image(path: &Path, size: ImageSize) -> eyre::Result<Vec<u8>> {
    let file = open_regular(path).wrap_err_with(|| format!("cannot read image {}", path.display()))?;
    let decoded = decode_png(BufReader::new(file), size.width, size.height);
    decoded.map_err(|error| eyre::eyre!("image {} {error}", path.display()))
}

/// An image as a PNG file.
pub(crate) fn encode_png(size: ImageSize, image: &[u8]) -> eyre::Result<Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::write_buffer_with_format(
        &mut bytes,
        image,
        size.width,
        size.height,
        image::ExtendedColorType::Rgb8,
        image::ImageFormat::Png,
    )
    .wrap_err("cannot encode an image")?;
    Ok(bytes.into_inner())
}

/// The PNG files of a folder with their labels: from `labels.csv` (`file,label` per line) if there is one, else from
/// names that end in `_LABEL.png`. Sorted by name.
pub fn labelled_images(dir: &Path) -> eyre::Result<Vec<(PathBuf, u32)>> {
    let csv = dir.join("labels.csv");
    let found: Vec<(PathBuf, u32)> = if csv.is_file() {
        let text = std::fs::read_to_string(&csv).wrap_err_with(|| format!("cannot read {}", csv.display()))?;
        let rows = text
            .lines()
            .enumerate()
            .filter(|(i, line)| !(line.trim().is_empty() || *i == 0 && line.ends_with("label")));
        let row = |(i, line): (usize, &str)| -> eyre::Result<(PathBuf, u32)> {
            let (file, label) = line
                .split_once(',')
                .ok_or_else(|| eyre::eyre!("{} line {}: no comma", csv.display(), i + 1))?;
            let label = label
                .trim()
                .parse()
                .wrap_err_with(|| format!("{} line {}: label", csv.display(), i + 1))?;
            Ok((dir.join(file.trim()), label))
        };
        rows.map(row).collect::<eyre::Result<_>>()?
    } else {
        let pngs = image_files(dir)?.into_iter();
        pngs.map(|path| label_of(&path).map(|label| (path, label)))
            .collect::<eyre::Result<_>>()?
    };
    let mut found = found;
    found.sort();
    eyre::ensure!(!found.is_empty(), "no labelled PNG images in {}", dir.display());
    Ok(found)
}

/// The PNG files of a folder, sorted by name.
pub fn image_files(dir: &Path) -> eyre::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).wrap_err_with(|| format!("cannot read {}", dir.display()))?;
    let paths = entries.flatten().map(|e| e.path());
    let mut pngs: Vec<PathBuf> = paths.filter(|p| p.extension().is_some_and(|x| x == "png")).collect();
    pngs.sort();
    eyre::ensure!(!pngs.is_empty(), "no PNG images in {}", dir.display());
    Ok(pngs)
}

/// The label at the end of a file name, as in `0042_7.png`.
pub fn label_of(path: &Path) -> eyre::Result<u32> {
    let stem = path
        .file_stem()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default();
    let label = stem.rsplit_once('_').and_then(|(_, label)| label.parse().ok());
    label.ok_or_else(|| {
        assay_chain::error::hinted(
            format!("{} has no label in its name", path.display()),
            "name images NNNN_LABEL.png, or put a labels.csv with lines file,label beside them",
        )
    })
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
    fn a_saved_set_loads_as_it_was_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("set");
        let set = set(5);
        save(&set, &path).unwrap();
        let loaded = load(&path).unwrap();
        assert_eq!(loaded, set);
        loaded.check_commitments(|_| ()).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(&path.join("set.json"))), (0o700, 0o600));
            let (handed, plain) = (dir.path().join("handed"), dir.path().join("plain"));
            hand_over(&set, &handed).unwrap();
            std::fs::create_dir(&plain).unwrap();
            std::fs::write(plain.join("file"), b"").unwrap();
            let modes = |path: &Path, file| (mode(path), mode(&path.join(file)));
            for file in ["set.json", "leaves.json", "images/00000.png"] {
                assert_eq!(modes(&handed, file), modes(&plain, "file"), "{file}");
            }
        }
        assert!(save(&set, &path).is_err(), "an existing set is never overwritten");
    }

    #[test]
    fn an_exchanged_image_is_found_by_its_commitment() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("set");
        save(&set(3), &path).unwrap();
        std::fs::copy(image_path(&path, 0), image_path(&path, 1)).unwrap();
        let error = load(&path).unwrap().check_commitments(|_| ()).unwrap_err();
        assert!(error.to_string().starts_with("example 1:"), "{error}");
    }

    #[test]
    fn an_edited_label_is_found_by_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("set");
        save(&set(3), &path).unwrap();
        let file = path.join("set.json");
        let text = std::fs::read_to_string(&file)
            .unwrap()
            .replacen("\"label\": 0", "\"label\": 9", 1);
        std::fs::write(&file, text).unwrap();
        assert!(load(&path).is_err());
    }

    #[test]
    fn any_bytes_in_the_place_of_a_set_are_an_error() {
        let dir = tempfile::tempdir().unwrap();
        for bytes in [
            &b""[..],
            b"{}",
            b"[1]",
            b"\xff\xfe",
            b"{\"version\":1,\"size\":{\"height\":1,\"width\":1},\"examples\":[]}",
        ] {
            std::fs::write(dir.path().join("set.json"), bytes).unwrap();
            assert!(load(dir.path()).is_err());
        }
    }

    #[test]
    fn labels_come_from_names_or_from_the_table() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["0001_7.png", "0000_3.png"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        let labels = |d: &Path| {
            labelled_images(d)
                .unwrap()
                .into_iter()
                .map(|(_, l)| l)
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(dir.path()), [3, 7]);
        std::fs::write(dir.path().join("labels.csv"), "file,label\n0000_3.png,5\n").unwrap();
        assert_eq!(labels(dir.path()), [5]);
        assert!(label_of(Path::new("seven.png")).is_err());
    }

    #[test]
    fn images_of_another_size_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1_1.png");
        std::fs::write(&path, encode_png(ImageSize { height: 5, width: 6 }, &[0; 90]).unwrap()).unwrap();
        let error = read_image(&path, SIZE).unwrap_err().to_string();
        assert!(error.contains("6x5 pixels, the network reads 6x4"), "{error}");
    }

    #[test]
    fn what_a_model_import_refuses_is_in_no_set() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1_1.png");
        let deep = image::ImageBuffer::from_pixel(6, 4, image::Rgb([256u16, 512, 65_535]));
        image::DynamicImage::from(deep).save(&path).unwrap();
        let shape = assay_prover::model::Shape::new(3, 4, 6);
        assert!(assay_prover::import::load_png(&path, shape).is_err());
        let error = read_image(&path, SIZE).unwrap_err().to_string();
        assert!(error.contains("Rgb16"), "{error}");
    }
}
