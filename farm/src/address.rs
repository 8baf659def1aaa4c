//! Where the queue is: an address as PostgreSQL writes them, without the password.

use crate::error::FarmError;
use std::fmt;
use std::path::PathBuf;

/// How a host is made sure of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    /// A socket or the loopback interface: nobody is in between.
    None,
    /// The certificate is checked against these authorities (the system's if `None`) and the host's name.
    Full(Option<PathBuf>),
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// The directory of a socket.
    Socket(PathBuf),
    /// A name or an address.
    Network(String),
}

/// The address of a queue, `postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full`, or
/// `postgres:///DATABASE?host=/DIRECTORY` for a socket. It never holds a password: that comes from `PGPASSWORD`, from the file that
/// `passwordfile=` names, or from `.pgpass`.
///
/// ```
/// # use assay_farm::QueueUrl;
/// let url = QueueUrl::parse("postgres://worker@db.example.org/farm?sslmode=verify-full").unwrap();
/// assert_eq!(url.to_string(), "postgres://worker@db.example.org:5432/farm");
/// assert!(QueueUrl::parse("postgres://worker@db.example.org/farm").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrl {
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) tls: Tls,
    pub(crate) password_file: Option<PathBuf>,
}

/// Parameters that an address may have.
const PARAMETERS: [&str; 6] = ["host", "user", "port", "sslmode", "sslrootcert", "passwordfile"];

impl QueueUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// If it is none, holds a password, or leads over a network without `sslmode=verify-full`.
    pub fn parse(text: &str) -> Result<Self, FarmError> {
        Self::read(text.trim()).map_err(|why| FarmError::Url {
            url: shown(text.trim()),
            why,
        })
    }

    /// A socket in `directory`.
    pub fn of_socket(directory: impl Into<PathBuf>, user: &str, database: &str) -> Self {
        Self {
            host: Host::Socket(directory.into()),
            port: 5432,
            user: user.to_owned(),
            database: database.to_owned(),
            tls: Tls::None,
            password_file: None,
        }
    }

    /// The same queue for another user, without a file for the password.
    pub fn with_user(&self, user: &str) -> Self {
        Self {
            user: user.to_owned(),
            password_file: None,
            ..self.clone()
        }
    }

    /// The same server, another database.
    pub fn with_database(&self, database: &str) -> Self {
        Self {
            database: database.to_owned(),
            ..self.clone()
        }
    }

    fn read(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("it begins with postgres://, as in postgres://USER@HOST/DATABASE?sslmode=verify-full".into());
        };
        if !["postgres", "postgresql"].contains(&scheme) {
            return Err(format!("it begins with {scheme}://, not postgres://"));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // Before anything of it is named: a password may have any sign in it.
        if text
            .rsplit_once('@')
            .is_some_and(|(before, _)| before.matches(':').count() > 1)
        {
            return Err(
                "it holds a password, which every user of this machine can read: put it in PGPASSWORD, in .pgpass, or in a file that passwordfile= names"
                    .into(),
            );
        }
        let Some((authority, database)) = rest.split_once('/') else {
            return Err("it names no database: postgres://USER@HOST/DATABASE".into());
        };
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let mut given = Given::read(query)?;
        let (host, port) = split_port(place)?;
        let host = if host.is_empty() {
            given.take("host")
        } else {
            Some(decoded(host)?)
        };
        let Some(host) = host.filter(|host| !host.is_empty()) else {
            return Err("it names no host: postgres://USER@HOST/DATABASE, or ?host=/DIRECTORY for a socket".into());
        };
        let port = match given.take("port") {
            Some(text) => number(&text)?,
            None => port.unwrap_or(5432),
        };
        let user = match user.filter(|user| !user.is_empty()) {
            Some(user) => decoded(user)?,
            None => given
                .take("user")
                .ok_or("it names no user: postgres://USER@HOST/DATABASE")?,
        };
        let database = decoded(database)?;
        if database.is_empty() {
            return Err("it names no database: postgres://USER@HOST/DATABASE".into());
        }
        let mode = given.take("sslmode");
        let authorities = given.take("sslrootcert").map(PathBuf::from);
        let password_file = given.take("passwordfile").map(PathBuf::from);
        if let Some(twice) = given.left() {
            return Err(format!("it says {twice} twice"));
        }
        let near = host.starts_with('/') || is_loopback(&host);
        let tls = match mode.as_deref() {
            Some("verify-full") if !host.starts_with('/') => Tls::Full(authorities),
            None | Some("disable" | "prefer" | "allow" | "verify-full") if near => Tls::None,
            _ if near => return Err("a socket or this machine itself needs no sslmode, or verify-full".into()),
            Some(mode) => {
                return Err(format!(
                    "sslmode={mode} lets others read along or answer in its place: write sslmode=verify-full"
                ))
            }
            None => return Err(format!("{host} is another machine: add ?sslmode=verify-full")),
        };
        let host = if host.starts_with('/') {
            Host::Socket(host.into())
        } else {
            Host::Network(host)
        };
        Ok(Self {
            host,
            port,
            user,
            database,
            tls,
            password_file,
        })
    }
}

/// Without a password: there is none in it.
impl fmt::Display for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Socket(directory) => write!(
                f,
                "postgres:///{}?host={}&user={}&port={}",
                self.database,
                directory.display(),
                self.user,
                self.port
            )?,
            Host::Network(host) if host.contains(':') => {
                write!(f, "postgres://{}@[{host}]:{}/{}", self.user, self.port, self.database)?;
            }
            Host::Network(host) => write!(f, "postgres://{}@{host}:{}/{}", self.user, self.port, self.database)?,
        }
        Ok(())
    }
}

/// The parameters that are not used up yet.
struct Given(Vec<(String, String)>);

impl Given {
    fn read(query: &str) -> Result<Self, String> {
        let mut given = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or("a parameter has no value: NAME=VALUE")?;
            if ["password", "passfile"].contains(&name) {
                return Err(format!("{name}= is not read: use PGPASSWORD, .pgpass or passwordfile="));
            }
            if !PARAMETERS.contains(&name) {
                // Not what it is given: it may be a password.
                return Err(format!("{name}= is no parameter; there are {}", PARAMETERS.join(", ")));
            }
            given.push((name.to_owned(), decoded(value)?));
        }
        Ok(Self(given))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    fn left(&self) -> Option<&str> {
        self.0.first().map(|(name, _)| name.as_str())
    }
}

/// A host and a port, in `HOST:PORT` or `[ADDRESS]:PORT`.
fn split_port(place: &str) -> Result<(&str, Option<u16>), String> {
    if let Some(rest) = place.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("an address in [ has no ]")?;
        return Ok((host, port.strip_prefix(':').map(number).transpose()?));
    }
    match place.split_once(':') {
        Some((host, port)) => Ok((host, Some(number(port)?))),
        None => Ok((place, None)),
    }
}

fn number(port: &str) -> Result<u16, String> {
    port.parse().map_err(|_| format!("{port} is no port"))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Text in which bytes may be written as `%2F`.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'%' {
            let pair = rest.get(..2).and_then(|pair| hex::decode(pair).ok());
            let pair =
                pair.ok_or_else(|| format!("% in {text} is not followed by two hexadecimal digits: write %25 for it"))?;
            bytes.extend(pair);
            rest = rest.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).map_err(|_| format!("{text} is no text"))
}

/// An address with a mistake, without what may be a password in it: anything before `@` but the user, and all parameters.
fn shown(text: &str) -> String {
    let (start, rest) = text.split_once("://").unwrap_or(("", text));
    let (user, place) = rest
        .rsplit_once('@')
        .map_or((None, rest), |(user, place)| (Some(user), place));
    let user = user.map(|user| format!("{}@", user.split([':', '/', '?']).next().unwrap_or_default()));
    let place = place.split('?').next().unwrap_or_default();
    let start = if start.is_empty() {
        String::new()
    } else {
        format!("{start}://")
    };
    format!("{start}{}{place}", user.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        QueueUrl::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn addresses_of_sockets_this_machine_and_others() {
        let socket = QueueUrl::parse("postgres://me@/farm?host=/run/postgresql").unwrap();
        assert_eq!(socket, QueueUrl::of_socket("/run/postgresql", "me", "farm"));
        assert_eq!(QueueUrl::parse(&socket.to_string()).unwrap(), socket);
        let encoded = QueueUrl::parse("postgresql://me@%2Frun%2Fpostgresql/farm").unwrap();
        assert_eq!(encoded, socket);
        for near in [
            "postgres://me@localhost:5433/f",
            "postgres://me@127.0.0.1/f",
            "postgres://me@[::1]:5433/f",
        ] {
            assert_eq!(QueueUrl::parse(near).unwrap().tls, Tls::None);
        }
        let far =
            QueueUrl::parse("postgres://me@db.example:6000/f?sslmode=verify-full&sslrootcert=/etc/ca.pem").unwrap();
        assert_eq!(far.tls, Tls::Full(Some("/etc/ca.pem".into())));
        assert_eq!(far.to_string(), "postgres://me@db.example:6000/f");
    }

    #[test]
    fn mistakes_are_named_with_the_remedy() {
        for (text, part) in [
            ("db.example/farm", "begins with postgres://"),
            ("postgress://me@db/farm", "postgress://, not postgres://"),
            ("postgres://me@db", "names no database"),
            ("postgres://me@db/?sslmode=verify-full", "names no database"),
            ("postgres://me@/farm", "names no host"),
            ("postgres://localhost/farm", "names no user"),
            ("postgres://me@db:54x2/farm", "54x2 is no port"),
            ("postgres://me@db/farm", "add ?sslmode=verify-full"),
            ("postgres://me@db/farm?sslmode=require", "sslmode=require lets others"),
            ("postgres://me@db/farm?sslmod=verify-full", "sslmod= is no parameter"),
            ("postgres://me@%2/farm", "two hexadecimal digits"),
            ("postgres://me@localhost/farm?port=1&port=2", "port twice"),
        ] {
            assert!(why(text).contains(part), "{text}: {}", why(text));
        }
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for text in [
            "postgres://me:hunter2@db/farm?sslmode=verify-full",
            "postgres://me:hun@ter2@db/farm",
            "postgres://me:hunter2/x@db/farm",
            "postgres://me:hun?ter2@db/farm",
            "postgres://me@db/farm?password=hunter2",
        ] {
            assert!(!why(text).contains("ter2"), "{}", why(text));
            assert!(why(text).contains("PGPASSWORD"), "{}", why(text));
        }
        let unknown = why("postgres://me@db/farm?pass=hunter2");
        assert!(
            unknown.contains("pass= is no parameter") && !unknown.contains("ter2"),
            "{unknown}"
        );
    }
}
