//! The life of a serving process, from an empty directory to the last closed socket. Used by `spike serve`
//! and, in the same process, by tests.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use domain::services::Services;
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use crate::{
    administrators,
    config::Config,
    data_dir::{self, Claim},
    error::StartError,
    http::{self, Front, Http},
    readiness::Readiness,
    roles::Roles,
    shutdown::Shutdown,
    wiring,
    world::{Overrides, SigningKeys, World},
};

/// How often other processes' new signing keys are looked for: well within the time for which a new key is
/// published before it signs.
const KEYS_EVERY: Duration = Duration::from_secs(15);
/// What the last steps of a stop may take when the requests have used the grace up.
const LAST_STEPS: Duration = Duration::from_secs(2);

/// A process that serves.
pub struct App {
    addr: SocketAddr,
    services: Arc<Services>,
    world: World,
    readiness: Readiness,
    shutdown: Shutdown,
    grace: Duration,
    server: JoinHandle<std::io::Result<()>>,
    keys: JoinHandle<()>,
    _claim: Option<Claim>,
}

impl App {
    /// Claims the data dir if it has data of its own, connects to the engines, brings the database up to date, makes the first administrator if the
    /// configuration names one, listens, and starts the consumers.
    pub async fn start(config: &Config, roles: &Roles, overrides: Overrides) -> Result<Self, StartError> {
        roles.check(config)?;
        // Where everything is in engines of its own, the process has no data.
        let private = !config.private_parts().is_empty();
        let claim = private.then(|| data_dir::claim(&config.data_dir)).transpose()?;
        let world = wiring::world(config, &overrides).await?;
        let services = Services::new(world.ports.clone(), config.terms());
        administrators::first(&world.ports, &services, &config.admin).await?;

        let listener = listen(config.server.listen)?;
        let addr = listener.local_addr().map_err(|cause| StartError::Listen { addr: config.server.listen, cause })?;

        let shutdown = Shutdown::default();
        let readiness = Readiness::new(world.parts.clone(), shutdown.clone());
        let front =
            Front::new(Http::new(&services, roles.graph()?, &world, readiness.clone(), shutdown.clone(), config)?);
        let options = consumers::Options { batch_size: config.consumer.batch_size, only_follow_ups: !roles.consume() };
        readiness.consumers_started(consumers::start(&services, options));
        let server = {
            let (config, shutdown) = (config.clone(), shutdown.clone());
            tokio::spawn(async move { http::serve(listener, front, &config, shutdown).await })
        };
        let keys = tokio::spawn(watch_keys(world.keys.clone(), shutdown.clone()));
        tracing::info!(%addr, "serving");
        Ok(Self {
            addr,
            services,
            world,
            readiness,
            shutdown,
            grace: config.server.shutdown_grace.std(),
            server,
            keys,
            _claim: claim,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its use cases.
    #[must_use]
    pub const fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// Its adapters.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Stops taking work, finishes what is in flight, closes the sockets and the database. What has not
    /// finished within the grace is given up; nothing that was accepted is lost by that, because the next
    /// start takes it up.
    pub async fn stop(self) -> Result<(), StartError> {
        tracing::info!("stopping");
        self.shutdown.begin();
        let deadline = Instant::now() + self.grace;
        let mut late = None;

        let abort = self.server.abort_handle();
        if timeout_at(deadline, self.server).await.is_err() {
            abort.abort();
            late = Some("requests");
        }
        if !self.shutdown.work_done(deadline.saturating_duration_since(Instant::now())).await {
            late = late.or(Some("sockets and changes"));
        }
        if timeout_at(deadline, self.services.grabs.close()).await.is_err() {
            late = late.or(Some("notes of grabs"));
        }
        // The consumers come last, because the requests made work for them.
        let deadline = deadline.max(Instant::now() + LAST_STEPS);
        if let Some(consumers) = self.readiness.take_consumers()
            && timeout_at(deadline, consumers.stop()).await.is_err()
        {
            late = late.or(Some("consumers"));
        }
        self.keys.abort();
        match timeout_at(deadline, self.world.close()).await {
            Ok(closed) => closed?,
            Err(_) => late = late.or(Some("engines")),
        }
        match late {
            None => {
                tracing::info!("stopped");
                Ok(())
            }
            Some(part) => Err(StartError::Grace(part)),
        }
    }
}

/// Connections that may wait to be accepted: at the start of a sale they come all at once, and the kernel drops what does
/// not fit without a word. (It has a bound of its own, `net.core.somaxconn`; libraries ask for 128.)
const BACKLOG: u32 = 4_096;

fn listen(addr: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = || {
        let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A start right after an end finds the old connections' address free.
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG)
    };
    bound().map_err(|cause: std::io::Error| match cause.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortInUse { addr },
        _ => StartError::Listen { addr, cause },
    })
}

async fn watch_keys(keys: Arc<dyn SigningKeys>, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.begun() => return,
            () = tokio::time::sleep(KEYS_EVERY) => {}
        }
        if let Err(fault) = keys.reload().await {
            tracing::warn!(error = &fault as &dyn std::error::Error, "signing keys were not read again");
        }
    }
}
