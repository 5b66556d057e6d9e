//! PostgreSQL.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    EngineError,
    home::{Home, write_private},
    lifecycle::Lifecycle,
    plain,
    port::Port,
    process::Launch,
    program::{self, Program},
};

const ENGINE: &str = "PostgreSQL";
const USER: &str = "spike";
/// Who it runs as if we are root.
const SERVANT: &str = "postgres";
const SETPRIV: Program = Program { name: "setpriv", package: "util-linux", directory: "/usr/bin" };

/// How a [`PostgreSql`] is started. The default syncs each commit to disk, as production does.
#[derive(Debug, Clone, Default)]
pub struct PostgreSqlOptions {
    /// The password of the superuser `spike`; by default a random one.
    pub password: Option<String>,
    /// Leave syncing to the system, which a power cut would show and a kill does not. For tests that write much.
    pub lazy: bool,
    /// A port to use; by default a free one.
    pub port: Option<u16>,
    /// A directory to use and to keep; by default a fresh one that is removed.
    pub directory: Option<PathBuf>,
}

/// A running PostgreSQL.
#[derive(Debug)]
pub struct PostgreSql {
    lifecycle: Lifecycle,
    directory: PathBuf,
    _home: Home,
    port: Port,
    password: String,
    lazy: bool,
}

impl PostgreSql {
    /// Starts one and waits until it answers.
    pub async fn start(options: PostgreSqlOptions) -> Result<Self, EngineError> {
        let home = Home::new("postgresql", options.directory.as_deref())?;
        let directory = home.directory("server")?;
        let password = plain::password(options.password)?;
        for path in [home.path(), &directory] {
            give(path)?;
        }
        let mut enters = as_servant("test".as_ref())?;
        enters.arg("-x").arg(&directory).current_dir("/");
        program::run(enters).await.map_err(|_| EngineError::Closed { user: SERVANT, directory: directory.clone() })?;
        if !directory.join("data/PG_VERSION").exists() {
            let file = directory.join("password");
            write_private(&file, &password)?;
            give(&file)?;
            let mut initdb = as_servant(&program("initdb")?)?;
            initdb
                .arg(format!("--pgdata={}", directory.join("data").display()))
                .args(["--no-sync", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"])
                .arg(format!("--username={USER}"))
                .arg(format!("--pwfile={}", file.display()))
                .current_dir("/");
            let made = program::run(initdb).await;
            fs::remove_file(&file).map_err(EngineError::io("removing the file of a password"))?;
            made?;
        }
        let port = Port::given_or_free(options.port)?;
        let mut postgresql =
            Self { lifecycle: Lifecycle::down(ENGINE), directory, _home: home, port, password, lazy: options.lazy };
        postgresql.start_again().await?;
        Ok(postgresql)
    }

    /// Makes a database if it is not there, and gives its URL.
    pub async fn database(&self, name: &str) -> Result<String, EngineError> {
        plain::word("the name of a database", name)?;
        let there = self.sql(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}'")).await?;
        if there.trim().is_empty() {
            self.sql(&format!("CREATE DATABASE \"{name}\"")).await?;
        }
        Ok(self.url(name))
    }

    /// `postgres://user:password@host:port/name`.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{name}", self.password, self.port.number())
    }

    /// Its port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Runs SQL in the database `postgres` by the command line client, and gives the rows as it prints them.
    pub async fn sql(&self, sql: &str) -> Result<String, EngineError> {
        let mut command = Command::new(program("psql")?);
        command
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"])
            .args(["--host=127.0.0.1", "--dbname=postgres", "--no-password"])
            .args([format!("--port={}", self.port.number()), format!("--username={USER}"), format!("--command={sql}")])
            .env("PGPASSWORD", &self.password)
            .current_dir("/");
        program::run(command).await
    }

    /// Lets it end in order, without waiting for its clients.
    pub async fn stop(&mut self) -> Result<(), EngineError> {
        // SIGTERM would wait for the clients.
        self.lifecycle.end("INT").await
    }

    /// Kills it (SIGKILL).
    pub async fn kill(&mut self) -> Result<(), EngineError> {
        self.lifecycle.end("KILL").await
    }

    /// Fails if it ended by itself.
    pub fn check(&mut self) -> Result<(), EngineError> {
        self.lifecycle.check()
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill): the same port and the same data.
    pub async fn start_again(&mut self) -> Result<(), EngineError> {
        let server = as_servant(&program("postgres")?)?;
        let mut arguments: Vec<_> = server.get_args().map(|it| it.to_string_lossy().into_owned()).collect();
        arguments.extend(["-D".to_owned(), self.directory.join("data").display().to_string()]);
        arguments.extend(["-p".to_owned(), self.port.number().to_string()]);
        let settings = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=300",
            "shared_buffers=64MB",
            if self.lazy { "fsync=off" } else { "fsync=on" },
        ];
        for setting in settings {
            arguments.extend(["-c".to_owned(), setting.to_owned()]);
        }
        let launch = Launch {
            directory: &self.directory,
            program: Path::new(server.get_program()),
            arguments,
            environment: Vec::new(),
        };
        let addr = self.port.addr();
        let ready = async || asks_for_a_password(addr).await.unwrap_or(false);
        self.lifecycle.start(launch, ready).await
    }
}

/// Whether it answers a startup packet by asking for a password (`R`), and not by an error (`E`), as it does while it
/// recovers.
async fn asks_for_a_password(addr: SocketAddr) -> io::Result<bool> {
    let parameters = format!("user\0{USER}\0database\0postgres\0\0");
    let length = u32::try_from(parameters.len() + 8).unwrap_or(0);
    let mut packet = length.to_be_bytes().to_vec();
    // Version 3.0 of the protocol.
    packet.extend(0x0003_0000_u32.to_be_bytes());
    packet.extend(parameters.as_bytes());
    let mut socket = TcpStream::connect(addr).await?;
    socket.write_all(&packet).await?;
    Ok(socket.read_u8().await? == b'R')
}

/// A program of the newest version that is installed.
fn program(name: &'static str) -> Result<PathBuf, EngineError> {
    let missing = EngineError::Missing { program: name, package: "postgresql" };
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let newest = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.is_file())
        .max();
    newest.map(|(_, path)| path).ok_or(missing)
}

/// PostgreSQL refuses to run as root. Then it runs as the user that Debian made for it.
fn as_servant(program: &Path) -> Result<Command, EngineError> {
    if servant()?.is_none() {
        return Ok(Command::new(program));
    }
    let mut command = Command::new(SETPRIV.find()?);
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    Ok(command)
}

/// Gives a path to whom PostgreSQL runs as.
fn give(path: &Path) -> Result<(), EngineError> {
    let Some((user, group)) = servant()? else { return Ok(()) };
    chown(path, Some(user), Some(group)).map_err(EngineError::io(format!("giving {} to postgres", path.display())))
}

/// The user and group `postgres`, if we are root.
fn servant() -> Result<Option<(u32, u32)>, EngineError> {
    let this = fs::metadata("/proc/self").map_err(EngineError::io("reading /proc/self"))?;
    if this.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(EngineError::io("reading /etc/passwd"))?;
    let ids = users.lines().find_map(|line| {
        let mut fields = line.strip_prefix(SERVANT)?.strip_prefix(':')?.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    ids.map(Some).ok_or(EngineError::Missing { program: "the user postgres", package: "postgresql" })
}
