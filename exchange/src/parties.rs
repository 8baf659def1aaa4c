//! Who may speak about which engagement, and who may only listen.

use alloy::primitives::{Address, B256};
use eyre::WrapErr;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// What somebody may do with the files of an engagement; more includes less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// List and fetch them.
    Read,
    /// Put files there besides.
    Write,
}

/// The rights of everybody who has some in one engagement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Stated")]
pub struct Rights(BTreeMap<Address, Right>);

/// As a list of parties states them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stated {
    Parties(BTreeSet<Address>),
    Apart(Apart),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Apart {
    parties: BTreeSet<Address>,
    readers: BTreeSet<Address>,
}

impl From<Stated> for Rights {
    fn from(stated: Stated) -> Self {
        match stated {
            Stated::Parties(parties) => Self::of(parties, []),
            Stated::Apart(Apart { parties, readers }) => Self::of(parties, readers),
        }
    }
}

impl Rights {
    /// `parties` may put files there, `readers` only fetch them; whoever is both is a party.
    pub fn of(parties: impl IntoIterator<Item = Address>, readers: impl IntoIterator<Item = Address>) -> Self {
        let mut rights = Self::default();
        rights.allow(readers, Right::Read);
        rights.allow(parties, Right::Write);
        rights
    }

    /// Gives each address a right, unless it has more.
    pub fn allow(&mut self, addresses: impl IntoIterator<Item = Address>, right: Right) {
        for address in addresses {
            let has = self.0.entry(address).or_insert(right);
            *has = right.max(*has);
        }
    }

    /// Adds those of another list.
    pub fn extend(&mut self, others: Self) {
        for (address, right) in others.0 {
            self.allow([address], right);
        }
    }

    /// What `address` may do; `None` if nothing.
    pub fn right_of(&self, address: Address) -> Option<Right> {
        self.0.get(&address).copied()
    }
}

/// Rights by engagement.
pub type Table = BTreeMap<B256, Rights>;

/// Reads `{"<engagement>": ["<address>", …], …}`, where the list may be `{"parties": […], "readers": […]}` instead.
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
        self.give(engagement, addresses, Right::Write);
    }

    /// Lets `addresses` list and fetch the files of an engagement, but put none there.
    pub fn allow_to_read(&self, engagement: B256, addresses: impl IntoIterator<Item = Address>) {
        self.give(engagement, addresses, Right::Read);
    }

    fn give(&self, engagement: B256, addresses: impl IntoIterator<Item = Address>, right: Right) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        table.entry(engagement).or_default().allow(addresses, right);
    }

    /// Lets nobody speak about an engagement any more.
    pub fn remove(&self, engagement: B256) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        table.remove(&engagement);
    }

    /// What `address` may do with the files of an engagement; `None` if it is nobody there.
    pub fn right_of(&self, engagement: B256, address: Address) -> Option<Right> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.get(&engagement)?.right_of(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: B256 = B256::repeat_byte(1);
    const ONE: Address = Address::repeat_byte(1);
    const TWO: Address = Address::repeat_byte(2);
    const THREE: Address = Address::repeat_byte(3);

    #[test]
    fn parties_of_one_engagement_are_none_of_another() {
        let parties = Parties::default();
        let shared = parties.clone();
        parties.allow(ID, [ONE]);
        parties.allow(ID, [TWO]);
        parties.allow_to_read(ID, [THREE]);
        let rights = [ONE, TWO, THREE, Address::ZERO].map(|address| shared.right_of(ID, address));
        assert_eq!(
            rights,
            [Some(Right::Write), Some(Right::Write), Some(Right::Read), None]
        );
        assert_eq!(shared.right_of(B256::ZERO, ONE), None);
        parties.remove(ID);
        assert_eq!(shared.right_of(ID, ONE), None);
    }

    #[test]
    fn whoever_is_party_and_reader_is_a_party_in_any_order() {
        for order in [[Right::Read, Right::Write], [Right::Write, Right::Read]] {
            let mut rights = Rights::default();
            order.into_iter().for_each(|right| rights.allow([ONE], right));
            assert_eq!(rights.right_of(ONE), Some(Right::Write));
            let mut more = Rights::of([], [ONE, TWO]);
            more.extend(rights);
            assert_eq!(more, Rights::of([ONE], [TWO, ONE]));
        }
    }

    #[test]
    fn a_list_is_read_and_replaces_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("parties.json");
        let parties = Parties::default();
        parties.allow(ID, [ONE]);
        std::fs::write(&path, format!("{{\"{ID}\": [\"{TWO}\"]}}")).unwrap();
        parties.replace(read(&path).unwrap());
        assert_eq!(parties.right_of(ID, ONE), None);
        assert_eq!(parties.right_of(ID, TWO), Some(Right::Write));
        let apart = format!("{{\"{ID}\": {{\"parties\": [\"{TWO}\"], \"readers\": [\"{THREE}\"]}}}}");
        std::fs::write(&path, apart).unwrap();
        assert_eq!(read(&path).unwrap()[&ID], Rights::of([TWO], [THREE]));
        let wrong = [
            "{".to_owned(),
            "[]".to_owned(),
            "{\"1\": []}".to_owned(),
            "{\"0x01\": [\"0x02\"]}".to_owned(),
            format!("{{\"{ID}\": {{\"readers\": [\"{TWO}\"]}}}}"),
            format!("{{\"{ID}\": {{\"parties\": [], \"readers\": [], \"writers\": []}}}}"),
        ];
        for text in wrong {
            std::fs::write(&path, &text).unwrap();
            assert!(read(&path).is_err(), "{text}");
        }
    }
}
