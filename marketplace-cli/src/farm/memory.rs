//! What of the machine's memory is free: of the control group's, where that is less.

use std::path::{Path, PathBuf};

/// Bytes that are free now; `None` where nothing says so.
pub fn free() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| available(&text));
    let group = std::fs::read_to_string("/proc/self/cgroup").ok();
    let group = group.and_then(|text| left_of_group(&folder_of_group(&text)?));
    [machine, group].into_iter().flatten().min()
}

/// Of `/proc/meminfo`.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Of `/proc/self/cgroup`, version 2.
fn folder_of_group(text: &str) -> Option<PathBuf> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(Path::new("/sys/fs/cgroup").join(path.trim().trim_start_matches('/')))
}

/// The limit less what is used and cannot be given back at once.
fn left_of_group(folder: &Path) -> Option<u64> {
    let number = |name: &str| {
        std::fs::read_to_string(folder.join(name))
            .ok()?
            .trim()
            .parse::<u64>()
            .ok()
    };
    let cached = std::fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let cached = cached.lines().find_map(|line| line.strip_prefix("inactive_file "));
    let cached: u64 = cached.and_then(|text| text.parse().ok()).unwrap_or(0);
    let used = number("memory.current")?.saturating_sub(cached);
    Some(number("memory.max")?.saturating_sub(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_with_a_limit_has_what_is_left_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        assert_eq!(left_of_group(dir.path()), None);
        write("memory.current", "700\n");
        write("memory.max", "max\n");
        assert_eq!(left_of_group(dir.path()), None, "no limit");
        write("memory.max", "1000\n");
        assert_eq!(left_of_group(dir.path()), Some(300));
        write("memory.stat", "anon 5\ninactive_file 200\n");
        assert_eq!(left_of_group(dir.path()), Some(500));
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:   8 kB\n"), Some(8192));
        assert_eq!(folder_of_group("0::/a/b\n").unwrap(), Path::new("/sys/fs/cgroup/a/b"));
    }
}
