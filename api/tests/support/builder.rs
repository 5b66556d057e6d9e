//! What a test shop is told before it opens.

use std::sync::Arc;

use api::{
    config::{Config, Flags, load},
    world::Overrides,
};
use domain::{clock::Instant, testing::ManualClock};

use super::shop::TestShop;

/// The password of the administrator that every test shop has.
pub const ADMIN_PASSWORD: &str = "an administrator's password";
/// The phone number of the administrator that every test shop has.
pub const ADMIN_PHONE: &str = "+10005559999";

/// What a test shop is told before it opens.
#[derive(Default)]
pub struct Builder {
    settings: Vec<(String, String)>,
    pub(super) clock: Option<Arc<ManualClock>>,
}

impl Builder {
    /// Sets a key of the configuration, such as `("auth.access_token_lifetime", "1m")`.
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.push((format!("SPIKE__{}", key.replace('.', "__")), value.to_owned()));
        self
    }

    /// Lets the test set the time: it stands still until [`TestShop::advance`].
    pub fn clock_at(mut self, start: Instant) -> Self {
        self.clock = Some(Arc::new(ManualClock::at(start)));
        self
    }

    /// Opens the shop.
    pub async fn start(self) -> TestShop {
        TestShop::open(tempfile::tempdir().expect("a directory"), self).await
    }

    pub(super) fn config(&self, dir: &tempfile::TempDir) -> Config {
        let mut settings: Vec<(String, String)> = [
            ("SPIKE__SERVER__LISTEN", "127.0.0.1:0"),
            ("SPIKE__SERVER__SHUTDOWN_GRACE", "10s"),
            ("SPIKE__DATABASE__CONNECTIONS", "2"),
            ("SPIKE__ADMIN__USERNAME", "boss"),
            ("SPIKE__ADMIN__PHONE", ADMIN_PHONE),
            ("SPIKE__ADMIN__PASSWORD", ADMIN_PASSWORD),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec();
        settings.extend(self.settings.iter().cloned());
        let flags = Flags { data_dir: Some(dir.path().to_owned()), ..Flags::default() };
        load(&flags, settings).expect("a configuration")
    }

    pub(super) fn overrides(&self) -> Overrides {
        Overrides { clock: self.clock.clone().map(|clock| clock as _), ..Overrides::default() }
    }
}
