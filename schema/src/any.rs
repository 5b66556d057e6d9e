//! A schema of any graph: what a process serves is decided when it starts, not when it is compiled.

use std::sync::Arc;

use async_graphql::{Data, Executor, ObjectType, Request, Response, Schema, SubscriptionType};
use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};

/// A schema of any graph. Clones share it.
#[derive(Clone)]
pub struct AnySchema(Arc<dyn Erased>);

impl AnySchema {
    pub(crate) fn new<Q, M, S>(schema: Schema<Q, M, S>) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        Self(Arc::new(schema))
    }
}

impl Executor for AnySchema {
    async fn execute(&self, request: Request) -> Response {
        self.0.execute(request).await
    }

    fn execute_stream(&self, request: Request, session_data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        self.0.execute_stream(request, session_data.unwrap_or_default())
    }
}

trait Erased: Send + Sync {
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;
    fn execute_stream(&self, request: Request, session_data: Arc<Data>) -> BoxStream<'static, Response>;
}

impl<Q, M, S> Erased for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        Schema::execute(self, request).boxed()
    }

    fn execute_stream(&self, request: Request, session_data: Arc<Data>) -> BoxStream<'static, Response> {
        self.execute_stream_with_session_data(request, session_data)
    }
}
