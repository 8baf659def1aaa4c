//! Each signed request once.

use super::auth::Stamp;
use alloy::primitives::B256;
use std::collections::BTreeSet;

/// Nonces that are remembered at one time.
const MAX_NONCES: usize = 1 << 17;

/// Why a signed request is not served now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFresh {
    /// Too old, too far in the future, or from before this server started.
    Stale,
    /// This very stamp was served before.
    Replayed,
    /// More requests than can be remembered.
    Busy,
}

/// The requests that were served lately.
#[derive(Debug)]
pub struct Served {
    /// A request counts for this long before and after its time, ms.
    skew: u64,
    /// What was served before this time is not known any more, hence not served again. Never falls, whatever the clock
    /// does.
    oldest: u64,
    /// (time, nonce), oldest first.
    seen: BTreeSet<(u64, B256)>,
}

impl Served {
    /// Nothing served yet; what was signed before `now` never will be. Both in milliseconds.
    pub fn new(skew: u64, now: u64) -> Self {
        Self {
            skew,
            oldest: now,
            seen: BTreeSet::new(),
        }
    }

    /// Notes a request, whose signature has been checked.
    ///
    /// # Errors
    /// If it must not be served.
    pub fn admit(&mut self, stamp: &Stamp, now: u64) -> Result<(), NotFresh> {
        self.oldest = self.oldest.max(now.saturating_sub(self.skew));
        self.seen = self.seen.split_off(&(self.oldest, B256::ZERO));
        if !(self.oldest..=now.saturating_add(self.skew)).contains(&stamp.time) {
            return Err(NotFresh::Stale);
        }
        let entry = (stamp.time, stamp.nonce);
        if self.seen.contains(&entry) {
            return Err(NotFresh::Replayed);
        }
        if self.seen.len() >= MAX_NONCES {
            return Err(NotFresh::Busy);
        }
        self.seen.insert(entry);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(time: u64, nonce: u8) -> Stamp {
        Stamp {
            time,
            nonce: B256::repeat_byte(nonce),
            body: B256::ZERO,
        }
    }

    #[test]
    fn a_request_is_served_once_and_only_around_its_time() {
        let mut served = Served::new(100, 1000);
        assert_eq!(served.admit(&stamp(1000, 1), 1000), Ok(()));
        assert_eq!(served.admit(&stamp(1000, 1), 1050), Err(NotFresh::Replayed));
        assert_eq!(served.admit(&stamp(1000, 2), 1100), Ok(()));
        assert_eq!(served.admit(&stamp(1000, 1), 1100), Err(NotFresh::Replayed));
        assert_eq!(served.admit(&stamp(1000, 1), 1101), Err(NotFresh::Stale));
        assert_eq!(served.admit(&stamp(1201, 1), 1101), Ok(()));
        assert_eq!(served.admit(&stamp(1202, 1), 1101), Err(NotFresh::Stale));
        assert_eq!(served.admit(&stamp(1201, 1), 1301), Err(NotFresh::Replayed));
        assert_eq!(served.admit(&stamp(1201, 1), 1302), Err(NotFresh::Stale));
    }

    #[test]
    fn what_may_have_been_served_before_a_restart_is_stale() {
        let mut served = Served::new(100, 1000);
        assert_eq!(served.admit(&stamp(999, 1), 1000), Err(NotFresh::Stale));
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_fresh_again() {
        let mut served = Served::new(100, 1000);
        assert_eq!(served.admit(&stamp(1100, 1), 1100), Ok(()));
        assert_eq!(served.admit(&stamp(1300, 2), 1300), Ok(()));
        assert_eq!(served.admit(&stamp(1100, 1), 1100), Err(NotFresh::Stale));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_forgotten_in_time() {
        let mut served = Served::new(100, 0);
        for i in 0..MAX_NONCES {
            let stamp = Stamp {
                time: 50,
                nonce: B256::from(alloy::primitives::U256::from(i)),
                body: B256::ZERO,
            };
            assert_eq!(served.admit(&stamp, 50), Ok(()));
        }
        assert_eq!(served.admit(&stamp(50, 0xff), 50), Err(NotFresh::Busy));
        assert_eq!(served.admit(&stamp(151, 1), 151), Ok(()));
        assert_eq!(served.seen.len(), 1);
    }
}
