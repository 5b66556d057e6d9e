//! How an answer of the graph is written on HTTP, after the GraphQL-over-HTTP specification: as
//! `application/graphql-response+json` to clients that ask for it, and as `application/json` to all others.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
    },
    response::Response,
};
use serde_json::json;

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";

/// Which of the two forms a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Every well-formed request is answered with 200.
    Json,
    /// A document that was not executed is answered with 400.
    Graphql,
}

impl Form {
    /// By `Accept`. The older form unless the newer is asked for and not liked less.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let (mut json, mut graphql) = (0.0, 0.0);
        for value in headers.get_all(ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',') {
                let mut parts = range.split(';').map(str::trim);
                let media = parts.next().unwrap_or_default().to_ascii_lowercase();
                let liking =
                    parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
                match media.as_str() {
                    JSON => json = liking,
                    GRAPHQL => graphql = liking,
                    _ => {}
                }
            }
        }
        if graphql > 0.0 && graphql >= json { Self::Graphql } else { Self::Json }
    }

    const fn media(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// Writes what the graph answered.
pub(super) fn of_graph(form: Form, mut answer: async_graphql::Response) -> Response {
    let headers = std::mem::take(&mut answer.http_headers);
    // An error of an execution has a path. Without one, the document was refused before anything ran.
    let refused = !answer.errors.is_empty() && answer.errors.iter().all(|error| error.path.is_empty());
    let status = if refused && form == Form::Graphql { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let mut response = match body(&answer, refused) {
        Ok(body) => written(status, form, body),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", "internal error")
        }
    };
    response.headers_mut().extend(headers);
    response
}

/// The answer in JSON; without `data` if the document was refused.
fn body(answer: &async_graphql::Response, refused: bool) -> serde_json::Result<Vec<u8>> {
    if !refused {
        return serde_json::to_vec(answer);
    }
    let mut body = serde_json::to_value(answer)?;
    if let Some(body) = body.as_object_mut() {
        body.remove("data");
    }
    serde_json::to_vec(&body)
}

/// A request that did not get as far as the graph, in the form of a GraphQL error.
pub(super) fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    page(status, &body)
}

/// A page of JSON that is no answer of the graph.
pub(super) fn page(status: StatusCode, body: &serde_json::Value) -> Response {
    written(status, Form::Json, body.to_string().into())
}

fn written(status: StatusCode, form: Form, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.media()));
    // An answer may hold tokens (RFC 6749, section 5.1).
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_form_is_for_those_who_ask_for_it() {
        let wanted = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            Form::wanted(&headers)
        };
        assert_eq!(Form::wanted(&HeaderMap::new()), Form::Json);
        for (accept, form) in [
            ("*/*", Form::Json),
            ("application/json", Form::Json),
            ("application/graphql-response+json", Form::Graphql),
            ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", Form::Graphql),
            ("application/graphql-response+json;q=0.5, application/json", Form::Json),
            ("application/graphql-response+json;q=0", Form::Json),
        ] {
            assert_eq!(wanted(accept), form, "{accept}");
        }
    }
}
