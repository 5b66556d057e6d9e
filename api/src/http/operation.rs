//! An operation from what was asked to its answer, whatever it came over: find its document, check it, count it, run it.

use std::{net::IpAddr, panic::AssertUnwindSafe, pin::pin, sync::Arc};

use async_graphql::{Executor, Request, Response};
use domain::user::Viewer;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use schema::{Asker, Checked, Code, GrabAnswer, Kind, Roots, errors::refused};
use tracing::Instrument;

use super::{Graph, Http, request::Asked};

/// What is added where something may have been changed.
const GOES_ON: &str = "; it goes on, and may have changed something";

/// An operation that may run. Handed on in a box: it is large, and each step on its way would have room for two.
pub(super) struct Ready {
    checked: Checked,
    asker: Asker,
}

/// What came of it.
pub(super) enum Answer {
    /// A grab that had a plan.
    OfGrab(GrabAnswer),
    /// Anything else.
    OfGraph(Response),
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::OfGrab(answer) => answer.into(),
            Answer::OfGraph(answer) => answer,
        }
    }
}

impl Ready {
    pub(super) const fn kind(&self) -> Kind {
        self.checked.kind()
    }

    pub(super) const fn viewer(&self) -> Viewer {
        self.asker.viewer
    }

    pub(super) const fn address(&self) -> Option<IpAddr> {
        self.asker.address
    }

    fn into_request(self) -> Request {
        self.checked.on_behalf_of(self.asker)
    }
}

impl Http {
    /// Finds the document that a request means, and checks and counts what it asks for. What is refused costs as much as
    /// one operation.
    pub(super) async fn admit(&self, mut asked: Asked, mut by: Asker) -> Result<Box<Ready>, Response> {
        by.wants_cost |= asked.extensions.cost;
        let checked = self.check(&mut asked).await;
        if let Some(rates) = &self.rates {
            let roots = checked.as_ref().map_or(Roots::other(), |checked| *checked.roots());
            rates.count(&roots, &by.viewer, by.address, self.services.clock.now()).map_err(|refused| *refused)?;
        }
        Ok(Box::new(Ready { checked: checked?, asker: by }))
    }

    async fn check(&self, asked: &mut Asked) -> Result<Checked, Response> {
        let found = self.documents.find(asked).await?;
        let mut request = Request::new(found.text);
        request.operation_name = asked.operation_name.take();
        request.variables = std::mem::take(&mut asked.variables);
        let Some(hash) = found.keep else { return self.reader.check(request).await };
        let text = request.query.clone();
        let checked = self.reader.check(request).await?;
        self.documents.keep(hash, &text).await;
        Ok(checked)
    }

    /// Runs a query or a mutation, as long as it may take. A mutation runs to its end, whether its client waits or not;
    /// a query ends with whoever waits for it.
    pub(super) async fn run(&self, graph: &Graph, ready: Box<Ready>) -> Answer {
        if let Some(grab) = ready.checked.planned_grab(&ready.asker) {
            // It needs no task of its own to come to its end: once units are held, an order will come of them, whether
            // this goes on or not (`domain::spike::crowd`, `domain::spike::relay`).
            let _open = self.shutdown.at_work();
            let answer = pin!(grab.run(&self.services, &ready.asker.trace));
            return match tokio::time::timeout(self.time_limit, answer).await {
                Ok(Ok(answer)) => Answer::OfGrab(answer),
                Ok(Err(answer)) => Answer::OfGraph(answer),
                Err(_) => Answer::OfGraph(self.too_long(GOES_ON)),
            };
        }
        // Large, and moved with all that waits for it: it is not to make the way of a crowd wider.
        Answer::OfGraph(Box::pin(self.execute(graph, ready)).await)
    }

    /// Runs what has no plan.
    async fn execute(&self, graph: &Graph, ready: Box<Ready>) -> Response {
        let (mutates, introspects) = (ready.kind() == Kind::Mutation, ready.checked.introspects_much());
        let request = ready.into_request();
        if mutates {
            let graph = graph.clone();
            return self.to_its_end(async move { Executor::execute(&graph, request).await }).await;
        }
        let operation = async {
            let _turn = if introspects { self.introspections.acquire().await.ok() } else { None };
            Executor::execute(graph, request).await
        };
        tokio::time::timeout(self.time_limit, operation).await.unwrap_or_else(|_| self.too_long(""))
    }

    /// Runs what changes something to its end, and waits for it as long as it may take.
    async fn to_its_end(&self, change: impl Future<Output = Response> + Send + 'static) -> Response {
        let open = self.shutdown.at_work();
        let change = async move {
            let response = change.await;
            drop(open);
            response
        };
        match tokio::time::timeout(self.time_limit, tokio::spawn(change.in_current_span())).await {
            Ok(Ok(response)) => response,
            // A panic goes on to where panics of operations are caught.
            Ok(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            Err(_) => self.too_long(GOES_ON),
        }
    }

    fn too_long(&self, and: &str) -> Response {
        refused(Code::Timeout, format!("the operation takes longer than {:?}{and}", self.time_limit))
    }

    /// The same where nobody else catches a panic.
    pub(super) async fn run_unwinding(&self, graph: &Graph, ready: Box<Ready>, trace: &str) -> Response {
        let answer = AssertUnwindSafe(self.run(graph, ready)).catch_unwind().await;
        answer.map_or_else(|_| panicked(trace), Response::from)
    }

    /// The answers of a subscription, or the one of any other operation. Lazy: nothing happens before it is polled.
    pub(super) fn answers(self: &Arc<Self>, graph: &Graph, ready: Box<Ready>) -> BoxStream<'static, Response> {
        let trace = ready.asker.trace.0.clone();
        if ready.kind() != Kind::Subscription {
            let (http, graph) = (Arc::clone(self), graph.clone());
            return async move { http.run_unwinding(&graph, ready, &trace).await }.into_stream().boxed();
        }
        let answers = Executor::execute_stream(graph, ready.into_request(), None);
        let caught = AssertUnwindSafe(answers).catch_unwind();
        caught.map(move |answer| answer.unwrap_or_else(|_| panicked(&trace))).boxed()
    }
}

/// What it said is in the log already, by the panic hook.
fn panicked(trace: &str) -> Response {
    refused(Code::Internal, format!("internal error; trace id {trace}"))
}

/// Whether nothing was executed for this answer: an error of an execution has a path.
pub(super) fn was_refused(answer: &Response) -> bool {
    !answer.errors.is_empty() && answer.errors.iter().all(|error| error.path.is_empty())
}
