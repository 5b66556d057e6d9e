//! The seam between this crate and the adapters: what [`crate::wiring`] must construct.
//!
//! Everything else in this crate is written against these and [`domain`]; only `wiring` names `infra`.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{clock::Clock, error::Fault, id::IdSource, services::Ports};

/// All adapters of one process.
#[derive(Clone)]
pub struct World {
    /// What the use cases reach the world through.
    pub ports: Ports,
    /// The keys that sign access tokens.
    pub keys: Arc<dyn SigningKeys>,
    /// Where everything is stored.
    pub storage: Arc<dyn Storage>,
}

/// The keys that sign access tokens, as operators and other services see them.
#[async_trait]
pub trait SigningKeys: Send + Sync + 'static {
    /// The public keys that tokens may be signed with, as a JSON Web Key Set (RFC 7517).
    fn jwks(&self) -> serde_json::Value;
    /// Reads the keys again: another process may have added one.
    async fn reload(&self) -> Result<(), Fault>;
    /// Makes a new key that signs from now on; tokens that older keys signed stay good. Returns its id.
    async fn rotate(&self) -> Result<String, Fault>;
}

/// The database, as far as the life of a process is concerned.
#[async_trait]
pub trait Storage: Send + Sync + 'static {
    /// Whether it answers.
    async fn ping(&self) -> Result<(), Fault>;
    /// Closes all connections, after what is in flight.
    async fn close(&self) -> Result<(), Fault>;
}

/// What a test sets instead of the real thing.
#[derive(Clone, Default)]
pub struct Overrides {
    /// Time.
    pub clock: Option<Arc<dyn Clock>>,
    /// Identifiers.
    pub ids: Option<Arc<dyn IdSource>>,
}
