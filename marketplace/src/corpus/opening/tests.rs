use super::check::{check_against, Ask, DocumentsChecked};
use super::open::{open, require_same};
use super::received::received;
use crate::corpus::originals::MAX_ORIGINAL;
use crate::corpus::sample::Sample;
use crate::corpus::stored::{build, StoredCorpus};
use alloy::primitives::{Address, B256};
use assay_chain::error::Kind;
use assay_chain::release::{DeploymentCheck, DeploymentGrade};
use assay_durable::report::Reporter;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::testset::ImageSize;
use std::path::PathBuf;

const SIZE: ImageSize = ImageSize { height: 2, width: 3 };
const ID: B256 = B256::repeat_byte(5);
/// Where the first document begins, and how long it is without its original.
const HEADER: usize = 18 + 32 + 12;
const FIXED: usize = 4 + 31 + 32 + 1 + 4 * 32 + 4;

struct Story {
    temp: tempfile::TempDir,
    documents: PathBuf,
    stored: StoredCorpus,
    corpus: Corpus,
    opening: PathBuf,
}

impl Story {
    /// Of eleven documents, these opened.
    fn new(indices: &[u32]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let documents = temp.path().join("documents");
        std::fs::create_dir(&documents).unwrap();
        for i in 0..11u8 {
            let image = image::RgbImage::from_pixel(3, 2, image::Rgb([i / 2; 3]));
            image.save(documents.join(format!("{i:02}.png"))).unwrap();
        }
        let silent = Reporter::silent();
        let stored = build(&documents, SIZE, &temp.path().join("corpus"), &silent)
            .unwrap()
            .corpus;
        let corpus = Corpus {
            rs: Address::repeat_byte(1),
            size: 11,
            committedAt: 1,
            root: stored.tree().root(),
            inputWords: stored.shape().words,
            wordsPerHash: stored.shape().per_hash,
        };
        let opening = temp.path().join("opening");
        open(ID, &stored, indices.iter().copied().collect(), &opening, &silent).unwrap();
        Self {
            temp,
            documents,
            stored,
            corpus,
            opening,
        }
    }

    fn ask() -> Ask {
        Ask {
            id: ID,
            sample: None,
            delta: "5%".parse().unwrap(),
            originals: None,
            extract: None,
        }
    }

    fn check(&self, ask: &Ask) -> eyre::Result<DocumentsChecked> {
        let deployment = DeploymentCheck {
            grade: DeploymentGrade::Reproduced,
            digest: None,
            differences: Vec::new(),
        };
        check_against(&self.corpus, deployment, &self.opening, ask, &Reporter::silent())
    }

    /// What is said of these bytes in the place of the opening; it must be a rejection.
    fn refusal_of(&self, bytes: &[u8]) -> String {
        let good = std::fs::read(&self.opening).unwrap();
        std::fs::write(&self.opening, bytes).unwrap();
        let error = self.check(&Self::ask()).unwrap_err();
        assert!(Kind::Rejected.is_of(&error), "{error:#}");
        std::fs::write(&self.opening, good).unwrap();
        let said = format!("{error:#}");
        assert!(said.contains(self.opening.to_str().unwrap()), "{said}");
        said
    }

    /// As [`Story::refusal_of`], of the opening with one byte changed.
    fn refusal(&self, at: usize, change: u8) -> String {
        let mut bytes = std::fs::read(&self.opening).unwrap();
        bytes[at] ^= change;
        self.refusal_of(&bytes)
    }
}

#[test]
fn no_opening_is_longer_than_its_longest_originals_make_it() {
    let story = Story::new(&[0, 4, 10]);
    let bytes = std::fs::metadata(&story.opening).unwrap().len();
    let original = |index: usize| story.stored.document(index).unwrap().bytes.len() as u64;
    let originals: u64 = [0, 4, 10].map(original).iter().sum();
    assert_eq!(bytes - originals + 3 * MAX_ORIGINAL, super::longest(3, 11));
}

/// Whoever hands documents over decides how many there are, and not how long they are looked at.
#[test]
fn only_what_is_wanted_is_compared_with_the_root() {
    let story = Story::new(&[0, 4, 10]);
    let mut bytes = std::fs::read(&story.opening).unwrap();
    let last = bytes.len() - 1;
    // The salts of the first document, and the original of the last one.
    bytes[HEADER + 10] ^= 1;
    bytes[last] ^= 1;
    std::fs::write(&story.opening, bytes).unwrap();
    let of = |wanted: &[u32]| {
        let wanted = wanted.iter().copied().collect();
        received(ID, &story.corpus, &story.opening, &wanted, &Reporter::silent()).unwrap()
    };
    let found = of(&[4, 5]);
    assert_eq!((found.good, found.wrong.len()), ([4].into(), 0));
    let found = of(&[0, 4, 10]);
    assert_eq!((found.good, found.wrong.len()), ([4].into(), 2));
}

#[test]
fn what_is_opened_is_checked_by_the_root_alone() {
    for indices in [&[0][..], &[3, 10], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] {
        let story = Story::new(indices);
        let extract = story.temp.path().join("extracted");
        let ask = Ask {
            extract: Some(extract.clone()),
            originals: Some(story.documents.clone()),
            ..Story::ask()
        };
        let checked = story.check(&ask).unwrap();
        let opened: Vec<u32> = checked.documents.iter().map(|document| document.index).collect();
        assert_eq!(opened, indices);
        assert!(checked.shows.is_none(), "nobody knows how these were chosen");
        for index in indices {
            let original = std::fs::read(story.stored.path(*index as usize).unwrap()).unwrap();
            assert_eq!(
                std::fs::read(extract.join(format!("{index:07}.png"))).unwrap(),
                original
            );
        }
        if indices.len() == 11 {
            assert_eq!(checked.duplicates.len(), 5, "each image twice, but for the last");
        }
    }
}

#[test]
fn every_byte_of_an_opening_counts() {
    let story = Story::new(&[3, 7]);
    let good = std::fs::read(&story.opening).unwrap();
    for at in 0..good.len() {
        story.refusal(at, 1);
    }
    for cut in (0..good.len()).step_by(11) {
        story.refusal_of(&good[..cut]);
    }
    let said = story.refusal_of(&[&good[..], &[0]].concat());
    assert!(said.contains("added to"), "{said}");
    assert!(story.check(&Story::ask()).is_ok());
}

#[test]
fn what_was_altered_is_named() {
    let story = Story::new(&[3, 7]);
    let good = std::fs::read(&story.opening).unwrap();
    for (at, change, expected) in [
        (0, 1, "does not begin as openings of documents do"),
        (18, 1, "it is of corpus"),
        (18 + 32 + 3, 4, "those of the corpus"),
        (18 + 32, 0x80, "no model reads images"),
        (HEADER - 1, 1, "cut off"),
        (HEADER + 3, 1, "document 2: original, salts or path were altered"),
        (HEADER + 3, 0x10, "document 19: there are 11, from 0"),
        (HEADER + 4, 1, "document 3: original, salts or path were altered"),
        (HEADER + 4 + 31, 1, "document 3: original, salts or path were altered"),
        (HEADER + 4 + 63, 1, "document 3: its path has 5 siblings, there are 4"),
        (HEADER + 4 + 64, 1, "document 3: original, salts or path were altered"),
        (HEADER + FIXED - 4, 0x40, "at most 16777216 are read"),
        (HEADER + FIXED, 1, "document 3: its original"),
    ] {
        let said = story.refusal(at, change);
        assert!(said.contains(expected), "byte {at}: {said}");
    }
    // Another image, in the original's place.
    let length = u32::from_be_bytes(good[HEADER + FIXED - 4..HEADER + FIXED].try_into().unwrap()) as usize;
    let (before, after) = (&good[..HEADER + FIXED - 4], &good[HEADER + FIXED + length..]);
    let own = &good[HEADER + FIXED..HEADER + FIXED + length];
    let others = (0..11).map(|index| std::fs::read(story.stored.path(index).unwrap()).unwrap());
    let other = others.into_iter().find(|other| other != own).unwrap();
    let said = story.refusal_of(&[before, &(other.len() as u32).to_be_bytes(), &other, after].concat());
    assert!(
        said.contains("document 3: original, salts or path were altered"),
        "{said}"
    );
    // The same document twice.
    let one = &good[HEADER..HEADER + FIXED + length];
    let said = story.refusal_of(&[&good[..HEADER], one, one].concat());
    assert!(
        said.contains("document 3: its documents are not in ascending order"),
        "{said}"
    );
}

/// The same pixels in another file: the leaf binds the file, not only what a model reads of it.
#[test]
fn an_original_is_not_exchanged_for_one_of_the_same_pixels() {
    let story = Story::new(&[3]);
    let good = std::fs::read(&story.opening).unwrap();
    let original = &good[HEADER + FIXED..];
    // A text chunk before the end of the image.
    let end = original.len() - 12;
    let text = [&[0, 0, 0, 3][..], b"tEXt", b"a\0b", &0xd9a1_5c39u32.to_be_bytes()].concat();
    let mut other = [&original[..end], &text, &original[end..]].concat();
    let crc = crc_of(&other[end + 4..end + 11]);
    other[end + 11..end + 15].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(
        crate::corpus::originals::rendered(&other, SIZE).unwrap(),
        crate::corpus::originals::rendered(original, SIZE).unwrap()
    );
    let length = (other.len() as u32).to_be_bytes();
    let said = story.refusal_of(&[&good[..HEADER + FIXED - 4], &length, &other].concat());
    assert!(
        said.contains("document 3: original, salts or path were altered"),
        "{said}"
    );
}

/// As PNG chunks have it.
fn crc_of(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[test]
fn a_sample_must_be_opened_whole_and_bounds_what_fails() {
    let sample = Sample::draw(ID, 11, 4, B256::repeat_byte(9)).unwrap();
    let drawn: Vec<u32> = sample.indices.iter().copied().collect();
    let ask = Ask {
        sample: Some(sample),
        ..Story::ask()
    };
    let shows = Story::new(&drawn).check(&ask).unwrap().shows.unwrap();
    assert_eq!((shows.drawn, shows.seed), (4, B256::repeat_byte(9)));
    // C(11 − m, 4)/C(11, 4): m = 5 gives 15/330, below 5 %; m = 4 gives 35/330.
    assert_eq!(shows.failing_at_most, 4);
    let more: Vec<u32> = (0..11).collect();
    assert!(Story::new(&more).check(&ask).is_ok(), "others besides do no harm");
    let error = Story::new(&drawn[1..]).check(&ask).unwrap_err();
    let said = format!("{error:#}");
    assert!(
        Kind::Rejected.is_of(&error) && said.contains(&format!("document {} was drawn", drawn[0])),
        "{said}"
    );
    let other = Ask {
        sample: Some(Sample::draw(B256::ZERO, 11, 4, B256::repeat_byte(9)).unwrap()),
        ..Story::ask()
    };
    assert!(Story::new(&drawn).check(&other).is_err(), "of another corpus");
}

#[test]
fn an_original_that_the_source_does_not_have_is_named() {
    let story = Story::new(&[2, 5]);
    let ask = Ask {
        originals: Some(story.documents.clone()),
        ..Story::ask()
    };
    assert_eq!(story.check(&ask).unwrap().found_in, Some(story.documents.clone()));
    let hash = story.check(&ask).unwrap().documents[1].file_hash;
    // Its copy, too.
    for index in 0..11 {
        if story
            .stored
            .document(index)
            .is_ok_and(|original| original.document.file_hash == hash)
        {
            std::fs::write(story.stored.path(index).unwrap(), b"something else").unwrap();
        }
    }
    let error = story.check(&ask).unwrap_err();
    let said = format!("{error:#}");
    assert!(
        Kind::Rejected.is_of(&error) && said.contains(&hash.to_string()),
        "{said}"
    );
}

#[test]
fn a_corpus_is_opened_as_it_is_on_chain_and_replaces_no_file() {
    let story = Story::new(&[1]);
    assert!(require_same(ID, &story.corpus, &story.stored).is_ok());
    let other = Corpus {
        root: B256::ZERO,
        ..story.corpus.clone()
    };
    let said = require_same(ID, &other, &story.stored).unwrap_err().to_string();
    assert!(said.contains("another corpus"), "{said}");
    let again = open(ID, &story.stored, [2].into(), &story.opening, &Reporter::silent());
    assert!(again.unwrap_err().to_string().contains("is not replaced"));
}
