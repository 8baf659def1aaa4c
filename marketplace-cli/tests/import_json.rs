//! `assay model import`: what it prints with `--json`.

use crate::snapshots;

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Imports a file of the repository, and compares what is printed with the record.
fn imported(onnx: &str, options: &[&str]) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let out = dir.path().join("m.assay");
    let args = [
        "model",
        "import",
        onnx,
        "--shift",
        "14",
        "--out",
        out.to_str().unwrap(),
        "--json",
    ];
    let args = [&args, options].concat();
    let output = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(&args)
        .current_dir(root)
        .env("ASSAY_HOME", dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document = serde_json::from_slice(&output.stdout).unwrap();
    snapshots::assert_shape(&["model", "import"], &document);
    document
}

#[test]
fn float_and_quantised_files_are_imported_with_a_report() {
    const CALIBRATION: [&str; 2] = ["--calibration", "models/small/calibration"];
    let float = imported("models/small/resnet.onnx", &CALIBRATION);
    assert_eq!(float["report"]["quantised"], false);
    assert!(float["report"]["layers"][0].get("difference").is_none());
    let quantised = "prover/tests/data/quantised/resnet_qdq_u8_i8.onnx";
    let compared = imported(quantised, &CALIBRATION);
    assert_eq!(compared["report"]["calibration_images"], 60);
    assert!(compared["report"]["layers"][0]["difference"]["max"].as_u64() <= Some(1));
    let alone = imported(quantised, &[]);
    assert_eq!(alone["report"]["calibration_images"], 0);
    assert_eq!(alone["report"]["quantised"], true);
}
