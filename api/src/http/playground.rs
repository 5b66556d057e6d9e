//! A page to try the graph on.

use async_graphql::http::GraphiQLSource;
use axum::response::{Html, Redirect};

/// The front door leads to the playground.
pub(super) async fn lead() -> Redirect {
    Redirect::to("/playground")
}

/// `GraphiQL`, for queries and subscriptions.
pub(super) async fn page() -> Html<String> {
    Html(GraphiQLSource::build().title("spike").endpoint("/graphql").subscription_endpoint("/graphql").finish())
}
