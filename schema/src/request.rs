//! A request on its way to the executor: looked at, and on whose behalf it runs.
//!
//! Only what does not change while a socket is open may be told of its viewer. Loaders are not: see the loaders' module.

use std::{net::IpAddr, sync::Arc};

use async_graphql::{Request, Response, ServerError};
use domain::user::Viewer;

use crate::{
    document::{Kind, Measures, Order, Outline, Roots, Survey},
    errors::{self, TraceId},
    plan::{Plan, PlannedGrab},
};

/// On whose behalf a request runs. Without it, a request runs signed out.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Who.
    pub viewer: Viewer,
    /// Under which name it is found in the log.
    pub trace: TraceId,
    /// From where, if that is known.
    pub address: Option<IpAddr>,
    /// Whether the answer tells what it cost, as `extensions.cost`.
    pub wants_cost: bool,
}

/// A request whose document was parsed and is within its limits.
#[derive(Debug)]
pub struct Checked {
    pub(crate) request: Request,
    pub(crate) survey: Arc<Survey>,
    pub(crate) outline: Outline,
}

/// What the extension of the executor finds in the data of a request that was checked.
pub(crate) struct Attached {
    pub(crate) asker: Asker,
    pub(crate) measures: Measures,
    pub(crate) order: Arc<Order>,
    pub(crate) plan: Option<Arc<Plan>>,
}

/// What tools ask about a single type stays below.
const MUCH_INTROSPECTION: usize = 5_000;

/// Answers a request of which nothing was executed.
pub(crate) fn refusal(error: ServerError) -> Response {
    let mut response = Response::from_errors(vec![error]);
    errors::finish(&mut response, None);
    response
}

impl Checked {
    /// What its operation does.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.outline.kind
    }

    /// What stands at the root of its operation.
    #[must_use]
    pub const fn roots(&self) -> &Roots {
        &self.outline.roots
    }

    /// Whether it asks the schema for much about itself, which is computed in one go: nothing else runs on the core
    /// meanwhile.
    #[must_use]
    pub const fn introspects_much(&self) -> bool {
        self.outline.measures.introspection > MUCH_INTROSPECTION
    }

    /// The grab that it is and nothing else, if that is known well enough to go without the executor.
    #[must_use]
    pub fn planned_grab(&self, asker: &Asker) -> Option<PlannedGrab> {
        let plan = self.outline.plan.as_ref().filter(|_| !asker.wants_cost)?;
        plan.grab(&asker.viewer, &self.request.variables)
    }

    /// For the executor.
    #[must_use]
    pub fn on_behalf_of(mut self, asker: Asker) -> Request {
        let document = Arc::try_unwrap(self.survey).map_or_else(|kept| kept.document.clone(), |own| own.document);
        self.request.set_parsed_query(document);
        let Outline { measures, order, plan, .. } = self.outline;
        self.request.data(Attached { asker, measures, order, plan })
    }
}
