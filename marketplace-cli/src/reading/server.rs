//! The page, its documents and a node, over HTTP.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the page |
//! | `GET /api/<kind>/<id>[?block=N]` | the document of `assay read <kind> <id> --json`, its block in the `ETag` |
//! | `POST /rpc` | what the node answers to the calls that the page makes, and to no others |
//!
//! # Soundness
//! Nothing is signed or written. Pages of other origins read no answer: none has a header that lets them, a call of the node takes
//! a content type that they must ask for first, and on the loopback interface only names of this machine are served, so that no
//! name of somebody else's comes to mean it.

use super::page::{with_node, FILES};
use super::{read, How, Kind, Read};
use crate::context::Context;
use alloy::primitives::B256;
use alloy::providers::Provider;
use alloy::transports::RpcError;
use assay_chain::block::{Block, Which};
use assay_chain::client::Chain;
use assay_chain::error::{hint_of, Kind as Failure};
use assay_chain::market::all_answers;
use assay_exchange::listening::{Listen, ListenError, Listening};
use axum::body::{Body, Bytes};
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
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Where the node is, beside the page.
const NODE: &str = "rpc";

/// What the page asks a node for.
const METHODS: [&str; 9] = [
    "eth_call",
    "eth_chainId",
    "eth_getBlockByHash",
    "eth_getBlockByNumber",
    "eth_getCode",
    "eth_getLogs",
    "eth_getTransactionByHash",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
];

/// Calls of one request: the page makes no more.
const BATCH: usize = 50;

/// Requests that are worked on at one time; others wait.
const AT_ONCE: usize = 8;

struct Reading {
    ctx: Context,
    how: How,
    /// None where no node is named: then the page asks its reader for one.
    chain: Option<Chain>,
    on_loopback: bool,
    permits: Semaphore,
}

/// Serves what `ctx` names.
///
/// # Errors
/// As [`Listening::start`].
pub async fn start(listen: &Listen, ctx: &Context, how: How, chain: Option<Chain>) -> Result<Listening, ListenError> {
    let reading = Arc::new(Reading {
        ctx: ctx.clone(),
        how,
        chain,
        on_loopback: listen.address.ip().is_loopback(),
        permits: Semaphore::new(AT_ONCE),
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
    Listening::start(listen, router).await
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
fn is_this_machine(host: &str) -> bool {
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
    match reading.chain {
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
    let Ok(_permit) = reading.permits.acquire().await else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "it ends", None);
    };
    let answered = async {
        let block = Block::find(chain, how.which(chain)).await?;
        // What was read at a block does not change.
        let tag = format!("W/\"{}\"", block.hash);
        let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
        if known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
            return Ok((tag, None));
        }
        how.block = Some(Which::Hash(block.hash));
        let (ctx, runtime) = (reading.ctx.clone(), Handle::current());
        // On a thread of its own: making a verifier anew takes long, and is no work for the threads that answer.
        let found = spawn_blocking(move || runtime.block_on(read(&ctx, kind, id, &how))).await??;
        eyre::Ok((tag, Some(found)))
    };
    match answered.await {
        Ok((tag, document)) => tagged(&tag, document),
        Err(error) => {
            let text = reading.ctx.out.redacted(format!("{error:#}"));
            refused(status_of(&error), &text, hint_of(&error))
        }
    }
}

fn tagged(tag: &str, document: Option<Read>) -> Response {
    let mut response = match document.map(|document| serde_json::to_string(&document)) {
        None => StatusCode::NOT_MODIFIED.into_response(),
        Some(Ok(text)) => typed("application/json", text),
        Some(Err(_)) => {
            return refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the document cannot be written",
                None,
            )
        }
    };
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// An error that has no kind is about what was asked for: there is no such thing, or not at this block.
fn status_of(error: &eyre::Report) -> StatusCode {
    match Failure::of(error) {
        None => StatusCode::NOT_FOUND,
        Some(Failure::Usage) => StatusCode::BAD_REQUEST,
        Some(Failure::Unreachable) => StatusCode::BAD_GATEWAY,
        Some(Failure::Unsettled) => StatusCode::CONFLICT,
        Some(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn node(State(reading): State<Arc<Reading>>, headers: HeaderMap, body: Bytes) -> Response {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
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
    let Some(chain) = &reading.chain else {
        return refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "no node is named",
            Some("start it again with --rpc-url URL"),
        );
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
    let Some(method) = METHODS.into_iter().find(|method| call["method"] == *method) else {
        return failed(
            -32601,
            "this node is for reading: it answers what the page asks",
            Value::Null,
        );
    };
    match chain
        .provider
        .raw_request::<_, Value>(method.into(), &call["params"])
        .await
    {
        Ok(result) => Ok(json!({"jsonrpc": "2.0", "id": id, "result": result})),
        Err(RpcError::ErrorResp(error)) => {
            let data = error.data.and_then(|data| serde_json::from_str(data.get()).ok());
            failed(error.code, &error.message, data.unwrap_or_default())
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
