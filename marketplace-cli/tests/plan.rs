//! `assay plan`, as somebody uses it who has no node and no keys.

use crate::snapshots;

use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::{mobilenet_v2, tiny_network};
use assay_prover::model::Model;
use serde_json::Value;
use snapshots::assert_shape;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory with a model file, and nobody else's cache.
struct Bench {
    dir: tempfile::TempDir,
    model: PathBuf,
}

impl Bench {
    fn new(architecture: assay_prover::model::Architecture) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("m.assay");
        Model::random(architecture, 1).unwrap().save(&model).unwrap();
        Self { dir, model }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command
            .arg("plan")
            .args(args)
            .env("ASSAY_CACHE_DIR", self.path("cache"))
            .env("ASSAY_HOME", self.path("home"));
        command.output().expect("the program runs")
    }

    fn says(&self, args: &[&str]) -> [String; 2] {
        let output = self.run(args);
        let [said, noted] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {noted}");
        [said, noted]
    }

    /// The document, of the recorded shape.
    fn json(&self, args: &[&str]) -> Value {
        let [said, _] = self.says(&[args, &["--json"]].concat());
        let document = serde_json::from_str(&said).expect("JSON");
        assert_shape(&[&["plan"], args].concat(), &document);
        document
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_plan_says_what_a_layout_costs_and_its_sums_are_right() {
    let bench = Bench::new(tiny_network(10));
    let out = bench.path("m.arch.json");
    let plan = bench.json(&[text(&bench.model), "--out", text(&out)]);
    let written: FrozenArchitecture = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(written, FrozenArchitecture::plan(tiny_network(10)).unwrap());

    let number = |at: &str| plan.pointer(at).unwrap().as_u64().unwrap();
    let columns = plan["cost"]["columns"].as_object().unwrap().values();
    assert_eq!(
        columns.map(|n| n.as_u64().unwrap()).sum::<u64>(),
        number("/cost/commitments")
    );
    for group in ["cells", "weights", "arithmetic"] {
        let regions = plan["cost"]["regions"].as_array().unwrap().iter();
        let rows = regions.filter(|region| region["columns"] == group);
        let rows: u64 = rows.map(|region| region["rows"].as_u64().unwrap()).sum();
        assert_eq!(rows, 1 << number("/k"), "{group}");
    }
    let items = plan["verification"]["gasOf"].as_array().unwrap().iter();
    let items: u64 = items.map(|item| item["gas"].as_u64().unwrap()).sum();
    assert_eq!(items, number("/verification/gas"));
    assert!(number("/memory/small") < number("/memory/fast"));

    let [said, _] = bench.says(&[text(&bench.model)]);
    for line in [
        "columns  ",
        "commitments  ",
        "verification  ",
        "memory  ",
        "keys  ",
        "proving  ",
    ] {
        assert!(said.lines().any(|at| at.starts_with(line)), "{line}: {said}");
    }
    assert!(said.contains("not calibrated: assay plan --calibrate"), "{said}");
}

#[test]
fn each_profile_is_at_least_as_good_as_the_default_in_what_it_is_for_and_never_another_layout() {
    let bench = Bench::new(mobilenet_v2(0.35, 32, 10));
    let model = text(&bench.model);
    let plan = |profile: &str| bench.json(&[model, "--profile", profile]);
    // Seconds of two plans can be compared if both are of the same measurement.
    bench.json(&["--calibrate"]);
    let default = bench.json(&[model]);
    assert_eq!((&default["profile"], &default["lanes"]), (&"fast".into(), &3.into()));
    for (profile, what) in [
        ("cheap-gas", "/verification/gas"),
        ("small-memory", "/memory/small"),
        ("fastest", "/seconds/laterProof"),
    ] {
        let found = plan(profile);
        let [before, after] = [&default, &found].map(|plan| plan.pointer(what).unwrap().as_f64().unwrap());
        assert!(after <= before, "{profile}: {after} against {before}");
        assert_eq!(plan(profile)["archId"], found["archId"], "{profile}");
    }
    assert!(plan("cheap-gas")["cost"]["commitments"].as_u64() < default["cost"]["commitments"].as_u64());
    let output = bench.run(&[model, "--profile", "cheap"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("fast, fastest, small-memory or cheap-gas"), "{said}");
}

#[test]
fn a_calibration_is_kept_used_and_ignored_with_a_warning_if_it_is_damaged() {
    let bench = Bench::new(tiny_network(10));
    let model = text(&bench.model);
    assert_eq!(bench.json(&[model])["calibrated"], false);
    let calibrated = bench.json(&["--calibrate"]);
    assert!(calibrated["nanoseconds"]["multiexp"].as_f64() > calibrated["nanoseconds"]["step"].as_f64());
    assert_eq!(bench.json(&[model])["calibrated"], true);
    let [said, _] = bench.says(&[model]);
    assert!(!said.contains("not calibrated"), "{said}");

    let file = Path::new(calibrated["file"].as_str().unwrap());
    let mut bytes = std::fs::read(file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(file, bytes).unwrap();
    let [said, noted] = bench.says(&[model]);
    assert!(said.contains("not calibrated"), "{said}");
    assert!(
        noted.contains(text(file)) && noted.contains("checksum") && noted.contains("it is ignored"),
        "{noted}"
    );
}
