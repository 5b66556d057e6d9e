//! Answers that are large enough are compressed, as their client accepts it.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header::ACCEPT_ENCODING},
    response::Response,
};
use tower_http::compression::{
    self, CompressionLayer, Predicate,
    predicate::{And, NotForContentType, SizeAbove},
};
use tower_service::Service;

/// What is worth it: not what goes on, piece by piece.
type WorthIt = And<And<SizeAbove, NotForContentType>, NotForContentType>;

/// How answers of the graph are compressed.
#[derive(Clone)]
pub(super) struct Compression(WorthIt);

impl Compression {
    /// Of answers of at least so many bytes; none if it is 0.
    pub(super) fn above(bytes: u16) -> Option<Self> {
        let worth_it =
            || SizeAbove::new(bytes).and(NotForContentType::SSE).and(NotForContentType::const_new("multipart/mixed"));
        (bytes > 0).then(worth_it).map(Self)
    }

    /// For what is behind a router.
    pub(super) fn layer(&self) -> CompressionLayer<WorthIt> {
        CompressionLayer::new().compress_when(self.0.clone())
    }

    /// Compresses an answer to a client that accepts this. One that is not worth it, as most are not, is not touched.
    pub(super) async fn apply(&self, accepts: Option<HeaderValue>, response: Response) -> Response {
        if !self.0.should_compress(&response) {
            return response;
        }
        let mut asked = Request::new(Body::empty());
        asked.headers_mut().extend(accepts.map(|accepts| (ACCEPT_ENCODING, accepts)));
        let mut service = compression::Compression::new(Answered(Some(response))).compress_when(self.0.clone());
        service.call(asked).await.unwrap_or_else(|never| match never {}).map(Body::new)
    }
}

/// Answers with what is there already, once.
struct Answered(Option<Response>);

impl Service<Request> for Answered {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        ready(Ok(self.0.take().unwrap_or_default()))
    }
}
