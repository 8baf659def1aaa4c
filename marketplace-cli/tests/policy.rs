//! `assay policy`, as somebody uses it who has no node: what it prints, and what it ends with.

use crate::snapshots;

use serde_json::Value;
use snapshots::assert_shape;
use std::process::{Command, Output};

/// The paper's prices: E = 1, Z = 0.1, P = 0.001, N1 = 100, N2 = 600.
const MARKET: [&str; 12] = [
    "--price-input",
    "1",
    "--price-proof",
    "0.1",
    "--price-inference",
    "0.001",
    "--fee",
    "0.1",
    "--n1",
    "100",
    "--n2",
    "600",
];

fn policy(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command
        .arg("policy")
        .args(args)
        .env("ASSAY_HOME", std::env::temp_dir().join("assay-policy-tests"))
        .env_remove("ETH_RPC_URL");
    command.output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn says(args: &[&str]) -> String {
    let output = policy(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The document of a command, of the recorded shape.
fn json(args: &[&str]) -> Value {
    let args = [args, &["--json"]].concat();
    let document = serde_json::from_str(&says(&args)).expect("JSON");
    assert_shape(&[&["policy"], &args[..]].concat(), &document);
    document
}

fn close(value: &Value, expected: f64) {
    let value = value.as_f64().expect("a number");
    assert!((value / expected - 1.0).abs() < 1e-5, "{value} is not {expected}");
}

#[test]
fn sizes_of_samples() {
    let one = json(&["size", "--failure-rate", "1%"]);
    assert_eq!([&one["oneSided"], &one["twoSided"]], [299, 368]);
    assert_eq!(
        json(&["size", "--failure-rate", "5%", "--failures", "2"])["oneSided"],
        124
    );
    assert_eq!(
        json(&["size", "--failure-rate", "1%", "--of", "10000"])["ofCorpus"],
        294
    );
    assert_eq!(json(&["size", "--margin", "2.5%"])["oneSided"], 2397);
    assert!(says(&["size", "--failure-rate", "1%"]).contains("less than 1 % fail"));
}

#[test]
fn what_samples_show() {
    let bound = json(&["bound", "--samples", "600", "--failures", "120"]);
    close(&bound["successesAtLeast"], 0.771230);
    close(&bound["successesAtLeastHoeffding"], 0.750036);
    let bound = json(&["bound", "--samples", "299", "--of", "9000", "--positives", "1000"]);
    assert_eq!(bound["hiddenAtMost"], 88);
    close(&bound["recallAtLeast"], 1000.0 / 1088.0);
    let tie = json(&["bound", "--samples", "95", "--of", "100"]);
    assert_eq!(tie["hiddenAtMost"], 0, "at a tie floating point says 1");
}

#[test]
fn when_to_go_on() {
    let args = |more: &[&'static str]| [&["proceed", "--target", "60%"], &MARKET[..], more].concat();
    let result = json(&args(&["--correct", "79"]));
    close(&result["maxFailure"], 0.0395343);
    assert_eq!(
        [&result["unprofitable"], &result["griefing1"], &result["griefing100"]],
        [79, 80, 84]
    );
    assert_eq!(result["proceed"], true);
    assert_eq!(json(&args(&["--correct", "78"]))["proceed"], false);
    assert!(says(&args(&["--correct", "60"])).contains("advice      abort"));
}

#[test]
fn what_harm_costs() {
    let result = json(&[&["griefing", "--example-value", "0"], &MARKET[..]].concat());
    close(&result["full"]["factor"], 99.0);
    let result = json(&[&["griefing"], &MARKET[..]].concat());
    close(&result["full"]["factor"], 0.197605);
    close(&result["full"]["feeForFactor"], 99.1);
    close(&result["clear"]["feeAgainstTheft"], 3.521106);
}

#[test]
fn deposits_that_deter() {
    let round = [
        "deposit",
        "--outputs",
        "4096",
        "--cap",
        "59",
        "--price-proof",
        "1",
        "--price-inference",
        "0.01",
    ];
    let result = json(&round);
    close(&result["againstLying"], 40.96);
    close(&result["deposit"], 118.0);
    close(&result["contestBelief"], 1.0 / 60.0);
    close(&json(&[&round[..], &["--contests", "10%"]].concat())["deposit"], 409.6);
    let audit = ["deposit", "--zeros", "9900", "--samples", "299", "--hidden", "100"];
    close(&json(&audit)["bond"], 104.805);
}

#[test]
fn what_proofs_cost() {
    let result = json(&["cost", "--proofs", "299"]);
    close(&result["dollars"], 710.555_1);
    close(&result["hours"], 299.0 * 16.0 / 3600.0);
    assert_eq!(result["gas"], 299 * 791_998);
    close(&json(&["cost", "--gwei", "0"])["dollars"], 0.016 / 36.0);
}

#[test]
fn the_papers_tables_and_slips() {
    let result = json(&["tables"]);
    let sizes = |table: &Value, key: &str| -> Vec<u64> {
        let rows = table.as_array().expect("rows").iter();
        rows.map(|row| row[key].as_u64().expect("a size")).collect()
    };
    assert_eq!(sizes(&result["table3"], "oneSided"), [59, 119, 149, 299]);
    assert_eq!(sizes(&result["table3"], "twoSided"), [72, 146, 183, 368]);
    assert_eq!(sizes(&result["table4"], "oneSided"), [600, 2397, 14_979]);
    let slips = result["slips"].as_array().expect("slips");
    let names: Vec<&str> = slips
        .iter()
        .map(|slip| slip["name"].as_str().expect("a name"))
        .collect();
    let expected = [
        "G1", "G2", "G3", "G4", "G5", "G6", "G11", "G12", "G13", "G14", "G15", "G16", "G17",
    ];
    assert_eq!(names, expected);
    let text = says(&["tables"]);
    for part in ["$710.56", "$35,596.67", "366, $38.86", "2.59 %", "0.01 %", "47.37 %"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

/// The conditions that fail, by name.
fn failing(args: &[&str]) -> Vec<String> {
    let checked = json(args);
    let lines = checked["conditions"].as_array().expect("conditions").iter();
    let failing: Vec<String> = lines
        .filter(|line| line["verdict"] == "FAILS")
        .map(|line| line["name"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(checked["failed"], failing.len());
    failing
}

#[test]
fn conditions_are_checked_and_strict_makes_them_an_error() {
    let market = |more: &[&'static str]| [&["check"], &MARKET[..], more].concat();
    assert_eq!(
        failing(&market(&["--example-value", "0"])),
        ["I3 FULL v=1", "I3 CLEAR v=1", "I4 CLEAR g=99"]
    );
    let output = policy(&market(&["--strict"]));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).contains("FAILS  I4 FULL g=1"),
        "{}",
        text(&output.stdout)
    );
    assert!(text(&output.stderr).contains("6 conditions fail"));

    // The devnet's own terms, from a file as deploy takes it.
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("terms.json");
    let terms = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["deploy", "--print-terms"])
        .output();
    std::fs::write(&file, terms.expect("the program runs").stdout).expect("a file");
    let file = file.to_str().expect("a path");
    let devnet = |more: &[&'static str]| [&["check", "--terms", file, "--gwei", "2"], more].concat();
    let by_four_examples = ["I4 FULL g=99", "I4 CLEAR g=99", "I5"];
    assert_eq!(failing(&devnet(&[])), by_four_examples);
    let round = [
        "--outputs",
        "1024",
        "--cap",
        "59",
        "--provider-deposit",
        "0.2",
        "--contests",
        "5%",
        "--misses",
        "5%",
    ];
    let also = ["I8a", "I8b", "I8d", "I10"];
    assert_eq!(failing(&devnet(&round)), [&by_four_examples[..], &also].concat());
    let audit = [
        "--zeros",
        "9900",
        "--samples",
        "299",
        "--hidden",
        "100",
        "--value",
        "0.001",
        "--bond",
        "0.1",
    ];
    assert_eq!(
        failing(&devnet(&audit)),
        [&by_four_examples[..], &["I9 bond", "I9 price"]].concat()
    );
    assert_eq!(
        failing(&devnet(&["--promised", "113"])),
        [&by_four_examples[..], &["I13"]].concat()
    );
    // An option comes before the file.
    assert!(failing(&devnet(&["--fee", "1"])).starts_with(&["I1 FULL".into(), "I1 CLEAR".into()]));
}

#[test]
fn questions_without_an_answer_say_what_is_missing() {
    let fails = |args: &[&str], code, part: &str| {
        let output = policy(args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.contains(part), "{args:?}: {said}");
    };
    fails(&["check"], 1, "--terms");
    fails(&["check", "--price-input", "1"], 1, "--n2");
    fails(&["size"], 2, "--failure-rate");
    fails(&["size", "--failure-rate", "100%"], 2, "between 0 and 1");
    fails(&["bound", "--samples", "0"], 1, "a sample of nothing shows nothing");
    fails(&["bound", "--samples", "2", "--failures", "3"], 1, "3 failures of 2");
    fails(
        &["bound", "--samples", "9", "--failures", "1", "--of", "90"],
        2,
        "no longer hidden",
    );
    fails(&["bound", "--samples", "11", "--of", "10"], 1, "11 draws of 10");
    fails(&["deposit", "--outputs", "10"], 2, "--price-proof");
    let deposit = |price| {
        let args = [
            "deposit",
            "--outputs",
            "10",
            "--price-inference",
            "1gwei",
            "--price-proof",
            price,
        ];
        json(&args)["deposit"].clone()
    };
    assert_eq!(deposit("2000000gwei"), deposit("0.002"));
    fails(
        &[
            "deposit",
            "--outputs",
            "10",
            "--price-inference",
            "0",
            "--price-proof",
            "0gwei",
        ],
        2,
        "above 0",
    );
    fails(
        &["deposit", "--zeros", "9", "--samples", "2", "--hidden", "10"],
        1,
        "10 bad documents of 9",
    );
    fails(&["cost", "--gwei=-1"], 2, "not negative");
    let proceed = [&["proceed", "--target", "60%", "--correct", "101"], &MARKET[..]].concat();
    fails(&proceed, 2, "more than the 100 probes");
}
