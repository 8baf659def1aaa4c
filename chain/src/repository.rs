//! A checkout of the repository: models of the demos, and contracts as they are compiled there. Only demos and tests need one.

use crate::error::hinted;
use eyre::WrapErr;
use std::path::{Path, PathBuf};

/// The repository: `foundry.toml` beside `models`, `out` and `scripts`.
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
}
