//! What one document may ask, and how it is told that it asks too much.

use async_graphql::ServerError;

use crate::errors::{self, Code};

/// What one document may ask. What is counted is counted with its fragments written out, over all of its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Words, numbers, texts and brackets of its text.
    pub tokens: usize,
    /// How deep fields may stand in fields.
    pub depth: usize,
    /// The sum of what its fields cost: a field costs 1, a page its rows times what is selected of each, a
    /// password hash [`Self::PASSWORD`].
    pub complexity: usize,
    /// Fields.
    pub fields: usize,
    /// Fields that are given another name.
    pub aliases: usize,
    /// Fields of an operation that stand in nothing: each is a query or a change of its own.
    pub root_fields: usize,
    /// Directives such as `@include`.
    pub directives: usize,
    /// What it asks of the schema about itself: a type counts as its fields, those as their types, and so on. The
    /// query that tools send comes to some 150,000.
    pub introspection: usize,
    /// Whether the schema tells about itself at all.
    pub introspects: bool,
    /// Whether an unknown name is answered with the names that are like it.
    pub suggests: bool,
}

impl Limits {
    /// What hashing a password costs.
    pub const PASSWORD: usize = 1_000;
    /// What any other change costs.
    pub const CHANGE: usize = 50;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tokens: 5_000,
            depth: 20,
            complexity: 10_000,
            fields: 1_000,
            aliases: 100,
            root_fields: 25,
            directives: 100,
            introspection: 1_000_000,
            introspects: true,
            suggests: true,
        }
    }
}

/// Brackets in brackets of a text. In a debug build some hundred overflow the stack of a thread, which would end
/// the process; nobody writes thirty.
pub(super) const MAX_BRACKETS: usize = 64;
/// Selections in selections, with those of fragments. The executor recurses as deep.
pub(crate) const MAX_NESTING: usize = 32;
/// Bytes of a name. An unknown name is compared with all names that there are, letter by letter.
pub(super) const MAX_NAME: usize = 100;
/// Fragments: each may refer to the next, and they are walked recursively.
pub(super) const MAX_FRAGMENTS: usize = 200;

/// What a document has too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the limits")]
pub enum Excess {
    Tokens,
    Brackets,
    Name,
    Fragments,
    Nesting,
    Depth,
    Complexity,
    Fields,
    Aliases,
    RootFields,
    Directives,
    Introspection,
}

impl Excess {
    /// What clients branch on, as `extensions.reason`; the code of all of them is `QUERY_TOO_COMPLEX`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Tokens => "TOO_MANY_TOKENS",
            Self::Brackets | Self::Nesting => "TOO_NESTED",
            Self::Name => "NAME_TOO_LONG",
            Self::Fragments => "TOO_MANY_FRAGMENTS",
            Self::Depth => "TOO_DEEP",
            Self::Complexity => "TOO_COMPLEX",
            Self::Fields => "TOO_MANY_FIELDS",
            Self::Aliases => "TOO_MANY_ALIASES",
            Self::RootFields => "TOO_MANY_ROOT_FIELDS",
            Self::Directives => "TOO_MANY_DIRECTIVES",
            Self::Introspection => "TOO_MUCH_INTROSPECTION",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Tokens => "words, numbers, texts and brackets",
            Self::Brackets => "brackets in brackets",
            Self::Name => "bytes in a name",
            Self::Fragments => "fragments",
            Self::Nesting => "selections in selections",
            Self::Depth => "fields in fields",
            Self::Complexity => "points of complexity",
            Self::Fields => "fields",
            Self::Aliases => "aliases",
            Self::RootFields => "fields at the root of an operation",
            Self::Directives => "directives",
            Self::Introspection => "points of introspection",
        }
    }

    const fn limit(self, limits: &Limits) -> usize {
        match self {
            Self::Tokens => limits.tokens,
            Self::Brackets => MAX_BRACKETS,
            Self::Name => MAX_NAME,
            Self::Fragments => MAX_FRAGMENTS,
            Self::Nesting => MAX_NESTING,
            Self::Depth => limits.depth,
            Self::Complexity => limits.complexity,
            Self::Fields => limits.fields,
            Self::Aliases => limits.aliases,
            Self::RootFields => limits.root_fields,
            Self::Directives => limits.directives,
            Self::Introspection => limits.introspection,
        }
    }

    /// What the client is told.
    pub(crate) fn error(self, limits: &Limits) -> ServerError {
        let limit = self.limit(limits);
        let message = format!("the document has more than {limit} {}", self.what());
        let mut error = errors::coded(Code::TooComplex, ServerError::new(message, None));
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("reason", self.reason());
        extensions.set("limit", limit);
        error
    }
}
