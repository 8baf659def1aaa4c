//! Files that packages bring along: systemd accepts the unit, and its commands are commands of the program.

use assay_cli::cmd::Cli;
use clap::CommandFactory;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const UNIT: &str = "assay@.service";

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging")
}

fn read(name: &str) -> String {
    fs::read_to_string(packaging().join(name)).unwrap()
}

/// `KEY=VALUE` lines.
fn settings(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).collect()
}

fn assert_is_command(args: &[&str], place: &str) {
    let words = std::iter::once("assay").chain(args.iter().copied());
    let parsed = Cli::command().try_get_matches_from(words);
    assert!(parsed.is_ok(), "{place}: {}", parsed.unwrap_err());
}

#[test]
fn the_units_commands_are_the_programs() {
    let unit = read(UNIT);
    let start = settings(&unit)["ExecStart"].to_owned();
    let mut files = 0;
    for entry in fs::read_dir(packaging()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(party) = name.strip_suffix(".env") else {
            continue;
        };
        let text = read(&name);
        let command = start.replace("$COMMAND", settings(&text)["COMMAND"]);
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!((words[0], words[1]), ("/usr/local/bin/assay", party));
        assert_is_command(&words[1..], &name);
        files += 1;
    }
    assert_eq!(files, 2);
}

/// Two daemons in one home would free each other's transactions, and neither could be backed up while the other runs.
#[test]
fn each_party_has_a_home_of_its_own() {
    let unit = read(UNIT);
    assert!(settings(&unit)["Environment"].starts_with("ASSAY_HOME=/var/lib/assay/%i "));
    assert_eq!(settings(&unit)["StateDirectory"], "assay/%i");
}

#[test]
fn the_images_commands_are_the_programs() {
    let image = read("Dockerfile");
    // What is behind a backslash goes on, as in a shell.
    let comments: String = image
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .collect::<Vec<_>>()
        .join("\n");
    let joined = comments.replace("\\\n", " ");
    let runs = joined
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("docker run"));
    let mut commands = 0;
    for run in runs {
        let (_, command) = run.split_once(" assay ").unwrap();
        assert_is_command(&command.split_whitespace().collect::<Vec<_>>(), run);
        commands += 1;
    }
    assert_eq!(commands, 2);
}

/// With the program and the files where they are here.
#[test]
fn systemd_accepts_the_unit() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("no systemd-analyze here: the unit is not checked");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let unit = read(UNIT).replace("/usr/local/bin/assay", env!("CARGO_BIN_EXE_assay"));
    let unit = unit
        .replace("User=assay", "User=root")
        .replace("Group=assay", "Group=root");
    let check = |unit: &str| {
        let path = dir.path().join("assay@mp.service");
        fs::write(&path, unit).unwrap();
        let checked = Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        let about: Vec<&str> = said.lines().filter(|line| line.contains("assay@mp")).collect();
        about.join("\n")
    };
    assert_eq!(check(&unit), "");
    let wrong = unit.replace("RestartSec=30s", "RestartSec=soon");
    assert!(check(&wrong).contains("soon"), "it finds what is wrong");
}
