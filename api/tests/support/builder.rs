//! What a test shop is told before it opens.

use std::sync::Arc;

use api::world::Overrides;
use domain::{clock::Instant, testing::ManualClock};

use super::{shop::TestShop, site::Site};

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
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Lets the test set the time: it stands still until [`TestShop::advance`].
    pub fn clock_at(mut self, start: Instant) -> Self {
        self.clock = Some(Arc::new(ManualClock::at(start)));
        self
    }

    /// Opens the shop, on the stack of this run.
    pub async fn start(self) -> TestShop {
        let mut site = Site::new().await;
        site.with_administrator();
        let ours = [("server.listen", "127.0.0.1:0"), ("server.shutdown_grace", "10s"), ("database.connections", "3")];
        for (key, value) in ours {
            site.set(key, value);
        }
        for (key, value) in &self.settings {
            site.set(key, value);
        }
        TestShop::open(site, self).await
    }

    pub(super) fn overrides(&self) -> Overrides {
        Overrides { clock: self.clock.clone().map(|clock| clock as _), ..Overrides::default() }
    }
}
