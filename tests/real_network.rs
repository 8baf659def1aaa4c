//! The main path: the demo, which proves the trained MobileNet v2 (0.35, 96) on real images and settles on anvil.

use e2e::{assay, root};
use std::process::{Command, Stdio};

#[test]
fn the_demo_settles_real_proofs_of_mobilenet_v2_to_the_wei() {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(assay())
        .current_dir(root())
        .args(["demo", "--json", "--home"])
        .arg(home.path())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "the demo ended with {}", output.status);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["verdict"]["assurance"], "PROVEN", "{summary}");
}
