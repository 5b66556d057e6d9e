//! What commands that work on the database without serving have in common.

use std::sync::Arc;

use domain::services::Services;

use crate::{
    config::Config,
    data_dir,
    error::StartError,
    wiring,
    world::{Overrides, World},
};

/// The use cases over the database of the configuration. A server may run on it at the same time: what is
/// changed here it reads there.
pub(super) struct Offline {
    pub(super) services: Arc<Services>,
    pub(super) world: World,
}

impl Offline {
    pub(super) async fn open(config: &Config) -> Result<Self, StartError> {
        if !config.private_parts().is_empty() {
            data_dir::make(&config.data_dir)?;
        }
        let world = wiring::world(config, &Overrides::default()).await?;
        let services = Services::new(world.ports.clone(), config.terms());
        Ok(Self { services, world })
    }

    pub(super) async fn close(self) -> Result<(), StartError> {
        Ok(self.world.close().await?)
    }
}
