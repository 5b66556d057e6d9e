//! How an answer of the graph is written on HTTP, after the GraphQL-over-HTTP specification: as
//! `application/graphql-response+json` to clients that ask for it, and as `application/json` to all others.

use async_graphql::{ServerError, Value};
use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    response::Response,
};
use schema::{
    Code, GrabAnswer,
    errors::{code_of, refused, retry_after},
};
use serde::Serialize;

use super::{accept::Form, operation::was_refused};

/// Writes what the graph answered.
pub(super) fn of_graph(form: Form, mut answer: async_graphql::Response) -> Response {
    let headers = std::mem::take(&mut answer.http_headers);
    let mut response = written(status(form, &answer), form, in_json(&answer));
    say_when(response.headers_mut(), &answer);
    response.headers_mut().extend(headers);
    response
}

/// Writes what a grab that had a plan came to.
pub(super) fn of_grab(form: Form, answer: &GrabAnswer) -> Response {
    written(StatusCode::OK, form, bytes(serde_json::to_vec(answer)))
}

/// Writes what the graph answered to a list of requests, in their order.
pub(super) fn of_list(form: Form, answers: &[async_graphql::Response]) -> Response {
    let mut body = Vec::from(b"[");
    for (place, answer) in answers.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.append(&mut in_json(answer));
    }
    body.push(b']');
    let mut response = written(StatusCode::OK, form, body);
    for answer in answers {
        say_when(response.headers_mut(), answer);
    }
    response
}

/// An answer in JSON. What was not executed has no `data`; what was, has it also where it is null.
pub(super) fn in_json(answer: &async_graphql::Response) -> Vec<u8> {
    #[derive(Serialize)]
    struct Refused<'a> {
        errors: &'a [ServerError],
        #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
        extensions: &'a std::collections::BTreeMap<String, Value>,
    }

    bytes(if was_refused(answer) {
        serde_json::to_vec(&Refused { errors: &answer.errors, extensions: &answer.extensions })
    } else {
        serde_json::to_vec(answer)
    })
}

fn bytes(json: serde_json::Result<Vec<u8>>) -> Vec<u8> {
    json.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        br#"{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}"#.to_vec()
    })
}

fn status(form: Form, answer: &async_graphql::Response) -> StatusCode {
    if !was_refused(answer) {
        return StatusCode::OK;
    }
    about_the_server(answer).unwrap_or(if form == Form::Graphql { StatusCode::BAD_REQUEST } else { StatusCode::OK })
}

/// Whether a refusal says something about the server and not about the request: then its status says it to all clients.
pub(super) fn is_about_the_server(refused: &async_graphql::Response) -> bool {
    about_the_server(refused).is_some()
}

fn about_the_server(refused: &async_graphql::Response) -> Option<StatusCode> {
    let code = code_of(refused)?;
    [
        (Code::RateLimited, StatusCode::TOO_MANY_REQUESTS),
        (Code::Timeout, StatusCode::SERVICE_UNAVAILABLE),
        (Code::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
        (Code::Internal, StatusCode::INTERNAL_SERVER_ERROR),
    ]
    .into_iter()
    .find_map(|(about, status)| (about.name() == code).then_some(status))
}

/// Tells in a header too when to come again, in whole seconds.
fn say_when(headers: &mut HeaderMap, answer: &async_graphql::Response) {
    if let Some(wait) = retry_after(answer) {
        headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)));
    }
}

/// A request that did not get as far as the graph, in the form of a GraphQL error.
pub(super) fn refusal(status: StatusCode, form: Form, code: Code, message: &str) -> Response {
    written(status, form, in_json(&refused(code, message)))
}

/// A page of JSON that is no answer of the graph.
pub(super) fn page(status: StatusCode, body: &serde_json::Value) -> Response {
    written(status, Form::Json, body.to_string().into_bytes())
}

fn written(status: StatusCode, form: Form, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media(form)));
    // An answer may hold tokens (RFC 6749, section 5.1).
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The media type of a form.
pub(super) const fn media(form: Form) -> &'static str {
    match form {
        Form::Json => "application/json; charset=utf-8",
        Form::Graphql => "application/graphql-response+json; charset=utf-8",
        Form::Events => "text/event-stream; charset=utf-8",
        Form::Multipart => "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"",
    }
}
