//! Inputs of a round and examples of a test set, opened by their consumer and checked by anybody.
//!
//! An opening is one JSON document: the size of the images, the root that they lead to, and for each its index, salt, image (HWC
//! bytes), commitment and siblings up to the root; of an example also its label and the salt of its leaf.
//!
//! # What it gives away, and what it does not
//! Salts of a list are drawn one by one, so the others stay hidden behind theirs: a sibling is a hash of a salted commitment.
//! Proofs about an opened input hide weights and activations as before; whoever has input and output learns from them what any
//! customer of the model does.
//!
//! # Soundness
//! Nothing of a file is believed: commitments are recomputed, and led to a root that the reader has from elsewhere, as the contracts
//! do it: from a leaf of the list's kind, at an index of the list, over as many siblings as a tree of its length has. The height and
//! width of images are not part of a commitment: they are the architecture's.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::inputs::{Inputs, MAX_SIDE};
use crate::openings::file::{refuted, write_opening};
use crate::testset::{image_files, read_image, StoredSet};
use alloy::primitives::{Bytes, B256, U256};
use assay_chain::error::usage;
use assay_durable::read::read_regular;
use assay_durable::report::Reporter;
use assay_protocol::ids::test_leaf;
use assay_protocol::merkle::{root_from, MerkleTree};
use assay_protocol::prediction::inputs::{input_leaf, input_tree};
use assay_protocol::prediction::MAX_PREDICTIONS;
use assay_protocol::testset::{fingerprint, input_commit, ImageSize};
use assay_statement::input::InputSalt;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const VERSION: u32 = 1;
const MAX_BYTES: u64 = 1 << 30;

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Opening {
    version: u32,
    size: ImageSize,
    root: B256,
    inputs: Vec<OpenedInput>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct OpenedInput {
    index: usize,
    salt: InputSalt,
    commitment: B256,
    image: Bytes,
    /// Siblings from the leaf upward.
    path: Vec<B256>,
    /// Of a test set: what its leaf holds besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Labelled>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Labelled {
    label: u32,
    leaf_salt: B256,
}

/// Which of a list.
#[derive(Debug, Clone)]
pub enum Which {
    /// These.
    Indices(BTreeSet<usize>),
    /// Every one.
    All,
}

impl Which {
    /// # Errors
    /// If one of them is not in a list of so many.
    fn of(&self, len: usize) -> eyre::Result<Vec<usize>> {
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

/// An input with its commitment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Committed {
    /// In its list.
    pub index: usize,
    /// To the image.
    pub commitment: B256,
    /// Of an example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<u32>,
}

impl From<&OpenedInput> for Committed {
    fn from(input: &OpenedInput) -> Self {
        Self {
            index: input.index,
            commitment: input.commitment,
            label: input.example.map(|example| example.label),
        }
    }
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

/// "input 3 (0x…)", or how many.
fn listed(inputs: &[Committed]) -> String {
    match inputs {
        [one] => format!("input {}, commitment {}", one.index, one.commitment),
        several => {
            let indices: Vec<String> = several.iter().map(|input| input.index.to_string()).collect();
            format!("inputs {}", indices.join(", "))
        }
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
    fn load(path: &Path) -> eyre::Result<Self> {
        let bytes = read_regular(path, MAX_BYTES).wrap_err_with(|| format!("cannot read {}", path.display()))?;
        let no_opening = |why: String| refuted(format!("{} is no opening of inputs: {why}", path.display()));
        let opening: Self =
            serde_json::from_slice(&bytes).map_err(|e| no_opening(e.to_string().escape_debug().to_string()))?;
        if opening.version != VERSION {
            return Err(no_opening(format!(
                "version {}, this program reads {VERSION}",
                opening.version
            )));
        }
        if opening.inputs.is_empty() {
            return Err(no_opening("it opens nothing".into()));
        }
        let ImageSize { height, width } = opening.size;
        if height.max(width) > MAX_SIDE {
            return Err(no_opening(format!("images of {height} × {width} are too large")));
        }
        if !opening.inputs.is_sorted_by(|one, next| one.index < next.index) {
            return Err(no_opening("its inputs are not in ascending order, each once".into()));
        }
        Ok(opening)
    }

    fn committed(&self) -> Vec<Committed> {
        self.inputs.iter().map(Committed::from).collect()
    }

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
        let depth = count.next_power_of_two().trailing_zeros() as usize;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::{build, Salts};
    use crate::testset::save;
    use assay_chain::error::Kind;
    use assay_protocol::testset::TestSet;
    use serde_json::{json, Value};

    const SIZE: ImageSize = ImageSize { height: 2, width: 3 };

    struct Story {
        dir: tempfile::TempDir,
        path: PathBuf,
        root: B256,
    }

    impl Story {
        /// Of six inputs, these opened.
        fn new(which: &Which, salts: Salts) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let images: Vec<Vec<u8>> = (0..6).map(|i| vec![i; 18]).collect();
            let inputs = build(&images, SIZE, salts, &dir.path().join("in")).unwrap();
            let prepared = Prepared::of_inputs(&inputs, which, None, &Reporter::silent()).unwrap();
            let path = dir.path().join("opening");
            let root = prepared.write(&path).unwrap().root;
            Self { dir, path, root }
        }

        fn claim(&self) -> Claim {
            Claim::List {
                root: self.root,
                count: 6,
                leaves: Some(Leaves::Inputs),
                of: "round 1".into(),
            }
        }

        fn check(&self) -> eyre::Result<InputsChecked> {
            check_opening(&self.path, &self.claim())
        }

        /// What is said of the opening with this change; it must be a rejection.
        fn refusal(&self, change: impl Fn(&mut Value)) -> String {
            let good = std::fs::read(&self.path).unwrap();
            let mut document = serde_json::from_slice(&good).unwrap();
            change(&mut document);
            std::fs::write(&self.path, document.to_string()).unwrap();
            let error = self.check().unwrap_err();
            assert!(Kind::Rejected.is_of(&error), "{error:#}");
            std::fs::write(&self.path, good).unwrap();
            format!("{error:#}")
        }
    }

    fn some(indices: &[usize]) -> Which {
        Which::Indices(indices.iter().copied().collect())
    }

    #[test]
    fn what_is_opened_is_checked_by_the_root_alone() {
        for which in [some(&[0]), some(&[2, 5]), Which::All] {
            let story = Story::new(&which, Salts::Secret);
            let checked = story.check().unwrap();
            let indices: Vec<usize> = checked.inputs.iter().map(|input| input.index).collect();
            assert_eq!(indices, which.of(6).unwrap());
            assert!(!checked.public_salts);
        }
        assert!(Story::new(&Which::All, Salts::Public).check().unwrap().public_salts);
        let one = Story::new(&some(&[4]), Salts::Secret);
        let commitment = one.check().unwrap().inputs[0].commitment;
        assert!(check_opening(&one.path, &Claim::Commitment(commitment)).is_ok());
        let error = check_opening(&one.path, &Claim::Commitment(B256::ZERO)).unwrap_err();
        assert!(
            format!("{error:#}").contains("the image differs, or its salt"),
            "{error:#}"
        );
    }

    #[test]
    fn what_is_not_what_was_committed_to_is_named() {
        let story = Story::new(&some(&[3]), Salts::Secret);
        let pixel = |document: &mut Value| {
            let image = document["inputs"][0]["image"].as_str().unwrap();
            document["inputs"][0]["image"] = image.replacen("03", "02", 1).into();
        };
        let said = story.refusal(pixel);
        assert!(said.contains("input 3: its image or its salt was altered"), "{said}");
        let salt = |document: &mut Value| {
            document["inputs"][0]["salt"] = json!(InputSalt([9; 31]));
        };
        let said = story.refusal(salt);
        assert!(said.contains("input 3: its image or its salt was altered"), "{said}");
        let said = story.refusal(|document| document["inputs"][0]["index"] = 2.into());
        assert!(said.contains("input 2: it is not at index 2 of round 1"), "{said}");
        let said = story.refusal(|document| document["inputs"][0]["path"][1] = json!(B256::ZERO));
        assert!(said.contains("it is not at index 3 of round 1"), "{said}");
        // Whoever restates the commitment does not reach the root.
        let restated = |document: &mut Value| {
            pixel(document);
            let mut image = vec![3; 18];
            image[0] = 2;
            let salt: InputSalt = serde_json::from_value(document["inputs"][0]["salt"].clone()).unwrap();
            document["inputs"][0]["commitment"] = json!(B256::from(input_commit(&image, &salt)));
        };
        assert!(story.refusal(restated).contains("it is not at index 3 of round 1"));
        let said = story.refusal(|document| document["inputs"][0]["image"] = "0x0303".into());
        assert!(said.contains("its image has 2 bytes, 2 × 3 takes 18"), "{said}");
        assert!(story.check().is_ok());
    }

    /// One root, two trees: index 1 of two inputs, and a leaf for index 1 that lies deeper, beside the first.
    #[test]
    fn one_index_opens_to_one_input_only() {
        let story = Story::new(&some(&[1]), Salts::Secret);
        let document: Value = serde_json::from_slice(&std::fs::read(&story.path).unwrap()).unwrap();
        let hidden: OpenedInput = serde_json::from_value(document["inputs"][0].clone()).unwrap();
        let shown_image = vec![9; 18];
        let shown = input_leaf(1, input_commit(&shown_image, &hidden.salt));
        let deeper = input_leaf(1, hidden.commitment.into());
        let node = |left: B256, right: B256| root_from(right, 1, &[left]);
        let other = B256::repeat_byte(7);
        let root = node(node(other, deeper), shown);
        let claim = |count| Claim::List {
            root,
            count,
            leaves: Some(Leaves::Inputs),
            of: "round 1".into(),
        };
        let write = |change: &dyn Fn(&mut Value)| {
            let mut document = document.clone();
            document["root"] = json!(root);
            change(&mut document["inputs"][0]);
            std::fs::write(&story.path, document.to_string()).unwrap();
        };
        write(&|input| {
            input["image"] = json!(Bytes::from(shown_image.clone()));
            input["commitment"] = json!(B256::from(input_commit(&shown_image, &hidden.salt)));
            input["path"] = json!([node(other, deeper)]);
        });
        check_opening(&story.path, &claim(2)).unwrap();
        // First from the right, then from the left, as the bits of index 1 say.
        write(&|input| input["path"] = json!([other, shown]));
        let error = check_opening(&story.path, &claim(2)).unwrap_err();
        assert!(
            format!("{error:#}").contains("its path has 2 siblings, there are 1"),
            "{error:#}"
        );
        check_opening(&story.path, &claim(4)).expect("so the number decides");
    }

    #[test]
    fn what_is_in_no_list_of_this_length_is_refused() {
        let story = Story::new(&some(&[3]), Salts::Secret);
        let said = story.refusal(|document| document["inputs"][0]["index"] = 6.into());
        assert!(said.contains("there are 6, from 0, in round 1"), "{said}");
        let said = story.refusal(|document| {
            let twice = document["inputs"][0].clone();
            document["inputs"].as_array_mut().unwrap().push(twice);
        });
        assert!(said.contains("each once"), "{said}");
        let said = story.refusal(|document| document["size"] = json!({"height": u32::MAX, "width": u32::MAX}));
        assert!(said.contains("too large"), "{said}");
    }

    #[test]
    fn other_versions_and_cut_off_files_are_refused_with_their_name() {
        let story = Story::new(&some(&[3]), Salts::Secret);
        let said = story.refusal(|document| document["version"] = 2.into());
        assert!(said.contains("version 2, this program reads 1"), "{said}");
        let said = story.refusal(|document| document["inputs"] = json!([]));
        assert!(said.contains("it opens nothing"), "{said}");
        let good = std::fs::read(&story.path).unwrap();
        for cut in [0, 1, good.len() / 2, good.len() - 1] {
            std::fs::write(&story.path, &good[..cut]).unwrap();
            let error = story.check().unwrap_err();
            let said = format!("{error:#}");
            assert!(
                Kind::Rejected.is_of(&error) && said.contains(story.path.to_str().unwrap()),
                "{said}"
            );
        }
    }

    #[test]
    fn an_opening_is_of_the_claimed_list_and_replaces_no_other_file() {
        let story = Story::new(&some(&[3]), Salts::Secret);
        let inputs = Inputs::open(&story.dir.path().join("in")).unwrap();
        let silent = Reporter::silent();
        let of = |which: &Which, root| Prepared::of_inputs(&inputs, which, root, &silent);
        assert!(of(&some(&[6]), None).is_err());
        let error = of(&some(&[3]), Some(B256::ZERO)).unwrap_err();
        assert!(error.to_string().contains("these are other inputs"), "{error}");
        assert!(
            of(&some(&[3]), Some(story.root)).unwrap().write(&story.path).is_ok(),
            "the same again"
        );
        let error = of(&some(&[2]), None).unwrap().write(&story.path).unwrap_err();
        assert!(error.to_string().contains("is not replaced"), "{error}");
    }

    #[test]
    fn an_example_is_opened_with_its_label() {
        let dir = tempfile::tempdir().unwrap();
        let images = (0..5).map(|i| (vec![i; 18], u32::from(i) + 3)).collect();
        let set = TestSet::build(SIZE, images, |_| ()).unwrap();
        save(&set, &dir.path().join("set")).unwrap();
        let stored = StoredSet::open(&dir.path().join("set")).unwrap();
        let path = dir.path().join("opening");
        let root = set.root().unwrap();
        Prepared::of_set(&stored, &some(&[4]), Some(root))
            .unwrap()
            .write(&path)
            .unwrap();
        let of = "engagement 1".to_owned();
        let claim = |leaves| Claim::List {
            root,
            count: 5,
            leaves: Some(leaves),
            of: of.clone(),
        };
        let error = check_opening(&path, &claim(Leaves::Inputs)).unwrap_err();
        assert!(format!("{error:#}").contains("it is one of examples"), "{error:#}");
        let claim = claim(Leaves::Examples);
        let checked = check_opening(&path, &claim).unwrap();
        assert_eq!((checked.inputs[0].index, checked.inputs[0].label), (4, Some(7)));
        let text = std::fs::read_to_string(&path)
            .unwrap()
            .replace("\"label\":7", "\"label\":8");
        std::fs::write(&path, text).unwrap();
        assert!(check_opening(&path, &claim).is_err(), "another label is another leaf");
    }

    #[test]
    fn public_inputs_are_checked_from_the_images() {
        let story = Story::new(&Which::All, Salts::Public);
        let folder = story.dir.path().join("images");
        std::fs::create_dir(&folder).unwrap();
        let put = |index: u32, byte: u8| {
            let image = image::RgbImage::from_pixel(3, 2, image::Rgb([byte; 3]));
            image.save(folder.join(format!("{index:05}.png"))).unwrap();
        };
        (0..6).for_each(|i| put(i, i as u8));
        let check = |claim: &Claim| check_images(&folder, SIZE, claim, &Reporter::silent());
        let checked = check(&story.claim()).unwrap();
        assert!(checked.public_salts && checked.inputs.len() == 6);
        put(5, 6);
        let error = check(&story.claim()).unwrap_err();
        assert!(
            Kind::Rejected.is_of(&error) && error.to_string().contains("round 1"),
            "{error:#}"
        );
        assert!(
            check(&Claim::Commitment(B256::ZERO)).is_err(),
            "six images are no one input"
        );
    }
}
