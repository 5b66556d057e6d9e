//! A server that says nothing any more while its connections look open: a partition, or a host that lost its power.

use std::{net::SocketAddr, time::Duration};

use domain::error::Fault;
use engines::Proxy;
use infra::sql::{Database, DatabaseOptions, Engine};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

use crate::{
    contract::{
        databases::{Opened, mariadb, mariadb_server, postgresql, postgresql_server},
        order::{Shop, start, user},
    },
    until,
};

const PATIENCE: Duration = Duration::from_millis(500);

fn unavailable<T: std::fmt::Debug>(result: &Result<T, Fault>) -> bool {
    matches!(result, Err(Fault::Unavailable { part: "database", .. }))
}

fn impatient(url: String, connections: u32) -> DatabaseOptions {
    DatabaseOptions { url, connections, patience: PATIENCE, migrate: infra::sql::Migrate::No }
}

async fn at_mariadb() -> (Opened, SocketAddr) {
    (mariadb().await, ([127, 0, 0, 1], mariadb_server().await.port()).into())
}

async fn at_postgresql() -> (Opened, SocketAddr) {
    (postgresql().await, ([127, 0, 0, 1], postgresql_server().await.port()).into())
}

async fn a_partition_is_unavailable_until_it_ends(opened: Opened, server: SocketAddr) {
    let proxy = Proxy::start(server).await.unwrap();
    let db = Database::open(&impatient(proxy.url(&opened.options.url), 4)).await.unwrap();
    let shop = Shop::over(db.clone());
    let sale = shop.sell(100).await;
    let holds: Vec<_> = (0..10).map(|n| shop.hold(sale, user(n))).collect();
    let open = db.begin().await.unwrap();

    proxy.freeze().await;
    let (pinged, placed) = tokio::join!(db.ping(), shop.orders.place(&holds, start()));
    assert!(unavailable(&pinged) && unavailable(&placed), "{pinged:?} {placed:?}");
    assert!(unavailable(&db.snapshot().await.map(|_| ())));
    drop(open);

    proxy.resume().await;
    until("the database answers", async || db.ping().await.is_ok()).await;
    // Whether the batch came through before it was cut off is not known; placed again, it is there once.
    shop.orders.place(&holds, start()).await.unwrap();
    assert_eq!(shop.allocated(sale).await, 10);
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_from_mariadb_is_unavailable_until_it_ends() {
    let (opened, server) = at_mariadb().await;
    a_partition_is_unavailable_until_it_ends(opened, server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_from_postgresql_is_unavailable_until_it_ends() {
    let (opened, server) = at_postgresql().await;
    a_partition_is_unavailable_until_it_ends(opened, server).await;
}

/// An address behind which one host dies and the next one takes over: connections of before stay open for ever and
/// lead nowhere, new ones are served.
struct Failover {
    addr: SocketAddr,
    died: watch::Sender<bool>,
}

impl Failover {
    async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, died) = (listener.local_addr().unwrap(), watch::Sender::new(false));
        let state = died.subscribe();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let survives = *state.borrow();
                tokio::spawn(lead(client, server, state.clone(), survives));
            }
        });
        Self { addr, died }
    }
}

async fn lead(mut client: TcpStream, server: SocketAddr, mut died: watch::Receiver<bool>, survives: bool) {
    let mut server = TcpStream::connect(server).await.unwrap();
    let died = async { drop(died.wait_for(|died| *died && !survives).await) };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => return,
        () = died => {}
    }
    // Open, and nobody there.
    std::future::pending::<()>().await;
}

/// Connections that rest in the pool.
fn resting(db: &Database) -> usize {
    let pool = db.reader().inner();
    match db.engine() {
        Engine::MySql => pool.get_mysql_connection_pool().num_idle(),
        Engine::Postgres => pool.get_postgres_connection_pool().num_idle(),
        Engine::Sqlite => pool.get_sqlite_connection_pool().num_idle(),
    }
}

async fn dead_connections_do_not_hold_their_places(opened: Opened, server: SocketAddr) {
    let failover = Failover::before(server).await;
    let url = opened.options.url.replacen(&server.to_string(), &failover.addr.to_string(), 1);
    let db = Database::open(&impatient(url, 2)).await.unwrap();
    // Both connections of the pool are there when the host dies, and are asked until nobody answers.
    let (one, other) = (db.begin().await.unwrap(), db.begin().await.unwrap());
    let (one, other) = tokio::join!(one.rollback(), other.rollback());
    one.and(other).unwrap();
    // The driver tries what comes back to the pool without a bound, so they must be there.
    until("both connections rest", async || resting(&db) == 2).await;
    failover.died.send(true).unwrap();
    let both = async || tokio::join!(db.ping(), db.ping());
    until("the host is dead", async || matches!(both().await, (Err(_), Err(_)))).await;
    // The dead ones must give way, and the next host is asked.
    until("the next host answers", async || matches!(both().await, (Ok(()), Ok(())))).await;
    db.begin().await.unwrap().rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_connections_to_mariadb_do_not_hold_their_places() {
    let (opened, server) = at_mariadb().await;
    dead_connections_do_not_hold_their_places(opened, server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_connections_to_postgresql_do_not_hold_their_places() {
    let (opened, server) = at_postgresql().await;
    dead_connections_do_not_hold_their_places(opened, server).await;
}

/// Whoever waits for an answer may go away at any point of it, as when a browser closes its connection. The one
/// connection that there is must serve the next caller.
async fn who_goes_takes_no_connection(opened: Opened, server: SocketAddr) {
    let proxy = Proxy::start(server).await.unwrap();
    for in_transaction in [false, true] {
        let mut part = 0;
        while goes_after(part, in_transaction, &opened, &proxy).await {
            part += 16;
        }
        assert!(part >= 64, "an answer of {part} bytes has hardly a part");
    }
}

/// Asks, and goes away when so many bytes of the answer have come; or returns `false`, as that is all of it.
async fn goes_after(part: usize, in_transaction: bool, opened: &Opened, proxy: &Proxy) -> bool {
    const A_MOMENT: Duration = Duration::from_millis(20);
    let db = Database::open(&impatient(proxy.url(&opened.options.url), 1)).await.unwrap();
    let backend = db.reader().get_database_backend();
    let words = if backend == DbBackend::Postgres { ["$1", "$2", "$3"] } else { ["?"; 3] };
    let sql = format!("SELECT {} AS one, {} AS two, {} AS three", words[0], words[1], words[2]);
    let ask = || Statement::from_sql_and_values(backend, &sql, ["1".into(), "2".into(), "3".into()]);

    let answered = if in_transaction {
        let transaction = db.snapshot().await.unwrap();
        proxy.answer_in_part(part).await;
        timeout(A_MOMENT, transaction.query_one_raw(ask())).await.is_ok()
    } else {
        until("the connection rests", async || resting(&db) == 1).await;
        proxy.answer_in_part(part).await;
        timeout(A_MOMENT, db.reader().query_one_raw(ask())).await.is_ok()
    };
    proxy.resume().await;
    until(&format!("asked again after {part} bytes"), async || db.ping().await.is_ok()).await;
    let row = db.reader().query_one_raw(ask()).await.unwrap().unwrap();
    assert_eq!(row.try_get::<String>("", "three").unwrap(), "3", "after {part} bytes");
    !answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_takes_no_connection_to_mariadb() {
    let (opened, server) = at_mariadb().await;
    who_goes_takes_no_connection(opened, server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_takes_no_connection_to_postgresql() {
    let (opened, server) = at_postgresql().await;
    who_goes_takes_no_connection(opened, server).await;
}
