//! Processor time, so that neighbours count less, or wall time.

use std::time::{Duration, Instant};

/// A start in processor time, so that neighbours count less, or in wall time.
pub(super) enum Clock {
    Processor(Duration),
    Wall(Instant),
}

impl Clock {
    /// Starts; in processor time if `single` and if it is to be had.
    pub(super) fn start(single: bool) -> Self {
        match processor_time().filter(|_| single) {
            Some(time) => Self::Processor(time),
            None => Self::Wall(Instant::now()),
        }
    }

    /// Since the start.
    pub(super) fn elapsed(&self) -> Duration {
        match self {
            Self::Processor(start) => processor_time().unwrap_or(*start).saturating_sub(*start),
            Self::Wall(start) => start.elapsed(),
        }
    }
}

/// What all threads of this process have run for: the first number of each `schedstat`, in nanoseconds.
fn processor_time() -> Option<Duration> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let mut total = 0;
    for task in tasks {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        total += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(total))
}
