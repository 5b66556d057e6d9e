//! What becomes of a field that fails.
//!
//! The specification of GraphQL (section 6.4.4) says: a nullable field that fails is null; a field that is not
//! nullable makes the nearest nullable one around it null. async-graphql 7.2 leaves failed fields out of the
//! response instead, and a client that was promised a value would find none. The extension of
//! [`crate::operation`] asks here about every field and list item after it was resolved, inner ones first. Lists of this
//! graph have no nullable items, which async-graphql would not tell from the others.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_graphql::{QueryPathNode, Response, ServerError, ServerResult, Value};

type Path = Vec<String>;

/// The failures of one execution.
#[derive(Default)]
pub(crate) struct Nulls {
    /// Whether there was any, so that fields that succeed ask for no lock.
    any: AtomicBool,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    /// Where a value is missing that cannot be null, so that what stands around it has to be null.
    broken: HashSet<Path>,
    /// Of fields that are null because of them.
    errors: Vec<ServerError>,
}

impl Nulls {
    /// What the response shows for the field or list item at `place`.
    pub(crate) fn settle(
        &self,
        place: &QueryPathNode<'_>,
        nullable: bool,
        result: ServerResult<Option<Value>>,
    ) -> ServerResult<Option<Value>> {
        if result.is_ok() && !self.any.load(Ordering::Acquire) {
            return result;
        }
        let mut path = place.to_string_vec();
        let mut failures = self.lock();
        if result.is_ok() && !failures.broken.contains(&path) {
            return result;
        }
        self.any.store(true, Ordering::Release);
        if nullable {
            failures.errors.extend(result.err());
            return Ok(Some(Value::Null));
        }
        path.pop();
        // The entities that a gateway asks for stand under one path: one that fails must not take the others along.
        if path != ["_entities"] {
            failures.broken.insert(path);
        }
        // An error goes on its way and comes into the response there; what it broke adds none.
        result.map(|_| Some(Value::Null))
    }

    /// Completes the response of an execution.
    pub(crate) fn finish(&self, response: &mut Response) {
        if self.any.swap(false, Ordering::AcqRel) {
            let failures = std::mem::take(&mut *self.lock());
            if failures.broken.contains(&Path::new()) {
                response.data = Value::Null;
            }
            response.errors.extend(failures.errors);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[expect(clippy::unused_async, reason = "a resolver is async")]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};

    use crate::{
        document::Limits,
        errors::{Problem, Result},
        operation::OperationFactory,
    };

    struct Query;

    #[Object]
    impl Query {
        async fn thing(&self) -> Option<Thing> {
            Some(Thing)
        }
        async fn sure(&self) -> Thing {
            Thing
        }
        async fn things(&self) -> Option<Vec<Thing>> {
            Some(vec![Thing, Thing])
        }
        async fn fails(&self) -> Result<Option<i32>> {
            Err(Problem::NotFound("thing"))
        }
    }

    struct Thing;

    #[Object]
    impl Thing {
        async fn id(&self) -> i32 {
            1
        }
        async fn sure(&self) -> Thing {
            Thing
        }
        async fn fails(&self) -> Result<i32> {
            Err(Problem::NotFound("thing"))
        }
        async fn may_fail(&self) -> Result<Option<i32>> {
            Err(Problem::NotFound("thing"))
        }
    }

    #[tokio::test]
    async fn a_failed_field_makes_the_nearest_nullable_one_null() {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription)
            .extension(OperationFactory(Limits::default()))
            .finish();
        for (query, data, errors) in [
            ("{ thing { id } }", r#"{"thing":{"id":1}}"#, 0),
            ("{ fails thing { id } }", r#"{"fails":null,"thing":{"id":1}}"#, 1),
            ("{ thing { id mayFail } }", r#"{"thing":{"id":1,"mayFail":null}}"#, 1),
            ("{ thing { id fails } a: thing { id } }", r#"{"a":{"id":1},"thing":null}"#, 1),
            ("{ thing { id sure { id a: fails b: fails } } }", r#"{"thing":null}"#, 2),
            ("{ things { id fails } }", r#"{"things":null}"#, 2),
            ("{ thing { id } sure { id fails } }", "null", 1),
            ("{ ...f } fragment f on Query { thing { ... on Thing { id fails } } }", r#"{"thing":null}"#, 1),
        ] {
            let response = schema.execute(query).await;
            let mut shown = response.data.into_json().unwrap_or_default();
            shown.sort_all_objects();
            assert_eq!((shown.to_string().as_str(), response.errors.len()), (data, errors), "{query}");
        }
    }
}
