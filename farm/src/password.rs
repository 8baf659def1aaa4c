//! Where a password is found: `PGPASSWORD`, a file that the address names, or `.pgpass`.

use crate::address::{Host, QueueUrl};
use crate::error::FarmError;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A password; never printed.
#[derive(Clone)]
pub(crate) struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The password for an address, if there is one. `variable` reads the environment.
    ///
    /// # Errors
    /// If a file that ought to have it cannot be read, or can be read by others.
    pub(crate) fn find(url: &QueueUrl, variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Self>, FarmError> {
        if let Some(path) = &url.password_file {
            let text = private(path)?.ok_or_else(|| FarmError::File {
                path: path.clone(),
                why: "there is no such file: put the password there, or correct passwordfile=".into(),
            })?;
            return Ok(Some(Self(text.trim_end_matches(['\n', '\r']).to_owned())));
        }
        if let Some(password) = variable("PGPASSWORD") {
            let text = password.into_string().map_err(|_| FarmError::Url {
                url: url.to_string(),
                why: "PGPASSWORD is no text".into(),
            })?;
            return Ok(Some(Self(text)));
        }
        let path = match variable("PGPASSFILE") {
            Some(path) => Some(PathBuf::from(path)),
            None => variable("HOME").map(|home| Path::new(&home).join(".pgpass")),
        };
        let Some(text) = path.map(|path| private(&path)).transpose()?.flatten() else {
            return Ok(None);
        };
        Ok(text.lines().find_map(|line| of_line(line, url)))
    }
}

/// A file that only its owner can read; `None` if there is none.
fn private(path: &Path) -> Result<Option<String>, FarmError> {
    let failed = |why: String| FarmError::File {
        path: path.to_owned(),
        why,
    };
    let about = match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        about => about.map_err(|error| failed(format!("cannot be read: {error}")))?,
    };
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 != 0 {
        return Err(failed("others can read the password in it: chmod 600 it".into()));
    }
    if !about.is_file() {
        return Err(failed("is no file".into()));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    Ok(Some(text))
}

/// The password of a line `host:port:database:user:password`, if it is for this address; `*` is any, `\` precedes `:` and `\`.
fn of_line(line: &str, url: &QueueUrl) -> Option<Password> {
    if line.starts_with('#') {
        return None;
    }
    let mut parts = vec![String::new()];
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => parts.last_mut()?.extend(characters.next()),
            ':' if parts.len() < 5 => parts.push(String::new()),
            c => parts.last_mut()?.push(c),
        }
    }
    let host = match &url.host {
        Host::Socket(_) => "localhost",
        Host::Network(host) => host,
    };
    let port = url.port.to_string();
    let wanted = [host, &port, &url.database, &url.user];
    let [of @ .., password] = parts.as_slice() else {
        return None;
    };
    let fits = of.len() == wanted.len()
        && of
            .iter()
            .zip(wanted)
            .all(|(part, wanted)| part == "*" || part == wanted);
    fits.then(|| Password(password.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> QueueUrl {
        QueueUrl::parse("postgres://me@db.example/farm?sslmode=verify-full").unwrap()
    }

    #[cfg(unix)]
    fn write(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_password_comes_from_the_environment_or_from_private_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(".pgpass");
        let home = |name: &str| (name == "HOME").then(|| dir.path().as_os_str().to_owned());
        assert!(Password::find(&url(), home).unwrap().is_none());
        write(&file, "# mine\nother:*:*:me:no\n*:5432:farm:me:hun\\:ter:2\n", 0o600);
        let found = Password::find(&url(), home).unwrap().expect("a line fits");
        assert_eq!(found.reveal(), "hun:ter:2");
        assert_eq!(format!("{found:?}"), "Password(…)");
        assert!(Password::find(&url().with_user("you"), home).unwrap().is_none());
        write(&file, "*:*:*:*:x", 0o644);
        let error = Password::find(&url(), home).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        let set = |name: &str| (name == "PGPASSWORD").then(|| "set".into());
        assert_eq!(Password::find(&url(), set).unwrap().expect("set").reveal(), "set");
        let mut named = url();
        named.password_file = Some(dir.path().join("password"));
        assert!(Password::find(&named, set)
            .unwrap_err()
            .to_string()
            .contains("no such file"));
        write(&dir.path().join("password"), "from a file\n", 0o400);
        assert_eq!(
            Password::find(&named, set).unwrap().expect("there").reveal(),
            "from a file"
        );
    }
}
