use super::check::{check_images, check_opening, Claim, InputsChecked, Leaves};
use super::document::OpenedInput;
use super::open::{Prepared, Which};
use crate::inputs::Inputs;
use crate::inputs::{build, Salts};
use crate::testset::save;
use crate::testset::StoredSet;
use alloy::primitives::{Bytes, B256};
use assay_chain::error::Kind;
use assay_durable::report::Reporter;
use assay_protocol::merkle::root_from;
use assay_protocol::prediction::inputs::input_leaf;
use assay_protocol::testset::TestSet;
use assay_protocol::testset::{input_commit, ImageSize};
use assay_statement::input::InputSalt;
use serde_json::{json, Value};
use std::path::PathBuf;

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
