//! Lists of the graph: Relay connections over the pages of the domain.
//!
//! Counting all rows costs a query, so it is done only where `totalCount` is selected.

use std::borrow::Cow;

use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};
use domain::{
    id::TypedId,
    page::{DEFAULT_PAGE, MAX_PAGE, Page, PageArguments, PageRequest},
};

use crate::{
    errors::{Problem, Result},
    ids,
};

/// One page of a list.
pub struct Connection<T: OutputType> {
    edges: Vec<Edge<T>>,
    page_info: PageInfo,
    total: Option<u64>,
}

/// One row of a page, and where it stands in the list.
#[derive(SimpleObject)]
#[graphql(name_type, shareable)]
pub struct Edge<T: OutputType> {
    /// Where the row stands: give it as `after` or `before` to read on from here. Opaque.
    cursor: String,
    /// The row.
    node: T,
}

/// Where a page stands in its list.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(shareable)]
pub struct PageInfo {
    /// Whether rows follow this page.
    has_next_page: bool,
    /// Whether rows come before this page.
    has_previous_page: bool,
    /// The cursor of the first row; null if the page is empty.
    start_cursor: Option<String>,
    /// The cursor of the last row; null if the page is empty.
    end_cursor: Option<String>,
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Connection", T::type_name()))
    }
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Edge", T::type_name()))
    }
}

/// One page of a list. Lists run from the newest to the oldest. A page has 20 rows unless `first` or `last`
/// says otherwise, and at most 100.
#[Object(name_type, shareable)]
impl<T: OutputType> Connection<T> {
    /// The rows, each with its cursor.
    async fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }

    /// The rows.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where this page stands in the list.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// How many rows the whole list has. Counted only when it is selected.
    #[expect(clippy::unused_async, reason = "a resolver is async")]
    async fn total_count(&self) -> Result<u64> {
        self.total.ok_or_else(|| Problem::internal("totalCount is selected and was not counted"))
    }
}

impl<T: OutputType> Connection<T> {
    /// Shows a page; `show` tells a row's id and its form in the graph.
    pub(crate) fn of<R, I: TypedId>(page: Page<R>, show: impl Fn(R) -> (I, T)) -> Self {
        let edge = |row| {
            let (id, node) = show(row);
            Edge { cursor: ids::cursor(id), node }
        };
        let edges: Vec<_> = page.items.into_iter().map(edge).collect();
        let page_info = PageInfo {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Self { edges, page_info, total: page.total }
    }
}

/// Reads the paging arguments of the field that is being resolved.
pub(crate) fn page<I: TypedId>(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> Result<PageRequest<I>> {
    let with_total = ctx.look_ahead().field("totalCount").exists();
    Ok(PageArguments { first, after, last, before }.parse(with_total, ids::read_cursor)?)
}

/// Each of the values once. A list of a few states can be sent with a hundred thousand of them, and would be a
/// condition of as many parts.
pub(crate) fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

/// What a page may cost: its rows, each as complex as what is selected of it.
pub(crate) fn cost(first: Option<i32>, last: Option<i32>, row: usize) -> usize {
    let rows = first.or(last).and_then(|rows| usize::try_from(rows).ok());
    let rows = rows.unwrap_or(DEFAULT_PAGE as usize).clamp(1, MAX_PAGE as usize);
    // Bounded, so that pages in pages cannot overflow.
    rows.saturating_mul(row.max(1)).min(1 << 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_costs_its_rows_and_never_overflows() {
        assert_eq!(cost(None, None, 3), 60);
        assert_eq!(cost(Some(7), None, 3), 21);
        assert_eq!(cost(None, Some(-7), 3), 60);
        assert_eq!(cost(Some(i32::MAX), None, usize::MAX), 1 << 40);
    }
}
