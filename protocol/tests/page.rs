//! The file that the verdict page reads against what the program says; `ASSAY_BLESS=1` writes it.

use assay_protocol::page::Page;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/src/read/words.json");

#[test]
fn the_page_reads_what_the_program_says() {
    let text = serde_json::to_string_pretty(&Page::this().unwrap()).unwrap() + "\n";
    if std::env::var_os("ASSAY_BLESS").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    let written = std::fs::read_to_string(FILE).expect("ASSAY_BLESS=1 writes it");
    for (n, (written, now)) in written.lines().zip(text.lines()).enumerate() {
        assert_eq!(written, now, "words.json, line {}: ASSAY_BLESS=1 writes it anew", n + 1);
    }
    assert!(written == text, "one is longer: ASSAY_BLESS=1 writes it anew");
}

/// An enumeration that the contracts have and this crate does not, or with other values.
#[test]
fn names_of_values_are_those_of_the_sources() {
    let page = serde_json::to_value(Page::this().unwrap()).unwrap();
    let mut left: Vec<&String> = page["enums"].as_object().unwrap().keys().collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/src/types");
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for part in text.split("\nenum ").skip(1) {
            let (name, rest) = part.split_once(" {").unwrap();
            let values = rest.split('}').next().unwrap().split(',').map(str::trim);
            let values: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
            assert_eq!(page["enums"][name], serde_json::json!(values), "{name}");
            left.retain(|known| *known != name);
        }
    }
    assert!(left.is_empty(), "{left:?} are in no source");
}
