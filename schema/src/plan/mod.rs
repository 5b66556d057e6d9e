//! An operation that is one grab and nothing else, planned once and carried out without the executor.
//!
//! A crowd sends one document with ever other variables, and most of it is told in a moment that nothing is left. What
//! the executor does for each of them anew (it validates the document, walks it, asks for each field) takes several
//! times as long as the grab. So what follows from the document alone is kept beside it: a [`Plan`]. The idea is that of
//! prepared statements, and of graphql-jit (github.com/zalando-incubator/graphql-jit).
//!
//! A plan answers what the executor would answer, to the letter, or is not used:
//! - it is used once the executor has found its operation valid and within the limits ([`Plan::prove`]);
//! - it knows few forms of a grab, those that clients send; any other has no plan;
//! - whatever is unusual about the variables or the viewer is left to the executor, before anything is done.
//!
//! No rule lives here: it calls the same use case with the same [`Attempt`] as the resolver.

mod answer;
mod shape;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_graphql::{Error, Name, PathSegment, Pos, Response, Value, Variables};
use domain::{services::Services, spike::grab::Attempt, user::Viewer};

use self::{answer::Outcome, shape::Payload};
use crate::{
    errors::{self, Problem, TraceId},
    payload::outcome,
    spike::mutation::GrabInput,
};

/// How an operation is carried out that is one grab.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The variable that has the input.
    input: Name,
    /// What the answer calls the grab.
    name: Name,
    /// Where the grab stands in the document.
    pos: Pos,
    payload: Payload,
    proven: AtomicBool,
}

impl Plan {
    /// The executor found the operation valid. It is so with whatever input that can be read as one.
    pub(crate) fn prove(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    /// The grab that is meant with these variables. None if that is for the executor to find out.
    pub(crate) fn grab(self: &Arc<Self>, viewer: &Viewer, variables: &Variables) -> Option<PlannedGrab> {
        if !self.proven.load(Ordering::Relaxed) {
            return None;
        }
        let user = viewer.user().ok()?;
        let Some(Value::Object(fields)) = variables.get(&self.input) else { return None };
        let attempt = GrabInput::attempt_in(fields, user)?;
        Some(PlannedGrab { plan: Arc::clone(self), attempt })
    }
}

/// A grab that is ready to be carried out.
pub struct PlannedGrab {
    plan: Arc<Plan>,
    attempt: Attempt,
}

impl PlannedGrab {
    /// Grabs, and answers as the executor would. Where that is an error at the top level, the answer is the executor's own
    /// kind.
    pub async fn run(self, services: &Services, trace: &TraceId) -> Result<GrabAnswer, Response> {
        let Self { plan, attempt } = self;
        match outcome(services.grabs.grab(attempt).await) {
            Ok(outcome) => Ok(GrabAnswer { plan, outcome }),
            Err(problem) => Err(plan.failed(problem, trace)),
        }
    }
}

/// What a planned grab answers. Its serialized form is the whole answer.
pub struct GrabAnswer {
    plan: Arc<Plan>,
    outcome: Outcome,
}

impl Plan {
    /// A grab cannot be null, so its failure leaves nothing of the data.
    fn failed(&self, problem: Problem, trace: &TraceId) -> Response {
        let mut error = Error::from(problem).into_server_error(self.pos);
        error.path = vec![PathSegment::Field(self.name.to_string())];
        let mut response = Response::from_errors(vec![error]);
        errors::finish(&mut response, Some(trace));
        response
    }
}
