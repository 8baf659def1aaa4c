//! Why a request is not served.

use super::replay::NotFresh;
use super::store::StoreError;
use axum::body::Body;
use axum::http::{header, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// The word by which a program tells refusals apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// No such file, or a path that leads to none.
    NotFound,
    /// Not a request that the protocol knows.
    BadRequest,
    /// Another method than this path has.
    MethodNotAllowed,
    /// No signature, or a malformed one.
    Unsigned,
    /// Signed too long before or after the server's time.
    Stale,
    /// Signed once, sent twice.
    Replayed,
    /// The signer is no party of the engagement.
    Forbidden,
    /// The signer may fetch files of the engagement, and put none there.
    ReadOnly,
    /// The body is not the one that was signed.
    OtherBody,
    /// The body did not arrive in time.
    TooSlow,
    /// More bytes than a request or a file may have.
    TooLarge,
    /// More bytes than an engagement may have.
    Quota,
    /// The upload is elsewhere than the request says, or another request is at it.
    Conflict,
    /// The whole file is there, and is not the one that its name says.
    WrongHash,
    /// No such part of the file.
    Range,
    /// Too many requests at one time: later it may work.
    Busy,
    /// The server cannot use its store.
    Internal,
}

impl Code {
    /// The HTTP status that goes with it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unsigned | Self::Stale | Self::Replayed | Self::OtherBody => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Quota => StatusCode::INSUFFICIENT_STORAGE,
            Self::Conflict => StatusCode::CONFLICT,
            Self::WrongHash => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Range => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The body of such an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// For programs.
    pub error: Code,
    /// For people.
    pub message: String,
}

impl Refusal {
    /// A refusal with a message that says nothing about this machine.
    pub fn new(error: Code, message: impl Into<String>) -> Self {
        Self {
            error,
            message: message.into(),
        }
    }
}

impl From<NotFresh> for Refusal {
    fn from(reason: NotFresh) -> Self {
        match reason {
            NotFresh::Stale => Self::new(Code::Stale, "the request was not signed just now: compare the clocks"),
            NotFresh::Replayed => Self::new(Code::Replayed, "the request has been served already"),
            NotFresh::Busy => Self::new(Code::Busy, "too many requests"),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Absent => Code::NotFound,
            StoreError::Size { .. } => Code::TooLarge,
            StoreError::Quota { .. } => Code::Quota,
            StoreError::Segment { .. } => Code::BadRequest,
            StoreError::Offset { .. } | StoreError::InUse => Code::Conflict,
            StoreError::WrongHash { .. } => Code::WrongHash,
            // What the operating system says may name paths of this machine.
            StoreError::Io(_) => return Self::new(Code::Internal, "the store does not work"),
        };
        Self::new(code, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        #[expect(clippy::expect_used, reason = "two strings of this program are always JSON")]
        let body = serde_json::to_vec(&self).expect("two strings");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.error.status();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        // What is left of the request's body is not read.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
    }
}
