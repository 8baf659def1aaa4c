//! No file uses itself through others, in no crate: whoever reads one need not know what stands above it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Folders of the crates that programs are made of.
fn crates() -> Vec<String> {
    let manifest = fs::read_to_string(e2e::root().join("Cargo.toml")).expect("a manifest");
    let members = manifest.split("members = [").nth(1).expect("members");
    let members = members.split(']').next().expect("the list ends");
    let names = members.split(',').map(|name| name.trim().trim_matches('"').to_owned());
    let programs = names.filter(|name| !["benches", "tests"].contains(&name.as_str()));
    programs.collect()
}

/// The files of a crate by module path (`a/b` for `a/b.rs`, `a/mod` for `a/mod.rs`), as words and signs, without comments and
/// tests: tests use what they test.
fn files(src: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("text");
            let code = text.split("\n#[cfg(test)]").next().expect("a part");
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let name = path.strip_prefix(src).expect("inside").with_extension("");
            found.insert(
                name.to_str().expect("a name").to_owned(),
                lines.flat_map(tokens).collect(),
            );
        }
    }
    found
}

/// Words, `::`, and other signs one by one.
fn tokens(line: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in line.chars().chain([' ']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            found.push(std::mem::take(&mut word));
        }
        match found.last_mut() {
            Some(last) if c == ':' && last == ":" => last.push(':'),
            _ if c.is_whitespace() => {}
            _ => found.push(c.to_string()),
        }
    }
    found
}

/// Every path that begins with `start`, trees of `use` taken apart; without `start`.
fn paths(code: &[String], start: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, token) in code.iter().enumerate() {
        let begins = token == start && (at == 0 || code[at - 1] != "::");
        if begins && code.get(at + 1).is_some_and(|next| next == "::") {
            branches(code, at + 2, &[], &mut found);
        }
    }
    found
}

/// Adds the paths of the tree at `at` behind `trunk`; where it ends.
fn branches(code: &[String], mut at: usize, trunk: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = trunk.to_vec();
    while let Some(token) = code.get(at) {
        if token == "{" {
            at += 1;
            while code.get(at).is_some_and(|token| token != "}") {
                at = branches(code, at, &path, found);
                if code.get(at).is_some_and(|token| token == ",") {
                    at += 1;
                }
            }
            return at + 1;
        }
        path.push(token.clone());
        at += 1;
        if code.get(at).is_none_or(|token| token != "::") {
            break;
        }
        at += 1;
    }
    found.push(path);
    // The rest of `x as y`.
    while code
        .get(at)
        .is_some_and(|token| ![",", "}", ";"].contains(&token.as_str()))
        && !trunk.is_empty()
    {
        at += 1;
    }
    at
}

/// Names that a folder's own file hands on from its children.
fn handed_on(code: &[String]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (at, token) in code.iter().enumerate() {
        let before: Vec<&str> = code[..at].iter().rev().take(4).map(String::as_str).collect();
        let is_public = matches!(before[..], ["pub", ..] | [")", _, "(", "pub"]);
        if token == "use" && is_public {
            let mut paths = Vec::new();
            branches(code, at + 1, &[], &mut paths);
            for path in paths {
                if let (Some(child), Some(name)) = (path.first(), path.last()) {
                    found.insert(name.clone(), child.clone());
                }
            }
        }
    }
    found
}

/// The file that declares what is in a folder.
fn own_file(files: &BTreeMap<String, Vec<String>>, folder: &str) -> String {
    let inside = format!("{folder}/mod");
    match folder {
        "" => "lib".to_owned(),
        _ if files.contains_key(&inside) => inside,
        folder => folder.to_owned(),
    }
}

/// Where a path from within `folder` leads: down to a file, or to the own file of the folder where it ends.
fn target(files: &BTreeMap<String, Vec<String>>, folder: &str, path: &[String]) -> Option<String> {
    let within = |name: &str| match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    let own = own_file(files, folder);
    if let [name, rest @ ..] = path {
        let below = format!("{}/", within(name));
        if files.keys().any(|file| file.starts_with(&below)) {
            return target(files, &within(name), rest);
        }
        if files.contains_key(&within(name)) {
            return Some(within(name));
        }
        if let Some(child) = files.get(&own).and_then(|code| handed_on(code).remove(name)) {
            if child != *name && files.keys().any(|file| *file == within(&child)) {
                return Some(within(&child));
            }
        }
    }
    files.contains_key(&own).then_some(own)
}

/// Which file uses which.
fn arrows(files: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, BTreeSet<String>> {
    let mut arrows = BTreeMap::new();
    for (file, code) in files {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let parent = |folder: &str| {
            folder
                .rsplit_once('/')
                .map_or(String::new(), |(above, _)| above.to_owned())
        };
        let mut uses: BTreeSet<String> = BTreeSet::new();
        uses.extend(paths(code, "crate").iter().filter_map(|path| target(files, "", path)));
        for path in paths(code, "super") {
            // The folder, or of a folder's own file the one above; and further up for each `super` more.
            let ups = path.iter().take_while(|name| *name == "super").count();
            let first = if name == "mod" {
                parent(folder)
            } else {
                folder.to_owned()
            };
            let above = (0..ups).fold(first, |folder, _| parent(&folder));
            uses.extend(target(files, &above, &path[ups..]));
        }
        // What a folder's own file declares it brings up, or calls as methods of a type that both know.
        let inside = match (name, folder) {
            ("mod", _) => Some(folder.to_owned()),
            ("lib", "") => Some(String::new()),
            _ => files
                .keys()
                .any(|other| other.starts_with(&format!("{file}/")))
                .then(|| file.clone()),
        };
        if let Some(inside) = inside {
            let declared = code.windows(3).filter(|words| words[0] == "mod" && words[2] == ";");
            uses.extend(declared.filter_map(|words| target(files, &inside, &words[1..2])));
        }
        uses.remove(file);
        arrows.insert(file.clone(), uses);
    }
    arrows
}

/// What is left when the lowest and the highest are taken away again and again: circles, and what stands between two of them.
fn circles(mut arrows: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    loop {
        let used: BTreeSet<String> = arrows.values().flatten().cloned().collect();
        let end = arrows
            .iter()
            .find(|(file, uses)| uses.is_empty() || !used.contains(*file));
        let Some(end) = end.map(|(file, _)| file.clone()) else {
            return arrows;
        };
        arrows.remove(&end);
        arrows.values_mut().for_each(|uses| {
            uses.remove(&end);
        });
    }
}

#[test]
fn no_file_uses_itself_through_others() {
    let crates = crates();
    assert!(crates.len() > 8, "{crates:?}");
    for name in crates {
        let files = files(&e2e::root().join(&name).join("src"));
        let arrows = arrows(&files);
        let read: usize = arrows.values().map(BTreeSet::len).sum();
        assert!(read > 0 || files.len() < 4, "{name}: no arrow was read");
        let circles = circles(arrows);
        assert!(circles.is_empty(), "{name}, in a circle: {circles:#?}");
    }
}

#[test]
fn a_circle_through_a_tree_of_names_is_seen() {
    let code = |text: &str| text.lines().flat_map(tokens).collect::<Vec<_>>();
    let mut files = BTreeMap::from([
        ("lib".to_owned(), code("pub mod a; mod d;")),
        (
            "a/mod".to_owned(),
            code("pub mod b; pub mod c; pub use b::{Bee as Bumble, Wasp};"),
        ),
        ("a/b".to_owned(), code("use crate::{d::{D, e}, x};")),
        ("a/c".to_owned(), code("use super::Wasp; fn f() { crate::d::g() }")),
        ("d".to_owned(), code("mod inner; fn g() {}")),
        ("d/inner".to_owned(), code("use super::super::a::c;")),
    ]);
    let seen = arrows(&files);
    let to = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(seen["a/c"], to(&["a/b", "d"]));
    assert_eq!(seen["a/b"], to(&["d", "lib"]));
    assert_eq!(seen["a/mod"], to(&["a/b", "a/c"]));
    assert_eq!((&seen["d"], &seen["d/inner"]), (&to(&["d/inner"]), &to(&["a/c"])));
    let circle: Vec<String> = circles(seen).into_keys().collect();
    assert!(
        ["a/c", "d", "d/inner"]
            .iter()
            .all(|name| circle.contains(&(*name).to_owned())),
        "{circle:?}"
    );
    // What a crate's root defines and its children use.
    files.insert("a/b".to_owned(), code("use crate::d::D;"));
    files.insert("d/inner".to_owned(), code("use crate::Thing;"));
    let circle: Vec<String> = circles(arrows(&files)).into_keys().collect();
    assert!(
        circle.contains(&"lib".to_owned()) && circle.contains(&"d/inner".to_owned()),
        "{circle:?}"
    );
    files.insert("d/inner".to_owned(), code("use std::fmt;"));
    assert_eq!(circles(arrows(&files)), BTreeMap::new());
}
