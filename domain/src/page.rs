//! Pages of lists, by key and not by offset: a page stays right while rows are added before it.

use crate::{error::Fault, id::TypedId};

/// The most rows that one page may have.
pub const MAX_PAGE: u32 = 100;
/// The rows of a page when the client does not say.
pub const DEFAULT_PAGE: u32 = 20;

/// Which page of a list is wanted. Lists run from the newest to the oldest id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest<I> {
    /// Rows at most, `1..=MAX_PAGE`.
    pub limit: u32,
    /// Take the last rows of the range instead of the first.
    pub backward: bool,
    /// Only rows that come after this one in the list.
    pub after: Option<I>,
    /// Only rows that come before this one in the list.
    pub before: Option<I>,
    /// Whether the total is to be counted: it costs a query.
    pub with_total: bool,
}

impl<I> Default for PageRequest<I> {
    fn default() -> Self {
        Self { limit: DEFAULT_PAGE, backward: false, after: None, before: None, with_total: false }
    }
}

/// The paging arguments of a Relay connection, as a client sent them.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// Rows from the start.
    pub first: Option<i32>,
    /// Cursor to start after.
    pub after: Option<String>,
    /// Rows from the end.
    pub last: Option<i32>,
    /// Cursor to end before.
    pub before: Option<String>,
}

impl PageArguments {
    /// Checks the arguments. Cursors are opaque to clients: `decode` reads them.
    pub fn parse<I: TypedId>(
        &self,
        with_total: bool,
        decode: impl Fn(&str) -> Option<I>,
    ) -> Result<PageRequest<I>, Fault> {
        let cursor = |field: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| decode(text).ok_or_else(|| Fault::bad_input(field, "not a cursor of this list")))
                .transpose()
        };
        let count = |field: &str, n: i32| {
            u32::try_from(n)
                .ok()
                .filter(|n| (1..=MAX_PAGE).contains(n))
                .ok_or_else(|| Fault::bad_input(field, format!("must be between 1 and {MAX_PAGE}")))
        };
        let (limit, backward) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(Fault::bad_input("last", "give first or last, not both")),
            (Some(first), None) => (count("first", first)?, false),
            (None, Some(last)) => (count("last", last)?, true),
            (None, None) => (DEFAULT_PAGE, false),
        };
        Ok(PageRequest {
            limit,
            backward,
            after: cursor("after", &self.after)?,
            before: cursor("before", &self.before)?,
            with_total,
        })
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, newest first.
    pub items: Vec<T>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows come before.
    pub has_previous: bool,
    /// How many rows the whole list has, if it was asked for.
    pub total: Option<u64>,
}

impl<T> Page<T> {
    /// Makes a page of rows that were read in reading order (`limit + 1` of them at most; the surplus
    /// row only tells that there is more).
    #[must_use]
    pub fn from_rows<I>(request: &PageRequest<I>, mut rows: Vec<T>, total: Option<u64>) -> Self {
        let limit = request.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        if request.backward {
            rows.reverse();
        }
        let (has_next, has_previous) =
            if request.backward { (request.before.is_some(), more) } else { (more, request.after.is_some()) };
        Self { items: rows, has_next, has_previous, total }
    }

    /// The same page of other rows.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
            total: self.total,
        }
    }
}
