//! What the system counts of this process.

use eyre::{eyre, WrapErr};

/// Seconds that all threads of this process have run.
pub(crate) fn processor_time() -> eyre::Result<f64> {
    /// Of a second; the same on every Linux.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").wrap_err("processor time is read from /proc")?;
    // The name of the program, in parentheses, may hold anything.
    let (_, rest) = stat
        .rsplit_once(')')
        .ok_or_else(|| eyre!("/proc/self/stat has no name"))?;
    let fields = rest.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap_or_default()).sum();
    Ok(ticks as f64 / TICKS)
}

/// Of this process, bytes: `VmHWM:` is the peak of what is resident, `VmRSS:` what is now.
pub(crate) fn memory(field: &str) -> eyre::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").wrap_err("memory is read from /proc")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .ok_or_else(|| eyre!("no {field} in /proc"))?;
    let kibibytes: u64 = line
        .trim()
        .trim_end_matches(" kB")
        .trim()
        .parse()
        .wrap_err_with(|| format!("{field} is followed by no number"))?;
    Ok(kibibytes * 1024)
}
