//! The id under which a request is found in the log, a line of log for each request (at `debug` if it went well), and a
//! 500 for a handler that panicked.

use std::panic::AssertUnwindSafe;

use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use futures_util::FutureExt;
use schema::{Code, TraceId};
use tokio::time::Instant;
use tracing::Instrument;

use super::{Http, accept::Form};

/// The id of a request, which `answer` has put there. Always 32 hexadecimal digits, whoever chose them.
pub(super) fn of(extensions: &Extensions) -> TraceId {
    extensions.get::<TraceId>().cloned().unwrap_or_else(|| TraceId(String::new()))
}

/// Where the id is told to the client.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-trace-id");

/// Answers a request by what `answer` makes of it.
///
/// This surrounds the router and is no layer of it: a layer costs each request a boxed future and a clone of all that
/// is below it.
pub(super) async fn answer<A: Future<Output = Response>>(
    http: &Http,
    mut request: Request,
    answer: impl FnOnce(Request) -> A,
) -> Response {
    let id =
        from_client(request.headers()).unwrap_or_else(|| http.ids.uuid(http.services.clock.now()).simple().to_string());
    // Its fields are written whether a line follows or not, so there is one. What was asked for is in the last line.
    let span = tracing::info_span!("request", trace_id = %id);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    request.extensions_mut().insert(TraceId(id.clone()));

    let answered = async {
        let started = Instant::now();
        let mut response = match AssertUnwindSafe(answer(request)).catch_unwind().await {
            Ok(response) => response,
            // What it said is in the log already, by the panic hook.
            Err(_) => super::answer::refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                Form::Json,
                Code::Internal,
                &format!("internal error; trace id {id}"),
            ),
        };
        let (status, millis) = (response.status().as_u16(), started.elapsed().as_millis());
        // The path alone: a query string may hold what is nobody's business.
        let path = uri.path();
        // What went well is told to those who ask for it: a crowd would drown the rest, and so would probes.
        if response.status().is_server_error() {
            tracing::info!(%method, path, status, millis, "answered");
        } else {
            tracing::debug!(%method, path, status, millis, "answered");
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(HEADER, value);
        }
        response
    };
    answered.instrument(span).await
}

/// The trace id of a W3C `traceparent`: `version-traceid-parentid-flags`, in lower-case hexadecimal digits.
fn from_client(headers: &HeaderMap) -> Option<String> {
    let header = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = header.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let nonzero = |text: &str| text.bytes().any(|b| b != b'0');
    let fits = hex(version, 2)
        && version != "ff"
        && hex(trace, 32)
        && nonzero(trace)
        && hex(parent, 16)
        && nonzero(parent)
        && hex(flags, 2)
        && (version != "00" || parts.next().is_none());
    fits.then(|| trace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_traceparent_is_believed() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", text.parse().unwrap());
            from_client(&headers)
        };
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        assert_eq!(read(&format!("00-{trace}-{parent}-01")).as_deref(), Some(trace));
        assert_eq!(read(&format!("01-{trace}-{parent}-01-later")).as_deref(), Some(trace));
        for bad in [
            "",
            "00",
            &format!("00-{trace}-{parent}"),
            &format!("00-{trace}-{parent}-01-x"),
            &format!("ff-{trace}-{parent}-01"),
            &format!("00-{}-{parent}-01", trace.to_uppercase()),
            &format!("00-{}-{parent}-01", "0".repeat(32)),
            &format!("00-{trace}-{}-01", "0".repeat(16)),
            &format!("00-{}-{parent}-01", &trace[1..]),
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
