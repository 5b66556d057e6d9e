//! What surrounds every operation: limits on what one document may ask, fresh loaders for each execution,
//! nulls where fields failed, and the last look at the errors of a response.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    Data, Name, Positioned, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest, NextRequest,
        NextResolve, NextSubscribe, NextValidation, ResolveInfo,
    },
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};
use domain::services::Services;
use futures_util::{StreamExt, stream::BoxStream};

use crate::{
    documents::Documents,
    errors::{self, Code, TraceId},
    loaders::Loaders,
    nulls::Nulls,
};

/// What one document may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The sum of what its fields cost: a field costs 1, a page its rows times what is selected of each, a
    /// password hash [`Self::PASSWORD`].
    pub complexity: usize,
    /// How deep fields may stand in fields.
    pub depth: usize,
    /// How many fields it has when its fragments are written out.
    pub fields: usize,
}

impl Limits {
    /// What hashing a password costs.
    pub const PASSWORD: usize = 1_000;
    /// What any other change costs.
    pub const CHANGE: usize = 50;
}

impl Default for Limits {
    fn default() -> Self {
        Self { complexity: 10_000, depth: 20, fields: 2_000 }
    }
}

/// Makes the extension, one for each request.
pub(crate) struct OperationFactory {
    limits: Limits,
    documents: Documents,
}

impl OperationFactory {
    /// For a graph with these limits.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, documents: Documents::new() }
    }
}

impl ExtensionFactory for OperationFactory {
    fn create(&self) -> Arc<dyn Extension> {
        let (limits, documents) = (self.limits, self.documents.clone());
        Arc::new(Operation { limits, documents, trace: Arc::default(), nulls: Nulls::default() })
    }
}

struct Operation {
    limits: Limits,
    documents: Documents,
    trace: Arc<OnceLock<TraceId>>,
    nulls: Nulls,
}

#[async_trait]
impl Extension for Operation {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        errors::finish(&mut response, self.trace.get());
        response
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        if let Some(trace) = ctx.session_data.get(&TypeId::of::<TraceId>()).and_then(|id| id.downcast_ref::<TraceId>())
        {
            let _ = self.trace.set(trace.clone());
        }
        let trace = Arc::clone(&self.trace);
        let finished = stream.map(move |mut response| {
            errors::finish(&mut response, trace.get());
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
        if let Some(trace) = request.data.get(&TypeId::of::<TraceId>()).and_then(|id| id.downcast_ref::<TraceId>()) {
            let _ = self.trace.set(trace.clone());
        }
        let fields = if let Some(known) = self.documents.find(&request.query).await {
            request.set_parsed_query(known.document.clone());
            known.fields
        } else {
            let document = request.parsed_query().map_err(|error| errors::coded(Code::ParseFailed, error))?;
            // Before anything else walks the document: fragments in fragments can be written out to billions of fields.
            let fields = written_out(document);
            if fields <= self.limits.fields {
                let document = document.clone();
                self.documents.keep(&request.query, document, fields).await;
            }
            fields
        };
        if fields > self.limits.fields {
            return Err(too_complex(format!("the document has more than {} fields", self.limits.fields)));
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
        // It was parsed before: what fails here are the bounds on recursion and directives.
        next.run(ctx, query, variables).await.map_err(|error| errors::coded(Code::TooComplex, error))
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let coded = |errors: Vec<ServerError>| {
            errors.into_iter().map(|error| errors::coded(Code::ValidationFailed, error)).collect::<Vec<_>>()
        };
        let result = next.run(ctx).await.map_err(coded)?;
        for (what, value, limit) in
            [("complexity", result.complexity, self.limits.complexity), ("depth", result.depth, self.limits.depth)]
        {
            if value > limit {
                return Err(vec![too_complex(format!(
                    "the document has a {what} of {value}, and {limit} is the most"
                ))]);
            }
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

fn too_complex(message: String) -> ServerError {
    errors::coded(Code::TooComplex, ServerError::new(message, None))
}

/// Fragments that a document may have at most: each may refer to the next, and they are walked recursively.
const MAX_FRAGMENTS: usize = 200;
/// Selections in selections that are walked at most. The executor's own bound is lower.
const MAX_NESTING: usize = 64;

/// How many fields a document has when its fragments are written out. Each fragment is looked at once.
fn written_out(document: &ExecutableDocument) -> usize {
    if document.fragments.len() > MAX_FRAGMENTS {
        return usize::MAX;
    }
    let mut count = Count { fragments: &document.fragments, known: HashMap::new() };
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    operations.fold(0, |sum, set| sum.saturating_add(count.of(set, 0)))
}

struct Count<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    known: HashMap<&'a str, usize>,
}

impl<'a> Count<'a> {
    fn of(&mut self, set: &'a SelectionSet, nesting: usize) -> usize {
        if nesting > MAX_NESTING {
            return usize::MAX;
        }
        set.items.iter().fold(0, |sum: usize, item| {
            let one = match &item.node {
                Selection::Field(field) => self.of(&field.node.selection_set.node, nesting + 1),
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set.node, nesting + 1),
                Selection::FragmentSpread(spread) => self.of_fragment(&spread.node.fragment_name.node, nesting + 1),
            };
            sum.saturating_add(one).saturating_add(1)
        })
    }

    fn of_fragment(&mut self, name: &'a Name, nesting: usize) -> usize {
        if let Some(known) = self.known.get(name.as_str()) {
            return *known;
        }
        let Some(fragment) = self.fragments.get(name) else { return 0 };
        // A cycle counts nothing here; validation refuses it.
        self.known.insert(name.as_str(), 0);
        let fields = self.of(&fragment.node.selection_set.node, nesting);
        self.known.insert(name.as_str(), fields);
        fields
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn fragments_are_counted_written_out_and_looked_at_once() {
        let mut bomb = "{ me { ...f0 } }".to_owned();
        for i in 0..60 {
            write!(bomb, " fragment f{i} on User {{ ...f{0} ...f{0} }}", i + 1).unwrap();
        }
        bomb.push_str(" fragment f60 on User { id }");
        assert!(written_out(&parse_query(bomb).unwrap()) > 1 << 60);
        let chain =
            (0..300).fold("{ ...f0 }".to_owned(), |all, i| format!("{all} fragment f{i} on Query {{ ...f{} }}", i + 1));
        assert_eq!(written_out(&parse_query(chain).unwrap()), usize::MAX);
        let small = "query A { me { id ... on User { phone } ...f } } fragment f on User { id username }";
        assert_eq!(written_out(&parse_query(small).unwrap()), 7);
        let cycle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
        assert!(written_out(&parse_query(cycle).unwrap()) < 10);
    }
}
