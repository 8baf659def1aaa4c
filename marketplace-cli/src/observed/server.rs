//! Numbers, and whether the daemon is well, over HTTP.
//!
//! | request | answer |
//! |---|---|
//! | `GET /metrics` | the numbers |
//! | `GET /healthz` | 200, or 503 with one sentence |
//!
//! On the loopback interface, by the listener that files are served with ([`Listening`]), and to those alone who mean this machine:
//! numbers tell what a party is about to do.

use super::exposition::{exposition, MEDIA};
use crate::reading::server::is_this_machine;
use assay_exchange::listening::{Listen, ListenError, Listening};
use assay_marketplace::watch::vitals::Vitals;
use axum::extract::Request;
use axum::http::{header, StatusCode};
use axum::middleware::{from_fn, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::Router;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Answers until the result is dropped; the daemon's loop may take so long for a turn.
///
/// # Errors
/// As [`Listening::start`]: for an address that is not of this machine alone, too.
pub async fn start(address: SocketAddr, vitals: Arc<Vitals>, patience: Duration) -> Result<Listening, ListenError> {
    let numbers = vitals.clone();
    let metrics = move || async move { ([(header::CONTENT_TYPE, MEDIA)], exposition(&numbers.snapshot())) };
    let health = move || async move {
        match vitals.snapshot().complaint(patience) {
            None => (StatusCode::OK, "well\n".to_owned()),
            Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
        }
    };
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .layer(from_fn(guarded));
    Listening::start(&Listen::new(address), router).await
}

async fn guarded(request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    match named.is_some_and(is_this_machine) {
        true => next.run(request).await,
        false => (StatusCode::MISDIRECTED_REQUEST, "this is told to this machine\n").into_response(),
    }
}
