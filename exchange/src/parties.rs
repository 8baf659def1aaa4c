//! Who may speak about which engagement.

use alloy::primitives::{Address, B256};
use eyre::WrapErr;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// Parties by engagement.
pub type Table = BTreeMap<B256, BTreeSet<Address>>;

/// Reads `{"<engagement>": ["<address>", …], …}`.
///
/// # Errors
/// If the file cannot be read or says something else.
pub fn read(path: &Path) -> eyre::Result<Table> {
    let text = std::fs::read(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).wrap_err_with(|| format!("{} is no list of parties", path.display()))
}

/// The allow list of a server. Clones share it: what one adds, all see at once.
#[derive(Debug, Clone, Default)]
pub struct Parties(Arc<RwLock<Table>>);

impl Parties {
    /// Replaces the whole list.
    pub fn replace(&self, table: Table) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = table;
    }

    /// Lets `addresses` speak about an engagement, beside those who may already.
    pub fn allow(&self, engagement: B256, addresses: impl IntoIterator<Item = Address>) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        table.entry(engagement).or_default().extend(addresses);
    }

    /// Lets nobody speak about an engagement any more.
    pub fn remove(&self, engagement: B256) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        table.remove(&engagement);
    }

    /// Whether `address` is a party of the engagement.
    pub fn may(&self, engagement: B256, address: Address) -> bool {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.get(&engagement).is_some_and(|parties| parties.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: B256 = B256::repeat_byte(1);
    const ONE: Address = Address::repeat_byte(1);
    const TWO: Address = Address::repeat_byte(2);

    #[test]
    fn parties_of_one_engagement_are_none_of_another() {
        let parties = Parties::default();
        let shared = parties.clone();
        parties.allow(ID, [ONE]);
        parties.allow(ID, [TWO]);
        assert!(shared.may(ID, ONE) && shared.may(ID, TWO));
        assert!(!shared.may(ID, Address::ZERO) && !shared.may(B256::ZERO, ONE));
        parties.remove(ID);
        assert!(!shared.may(ID, ONE));
    }

    #[test]
    fn a_list_is_read_and_replaces_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("parties.json");
        let parties = Parties::default();
        parties.allow(ID, [ONE]);
        std::fs::write(&path, format!("{{\"{ID}\": [\"{TWO}\"]}}")).unwrap();
        parties.replace(read(&path).unwrap());
        assert!(!parties.may(ID, ONE) && parties.may(ID, TWO));
        for text in ["{", "[]", "{\"1\": []}", "{\"0x01\": [\"0x02\"]}"] {
            std::fs::write(&path, text).unwrap();
            assert!(read(&path).is_err(), "{text}");
        }
    }
}
