//! Which adapter stands behind which port. The only module that names `infra`.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{error::Fault, services::Ports};
use infra::{
    clock::SystemClock,
    crypto::{Argon2Passwords, HashingBounds, HmacRefreshSecrets, JwtAccessTokens, SigningKeys, TokenIdentity},
    ids::UuidV7Source,
    memory::{MemoryFeed, MemoryStock},
    sql::{
        Database, DatabaseOptions,
        access::SqlAccess,
        admin::{SqlAudit, SqlCampaigns, SqlProducts},
        order::{SqlLedger, SqlOrders},
        queue::{QueueOptions, SqlQueue},
        spike::SqlCampaignReader,
        user::{SqlAccounts, SqlSessions, SqlSigningKeys},
    },
};

use crate::{
    config::Config,
    error::StartError,
    world::{self, Overrides, World},
};

/// Callers that may wait for a password to be hashed, for each one that is being hashed: what a person
/// waits for without giving up.
const WAITING_PER_HASH: usize = 100;

/// Constructs the embedded default: everything in this process and one SQLite file.
pub async fn world(config: &Config, overrides: &Overrides) -> Result<World, StartError> {
    let clock = overrides.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
    let ids = overrides.ids.clone().unwrap_or_else(|| Arc::new(UuidV7Source::default()));
    let db = open(config).await?;

    let keys = SqlSigningKeys::new(db.clone());
    let keys = Arc::new(SigningKeys::open(keys, clock.clone(), config.auth.access_token_lifetime.chrono()).await?);
    let concurrent = config.auth.password_hashing_concurrency;
    let passwords = Argon2Passwords::new(HashingBounds { concurrent, waiting: concurrent * WAITING_PER_HASH })?;
    let identity = TokenIdentity { issuer: config.auth.issuer.clone(), audience: config.auth.audience.clone() };
    let queue = Arc::new(SqlQueue::new(db.clone(), clock.clone(), QueueOptions::default()));

    let ports = Ports {
        accounts: Arc::new(SqlAccounts::new(db.clone())),
        sessions: Arc::new(SqlSessions::new(db.clone())),
        passwords: Arc::new(passwords),
        access_tokens: Arc::new(JwtAccessTokens::new(keys.clone(), clock.clone(), identity)),
        refresh_secrets: Arc::new(HmacRefreshSecrets),
        campaign_reader: Arc::new(SqlCampaignReader::new(db.clone())),
        stock: Arc::new(MemoryStock::new(clock.clone())),
        bus: queue.clone(),
        access: Arc::new(SqlAccess::new(db.clone())),
        products: Arc::new(SqlProducts::new(db.clone())),
        campaigns: Arc::new(SqlCampaigns::new(db.clone())),
        audit: Arc::new(SqlAudit::new(db.clone())),
        orders: Arc::new(SqlOrders::new(db.clone(), ids.clone())),
        ledger: Arc::new(SqlLedger::new(db.clone())),
        feed: Arc::new(MemoryFeed::default()),
        clock,
        ids,
    };
    Ok(World { ports, keys: Arc::new(Keys(keys)), storage: Arc::new(Sql { db, queue }) })
}

/// Brings the database up to date, and nothing else.
pub async fn migrate(config: &Config) -> Result<(), StartError> {
    Ok(open(config).await?.close().await?)
}

async fn open(config: &Config) -> Result<Database, StartError> {
    let options = DatabaseOptions {
        url: config.database.url.clone(),
        readers: config.database.readers,
        patience: config.database.patience.std(),
    };
    Database::open(&options).await.map_err(|cause| StartError::database(&options.url, cause))
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

struct Sql {
    db: Database,
    queue: Arc<SqlQueue>,
}

#[async_trait]
impl world::Storage for Sql {
    async fn ping(&self) -> Result<(), Fault> {
        self.db.ping().await
    }

    async fn close(&self) -> Result<(), Fault> {
        self.queue.close().await;
        self.db.clone().close().await
    }
}
