//! A node that stands in front of another one.

use axum::body::Bytes;
use serde_json::{json, Value};
use std::future::Future;
use std::sync::Arc;

/// Hands requests on once `refusal` has seen them, but for those that it has an error for; returns where.
pub(crate) async fn in_front_of<F>(url: String, refusal: impl Fn(Value) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = Option<Value>> + Send,
{
    let refusal = Arc::new(refusal);
    let forward = move |body: Bytes| {
        let (url, refusal) = (url.clone(), refusal.clone());
        async move {
            let request: Value = serde_json::from_slice(&body).unwrap();
            let id = request["id"].clone();
            if let Some(error) = refusal(request).await {
                return json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string();
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
