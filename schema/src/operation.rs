//! What surrounds every operation: the limits on what one document may ask, fresh loaders for each execution, nulls
//! where fields failed, the order of fields, what it cost, and the last look at the errors of a response.

use std::{
    any::TypeId,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use async_graphql::{
    Data, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest, NextRequest,
        NextResolve, NextSubscribe, NextValidation, ResolveInfo,
    },
    parser::types::ExecutableDocument,
    value,
};
use domain::services::Services;
use futures_util::{StreamExt, stream::BoxStream};

use crate::{
    document::{self, Excess, Limits, Measures, Order},
    errors::{self, Code, TraceId},
    loaders::Loaders,
    nulls::Nulls,
    plan::Plan,
    request::Attached,
};

/// Errors of one validation that are told; nobody reads more, and a document can have thousands.
const MAX_ERRORS: usize = 20;

/// Makes the extension, one for each request.
pub(crate) struct OperationFactory(pub(crate) Limits);

impl ExtensionFactory for OperationFactory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Operation { limits: self.0, state: Arc::default(), nulls: Nulls::default() })
    }
}

struct Operation {
    limits: Limits,
    state: Arc<State>,
    nulls: Nulls,
}

/// What is learnt of a request on its way.
#[derive(Default)]
struct State {
    trace: OnceLock<TraceId>,
    /// Set if the answer is to tell what it cost.
    measures: OnceLock<Measures>,
    complexity: OnceLock<usize>,
    order: OnceLock<Arc<Order>>,
    /// What is proven once the operation is found valid.
    plan: OnceLock<Arc<Plan>>,
    /// Whether the cost was told: of a subscription, in its first answer alone.
    told: AtomicBool,
}

impl State {
    fn finish(&self, limits: &Limits, response: &mut Response) {
        errors::finish(response, self.trace.get());
        if let Some(measures) = self.measures.get()
            && !self.told.swap(true, Ordering::Relaxed)
        {
            response.extensions.insert("cost".to_owned(), cost(measures, self.complexity.get(), limits));
        }
    }
}

/// What an operation costs, beside what it may.
fn cost(measures: &Measures, complexity: Option<&usize>, limits: &Limits) -> Value {
    let complexity = complexity.copied();
    value!({
        "complexity": { "used": complexity, "limit": limits.complexity },
        "depth": { "used": measures.depth, "limit": limits.depth },
        "fields": { "used": measures.fields, "limit": limits.fields },
        "rootFields": { "used": measures.root_fields, "limit": limits.root_fields },
        "aliases": { "used": measures.aliases, "limit": limits.aliases },
        "directives": { "used": measures.directives, "limit": limits.directives },
        "tokens": { "used": measures.tokens, "limit": limits.tokens },
        "introspection": { "used": measures.introspection, "limit": limits.introspection },
    })
}

#[async_trait]
impl Extension for Operation {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        self.state.finish(&self.limits, &mut response);
        response
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let (state, limits) = (Arc::clone(&self.state), self.limits);
        let finished = stream.map(move |mut response| {
            state.finish(&limits, &mut response);
            response
        });
        next.run(ctx, finished.boxed())
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let mut request = next.run(ctx, request).await?;
        match request.data.get(&TypeId::of::<Attached>()).and_then(|attached| attached.downcast_ref::<Attached>()) {
            Some(Attached { asker, measures, order, plan }) => {
                if let Some(plan) = plan {
                    let _ = self.state.plan.set(plan.clone());
                }
                let _ = self.state.order.set(order.clone());
                let _ = self.state.trace.set(asker.trace.clone());
                if asker.wants_cost {
                    let _ = self.state.measures.set(*measures);
                }
            }
            // Whoever executes without having checked gets no way around the limits.
            None => {
                let _ = self.state.order.set(document::look(&mut request, &self.limits)?.order);
            }
        }
        Ok(request)
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        // It was parsed before: what could fail here are bounds of async-graphql.
        next.run(ctx, query, variables).await.map_err(|error| errors::coded(Code::TooComplex, error))
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let coded = |mut errors: Vec<ServerError>| {
            errors.truncate(MAX_ERRORS);
            errors.into_iter().map(|error| errors::coded(Code::ValidationFailed, error)).collect::<Vec<_>>()
        };
        let result = next.run(ctx).await.map_err(coded)?;
        let _ = self.state.complexity.set(result.complexity);
        if result.complexity > self.limits.complexity {
            return Err(vec![Excess::Complexity.error(&self.limits)]);
        }
        if let Some(plan) = self.state.plan.get() {
            plan.prove();
        }
        Ok(result)
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = match ctx.data_opt::<Arc<Services>>() {
            Some(services) => {
                let mut data = Data::default();
                data.insert(Loaders::new(Arc::clone(services)));
                next.run_with_data(ctx, operation_name, data).await
            }
            None => next.run(ctx, operation_name).await,
        };
        self.nulls.finish(&mut response);
        if let Some(order) = self.state.order.get() {
            order.apply(&mut response.data);
        }
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (place, nullable) = (info.path_node, !info.return_type.ends_with('!'));
        let result = next.run(ctx, info).await;
        self.nulls.settle(place, nullable, result)
    }
}
