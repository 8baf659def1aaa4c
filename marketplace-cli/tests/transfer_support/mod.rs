//! A sender whose every word can be changed before it is encrypted, and what its receiver holds.

#![allow(dead_code)] // each test program uses a part

use alloy::primitives::B256;
use assay_marketplace::cipher_file::{CipherFile, CipherWriter};
use assay_protocol::merkle::MerkleTree;
use assay_protocol::testset::input_commit;
use assay_protocol::testset::{Example, ImageSize, TestSet};
use assay_protocol::transfer::chunks::Chunks;
use assay_protocol::transfer::judge::Terms;
use assay_protocol::transfer::keys::{example_key, KeysOfRecord};
use assay_protocol::transfer::open::{open, Opened};
use assay_protocol::transfer::payload::{chunks, header, ChunkWords};
use assay_protocol::transfer::secret::{ExampleKey, MasterKey};
use assay_protocol::transfer::shuffle::Shuffle;
use assay_protocol::transfer::words::{digest, uint, TAG_TEST};
use assay_statement::field::Word;
use assay_statement::input::InputSalt;
use std::path::PathBuf;

pub(crate) const ENGAGEMENT: B256 = B256::repeat_byte(0xe1);

/// N examples whose images have `bytes` bytes, with salts that follow from their numbers.
pub(crate) fn set(n: usize, bytes: usize) -> TestSet {
    let example = |i: usize| {
        let image: Vec<u8> = (0..bytes).map(|b| (b * 7 + i * 13 + 1) as u8).collect();
        let mut salt = digest(&TAG_TEST, &[&uint(i)]);
        salt[0] = 0;
        let input_salt = InputSalt::from_word(&salt).unwrap();
        Example {
            input_commit: input_commit(&image, &input_salt),
            image,
            label: i as u32 % 3,
            input_salt,
            leaf_salt: digest(&TAG_TEST, &[&uint(i), &uint(1)]).into(),
        }
    };
    TestSet {
        size: ImageSize {
            height: 1,
            width: bytes as u32,
        },
        examples: (0..n).map(example).collect(),
    }
}

/// A consumer before it encrypts.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) layout: Chunks,
    pub(crate) master: MasterKey,
    pub(crate) set: TestSet,
    /// By example, then chunk.
    pub(crate) chunks: Vec<Vec<ChunkWords>>,
    pub(crate) test_leaves: Vec<B256>,
}

impl Sender {
    pub(crate) fn honest(n: usize, bytes: usize, chunk_words: usize) -> Self {
        let layout = Chunks::new(n, bytes.div_ceil(31), chunk_words).unwrap();
        let set = set(n, bytes);
        let payload = set.examples.iter().enumerate();
        let chunks = payload.map(|(i, e)| chunks(&layout, i, e).unwrap()).collect();
        Self {
            layout,
            master: MasterKey::new([0x4b; 32]),
            test_leaves: set.leaves(),
            set,
            chunks,
        }
    }

    /// N = 4, L = 5, w = 2: the last chunk has one padding word.
    pub(crate) fn small() -> Self {
        Self::honest(4, 130, 2)
    }

    /// Commits to whatever the header of `index` says.
    pub(crate) fn commit_to_header(&mut self, index: usize) {
        let head = &self.chunks[index][0];
        let words = [header::INDEX, header::INPUT_COMMIT, header::LABEL, header::LEAF_SALT].map(|w| &head[w]);
        self.test_leaves[index] = digest(&TAG_TEST, &words).into();
    }

    pub(crate) fn word_mut(&mut self, index: usize, chunk: usize, word: usize) -> &mut Word {
        &mut self.chunks[index][chunk][word]
    }

    pub(crate) fn deliver(&self) -> Delivery {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("set.ct");
        let mut writer = CipherWriter::create(&path, self.layout, ENGAGEMENT).unwrap();
        for (i, chunks) in self.chunks.iter().enumerate() {
            writer
                .write_example(&example_key(&self.master, i), chunks.clone())
                .unwrap();
        }
        let ct_root = writer.finish().unwrap();
        Delivery {
            _dir: dir,
            path,
            ct_root,
            layout: self.layout,
            test_leaves: self.test_leaves.clone(),
            order: Shuffle::new(B256::repeat_byte(0x5e), self.layout.examples()),
            keys: KeysOfRecord {
                probe: Vec::new(),
                master: Some(self.master.clone()),
            },
        }
    }
}

/// A provider that has the file and every key.
#[derive(Debug)]
pub(crate) struct Delivery {
    _dir: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) ct_root: B256,
    pub(crate) layout: Chunks,
    pub(crate) test_leaves: Vec<B256>,
    pub(crate) order: Shuffle,
    pub(crate) keys: KeysOfRecord,
}

impl Delivery {
    pub(crate) fn file(&self) -> CipherFile {
        CipherFile::open(&self.path, self.layout, ENGAGEMENT, self.ct_root).unwrap()
    }

    pub(crate) fn open(&self) -> Opened {
        let positions = 0..self.layout.examples();
        open(
            &mut self.file(),
            &self.order,
            &self.test_leaves,
            &self.keys,
            positions,
            |_| (),
        )
        .unwrap()
    }

    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms {
            engagement_id: ENGAGEMENT,
            layout: self.layout,
            test_root: MerkleTree::new(&self.test_leaves).unwrap().root(),
            ct_root: self.ct_root,
            order: &self.order,
        }
    }

    /// The key of record of a position.
    pub(crate) fn key(&self, position: usize) -> ExampleKey {
        self.keys.key(position, self.order.index_of(position).unwrap()).unwrap()
    }
}
