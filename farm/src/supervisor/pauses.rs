//! Growing pauses, and times that are not the same on all machines.

use rand::Rng;
use std::time::Duration;

/// Pauses between tries, twice as long each time.
#[derive(Debug)]
pub(super) struct Pauses {
    next: Duration,
    first: Duration,
    longest: Duration,
}

impl Pauses {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            next: first,
            first,
            longest,
        }
    }

    /// How long to wait now.
    pub(super) fn pause(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 2).min(self.longest);
        about(now)
    }

    /// It worked.
    pub(super) fn over(&mut self) {
        self.next = self.first;
    }
}

/// Between half and the whole of a time.
pub(super) fn about(time: Duration) -> Duration {
    time.mul_f64(rand::thread_rng().gen_range(0.5..=1.0))
}

/// Anything up to a time.
pub(super) fn within(time: Duration) -> Duration {
    time.mul_f64(rand::thread_rng().gen_range(0.0..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_begin_anew() {
        let second = Duration::from_secs(1);
        let mut pauses = Pauses::new(second, second * 5);
        let waits: Vec<Duration> = (0..5).map(|_| pauses.pause()).collect();
        for (wait, longest) in waits.iter().zip([1, 2, 4, 5, 5]) {
            assert!(second * longest / 2 <= *wait && *wait <= second * longest, "{waits:?}");
        }
        pauses.over();
        assert!(pauses.pause() <= second);
    }
}
