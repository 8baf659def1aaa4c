//! Schema files for programs that read: of every document, from `DOCUMENTS.md`, and of `assay.toml`, from the program. `ASSAY_BLESS=1`
//! writes them. What is printed is compared with that page by the tests of documents, and what was recorded with these files by those
//! of the verdict page.

use crate::described;

use assay_cli::settings::KEYS;
use described::{described, page, Described};
use serde_json::{json, Map, Value};
use std::path::{Path, PathBuf};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../marketplace/schemas")
}

/// Compares a schema with its file.
fn is_written(name: &str, schema: &Value) {
    let file = folder().join(name);
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("ASSAY_BLESS").is_some() {
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(&file, &text).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == text, "{name} differs: ASSAY_BLESS=1 writes it anew");
}

fn of_type(kind: &str) -> Value {
    let digits = |count: usize| json!({"type": "string", "pattern": format!("^0x[0-9a-fA-F]{{{count}}}$")});
    if let Some(kind) = kind.strip_suffix(" or null") {
        return json!({"anyOf": [of_type(kind), {"type": "null"}]});
    }
    match kind {
        "hash" => digits(64),
        "address" => digits(40),
        "wei" => json!({"type": "string", "pattern": "^[0-9]+$"}),
        "time" | "seconds" | "count" => json!({"type": "integer", "minimum": 0}),
        "number" => json!({"type": "number"}),
        "text" => json!({"type": "string"}),
        "flag" => json!({"type": "boolean"}),
        "list" => json!({"type": "array"}),
        "object" => json!({"type": "object"}),
        other => panic!("no type is called {other}"),
    }
}

/// The fields that stand below a place, and their names.
fn below<'a>(all: &'a Described, at: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    all.keys().filter_map(move |place| {
        let name = match at {
            "" => place.as_str(),
            at => place.strip_prefix(at)?.strip_prefix('.')?,
        };
        (!name.contains(['.', '['])).then_some((name, place.as_str()))
    })
}

/// Adds what stands below a place to its schema: to both branches' first where it may be null.
fn filled(mut schema: Value, all: &Described, at: &str) -> Value {
    if let Some(first) = schema.pointer_mut("/anyOf/0") {
        *first = filled(first.take(), all, at);
        return schema;
    }
    if schema["type"] == "array" {
        let elements = format!("{at}[]");
        if let Some((kind, _)) = all.get(&elements) {
            schema["items"] = filled(of_type(kind), all, &elements);
        }
    }
    if schema["type"] == "object" {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (name, place) in below(all, at) {
            let (kind, may_be_absent) = &all[place];
            properties.insert(name.into(), filled(of_type(kind), all, place));
            if !may_be_absent {
                required.push(name);
            }
        }
        schema["properties"] = properties.into();
        schema["required"] = json!(required);
    }
    schema
}

#[test]
fn every_document_has_a_schema_file() {
    let page = page();
    let mut names = vec!["assay.toml.json".to_owned()];
    for name in page.keys().filter(|section| section.starts_with("assay.")) {
        let mut all = Described::new();
        described(&page, name, "", &mut all);
        let mut schema = filled(json!({"type": "object"}), &all, "");
        schema["$schema"] = DIALECT.into();
        schema["title"] = format!("{name}, version 1: see marketplace/DOCUMENTS.md").into();
        schema["properties"]["schema"] = json!({"const": name});
        // Within a version fields are added: unknown ones are to be ignored.
        schema["properties"]["version"] = json!({"const": 1});
        let file = format!("{name}.v1.json");
        is_written(&file, &schema);
        names.push(file);
    }
    assert!(names.len() > 10, "{names:?}");
    let mut there: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    there.sort();
    assert_eq!(there, names, "a schema of what is printed no more");
}

#[test]
fn settings_have_a_schema_file() {
    let properties = KEYS.iter().map(|(key, of)| {
        let schema = match *of {
            "bool" => json!({"type": "boolean"}),
            "NonZeroU64" => json!({"type": "integer", "minimum": 1}),
            "Address" => of_type("address"),
            "String" | "PathBuf" => json!({"type": "string"}),
            // A number, with a unit or without.
            "Gwei" | "Ether" => json!({"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(gwei|wei|ether|eth)?$"}),
            other => panic!("{key}: no schema of {other}"),
        };
        (key.replace('_', "-"), schema)
    });
    let properties: Map<String, Value> = properties.collect();
    assert!(properties.contains_key("rpc-url") && properties.contains_key("max-cost"));
    is_written(
        "assay.toml.json",
        &json!({
            "$schema": DIALECT,
            "title": "assay.toml: see assay config show --help",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        }),
    );
}
