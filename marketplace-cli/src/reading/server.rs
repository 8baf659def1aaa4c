//! The page, its documents and a node, over HTTP.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the page |
//! | `GET /api/<kind>/<id>[?block=N]` | the document of `assay read <kind> <id> --json`, the `ETag` begins with its block |
//! | `POST /rpc` | on the loopback interface: what the node answers to the calls that the page makes, and to no others, within the limits of `calls` |
//!
//! # Soundness
//! Nothing is signed or written. Pages of other origins read no answer: none has a header that lets them, a call of the node takes
//! a content type that they must ask for first, and on the loopback interface only names of this machine are served, so that no
//! name of somebody else's comes to mean it. Whoever is slow with a request loses the connection, one host has a bounded number of
//! them, and no answer names a file of this machine.

use super::calls::{allowed, Refusal, BATCH};
use super::document::{read, How};
use super::kind::Kind;
use super::page::{with_node, FILES};
use super::told::{names_a_file, rooted, OWN_FILES};
use crate::context::Context;
use alloy::primitives::{keccak256, B256};
use alloy::providers::Provider;
use alloy::transports::RpcError;
use assay_chain::block::{Block, Which};
use assay_chain::client::Chain;
use assay_chain::error::{hint_of, is_of_node, Kind as Failure};
use assay_chain::market::all_answers;
use assay_exchange::listening::{Listen, Listening};
use axum::body::{to_bytes, Body};
use axum::extract::{Path, Query, Request, State};
use axum::http::{header, HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{from_fn_with_state, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::Router;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Where the node is, beside the page.
const NODE: &str = "rpc";

/// Requests that are worked on at one time; others wait.
const AT_ONCE: usize = 8;

/// Bytes of a request for the node: the page's calls are far shorter.
const ASKED: usize = 1 << 20;

struct Reading {
    ctx: Context,
    how: How,
    /// None where no node is named: then the page asks its reader for one.
    chain: Option<Chain>,
    on_loopback: bool,
    /// How long a request's body may take.
    patience: Duration,
    permits: Arc<Semaphore>,
}

impl Reading {
    /// The node that is passed on: to this machine alone, since whoever may ask it may make it work.
    fn node(&self) -> Option<&Chain> {
        self.chain.as_ref().filter(|_| self.on_loopback)
    }

    /// What a reader hears of an error: of this machine's files only whoever runs it hears.
    fn fails(&self, error: &eyre::Report, asked: &str) -> Response {
        let (text, hint) = (format!("{error:#}"), hint_of(error));
        if names_a_file(&text) {
            self.ctx.out.warn(format_args!("{asked} is not answered: {text}"));
            return refused(StatusCode::INTERNAL_SERVER_ERROR, OWN_FILES, None);
        }
        let hide = |text: &str| self.ctx.out.redacted(text.to_owned());
        let hint = hint.filter(|hint| !names_a_file(hint)).map(hide);
        refused(status_of(error), &hide(&text), hint.as_deref())
    }
}

/// Serves what `ctx` names.
///
/// # Errors
/// As [`Listening::start`].
pub async fn start(listen: &Listen, ctx: &Context, how: How, chain: Option<Chain>) -> eyre::Result<Listening> {
    let (ctx, how) = rooted(ctx.clone(), how)?;
    let reading = Arc::new(Reading {
        ctx,
        how,
        chain,
        on_loopback: listen.address.ip().is_loopback(),
        patience: listen.head_patience,
        permits: Arc::new(Semaphore::new(AT_ONCE)),
    });
    let mut router = Router::new()
        .route("/", get(index))
        .route("/api/{kind}/{id}", get(document))
        .route(&format!("/{NODE}"), post(node));
    for file in FILES {
        let served = move || async move { typed(file.media, file.text) };
        router = match file.path {
            "index.html" => router.route("/index.html", get(index)),
            path => router.route(&format!("/{path}"), get(served)),
        };
    }
    let router = router
        .fallback(|| async { refused(StatusCode::NOT_FOUND, "there is nothing at this path", None) })
        .layer(from_fn_with_state(reading.clone(), guarded))
        .with_state(reading);
    Ok(Listening::start(listen, router).await?)
}

/// Answers those who mean this machine, and says what no answer may be used for.
async fn guarded(State(reading): State<Arc<Reading>>, request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let mut response = if reading.on_loopback && !named.is_some_and(is_this_machine) {
        let message = "this is served to this machine, by its address or as localhost";
        refused(StatusCode::MISDIRECTED_REQUEST, message, None)
    } else {
        next.run(request).await
    };
    for (name, value) in [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a `Host` can mean nothing but the loopback interface.
pub fn is_this_machine(host: &str) -> bool {
    let port = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, digits)) if port(digits) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

async fn index(State(reading): State<Arc<Reading>>) -> Response {
    let [html, ..] = FILES;
    match reading.node() {
        Some(_) => typed(html.media, with_node(NODE)),
        None => typed(html.media, html.text),
    }
}

async fn document(
    State(reading): State<Arc<Reading>>,
    Path((kind, id)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let bad = |message: String| refused(StatusCode::BAD_REQUEST, &message, None);
    let (kind, id) = match (kind.parse::<Kind>(), id.parse::<B256>()) {
        (Err(why), _) => return refused(StatusCode::NOT_FOUND, &why, None),
        (_, Err(_)) => return bad("the id is none: 0x and 64 hexadecimal digits".into()),
        (Ok(kind), Ok(id)) => (kind, id),
    };
    let mut how = reading.how.clone();
    for (name, value) in query {
        match (name.as_str(), value.parse::<Which>()) {
            ("block", Ok(which)) => how.block = Some(which),
            ("block", Err(why)) => return bad(format!("the block is none: wanted is {why}")),
            _ => return bad(format!("there is no parameter {name:?}: only block")),
        }
    }
    let Some(chain) = &reading.chain else {
        return refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "no node is named",
            Some("start it again with --rpc-url URL"),
        );
    };
    let Ok(permit) = reading.permits.clone().acquire_owned().await else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "it ends", None);
    };
    let answered = async {
        let block = Block::find(chain, how.which(chain)).await?;
        how.block = Some(Which::Hash(block.hash));
        let (ctx, runtime) = (reading.ctx.clone(), Handle::current());
        // On a thread of its own: making a verifier anew takes long, and is no work for the threads that answer. It counts until it is
        // over, whether or not anybody still waits for it.
        let work = spawn_blocking(move || {
            let _permit = permit;
            runtime.block_on(read(&ctx, kind, id, &how))
        });
        let text = serde_json::to_string(&work.await??)?;
        eyre::Ok((block.hash, text))
    };
    match answered.await {
        Ok((block, text)) => {
            // Of one block there may be two: what was compared once is not compared again, which the document says.
            let tag = format!("\"{block}-{}\"", hex::encode(&keccak256(&text)[..8]));
            let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
            let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
            tagged(&tag, (!is_known).then_some(text))
        }
        Err(error) => reading.fails(&error, &format!("{kind} {id}")),
    }
}

fn tagged(tag: &str, document: Option<String>) -> Response {
    let mut response = match document {
        None => StatusCode::NOT_MODIFIED.into_response(),
        Some(text) => typed("application/json", text),
    };
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// An error that is neither the node's nor of a kind is about what was asked for: there is no such thing, or not at this block.
fn status_of(error: &eyre::Report) -> StatusCode {
    match Failure::of(error) {
        None if is_of_node(error) => StatusCode::BAD_GATEWAY,
        None => StatusCode::NOT_FOUND,
        Some(Failure::Usage) => StatusCode::BAD_REQUEST,
        Some(Failure::Unreachable) => StatusCode::BAD_GATEWAY,
        Some(Failure::Unsettled) => StatusCode::CONFLICT,
        Some(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn node(State(reading): State<Arc<Reading>>, request: Request) -> Response {
    let media = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|media| media.to_str().ok());
    if !media.is_some_and(|media| {
        media
            .split(';')
            .next()
            .is_some_and(|media| media.trim() == "application/json")
    }) {
        return refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "calls of a node are application/json",
            None,
        );
    }
    let Some(chain) = reading.node() else {
        let hint =
            "start it again with --rpc-url URL, on the loopback interface: elsewhere readers name a node of their own";
        return refused(StatusCode::SERVICE_UNAVAILABLE, "no node is served here", Some(hint));
    };
    let body = match tokio::time::timeout(reading.patience, to_bytes(request.into_body(), ASKED)).await {
        Err(_) => return refused(StatusCode::REQUEST_TIMEOUT, "the calls took too long to arrive", None),
        Ok(Err(_)) => {
            let message = format!("calls of at most {ASKED} bytes are taken at one time");
            return refused(StatusCode::PAYLOAD_TOO_LARGE, &message, None);
        }
        Ok(Ok(body)) => body,
    };
    let calls = match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Array(calls)) if calls.len() > BATCH => {
            return refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!("at most {BATCH} calls at one time"),
                None,
            );
        }
        Ok(calls) => calls,
        Err(_) => return refused(StatusCode::BAD_REQUEST, "the calls are no JSON", None),
    };
    let Ok(_permit) = reading.permits.acquire().await else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "it ends", None);
    };
    let answers = match calls {
        Value::Array(calls) => {
            let asked = calls
                .into_iter()
                .map(|call| answer_to(reading.clone(), chain.clone(), call));
            Value::Array(all_answers(asked).await.unwrap_or_default())
        }
        call => answer_to(reading.clone(), chain.clone(), call)
            .await
            .unwrap_or_default(),
    };
    typed("application/json", answers.to_string())
}

/// What the node says to one call: an error of the node is an answer, too.
async fn answer_to(reading: Arc<Reading>, chain: Chain, call: Value) -> eyre::Result<Value> {
    let id = &call["id"];
    let failed = |code: i64, message: &str, data: Value| {
        Ok(json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message, "data": data}}))
    };
    let (method, params) = match allowed(&call) {
        Ok(allowed) => allowed,
        Err(Refusal { code, message }) => return failed(code, &message, Value::Null),
    };
    match chain.provider.raw_request::<_, Value>(method.into(), &params).await {
        Ok(result) => Ok(json!({"jsonrpc": "2.0", "id": id, "result": result})),
        Err(RpcError::ErrorResp(error)) => {
            let data = error.data.and_then(|data| serde_json::from_str(data.get()).ok());
            let message = reading.ctx.out.redacted(error.message.into_owned());
            failed(error.code, &message, data.unwrap_or_default())
        }
        Err(error) => failed(
            -32603,
            &reading.ctx.out.redacted(format!("the node does not answer: {error}")),
            Value::Null,
        ),
    }
}

fn typed(media: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

fn refused(status: StatusCode, message: &str, hint: Option<&str>) -> Response {
    let mut response = typed("application/json", json!({"error": message, "hint": hint}).to_string());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::transports::TransportErrorKind;

    #[test]
    fn a_node_that_fails_is_no_unknown_thing() {
        let of_node = RpcError::<TransportErrorKind>::UnsupportedFeature("state");
        let (lost, unknown) = (
            eyre::Report::new(of_node),
            eyre::eyre!("engagement 0x01 is unknown to this market"),
        );
        let why = Failure::Unreachable;
        let away: eyre::Report = assay_chain::error::Error::new(why, "no answer").into();
        let codes = [&lost, &away, &unknown].map(status_of);
        assert_eq!(
            codes,
            [StatusCode::BAD_GATEWAY, StatusCode::BAD_GATEWAY, StatusCode::NOT_FOUND]
        );
    }

    #[test]
    fn names_of_this_machine_are_told_from_others() {
        for own in [
            "127.0.0.1:8701",
            "127.0.0.1",
            "localhost:1",
            "LOCALHOST",
            "[::1]:8701",
            "[::1]",
            "127.9.9.9:80",
        ] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in [
            "",
            "example.org",
            "example.org:8701",
            "localhost.example.org",
            "192.168.0.1:8701",
            "127.0.0.1.example.org",
            "[::2]:1",
            "localhost:x",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
