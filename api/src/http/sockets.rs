//! How many sockets, and other answers that go on, are open: in all, of one user and of one address.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_graphql::Response;
use domain::{id::UserId, user::Viewer};
use ipnet::IpNet;
use schema::{
    Code,
    errors::{rate_limited, refused},
};

use super::{address::counted, rates::is_within};
use crate::config::Config;

/// What is open. Clones count together.
#[derive(Clone)]
pub(super) struct Sockets(Arc<Inner>);

struct Inner {
    exempt: Vec<IpNet>,
    most: usize,
    most_of_user: usize,
    most_of_address: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    of_user: HashMap<UserId, usize>,
    of_address: HashMap<IpAddr, usize>,
}

/// Why there is no place for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    Server,
    User,
    Address,
}

/// When it is worth coming again.
const AGAIN: Duration = Duration::from_secs(10);

impl Full {
    /// What the client is told where it is told in an answer.
    pub(super) fn answer(self) -> Response {
        match self {
            Self::Server => refused(Code::Unavailable, self.to_string()),
            Self::User | Self::Address => rate_limited(self.to_string(), AGAIN),
        }
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "the server has as many open sockets as it takes; try again later",
            Self::User => "this user has as many open sockets as one may; close one",
            Self::Address => "this address has as many open sockets as one may; close one",
        })
    }
}

/// One that is open, as long as this lives.
pub(super) struct Place {
    sockets: Sockets,
    user: Option<UserId>,
    address: Option<IpAddr>,
}

impl Sockets {
    pub(super) fn new(config: &Config) -> Self {
        Self(Arc::new(Inner {
            exempt: config.rates.exempt.networks(),
            most: config.websocket.max_sockets,
            most_of_user: config.websocket.max_sockets_per_user,
            most_of_address: config.websocket.max_sockets_per_address,
            open: Mutex::default(),
        }))
    }

    /// Takes a place for one more.
    pub(super) fn enter(&self, address: Option<IpAddr>, viewer: &Viewer) -> Result<Place, Full> {
        let address = address.filter(|address| !is_within(&self.0.exempt, *address)).map(counted);
        let mut place = {
            let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
            if open.all >= self.0.most {
                return Err(Full::Server);
            }
            if let Some(address) = address {
                add(&mut open.of_address, address, self.0.most_of_address).ok_or(Full::Address)?;
            }
            open.all += 1;
            Place { sockets: self.clone(), user: None, address }
        };
        place.sign_in(viewer)?;
        Ok(place)
    }
}

impl Place {
    /// Counts it as one of this user's, who did not say so before.
    pub(super) fn sign_in(&mut self, viewer: &Viewer) -> Result<(), Full> {
        if let (Viewer::SignedIn(signed_in), None) = (viewer, self.user) {
            let user = signed_in.user_id;
            let mut open = self.sockets.0.open.lock().unwrap_or_else(PoisonError::into_inner);
            add(&mut open.of_user, user, self.sockets.0.most_of_user).ok_or(Full::User)?;
            self.user = Some(user);
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.sockets.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        if let Some(user) = self.user {
            take_out(&mut open.of_user, &user);
        }
        if let Some(address) = self.address {
            take_out(&mut open.of_address, &address);
        }
    }
}

fn add<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: K, most: usize) -> Option<()> {
    let count = counts.get(&key).copied().unwrap_or_default();
    (count < most).then(|| {
        counts.insert(key, count + 1);
    })
}

fn take_out<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        testing::{id, instant},
        user::viewer::SignedIn,
    };

    use super::*;
    use crate::config::{Flags, load};

    #[test]
    fn a_place_is_taken_and_given_back() {
        let settings = [("MAX_SOCKETS", "3"), ("MAX_SOCKETS_PER_USER", "1"), ("MAX_SOCKETS_PER_ADDRESS", "2")];
        let settings = settings.map(|(key, value)| (format!("SPIKE__WEBSOCKET__{key}"), value.to_owned()));
        let sockets = Sockets::new(&load(&Flags::default(), settings).unwrap());
        let user = |number| {
            let expires_at = instant("2026-01-01T10:00:00Z");
            Viewer::SignedIn(SignedIn { user_id: id(number), session_id: id(number), expires_at })
        };
        let address = |text: &str| Some(text.parse().unwrap());
        let (here, there) = (address("203.0.113.9"), address("203.0.113.10"));

        let one = sockets.enter(here, &user(1)).ok().unwrap();
        assert_eq!(sockets.enter(there, &user(1)).err(), Some(Full::User));
        let mut two = sockets.enter(here, &Viewer::SignedOut).ok().unwrap();
        assert_eq!(two.sign_in(&user(1)), Err(Full::User));
        assert_eq!(two.sign_in(&user(2)), Ok(()));
        assert_eq!(sockets.enter(here, &Viewer::SignedOut).err(), Some(Full::Address));
        let three = sockets.enter(address("127.0.0.1"), &Viewer::SignedOut).ok().unwrap();
        assert_eq!(sockets.enter(there, &Viewer::SignedOut).err(), Some(Full::Server));
        drop((one, two, three));
        let open = sockets.0.open.lock().unwrap();
        assert_eq!((open.all, open.of_user.len(), open.of_address.len()), (0, 0, 0));
    }
}
