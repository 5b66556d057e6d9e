//! What is said when a database does not open, and whether it is worth trying again.

use std::time::Duration;

use infra::sql::{Database, DatabaseOptions, OpenError};
use tokio::net::TcpListener;

use crate::contract::databases::{mariadb, options, postgresql};

async fn refused(url: String) -> OpenError {
    let impatient = DatabaseOptions { patience: Duration::from_millis(500), ..options(url) };
    match Database::open(&impatient).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

/// The same URL with the password, or the name of the database, replaced.
fn with(url: &str, password: Option<&str>, name: Option<&str>) -> String {
    let (before, after) = url.split_once('@').unwrap();
    let (user, _) = before.rsplit_once(':').unwrap();
    let (host, _) = after.split_once('/').unwrap();
    let before = password.map_or_else(|| before.to_owned(), |password| format!("{user}:{password}"));
    let after = name.map_or_else(|| after.to_owned(), |name| format!("{host}/{name}"));
    format!("{before}@{after}")
}

#[tokio::test]
async fn a_wrong_password_or_name_is_said_at_once() {
    for opened in [mariadb().await, postgresql().await] {
        let url = &opened.options.url;
        let wrong = refused(with(url, Some("hunter2"), None)).await;
        assert!(matches!(wrong, OpenError::Connect(_)) && !wrong.is_transient(), "{wrong:?}");
        let text = wrong.to_string();
        assert!(text.contains("denied") || text.contains("authentication failed"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        let unknown = refused(with(url, None, Some("nowhere"))).await;
        assert!(matches!(unknown, OpenError::Connect(_)) && !unknown.is_transient(), "{unknown:?}");
        assert!(unknown.to_string().contains("nowhere"), "{unknown}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_says_nothing_is_worth_another_try() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = silent.local_addr().map(|addr| (addr, silent)).unwrap();
    let nobody = {
        let bound = TcpListener::bind("127.0.0.1:0").await.unwrap();
        bound.local_addr().unwrap()
    };
    for scheme in ["mysql", "postgres"] {
        let error = refused(format!("{scheme}://u:hunter2@{nobody}/d")).await;
        assert!(error.is_transient() && error.to_string().contains("refused"), "{error:?}");
        let error = refused(format!("{scheme}://u:hunter2@{}/d", silent.0)).await;
        assert!(error.is_transient(), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn a_url_that_cannot_be_is_refused() {
    for url in ["oracle://u:hunter2@h/d", "", "mysql://u:hunter2@h:port/d", "postgres://u:hunter2@h:port/d"] {
        let error = refused(url.to_owned()).await;
        assert!(!error.is_transient(), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}
