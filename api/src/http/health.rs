//! What an orchestrator asks: does the process live, and should it get requests.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde_json::json;

use super::{Http, answer};
use crate::readiness::Condition;

/// The process lives. Looks at nothing else, or a slow database would get the process killed.
pub(super) async fn lives() -> Response {
    answer::page(StatusCode::OK, &json!({ "status": "ok" }))
}

/// The process can do its work; if not, 503 says what is wrong. What is degraded is told and is no reason to send
/// the requests elsewhere: the other replicas have the same engines.
pub(super) async fn ready(State(http): State<Arc<Http>>) -> Response {
    let Condition { problems, degraded } = http.readiness.condition().await;
    let ready = problems.is_empty();
    let mut page = json!({ "ready": ready });
    for (name, parts) in [("problems", problems), ("degraded", degraded)] {
        if !parts.is_empty() {
            page[name] = json!(parts);
        }
    }
    answer::page(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &page)
}
