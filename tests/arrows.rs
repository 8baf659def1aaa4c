//! Which crate may use which: an arrow that is not in the table is a mistake, here or there.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// From low to high; a crate uses only what stands before it.
const MAY_USE: [(&str, &[&str]); 18] = [
    ("assay-lanes", &[]),
    ("assay-kernels", &["assay-lanes"]),
    ("assay-engine", &["assay-kernels"]),
    ("assay-durable", &[]),
    ("assay-economics", &[]),
    ("assay-farm", &["assay-durable"]),
    ("assay-transcript", &[]),
    ("assay-statement", &[]),
    (
        "assay-prover",
        &["assay-durable", "assay-engine", "assay-statement", "assay-transcript"],
    ),
    ("assay-verifier-gen", &["assay-transcript"]),
    ("assay-protocol", &["assay-economics", "assay-statement"]),
    ("assay-simulation", &["assay-economics", "assay-protocol"]),
    ("assay-exchange", &["assay-durable"]),
    ("assay-chain", &["assay-durable", "assay-economics", "assay-protocol"]),
    (
        "assay-marketplace",
        &[
            "assay-chain",
            "assay-durable",
            "assay-economics",
            "assay-exchange",
            "assay-protocol",
            "assay-prover",
            "assay-statement",
            "assay-verifier-gen",
        ],
    ),
    (
        "assay-cli",
        &[
            "assay-chain",
            "assay-durable",
            "assay-economics",
            "assay-exchange",
            "assay-farm",
            "assay-marketplace",
            "assay-protocol",
            "assay-prover",
            "assay-simulation",
            "assay-statement",
        ],
    ),
    (
        "assay-bench",
        &[
            "assay-cli",
            "assay-durable",
            "assay-economics",
            "assay-farm",
            "assay-kernels",
            "assay-lanes",
            "assay-marketplace",
            "assay-protocol",
            "assay-prover",
            "assay-statement",
            "assay-transcript",
            "assay-verifier-gen",
        ],
    ),
    (
        "e2e",
        &[
            "assay-chain",
            "assay-durable",
            "assay-marketplace",
            "assay-protocol",
            "assay-prover",
            "assay-statement",
            "assay-verifier-gen",
        ],
    ),
];

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--offline",
            "--locked",
            "--no-deps",
            "--format-version",
            "1",
            "--manifest-path",
        ])
        .arg(e2e::root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// By crate: the workspace's crates that its code, not only its tests, depends on.
fn arrows(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let own: Vec<String> = packages.iter().map(name).collect();
    let uses = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let normal = dependencies.iter().filter(|d| d["kind"].is_null());
        let mut used: Vec<String> = normal.map(name).filter(|used| own.contains(used)).collect();
        used.sort();
        used
    };
    packages.iter().map(|package| (name(package), uses(package))).collect()
}

#[test]
fn crates_use_only_what_lies_below_them() {
    let arrows = arrows(&metadata());
    let table: BTreeMap<_, _> = MAY_USE.into_iter().collect();
    let known: Vec<&str> = table.keys().copied().collect();
    assert_eq!(arrows.keys().map(String::as_str).collect::<Vec<_>>(), known);
    for (from, used) in &arrows {
        assert_eq!(used, table[from.as_str()], "{from}");
    }
}

#[test]
fn the_table_has_no_arrow_upward() {
    for (rank, (from, used)) in MAY_USE.iter().enumerate() {
        let below: Vec<&str> = MAY_USE[..rank].iter().map(|(name, _)| *name).collect();
        assert!(used.iter().all(|used| below.contains(used)), "{from}");
    }
}

/// What brings in files, clocks, nodes or a terminal.
const OUTSIDE: [&str; 6] = ["assay-durable", "tokio", "reqwest", "axum", "clap", "indicatif"];

#[test]
fn protocol_economics_and_simulation_are_functions() {
    for name in ["protocol", "economics", "simulation"] {
        is_functions(name);
    }
}

fn is_functions(name: &str) {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages
        .iter()
        .find(|p| p["name"] == format!("assay-{name}"))
        .expect("a crate");
    for dependency in package["dependencies"].as_array().expect("dependencies") {
        let used = dependency["name"].as_str().expect("a name");
        assert!(!OUTSIDE.contains(&used), "{name} uses {used}");
    }
    let folder = e2e::root().join(name).join("src");
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("text");
            for outside in ["std::fs", "std::net", "std::process", "SystemTime", "Instant"] {
                assert!(!text.contains(outside), "{} uses {outside}", path.display());
            }
        }
    }
}
