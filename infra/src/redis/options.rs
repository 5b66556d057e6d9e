//! How Redis is reached and used.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use domain::clock::Clock;

use super::{address::Address, error::OpenError};

/// How Redis is reached and used.
#[derive(Clone)]
pub struct RedisOptions {
    /// Where it is:
    ///
    /// | form | what |
    /// |---|---|
    /// | `redis://[[user]:password@]host[:port][/db]` | one server |
    /// | `rediss://…` | the same over TLS |
    /// | `redis-sentinel://[[user]:password@]host[:port],…/master[?tls=true]` | the master of this name, as the sentinels say |
    /// | `redis-cluster://[[user]:password@]host[:port],…[?tls=true]` | the cluster that these nodes are of |
    ///
    /// A password is percent-encoded. That of the servers is not told to the sentinels unless `?sentinel_auth=true`
    /// says that they have the same.
    pub url: String,
    /// What all keys and channels begin with: what shares a Redis without sharing a sale has another prefix.
    pub prefix: String,
    /// Holds of one campaign that may wait to be published. With as many, grabs are refused until some are: a
    /// queue that is away must not fill Redis.
    pub outbox_limit: u32,
    /// How long a command may take, and how long a connection may take to be there.
    pub patience: Duration,
    /// Whose signature of the server's certificate counts, in PEM; that of the system's authorities if none.
    pub ca_file: Option<PathBuf>,
    /// Take a Redis that forgets everything when it ends. A grab then counts only when its message is in the queue.
    pub allow_volatile: bool,
    /// The time, if not Redis's own: for tests, which move it.
    pub clock: Option<Arc<dyn Clock>>,
}

impl RedisOptions {
    /// The defaults, at this address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "spike".to_owned(),
            outbox_limit: 100_000,
            patience: Duration::from_secs(1),
            ca_file: None,
            allow_volatile: false,
            clock: None,
        }
    }

    /// The address, read.
    pub(super) fn address(&self) -> Result<Address, OpenError> {
        let tag = |sign| matches!(sign, '{' | '}') || char::is_whitespace(sign);
        if self.prefix.is_empty() || self.prefix.contains(tag) {
            return Err(OpenError::Prefix(self.prefix.clone()));
        }
        Address::parse(&self.url).map_err(OpenError::Url)
    }
}

/// Without the password.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = Address::parse(&self.url).map_or_else(|_| "?".to_owned(), |address| address.to_string());
        f.debug_struct("RedisOptions")
            .field("url", &url)
            .field("prefix", &self.prefix)
            .field("outbox_limit", &self.outbox_limit)
            .field("patience", &self.patience)
            .field("ca_file", &self.ca_file)
            .field("allow_volatile", &self.allow_volatile)
            .finish_non_exhaustive()
    }
}
