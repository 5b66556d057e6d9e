//! What other services need to check our access tokens by themselves.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::Response,
};

use super::{Http, answer};

/// The public keys, as a JSON Web Key Set.
pub(super) async fn jwks(State(http): State<Arc<Http>>) -> Response {
    let mut response = answer::page(StatusCode::OK, &http.keys.jwks());
    // Shorter than a new key is published before it signs.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=30"));
    response
}
