//! Which module uses which: the table in `lib.rs`, from low to high, is all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Rows of the table: a module and what it may use.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let text = fs::read_to_string(src().join("lib.rs")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("//! | [`")?.split('|').collect();
        let name = cells[0].split('`').next()?.to_owned();
        // Names stand between backticks.
        let may_use = cells[cells.len() - 2].split('`').skip(1).step_by(2);
        Some((name, may_use.map(str::to_owned).collect()))
    };
    text.lines().filter_map(row).collect()
}

/// Every file but `lib.rs`, as path below `src` without ending, with its code.
fn files() -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![src()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(src()).unwrap().with_extension("");
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            found.insert(name.to_str().unwrap().to_owned(), code.map(str::to_owned).collect());
        }
    }
    found.remove("lib").expect("the root");
    found
}

/// The paths in a line that begin with `start`, without it.
fn paths<'a>(line: &'a str, start: &'a str) -> impl Iterator<Item = Vec<&'a str>> {
    let path = |text: &'a str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        text[..end.unwrap_or(text.len())].split("::").collect()
    };
    line.split(start).skip(1).map(path)
}

#[test]
fn modules_use_those_the_table_names_and_no_others() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, code) in files() {
        let module = file.split('/').next().unwrap().to_owned();
        let uses = used.entry(module.clone()).or_default();
        for line in code {
            for path in paths(&line, "crate::") {
                assert!(
                    !path[0].is_empty(),
                    "{file}: one path a line, so that arrows can be read: {line}"
                );
                uses.extend((path[0] != module).then(|| path[0].to_owned()));
            }
            // From the root of a module `super` is the crate.
            let root = !file.contains('/') || file.matches('/').count() == 1 && file.ends_with("/mod");
            let out = line.contains("super::super::") || root && paths(&line, "super::").any(|p| !p[0].is_empty());
            assert!(
                !out,
                "{file}: what is outside the module is named from crate::, so that arrows can be read: {line}"
            );
        }
    }
    let table: BTreeMap<_, _> = table().into_iter().collect();
    let modules: Vec<_> = used.keys().collect();
    assert_eq!(
        modules,
        table.keys().collect::<Vec<_>>(),
        "modules, and rows of the table in lib.rs"
    );
    let arrows = |of: &BTreeMap<String, BTreeSet<String>>| -> BTreeSet<String> {
        let of_module = |(module, uses): (&String, &BTreeSet<String>)| {
            let arrow = |used| format!("{module} → {used}");
            uses.iter().map(arrow).collect::<Vec<_>>()
        };
        of.iter().flat_map(of_module).collect()
    };
    let (code, table) = (arrows(&used), arrows(&table));
    let unnamed: Vec<_> = code.difference(&table).collect();
    assert!(
        unnamed.is_empty(),
        "the table in prover/src/lib.rs does not allow {unnamed:?}"
    );
    let unused: Vec<_> = table.difference(&code).collect();
    assert!(
        unused.is_empty(),
        "the table in prover/src/lib.rs names what nothing uses: {unused:?}"
    );
}

#[test]
fn the_table_goes_from_low_to_high() {
    let mut above = BTreeSet::new();
    for (module, uses) in table() {
        let higher: Vec<_> = uses.difference(&above).collect();
        assert!(
            higher.is_empty(),
            "{module} uses {higher:?}, which do not stand above it in the table"
        );
        above.insert(module);
    }
}
