//! Names of files, and the paths of requests about them.

use alloy::primitives::{Keccak256, B256};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobKind {
    /// Hashes of all examples of a test set, before anything is locked.
    Leaves,
    /// A test set, encrypted.
    Cipher,
    /// Proofs about a proven set.
    Proofs,
    /// The inputs of a round of predictions, with their salts.
    Inputs,
    /// The outputs of a round, with what opens them.
    Outputs,
    /// The weights of the network that decides in an audit, opened by the requester.
    Predicate,
    /// Documents of a corpus, opened to their originals.
    Documents,
    /// The documents of demands, encrypted for the requester.
    Parcels,
    /// What shows the whole of an audit to others.
    Package,
}

impl BlobKind {
    /// Every kind, in the order of the protocols.
    pub const ALL: [Self; 9] = [
        Self::Leaves,
        Self::Cipher,
        Self::Proofs,
        Self::Inputs,
        Self::Outputs,
        Self::Predicate,
        Self::Documents,
        Self::Parcels,
        Self::Package,
    ];

    /// As it stands in paths, of requests and of the store.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Leaves => "leaves",
            Self::Cipher => "cipher",
            Self::Proofs => "proofs",
            Self::Inputs => "inputs",
            Self::Outputs => "outputs",
            Self::Predicate => "predicate",
            Self::Documents => "documents",
            Self::Parcels => "parcels",
            Self::Package => "package",
        }
    }
}

impl fmt::Display for BlobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of [`BlobKind::name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no kind of file called {0:?}")]
pub struct UnknownKind(String);

impl FromStr for BlobKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

/// One file of an engagement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Blob {
    /// Whose file it is.
    pub engagement: B256,
    /// What it is for.
    pub kind: BlobKind,
    /// Keccak-256 of the content.
    pub id: B256,
}

/// A complete file, as a store lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listed {
    /// Keccak-256 of the content.
    pub id: B256,
    /// Its length.
    pub bytes: u64,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The complete files of one kind: `/v1/ENGAGEMENT/KIND`.
    List {
        /// Whose files.
        engagement: B256,
        /// Which of them.
        kind: BlobKind,
    },
    /// One file: `/v1/ENGAGEMENT/KIND/ID`.
    Blob(Blob),
}

impl Target {
    /// Reads a path as it stands in the request: nothing is decoded, nothing is normalised, no other spelling of the same
    /// name is understood. So a path leads nowhere but to a file of the store.
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix("/v1/")?.split('/');
        let engagement = word(parts.next()?)?;
        let kind = parts.next()?.parse().ok()?;
        let target = match parts.next() {
            None => Self::List { engagement, kind },
            Some(id) => Self::Blob(Blob {
                engagement,
                kind,
                id: word(id)?,
            }),
        };
        parts.next().is_none().then_some(target)
    }

    /// Whose parties may ask.
    pub fn engagement(&self) -> B256 {
        match self {
            Self::List { engagement, .. } | Self::Blob(Blob { engagement, .. }) => *engagement,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List { engagement, kind } => write!(f, "/v1/{engagement}/{kind}"),
            Self::Blob(Blob { engagement, kind, id }) => write!(f, "/v1/{engagement}/{kind}/{id}"),
        }
    }
}

/// 32 bytes in the one spelling that is written here: `0x`, then lower case.
fn word(text: &str) -> Option<B256> {
    let word = text.parse::<B256>().ok()?;
    (word.to_string() == text).then_some(word)
}

/// The name of what `content` holds.
///
/// # Errors
/// Those of the reader.
pub fn id_of(mut content: impl Read) -> io::Result<B256> {
    let mut hasher = Keccak256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize()),
            Ok(n) => hasher.update(buffer.get(..n).unwrap_or(&buffer)),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::keccak256;

    #[test]
    fn a_target_has_one_spelling() {
        let blob = Blob {
            engagement: B256::repeat_byte(0xab),
            kind: BlobKind::Cipher,
            id: B256::repeat_byte(2),
        };
        let path = Target::Blob(blob).to_string();
        assert_eq!(Target::parse(&path), Some(Target::Blob(blob)));
        let list = format!("/v1/{}/proofs", blob.engagement);
        assert_eq!(Target::parse(&list).unwrap().to_string(), list);
        let other = [
            path.to_uppercase(),
            path.replace("/v1", "/v2"),
            path.replace("0xab", "0xAB"),
            path.replace("0x02", "02"),
            path.replace("cipher", "Cipher"),
            path.replace("cipher", ".."),
            path.replace("/cipher", "//cipher"),
            format!("{path}/"),
            format!("{path}/.."),
            format!("{list}/"),
            format!("{list}/..%2f..%2fetc"),
            format!("/v1/../{path}"),
            "/".into(),
            String::new(),
        ];
        for path in other {
            assert_eq!(Target::parse(&path), None, "{path}");
        }
    }

    #[test]
    fn every_kind_is_found_by_its_name_in_paths_and_in_json() {
        for kind in BlobKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            let list = Target::List {
                engagement: B256::ZERO,
                kind,
            };
            assert_eq!(Target::parse(&list.to_string()), Some(list));
        }
        assert!("parcel".parse::<BlobKind>().is_err());
    }

    #[test]
    fn a_file_is_named_by_its_hash() {
        let content = vec![7; 200_000];
        assert_eq!(id_of(&content[..]).unwrap(), keccak256(&content));
        assert_eq!(id_of(&[][..]).unwrap(), keccak256([]));
    }
}
