//! What a document asks for, before anything is done about it: one look at its text, one at its tree.
//!
//! A document is written by anybody. It is never walked without a bound: the text is looked through before it is
//! parsed, because the parser recurses as deep as brackets stand in brackets, and the tree before it is validated,
//! because fragments in fragments can be written out to billions of fields.

mod limits;
mod order;
mod outline;
mod reader;
mod text;
mod walk;

pub(crate) use limits::MAX_NESTING;
pub use limits::{Excess, Limits};
pub(crate) use order::Order;
pub(crate) use outline::Survey;
pub use outline::{Measures, Outline, RootField, Roots};
pub use reader::Reader;
pub(crate) use reader::look;

use async_graphql::parser::types::OperationType;

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
