//! `spike serve`: answer requests until asked to stop.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use clap::Args;

use crate::{
    app::App,
    config::Config,
    error::StartError,
    roles::{Role, Roles},
    shutdown::asked_to_stop,
    world::Overrides,
};

#[derive(Debug, Clone, Default, Args)]
pub(super) struct Options {
    /// Where to answer, such as 127.0.0.1:8080; port 0 takes any free port
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<SocketAddr>,
    /// The parts to run, separated by commas [default: all]. All five domains serve the whole graph, one of them its
    /// subgraph; consumer writes orders and expires them
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    roles: Vec<Role>,
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
}

pub(super) async fn run(config: &Config, options: &Options) -> Result<(), StartError> {
    let roles = Roles::of(&options.roles);
    // Before anything else, so that a signal during a slow start is heard.
    let mut asked = tokio::spawn(asked_to_stop());
    let app = tokio::select! {
        app = App::start(config, &roles, Overrides::default()) => app?,
        _ = &mut asked => return Ok(()),
    };
    announce(config, &roles, app.addr()).map_err(StartError::Terminal)?;

    // A task that cannot end otherwise: it panicked, and stopping is all that is left to do.
    let _ = asked.await;
    tokio::spawn(async {
        asked_to_stop().await;
        tracing::warn!("asked a second time: exiting at once");
        std::process::exit(1);
    });
    app.stop().await
}

fn announce(config: &Config, roles: &Roles, addr: SocketAddr) -> io::Result<()> {
    // An address to listen on everywhere is none to go to.
    let mut reachable = addr;
    if addr.ip().is_unspecified() {
        reachable.set_ip(if addr.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    println!("spike is serving");
    if matches!(roles.graph(), Ok(Some(_))) {
        println!("  graph       http://{reachable}/graphql (also ws://{reachable}/graphql)");
        if config.server.playground {
            println!("  playground  http://{reachable}/playground");
        }
    }
    if *roles != Roles::default() {
        println!("  roles       {roles}");
        println!("  health      http://{reachable}/readyz");
    }
    if !config.private_parts().is_empty() {
        println!("  data dir    {}", std::path::absolute(&config.data_dir)?.display());
    }
    // A supervisor that reads a pipe must see it now.
    io::stdout().flush()
}
