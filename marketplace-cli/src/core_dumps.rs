//! What this process holds in memory, keys and passwords among it, is in no core dump.

use std::io;

/// No core file is written, and none handed to a program that collects them; on Linux no other process of the same user looks into
/// the memory either.
///
/// # Errors
/// If the system refuses.
#[cfg(unix)]
pub fn none() -> io::Result<()> {
    use rustix::process::{setrlimit, Resource, Rlimit};
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, nothing)?;
    // What is piped to a program ignores the limit.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Elsewhere nothing is known to be written.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn none() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use rustix::process::{dumpable_behavior, DumpableBehavior};

    #[test]
    fn this_process_is_not_dumped() {
        none().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
