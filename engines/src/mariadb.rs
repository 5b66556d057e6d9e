//! MariaDB.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tokio::{io::AsyncReadExt, net::TcpStream, sync::OnceCell};

use crate::{
    EngineError,
    home::{self, Home, write_private},
    lifecycle::Lifecycle,
    plain,
    port::Port,
    process::Launch,
    program::{self, Program},
};

const SERVER: Program = Program { name: "mariadbd", package: "mariadb-server-core", directory: "/usr/sbin" };
const INSTALL: Program = Program { name: "mariadb-install-db", package: "mariadb-server-core", directory: "/usr/bin" };
const CLIENT: Program = Program { name: "mariadb", package: "mariadb-client-core", directory: "/usr/bin" };

const ENGINE: &str = "MariaDB";
const USER: &str = "spike";

/// How a [`MariaDb`] is started. The default syncs each commit to disk, as production does.
#[derive(Debug, Clone, Default)]
pub struct MariaDbOptions {
    /// The password of the user `spike`; by default a random one.
    pub password: Option<String>,
    /// Leave syncing to the system, which a power cut would show and a kill does not. For tests that write much.
    pub lazy: bool,
    /// A port to use; by default a free one.
    pub port: Option<u16>,
    /// A directory to use and to keep; by default a fresh one that is removed.
    pub directory: Option<PathBuf>,
}

/// A running MariaDB.
#[derive(Debug)]
pub struct MariaDb {
    lifecycle: Lifecycle,
    directory: PathBuf,
    _home: Home,
    port: Port,
    password: String,
    lazy: bool,
}

impl MariaDb {
    /// Starts one and waits until it answers.
    pub async fn start(options: MariaDbOptions) -> Result<Self, EngineError> {
        let home = Home::new("mariadb", options.directory.as_deref())?;
        let directory = home.directory("server")?;
        if !directory.join("data/mysql").exists() {
            home::copy(&template().await?.path().join("data"), &directory.join("data"))?;
        }
        let password = plain::password(options.password)?;
        let init = format!(
            "CREATE OR REPLACE USER '{USER}'@'%' IDENTIFIED BY '{password}';\nGRANT ALL ON *.* TO '{USER}'@'%';\n"
        );
        // Run at each start, one statement a line.
        write_private(&directory.join("init.sql"), &init)?;
        let port = Port::given_or_free(options.port)?;
        let mut mariadb =
            Self { lifecycle: Lifecycle::down(ENGINE), directory, _home: home, port, password, lazy: options.lazy };
        mariadb.start_again().await?;
        Ok(mariadb)
    }

    /// Makes a database if it is not there, and gives its URL.
    pub async fn database(&self, name: &str) -> Result<String, EngineError> {
        plain::word("the name of a database", name)?;
        self.sql(&format!("CREATE DATABASE IF NOT EXISTS `{name}`")).await?;
        Ok(self.url(name))
    }

    /// `mysql://user:password@host:port/name`.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("mysql://{USER}:{}@127.0.0.1:{}/{name}", self.password, self.port.number())
    }

    /// Its port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Runs SQL by the command line client, and gives the rows as it prints them, without a header.
    pub async fn sql(&self, sql: &str) -> Result<String, EngineError> {
        let mut command = Command::new(CLIENT.find()?);
        command
            .args(["--no-defaults", "--batch", "--skip-column-names", "--protocol=tcp", "--host=127.0.0.1"])
            .args([format!("--port={}", self.port.number()), format!("--user={USER}"), format!("--execute={sql}")])
            .env("MYSQL_PWD", &self.password);
        program::run(command).await
    }

    /// Lets it end in order.
    pub async fn stop(&mut self) -> Result<(), EngineError> {
        self.lifecycle.end("TERM").await
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
        let mut arguments = common(&self.directory.join("data"));
        arguments.extend([
            "--bind-address=127.0.0.1".to_owned(),
            format!("--port={}", self.port.number()),
            // Relative to the data, because the path of a socket must be short.
            "--socket=mariadb.sock".to_owned(),
            format!("--init-file={}", self.directory.join("init.sql").display()),
            "--character-set-server=utf8mb4".to_owned(),
            "--max-connections=500".to_owned(),
            // Not each connection that comes and goes.
            "--log-warnings=1".to_owned(),
            format!("--innodb-flush-log-at-trx-commit={}", if self.lazy { 2 } else { 1 }),
        ]);
        if self.lazy {
            // Not even when tables are made.
            arguments.extend(["--innodb-flush-method=nosync".to_owned(), "--debug-no-sync".to_owned()]);
        }
        let launch =
            Launch { directory: &self.directory, program: &SERVER.find()?, arguments, environment: Vec::new() };
        // It listens when its init file has run. Its greeting is then the first packet: length, number 0, protocol 10.
        let addr = self.port.addr();
        let greets = async || {
            let Ok(mut socket) = TcpStream::connect(addr).await else { return false };
            let mut greeting = [0; 5];
            socket.read_exact(&mut greeting).await.is_ok() && greeting[3..] == [0, 10]
        };
        self.lifecycle.start(launch, greets).await
    }
}

/// What every run of the server is told. Sizes are small: a test machine runs several.
fn common(data: &Path) -> Vec<String> {
    let mut arguments = vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", data.display()),
        // Its own: a server that starts clears away what others keep in a shared one.
        format!("--tmpdir={}", data.parent().unwrap_or(data).display()),
        "--innodb-log-file-size=16M".to_owned(),
        "--innodb-buffer-pool-size=64M".to_owned(),
        "--aria-log-file-size=8M".to_owned(),
        "--key-buffer-size=1M".to_owned(),
        "--skip-name-resolve".to_owned(),
    ];
    // It refuses to run as root unless it is told to, and heeds the option for root alone.
    if std::fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0) {
        arguments.push("--user=root".to_owned());
    }
    arguments
}

/// A data directory that is made once a process and copied for each instance.
async fn template() -> Result<&'static Home, EngineError> {
    static TEMPLATE: OnceCell<Home> = OnceCell::const_new();
    TEMPLATE
        .get_or_try_init(|| async {
            let home = Home::new("mariadb-template", None)?;
            let data = home.path().join("data");
            let mut install = Command::new(INSTALL.find()?);
            install
                .args(common(&data))
                .args(["--auth-root-authentication-method=socket", "--skip-test-db"])
                // A template that is not whole is never used, so it need not be synced.
                .args(["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"]);
            program::run(install).await?;
            Ok(home)
        })
        .await
}
