//! What is said when a Redis cannot be relied on.

use domain::spike::ports::StockStore;
use engines::{Persistence, Redis, RedisOptions as Engine};
use infra::redis::{OpenError, RedisOptions, RedisStock};

use crate::contract::redis::apart;

async fn refused(options: &RedisOptions) -> OpenError {
    let error = RedisStock::open(options).await.err().expect("refused");
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    assert!(text.contains("127.0.0.1"), "{text}");
    error
}

#[tokio::test]
async fn a_password_opens_and_a_wrong_one_is_told() {
    let password = Some("s3cret".to_owned());
    let engine = Redis::start(Engine { password, ..Engine::with_password().unwrap() }).await.unwrap();
    RedisStock::open(&apart(&engine.url())).await.unwrap();

    let wrong = refused(&apart(&format!("redis://:wr0ng@127.0.0.1:{}", engine.port()))).await;
    assert!(matches!(wrong, OpenError::Login { .. }), "{wrong:?}");
    assert!(!wrong.is_transient());
    assert!(!wrong.to_string().contains("wr0ng"), "{wrong}");
    let none = refused(&apart(&format!("redis://127.0.0.1:{}", engine.port()))).await;
    assert!(matches!(none, OpenError::Login { .. }), "{none:?}");
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_told_and_may_come() {
    let mut engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    engine.stop().await.unwrap();
    let away = refused(&apart(&engine.url())).await;
    assert!(matches!(away, OpenError::Unreachable { .. }), "{away:?}");
    assert!(away.is_transient());
    engine.start_again().await.unwrap();
    RedisStock::open(&apart(&engine.url())).await.unwrap();
}

#[tokio::test]
async fn one_that_keeps_nothing_is_refused_unless_it_is_allowed() {
    let engine =
        Redis::start(Engine { persistence: Persistence::Off, ..Engine::with_password().unwrap() }).await.unwrap();
    let volatile = refused(&apart(&engine.url())).await;
    assert!(matches!(volatile, OpenError::Volatile { .. }), "{volatile:?}");
    assert!(!volatile.is_transient());
    let allowed = RedisStock::open(&RedisOptions { allow_volatile: true, ..apart(&engine.url()) }).await.unwrap();
    assert!(!allowed.is_durable(), "a grab counts only in the queue");
    engine.ask(&["CONFIG", "SET", "appendonly", "yes"]).await.unwrap();
    assert!(RedisStock::open(&apart(&engine.url())).await.unwrap().is_durable());
}

#[tokio::test]
async fn one_that_throws_away_is_refused() {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    engine.ask(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await.unwrap();
    let evicts = refused(&apart(&engine.url())).await;
    assert!(matches!(evicts, OpenError::Evicts { .. }), "{evicts:?}");
}

#[tokio::test]
async fn a_user_needs_the_rights_that_the_text_names() {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let give = async |rights: &[&str]| {
        let user = ["ACL", "SETUSER", "shop", "reset", "on", ">s3cret", "~test-*", "&test-*"];
        engine.ask(&[&user, rights].concat()).await.unwrap();
    };
    let options = apart(&format!("redis://shop:s3cret@127.0.0.1:{}", engine.port()));
    let all = ["+@read", "+@connection", "+@write", "+@scripting", "+@pubsub", "+info", "+time"];
    for lacking in &all[2..] {
        let others: Vec<&str> = all.into_iter().filter(|right| right != lacking).collect();
        give(&others).await;
        let error = refused(&options).await;
        assert!(matches!(error, OpenError::Rights { .. }), "{lacking}: {error:?}");
    }
    give(&all).await;
    let sale = crate::sale::Sale::open(options).await;
    let hold = sale.hold(1).await;
    sale.store.published(&[hold]).await.unwrap();
    assert_eq!(sale.store.loaded().await.unwrap().len(), 1);
    sale.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_full_redis_refuses_grabs_and_gives_units_back() {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let sale = crate::sale::Sale::open(apart(&engine.url())).await;
    let (kept, released) = (sale.hold(1).await, sale.hold(2).await);
    engine.ask(&["CONFIG", "SET", "maxmemory", "1"]).await.unwrap();
    let full = sale.grab(3).await;
    assert!(matches!(full, Err(domain::error::Fault::Unavailable { part: "stock", .. })), "{full:?}");
    // All or nothing: whatever it says now, it is once.
    let _ = sale.store.release(released.campaign_id, released.order_id).await;
    engine.ask(&["CONFIG", "SET", "maxmemory", "0"]).await.unwrap();
    sale.store.release(released.campaign_id, released.order_id).await.unwrap();
    assert_eq!(sale.available().await, Some(9));
    assert_eq!(sale.unpublished().await, [kept.order_id]);
}
