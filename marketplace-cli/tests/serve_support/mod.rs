//! A server with two parties, and requests byte by byte.

use alloy::primitives::{keccak256, Address, B256};
use alloy::signers::local::PrivateKeySigner;
use assay_exchange::auth::Stamp;
use assay_exchange::blob::{Blob, BlobKind};
use assay_exchange::client::{Client, ClientError, ClientOptions};
use assay_exchange::parties::Parties;
use assay_exchange::refusal::Code;
use assay_exchange::server::{Event, Options, Server};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const ENGAGEMENT: B256 = B256::repeat_byte(0xe1);

/// What the client sends at one time.
pub(crate) const SEGMENT: usize = 5000;

/// What is read of an answer at first.
pub(crate) const READ: usize = 1000;

pub(crate) fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|b| (b * 31 + b / 251) as u8).collect()
}

pub(crate) struct World {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) key: PrivateKeySigner,
    pub(crate) operator: Address,
    pub(crate) parties: Parties,
    pub(crate) options: Options,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
    server: Option<Server>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = PrivateKeySigner::random();
        let operator = Address::repeat_byte(0x0b);
        let parties = Parties::default();
        parties.allow(ENGAGEMENT, [key.address(), operator]);
        let mut options = Options::new("127.0.0.1:0".parse().unwrap(), dir.path().join("store"), operator);
        change(&mut options);
        let mut world = Self {
            dir,
            key,
            operator,
            parties,
            options,
            events: Arc::default(),
            server: None,
        };
        world.start().await;
        world
    }

    pub(crate) async fn start(&mut self) {
        let events = self.events.clone();
        let watch = Arc::new(move |event| events.lock().unwrap().push(event));
        let server = Server::start(&self.options, self.parties.clone(), watch).await;
        self.server = Some(server.unwrap());
    }

    pub(crate) fn stop(&mut self) -> Server {
        self.server.take().unwrap()
    }

    pub(crate) async fn restart(&mut self) {
        self.stop().shutdown(Duration::from_secs(1)).await.unwrap();
        self.start().await;
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        self.client_of(self.key.clone(), self.operator)
    }

    pub(crate) fn client_of(&self, key: PrivateKeySigner, server: Address) -> Client {
        let options = ClientOptions {
            segment_bytes: SEGMENT,
            pause: Duration::from_millis(50),
            ..ClientOptions::new(format!("http://{}", self.server().address()), server)
        };
        Client::new(options, key).unwrap()
    }

    /// A file with [`content`].
    pub(crate) fn file(&self, bytes: usize) -> (PathBuf, Vec<u8>) {
        let path = self.dir.path().join(format!("file-{bytes}"));
        let content = content(bytes);
        std::fs::write(&path, &content).unwrap();
        (path, content)
    }

    /// The name of a file with this content, unless the test uses another kind.
    pub(crate) fn blob(&self, content: &[u8]) -> Blob {
        Blob {
            engagement: ENGAGEMENT,
            kind: BlobKind::Cipher,
            id: keccak256(content),
        }
    }

    /// The head of a request of the party, signed for `body`.
    pub(crate) fn head(&self, method: &str, target: &str, body: &[u8], extra: &str) -> String {
        self.stamped(&Stamp::new(body), method, target, extra)
    }

    pub(crate) fn stamped(&self, stamp: &Stamp, method: &str, target: &str, extra: &str) -> String {
        let headers = at_once(stamp.sign(&self.key, self.operator, method, target)).unwrap();
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{extra}");
        for (name, value) in &headers {
            head += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
        head + "\r\n"
    }
}

/// What is known without waiting, as signatures of a key that is here.
fn at_once<F: Future>(future: F) -> F::Output {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits for something"),
    }
}

/// By which word a request is refused.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> Code {
    match result.unwrap_err() {
        ClientError::Refused(refusal) => refusal.error,
        other => panic!("{other}"),
    }
}

/// An answer that nobody has read yet.
pub(crate) struct Answer(TcpStream);

/// Sends exactly these bytes.
pub(crate) async fn raw(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    Answer(stream)
}

impl Answer {
    /// Reads at most [`READ`] bytes.
    pub(crate) async fn read_some(&mut self) {
        let mut bytes = [0; READ];
        assert_ne!(self.0.read(&mut bytes).await.unwrap(), 0);
    }

    pub(crate) async fn bytes(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A server that closes before it has read everything resets the connection after its answer.
        let _ = self.0.read_to_end(&mut bytes).await;
        bytes
    }

    pub(crate) async fn text(self) -> String {
        String::from_utf8_lossy(&self.bytes().await).into_owned()
    }
}
