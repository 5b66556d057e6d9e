//! `POST /graphql`: one operation in a JSON body.
//!
//! The body is read here and not by an extractor of a library, so that its size is bounded and no other
//! content type gets in: a form or a plain text is what a browser would send for a foreign page without
//! asking.

use std::sync::Arc;

use async_graphql::Executor;
use axum::{
    body::Bytes,
    extract::{Extension, FromRequest, Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::Response,
};

use tracing::Instrument;

use super::{
    Graph, Http,
    answer::{self, Form},
    trace::Trace,
    viewer,
};

/// The code of a request that no client of ours sends by mistake of its user.
const BAD: &str = "BAD_USER_INPUT";

pub(super) async fn post(
    State(http): State<Arc<Http>>,
    Extension(graph): Extension<Graph>,
    Extension(trace): Extension<Trace>,
    request: Request,
) -> Response {
    let form = Form::wanted(request.headers());
    if !is_json(request.headers()) {
        return answer::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, BAD, "send the operation as application/json");
    }
    let viewer = viewer::of_headers(&*http.services.access_tokens, request.headers());
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("a body has at most {} bytes", http.body_limit);
            return answer::refusal(StatusCode::PAYLOAD_TOO_LARGE, BAD, &message);
        }
        Err(_) => return answer::refusal(StatusCode::BAD_REQUEST, BAD, "the body could not be read"),
    };
    match operation(&body) {
        Ok(request) => {
            let request = schema::on_behalf_of(request, viewer, Some(schema::TraceId(trace.0)));
            answer::of_graph(form, to_its_end(graph, request).await)
        }
        Err(place) => {
            let message = format!(
                "the body is not one GraphQL request, {{\"query\": …, \"variables\": …, \"operationName\": …}}: {place}"
            );
            answer::refusal(StatusCode::BAD_REQUEST, BAD, &message)
        }
    }
}

/// Runs an operation in a task of its own: a client that goes away does not stop a mutation half-way.
async fn to_its_end(graph: Graph, request: async_graphql::Request) -> async_graphql::Response {
    let operation = async move { Executor::execute(&graph, request).await };
    match tokio::spawn(operation.in_current_span()).await {
        Ok(response) => response,
        // A panic goes on to where panics of handlers are caught.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Reads the operation, or says where it is none. What was sent is not repeated.
fn operation(body: &[u8]) -> Result<async_graphql::Request, String> {
    // A list would be read as the fields of a request in their order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err("not an object".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| format!("line {} column {}", error.line(), error.column()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}
