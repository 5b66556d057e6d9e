//! Which adapter stands behind which port. The only module that names `infra`, with [`engines`], which connects.

mod engines;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{error::Fault, services::Ports};
use infra::{
    clock::SystemClock,
    crypto::{Argon2Passwords, HashingBounds, HmacRefreshSecrets, JwtAccessTokens, SigningKeys, TokenIdentity},
    ids::UuidV7Source,
    sql::{
        access::SqlAccess,
        admin::{SqlAudit, SqlCampaigns, SqlProducts},
        order::{SqlLedger, SqlOrders},
        spike::SqlCampaignReader,
        user::{SqlAccounts, SqlSessions, SqlSigningKeys},
    },
};

use crate::{
    config::Config,
    error::StartError,
    world::{self, Overrides, Part, World},
};

/// Callers that may wait for a password to be hashed, for each one that is being hashed: what a person
/// waits for without giving up.
const WAITING_PER_HASH: usize = 100;

/// Constructs the adapters that the configuration names.
pub async fn world(config: &Config, overrides: &Overrides) -> Result<World, StartError> {
    let clock = overrides.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
    let ids = overrides.ids.clone().unwrap_or_else(|| Arc::new(UuidV7Source::default()));
    let db = engines::database(config, config.database.migrate).await?;
    let mut engines: Vec<Arc<dyn Part>> = Vec::new();
    let bus = engines::bus(config, &db, &clock, &mut engines).await?;
    let (stock, feed) = engines::stock(config, overrides, &clock, &mut engines).await?;
    engines.push(Arc::new(engines::Sql(db.clone())));

    let keys = SqlSigningKeys::new(db.clone());
    let keys = Arc::new(SigningKeys::open(keys, clock.clone(), config.auth.access_token_lifetime.chrono()).await?);
    let concurrent = config.auth.password_hashing_concurrency;
    let passwords = Argon2Passwords::new(HashingBounds { concurrent, waiting: concurrent * WAITING_PER_HASH })?;
    let identity = TokenIdentity { issuer: config.auth.issuer.clone(), audience: config.auth.audience.clone() };

    let ports = Ports {
        accounts: Arc::new(SqlAccounts::new(db.clone())),
        sessions: Arc::new(SqlSessions::new(db.clone())),
        passwords: Arc::new(passwords),
        attempts: engines::attempts(config, overrides, &clock).await?,
        access_tokens: Arc::new(JwtAccessTokens::new(keys.clone(), clock.clone(), identity)),
        refresh_secrets: Arc::new(HmacRefreshSecrets),
        campaign_reader: Arc::new(SqlCampaignReader::new(db.clone())),
        stock,
        bus,
        access: Arc::new(SqlAccess::new(db.clone())),
        products: Arc::new(SqlProducts::new(db.clone())),
        campaigns: Arc::new(SqlCampaigns::new(db.clone())),
        audit: Arc::new(SqlAudit::new(db.clone())),
        orders: Arc::new(SqlOrders::new(db.clone(), ids.clone())),
        ledger: Arc::new(SqlLedger::new(db)),
        feed,
        clock,
        ids,
    };
    Ok(World { ports, keys: Arc::new(Keys(keys)), parts: engines })
}

/// Brings the database up to date, and nothing else.
pub async fn migrate(config: &Config) -> Result<(), StartError> {
    Ok(engines::database(config, true).await?.close().await?)
}

struct Keys(Arc<SigningKeys>);

#[async_trait]
impl world::SigningKeys for Keys {
    fn jwks(&self) -> serde_json::Value {
        serde_json::json!({ "keys": self.0.public() })
    }

    async fn rotate(&self) -> Result<String, Fault> {
        self.0.rotate().await
    }

    async fn reload(&self) -> Result<(), Fault> {
        self.0.reload().await
    }
}
