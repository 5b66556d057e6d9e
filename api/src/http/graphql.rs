//! `/graphql`: operations in the body of a POST or in the address of a GET, after the GraphQL-over-HTTP specification.
//!
//! The body is read here and not by an extractor of a library, so that its size and its time are bounded and no other
//! content type gets in: a form or a plain text is what a browser would send for a foreign page without asking.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ALLOW, CONTENT_TYPE},
    },
    response::Response,
};
use futures_util::future::join_all;
use schema::{Asker, Code, Kind, errors::refused};

use super::{
    Graph, Http, Serving,
    accept::{Accepted, Form},
    answer, body, live,
    operation::{Answer, Ready},
    request::{Asked, Body, Unread},
    trace, viewer, websocket,
};
use crate::config::GetRequests;

/// A client that asks for the cost of its operation sends this, with any value.
const WANTS_COST: &str = "graphql-cost";
/// Headers that a foreign page cannot send before its browser has asked (Apollo Server, "CSRF prevention").
const PREFLIGHT: [&str; 3] = ["apollo-require-preflight", "x-apollo-operation-name", "graphql-require-preflight"];

pub(super) async fn post(State((http, graph)): State<Serving>, request: Request) -> Response {
    let accepted = Accepted::by(request.headers());
    let form = accepted.for_refusal();
    if !is_json(request.headers()) {
        let message = "send the operation as application/json, in UTF-8";
        return answer::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, form, Code::UnsupportedMediaType, message);
    }
    let by = http.asker(&request);
    let body = match body::read(request.into_body(), http.body_limit, http.body_timeout).await {
        Ok(body) => body,
        Err((status, code, message)) => return answer::refusal(status, form, code, &message),
    };
    match Body::read(&body, http.max_batch) {
        Ok(Body::One(asked)) => {
            drop(body);
            match http.admit(*asked, by).await {
                Ok(ready) => http.answer(&graph, ready, accepted).await,
                Err(refused) => http.refuse(refused, accepted),
            }
        }
        Ok(Body::Many(all)) => {
            let answers = all.into_iter().map(|asked| http.one_of_many(&graph, asked, by.clone()));
            let answers = Box::pin(join_all(answers)).await;
            answer::of_list(form, &answers)
        }
        Err(unread) => {
            let code = match unread {
                Unread::Malformed(_) => Code::BadUserInput,
                Unread::List => Code::BatchNotSupported,
                Unread::TooLong(_) => Code::BatchTooLarge,
            };
            answer::refusal(StatusCode::BAD_REQUEST, form, code, &unread.to_string())
        }
    }
}

pub(super) async fn get(State((http, graph)): State<Serving>, request: Request) -> Response {
    if websocket::is_wanted(&request) {
        return websocket::upgrade(http, graph, request).await;
    }
    let accepted = Accepted::by(request.headers());
    let form = accepted.for_refusal();
    let not_by_get = |message| {
        let mut response = answer::refusal(StatusCode::METHOD_NOT_ALLOWED, form, Code::MethodNotAllowed, message);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        response
    };
    if http.get_requests == GetRequests::Off {
        return not_by_get("send operations with POST, or upgrade to a WebSocket");
    }
    if http.get_requests == GetRequests::Preflighted && !PREFLIGHT.iter().any(|name| has(request.headers(), name)) {
        let message = "a GET needs one of the headers Apollo-Require-Preflight, X-Apollo-Operation-Name or \
                       GraphQL-Require-Preflight, with any value";
        return answer::refusal(StatusCode::FORBIDDEN, form, Code::PreflightRequired, message);
    }
    let asked = match Asked::in_address(request.uri()) {
        Ok(asked) => asked,
        Err(unread) => {
            return answer::refusal(StatusCode::BAD_REQUEST, form, Code::BadUserInput, &unread.to_string());
        }
    };
    let by = http.asker(&request);
    match http.admit(asked, by).await {
        Ok(ready) if ready.kind() == Kind::Mutation => not_by_get("send a mutation with POST"),
        Ok(ready) => http.answer(&graph, ready, accepted).await,
        Err(refused) => http.refuse(refused, accepted),
    }
}

impl Http {
    /// On whose behalf a request runs.
    fn asker(&self, request: &Request) -> Asker {
        Asker {
            viewer: viewer::of_headers(&*self.services.access_tokens, request.headers()),
            trace: trace::of(request.extensions()),
            address: self.client(request.extensions(), request.headers()),
            wants_cost: request.headers().contains_key(WANTS_COST),
        }
    }

    async fn answer(self: &Arc<Self>, graph: &Graph, ready: Box<Ready>, accepted: Accepted) -> Response {
        let (form, why_not) = match ready.kind() {
            Kind::Subscription => (
                accepted.for_many(),
                "a subscription is answered as text/event-stream, as multipart/mixed;subscriptionSpec=1.0, or over a WebSocket",
            ),
            Kind::Query | Kind::Mutation => (
                accepted.for_one(),
                "an operation is answered as application/graphql-response+json or application/json",
            ),
        };
        match form {
            None => answer::refusal(StatusCode::NOT_ACCEPTABLE, Form::Json, Code::NotAcceptable, why_not),
            Some(form @ (Form::Json | Form::Graphql)) => match self.run(graph, ready).await {
                Answer::OfGrab(answer) => answer::of_grab(form, &answer),
                Answer::OfGraph(answer) => answer::of_graph(form, answer),
            },
            Some(form) => live::answer(self, graph, ready, form),
        }
    }

    /// Says why an operation was not executed. A client that reads nothing but events is told in one.
    fn refuse(self: &Arc<Self>, refused: async_graphql::Response, accepted: Accepted) -> Response {
        match accepted.for_one() {
            Some(form @ (Form::Events | Form::Multipart)) if !answer::is_about_the_server(&refused) => {
                live::refusal(self, form, refused)
            }
            _ => answer::of_graph(accepted.for_refusal(), refused),
        }
    }

    async fn one_of_many(self: &Arc<Self>, graph: &Graph, asked: Asked, by: Asker) -> async_graphql::Response {
        match self.admit(asked, by).await {
            Ok(ready) if ready.kind() == Kind::Subscription => {
                refused(Code::NotAcceptable, "a subscription cannot be answered in a list")
            }
            Ok(ready) => self.run(graph, ready).await.into(),
            Err(refused) => refused,
        }
    }
}

fn has(headers: &HeaderMap, name: &str) -> bool {
    headers.get(name).is_some_and(|value| !value.is_empty())
}

/// JSON, in UTF-8 if it says in what.
fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = media.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let utf_8 =
        |charset: &str| ["utf-8", "utf8"].iter().any(|name| charset.trim_matches('"').eq_ignore_ascii_case(name));
    json && parts.all(|part| match part.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => utf_8(charset.trim()),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_read() {
        for (media, read) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"; x=y", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/json+x", false),
            ("text/plain; application/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, media.parse().unwrap());
            assert_eq!(is_json(&headers), read, "{media}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
