//! Documents that are the same file, byte for byte.

use alloy::primitives::B256;
use std::collections::BTreeMap;

/// Those with one hash together, sorted; hashes that only one has are left out.
pub(super) fn groups<T: Ord>(by_hash: impl IntoIterator<Item = (B256, T)>) -> Vec<Vec<T>> {
    let mut same = BTreeMap::<B256, Vec<T>>::new();
    for (hash, document) in by_hash {
        same.entry(hash).or_default().push(document);
    }
    let mut groups: Vec<Vec<T>> = same.into_values().filter(|group| group.len() > 1).collect();
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_unstable();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_what_is_in_them_are_sorted() {
        let hash = B256::repeat_byte;
        let documents = [(hash(9), 4), (hash(1), 5), (hash(9), 0), (hash(1), 3), (hash(2), 2)];
        assert_eq!(groups(documents), [[0, 4], [3, 5]]);
        assert!(groups([(hash(1), 1), (hash(2), 1)]).is_empty());
    }
}
