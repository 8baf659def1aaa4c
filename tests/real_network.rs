//! The main path: the demos, which prove the trained MobileNet v2 (0.35, 96) on real images and settle on anvil.

use e2e::{assay, root};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

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
    let id = summary["verdict"]["id"].as_str().unwrap();
    let command = summary["read"][0]["command"].as_str().unwrap();
    assert!(
        command.starts_with(&format!("assay read verdict {id} --rpc-url http://")),
        "{command}"
    );
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

/// A demo that stays when it is over; what it printed, and the process.
fn staying(protocol: &str, home: &Path) -> (serde_json::Value, Child) {
    let mut child = Command::new(assay())
        .current_dir(root())
        .args(["demo", "--protocol", protocol, "--json", "--stay", "--home"])
        .arg(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut line).unwrap();
    let said = serde_json::from_str(&line);
    if said.is_err() {
        let _ = child.kill();
    }
    (said.unwrap(), child)
}

#[test]
fn the_demo_settles_audits_of_scanned_digits_to_the_wei_and_says_where_to_read_them() {
    let home = tempfile::tempdir().unwrap();
    let (summary, mut child) = staying("audit", home.path());
    // The command and the page that it names read what happened, as long as it stays.
    let audits = summary["read"].as_array().unwrap();
    for (read, audit) in audits.iter().zip(["honest", "hiding"]) {
        let command = read["command"].as_str().unwrap().strip_prefix("assay ").unwrap();
        let reader = Command::new(assay())
            .args(command.split(' '))
            .args(["--json", "--home"])
            .arg(home.path())
            .output()
            .unwrap();
        let document: serde_json::Value = serde_json::from_slice(&reader.stdout).unwrap_or_default();
        let id = &summary[audit]["id"];
        assert_eq!(
            (&document["id"], &document["outcome"]),
            (id, &summary[audit]["outcome"])
        );
        let page = read["page"].as_str().unwrap();
        let (place, link) = page.split_once("/#/").unwrap();
        assert!(
            link.starts_with("audit/31337/0x") && link.ends_with(id.as_str().unwrap()),
            "{page}"
        );
        let mut served = TcpStream::connect(place.trim_start_matches("http://")).unwrap();
        served
            .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut html = String::new();
        served.read_to_string(&mut html).unwrap();
        assert!(html.contains("data-node=\"rpc\""), "{html}");
    }
    assert_eq!(audits.len(), 2);
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success());
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
