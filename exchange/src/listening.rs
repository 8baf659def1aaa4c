//! Listening for HTTP: on the loopback interface, or with TLS; from so many at one time, and not for ever.

use super::connections::Connections;
use axum::Router;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::Handle;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A certificate chain and its key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where a server listens, and from how many.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Port 0 is any free one.
    pub address: SocketAddr,
    /// Without it only the loopback interface is served.
    pub tls: Option<Tls>,
    /// How long a TLS handshake, and then a request's head, may take: nobody has signed anything yet.
    pub head_patience: Duration,
    /// Connections at one time, whoever makes them.
    pub connections: usize,
    /// Of those, connections of one host: an IPv4 address, or the first 64 bits of an IPv6 one.
    pub connections_of_one: usize,
}

impl Listen {
    /// The usual limits, without TLS.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            tls: None,
            head_patience: Duration::from_secs(10),
            connections: 512,
            connections_of_one: 32,
        }
    }

    /// # Errors
    /// For an address outside the loopback interface without TLS.
    pub fn check(&self) -> Result<(), ListenError> {
        if self.tls.is_none() && !self.address.ip().is_loopback() {
            return Err(ListenError::Plain(self.address));
        }
        Ok(())
    }

    /// Of a URL at which it is served.
    pub fn scheme(&self) -> &'static str {
        match self.tls {
            Some(_) => "https",
            None => "http",
        }
    }
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ListenError {
    #[error("{0} is no loopback address: it is served with TLS or not at all")]
    Plain(SocketAddr),
    #[error("cannot listen on {address}")]
    Address {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("cannot use the certificate {} with the key {}", tls.cert.display(), tls.key.display())]
    Tls {
        tls: Tls,
        #[source]
        source: io::Error,
    },
}

/// A socket with what answers on it; it closes when dropped, or better with [`Listening::shutdown`].
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    running: JoinHandle<io::Result<()>>,
}

impl Listening {
    /// Listens, and lets `router` answer.
    ///
    /// # Errors
    /// As [`Listen::check`], and if address or certificate cannot be used.
    pub async fn start(listen: &Listen, router: Router) -> Result<Self, ListenError> {
        listen.check()?;
        let tls = match &listen.tls {
            None => None,
            Some(tls) => {
                let config = RustlsConfig::from_pem_file(&tls.cert, &tls.key).await;
                let config = config.map_err(|source| ListenError::Tls {
                    tls: tls.clone(),
                    source,
                })?;
                Some(config)
            }
        };
        let wanted = listen.address;
        let bound = bind(wanted).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|source| ListenError::Address {
            address: wanted,
            source,
        })?;
        let handle = Handle::new();
        let server = axum_server::from_tcp(listener).map_err(|source| ListenError::Address { address, source })?;
        let server = server.handle(handle.clone());
        let (service, patience) = (router.into_make_service(), listen.head_patience);
        let connections = Connections::new(listen.connections, listen.connections_of_one);
        let running = match tls {
            None => {
                let mut server = server.acceptor(connections).http1_only();
                limit(server.http_builder(), patience);
                tokio::spawn(server.serve(service))
            }
            Some(config) => {
                let tls = RustlsAcceptor::new(config).handshake_timeout(patience);
                let mut server = server.acceptor(tls.acceptor(connections)).http1_only();
                limit(server.http_builder(), patience);
                tokio::spawn(server.serve(service))
            }
        };
        Ok(Self {
            address,
            handle,
            running,
        })
    }

    /// Where it listens, with the port that was free.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no new connection, and ends when the requests under way have, or after `grace`.
    ///
    /// # Errors
    /// If it had failed before.
    pub async fn shutdown(mut self, grace: Duration) -> io::Result<()> {
        self.handle.graceful_shutdown(Some(grace));
        self.ended().await
    }

    /// Waits until it ends by itself, which it does only when it fails.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn ended(&mut self) -> io::Result<()> {
        (&mut self.running).await.map_err(io::Error::other)?
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A request's head must arrive in time.
fn limit(http: &mut Builder<TokioExecutor>, patience: Duration) {
    let mut http = http.http1();
    http.timer(TokioTimer::new());
    http.header_read_timeout(patience);
}
