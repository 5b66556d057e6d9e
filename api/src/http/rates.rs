//! How often somebody may ask, counted by the root fields of their operations: a hundred aliased fields are a hundred.
//!
//! These counts are this process's own. Passwords that are tried for an account are counted where all replicas see it,
//! by the use case.

use std::{hash::Hash, net::IpAddr, time::Duration};

use async_graphql::Response;
use domain::{clock::Instant, rate::RateTable, user::Viewer};
use ipnet::IpNet;
use schema::{RootField, Roots, errors::rate_limited};

use super::address::counted;
use crate::config::Rates as Config;

/// What is counted, each by user or by address.
pub(super) struct Rates {
    exempt: Vec<IpNet>,
    operations_of_user: RateTable,
    operations_of_address: RateTable,
    grabs_of_user: RateTable,
    sign_ins: RateTable,
    registrations: RateTable,
    refreshes: RateTable,
}

impl Rates {
    /// None if nothing is to be counted.
    pub(super) fn new(config: &Config, now: Instant) -> Option<Self> {
        config.enabled.then(|| Self {
            exempt: config.exempt.networks(),
            operations_of_user: RateTable::new(config.operations_per_user.0, now),
            operations_of_address: RateTable::new(config.operations_per_address.0, now),
            grabs_of_user: RateTable::new(config.grabs_per_user.0, now),
            sign_ins: RateTable::new(config.sign_ins_per_address.0, now),
            registrations: RateTable::new(config.registrations_per_address.0, now),
            refreshes: RateTable::new(config.refreshes_per_address.0, now),
        })
    }

    /// Counts an operation, or answers that it comes too often. Nothing of it is executed then.
    pub(super) fn count(
        &self,
        roots: &Roots,
        viewer: &Viewer,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<(), Box<Response>> {
        let address = address.filter(|address| !is_within(&self.exempt, *address)).map(counted);
        match viewer {
            Viewer::SignedIn(signed_in) => {
                let user = signed_in.user_id;
                take(&self.grabs_of_user, &user, roots.count(RootField::Grab), "grabs", now)?;
                take(&self.operations_of_user, &user, roots.all(), "operations", now)?;
            }
            // A token that is no good is nobody's.
            Viewer::SignedOut | Viewer::Refused(_) => {
                if let Some(address) = address {
                    take(&self.operations_of_address, &address, roots.all(), "operations", now)?;
                }
            }
        }
        // These make a user of nobody, so they are counted by address whoever is signed in.
        if let Some(address) = address {
            take(&self.sign_ins, &address, roots.count(RootField::Login), "sign-ins", now)?;
            take(&self.registrations, &address, roots.count(RootField::Register), "registrations", now)?;
            take(&self.refreshes, &address, roots.count(RootField::RefreshSession), "refreshed sessions", now)?;
        }
        Ok(())
    }
}

/// Whether an address is in one of these networks.
pub(super) fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

fn take(table: &RateTable, key: &impl Hash, count: usize, what: &str, now: Instant) -> Result<(), Box<Response>> {
    if count == 0 {
        return Ok(());
    }
    let quota = table.quota();
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    table.take(key, count, now).map_err(|wait| {
        // So short a wait would be over before it is told.
        let wait = wait.max(Duration::from_millis(1));
        let (most, per) = (quota.count(), quota.per());
        let message = if count > most {
            format!("at most {most} {what} in {per:?}, and this are {count} at once")
        } else {
            format!("too many {what}: at most {most} in {per:?}")
        };
        Box::new(rate_limited(message, wait))
    })
}

#[cfg(test)]
mod tests {
    use domain::{
        testing::{id, instant},
        user::viewer::{SignedIn, TokenError},
    };

    use super::*;
    use crate::config::{Flags, load};

    fn rates(settings: &[(&str, &str)]) -> Rates {
        let settings = settings.iter().map(|(key, value)| (format!("SPIKE__RATES__{key}"), (*value).to_owned()));
        Rates::new(&load(&Flags::default(), settings).unwrap().rates, now()).unwrap()
    }

    fn now() -> Instant {
        instant("2026-01-01T10:00:00Z")
    }

    async fn roots(document: &str) -> Roots {
        let reader = schema::Reader::new(schema::Limits::default());
        *reader.check(async_graphql::Request::new(document)).await.unwrap().roots()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn user(number: u128) -> Viewer {
        Viewer::SignedIn(SignedIn { user_id: id(number), session_id: id(number), expires_at: now() })
    }

    #[tokio::test]
    async fn ten_aliased_logins_are_ten_logins() {
        let rates = rates(&[("SIGN_INS_PER_ADDRESS", "15/1m")]);
        let logins: String =
            (0..10).map(|i| format!("a{i}: login {{ userErrors {{ code }} }} ")).collect::<Vec<_>>().concat();
        let ten = roots(&format!("mutation {{ {logins} }}")).await;
        let (here, there) = (Some(address("203.0.113.9")), Some(address("203.0.113.10")));
        assert!(rates.count(&ten, &Viewer::SignedOut, here, now()).is_ok());
        let refused = rates.count(&ten, &Viewer::SignedOut, here, now()).unwrap_err();
        let wait = schema::errors::retry_after(&refused).unwrap();
        assert!((19_900..=20_100).contains(&wait.as_millis()), "{wait:?}");
        assert!(rates.count(&ten, &Viewer::SignedOut, there, now()).is_ok());
        let forged = Viewer::Refused(TokenError::Invalid);
        assert!(rates.count(&ten, &forged, here, now()).is_err(), "a token that is no good is nobody's");
        assert!(rates.count(&ten, &user(1), here, now()).is_err(), "nor does a good one help");
        assert!(rates.count(&ten, &Viewer::SignedOut, Some(address("127.0.0.1")), now()).is_ok(), "this machine");
    }

    #[tokio::test]
    async fn users_are_counted_apart_from_where_they_are() {
        let rates =
            rates(&[("GRABS_PER_USER", "2/1s"), ("OPERATIONS_PER_USER", "3/1s"), ("OPERATIONS_PER_ADDRESS", "1/1s")]);
        let (grab, look) = (roots("mutation { grab { remaining } }").await, roots("{ me { id } }").await);
        let (one, two, here) = (user(1), user(2), Some(address("203.0.113.9")));
        for viewer in [&one, &two] {
            assert!(rates.count(&grab, viewer, here, now()).is_ok());
            assert!(rates.count(&grab, viewer, here, now()).is_ok());
            assert!(rates.count(&grab, viewer, here, now()).is_err(), "a third grab");
            assert!(rates.count(&look, viewer, here, now()).is_ok());
            assert!(rates.count(&look, viewer, here, now()).is_err(), "a fourth operation");
        }
        assert!(rates.count(&look, &Viewer::SignedOut, here, now()).is_ok());
        assert!(rates.count(&look, &Viewer::SignedOut, here, now()).is_err());
        assert!(rates.count(&look, &Viewer::SignedOut, None, now()).is_ok(), "from nowhere");
    }
}
