//! Every command that a message, a help or a page names is one that exists, with the options it is named with.

mod pages;

use assay_cli::cmd::Cli;
use clap::{Command, CommandFactory};
use pages::root;
use std::fs;
use std::path::PathBuf;

/// What may end a command within a sentence.
const ENDS: [char; 8] = ['"', '`', ',', ';', ')', '(', '|', '\n'];

/// Words after which `assay` is the program, not the beginning of a command.
const PROSE: [&str; 7] = ["command", "has", "model", "process", "program", "repository", "was"];

/// Code and pages that people's eyes meet, continued lines in one.
fn texts() -> Vec<(PathBuf, String)> {
    let pages = [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "README.md",
        "SECURITY.md",
        "contracts/CHALLENGERS.md",
        "contracts/README.md",
        "docs/operations.md",
        "marketplace/DOCUMENTS.md",
        "models/digits/README.md",
        "models/seven/README.md",
        "models/small/README.md",
        "verifier-gen/README.md",
    ];
    let crates = [
        "benches",
        "chain",
        "durable",
        "economics",
        "exchange",
        "marketplace",
        "marketplace-cli",
        "protocol",
        "prover",
        "statement",
        "verifier-gen",
    ];
    let mut folders: Vec<PathBuf> = crates.map(|name| root().join(name).join("src")).into();
    folders.push(root().join("contracts/src"));
    let mut files: Vec<PathBuf> = pages.map(|name| root().join(name)).into();
    files.extend(pages::of_the_site().into_iter().map(|page| root().join(page)));
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, one_line_each(&text))
    };
    files.into_iter().map(read).collect()
}

/// A text in which a command stands on one line, whether a shell or a literal of Rust continues it.
fn one_line_each(text: &str) -> String {
    let in_literals = text.replace(r"\\\n", " ").replace(r"\n", "\n");
    in_literals.replace("\\\n", " ")
}

/// What is wrong with a command as it is named, or nothing; words behind it are no part of it.
fn fault(assay: &Command, named: &str) -> Option<String> {
    let mut words = named.split_whitespace().peekable();
    let mut command = assay;
    while command.has_subcommands() {
        let name = words
            .next_if(|word| word.chars().all(|c| c.is_ascii_lowercase() || "-.".contains(c)) && !word.starts_with('-'));
        // A group alone, as in a sentence about all of it.
        let Some(name) = name else { break };
        let name = name.trim_end_matches('.');
        let Some(found) = command.find_subcommand(name) else {
            let is_prose = command.get_name() == "assay" && PROSE.contains(&name);
            return (!is_prose).then(|| format!("{} has no {name}", command.get_name()));
        };
        command = found;
    }
    let known = |flag: &str| {
        let of = |command: &Command| command.get_arguments().any(|arg| arg.get_long() == Some(flag));
        ["help", "version"].contains(&flag) || of(command) || of(assay)
    };
    let flags = words.filter_map(|word| word.strip_prefix("--"));
    let flags = flags.map(|flag| flag.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()));
    let mut flags = flags
        .map(|flag| flag.split('=').next().unwrap_or(flag))
        .filter(|flag| !flag.is_empty());
    flags
        .find(|flag| !known(flag))
        .map(|flag| format!("{} has no --{flag}", command.get_name()))
}

/// Commands in a text: from `assay ` to the end of the phrase.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let at = text.match_indices("assay ").map(|(at, _)| at);
    // Not within a name or a path, nor the name of a target of cargo, nor bytes of a format.
    let is_command = |at: &usize| {
        let before = &text[..*at];
        let within = before.ends_with(|c: char| c.is_alphanumeric() || "-_./".contains(c));
        !within && !before.ends_with("--bin ") && !before.ends_with("b\"")
    };
    let alone = at.filter(is_command);
    alone.map(|at| {
        let rest = &text[at + "assay ".len()..];
        &rest[..rest.find(ENDS).unwrap_or(rest.len())]
    })
}

#[test]
fn every_command_that_is_named_exists() {
    let mut assay = Cli::command();
    assay.build();
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (path, text) in texts() {
        for command in named(&text) {
            seen += 1;
            if let Some(fault) = fault(&assay, command) {
                faults.push(format!("{}: assay {command}: {fault}", path.display()));
            }
        }
    }
    assert!(seen > 150, "{seen}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_command_that_does_not_exist_is_seen() {
    let mut assay = Cli::command();
    assay.build();
    let faults = |text: &str| {
        named(text)
            .filter_map(|command| fault(&assay, command))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        faults("run: assay mp prove {id} --set DIR; then assay withdraw"),
        Vec::<String>::new()
    );
    assert_eq!(faults("`assay mp proove {id}`"), ["mp has no proove"]);
    assert_eq!(faults("run: assay mp prove {id} --sett DIR"), ["prove has no --sett"]);
    assert_eq!(faults("run: assay withdrow --to X"), ["assay has no withdrow"]);
    assert_eq!(
        faults(&one_line_each("assay mp prove 1 \\\n  --sett DIR")),
        ["prove has no --sett"]
    );
    assert_eq!(faults("another assay process makes the proofs"), Vec::<String>::new());
}
