//! How much memory proofs may take.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What a machine has for each row of a circuit if proofs are to be made fast on it, bytes. Those of (0.35, 96) take 7,800 a row.
const FAST_BYTES_PER_ROW: u64 = 1 << 14;

/// Whether what is the same in every proof stays in memory from one to the next. Proofs are the same either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It is computed for each proof.
    Small,
    /// It is kept from the first proof on: more memory, and less time for all that follow.
    Fast,
}

impl Memory {
    /// For circuits of 2^k rows on this machine: fast if the machine, and the control group that this process is in, have more
    /// memory than that takes. Small where nothing says how much there is.
    pub fn of_machine(k: u32) -> Self {
        Self::within(limit(Path::new("/")), k)
    }

    /// Bytes that this process may use at most: what the machine, and the control group that it is in, have; `None` where nothing
    /// says so.
    pub fn of_whole_machine() -> Option<u64> {
        limit(Path::new("/"))
    }

    fn within(bytes: Option<u64>, k: u32) -> Self {
        match bytes {
            Some(bytes) if bytes >> k.min(u64::BITS - 1) >= FAST_BYTES_PER_ROW => Self::Fast,
            _ => Self::Small,
        }
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
    fn the_mode_follows_the_rows_and_small_is_what_an_unknown_machine_gets() {
        let bytes = Some(FAST_BYTES_PER_ROW << 18);
        assert_eq!(Memory::within(bytes, 18), Memory::Fast);
        assert_eq!(Memory::within(bytes, 19), Memory::Small);
        assert_eq!(Memory::within(bytes.map(|bytes| bytes - 1), 18), Memory::Small);
        assert_eq!(Memory::within(None, 1), Memory::Small);
        assert_eq!(("small".parse(), "fast".parse()), (Ok(Memory::Small), Ok(Memory::Fast)));
        assert!("large".parse::<Memory>().is_err());
    }
}
