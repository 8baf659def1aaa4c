//! Programs that npm installs: in which `node_modules` folders they may be, and anvil.

use crate::error::hinted;
use std::path::{Path, PathBuf};

/// What `npm install` is told, to install the anvil of this release; `package.json` pins the same.
pub const ANVIL: &str = "@foundry-rs/anvil@1.7.1";

const FOLDER: &str = "node_modules";

/// Where packages may be: those of the checkout that `ASSAY_REPO` names; those of the current directory and of this executable, and
/// upward; those that npm installed for everybody.
pub fn folders() -> Vec<PathBuf> {
    let near = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    let all = named()
        .into_iter()
        .chain(near.into_iter().flat_map(upward))
        .chain(of_npm());
    all.filter(|folder| folder.is_dir()).collect()
}

/// Of a place and every folder that it is in.
fn upward(start: Option<PathBuf>) -> Vec<PathBuf> {
    let folders = start.iter().flat_map(|start| start.ancestors());
    folders.map(|folder| folder.join(FOLDER)).collect()
}

/// Where npm installs for everybody: beside each node on the PATH.
fn of_npm() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let with_node = std::env::split_paths(&path).filter(|folder| folder.join("node").is_file());
    let global = with_node.filter_map(|folder| Some(folder.parent()?.join("lib").join(FOLDER)));
    global.collect()
}

/// Those of the checkout that `ASSAY_REPO` names, and no others: where somebody stands decides nothing.
///
/// # Errors
/// If it names none.
pub fn named() -> eyre::Result<PathBuf> {
    let given = std::env::var_os("ASSAY_REPO").filter(|v| !v.is_empty());
    given.map(|path| Path::new(&path).join(FOLDER)).ok_or_else(|| {
        hinted(
            "no repository with a compiler is named",
            "set ASSAY_REPO to the path of a checkout that you made yourself",
        )
    })
}

/// A program on the PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// The anvil executable: one that npm installed, else the one on the PATH.
///
/// # Errors
/// If there is none, with the command that installs it.
pub fn anvil() -> eyre::Result<PathBuf> {
    // Nothing tells a good one by its bytes, so where somebody stands decides nothing.
    let mut programs = named()
        .into_iter()
        .chain(upward(std::env::current_exe().ok()))
        .chain(of_npm())
        .filter_map(|folder| native(&folder))
        .chain(on_path("anvil"));
    programs.find(|program| program.is_file()).ok_or_else(|| {
        hinted(
            "anvil, which runs a devnet, is not installed",
            format!("run: npm install {ANVIL}"),
        )
    })
}

/// The native program, not npm's wrapper: killing the wrapper would leave the program running. What is installed for everybody has
/// the packages that it needs inside its own.
fn native(folder: &Path) -> Option<PathBuf> {
    let inside = folder.join("@foundry-rs/anvil").join(FOLDER);
    let scopes = [folder, inside.as_path()].map(|folder| folder.join("@foundry-rs"));
    let packages = scopes.iter().flat_map(std::fs::read_dir).flatten().flatten();
    packages
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("anvil-"))
        .map(|entry| entry.path().join("bin/anvil"))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anvil_is_the_native_program_of_the_npm_package() {
        for inside in ["", "@foundry-rs/anvil/node_modules/"] {
            let dir = tempfile::tempdir().unwrap();
            assert_eq!(native(dir.path()), None);
            let program = format!("{inside}@foundry-rs/anvil-linux-amd64/bin/anvil");
            let program = dir.path().join(program);
            std::fs::create_dir_all(program.parent().unwrap()).unwrap();
            std::fs::write(&program, b"").unwrap();
            assert_eq!(native(dir.path()), Some(program));
        }
    }

    #[test]
    fn the_anvil_that_is_asked_for_is_the_pinned_one() {
        let package = include_str!("../../package.json");
        let (name, version) = ANVIL.rsplit_once('@').unwrap();
        assert!(package.contains(&format!("{name:?}: {version:?}")), "{ANVIL}");
    }
}
