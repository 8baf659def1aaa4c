//! The end that holds the store.

use super::auth::{self, now};
use super::blob::{Blob, Listed, Target};
use super::listening::{Listen, ListenError, Listening};
use super::parties::{Parties, Right};
use super::refusal::{Code, Refusal};
use super::replay::Served;
use super::store::{Limits, Progress, Store, StoreError};
use alloy::primitives::{keccak256, Address, B256};
use axum::body::{Body, HttpBody};
use axum::extract::{Query, Request};
use axum::http::{header, request, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::Router;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::io::{self, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::io::ReaderStream;

/// Bytes of an upload that are there, in the answer to `HEAD`.
pub const OFFSET: &str = "assay-offset";

/// Where a server listens, what it serves, and its limits.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where, and from how many.
    pub listen: Listen,
    /// Directory of the files.
    pub store: PathBuf,
    /// The party that serves: requests are signed for this address.
    pub operator: Address,
    /// How much parties may store.
    pub limits: Limits,
    /// How far a request's time may be from this machine's.
    pub skew: Duration,
    /// How long a request's body may take.
    pub patience: Duration,
    /// Requests of parties that are worked on at one time.
    pub requests: usize,
}

impl Options {
    /// The usual limits.
    pub fn new(listen: SocketAddr, store: PathBuf, operator: Address) -> Self {
        Self {
            listen: Listen::new(listen),
            store,
            operator,
            limits: Limits::default(),
            skew: Duration::from_secs(60),
            patience: Duration::from_secs(60),
            requests: 64,
        }
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ServeError {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("cannot use the store {}", path.display())]
    Store {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// What was asked and how it ended, for whoever watches.
#[derive(Debug, Clone)]
pub struct Event {
    /// GET, HEAD, PATCH, or what else came.
    pub method: Method,
    /// Path with query.
    pub target: String,
    /// Who signed; nobody if the signature was not looked at.
    pub party: Option<Address>,
    /// Of the answer.
    pub status: StatusCode,
}

/// Hears of every request.
pub type Watch = Arc<dyn Fn(Event) + Send + Sync>;

/// A running server; it ends when dropped, or better with [`Server::shutdown`].
#[derive(Debug)]
pub struct Server {
    store: Arc<Store>,
    listening: Listening,
}

impl Server {
    /// Listens. `parties` may change while the server runs.
    ///
    /// # Errors
    /// As [`Listen::check`], and if address, certificate or store cannot be used.
    pub async fn start(options: &Options, parties: Parties, watch: Watch) -> Result<Self, ServeError> {
        options.listen.check()?;
        let store = Store::open(&options.store, options.limits).map_err(|source| ServeError::Store {
            path: options.store.clone(),
            source,
        })?;
        let store = Arc::new(store);
        let gate = Arc::new(Gate {
            store: store.clone(),
            operator: options.operator,
            parties,
            served: Mutex::new(Served::new(millis(options.skew), now())),
            patience: options.patience,
            permits: Arc::new(Semaphore::new(options.requests)),
            watch,
        });
        let router = Router::new().fallback(move |request| answer(gate.clone(), request));
        let listening = Listening::start(&options.listen, router).await?;
        Ok(Self { store, listening })
    }

    /// Where it listens, with the port that was free.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// The files that are served.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// As [`Listening::shutdown`].
    ///
    /// # Errors
    /// As there.
    pub async fn shutdown(self, grace: Duration) -> io::Result<()> {
        self.listening.shutdown(grace).await
    }

    /// As [`Listening::ended`].
    ///
    /// # Errors
    /// As there.
    pub async fn ended(&mut self) -> io::Result<()> {
        self.listening.ended().await
    }
}

/// Stands between requests and the store.
struct Gate {
    store: Arc<Store>,
    operator: Address,
    parties: Parties,
    served: Mutex<Served>,
    patience: Duration,
    permits: Arc<Semaphore>,
    watch: Watch,
}

async fn answer(gate: Arc<Gate>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut party = None;
    let answered = gate.answer(&parts, body, &mut party).await;
    let response = answered.unwrap_or_else(IntoResponse::into_response);
    (gate.watch)(Event {
        target: target_of(&parts).to_owned(),
        method: parts.method,
        party,
        status: response.status(),
    });
    response
}

fn target_of(parts: &request::Parts) -> &str {
    parts.uri.path_and_query().map_or("", |target| target.as_str())
}

impl Gate {
    async fn answer(
        &self,
        parts: &request::Parts,
        body: Body,
        party: &mut Option<Address>,
    ) -> Result<Response, Refusal> {
        let not_found = || Refusal::new(Code::NotFound, "there is nothing at this path");
        let target = Target::parse(parts.uri.path()).ok_or_else(not_found)?;
        let (signer, body_hash) = self.admit(parts, &target, party)?;
        let permit = self.permits.clone().try_acquire_owned();
        let permit = permit.map_err(|_| Refusal::new(Code::Busy, "too many requests at one time"))?;
        match (&parts.method, target) {
            (&Method::GET, Target::List { engagement, kind }) => {
                let list = self.blocking(move |store| store.list(engagement, kind).map_err(StoreError::from));
                Ok(json::<Vec<Listed>>(&list.await?))
            }
            (&Method::HEAD, Target::Blob(blob)) => {
                let progress = self.blocking(move |store| Ok(store.progress(&blob, signer)?)).await?;
                Ok(head(progress))
            }
            (&Method::GET, Target::Blob(blob)) => self.download(parts, blob, permit).await,
            (&Method::PATCH, Target::Blob(blob)) => self.upload(parts, blob, signer, body, body_hash).await,
            _ => Err(Refusal::new(Code::MethodNotAllowed, "no such request")),
        }
    }

    /// Who signed, and what the body must hash to.
    fn admit(
        &self,
        parts: &request::Parts,
        target: &Target,
        party: &mut Option<Address>,
    ) -> Result<(Address, B256), Refusal> {
        let recovered = auth::recover(&parts.headers, self.operator, parts.method.as_str(), target_of(parts));
        let Some((stamp, signer)) = recovered else {
            return Err(Refusal::new(Code::Unsigned, "the request is not signed"));
        };
        *party = Some(signer);
        // An engagement that is not known here looks like one of other parties.
        let right = self.parties.right_of(target.engagement(), signer).ok_or_else(|| {
            let message = format!("{signer} is no party of this engagement, or the signature is over something else");
            Refusal::new(Code::Forbidden, message)
        })?;
        let only_reads = [Method::GET, Method::HEAD].contains(&parts.method);
        if right < Right::Write && !only_reads {
            let message = format!("{signer} may list and fetch the files of this engagement, and put none there");
            return Err(Refusal::new(Code::ReadOnly, message));
        }
        // Only parties get so far, so nobody else can fill this memory.
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.admit(&stamp, now())?;
        Ok((signer, stamp.body))
    }

    async fn upload(
        &self,
        parts: &request::Parts,
        blob: Blob,
        signer: Address,
        body: Body,
        body_hash: B256,
    ) -> Result<Response, Refusal> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Segment {
            offset: u64,
            length: u64,
        }
        let query = Query::<Segment>::try_from_uri(&parts.uri);
        let Query(Segment { offset, length }) =
            query.map_err(|_| Refusal::new(Code::BadRequest, "wanted: ?offset=<byte>&length=<bytes of the file>"))?;
        let limit = self.store.limits().segment_bytes;
        let too_large = || Refusal::new(Code::TooLarge, format!("a request's body has at most {limit} bytes"));
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        let read = tokio::time::timeout(self.patience, axum::body::to_bytes(body, limit)).await;
        let read = read.map_err(|_| Refusal::new(Code::TooSlow, "the body took too long"))?;
        // The sender has gone, or sends more than it said.
        let segment = read.map_err(|_| too_large())?;
        if keccak256(&segment) != body_hash {
            return Err(Refusal::new(Code::OtherBody, "the body is not the one that was signed"));
        }
        let append = move |store: &Store| store.append(&blob, signer, offset, length, &segment);
        let progress = self.blocking(append).await?;
        Ok(json(&match progress {
            Progress::Partial(offset) => Appended {
                offset,
                complete: false,
            },
            Progress::Complete(offset) => Appended { offset, complete: true },
        }))
    }

    async fn download(
        &self,
        parts: &request::Parts,
        blob: Blob,
        permit: OwnedSemaphorePermit,
    ) -> Result<Response, Refusal> {
        let (mut file, bytes) = self.blocking(move |store| store.read(&blob)).await?;
        let range = parts
            .headers
            .get(header::RANGE)
            .map(|range| range.to_str().unwrap_or(""));
        let (status, from, to) = match range {
            None => (StatusCode::OK, 0, bytes),
            Some(range) => {
                let refuse = || Refusal::new(Code::Range, format!("no such range of {bytes} bytes"));
                let (from, to) = parse_range(range, bytes).ok_or_else(refuse)?;
                (StatusCode::PARTIAL_CONTENT, from, to)
            }
        };
        file.seek(SeekFrom::Start(from)).map_err(StoreError::from)?;
        let content = tokio::fs::File::from_std(file).take(to - from);
        let stream = ReaderStream::with_capacity(content, 1 << 16).map(move |piece| {
            // Held until the last piece is out.
            let _ = &permit;
            piece
        });
        let mut response = Response::new(Body::from_stream(stream));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(to - from));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let binary = HeaderValue::from_static("application/octet-stream");
        headers.insert(header::CONTENT_TYPE, binary);
        if status == StatusCode::PARTIAL_CONTENT {
            let range = format!("bytes {from}-{}/{bytes}", to - 1);
            #[expect(clippy::expect_used, reason = "digits are a header's value, whatever they say")]
            let range = HeaderValue::from_str(&range).expect("digits");
            headers.insert(header::CONTENT_RANGE, range);
        }
        Ok(response)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let store = self.store.clone();
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.map_err(|_| Refusal::new(Code::Internal, "the store does not work"))?
            .map_err(Refusal::from)
    }
}

/// The answer to a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// Bytes that are there.
    pub offset: u64,
    /// Whether that is the whole file, under its hash.
    pub complete: bool,
}

fn head(progress: Progress) -> Response {
    let mut response = Response::new(Body::empty());
    let (name, bytes) = match progress {
        Progress::Complete(bytes) => (header::CONTENT_LENGTH, bytes),
        Progress::Partial(bytes) => (header::HeaderName::from_static(OFFSET), bytes),
    };
    response.headers_mut().insert(name, HeaderValue::from(bytes));
    response
}

fn json<T: Serialize>(value: &T) -> Response {
    #[expect(clippy::expect_used, reason = "names and numbers of this program are always JSON")]
    let body = serde_json::to_vec(value).expect("plain data");
    let mut response = Response::new(Body::from(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// `bytes=a-` or `bytes=a-b`, as the first byte and the one after the last; `None` for anything else, and for no bytes.
fn parse_range(range: &str, bytes: u64) -> Option<(u64, u64)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?;
    let from: u64 = number(from)?;
    let to = if to.is_empty() {
        bytes
    } else {
        bytes.min(number(to)?.checked_add(1)?)
    };
    (from < to).then_some((from, to))
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_exactly() {
        let read = |range| parse_range(range, 10);
        assert_eq!(read("bytes=0-"), Some((0, 10)));
        assert_eq!(read("bytes=9-"), Some((9, 10)));
        assert_eq!(read("bytes=3-5"), Some((3, 6)));
        assert_eq!(read("bytes=3-50"), Some((3, 10)));
        for none in [
            "bytes=10-",
            "bytes=5-4",
            "bytes=-5",
            "bytes=+1-",
            "bytes=1-2,4-5",
            "bytes=1",
            "items=0-",
            "",
            "bytes=0-18446744073709551615",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
