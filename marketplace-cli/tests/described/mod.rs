//! The page `DOCUMENTS.md` as data: which fields a document has, and of what types.

// Each test program uses a part of it.
#![allow(dead_code, unreachable_pub)]

use alloy::primitives::U256;
use serde_json::Value;
use std::collections::BTreeMap;

/// A field as the page has it: its type, and whether it may be absent.
pub(crate) type Described = BTreeMap<String, (String, bool)>;

/// The sections of the page, each with its rows in their order.
pub(crate) fn page() -> BTreeMap<String, Vec<(String, String)>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../marketplace/DOCUMENTS.md");
    let text = std::fs::read_to_string(path).expect("the page");
    let mut sections = BTreeMap::<String, Vec<(String, String)>>::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            current = Some(title.to_owned());
        } else if let (Some(section), Some(row)) = (&current, line.strip_prefix("| ")) {
            let mut cells = row
                .split(" | ")
                .map(|cell| cell.trim_matches([' ', '|', '`']).to_owned());
            let (name, kind) = (cells.next().unwrap(), cells.next().unwrap());
            if name != "field" {
                sections.entry(section.clone()).or_default().push((name, kind));
            }
        }
    }
    sections
}

/// All fields of a section under a place, those of the sections that it names among them.
pub(crate) fn described(
    page: &BTreeMap<String, Vec<(String, String)>>,
    section: &str,
    under: &str,
    all: &mut Described,
) {
    for (name, kind) in &page[section] {
        let at = match name.as_str() {
            "…" => under.to_owned(),
            name if under.is_empty() => name.trim_end_matches('?').to_owned(),
            name => format!("{under}.{}", name.trim_end_matches('?')),
        };
        if page.contains_key(kind) {
            if name != "…" {
                all.insert(at.clone(), ("object".into(), name.ends_with('?')));
            }
            described(page, kind, &at, all);
        } else {
            all.insert(at, (kind.clone(), name.ends_with('?')));
        }
    }
}

/// Every place of a document and what is there, the document itself left out.
pub(crate) fn places<'a>(value: &'a Value, at: &str, all: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let at = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                all.push((at.clone(), value));
                places(value, &at, all);
            }
        }
        Value::Array(elements) => {
            for value in elements {
                all.push((format!("{at}[]"), value));
                places(value, &format!("{at}[]"), all);
            }
        }
        _ => {}
    }
}

pub(crate) fn is_of_type(value: &Value, kind: &str) -> bool {
    let hexadecimal = |digits: usize| {
        let digits_of = |text: &str| text.strip_prefix("0x").map(str::to_owned);
        let text = value.as_str().and_then(digits_of);
        text.is_some_and(|text| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    match kind.strip_suffix(" or null") {
        Some(_) if value.is_null() => return true,
        Some(kind) => return is_of_type(value, kind),
        None => {}
    }
    match kind {
        "hash" => hexadecimal(64),
        "address" => hexadecimal(40),
        "wei" => value
            .as_str()
            .is_some_and(|text| text.parse::<U256>().is_ok() && !text.starts_with("0x")),
        "time" | "seconds" | "count" => value.is_u64(),
        "number" => value.is_number(),
        "text" => value.is_string(),
        "flag" => value.is_boolean(),
        "list" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type is called {other}"),
    }
}

/// Fails unless the document has the fields that the page says, of these types, and no others.
pub(crate) fn is_as_described(document: &Value) {
    let schema = document["schema"].as_str().expect("a schema");
    let mut fields = Described::new();
    described(&page(), schema, "", &mut fields);
    let mut found = Vec::new();
    places(document, "", &mut found);
    for (at, value) in &found {
        let Some((kind, _)) = fields.get(at) else {
            panic!("{schema}: DOCUMENTS.md does not have {at}: {value}")
        };
        assert!(is_of_type(value, kind), "{schema}: {at} is no {kind}: {value}");
    }
    for (at, (_, may_be_absent)) in &fields {
        let (parent, _) = at.rsplit_once('.').unwrap_or_default();
        let is_there = |place: &str| found.iter().any(|(at, value)| at == place && !value.is_null());
        let expected = !at.ends_with("[]") && !may_be_absent && (parent.is_empty() || is_there(parent));
        assert!(
            !expected || found.iter().any(|(place, _)| place == at),
            "{schema}: DOCUMENTS.md has {at}, which is not printed: {document}"
        );
    }
}
