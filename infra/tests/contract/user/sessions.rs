//! The contract of [`SessionStore`].
//!
//! [`SessionStore`]: domain::user::ports::SessionStore

use chrono::Duration;
use domain::{
    id::SessionId,
    testing::id,
    user::session::{NewRefreshToken, RefreshTokenRecord, SessionRecord},
};
use entity::{refresh_tokens, sessions};

use crate::contract::{
    seed,
    stores::{Stores, at},
};

pub(crate) async fn a_session_is_found_by_the_hash_of_its_token(stores: &Stores) {
    for number in [1, 2] {
        stores.sessions.start(&session(number), &token(number, number)).await.unwrap();
    }
    let record = RefreshTokenRecord { expires_at: at("12:00:00.500"), rotated: None };
    assert_eq!(stores.sessions.find(&hash(2)).await.unwrap(), Some((record, session(2))));
    assert_eq!(stores.sessions.find(&hash(3)).await.unwrap(), None);
    let rows = seed::read::<refresh_tokens::Entity>(&stores.db).await;
    assert!(rows.iter().all(|row| row.hash.len() == 64), "as digits");
}

pub(crate) async fn a_token_is_rotated_once(stores: &Stores) {
    stores.sessions.start(&session(1), &token(1, 1)).await.unwrap();
    let (when, nonce) = (at("10:00:00.007"), [9; 32]);
    assert!(stores.sessions.rotate(&hash(1), when, &nonce, &token(2, 1)).await.unwrap());
    assert_eq!(rotated(stores, 1).await, Some(Some((when, nonce))));
    assert_eq!(rotated(stores, 2).await, Some(None), "the successor");

    assert!(!stores.sessions.rotate(&hash(1), at("10:00:01"), &[8; 32], &token(3, 1)).await.unwrap());
    assert_eq!(rotated(stores, 1).await, Some(Some((when, nonce))), "the first rotation stays");
    assert_eq!(rotated(stores, 3).await, None, "no second successor");
    assert!(stores.sessions.rotate(&hash(2), at("10:00:02"), &nonce, &token(3, 1)).await.unwrap());
    assert!(!stores.sessions.rotate(&hash(77), when, &nonce, &token(4, 1)).await.unwrap(), "unknown");
    assert_eq!(rotated(stores, 4).await, None);
}

pub(crate) async fn one_rotation_wins_among_many_at_once(stores: &Stores) {
    stores.sessions.start(&session(1), &token(1, 1)).await.unwrap();
    let tasks = (2..10).map(|number| {
        let sessions = stores.sessions.clone();
        let won =
            async move { sessions.rotate(&hash(1), at("10:00:00"), &[number; 32], &token(number, 1)).await.unwrap() };
        (number, tokio::spawn(won))
    });
    let mut winners = Vec::new();
    for (number, task) in tasks.collect::<Vec<_>>() {
        if task.await.unwrap() {
            winners.push(number);
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    for number in 2..10 {
        assert_eq!(rotated(stores, number).await.is_some(), winners == [number], "{number}");
    }
    let nonce = [winners[0]; 32];
    assert_eq!(rotated(stores, 1).await, Some(Some((at("10:00:00"), nonce))), "the winner's nonce");
}

pub(crate) async fn an_ended_session_rotates_no_token(stores: &Stores) {
    for number in [1, 2] {
        stores.sessions.start(&session(number), &token(number, number)).await.unwrap();
    }
    stores.sessions.end(session(1).id, at("10:00:00")).await.unwrap();
    assert!(!stores.sessions.rotate(&hash(1), at("10:00:01"), &[9; 32], &token(3, 1)).await.unwrap());
    assert_eq!((rotated(stores, 1).await, rotated(stores, 3).await), (Some(None), None), "nothing was written");
    assert!(
        stores.sessions.rotate(&hash(2), at("10:00:01"), &[9; 32], &token(3, 2)).await.unwrap(),
        "of another session"
    );
}

pub(crate) async fn the_first_end_of_a_session_stays(stores: &Stores) {
    stores.sessions.start(&session(1), &token(1, 1)).await.unwrap();
    for time in ["10:00:00", "11:00:00"] {
        stores.sessions.end(session(1).id, at(time)).await.unwrap();
        let (_, found) = stores.sessions.find(&hash(1)).await.unwrap().unwrap();
        assert_eq!(found.ended_at, Some(at("10:00:00")));
    }
    stores.sessions.end(session(77).id, at("10:00:00")).await.unwrap();
}

pub(crate) async fn what_expired_is_purged_and_nothing_else(stores: &Stores) {
    let end = at("12:00:00.500");
    for number in [1, 2] {
        stores.sessions.start(&session(number), &token(number, number)).await.unwrap();
    }
    let later = NewRefreshToken { expires_at: end + Duration::hours(1), ..token(3, 2) };
    assert!(stores.sessions.rotate(&hash(2), at("10:00:00"), &[9; 32], &later).await.unwrap());

    assert_eq!(stores.sessions.purge(end).await.unwrap(), 0, "not before its end");
    assert_eq!(stores.sessions.purge(end + Duration::milliseconds(1)).await.unwrap(), 2);
    assert_eq!((rotated(stores, 1).await, rotated(stores, 2).await), (None, None));
    assert_eq!(rotated(stores, 3).await, Some(None), "the live token of a session");
    let left = seed::read::<sessions::Entity>(&stores.db).await;
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [seed::uuid(2)], "a session without tokens is gone");
    assert_eq!(stores.sessions.purge(end + Duration::hours(2)).await.unwrap(), 1);
    assert!(seed::read::<sessions::Entity>(&stores.db).await.is_empty());
}

pub(crate) async fn a_purge_gets_through_many_batches(stores: &Stores) {
    let row = |number: u32, expires_at| refresh_tokens::Model {
        hash: format!("{number:064x}"),
        session_id: seed::uuid(1),
        expires_at,
        rotated_at: None,
        nonce: None,
    };
    stores.sessions.start(&session(1), &token(1, 1)).await.unwrap();
    seed::write::<refresh_tokens::Entity>(&stores.db, (0..1_100).map(|number| row(number, 1_000)).collect()).await;
    assert_eq!(stores.sessions.purge(at("10:00:00")).await.unwrap(), 1_100);
    assert_eq!(seed::read::<refresh_tokens::Entity>(&stores.db).await.len(), 1);
}

fn hash(number: u8) -> [u8; 32] {
    std::array::from_fn(|i| if i == 31 { number } else { 0xa0 })
}

fn session(number: u8) -> SessionRecord {
    SessionRecord {
        id: id::<SessionId>(u128::from(number)),
        user_id: id(100 + u128::from(number)),
        created_at: at("09:00:00.001"),
        ended_at: None,
    }
}

fn token(number: u8, session: u8) -> NewRefreshToken {
    NewRefreshToken { hash: hash(number), session_id: id(u128::from(session)), expires_at: at("12:00:00.500") }
}

/// How a token was rotated, if it is known and if it was.
async fn rotated(stores: &Stores, number: u8) -> Option<Option<(domain::clock::Instant, [u8; 32])>> {
    stores.sessions.find(&hash(number)).await.unwrap().map(|(record, _)| record.rotated)
}
