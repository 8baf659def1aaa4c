//! How the files of an engagement get from one party to the other: through a directory that both see, or over a server.
//!
//! # Soundness
//! Nothing that comes is believed here. Whoever receives compares it with what the chain commits to, and may find several
//! candidates: each party of the engagement can put files on a server.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::{Address, B256, U256};
use alloy::signers::local::PrivateKeySigner;
use assay_chain::error::usage;
use assay_durable::file::copy_atomic;
use assay_durable::read::read_regular;
use assay_durable::report::Reporter;
use assay_exchange::blob::{Blob, BlobKind};
use assay_exchange::client::{Client, ClientOptions};
use assay_protocol::ids::N_MAX;
use assay_prover::proof::ProofBundle;
use eyre::WrapErr;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use tokio::time::Instant;

/// Names that files have in a directory, or while they are kept.
pub const CIPHER_FILE: &str = "transfer.cipher";
/// The test leaves by dataset index, which a provider wants to see before it accepts.
pub const LEAVES_FILE: &str = "leaves.json";
/// The inputs of a round.
pub const INPUTS_FILE: &str = "inputs.assay";
/// The outputs of a round.
pub const OUTPUTS_FILE: &str = "outputs.json";
const PROOF_SUFFIX: &str = "proof";

/// Bytes of the largest proof that is fetched.
pub const MAX_PROOF_BYTES: u64 = 1 << 20;

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

/// Files of one kind that are fetched: as many proofs as the largest test set has examples, and their bytes.
const MAX_FILES: usize = N_MAX;
const MAX_PROOFS_BYTES: u64 = 1 << 30;

/// Of everything but proofs there is one that is right, and each party can put another one there.
const MAX_OTHERS: usize = 4;

fn max_files(kind: BlobKind) -> usize {
    match kind {
        BlobKind::Proofs => MAX_FILES,
        _ => MAX_OTHERS,
    }
}

/// Proofs of one context that are tried.
const MAX_CANDIDATES: usize = 4;

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

    /// `other` is the other party of the engagement; requests are signed with `key`.
    ///
    /// # Errors
    /// If the URL is none that files may be sent to.
    pub fn open(
        place: &Place,
        id: B256,
        server: &ServerIdentity,
        other: Address,
        key: PrivateKeySigner,
    ) -> eyre::Result<Self> {
        let client = match place {
            Place::Path(_) => None,
            Place::Server(url) => {
                let options = ClientOptions {
                    ca: server.ca.clone(),
                    ..ClientOptions::new(url, server.address.unwrap_or(other))
                };
                Some(Client::new(options, key)?)
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
                let name = file.file_name().unwrap_or(file.as_os_str());
                copy_atomic(file, &dir.join(name), false).wrap_err_with(failed)
            }
            (None, Place::Server(_)) => unreachable!("a server is opened with its client"),
        }
    }

    /// The files of this kind that are there, as files of this machine: those of a server are fetched into `into`, but for
    /// those with more than `limit` bytes.
    ///
    /// # Errors
    /// Those of the directory or the server. That there is nothing is no error.
    pub async fn get(&self, kind: BlobKind, into: &Path, limit: u64, out: &Reporter) -> eyre::Result<Vec<PathBuf>> {
        match (&self.client, &self.place) {
            (Some(client), _) => self.fetch(client, kind, into, limit, out).await,
            (None, Place::Path(path)) => found(path, kind).wrap_err_with(|| format!("cannot read {}", path.display())),
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

    /// What a server sends in time: proofs that come too slowly or not at all are as good as none, anything else is needed.
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
        let (mut wanted, mut bytes) = (Vec::new(), 0);
        for listed in all {
            if listed.bytes > limit {
                out.warn(format_args!(
                    "{} is no {kind}: it has {} bytes",
                    listed.id, listed.bytes
                ));
                continue;
            }
            if wanted.len() == max_files(kind) || (kind == BlobKind::Proofs && bytes + listed.bytes > MAX_PROOFS_BYTES)
            {
                out.warn(format_args!("{} offers too much; the rest is left", self.place));
                break;
            }
            bytes += listed.bytes;
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
                let done = tokio::time::timeout_at(until, client.download(&blob, &file, limit, step)).await;
                match (done, kind) {
                    (Ok(Ok(())), _) => {}
                    (Ok(Err(error)), BlobKind::Proofs) => {
                        out.warn(format_args!("{}: {error}", failed()));
                        continue;
                    }
                    (Err(_), BlobKind::Proofs) => {
                        out.warn(format_args!("{} is too slow; the rest is left", self.place));
                        break;
                    }
                    (Ok(Err(error)), _) => return Err(error).wrap_err_with(failed),
                    (Err(late), _) => return Err(late).wrap_err_with(failed),
                }
            }
            files.push(file);
        }
        Ok(files)
    }
}

/// Files of a kind in a directory; or the file itself, if it is one.
fn found(path: &Path, kind: BlobKind) -> std::io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let single = match kind {
        BlobKind::Leaves => path.join(LEAVES_FILE),
        BlobKind::Cipher => path.join(CIPHER_FILE),
        BlobKind::Inputs => path.join(INPUTS_FILE),
        BlobKind::Outputs => path.join(OUTPUTS_FILE),
        BlobKind::Proofs => {
            let entries = match std::fs::read_dir(path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
                entries => entries?,
            };
            let files = entries.map(|entry| entry.map(|entry| entry.path()));
            let files: Vec<PathBuf> = files.collect::<Result<_, _>>()?;
            let is_proof = |file: &PathBuf| file.extension().is_some_and(|suffix| suffix == PROOF_SUFFIX);
            return Ok(files.into_iter().filter(is_proof).collect());
        }
    };
    Ok(single.is_file().then_some(single).into_iter().collect())
}

/// Proofs by the context that they say they are for, whatever their files are called. What is no proof, or for none of these
/// contexts, is left out; so is what comes after a few for the same one.
pub fn proofs_by_context(
    files: &[PathBuf],
    contexts: &BTreeSet<U256>,
    out: &Reporter,
) -> BTreeMap<U256, Vec<ProofBundle>> {
    let mut proofs = BTreeMap::<U256, Vec<ProofBundle>>::new();
    for file in files {
        let bundle = read_regular(file, MAX_PROOF_BYTES)
            .map_err(|error| error.to_string())
            .and_then(|bytes| ProofBundle::from_bytes(&bytes).map_err(|error| error.to_string()));
        match bundle {
            Ok(bundle) => {
                let Some(statement) = bundle.statement() else {
                    continue;
                };
                let ctx = U256::from_be_bytes(statement.ctx);
                let same = proofs.entry(ctx).or_default();
                if contexts.contains(&ctx) && same.len() < MAX_CANDIDATES {
                    same.push(bundle);
                }
            }
            Err(error) => out.warn(format_args!("{} is no proof: {error}", file.display())),
        }
    }
    proofs
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
            assert!(delivery.get(kind, dir.path(), 0, &out).await.unwrap().is_empty());
        }
        for (kind, name) in [
            (BlobKind::Leaves, LEAVES_FILE),
            (BlobKind::Cipher, CIPHER_FILE),
            (BlobKind::Proofs, "00001.proof"),
        ] {
            let file = dir.path().join(name);
            std::fs::write(&file, name).unwrap();
            delivery.put(kind, &file, &out).await.unwrap();
            let got = delivery.get(kind, dir.path(), 0, &out).await.unwrap();
            assert_eq!(got, [shared.join(name)]);
            assert_eq!(std::fs::read(&got[0]).unwrap(), name.as_bytes());
            let file = Delivery::at(shared.join(name), ID);
            assert_eq!(file.get(kind, dir.path(), 0, &out).await.unwrap(), got);
        }
    }
}
