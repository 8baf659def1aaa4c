//! The repository, with its compiled contracts and tools.

use crate::error::hinted;
use eyre::WrapErr;
use std::path::{Path, PathBuf};

/// The repository: `foundry.toml` beside `node_modules`, `out` and `scripts`.
#[derive(Debug, Clone)]
pub struct Repository(PathBuf);

impl Repository {
    /// `ASSAY_REPO`, else the first directory with a `foundry.toml` and `contracts/src` from the current directory
    /// upward, then from this executable upward.
    pub fn find() -> eyre::Result<Self> {
        if let Some(given) = std::env::var_os("ASSAY_REPO").filter(|v| !v.is_empty()) {
            return Ok(Self(given.into()));
        }
        let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
        let found = starts.into_iter().flatten().find_map(|start| {
            let is_root = |dir: &&Path| dir.join("foundry.toml").is_file() && dir.join("contracts/src").is_dir();
            start.ancestors().find(is_root).map(Path::to_owned)
        });
        found.map(Self).ok_or_else(|| {
            hinted(
                "the assay repository is not here",
                "run this inside it, or set ASSAY_REPO to its path",
            )
        })
    }

    /// The one that `ASSAY_REPO` names, and no other: a directory that somebody else made may hold programs of theirs.
    ///
    /// # Errors
    /// If it names none.
    pub fn named() -> eyre::Result<Self> {
        let given = std::env::var_os("ASSAY_REPO").filter(|v| !v.is_empty());
        given.map(|path| Self(path.into())).ok_or_else(|| {
            hinted(
                "no repository with a compiler is named",
                "set ASSAY_REPO to the path of a checkout that you made yourself",
            )
        })
    }

    /// Takes the path as it is: nothing is looked for.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// Where `foundry.toml` and `contracts/` are.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// Forge's artifact of a contract, parsed.
    pub fn artifact(&self, contract: &str) -> eyre::Result<serde_json::Value> {
        let path = self
            .0
            .join("out")
            .join(format!("{contract}.sol"))
            .join(format!("{contract}.json"));
        let text = std::fs::read(&path).map_err(|_| {
            hinted(
                format!("the contracts are not compiled: no {}", path.display()),
                "run: scripts/forge build",
            )
        })?;
        serde_json::from_slice(&text).wrap_err_with(|| format!("{} is not an artifact", path.display()))
    }

    /// The anvil executable: the one npm installed here, else the one on the PATH.
    pub fn anvil(&self) -> eyre::Result<PathBuf> {
        // The native program, not npm's wrapper: killing the wrapper would leave the program running.
        let packages = std::fs::read_dir(self.0.join("node_modules/@foundry-rs"))
            .into_iter()
            .flatten()
            .flatten();
        let native = packages
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("anvil-"))
            .map(|entry| entry.path().join("bin/anvil"))
            .find(|path| path.is_file());
        let on_path = || {
            let dirs = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&dirs)
                .map(|dir| dir.join("anvil"))
                .find(|path| path.is_file())
        };
        native.or_else(on_path).ok_or_else(|| {
            hinted(
                "anvil is not installed",
                format!("run: scripts/install (in {})", self.0.display()),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::hint_of;

    #[test]
    fn a_missing_artifact_says_which_command_makes_it() {
        let dir = tempfile::tempdir().unwrap();
        let error = Repository::at(dir.path()).artifact("ModelRegistry").unwrap_err();
        assert_eq!(hint_of(&error).unwrap(), "run: scripts/forge build");
    }

    #[test]
    fn anvil_is_the_native_program_of_the_npm_package() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::fs::write(&program, b"").unwrap();
        assert_eq!(Repository::at(dir.path()).anvil().unwrap(), program);
    }
}
