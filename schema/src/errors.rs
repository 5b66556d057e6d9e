//! How the graph says no: the one place where a [`Fault`] becomes a top-level error.
//!
//! What a user can cause or expect is no error here but an entry of `userErrors`
//! ([`crate::payload`]). The text of an internal cause never leaves this process: it is logged, with
//! the trace id that the client is shown.

use std::{error::Error as StdError, fmt::Write, sync::Arc};

use async_graphql::{Error, ErrorExtensionValues, Response, ServerError};
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
    /// Not GraphQL.
    ParseFailed,
    /// GraphQL that does not fit the schema.
    ValidationFailed,
    /// More than one request may ask for.
    TooComplex,
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
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::TooComplex => "QUERY_TOO_COMPLEX",
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
        if let Problem::Fault(fault) = &problem
            && let Fault::BadInput { field, .. } = &**fault
        {
            extensions.set("argument", field.as_str());
        }
        Self { message: problem.message(), source: Some(Arc::new(problem)), extensions: Some(extensions) }
    }
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
            Some(async_graphql::Value::String(code)) => code,
            other => format!("{other:?}"),
        };
        assert_eq!(code(Fault::Unauthenticated("a".into()).into()), "UNAUTHENTICATED");
        assert_eq!(code(Fault::Forbidden("a".into()).into()), "FORBIDDEN");
        assert_eq!(code(Problem::bad_input("id", "a")), "BAD_USER_INPUT");
        assert_eq!(code(Problem::NotFound("order")), "NOT_FOUND");
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
