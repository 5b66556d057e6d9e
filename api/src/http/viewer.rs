//! On whose behalf a request runs.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use domain::user::{Viewer, ports::AccessTokens, viewer::TokenError};
use serde_json::{Map, Value};

/// By the headers of a request.
pub(super) fn of_headers(tokens: &dyn AccessTokens, headers: &HeaderMap) -> Viewer {
    match headers.get(AUTHORIZATION) {
        None => Viewer::SignedOut,
        Some(value) => of_text(tokens, value.to_str().unwrap_or_default()),
    }
}

/// By the payload of a `connection_init` or a `ping`; none if it says nothing about it.
pub(super) fn of_payload(tokens: &dyn AccessTokens, payload: &Map<String, Value>) -> Option<Viewer> {
    let value = payload.get("authorization").or_else(|| payload.get("Authorization"))?;
    Some(of_text(tokens, value.as_str().unwrap_or_default()))
}

/// By `Bearer TOKEN`. Another scheme is no token of ours, and is told so rather than taken for nobody.
fn of_text(tokens: &dyn AccessTokens, text: &str) -> Viewer {
    let token = text.trim().split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match token.map_or(Err(TokenError::Invalid), |(_, token)| tokens.read(token.trim())) {
        Ok(signed_in) => Viewer::SignedIn(signed_in),
        Err(why) => Viewer::Refused(why),
    }
}
