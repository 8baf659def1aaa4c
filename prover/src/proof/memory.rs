//! How much memory proofs may take.

use crate::circuit::MemoryBytes;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What a machine has for each byte that fast proofs take: the other half is for whatever else runs on it.
const MACHINE_TO_PROOFS: u64 = 2;

/// Whether what is the same in every proof stays in memory from one to the next. Proofs are the same either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It is computed for each proof.
    Small,
    /// It is kept from the first proof on: more memory, and less time for all that follow.
    Fast,
}

impl Memory {
    /// For proofs on this machine that take so much: fast if the machine, and the control group that this process is in, have twice
    /// the memory that they take then. Small where nothing says how much there is.
    pub fn of_machine(needs: &MemoryBytes) -> Self {
        Self::within(Self::of_whole_machine(), needs)
    }

    /// What proofs take in this mode.
    pub fn of(self, needs: &MemoryBytes) -> u64 {
        match self {
            Self::Small => needs.small,
            Self::Fast => needs.fast,
        }
    }

    /// Bytes that this process may use at most: what the machine, and the control group that it is in, have; `None` where nothing
    /// says so.
    pub fn of_whole_machine() -> Option<u64> {
        limit(Path::new("/"))
    }

    fn within(bytes: Option<u64>, needs: &MemoryBytes) -> Self {
        match bytes {
            Some(bytes) if bytes / MACHINE_TO_PROOFS >= needs.fast => Self::Fast,
            _ => Self::Small,
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Small => "small",
            Self::Fast => "fast",
        })
    }
}

/// Neither `small` nor `fast`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is no memory mode: small or fast")]
pub struct MemoryError {
    got: String,
}

impl FromStr for Memory {
    type Err = MemoryError;

    fn from_str(text: &str) -> Result<Self, MemoryError> {
        match text {
            "small" => Ok(Self::Small),
            "fast" => Ok(Self::Fast),
            _ => Err(MemoryError { got: text.into() }),
        }
    }
}

/// The bytes that this process may use at most, as far as Linux says so below `root`: the machine's, and the limits of the
/// control group that the process is in and of all groups around it, of either version.
fn limit(root: &Path) -> Option<u64> {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let machine = read("proc/meminfo").lines().find_map(kibibytes);
    let groups = read("proc/self/cgroup");
    let groups = groups.lines().flat_map(limit_files);
    let limits = groups.filter_map(|file| fs::read_to_string(root.join(file)).ok()?.trim().parse().ok());
    machine.into_iter().chain(limits).min()
}

/// `MemTotal:  16384 kB`
fn kibibytes(line: &str) -> Option<u64> {
    let number = line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?;
    number.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Where the limits of a line `hierarchy:controllers:/path` stand, from the group to the outermost one.
fn limit_files(line: &str) -> Vec<PathBuf> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else {
        return vec![];
    };
    let (mount, file) = if controllers.is_empty() {
        ("sys/fs/cgroup", "memory.max")
    } else if controllers.split(',').any(|controller| controller == "memory") {
        ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
    } else {
        return vec![];
    };
    let groups = Path::new(group.trim_start_matches('/')).ancestors();
    groups.map(|group| Path::new(mount).join(group).join(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_counts_whoever_sets_it() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(limit(root.path()), None);
        write("proc/meminfo", "MemTotal:       16384 kB\nMemFree:           1 kB\n");
        assert_eq!(limit(root.path()), Some(16384 << 10));
        write("proc/self/cgroup", "3:cpu,memory:/a/b\n2:pids:/c\n0::/d/e\nnonsense\n");
        write("sys/fs/cgroup/d/e/memory.max", "max\n");
        write(
            "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
            "9223372036854771712\n",
        );
        write("sys/fs/cgroup/c/memory.max", "1\n");
        assert_eq!(limit(root.path()), Some(16384 << 10));
        write("sys/fs/cgroup/d/memory.max", "9000000\n");
        assert_eq!(limit(root.path()), Some(9_000_000));
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "8000000\n");
        assert_eq!(limit(root.path()), Some(8_000_000));
    }

    #[test]
    fn the_mode_follows_what_proofs_take_and_small_is_what_an_unknown_machine_gets() {
        let needs = MemoryBytes { small: 10, fast: 20 };
        assert_eq!(Memory::within(Some(40), &needs), Memory::Fast);
        assert_eq!(Memory::within(Some(39), &needs), Memory::Small);
        assert_eq!(Memory::within(None, &needs), Memory::Small);
        assert_eq!([Memory::Small, Memory::Fast].map(|mode| mode.of(&needs)), [10, 20]);
        for mode in [Memory::Small, Memory::Fast] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        assert!("large".parse::<Memory>().is_err());
    }
}
