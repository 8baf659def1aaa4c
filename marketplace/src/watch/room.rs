//! How much is taken on at one time.

use alloy::primitives::B256;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was taken on and is not closed: at most so many at one time.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    open: Mutex<BTreeSet<B256>>,
}

impl Room {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            open: Mutex::default(),
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<B256>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more may be taken on.
    pub(super) fn is_left(&self) -> bool {
        self.open().len() < self.most
    }

    /// Whether this one has a place, or one is left for it.
    pub(super) fn is_left_for(&self, id: B256) -> bool {
        let open = self.open();
        open.contains(&id) || open.len() < self.most
    }

    /// Takes its place, if there is one: two turns that take something on at one time both count. It keeps the one that it has.
    pub(super) fn enter(&self, id: B256) -> bool {
        let mut open = self.open();
        if open.len() >= self.most && !open.contains(&id) {
            return false;
        }
        open.insert(id);
        true
    }

    /// Notes whether it is open, as the chain says.
    pub(super) fn note(&self, id: B256, is_open: bool) {
        let mut open = self.open();
        match is_open {
            true => open.insert(id),
            false => open.remove(&id),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_enter_than_may_be_open_whatever_the_chain_has_besides() {
        let (room, id) = (Room::new(2), B256::repeat_byte);
        assert!(room.enter(id(1)) && room.is_left());
        assert!(room.enter(id(2)) && !room.is_left());
        assert!(!room.enter(id(3)) && !room.is_left_for(id(3)));
        assert!(room.is_left_for(id(2)) && room.enter(id(2)), "it has its place");
        room.note(id(1), false);
        assert!(room.is_left());
        // Taken on by hand.
        room.note(id(4), true);
        room.note(id(5), true);
        room.note(id(2), false);
        assert!(!room.is_left() && !room.enter(id(6)));
    }
}
