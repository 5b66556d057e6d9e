//! The parts of the program that a process runs, and which of them can run apart from each other.

use std::fmt;

use clap::ValueEnum;
use schema::Which;

use crate::{config::Config, error::StartError};

/// A part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Role {
    /// The graph's user domain: accounts and sessions.
    User,
    /// The graph's spike domain: campaigns and grabs.
    Spike,
    /// The graph's access domain: rules and eligibility.
    Access,
    /// The graph's admin domain: running sales.
    Admin,
    /// The graph's order domain: payment and live status.
    Order,
    /// What happens off the request: orders are written and expire, what was left behind is taken up.
    Consumer,
}

/// What a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Default for Roles {
    fn default() -> Self {
        Self(Role::value_variants().to_vec())
    }
}

impl Roles {
    /// These roles; all of them if none is named.
    #[must_use]
    pub fn of(named: &[Role]) -> Self {
        if named.is_empty() {
            return Self::default();
        }
        let mut roles = named.to_vec();
        roles.sort_unstable();
        roles.dedup();
        Self(roles)
    }

    /// Whether holds become orders in this process.
    #[must_use]
    pub fn consume(&self) -> bool {
        self.0.contains(&Role::Consumer)
    }

    /// The graph that this process serves, if it serves one.
    pub fn graph(&self) -> Result<Option<Which>, StartError> {
        let domains: Vec<Role> = self.0.iter().copied().filter(|role| *role != Role::Consumer).collect();
        match *domains.as_slice() {
            [] => Ok(None),
            [Role::User, Role::Spike, Role::Access, Role::Admin, Role::Order] => Ok(Some(Which::Whole)),
            [role] if cfg!(feature = "subgraphs") => Ok(Some(subgraph(role))),
            [_] => Err(StartError::Subgraph { given: self.to_string() }),
            _ => Err(StartError::Domains { given: self.to_string() }),
        }
    }

    /// Refuses roles that would have to share the memory or the file of another process.
    pub fn check(&self, config: &Config) -> Result<(), StartError> {
        self.graph()?;
        let private = config.private_parts();
        if *self == Self::default() || private.is_empty() {
            return Ok(());
        }
        Err(StartError::Roles {
            given: self.to_string(),
            private: private.join(", "),
            all: Self::default().to_string(),
        })
    }
}

const fn subgraph(role: Role) -> Which {
    match role {
        Role::User => Which::User,
        Role::Spike => Which::Spike,
        Role::Access => Which::Access,
        Role::Admin => Which::Admin,
        Role::Order => Which::Order,
        Role::Consumer => Which::Whole,
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.0.iter().filter_map(ValueEnum::to_possible_value);
        f.write_str(&values.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use Role::{Access, Admin, Consumer, Order, Spike, User};

    use super::*;
    use crate::config::{Flags, load};

    fn config(shared: bool) -> Config {
        let urls = [
            ("SPIKE__DATABASE__URL", "mysql://spike@127.0.0.1/spike"),
            ("SPIKE__STOCK__URL", "redis://127.0.0.1"),
            ("SPIKE__BUS__URL", "amqp://127.0.0.1"),
        ];
        let urls = urls.map(|(key, url)| (key.to_owned(), url.to_owned()));
        load(&Flags::default(), urls.into_iter().filter(|_| shared)).unwrap()
    }

    #[test]
    fn what_would_share_memory_cannot_run_apart() {
        let split = Roles::of(&[User, Spike, Access, Admin, Order]);
        assert!(Roles::default().check(&config(false)).is_ok());
        assert!(split.check(&config(true)).is_ok());
        let refused = split.check(&config(false)).unwrap_err().to_string();
        for key in ["stock.url", "bus.url", "database.url"] {
            assert!(refused.contains(key), "{refused}");
        }
    }

    #[test]
    fn a_process_serves_the_whole_graph_a_subgraph_or_none() {
        let all = [Order, Admin, Access, Spike, User, User];
        assert_eq!(Roles::of(&all).graph().unwrap(), Some(Which::Whole));
        assert!(!Roles::of(&all).consume());
        assert_eq!(Roles::of(&[Consumer]).graph().unwrap(), None);
        assert_eq!(Roles::of(&[]), Roles::default());
        let one = Roles::of(&[Order, Consumer]).graph();
        assert_eq!(one.ok().flatten(), cfg!(feature = "subgraphs").then_some(Which::Order));
        assert!(matches!(Roles::of(&[User, Order]).graph(), Err(StartError::Domains { .. })));
    }
}
