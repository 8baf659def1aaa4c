//! Pages for people, README among them: every command in their blocks is one that tests run, every link leads somewhere, every
//! page is in the book.

mod shell;

use assay_cli::cmd::Cli;
use clap::error::ErrorKind;
use clap::CommandFactory;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Words that stand for a value of the reader's own, and what a command takes in their place.
const VALUES: [(&str, &str); 8] = [
    ("ADDRESS", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    ("AUDIT_ID", ID),
    ("CORPUS_ID", ID),
    ("HASH", ID),
    ("ID", ID),
    ("MODEL_ID", ID),
    ("N", "1"),
    ("ROUND_ID", ID),
];
const ID: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";

/// What a block may be of. `sh` is what is typed, `text` what is printed, `console` both: what is typed follows a `$`.
const LANGUAGES: [&str; 8] = ["console", "ini", "json", "sh", "solidity", "text", "toml", "yaml"];

/// Folders whose files are named by their paths.
const FOLDERS: [&str; 23] = [
    "benches/",
    "chain/",
    "contracts/",
    "docs/",
    "economics/",
    "engine/",
    "exchange/",
    "farm/",
    "kernels/",
    "lanes/",
    "marketplace/",
    "marketplace-cli/",
    "models/",
    "packaging/",
    "protocol/",
    "prover/",
    "scripts/",
    "simulation/",
    "statement/",
    "tests/",
    "transcript/",
    "verifier-gen/",
    "web/",
];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Markdown of the site, by its path in the repository.
pub(crate) fn of_the_site() -> Vec<PathBuf> {
    let (mut folders, mut pages) = (vec![PathBuf::from("docs")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("a folder") {
            let path = folder.join(entry.expect("an entry").file_name());
            if root().join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

fn read(page: &Path) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// README and the site.
fn pages() -> Vec<PathBuf> {
    [vec![PathBuf::from("README.md")], of_the_site()].concat()
}

/// A page in its parts.
#[derive(Default)]
struct Parts {
    /// Language, first line and text of each block.
    blocks: Vec<(String, usize, String)>,
    /// All that stands in none.
    prose: String,
}

fn parts(text: &str) -> Parts {
    let (mut parts, mut within) = (Parts::default(), false);
    for (number, line) in text.lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(language) => {
                within = !within;
                if within {
                    parts.blocks.push((language.to_owned(), number + 1, String::new()));
                }
            }
            None if within => {
                let (.., block) = parts.blocks.last_mut().expect("a block");
                block.push_str(line.trim_start());
                block.push('\n');
            }
            None => {
                parts.prose.push_str(line);
                parts.prose.push('\n');
            }
        }
    }
    assert!(!within, "a block has no end");
    parts
}

/// What is typed in a block.
fn typed(language: &str, block: &str) -> Vec<Vec<String>> {
    match language {
        "sh" => shell::commands(block),
        "console" => {
            let lines = block.lines().filter_map(|line| line.strip_prefix("$ "));
            shell::commands(&lines.collect::<Vec<_>>().join("\n"))
        }
        _ => Vec::new(),
    }
}

/// What is wrong with a command, or nothing; programs of others are not looked at.
fn fault(command: &[String]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    if program == "assay" {
        let value = |word: &String| {
            let found = VALUES.iter().find(|(name, _)| name == word);
            found.map_or(word.clone(), |(_, value)| (*value).to_owned())
        };
        let words = std::iter::once(program.clone()).chain(arguments.iter().map(value));
        let refused = Cli::command().try_get_matches_from(words).err()?;
        let shows = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
        return (!shows.contains(&refused.kind())).then(|| refused.to_string());
    }
    let script = root().join(program.strip_prefix("./").unwrap_or(program));
    if !program.contains("scripts/") {
        return None;
    }
    let Ok(text) = fs::read_to_string(&script) else {
        return Some(format!("there is no {program}"));
    };
    let usage: Vec<&str> = text
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with(['#', '/']))
        .collect();
    let usage = usage.join("\n");
    let known = |option: &str| {
        usage
            .split(|c: char| !c.is_alphanumeric() && c != '-')
            .any(|word| word == option)
    };
    let options = arguments.iter().filter(|word| word.starts_with("--"));
    let mut unknown = options.filter(|option| !known(option) && *option != "--help");
    unknown
        .next()
        .map(|option| format!("{program} has no {option} in its usage"))
}

#[test]
fn every_command_in_a_block_is_one() {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for page in pages() {
        for (language, line, block) in parts(&read(&page)).blocks {
            let place = format!("{}:{line}", page.display());
            if !LANGUAGES.contains(&language.as_str()) {
                faults.push(format!("{place}: a block of {language:?}, not of {LANGUAGES:?}"));
            }
            for command in typed(&language, &block) {
                seen += 1;
                let found = fault(&command).map(|why| format!("{place}: {}: {why}", command.join(" ")));
                faults.extend(found);
            }
            let is_typed = |line: &&str| ["assay ", "scripts/", "$ "].iter().any(|start| line.starts_with(start));
            let is_for_commands = ["console", "sh"].contains(&language.as_str());
            if let Some(hidden) = block.lines().filter(|_| !is_for_commands).find(is_typed) {
                faults.push(format!("{place}: {hidden}: a command in a block of {language}"));
            }
        }
    }
    assert!(seen > 100, "{seen}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_command_that_is_none_is_seen() {
    let faults = |text: &str| {
        shell::commands(text)
            .iter()
            .filter_map(|command| fault(command))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        faults("assay mp accept ID --devnet-account 0  # --sett\nassay --version"),
        Vec::<String>::new()
    );
    assert!(faults("cd x && assay mp accept")[0].contains("<ID>"));
    assert!(faults("assay mp accept \\\n  ID --sett")[0].contains("--sett"));
    assert!(faults("assay verdict show 0x12")[0].contains("0x12"));
    assert_eq!(
        faults("scripts/demo --examples 3; scripts/tset"),
        ["there is no scripts/tset"]
    );
    assert_eq!(
        faults("scripts/test --examples"),
        ["scripts/test has no --examples in its usage"]
    );
}

/// The names of a command and those above it, without the program's.
fn chain(command: &[String]) -> Vec<String> {
    let assay = Cli::command();
    let (mut at, mut names) = (&assay, Vec::new());
    for word in command.iter().skip(1) {
        let Some(found) = at.find_subcommand(word) else { break };
        at = found;
        names.push(found.get_name().to_owned());
    }
    names
}

/// Sources of tests that run the program, each in one line.
fn stories() -> Vec<String> {
    // Those that look at the command line alone, and this one.
    let lists = ["arguments.rs", "help.rs", "mentions.rs", "schemas.rs"];
    let (mut folders, mut stories) = (
        vec![root().join("tests"), root().join("marketplace-cli/tests")],
        Vec::new(),
    );
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
        {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && name != "pages" {
                folders.push(path);
            } else if name.ends_with(".rs") && !lists.contains(&name) {
                let text = fs::read_to_string(&path).expect("a source");
                stories.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
    }
    stories
}

#[test]
fn every_command_in_a_block_is_run_by_a_test() {
    let stories = stories();
    let literal = |name: &String| format!("\"{name}\"");
    let mut missing = Vec::new();
    for page in pages() {
        let blocks = parts(&read(&page)).blocks.into_iter();
        let commands = blocks.flat_map(|(language, _, block)| typed(&language, &block));
        for command in commands.filter(|words| words[0] == "assay") {
            let names = chain(&command);
            let words: Vec<String> = names.iter().map(literal).collect();
            let together = words.join(", ");
            // The first page is what stories do, word by word; elsewhere helpers may put the words together.
            let is_run = |story: &String| match page.ends_with("first-ten-minutes.md") {
                true => story.contains(&together),
                false => words.iter().all(|word| story.contains(word)),
            };
            // Nothing runs it as a process: the tests of `simulation` call what it calls.
            if names != ["simulate"] && !stories.iter().any(is_run) {
                missing.push(format!("{}: assay {}", page.display(), names.join(" ")));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// What links name: `[…](this)`.
fn links(prose: &str) -> impl Iterator<Item = &str> {
    prose.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// Names by which headings are linked to.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = parts(text).prose;
    let headings = prose.lines().filter_map(|line| line.strip_prefix('#'));
    let slug = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>()
    };
    headings.map(slug).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let others = [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "contracts/CHALLENGERS.md",
        "contracts/README.md",
        "marketplace/DOCUMENTS.md",
        "models/digits/README.md",
        "models/seven/README.md",
        "models/small/README.md",
        "verifier-gen/README.md",
    ];
    let (mut dead, mut seen) = (Vec::new(), 0);
    for page in pages().into_iter().chain(others.map(PathBuf::from)) {
        let text = read(&page);
        for link in links(&parts(&text).prose).filter(|link| !link.contains("://")) {
            seen += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let to = root().join(page.parent().expect("a folder")).join(file);
            let to = if file.is_empty() { root().join(&page) } else { to };
            let is_there = to.exists();
            let has_anchor = || anchor.is_empty() || anchors(&fs::read_to_string(&to).unwrap()).contains(anchor);
            if !is_there || !has_anchor() {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(seen > 60, "{seen}");
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn every_file_that_is_named_is_there() {
    let mut missing = Vec::new();
    for page in pages() {
        let prose = parts(&read(&page)).prose;
        let spans = prose.split('`').skip(1).step_by(2);
        let paths = spans.filter(|span| FOLDERS.iter().any(|folder| span.starts_with(folder)));
        // A script's options are no part of its path; what a build makes is there after one.
        let paths = paths.filter_map(|span| span.split(' ').next());
        let paths = paths.filter(|path| *path != "web/dist" && !path.contains(['*', '{', '…']));
        for path in paths.filter(|path| !root().join(path).exists()) {
            missing.push(format!("{}: {path}", page.display()));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_page_is_in_the_book() {
    let summary = read(Path::new("docs/SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = links(&summary).map(|link| Path::new("docs").join(link)).collect();
    let mut there: BTreeSet<PathBuf> = of_the_site().into_iter().collect();
    there.remove(Path::new("docs/SUMMARY.md"));
    assert_eq!(there, listed);
}

#[test]
fn readme_fits_two_screens() {
    let lines = read(Path::new("README.md")).lines().count();
    assert!(lines <= 110, "{lines} lines: the pages of docs/ have room");
}

#[test]
fn reference_is_what_the_interfaces_say() {
    let checked = Command::new(root().join("scripts/reference"))
        .arg("--check")
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
