//! Access tokens: which are ours, until when they work, and the keys that sign them.

use std::time;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use domain::testing::instant;
use infra::sql::{Database, DatabaseOptions, Migrate, user::SqlSigningKeys};
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use serde_json::{Value, json};

use super::{ME, is_good};
use crate::{
    admin::asking::{fault, text},
    support::TestShop,
};

/// The key that the shop signs with, and what its tokens say: enough to make any token that is almost ours.
struct Forge {
    kid: String,
    public: String,
    key: EncodingKey,
    claims: Value,
}

impl Forge {
    async fn of(shop: &TestShop, url: &str, token: &str) -> Self {
        let options = DatabaseOptions {
            url: url.to_owned(),
            connections: 1,
            patience: time::Duration::from_secs(5),
            migrate: Migrate::Yes,
        };
        let db = Database::open(&options).await.unwrap();
        let row = SqlSigningKeys::new(db.clone()).all_verifying(shop.now()).await.unwrap().remove(0);
        db.close().await.unwrap();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        Self {
            kid: row.kid,
            public: row.public_key,
            key: EncodingKey::from_ed_der(&row.private_key),
            claims: serde_json::from_slice(&claims).unwrap(),
        }
    }

    fn header(&self, algorithm: Algorithm) -> Header {
        let mut header = Header::new(algorithm);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.kid.clone());
        header
    }

    /// The claims with some of them replaced; those that are replaced by null are left out.
    fn saying(&self, changes: Value) -> Value {
        let mut claims = self.claims.clone();
        let Value::Object(changes) = changes else { panic!("an object") };
        let all = claims.as_object_mut().unwrap();
        all.extend(changes);
        all.retain(|_, value| !value.is_null());
        claims
    }

    /// A token of these claims, with the signature that it should have.
    fn signed(&self, changes: Value) -> String {
        encode(&self.header(Algorithm::EdDSA), &self.saying(changes), &self.key).unwrap()
    }

    /// A token with another header, with the signature that it should have.
    fn headed(&self, change: impl FnOnce(&mut Header)) -> String {
        let mut header = self.header(Algorithm::EdDSA);
        change(&mut header);
        encode(&header, &self.claims, &self.key).unwrap()
    }

    /// A token that says it needs no signature.
    fn unsigned(&self, algorithm: &str, signature: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "alg": algorithm, "typ": "at+jwt", "kid": self.kid });
        format!("{}.{}.{signature}", part(&header), part(&self.claims))
    }

    /// A token that takes the public key for a shared secret.
    fn confused(&self, secret: &[u8]) -> String {
        encode(&self.header(Algorithm::HS256), &self.claims, &EncodingKey::from_secret(secret)).unwrap()
    }
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_refused_and_public_fields_still_answer() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let url = shop.site().setting("database.url").to_owned();
    let (buyer, stranger) = (shop.register_customer().await, shop.register_customer().await);
    let forge = Forge::of(&shop, &url, &buyer.token).await;
    assert!(is_good(&shop, &forge.signed(json!({}))).await, "what is forged below is wrong in one thing alone");

    let ours: Vec<&str> = buyer.token.split('.').collect();
    let theirs: Vec<&str> = stranger.token.split('.').collect();
    let other_shop = TestShop::start().await;
    let foreign = other_shop.register_customer().await.token;
    other_shop.stop().await;
    let now = shop.now().timestamp();
    for (what, token) in [
        ("another issuer", forge.signed(json!({ "iss": "elsewhere" }))),
        ("no issuer", forge.signed(json!({ "iss": null }))),
        ("another audience", forge.signed(json!({ "aud": "elsewhere" }))),
        ("no audience", forge.signed(json!({ "aud": null }))),
        ("no subject", forge.signed(json!({ "sub": null }))),
        ("a session for a subject", forge.signed(json!({ "sub": forge.claims["sid"] }))),
        ("no session", forge.signed(json!({ "sid": null }))),
        ("no end", forge.signed(json!({ "exp": null }))),
        ("an end that is a text", forge.signed(json!({ "exp": "4102444800" }))),
        ("an end beyond time", forge.signed(json!({ "exp": i64::MAX }))),
        ("an end that is now", forge.signed(json!({ "exp": now }))),
        ("an end before time", forge.signed(json!({ "exp": i64::MIN }))),
        ("another type", forge.headed(|header| header.typ = Some("JWT".to_owned()))),
        ("no type", forge.headed(|header| header.typ = None)),
        ("no key", forge.headed(|header| header.kid = None)),
        ("an unknown key", forge.headed(|header| header.kid = Some("AAAAAAAAAAAAAAAA".to_owned()))),
        ("no algorithm", forge.unsigned("none", "")),
        ("no algorithm in capitals", forge.unsigned("NONE", ours[2])),
        ("no signature", forge.unsigned("EdDSA", "")),
        ("the public key as a secret", forge.confused(forge.public.as_bytes())),
        ("its bytes as a secret", forge.confused(&URL_SAFE_NO_PAD.decode(&forge.public).unwrap())),
        ("somebody else's claims", [ours[0], theirs[1], ours[2]].join(".")),
        ("somebody else's signature", [ours[0], ours[1], theirs[2]].join(".")),
        ("another shop", foreign),
        ("a refresh token", buyer.refresh_token.clone()),
        ("two parts", ours[..2].join(".")),
        ("four parts", format!("{}.x", buyer.token)),
        ("dots", "..".to_owned()),
        ("a word", "nonsense".to_owned()),
        ("nothing", String::new()),
        ("much", "A".repeat(4_000)),
    ] {
        let protected = shop.graphql(Some(&token), ME, json!({})).await;
        assert_eq!(fault(&protected), "UNAUTHENTICATED", "{what}: {protected:#}");
        assert_eq!(protected["data"]["me"], Value::Null, "{what}");
        for query in ["{ campaigns { nodes { id } } }", "{ __typename }"] {
            let public = shop.graphql(Some(&token), query, json!({})).await;
            assert!(public.get("errors").is_none(), "{what}: {public:#}");
        }
    }

    let admin = shop.admin_token().await;
    let admin = Forge::of(&shop, &url, &admin).await.unsigned("none", "");
    assert_eq!(fault(&shop.graphql(Some(&admin), "{ users { totalCount } }", json!({})).await), "UNAUTHENTICATED");

    for (header, welcome) in [
        (format!("Bearer {}", buyer.token), true),
        (format!("bearer  {} ", buyer.token), true),
        (buyer.token.clone(), false),
        (format!("Basic {}", buyer.token), false),
        ("Bearer".to_owned(), false),
        (String::new(), false),
    ] {
        let request = shop.http().post(shop.url("/graphql")).header("authorization", &header);
        let answer: Value = request.json(&json!({ "query": ME })).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["data"]["me"]["id"].is_string(), welcome, "{header}");
        assert!(welcome || fault(&answer) == "UNAUTHENTICATED", "{header}: {answer:#}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn an_access_token_works_until_its_expiry_and_not_a_moment_longer() {
    let shop = TestShop::builder()
        .with("auth.access_token_lifetime", "1m")
        .clock_at(instant("2026-03-01T12:00:00.400Z"))
        .start()
        .await;
    let buyer = shop.register_customer().await;
    let login = super::ask(&shop, "login", super::SESSION, json!({ "phone": buyer.phone, "password": buyer.password }));
    assert_eq!(login.await["session"]["accessTokenExpiresAt"], "2026-03-01T12:01:00+00:00", "in whole seconds");
    shop.advance(Duration::milliseconds(59_599));
    assert!(is_good(&shop, &buyer.token).await);
    shop.advance(Duration::milliseconds(1));
    assert!(!is_good(&shop, &buyer.token).await);
    let answer = shop.graphql(Some(&buyer.token), ME, json!({})).await;
    assert!(text(&answer["errors"][0]["message"]).contains("expired"), "{answer:#}");
    shop.stop().await;
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_verifies_until_its_last_token_expires() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let buyer = shop.register_customer().await;
    let key_of = |token: &str| decode_header(token).unwrap().kid.unwrap();
    let published = async |shop: &TestShop| {
        let keys = shop.http().get(shop.url("/.well-known/jwks.json")).send().await.unwrap();
        let keys: Value = keys.json().await.unwrap();
        let mut keys: Vec<String> =
            keys["keys"].as_array().unwrap().iter().map(|key| text(&key["kid"]).to_owned()).collect();
        keys.sort();
        keys
    };
    let sign_in = async |shop: &TestShop| shop.sign_in(&buyer.phone, &buyer.password).await;

    shop.advance(Duration::seconds(1));
    let old = key_of(&buyer.token);
    assert_eq!(published(&shop).await, [old.as_str()]);
    let new = shop.app().world().keys.rotate().await.unwrap();
    let mut both = [old.clone(), new.clone()];
    both.sort();
    assert_eq!(published(&shop).await, both);
    assert_eq!(key_of(&sign_in(&shop).await), old, "verifiers have to know the new key first");

    shop.advance(Duration::milliseconds(59_999));
    let last_of_old = sign_in(&shop).await;
    shop.advance(Duration::milliseconds(1));
    let first_of_new = sign_in(&shop).await;
    assert_eq!((key_of(&last_of_old), key_of(&first_of_new)), (old.clone(), new.clone()));
    let shop = shop.restart().await;
    for token in [&buyer.token, &last_of_old, &first_of_new] {
        assert!(is_good(&shop, token).await, "also for a process that was not there when the key was made");
    }

    // The last second before the last token of the old key expires, and the moment when it does.
    shop.advance(Duration::minutes(15) - Duration::milliseconds(1_001));
    let of_new = sign_in(&shop).await;
    assert!(is_good(&shop, &last_of_old).await);
    assert_eq!(published(&shop).await, both);
    shop.advance(Duration::milliseconds(1_001));
    assert!(!is_good(&shop, &last_of_old).await);
    assert!(is_good(&shop, &of_new).await);
    assert_eq!(published(&shop).await, [new.as_str()]);
    let shop = shop.restart().await;
    assert!(is_good(&shop, &of_new).await);
    assert_eq!(published(&shop).await, [new]);
    shop.stop().await;
}
