//! What a resolver asks of its context: the use cases, the viewer, the loaders, and whether the viewer is an
//! administrator.

use std::{net::IpAddr, sync::Arc};

use async_graphql::Context;
use domain::{
    error::Fault,
    id::UserId,
    services::Services,
    user::{Administrator, Viewer},
};

use crate::{
    errors::{Problem, Result},
    loaders::Loaders,
    request::Attached,
};

/// What a resolver may ask its context.
pub(crate) trait Asked<'a> {
    /// All use cases.
    fn services(&self) -> Result<&'a Services>;
    /// The loaders of this execution. A subscription has them in its events, not when it starts.
    fn loaders(&self) -> Result<&'a Loaders>;
    /// On whose behalf the request runs.
    fn viewer(&self) -> Viewer;
    /// From where the request comes, if that is known.
    fn address(&self) -> Option<IpAddr>;
    /// The user who is signed in, or `UNAUTHENTICATED`.
    fn user(&self) -> Result<UserId>;
    /// Proof that the viewer is an administrator, or `FORBIDDEN`. Read from the database once in an execution.
    async fn administrator(&self) -> Result<Administrator>;
    /// The same where others may ask too; none if the viewer is no administrator.
    async fn administrator_if_so(&self) -> Result<Option<Administrator>>;
}

impl<'a> Asked<'a> for Context<'a> {
    fn services(&self) -> Result<&'a Services> {
        let services = self.data_opt::<Arc<Services>>();
        services.map(|services| &**services).ok_or_else(|| Problem::internal("the schema has no services"))
    }

    fn loaders(&self) -> Result<&'a Loaders> {
        self.data_opt().ok_or_else(|| Problem::internal("the execution has no loaders"))
    }

    fn viewer(&self) -> Viewer {
        self.data_opt::<Attached>().map_or(Viewer::SignedOut, |attached| attached.asker.viewer)
    }

    fn address(&self) -> Option<IpAddr> {
        self.data_opt::<Attached>().and_then(|attached| attached.asker.address)
    }

    fn user(&self) -> Result<UserId> {
        Ok(self.viewer().user()?)
    }

    async fn administrator(&self) -> Result<Administrator> {
        let viewer = self.viewer();
        let users = &self.services()?.users;
        let proof = match self.data_opt::<Loaders>() {
            Some(loaders) => *loaders.administrator.get_or_try_init(|| users.administrator(&viewer)).await?,
            None => users.administrator(&viewer).await?,
        };
        Ok(proof)
    }

    async fn administrator_if_so(&self) -> Result<Option<Administrator>> {
        if self.viewer().user().is_err() {
            return Ok(None);
        }
        match self.administrator().await {
            Ok(proof) => Ok(Some(proof)),
            Err(Problem::Fault(fault)) if matches!(*fault, Fault::Forbidden(_)) => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}
