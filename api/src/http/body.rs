//! Reading the body of a request within bounds of size and time.

use std::time::Duration;

use axum::{body::Body, http::StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use schema::Code;

/// How much of a body that is too large is read and thrown away, in bodies of the largest size. A client that is still
/// sending would otherwise find its connection cut, and not the answer.
const THROWN_AWAY: usize = 16;

/// Why a body was not read.
pub(super) type Refused = (StatusCode, Code, String);

/// Reads a body of at most `limit` bytes that arrives within `patience`.
pub(super) async fn read(body: Body, limit: usize, patience: Duration) -> Result<Bytes, Refused> {
    tokio::time::timeout(patience, collected(body, limit)).await.unwrap_or_else(|_| {
        let message = format!("a body arrives within {patience:?}");
        Err((StatusCode::REQUEST_TIMEOUT, Code::Timeout, message))
    })
}

async fn collected(mut body: Body, limit: usize) -> Result<Bytes, Refused> {
    let too_large = || {
        let message = format!("a body has at most {limit} bytes");
        Err((StatusCode::PAYLOAD_TOO_LARGE, Code::PayloadTooLarge, message))
    };
    let (mut first, mut rest, mut length) = (Bytes::new(), BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err((StatusCode::BAD_REQUEST, Code::BadUserInput, "the body could not be read".to_owned()));
        };
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length > limit {
            (first, rest) = (Bytes::new(), BytesMut::new());
            if length > limit.saturating_mul(THROWN_AWAY) {
                return too_large();
            }
        } else if first.is_empty() && rest.is_empty() {
            // A small body is one piece, and not copied.
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&data);
        }
    }
    if length > limit {
        return too_large();
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}
