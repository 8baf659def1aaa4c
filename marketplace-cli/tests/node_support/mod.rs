//! A node that stands in front of another one.

// Each test program uses a part of it.
#![allow(dead_code)]

use axum::body::Bytes;
use serde_json::{json, Value};
use std::future::{ready, Future};
use std::sync::Arc;

/// Hands requests on once `refusal` has seen them, but for those that it has an error for; returns where.
pub(crate) async fn in_front_of<F>(url: String, refusal: impl Fn(Value) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = Option<Value>> + Send,
{
    answering(url, move |request| {
        let refused = refusal(request);
        async move { refused.await.map(|error| ("error", error)) }
    })
    .await
}

/// Hands requests on, but for those that `result` makes up a result for; returns where.
pub(crate) async fn lying(url: String, result: impl Fn(&Value) -> Option<Value> + Send + Sync + 'static) -> String {
    answering(url, move |request| {
        ready(result(&request).map(|result| ("result", result)))
    })
    .await
}

/// Hands requests on, but for those that `answer` has an error or a result for.
pub(crate) async fn answering<F>(url: String, answer: impl Fn(Value) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = Option<(&'static str, Value)>> + Send,
{
    let answer = Arc::new(answer);
    let forward = move |body: Bytes| {
        let (url, answer) = (url.clone(), answer.clone());
        async move {
            let request: Value = serde_json::from_slice(&body).unwrap();
            let id = request["id"].clone();
            if let Some((kind, value)) = answer(request).await {
                return json!({ "jsonrpc": "2.0", "id": id, kind: value }).to_string();
            }
            let request = reqwest::Client::new()
                .post(url)
                .header("content-type", "application/json");
            request.body(body).send().await.unwrap().text().await.unwrap()
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().route("/", axum::routing::post(forward));
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}
