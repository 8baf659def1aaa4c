//! Where files are handed over, and who serves there.

use alloy::primitives::{Address, B256};
use assay_chain::error::usage;
use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A directory, a file in it, or the URL of an `assay serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Directory or file; need not be there.
    Path(PathBuf),
    /// `http://` or `https://`, as it was typed.
    Server(String),
}

impl FromStr for Place {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        Ok(if is_url {
            Self::Server(text.to_owned())
        } else {
            Self::Path(text.into())
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Server(url) => f.write_str(url),
        }
    }
}

impl Place {
    /// The directory that one engagement has inside this one; a server keeps engagements apart itself.
    pub fn of_engagement(&self, id: B256) -> Self {
        match self {
            Self::Path(dir) => Self::Path(dir.join(id.to_string())),
            Self::Server(_) => self.clone(),
        }
    }

    /// # Errors
    /// For a server: what goes over in clear goes into a directory.
    pub fn directory(&self) -> eyre::Result<&Path> {
        match self {
            Self::Path(dir) => Ok(dir),
            Self::Server(_) => Err(usage("a set in clear is handed over in a directory, not over a server")),
        }
    }
}

/// Who serves at a URL.
#[derive(Debug, Clone, Default)]
pub struct ServerIdentity {
    /// Operator of the server, for whom requests are signed; the other party if nobody is named.
    pub address: Option<Address>,
    /// PEM file with the only certificates to trust.
    pub ca: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: B256 = B256::repeat_byte(1);

    #[test]
    fn what_begins_like_a_url_is_a_server() {
        let parse = |text: &str| text.parse::<Place>().unwrap();
        assert_eq!(parse("https://a:1"), Place::Server("https://a:1".into()));
        assert_eq!(
            parse("http://127.0.0.1:8700"),
            Place::Server("http://127.0.0.1:8700".into())
        );
        for path in ["/mnt/shared", "leaves.json", "https", "c:/x"] {
            assert_eq!(parse(path), Place::Path(path.into()));
        }
        assert_eq!(parse("/a").of_engagement(ID), Place::Path(format!("/a/{ID}").into()));
        assert_eq!(parse("https://a").of_engagement(ID), parse("https://a"));
        assert!(parse("/a").directory().is_ok() && parse("https://a").directory().is_err());
    }
}
