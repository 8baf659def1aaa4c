//! A bound on open connections, strangers' included.

use axum::{Extension, Router};
use axum_server::accept::Accept;
use std::future::{ready, Ready};
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Closes connections beyond the bound as soon as they are made, before a TLS handshake.
#[derive(Debug, Clone)]
pub(super) struct Connections(Arc<Semaphore>);

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }
}

impl Accept<TcpStream, Router> for Connections {
    type Stream = TcpStream;
    type Service = Router;
    type Future = Ready<io::Result<(TcpStream, Router)>>;

    fn accept(&self, stream: TcpStream, service: Router) -> Self::Future {
        let permit = self.0.clone().try_acquire_owned();
        // The service lives as long as its connection, and what it carries with it.
        let bounded = |permit| (stream, service.layer(Extension(Arc::new(permit))));
        ready(permit.map(bounded).map_err(io::Error::other))
    }
}
