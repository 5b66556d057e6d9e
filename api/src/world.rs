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
    /// What has connections, in the order in which they are closed.
    pub parts: Vec<Arc<dyn Part>>,
}

impl World {
    /// Closes all connections, after what is in flight. Every part is closed, whatever another one says.
    pub async fn close(&self) -> Result<(), Fault> {
        let mut closed = Ok(());
        for part in &self.parts {
            closed = closed.and(part.close().await);
        }
        closed
    }
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

/// An engine that this process is connected to, as far as the life of the process is concerned.
#[async_trait]
pub trait Part: Send + Sync + 'static {
    /// What it is, in words of the operator: `database`, `stock`, `queue`.
    fn name(&self) -> &'static str;
    /// Whether nothing can be answered without it. Without the others people still sign in, look and pay.
    fn is_vital(&self) -> bool;
    /// Whether it answers.
    async fn ping(&self) -> Result<(), Fault>;
    /// Closes all connections, after what is in flight.
    async fn close(&self) -> Result<(), Fault>;
}

/// What a test sets instead of the real thing.
#[derive(Clone, Default)]
pub struct Overrides {
    /// Time. Also that of the stock store, which has a clock of its own otherwise.
    pub clock: Option<Arc<dyn Clock>>,
    /// Identifiers.
    pub ids: Option<Arc<dyn IdSource>>,
}
