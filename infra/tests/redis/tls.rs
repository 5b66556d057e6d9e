//! Redis over TLS.

use engines::{Redis, RedisOptions as Engine};
use infra::redis::{OpenError, RedisOptions, RedisStock};

use crate::{
    contract::{
        feed::{Ear, change},
        redis::{apart, replicas},
    },
    sale::Sale,
};

async fn engine() -> Redis {
    Redis::start(Engine { tls: true, ..Engine::with_password().unwrap() }).await.unwrap()
}

#[tokio::test]
async fn a_sale_and_its_feed_go_over_tls() {
    let engine = engine().await;
    let options = RedisOptions { ca_file: engine.authority().map(Into::into), ..apart(&engine.url()) };
    let sale = Sale::open(options.clone()).await;
    sale.hold(1).await;
    assert_eq!(sale.available().await, Some(9));

    let replicas = replicas(&options).await;
    let mut ear = Ear::of(&replicas.there, 1).await;
    replicas.here.publish(&[change(1, 1)]).await;
    assert_eq!(ear.order().await, Some(domain::testing::id(1)));
}

#[tokio::test]
async fn a_certificate_of_nobody_we_know_is_refused() {
    let engine = engine().await;
    let error = RedisStock::open(&apart(&engine.url())).await.err().expect("refused");
    assert!(matches!(error, OpenError::Certificate { .. }), "{error:?}");
    assert!(!error.is_transient());

    let plain = engine.url().replacen("rediss", "redis", 1);
    let error = RedisStock::open(&apart(&plain)).await.err().expect("refused");
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");

    let options = RedisOptions { ca_file: Some("/nowhere/ca.pem".into()), ..apart(&engine.url()) };
    let error = RedisStock::open(&options).await.err().expect("refused");
    assert!(matches!(error, OpenError::CaFile { .. }), "{error:?}");
    let no_certificate = tempfile::NamedTempFile::new().unwrap();
    let options = RedisOptions { ca_file: Some(no_certificate.path().into()), ..apart(&engine.url()) };
    let error = RedisStock::open(&options).await.err().expect("refused");
    assert!(matches!(error, OpenError::CaFile { .. } | OpenError::Certificate { .. }), "{error:?}");
}
