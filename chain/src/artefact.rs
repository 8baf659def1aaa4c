//! What the code of this release is on a chain, from `artefacts/release.json`, and what creates it, from
//! `artefacts/creation.json`. Both are part of the program: nothing is looked for when it runs.

use alloy::primitives::{Address, Bytes, B256, U256};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

const RELEASE: &str = include_str!("../artefacts/release.json");

/// The runtime code of this release's contracts, by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// By name.
    pub contracts: BTreeMap<String, Artefact>,
    /// keccak256 of the creation code, without arguments, of the factory and of every contract with storage.
    pub creation: BTreeMap<String, B256>,
}

/// The runtime code of one contract, but for what differs between deployments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Artefact {
    /// Of the code, in bytes.
    pub length: usize,
    /// Of the code with zeros in the places below.
    pub sha256: B256,
    /// Where each immutable stands, as words of 32 bytes.
    pub immutables: BTreeMap<String, Vec<usize>>,
    /// Where the address of each linked library stands.
    pub libraries: BTreeMap<String, Vec<usize>>,
    /// Where a library's own address stands.
    pub own: Vec<usize>,
}

impl Release {
    /// This release's.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    pub fn this() -> Self {
        serde_json::from_str(RELEASE).expect("scripts/release-artefacts wrote it")
    }

    /// Names this release: what checked deployments are remembered under.
    pub fn hash() -> B256 {
        B256::from_slice(&Sha256::digest(RELEASE))
    }
}

pub(crate) const WORD: usize = 32;

pub(crate) const ADDRESS: usize = 20;

impl Artefact {
    fn places(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let places = |starts: &[usize], length| -> Vec<_> { starts.iter().map(|at| *at..at + length).collect() };
        let words = self.immutables.values().flat_map(move |at| places(at, WORD));
        let libraries = self.libraries.values().flat_map(move |at| places(at, ADDRESS));
        words.chain(libraries).chain(places(&self.own, ADDRESS))
    }

    /// Whether `code` is this contract's, whatever stands in the masked places.
    pub fn is_code(&self, code: &[u8]) -> bool {
        let mut masked = code.to_vec();
        for place in self.places() {
            match masked.get_mut(place) {
                Some(bytes) => bytes.fill(0),
                None => return false,
            }
        }
        masked.len() == self.length && Sha256::digest(&masked)[..] == self.sha256[..]
    }

    /// What keeps the code at `at` from being this contract's with these immutables.
    pub(crate) fn difference(&self, code: &[u8], at: Address, expected: &BTreeMap<&str, U256>) -> Option<String> {
        if code.is_empty() {
            return Some("there is no code".into());
        }
        if !self.is_code(code) || self.own.iter().any(|place| address_at(code, *place) != at) {
            return Some("it has other code".into());
        }
        for (name, places) in &self.immutables {
            let Some(expected) = expected.get(name.as_str()) else {
                return Some(format!("nothing is known about its {name}"));
            };
            // The compiler writes one value everywhere; others need not.
            if let Some(given) = places
                .iter()
                .map(|at| word_at(code, *at))
                .find(|given| given != expected)
            {
                return Some(format!("{name} is {given:#x}, not {expected:#x}"));
            }
        }
        None
    }
}

/// A word of code that [`Artefact::is_code`] has accepted.
pub(crate) fn word_at(code: &[u8], at: usize) -> U256 {
    U256::from_be_slice(&code[at..at + WORD])
}

/// An address in code that [`Artefact::is_code`] has accepted.
pub(crate) fn address_at(code: &[u8], at: usize) -> Address {
    Address::from_slice(&code[at..at + ADDRESS])
}

pub(crate) fn address(word: U256) -> Address {
    Address::from_word(word.into())
}

static CREATION: LazyLock<BTreeMap<String, Creation>> = LazyLock::new(|| {
    let text = include_str!("../artefacts/creation.json");
    serde_json::from_str(text).expect("scripts/release-artefacts wrote it, and a test reads it")
});

/// What creates one contract.
#[derive(Debug, Deserialize)]
struct Creation {
    /// Zeros where the address of a library goes.
    code: Bytes,
    /// Where the address of each library goes.
    libraries: BTreeMap<String, Vec<usize>>,
}

/// Code that creates a contract of this release: linked to `libraries`, with its encoded constructor arguments.
///
/// # Errors
/// If there is no such contract, or a library that it needs is not named.
pub fn creation_code(contract: &str, libraries: &[(&str, Address)], arguments: &[u8]) -> eyre::Result<Bytes> {
    let creation = CREATION.get(contract);
    let creation = creation.ok_or_else(|| eyre::eyre!("this release has no contract {contract}"))?;
    let mut code = creation.code.to_vec();
    for (library, places) in &creation.libraries {
        let named = libraries.iter().find(|(name, _)| name == library);
        let (_, address) = named.ok_or_else(|| eyre::eyre!("{contract} is linked to {library}, which is not named"))?;
        for at in places {
            let place = code.get_mut(*at..at + Address::len_bytes());
            let place = place.ok_or_else(|| eyre::eyre!("{contract} has no byte {at} for {library}"))?;
            place.copy_from_slice(address.as_slice());
        }
    }
    code.extend(arguments);
    Ok(code.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_goes_where_it_is_called_and_nowhere_else() {
        let library = Address::repeat_byte(0xab);
        let code = creation_code("TransferJudge", &[("PoseidonT4", library)], &[7]).unwrap();
        let mut zeros = code.to_vec();
        assert_eq!(zeros.pop(), Some(7));
        for at in &CREATION["TransferJudge"].libraries["PoseidonT4"] {
            assert_eq!(code[*at..at + 20], library[..]);
            zeros[*at..at + 20].fill(0);
        }
        assert_eq!(zeros, CREATION["TransferJudge"].code);
        let error = creation_code("TransferJudge", &[], &[]).unwrap_err();
        assert!(error.to_string().contains("PoseidonT4"), "{error}");
        assert!(creation_code("Nothing", &[], &[]).is_err());
    }
}
