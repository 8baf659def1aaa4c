//! The main path: the demos, which prove the trained MobileNet v2 (0.35, 96) on real images and settle on anvil.

use e2e::{assay, root};
use std::process::{Command, Stdio};

fn demo(protocol: &str) -> serde_json::Value {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(assay())
        .current_dir(root())
        .args(["demo", "--protocol", protocol, "--json", "--home"])
        .arg(home.path())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "the demo ended with {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_demo_settles_real_proofs_of_mobilenet_v2_to_the_wei() {
    let summary = demo("accuracy-simple");
    assert_eq!(summary["verdict"]["assurance"], "PROVEN", "{summary}");
}

#[test]
fn the_demo_settles_a_challenged_result_of_mobilenet_v2_to_the_wei() {
    let summary = demo("accuracy-full");
    let verdict = &summary["verdict"];
    assert_eq!(
        (verdict["mode"].as_str(), verdict["adjudication"].as_str()),
        (Some("FULL"), Some("OPTIMISTIC"))
    );
    // A challenge was answered, then the full demand met.
    assert_eq!(
        (verdict["challengesAnswered"].as_u64(), verdict["assurance"].as_str()),
        (Some(1), Some("PROVEN"))
    );
}

#[test]
fn the_demo_settles_rounds_of_predictions_of_mobilenet_v2_to_the_wei() {
    let summary = demo("predict");
    assert_eq!(
        (&summary["honest"]["outcome"], &summary["honest"]["proven"]),
        (&"Upheld".into(), &1.into())
    );
    assert_eq!(
        (&summary["cheater"]["outcome"], &summary["cheater"]["proven"]),
        (&"Fault".into(), &0.into())
    );
}

#[test]
fn the_demo_settles_audits_of_scanned_digits_to_the_wei() {
    let summary = demo("audit");
    let (honest, hiding) = (&summary["honest"], &summary["hiding"]);
    assert_eq!(
        (&honest["outcome"], &honest["verdict"]["assurance"], &honest["proven"]),
        (&"Complete".into(), &"SAMPLED".into(), &20.into())
    );
    assert_eq!(
        (&hiding["outcome"], &hiding["verdict"]["assurance"], &hiding["proven"]),
        (&"Violation".into(), &"NONE".into(), &0.into())
    );
}
