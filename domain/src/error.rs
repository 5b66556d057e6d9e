//! How a use case says no.
//!
//! Two kinds of no, and they never mix:
//! - A [`Refusal`] is what a user can cause or expect (sold out, wrong password). It has a code of the
//!   use case's own enum, a message for people and the input field it is about.
//! - A [`Fault`] is abuse or breakage. Its cause is for the log alone and never reaches a client.

use std::{borrow::Cow, time::Duration};

/// An error of a library or an adapter, kept as a cause for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What stops any operation, whatever its own refusals are.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Nobody is signed in, or the access token is no good.
    #[error("not signed in: {0}")]
    Unauthenticated(Cow<'static, str>),
    /// Signed in, but this is not theirs to do or see.
    #[error("not allowed: {0}")]
    Forbidden(Cow<'static, str>),
    /// An argument that no client of ours could send by mistake of its user: a malformed id or cursor.
    #[error("{field}: {message}")]
    BadInput {
        /// Where the argument stands, such as `input.orderId`.
        field: String,
        /// What is wrong with it, for the developer of the client.
        message: String,
    },
    /// Asked too often; trying again before `retry_after` has passed does not help.
    #[error("too many attempts; try again in {} s", retry_after.as_secs().max(1))]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// A part that the operation needs is away or full; trying again later may work.
    #[error("{part} is not available")]
    Unavailable {
        /// The part, in words of the operator: `database`, `queue`, `stock`.
        part: &'static str,
        /// Why, for the log.
        #[source]
        cause: Option<Cause>,
    },
    /// A defect of ours, or of the data.
    #[error("internal error")]
    Internal(#[source] Cause),
}

impl Fault {
    /// A defect, from any error or text.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// A part that is away.
    pub fn unavailable(part: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Unavailable { part, cause: Some(cause.into()) }
    }

    /// The same fault for another of those who waited for one piece of work. Causes are kept as text.
    #[must_use]
    pub fn again(&self) -> Self {
        let cause = std::error::Error::source(self).map(ToString::to_string);
        match self {
            Self::Unauthenticated(why) => Self::Unauthenticated(why.clone()),
            Self::Forbidden(why) => Self::Forbidden(why.clone()),
            Self::BadInput { field, message } => Self::BadInput { field: field.clone(), message: message.clone() },
            Self::RateLimited { retry_after } => Self::RateLimited { retry_after: *retry_after },
            Self::Unavailable { part, .. } => Self::Unavailable { part, cause: cause.map(Into::into) },
            Self::Internal(_) => Self::internal(cause.unwrap_or_default()),
        }
    }

    /// An argument that cannot be.
    pub fn bad_input(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::BadInput { field: field.into(), message: message.into() }
    }
}

/// One expected no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal<C> {
    /// The stable code that clients branch on.
    pub code: C,
    /// A sentence for people.
    pub message: Cow<'static, str>,
    /// The path of the input field it is about, empty if it is about none.
    pub field: Vec<Cow<'static, str>>,
}

/// Why a use case did not do what it was asked.
#[derive(Debug)]
pub enum Failure<C> {
    /// Expected; nothing was changed. Never empty.
    Refused(Vec<Refusal<C>>),
    /// Not expected.
    Fault(Fault),
}

impl<C> From<Fault> for Failure<C> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<C> From<Refusal<C>> for Failure<C> {
    fn from(refusal: Refusal<C>) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl<C> Refusal<C> {
    /// A refusal about no field in particular.
    pub fn new(code: C, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), field: Vec::new() }
    }

    /// A refusal about one field of the input.
    pub fn at(code: C, field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), field: vec![Cow::Borrowed(field)] }
    }
}

/// Collects the refusals of one input, so that a form learns all that is wrong with it at once.
#[derive(Debug)]
pub struct Refusals<C>(Vec<Refusal<C>>);

impl<C> Default for Refusals<C> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C> Refusals<C> {
    /// Adds a refusal.
    pub fn push(&mut self, refusal: Refusal<C>) {
        self.0.push(refusal);
    }

    /// Keeps the value, or its refusal.
    pub fn keep<T>(&mut self, result: Result<T, Refusal<C>>) -> Option<T> {
        result.map_err(|refusal| self.0.push(refusal)).ok()
    }

    /// Fails if anything was refused.
    pub fn check(self) -> Result<(), Failure<C>> {
        if self.0.is_empty() { Ok(()) } else { Err(Failure::Refused(self.0)) }
    }
}
