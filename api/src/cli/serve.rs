//! `spike serve`: answer requests until asked to stop.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use clap::{Args, ValueEnum};

use crate::{app::App, config::Config, error::StartError, shutdown::asked_to_stop, world::Overrides};

#[derive(Debug, Clone, Default, Args)]
pub(super) struct Options {
    /// Where to answer, such as 127.0.0.1:8080; port 0 takes any free port
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<SocketAddr>,
    /// The parts to run, separated by commas; in this build all of them together, which is the default
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    roles: Vec<Role>,
}

/// A part of the program that may one day run in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    User,
    Spike,
    Access,
    Admin,
    Order,
    Consumer,
}

impl Options {
    pub(super) const fn is_empty(&self) -> bool {
        self.listen.is_none() && self.roles.is_empty()
    }

    /// What stands before the command counts where nothing stands after it.
    pub(super) fn or(self, before: Self) -> Self {
        Self {
            listen: self.listen.or(before.listen),
            roles: if self.roles.is_empty() { before.roles } else { self.roles },
        }
    }

    fn check_roles(&self) -> Result<(), StartError> {
        let all = Role::value_variants();
        if self.roles.is_empty() || all.iter().all(|role| self.roles.contains(role)) {
            return Ok(());
        }
        Err(StartError::Roles { given: names(&self.roles), all: names(all) })
    }
}

fn names(roles: &[Role]) -> String {
    let values = roles.iter().filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(",")
}

pub(super) async fn run(config: &Config, options: &Options) -> Result<(), StartError> {
    options.check_roles()?;
    // Before anything else, so that a signal during a slow start is heard.
    let mut asked = tokio::spawn(asked_to_stop());
    let app = tokio::select! {
        app = App::start(config, Overrides::default()) => app?,
        _ = &mut asked => return Ok(()),
    };
    announce(config, app.addr()).map_err(StartError::Terminal)?;

    // A task that cannot end otherwise: it panicked, and stopping is all that is left to do.
    let _ = asked.await;
    tokio::spawn(async {
        asked_to_stop().await;
        tracing::warn!("asked a second time: exiting at once");
        std::process::exit(1);
    });
    app.stop().await
}

fn announce(config: &Config, addr: SocketAddr) -> io::Result<()> {
    // An address to listen on everywhere is none to go to.
    let mut reachable = addr;
    if addr.ip().is_unspecified() {
        reachable.set_ip(if addr.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    println!("spike is serving");
    println!("  graph       http://{reachable}/graphql (also ws://{reachable}/graphql)");
    if config.server.playground {
        println!("  playground  http://{reachable}/playground");
    }
    println!("  data dir    {}", std::path::absolute(&config.data_dir)?.display());
    // A supervisor that reads a pipe must see it now.
    io::stdout().flush()
}
