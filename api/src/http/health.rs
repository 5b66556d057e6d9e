//! What an orchestrator asks: does the process live, and should it get requests.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde_json::json;

use super::{Http, answer};

/// The process lives. Looks at nothing else, or a slow database would get the process killed.
pub(super) async fn lives() -> Response {
    answer::page(StatusCode::OK, &json!({ "status": "ok" }))
}

/// The process can do its work; if not, 503 says what is wrong.
pub(super) async fn ready(State(http): State<Arc<Http>>) -> Response {
    let problems = http.readiness.problems().await;
    if problems.is_empty() {
        answer::page(StatusCode::OK, &json!({ "ready": true }))
    } else {
        answer::page(StatusCode::SERVICE_UNAVAILABLE, &json!({ "ready": false, "problems": problems }))
    }
}
