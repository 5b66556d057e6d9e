//! What a document asks for, before anything is done about it: one look at its text, one at its tree.
//!
//! A document is written by anybody. It is never walked without a bound: the text is looked through before it is
//! parsed, because the parser recurses as deep as brackets stand in brackets, and the tree before it is validated,
//! because fragments in fragments can be written out to billions of fields.

mod limits;
mod outline;
mod text;

pub(crate) use limits::MAX_NESTING;
pub use limits::{Excess, Limits};
pub use outline::{Measures, Outline, RootField, Roots};

use async_graphql::{Request, ServerError, parser::types::OperationType};

use crate::errors;

/// Parses the document of a request, which keeps it, and says what it asks for. Errors are ready to be shown.
pub(crate) fn look(request: &mut Request, limits: &Limits) -> Result<Outline, ServerError> {
    let tokens =
        text::tokens(&request.query, limits.tokens).map_err(|trouble| trouble.error(&request.query, limits))?;
    // The document is lent out by the request, which lends nothing else then.
    let (name, variables) = (request.operation_name.take(), std::mem::take(&mut request.variables));
    let document = request.parsed_query().map_err(errors::unparsed);
    let outline = document.and_then(|document| outline::outline(document, name.as_deref(), &variables, tokens, limits));
    (request.operation_name, request.variables) = (name, variables);
    outline
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reads.
    Query,
    /// Changes something, and is not stopped half-way.
    Mutation,
    /// Answers many times.
    Subscription,
}

impl From<OperationType> for Kind {
    fn from(kind: OperationType) -> Self {
        match kind {
            OperationType::Query => Self::Query,
            OperationType::Mutation => Self::Mutation,
            OperationType::Subscription => Self::Subscription,
        }
    }
}
