//! How a mutation answers: a payload with what was done, or `userErrors` that say why not.
//!
//! `outcome` is the one place where a [`Failure`] of a use case is told apart: what was refused goes
//! into the payload, a fault becomes a top-level error ([`crate::errors`]).

use std::borrow::Cow;

use async_graphql::{OutputType, SimpleObject, TypeName};
use domain::error::{Failure, Refusal};

use crate::errors::Result;

/// Why a mutation did not do what it was asked: something that its user can cause or expect. Nothing was
/// changed.
#[derive(Debug, SimpleObject)]
#[graphql(name_type, shareable)]
pub struct UserError<C: OutputType> {
    /// The stable code to branch on.
    pub code: C,
    /// A sentence for people. Its words may change: branch on `code`.
    pub message: String,
    /// The path of the input field that it is about, such as `["input", "quantity"]`; null if it is about no
    /// field in particular.
    pub field: Option<Vec<String>>,
}

/// `GrabErrorCode` is the code of a `GrabError`.
impl<C: OutputType> TypeName for UserError<C> {
    fn type_name() -> Cow<'static, str> {
        let code = C::type_name();
        Cow::Owned(code.strip_suffix("Code").unwrap_or(&code).to_owned())
    }
}

impl<C: OutputType, R> From<Refusal<R>> for UserError<C>
where
    C: From<R>,
{
    fn from(refusal: Refusal<R>) -> Self {
        let field = (!refusal.field.is_empty()).then(|| {
            let path = refusal.field.into_iter().map(Cow::into_owned);
            std::iter::once("input".to_owned()).chain(path).collect()
        });
        Self { code: refusal.code.into(), message: refusal.message.into_owned(), field }
    }
}

/// What was done, and why it was not.
pub(crate) fn outcome<T, R, C>(result: Result<T, Failure<R>>) -> Result<(Option<T>, Vec<UserError<C>>)>
where
    C: OutputType + From<R>,
{
    match result {
        Ok(done) => Ok((Some(done), Vec::new())),
        Err(Failure::Refused(refusals)) => Ok((None, refusals.into_iter().map(UserError::from).collect())),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

/// Declares the payload of a mutation: its fields and, for all alike, `userErrors`.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident $(<$graph:ident>)? ($code:ty) {
        $($(#[$field_doc:meta])* $field:ident: $ty:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name $(<$graph: $crate::graph::Graph>)? {
            $($(#[$field_doc])* pub $field: $ty,)*
            /// Why nothing was done; empty if it was.
            pub user_errors: Vec<$crate::payload::UserError<$code>>,
        }
    };
}
pub(crate) use payload;
