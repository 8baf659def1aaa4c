//! Consumers that send bad data: each kind is found by the provider's commands and convicts on chain.

use alloy::primitives::B256;
use assay_marketplace::cipher_file::CipherWriter;
use assay_marketplace::testset;
use assay_protocol::transfer::chunks::Chunks;
use assay_protocol::transfer::keys;
use assay_protocol::transfer::payload;
use assay_protocol::transfer::payload::ChunkWords;
use assay_protocol::transfer::secret::MasterKey;
use e2e::{milliether, Story};
use serde_json::{json, Value};

/// Words of a data chunk on a devnet, and of an 8×8 image.
const CHUNK_WORDS: usize = 8;
const INPUT_WORDS: usize = 7;
/// Words of the header chunk.
const LABEL: usize = 2;
const INPUT_SALT: usize = 4;

fn journal(story: &Story) -> (std::path::PathBuf, Value) {
    let path = story.setting.files_of("consumer", &story.id).join("journal.json");
    let text = std::fs::read(&path).unwrap();
    (path, serde_json::from_slice(&text).unwrap())
}

fn master(journal: &Value) -> MasterKey {
    let word: B256 = journal["facts"]["transferSecrets"]["master"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    MasterKey::new(word.0)
}

/// Seals the set with `spoil` done to the chunks of every example, where the consumer's program will find it.
fn spoiled(spoil: impl Fn(&mut Vec<ChunkWords>)) -> Story {
    let story = Story::locked(&["--mode", "full"]);
    let (path, mut journal) = journal(&story);
    let set = testset::load(&story.setting.shared("set")).unwrap();
    let layout = Chunks::new(set.examples.len(), INPUT_WORDS, CHUNK_WORDS).unwrap();
    let id: B256 = story.id.parse().unwrap();
    let mut writer = CipherWriter::create(&path.with_file_name("transfer.cipher"), layout, id).unwrap();
    for (index, example) in set.examples.iter().enumerate() {
        let mut chunks = payload::chunks(&layout, index, example).unwrap();
        spoil(&mut chunks);
        let key = keys::example_key(&master(&journal), index);
        writer.write_example(&key, chunks).unwrap();
    }
    journal["facts"]["ctRoot"] = json!(writer.finish().unwrap());
    std::fs::write(&path, serde_json::to_vec(&journal).unwrap()).unwrap();
    story
}

/// The provider opens the probe set, finds the fault, and the contract agrees.
fn is_convicted_in_the_probe(story: Story) {
    let story = story.probing();
    let probed = story.setting.with_model(&["mp", "probe", &story.id]);
    assert!(probed["badData"].is_string(), "{probed}");
    let verdict = story.verdict();
    assert_eq!(verdict["outcome"], "BadData");
    assert_eq!(story.credits(), ("0".into(), milliether(160)));
}

#[test]
fn a_header_that_does_not_open_the_test_leaf_convicts() {
    is_convicted_in_the_probe(spoiled(|chunks| chunks[0][LABEL][31] ^= 1));
}

#[test]
fn a_chain_that_does_not_start_at_the_salt_convicts() {
    is_convicted_in_the_probe(spoiled(|chunks| chunks[0][INPUT_SALT][31] ^= 1));
    is_convicted_in_the_probe(spoiled(|chunks| chunks[1][0][31] ^= 1));
}

#[test]
fn an_input_that_does_not_hash_to_its_commitment_convicts() {
    is_convicted_in_the_probe(spoiled(|chunks| chunks[1][1][31] ^= 1));
}

#[test]
fn a_word_that_is_not_canonical_and_padding_that_is_not_zero_convict() {
    is_convicted_in_the_probe(spoiled(|chunks| chunks[1][3][0] = 1));
    is_convicted_in_the_probe(spoiled(|chunks| chunks[1][INPUT_WORDS + 1][31] = 1));
}

#[test]
fn false_keys_convict_as_bad_data_do() {
    let story = Story::locked(&["--mode", "full"]).committed().acked();
    forget_the_key(&story);
    story.mc("reveal", &[]);
    let probed = story.setting.with_model(&["mp", "probe", &story.id]);
    assert!(probed["badData"].is_string(), "{probed}");
    assert_eq!(story.verdict()["outcome"], "BadData");
}

#[test]
fn a_false_key_of_the_proven_set_convicts_after_the_provider_has_proceeded() {
    let story = Story::locked(&["--mode", "full"]).probing();
    story.setting.with_model(&["mp", "probe", &story.id, "--at-least", "1"]);
    story.mp("proceed", &[]);
    forget_the_key(&story);
    story.mc("reveal", &[]);
    let model = [e2e::text(&story.setting.model), e2e::text(&story.setting.arch)];
    let (_, said) = story
        .setting
        .provider()
        .fails(&["mp", "prove", &story.id, "--model", model[0], "--arch", model[1]]);
    assert!(said.contains("bad data"), "{said}");
    assert_eq!(story.verdict()["outcome"], "BadData");
    assert_eq!(story.credits(), ("0".into(), milliether(160)));
}

/// From now on the consumer has another key than the one it encrypted with.
fn forget_the_key(story: &Story) {
    let (path, mut journal) = journal(story);
    journal["facts"]["transferSecrets"]["master"] = json!(B256::repeat_byte(7));
    std::fs::write(&path, serde_json::to_vec(&journal).unwrap()).unwrap();
}
