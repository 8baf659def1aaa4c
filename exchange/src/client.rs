//! The end that sends and fetches. Both go on where an earlier try ended, also one of an earlier run of the program.

use super::auth::Stamp;
use super::blob::{id_of, Blob, BlobKind, Listed, Target};
use super::refusal::{Code, Refusal};
use super::server::{Appended, OFFSET};
use super::store::{private_options, Progress};
use alloy::primitives::{Address, B256};
use alloy::signers::Signer;
use assay_durable::file::{parent, sync_dir};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use reqwest::{redirect, Certificate, Method, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Bytes of an answer that is no file.
const MAX_ANSWER: usize = 8 << 20;

/// Which server to talk to, and how patiently.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// `https://host:port`; `http` only on the loopback interface.
    pub url: String,
    /// The party that serves there.
    pub server: Address,
    /// PEM file with the only certificates to trust, instead of this machine's.
    pub ca: Option<PathBuf>,
    /// Bytes sent at one time, at most what the server takes.
    pub segment_bytes: usize,
    /// How long nothing may arrive.
    pub patience: Duration,
    /// Tries in a row that bring nothing, before an error is final.
    pub tries: u32,
    /// Pause after the first such try; it doubles with each.
    pub pause: Duration,
}

impl ClientOptions {
    /// This machine's certificates, segments of 4 MiB, a minute of silence and six tries.
    pub fn new(url: impl Into<String>, server: Address) -> Self {
        Self {
            url: url.into(),
            server,
            ca: None,
            segment_bytes: 4 << 20,
            patience: Duration::from_secs(60),
            tries: 6,
            pause: Duration::from_secs(1),
        }
    }
}

/// Why nothing was sent or fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ClientError {
    #[error("{0} is no address of a server: wanted is https://host:port")]
    Url(String),
    #[error("{0} would send everything in clear; http is for the loopback interface")]
    Plain(String),
    #[error("no answer from the server")]
    Unreachable(#[source] reqwest::Error),
    #[error("the server refuses: {}", .0.message)]
    Refused(Refusal),
    #[error("the server answers something else than the protocol says: {0}")]
    Protocol(&'static str),
    #[error("the file has the hash {got}, not {expected}; what was fetched is removed")]
    WrongHash { expected: B256, got: B256 },
    #[error("the file has {bytes} bytes, more than the {limit} that are accepted")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("{} changed while it was sent", .0.display())]
    Changed(PathBuf),
    #[error("cannot read or write {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the request to the server is not signed")]
    Sign(#[source] alloy::signers::Error),
}

impl ClientError {
    /// Whether another try may end better.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused(refusal) => matches!(
                refusal.error,
                Code::Busy | Code::Conflict | Code::TooSlow | Code::Internal | Code::OtherBody
            ),
            _ => false,
        }
    }
}

/// One party's connection to another's server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    options: ClientOptions,
    signer: Arc<dyn Signer + Send + Sync>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signer = self.signer.address();
        write!(f, "Client({signer} at {})", self.base)
    }
}

impl Client {
    /// # Errors
    /// For a URL with a path, or one that is neither https nor loopback; for certificates that cannot be read.
    pub fn new(options: ClientOptions, signer: impl Signer + Send + Sync + 'static) -> Result<Self, ClientError> {
        let no_url = || ClientError::Url(options.url.clone());
        let base = Url::parse(&options.url).map_err(|_| no_url())?;
        if base.path() != "/" || base.query().is_some() || base.fragment().is_some() || !base.username().is_empty() {
            return Err(no_url());
        }
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(options.patience)
            .read_timeout(options.patience);
        match base.scheme() {
            "https" => (),
            // A proxy is never between a machine and itself.
            "http" if is_loopback(&base) => builder = builder.no_proxy(),
            "http" => return Err(ClientError::Plain(options.url)),
            _ => return Err(no_url()),
        }
        if let Some(path) = &options.ca {
            let pem = fs::read(path).map_err(|source| io_error(path, source))?;
            let certs = Certificate::from_pem_bundle(&pem).map_err(ClientError::Unreachable)?;
            builder = builder.tls_certs_only(certs);
        }
        Ok(Self {
            http: builder.build().map_err(ClientError::Unreachable)?,
            base,
            options,
            signer: Arc::new(signer),
        })
    }

    /// The complete files of an engagement.
    ///
    /// # Errors
    /// If the server does not answer or refuses.
    pub async fn list(&self, engagement: B256, kind: BlobKind) -> Result<Vec<Listed>, ClientError> {
        let target = Target::List { engagement, kind }.to_string();
        parse(self.request(Method::GET, &target, Vec::new(), None).await?).await
    }

    /// How much of a file the server has: all of it, or a part that this party sent.
    ///
    /// # Errors
    /// If the server does not answer or refuses.
    pub async fn progress(&self, blob: &Blob) -> Result<Progress, ClientError> {
        let target = Target::Blob(*blob).to_string();
        let response = self.request(Method::HEAD, &target, Vec::new(), None).await?;
        let number = |name: &str| response.headers().get(name)?.to_str().ok()?.parse().ok();
        match (number(OFFSET), number(CONTENT_LENGTH.as_str())) {
            (Some(bytes), _) => Ok(Progress::Partial(bytes)),
            (None, Some(bytes)) => Ok(Progress::Complete(bytes)),
            (None, None) => Err(ClientError::Protocol("no length")),
        }
    }

    /// Sends a file and returns its name. `step` hears how many bytes the server has.
    ///
    /// # Errors
    /// If the server refuses, or does not answer for several tries in a row; a later call goes on from there.
    pub async fn upload(
        &self,
        engagement: B256,
        kind: BlobKind,
        path: &Path,
        step: impl Fn(u64),
    ) -> Result<B256, ClientError> {
        let source = path.to_owned();
        let hashed = tokio::task::spawn_blocking(move || {
            let file = File::open(&source)?;
            Ok((file.metadata()?.len(), id_of(file)?))
        });
        let hashed = hashed.await.unwrap_or_else(|e| Err(io::Error::other(e)));
        let (bytes, id) = hashed.map_err(|source| io_error(path, source))?;
        let blob = Blob { engagement, kind, id };
        let mut tries = Tries::new(&self.options);
        let mut again = false;
        loop {
            match self.send(&blob, path, bytes, &mut tries, &step).await {
                Ok(()) => return Ok(id),
                Err(ClientError::Refused(refusal)) if refusal.error == Code::WrongHash => {
                    // The first time, what the server had from an earlier try may have been damaged.
                    if std::mem::replace(&mut again, true) {
                        return Err(ClientError::Changed(path.to_owned()));
                    }
                }
                Err(error) => tries.pause(error).await?,
            }
        }
    }

    /// One try of [`Client::upload`], from where the server is.
    async fn send(
        &self,
        blob: &Blob,
        path: &Path,
        bytes: u64,
        tries: &mut Tries,
        step: &impl Fn(u64),
    ) -> Result<(), ClientError> {
        let mut offset = match self.progress(blob).await? {
            Progress::Complete(_) => bytes,
            Progress::Partial(offset) => offset,
        };
        step(offset);
        while offset < bytes {
            let (source, length) = (path.to_owned(), self.options.segment_bytes);
            let read = tokio::task::spawn_blocking(move || read_at(&source, offset, length)).await;
            let segment = read.unwrap_or_else(|e| Err(io::Error::other(e)));
            let segment = segment.map_err(|source| io_error(path, source))?;
            if segment.is_empty() {
                return Err(ClientError::Changed(path.to_owned()));
            }
            let answer = self.append(blob, offset, bytes, segment).await?;
            if answer.offset <= offset && !answer.complete {
                return Err(ClientError::Protocol("an upload that does not advance"));
            }
            offset = if answer.complete { bytes } else { answer.offset };
            tries.succeeded();
            step(offset);
        }
        Ok(())
    }

    /// Sends one segment, which begins at byte `offset` of a file of `length` bytes.
    ///
    /// # Errors
    /// If the server does not answer or refuses.
    pub async fn append(
        &self,
        blob: &Blob,
        offset: u64,
        length: u64,
        segment: Vec<u8>,
    ) -> Result<Appended, ClientError> {
        let target = format!("{}?offset={offset}&length={length}", Target::Blob(*blob));
        parse(self.request(Method::PATCH, &target, segment, None).await?).await
    }

    /// Fetches a file to `into`, where nothing is before its hash has been compared. `step` hears how many bytes are here.
    ///
    /// # Errors
    /// If the server refuses, does not answer for several tries in a row, or has something else under this name. After
    /// a failure what came so far stays in `into` with `.part` appended, and a later call goes on from there; unless the
    /// hash was wrong.
    pub async fn download(&self, blob: &Blob, into: &Path, limit: u64, step: impl Fn(u64)) -> Result<(), ClientError> {
        let part = part_of(into);
        let dir = parent(into);
        fs::create_dir_all(&dir).map_err(|source| io_error(&dir, source))?;
        let mut tries = Tries::new(&self.options);
        while let Err(error) = self.fetch(blob, &part, limit, &mut tries, &step).await {
            tries.pause(error).await?;
        }
        let checked = part.clone();
        let got = tokio::task::spawn_blocking(move || id_of(File::open(checked)?)).await;
        let got = got.unwrap_or_else(|e| Err(io::Error::other(e)));
        let got = got.map_err(|source| io_error(&part, source))?;
        if got != blob.id {
            fs::remove_file(&part).map_err(|source| io_error(&part, source))?;
            return Err(ClientError::WrongHash { expected: blob.id, got });
        }
        let finish = || {
            File::open(&part)?.sync_all()?;
            fs::rename(&part, into)?;
            sync_dir(&dir)
        };
        finish().map_err(|source| io_error(into, source))
    }

    /// One try of [`Client::download`], from where the part ends.
    async fn fetch(
        &self,
        blob: &Blob,
        part: &Path,
        limit: u64,
        tries: &mut Tries,
        step: &impl Fn(u64),
    ) -> Result<(), ClientError> {
        let context = |source| io_error(part, source);
        let bytes = match self.progress(blob).await? {
            Progress::Complete(bytes) => bytes,
            Progress::Partial(_) => return Err(ClientError::Refused(absent())),
        };
        if bytes > limit {
            return Err(ClientError::TooLarge { bytes, limit });
        }
        let file = private_options()
            .append(true)
            .create(true)
            .open(part)
            .map_err(context)?;
        let mut have = file.metadata().map_err(context)?.len();
        if have > bytes {
            // Of something else.
            file.set_len(0).map_err(context)?;
            have = 0;
        }
        step(have);
        if have == bytes {
            return Ok(());
        }
        let range = (have > 0).then(|| format!("bytes={have}-"));
        let target = Target::Blob(*blob).to_string();
        let mut response = self.request(Method::GET, &target, Vec::new(), range).await?;
        if have > 0 {
            let expected = format!("bytes {have}-{}/{bytes}", bytes - 1);
            let stated = response.headers().get(CONTENT_RANGE);
            if response.status() != StatusCode::PARTIAL_CONTENT || stated.is_none_or(|range| range != expected.as_str())
            {
                return Err(ClientError::Protocol("another range than was asked for"));
            }
        }
        let mut file = tokio::fs::File::from_std(file);
        while let Some(piece) = response.chunk().await.map_err(ClientError::Unreachable)? {
            have += piece.len() as u64;
            if have > bytes {
                return Err(ClientError::Protocol("more bytes than announced"));
            }
            file.write_all(&piece).await.map_err(context)?;
            tries.succeeded();
            step(have);
        }
        file.flush().await.map_err(context)?;
        if have < bytes {
            return Err(ClientError::Protocol("fewer bytes than announced"));
        }
        Ok(())
    }

    /// Sends a signed request; an answer other than success is an error.
    async fn request(
        &self,
        method: Method,
        target: &str,
        body: Vec<u8>,
        range: Option<String>,
    ) -> Result<Response, ClientError> {
        let stamp = Stamp::new(&body);
        let headers = stamp
            .sign(&*self.signer, self.options.server, method.as_str(), target)
            .await;
        #[expect(clippy::expect_used, reason = "every target is written by this file")]
        let url = self.base.join(target).expect("a path of hexadecimal digits");
        let mut request = self
            .http
            .request(method, url)
            .headers(headers.map_err(ClientError::Sign)?);
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        let response = request.body(body).send().await.map_err(ClientError::Unreachable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let refusal = match serde_json::from_slice(&limited(response).await?) {
            Ok(refusal) => refusal,
            // Answers to HEAD have no body.
            Err(_) => Refusal::new(code_of(status), format!("status {status}")),
        };
        Err(ClientError::Refused(refusal))
    }
}

/// Counts tries that bring nothing.
struct Tries {
    left: u32,
    pause: Duration,
    tries: u32,
    first_pause: Duration,
}

impl Tries {
    fn new(options: &ClientOptions) -> Self {
        Self {
            left: options.tries,
            pause: options.pause,
            tries: options.tries,
            first_pause: options.pause,
        }
    }

    fn succeeded(&mut self) {
        (self.left, self.pause) = (self.tries, self.first_pause);
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The last one, if there will be none.
    async fn pause(&mut self, error: ClientError) -> Result<(), ClientError> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || !error.may_pass() {
            return Err(error);
        }
        tokio::time::sleep(self.pause).await;
        self.pause *= 2;
        Ok(())
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|ip| ip.is_loopback())
}

fn absent() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such file")
}

fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::UNAUTHORIZED => Code::Unsigned,
        StatusCode::FORBIDDEN => Code::Forbidden,
        StatusCode::SERVICE_UNAVAILABLE => Code::Busy,
        status if status.is_server_error() => Code::Internal,
        _ => Code::BadRequest,
    }
}

async fn parse<T: DeserializeOwned>(response: Response) -> Result<T, ClientError> {
    serde_json::from_slice(&limited(response).await?).map_err(|_| ClientError::Protocol("no such JSON"))
}

async fn limited(mut response: Response) -> Result<Vec<u8>, ClientError> {
    let mut answer = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(ClientError::Unreachable)? {
        if answer.len() + piece.len() > MAX_ANSWER {
            return Err(ClientError::Protocol("an endless answer"));
        }
        answer.extend_from_slice(&piece);
    }
    Ok(answer)
}

fn read_at(path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut segment = Vec::new();
    file.take(length as u64).read_to_end(&mut segment)?;
    Ok(segment)
}

/// Where an unfinished download is.
pub fn part_of(into: &Path) -> PathBuf {
    let mut part = into.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

fn io_error(path: &Path, source: io::Error) -> ClientError {
    ClientError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::signers::local::PrivateKeySigner;

    fn new(url: &str) -> Result<Client, ClientError> {
        Client::new(ClientOptions::new(url, Address::ZERO), PrivateKeySigner::random())
    }

    #[test]
    fn plain_http_is_for_the_loopback_interface() {
        for url in [
            "http://127.0.0.1:80",
            "http://localhost:1",
            "http://[::1]:1",
            "https://example.org",
        ] {
            assert!(new(url).is_ok(), "{url}");
        }
        for url in [
            "http://example.org",
            "http://10.0.0.1",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
        ] {
            assert!(matches!(new(url), Err(ClientError::Plain(_))), "{url}");
        }
        for url in [
            "",
            "example.org",
            "ftp://127.0.0.1",
            "https://a/b",
            "https://a/?b",
            "https://u@a/",
        ] {
            assert!(matches!(new(url), Err(ClientError::Url(_))), "{url}");
        }
    }
}
