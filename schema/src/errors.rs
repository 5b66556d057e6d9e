//! How the graph says no: the one place where a [`Fault`] becomes a top-level error.
//!
//! What a user can cause or expect is no error here but an entry of `userErrors`
//! ([`crate::payload`]). The text of an internal cause never leaves this process: it is logged, with
//! the trace id that the client is shown.

use std::{error::Error as StdError, fmt::Write, sync::Arc, time::Duration};

use async_graphql::{Error, ErrorExtensionValues, Response, ServerError, Value};
use domain::error::Fault;

/// The request's name in the log. Attach it to the data of a request (or of a WebSocket): an
/// internal error shows it to the client as `extensions.traceId`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceId(pub String);

/// The stable `extensions.code` of a top-level error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Nobody is signed in, or the access token is no good.
    Unauthenticated,
    /// Signed in, but not allowed.
    Forbidden,
    /// An argument that cannot be.
    BadUserInput,
    /// There is no such thing for this viewer.
    NotFound,
    /// Asked too often.
    RateLimited,
    /// Not GraphQL.
    ParseFailed,
    /// GraphQL that does not fit the schema.
    ValidationFailed,
    /// No operation of the document is the one that was asked for.
    OperationUnknown,
    /// More than one request may ask for.
    TooComplex,
    /// Nobody sent the document of this hash yet: send it with its hash.
    PersistedQueryNotFound,
    /// Documents are not kept here: send them in full.
    PersistedQueryNotSupported,
    /// The document is another than the one of the hash.
    PersistedQueryMismatch,
    /// Only documents that the operator knows are executed, and this is none of them.
    Untrusted,
    /// More bytes than a request may have.
    PayloadTooLarge,
    /// Requests are not taken in lists.
    BatchNotSupported,
    /// A list of more requests than it may have.
    BatchTooLarge,
    /// It took too long; a change may have been made all the same.
    Timeout,
    /// A method or a transport that is not for this.
    MethodNotAllowed,
    /// A body in a form that is not read here.
    UnsupportedMediaType,
    /// An answer in a form that is not written here.
    NotAcceptable,
    /// A foreign page could have sent this without asking.
    PreflightRequired,
    /// More operations at the same time than a socket may have.
    TooManyOperations,
    /// A part that is needed is away or full.
    Unavailable,
    /// A defect of ours.
    Internal,
}

impl Code {
    /// The text that clients branch on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::NotFound => "NOT_FOUND",
            Self::RateLimited => "RATE_LIMITED",
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::OperationUnknown => "OPERATION_RESOLUTION_FAILURE",
            Self::TooComplex => "QUERY_TOO_COMPLEX",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::PersistedQueryMismatch => "PERSISTED_QUERY_HASH_MISMATCH",
            Self::Untrusted => "QUERY_NOT_IN_SAFELIST",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::BatchNotSupported => "BATCH_NOT_SUPPORTED",
            Self::BatchTooLarge => "BATCH_TOO_LARGE",
            Self::Timeout => "OPERATION_TIMEOUT",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::PreflightRequired => "PREFLIGHT_REQUIRED",
            Self::TooManyOperations => "TOO_MANY_OPERATIONS",
            Self::Unavailable => "SERVICE_UNAVAILABLE",
            Self::Internal => "INTERNAL_SERVER_ERROR",
        }
    }
}

/// What a resolver fails with. Clones share the fault: a batch fails for all who wait for it.
#[derive(Debug, Clone)]
pub enum Problem {
    /// A use case failed.
    Fault(Arc<Fault>),
    /// A subscription was asked for something that the viewer cannot see.
    NotFound(&'static str),
}

/// What a resolver answers.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    /// A defect, told to the log alone.
    pub(crate) fn internal(cause: &str) -> Self {
        Fault::internal(cause).into()
    }

    /// An argument that cannot be.
    pub(crate) fn bad_input(argument: &str, message: impl std::fmt::Display) -> Self {
        Fault::bad_input(argument, message.to_string()).into()
    }

    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) => Code::NotFound,
            Self::Fault(fault) => match &**fault {
                Fault::Unauthenticated(_) => Code::Unauthenticated,
                Fault::Forbidden(_) => Code::Forbidden,
                Fault::BadInput { .. } => Code::BadUserInput,
                Fault::RateLimited { .. } => Code::RateLimited,
                Fault::Unavailable { .. } => Code::Unavailable,
                Fault::Internal(_) => Code::Internal,
            },
        }
    }

    /// What the client may read.
    fn message(&self) -> String {
        match self {
            Self::NotFound(what) => format!("there is no such {what}"),
            Self::Fault(fault) => match &**fault {
                Fault::Unavailable { .. } => "not available right now, try again in a moment".to_owned(),
                Fault::Internal(_) => "internal error".to_owned(),
                shown => shown.to_string(),
            },
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(Arc::new(fault))
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", problem.code().name());
        if let Problem::Fault(fault) = &problem {
            match &**fault {
                Fault::BadInput { field, .. } => extensions.set("argument", field.as_str()),
                Fault::RateLimited { retry_after } => extensions.set(RETRY_AFTER, millis(*retry_after)),
                _ => {}
            }
        }
        Self { message: problem.message(), source: Some(Arc::new(problem)), extensions: Some(extensions) }
    }
}

/// How long to wait before trying again, in milliseconds.
const RETRY_AFTER: &str = "retryAfterMs";

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Answers a request of which nothing was executed.
#[must_use]
pub fn refused(code: Code, message: impl Into<String>) -> Response {
    Response::from_errors(vec![coded(code, ServerError::new(message, None))])
}

/// Answers a request that came too often: when it may come again.
#[must_use]
pub fn rate_limited(message: impl Into<String>, retry_after: Duration) -> Response {
    let mut error = coded(Code::RateLimited, ServerError::new(message, None));
    error.extensions.get_or_insert_default().set(RETRY_AFTER, millis(retry_after));
    Response::from_errors(vec![error])
}

/// How long an answer tells its client to wait, if it does.
#[must_use]
pub fn retry_after(response: &Response) -> Option<Duration> {
    let waits = response.errors.iter().filter_map(|error| match error.extensions.as_ref()?.get(RETRY_AFTER)? {
        Value::Number(millis) => millis.as_u64().map(Duration::from_millis),
        _ => None,
    });
    waits.max()
}

/// The code of the first error of an answer.
#[must_use]
pub fn code_of(response: &Response) -> Option<&str> {
    match response.errors.first()?.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// A text that is not GraphQL. What the parser says is short and in one line, and does not repeat the text, which may
/// be long.
pub(crate) fn unparsed(mut error: ServerError) -> ServerError {
    let said = error.message.rsplit("\n  = ").next().unwrap_or_default();
    error.message = format!("syntax error: {}", said.lines().next().unwrap_or_default().trim());
    coded(Code::ParseFailed, error)
}

/// An error of the request itself, before any resolver runs.
pub(crate) fn coded(code: Code, mut error: ServerError) -> ServerError {
    error.extensions.get_or_insert_default().set("code", code.name());
    error
}

/// The last look at a response: logs the causes that the client is not shown, and completes the
/// extensions. What has no code by now is an argument that did not parse.
pub(crate) fn finish(response: &mut Response, trace: Option<&TraceId>) {
    for error in &mut response.errors {
        let source = error.source.take();
        let problem = source.as_ref().and_then(|source| source.downcast_ref::<Problem>());
        if let Some(Problem::Fault(fault)) = problem
            && matches!(**fault, Fault::Internal(_) | Fault::Unavailable { .. })
        {
            let trace_id = trace.map_or("", |trace| trace.0.as_str());
            let cause = chain(fault);
            tracing::error!(trace_id, path = ?error.path, error = cause, "an operation failed");
            if let Some(TraceId(id)) = trace {
                error.extensions.get_or_insert_default().set("traceId", id.as_str());
            }
        }
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", Code::BadUserInput.name());
        }
    }
}

/// An error and all its sources, in one line.
fn chain(fault: &Fault) -> String {
    let mut text = fault.to_string();
    let mut source = fault.source();
    while let Some(cause) = source {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(problem: impl Into<Problem>) -> ServerError {
        let error = Error::from(problem.into()).into_server_error(async_graphql::Pos::default());
        let mut response = Response::from_errors(vec![error]);
        finish(&mut response, Some(&TraceId("t-1".to_owned())));
        response.errors.remove(0)
    }

    #[test]
    fn a_cause_is_logged_and_never_sent() {
        for fault in [Fault::internal("password=hunter2"), Fault::unavailable("database", "10.0.0.7 refused")] {
            let error = shown(fault);
            let text = format!("{} {:?}", error.message, error.extensions);
            assert!(text.contains("t-1") && error.source.is_none(), "{text}");
            assert!(!text.contains("hunter2") && !text.contains("10.0.0.7") && !text.contains("database"), "{text}");
        }
        assert_eq!(chain(&Fault::internal("why")), "internal error: why");
    }

    #[test]
    fn every_fault_has_its_code() {
        let code = |problem: Problem| match shown(problem).extensions.and_then(|all| all.get("code").cloned()) {
            Some(Value::String(code)) => code,
            other => format!("{other:?}"),
        };
        assert_eq!(code(Fault::Unauthenticated("a".into()).into()), "UNAUTHENTICATED");
        assert_eq!(code(Fault::Forbidden("a".into()).into()), "FORBIDDEN");
        assert_eq!(code(Problem::bad_input("id", "a")), "BAD_USER_INPUT");
        assert_eq!(code(Problem::NotFound("order")), "NOT_FOUND");
        assert_eq!(code(Fault::RateLimited { retry_after: Duration::from_secs(1) }.into()), "RATE_LIMITED");
        assert_eq!(code(Fault::unavailable("queue", "a").into()), "SERVICE_UNAVAILABLE");
        assert_eq!(code(Problem::internal("a")), "INTERNAL_SERVER_ERROR");
    }

    #[test]
    fn an_argument_that_does_not_parse_is_bad_user_input() {
        let mut response = Response::from_errors(vec![ServerError::new("Failed to parse \"Date\"", None)]);
        finish(&mut response, None);
        let code = response.errors[0].extensions.as_ref().and_then(|all| all.get("code").cloned());
        assert_eq!(code, Some("BAD_USER_INPUT".into()));
    }
}
