//! The address of a node: where requests go, and what of it may be shown.

use crate::error::{Error, Kind};
use alloy::transports::http::reqwest::Url;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Parts of an address that are shorter than this are no keys, and too likely to stand in a text by chance.
const SHORTEST_KEY: usize = 8;

/// Path, query, fragment and user of a node's address may hold a key: only scheme, host and port are ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeUrl {
    url: Url,
    /// As it was given, before it was parsed.
    given: String,
}

impl FromStr for NodeUrl {
    type Err = Error;

    /// # Errors
    /// For anything but an absolute http or https URL; the error does not quote it.
    fn from_str(given: &str) -> Result<Self, Error> {
        Self::of_option("--rpc-url", given)
    }
}

/// What `HOST:PORT` stands for, as far as it may be shown; text without a port may be anything, also a key.
fn without_scheme(given: &str) -> Option<NodeUrl> {
    if given.contains("://") {
        return None;
    }
    let meant: NodeUrl = format!("http://{given}").parse().ok()?;
    meant.url.port().is_some().then_some(meant)
}

impl NodeUrl {
    /// The address that is the value of this option.
    ///
    /// # Errors
    /// For anything but an absolute http or https URL; the error names the option and does not quote the value.
    pub fn of_option(option: &str, given: &str) -> Result<Self, Error> {
        let refused = |why: String| Error::new(Kind::Usage, format!("{option} {why}"));
        if let Some(meant) = without_scheme(given.trim()) {
            return Err(refused(format!("has no scheme: write {meant}")));
        }
        let url: Url = given
            .trim()
            .parse()
            .map_err(|e| refused(format!("is not a URL: {e}; wanted is https://HOST[:PORT][/PATH]")))?;
        match url.scheme() {
            "http" | "https" => Ok(Self {
                url,
                given: given.trim().to_owned(),
            }),
            "ws" | "wss" => Err(refused("is a websocket; use the http or https address".into())),
            _ => Err(refused("does not begin with http:// or https://".into())),
        }
    }

    /// Whether it leads to this machine only, as far as can be seen without asking for a name.
    pub fn is_loopback(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether there is more to it than what is shown: a path, a query, a fragment or a user, any of which may be a key.
    pub fn holds_more(&self) -> bool {
        let url = &self.url;
        !matches!(url.path(), "" | "/")
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some()
    }

    /// With everything that it holds.
    pub fn secret(&self) -> &Url {
        &self.url
    }

    /// The text with nothing but scheme, host and port of this address, however a library writes it.
    pub fn redact(&self, text: &str) -> String {
        let shown = self.to_string();
        let mut without_user = self.url.clone();
        // Only addresses without a host have no place for a user.
        let _ = without_user.set_username("");
        let _ = without_user.set_password(None);
        let whole = [self.given.as_str(), self.url.as_str(), without_user.as_str()];
        let mut secrets: Vec<&str> = whole.into_iter().map(|url| url.trim_end_matches('/')).collect();
        let parts = self.url.path().split('/');
        let parts = parts.chain(self.url.query().into_iter().flat_map(|query| query.split(['&', '='])));
        let parts = parts.chain([self.url.username()]);
        let parts = parts.chain(self.url.password()).chain(self.url.fragment());
        let mut text = text.to_owned();
        // The longest first: one may be the beginning of another.
        secrets.sort_by_key(|url| std::cmp::Reverse(url.len()));
        for url in secrets.into_iter().filter(|url| *url != shown) {
            text = text.replace(url, &shown);
        }
        for part in parts.filter(|part| part.len() >= SHORTEST_KEY) {
            text = text.replace(part, "…");
        }
        text
    }
}

impl fmt::Display for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.url.host_str().unwrap_or("?"))?;
        match self.url.port() {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses and what is shown of them; KEY and its kin must never be.
    const SHAPES: [(&str, &str); 14] = [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("http://localhost:8545/", "http://localhost:8545"),
        ("https://node.example", "https://node.example"),
        ("https://node.example:443/v2/SECRET-KEY", "https://node.example"),
        ("https://node.example:8443/v2/SECRET-KEY", "https://node.example:8443"),
        ("https://NODE.Example/SECRET-KEY/", "https://node.example"),
        ("https://node.example/rpc?apikey=SECRET-KEY", "https://node.example"),
        ("https://node.example?SECRET-KEY", "https://node.example"),
        ("https://node.example:1/#SECRET-KEY", "https://node.example:1"),
        ("https://user:SECRET-KEY@node.example:8545", "https://node.example:8545"),
        ("https://SECRET-KEY@node.example/rpc", "https://node.example"),
        ("https://:SECRET-KEY@node.example", "https://node.example"),
        ("http://[::1]:8545/SECRET-KEY", "http://[::1]:8545"),
        (
            "http://user:SECRET-KEY@[fe80::1]/SECRET-KEY?SECRET-KEY#SECRET-KEY",
            "http://[fe80::1]",
        ),
    ];

    #[test]
    fn scheme_host_and_port_are_all_that_is_shown() {
        for (given, shown) in SHAPES {
            let node: NodeUrl = given.parse().unwrap();
            assert_eq!(node.to_string(), shown);
            assert_eq!(format!("{node:?}"), format!("NodeUrl({shown})"));
        }
    }

    #[test]
    fn texts_of_other_libraries_lose_everything_else() {
        for (given, shown) in SHAPES {
            let node: NodeUrl = given.parse().unwrap();
            let mut stripped = node.url.clone();
            stripped.set_username("").unwrap();
            stripped.set_password(None).unwrap();
            let texts = [
                format!("cannot reach {given}: refused"),
                format!("error sending request for url ({})", node.url),
                format!("error sending request for url ({stripped})"),
                format!("unknown key {:?}", "SECRET-KEY"),
            ];
            for text in texts {
                let redacted = node.redact(&text);
                assert!(
                    !redacted.contains("SECRET") || !given.contains("SECRET"),
                    "{given}: {redacted}"
                );
                assert!(redacted.contains(shown) || !text.contains("://"), "{given}: {redacted}");
            }
        }
    }

    #[test]
    fn what_is_not_shown_is_noticed_and_only_this_machine_is_loopback() {
        for (given, shown) in SHAPES {
            let node: NodeUrl = given.parse().unwrap();
            assert_eq!(node.holds_more(), given.contains("SECRET"), "{given}");
            let is_here = ["127.0.0.1", "localhost", "[::1]"]
                .iter()
                .any(|host| shown.contains(host));
            assert_eq!(node.is_loopback(), is_here, "{given}");
        }
        let other: NodeUrl = "http://localhost.example".parse().unwrap();
        assert!(!other.is_loopback());
    }

    #[test]
    fn short_parts_are_left_in_other_words() {
        let node: NodeUrl = "https://me:pw@node.example/v2/rpc?id=1".parse().unwrap();
        assert_eq!(
            node.redact("v2 of the rpc, id 1, for me"),
            "v2 of the rpc, id 1, for me"
        );
    }

    #[test]
    fn an_address_without_its_scheme_is_refused_with_it() {
        for (given, meant) in [
            ("localhost:8545", "http://localhost:8545"),
            (" 127.0.0.1:8545/SECRET ", "http://127.0.0.1:8545"),
            ("user:SECRET@node.example:8545", "http://node.example:8545"),
            ("[::1]:8545?key=SECRET", "http://[::1]:8545"),
        ] {
            let error = given.parse::<NodeUrl>().expect_err(given).to_string();
            assert_eq!(error, format!("--rpc-url has no scheme: write {meant}"));
        }
        // Nobody can tell what of these is a key.
        for given in ["SECRET", "node.example", "SECRET@node.example"] {
            let error = given.parse::<NodeUrl>().expect_err(given).to_string();
            assert!(error.starts_with("--rpc-url is not a URL"), "{error}");
        }
    }

    #[test]
    fn other_addresses_are_refused_without_being_quoted() {
        let others = [
            "",
            "not a url SECRET",
            "localhost:8545",
            "127.0.0.1:8545/SECRET",
            "node.example/SECRET",
            "SECRET:SECRET@node.example",
            "//node.example/SECRET",
            "ws://node.example/SECRET",
            "wss://SECRET@node.example",
            "ftp://node.example/SECRET",
            "file:///SECRET",
            "http://",
            "http://node.example:99999/SECRET",
            "http://[::1/SECRET",
        ];
        for given in others {
            let error = given.parse::<NodeUrl>().expect_err(given).to_string();
            assert!(error.starts_with("--rpc-url"), "{error}");
            assert!(!error.to_lowercase().contains("secret"), "{given}: {error}");
        }
    }
}
