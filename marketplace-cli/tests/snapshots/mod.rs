//! Shapes of what the program prints with `--json`: which keys a document has and of what types, compared with `json.txt`.
//!
//! A document fits if adding its shape to the record changes nothing: every key is known with its type, and none is missing
//! but those marked `?` and those of objects that are not there. `ASSAY_BLESS=1` adds what a test prints; to forget what is
//! printed no more, delete its lines first.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../marketplace-cli/tests/snapshots/json.txt"
);

/// Held while the record is written anew.
static WRITING: Mutex<()> = Mutex::new(());

#[derive(Clone, Default, PartialEq, Eq)]
struct Place {
    types: BTreeSet<String>,
    optional: bool,
}

/// Places of a document, from its root `$`: `$.name`, the elements `$.list[]`, the values `$.map.*` under hexadecimal keys.
type Shape = BTreeMap<String, Place>;

fn shape_of(path: &str, value: &Value) -> Shape {
    let (name, parts): (_, Vec<_>) = match value {
        Value::Null => ("null", vec![]),
        Value::Bool(_) => ("bool", vec![]),
        Value::Number(_) => ("number", vec![]),
        Value::String(_) => ("string", vec![]),
        Value::Array(elements) => ("array", elements.iter().map(|part| ("[]".to_owned(), part)).collect()),
        Value::Object(fields) => {
            let key = |key: &str| {
                if key.starts_with("0x") {
                    "*".to_owned()
                } else {
                    key.to_owned()
                }
            };
            (
                "object",
                fields.iter().map(|(k, part)| (format!(".{}", key(k)), part)).collect(),
            )
        }
    };
    let place = Place {
        types: [name.to_owned()].into(),
        optional: false,
    };
    let mut inside = BTreeMap::<String, Shape>::new();
    for (step, part) in parts {
        let shape = shape_of(&format!("{path}{step}"), part);
        let before = inside.remove(&step);
        inside.insert(step, before.map_or(shape.clone(), |before| both(&before, &shape)));
    }
    std::iter::once((path.to_owned(), place))
        .chain(inside.into_values().flatten())
        .collect()
}

/// Whether a shape tells that nothing is at a place where something could be.
fn lacks(shape: &Shape, path: &str) -> bool {
    let parent = path
        .rsplit_once('.')
        .and_then(|(parent, key)| (key != "*" && !key.ends_with("[]")).then_some(parent));
    let parent = parent.and_then(|parent| shape.get(parent));
    !shape.contains_key(path) && parent.is_some_and(|parent| parent.types.contains("object"))
}

fn both(one: &Shape, other: &Shape) -> Shape {
    let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let place = |path: &String| {
        let mut all = Place::default();
        for shape in [one, other] {
            let place = shape.get(path).cloned().unwrap_or_default();
            all.types.extend(place.types);
            all.optional |= place.optional || lacks(shape, path);
        }
        all
    };
    paths.into_iter().map(|path| (path.clone(), place(path))).collect()
}

fn line(path: &str, place: &Place) -> String {
    let types: Vec<&str> = place.types.iter().map(String::as_str).collect();
    format!("  {path}{} {}", if place.optional { "?" } else { "" }, types.join("|"))
}

fn parsed(text: &str) -> BTreeMap<String, Shape> {
    let mut record = BTreeMap::<String, Shape>::new();
    let mut current = String::new();
    for line in text.lines() {
        match line.strip_prefix("  ").and_then(|line| line.rsplit_once(' ')) {
            None => line.clone_into(&mut current),
            Some((path, types)) => {
                let place = Place {
                    types: types.split('|').map(str::to_owned).collect(),
                    optional: path.ends_with('?'),
                };
                let shape = record.entry(current.clone()).or_default();
                shape.insert(path.trim_end_matches('?').to_owned(), place);
            }
        }
    }
    record
}

fn written(record: &BTreeMap<String, Shape>) -> String {
    let blocks = record.iter().map(|(name, shape)| {
        let lines = shape.iter().map(|(path, place)| line(path, place) + "\n");
        format!("{name}\n{}", lines.collect::<String>())
    });
    blocks.collect()
}

/// Commands that print one document about what has an id on chain, and another one about a file.
const OF_FILES: [&str; 1] = ["model show"];

/// The names that these arguments begin with: the command, and of a daemon's line its event.
fn name_of(args: &[&str]) -> String {
    let is_name = |arg: &&&str| !arg.starts_with('-') && arg.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    let name = args.iter().take_while(is_name).copied().collect::<Vec<_>>();
    let subject = args.get(name.len());
    let name = name.join(" ");
    if OF_FILES.contains(&name.as_str()) && subject.is_some_and(|subject| !subject.starts_with("0x")) {
        return format!("{name} FILE");
    }
    if subject == Some(&"--calibrate") {
        return format!("{name} --calibrate");
    }
    name
}

/// Compares the shape of a document with the record of the command that printed it.
///
/// # Panics
/// If it is another one.
pub(crate) fn assert_shape(args: &[&str], document: &Value) {
    let name = name_of(args);
    let blessing = std::env::var_os("ASSAY_BLESS").is_some();
    let _writing = blessing.then(|| WRITING.lock().expect("nobody fails while writing"));
    let mut record = parsed(&std::fs::read_to_string(FILE).unwrap_or_default());
    let now = shape_of("$", document);
    let before = record.remove(&name);
    let after = before.as_ref().map_or_else(|| now.clone(), |before| both(before, &now));
    let before = before.unwrap_or_default();
    if before == after {
        return;
    }
    let news = after.iter().filter(|(path, place)| before.get(*path) != Some(place));
    let news: Vec<String> = news.map(|(path, place)| line(path, place)).collect();
    assert!(
        blessing,
        "{name} prints another shape than json.txt says; with it these lines would be new:\n{}\nif that is meant, \
         ASSAY_BLESS=1; it was {document}",
        news.join("\n")
    );
    record.insert(name, after);
    std::fs::write(FILE, written(&record)).expect("the record is written");
}
