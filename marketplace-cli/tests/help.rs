//! The help of every command, compared with `snapshots/help.txt`: names, options, defaults, and the order they come in.
//! `ASSAY_BLESS=1` writes the file anew.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;

/// What a person sees who knows no variable of the environment.
fn help(command: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(command)
        .arg("--help")
        .env_clear()
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).expect("help is UTF-8")
}

/// The part of a help under this heading, up to the next empty line.
fn section<'a>(help: &'a str, heading: &str) -> &'a str {
    let from = help.find(heading).unwrap_or(help.len());
    let part = &help[from..];
    &part[..part.find("\n\n").map_or(part.len(), |end| end + 1)]
}

/// The names under `Commands:`, without clap's own.
fn subcommands(help: &str) -> impl Iterator<Item = &str> {
    let lines = section(help, "\nCommands:\n").lines();
    let entries = lines
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '));
    entries
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
}

/// Every command's help, parents first; the global options once.
fn everything() -> String {
    let root = help(&[]);
    let globals = section(&root, "\nGlobal options:\n");
    assert!(globals.contains("--json"), "{root}");
    let (mut text, mut left) = (String::new(), VecDeque::from([Vec::<String>::new()]));
    while let Some(command) = left.pop_front() {
        let mut help = help(&command);
        for name in subcommands(&help) {
            left.push_back([&command[..], &[name.to_owned()]].concat());
        }
        if !command.is_empty() {
            help = help.replace(globals, "\nGlobal options: those of assay\n");
        }
        let title = ["==== assay", &command.join(" ")].join(" ");
        text.push_str(&format!("{}\n{}\n\n", title.trim_end(), help.trim_end()));
    }
    text
}

#[test]
fn every_help_is_the_recorded_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/help.txt");
    let text = everything();
    if std::env::var_os("ASSAY_BLESS").is_some() {
        std::fs::write(&path, text).expect("the record is written");
        return;
    }
    let recorded = std::fs::read_to_string(&path).expect("ASSAY_BLESS=1 writes the record");
    for (n, (recorded, now)) in recorded.lines().zip(text.lines()).enumerate() {
        assert_eq!(
            now,
            recorded,
            "help.txt, line {}: if that is meant, ASSAY_BLESS=1",
            n + 1
        );
    }
    assert_eq!(
        text.len(),
        recorded.len(),
        "one has more lines: if that is meant, ASSAY_BLESS=1"
    );
}
