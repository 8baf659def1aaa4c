//! Files handed over at a place, and fetched from one.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::files::{found, name_in_directory, Most};
use super::place::{Place, ServerIdentity};
use alloy::primitives::{Address, B256};
use alloy::signers::Signer;
use assay_durable::file::copy_atomic;
use assay_durable::report::Reporter;
use assay_exchange::blob::{Blob, BlobKind};
use assay_exchange::client::{Client, ClientOptions};
use eyre::WrapErr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// How long a server may take to list files, and to send them besides what their size explains.
const LIST_TIME: Duration = Duration::from_secs(60);
const FETCH_TIME: Duration = Duration::from_secs(300);

/// Bytes a second of the slowest line.
const SLOWEST: u64 = 16 << 10;

/// Longest transfer in one go; the next one goes on where it ended.
const MAX_TRANSFER_TIME: Duration = Duration::from_secs(1800);

/// How long so many bytes may take.
fn patience(bytes: u64) -> Duration {
    (FETCH_TIME + Duration::from_secs(bytes / SLOWEST)).min(MAX_TRANSFER_TIME)
}

/// A place, ready to hand over or receive the files of one engagement.
#[derive(Debug, Clone)]
pub struct Delivery {
    id: B256,
    place: Place,
    client: Option<Client>,
}

impl Delivery {
    /// A directory or file that this party writes or reads itself: nothing is signed.
    pub fn at(path: impl Into<PathBuf>, id: B256) -> Self {
        Self {
            id,
            place: Place::Path(path.into()),
            client: None,
        }
    }

    /// `other` is the other party of the engagement; `signer` signs requests.
    ///
    /// # Errors
    /// If the URL is none that files may be sent to.
    pub fn open(
        place: &Place,
        id: B256,
        server: &ServerIdentity,
        other: Address,
        signer: impl Signer + Send + Sync + 'static,
    ) -> eyre::Result<Self> {
        let client = match place {
            Place::Path(_) => None,
            Place::Server(url) => {
                let options = ClientOptions {
                    ca: server.ca.clone(),
                    ..ClientOptions::new(url, server.address.unwrap_or(other))
                };
                Some(Client::new(options, signer)?)
            }
        };
        Ok(Self {
            id,
            place: place.clone(),
            client,
        })
    }

    /// As it was given.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Hands a file over, in a directory to whoever the umask lets read it; what is there already is not sent again.
    ///
    /// # Errors
    /// Those of the directory or the server. A later call goes on where an upload ended.
    pub async fn put(&self, kind: BlobKind, file: &Path, out: &Reporter) -> eyre::Result<()> {
        let failed = || format!("cannot hand {} over to {}", file.display(), self.place);
        match (&self.client, &self.place) {
            (Some(client), _) => {
                let bytes = std::fs::metadata(file).wrap_err_with(failed)?.len();
                let bar = out.bar(format_args!("sending {kind}"), bytes);
                let sent = client.upload(self.id, kind, file, |done| bar.set(done));
                let sent = tokio::time::timeout(patience(bytes), sent)
                    .await
                    .wrap_err_with(failed)?;
                sent.map(drop).wrap_err_with(failed)
            }
            (None, Place::Path(dir)) => {
                let to = dir.join(name_in_directory(kind, file));
                copy_atomic(file, &to, false).wrap_err_with(failed)
            }
            (None, Place::Server(_)) => unreachable!("a server is opened with its client"),
        }
    }

    /// The files of this kind that are there, but for those with more than `limit` bytes, as files of this machine: those of a server
    /// are fetched into `into`.
    ///
    /// # Errors
    /// Those of the directory or the server. That there is nothing is no error.
    pub async fn get(&self, kind: BlobKind, into: &Path, limit: u64, out: &Reporter) -> eyre::Result<Vec<PathBuf>> {
        match (&self.client, &self.place) {
            (Some(client), _) => self.fetch(client, kind, into, limit, out).await,
            (None, Place::Path(path)) => {
                let mut files = found(path, kind).wrap_err_with(|| format!("cannot read {}", path.display()))?;
                files.retain(|file| {
                    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
                    if bytes > limit {
                        out.warn(format_args!("{} is no {kind}: it has {bytes} bytes", file.display()));
                    }
                    bytes <= limit
                });
                Ok(files)
            }
            (None, Place::Server(_)) => unreachable!("a server is opened with its client"),
        }
    }

    /// How many files of this kind are there; nothing is fetched.
    ///
    /// # Errors
    /// As [`Delivery::get`], and if the server takes longer than a minute.
    pub async fn count(&self, kind: BlobKind) -> eyre::Result<usize> {
        match (&self.client, &self.place) {
            (Some(client), _) => {
                let listed = tokio::time::timeout(LIST_TIME, client.list(self.id, kind)).await;
                Ok(listed
                    .wrap_err_with(|| format!("{} does not answer", self.place))??
                    .len())
            }
            (None, Place::Path(path)) => Ok(found(path, kind)?.len()),
            (None, Place::Server(_)) => unreachable!("a server is opened with its client"),
        }
    }

    /// What a server sends in time: of what there is much of, that which comes too slowly or not at all is as good as none; anything
    /// else is needed.
    async fn fetch(
        &self,
        client: &Client,
        kind: BlobKind,
        into: &Path,
        limit: u64,
        out: &Reporter,
    ) -> eyre::Result<Vec<PathBuf>> {
        let failed = || format!("cannot fetch {kind} from {}", self.place);
        let mut files = Vec::new();
        let listed = tokio::time::timeout(LIST_TIME, client.list(self.id, kind)).await;
        let all = listed.wrap_err_with(failed)?.wrap_err_with(failed)?;
        let (most, mut wanted, mut bytes) = (Most::of(kind), Vec::new(), 0u64);
        for listed in all {
            if listed.bytes > limit {
                out.warn(format_args!(
                    "{} is no {kind}: it has {} bytes",
                    listed.id, listed.bytes
                ));
                continue;
            }
            if wanted.len() == most.files || bytes.saturating_add(listed.bytes) > most.bytes {
                out.warn(format_args!("{} offers too much; the rest is left", self.place));
                break;
            }
            bytes = bytes.saturating_add(listed.bytes);
            wanted.push(listed);
        }
        let until = Instant::now() + patience(bytes);
        for listed in wanted {
            let blob = Blob {
                engagement: self.id,
                kind,
                id: listed.id,
            };
            let file = into.join(listed.id.to_string());
            // Nothing gets this name before its hash has been compared.
            if !file.exists() {
                let bar = out.bar(format_args!("fetching {kind}"), listed.bytes);
                let step = |done| bar.set(done);
                // No more than was listed, by which limits and patience were counted.
                let fetched = client.download(&blob, &file, listed.bytes, step);
                let done = tokio::time::timeout_at(until, fetched).await;
                match (done, most.each_counts) {
                    (Ok(Ok(())), _) => {}
                    (Ok(Err(error)), true) => {
                        out.warn(format_args!("{}: {error}", failed()));
                        continue;
                    }
                    (Err(_), true) => {
                        out.warn(format_args!("{} is too slow; the rest is left", self.place));
                        break;
                    }
                    (Ok(Err(error)), false) => return Err(error).wrap_err_with(failed),
                    (Err(late), false) => return Err(late).wrap_err_with(failed),
                }
            }
            files.push(file);
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::{parcel_name, CIPHER_FILE, DOCUMENTS_FILE, LEAVES_FILE, PACKAGE_FILE, PREDICATE_FILE};
    use super::*;
    use alloy::signers::local::PrivateKeySigner;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const ID: B256 = B256::repeat_byte(1);

    #[cfg(unix)]
    #[tokio::test]
    async fn the_other_party_can_read_what_was_put_into_a_directory() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let (own, plain) = (dir.path().join(CIPHER_FILE), dir.path().join("plain"));
        assay_durable::file::write_atomic(&own, b"content", true).unwrap();
        std::fs::write(&plain, b"content").unwrap();
        let shared = dir.path().join("shared");
        let out = Reporter::silent();
        Delivery::at(&shared, ID)
            .put(BlobKind::Cipher, &own, &out)
            .await
            .unwrap();
        assert_eq!(mode(&shared.join(CIPHER_FILE)), mode(&plain));
    }

    #[tokio::test]
    async fn a_directory_gives_back_what_was_put_there() {
        let dir = tempfile::tempdir().unwrap();
        let (shared, out) = (dir.path().join("shared"), Reporter::silent());
        let delivery = Delivery::at(&shared, ID);
        for kind in BlobKind::ALL {
            assert!(delivery.get(kind, dir.path(), 100, &out).await.unwrap().is_empty());
        }
        let (proof, parcel) = ("00001.proof".to_owned(), parcel_name(3));
        for (kind, name) in [
            (BlobKind::Leaves, LEAVES_FILE),
            (BlobKind::Cipher, CIPHER_FILE),
            (BlobKind::Proofs, &proof),
            (BlobKind::Predicate, PREDICATE_FILE),
            (BlobKind::Documents, DOCUMENTS_FILE),
            (BlobKind::Parcels, &parcel),
            (BlobKind::Package, PACKAGE_FILE),
        ] {
            let file = dir.path().join(name);
            std::fs::write(&file, name).unwrap();
            delivery.put(kind, &file, &out).await.unwrap();
            let got = delivery.get(kind, dir.path(), 100, &out).await.unwrap();
            assert_eq!(got, [shared.join(name)]);
            assert_eq!(std::fs::read(&got[0]).unwrap(), name.as_bytes());
            let file = Delivery::at(shared.join(name), ID);
            assert_eq!(file.get(kind, dir.path(), 100, &out).await.unwrap(), got);
        }
    }

    /// A server that lists a file of one byte and has a thousand, as whoever wants to fill a disk would.
    async fn understating(listener: TcpListener) {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let (status, body) = match &head[..4] {
                b"HEAD" => ("200 OK\r\ncontent-length: 1000", String::new()),
                _ if head.windows(18).any(|part| part == b"/predicate HTTP/1.") => {
                    ("200 OK", format!("[{{\"id\": \"{ID}\", \"bytes\": 1}}]"))
                }
                _ => ("200 OK", "x".repeat(1000)),
            };
            let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_server_sends_no_more_than_it_listed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = Place::Server(format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(understating(listener));
        let (dir, key) = (tempfile::tempdir().unwrap(), PrivateKeySigner::random());
        let delivery = Delivery::open(&place, ID, &ServerIdentity::default(), Address::ZERO, key).unwrap();
        let out = Reporter::silent();
        let got = delivery.get(BlobKind::Predicate, dir.path(), 5000, &out).await;
        let said = format!("{:#}", got.unwrap_err());
        assert!(said.contains("1000 bytes, more than the 1 that"), "{said}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_there_is_one_of_is_found_whatever_it_was_called() {
        let dir = tempfile::tempdir().unwrap();
        let (shared, out) = (dir.path().join("shared"), Reporter::silent());
        let own = dir.path().join("opening of my model");
        std::fs::write(&own, b"weights").unwrap();
        let delivery = Delivery::at(&shared, ID);
        delivery.put(BlobKind::Predicate, &own, &out).await.unwrap();
        let got = delivery.get(BlobKind::Predicate, dir.path(), 100, &out).await.unwrap();
        assert_eq!(got, [shared.join(PREDICATE_FILE)]);
    }

    #[tokio::test]
    async fn a_directory_gives_nothing_above_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let out = Reporter::silent();
        std::fs::write(dir.path().join(PREDICATE_FILE), b"ten bytes.").unwrap();
        let delivery = Delivery::at(dir.path(), ID);
        for (limit, found) in [(9, 0), (10, 1)] {
            let got = delivery
                .get(BlobKind::Predicate, dir.path(), limit, &out)
                .await
                .unwrap();
            assert_eq!(got.len(), found);
        }
    }
}
