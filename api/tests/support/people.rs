//! Accounts made straight over the ports and signed in without a password: a thousand of them would cost a minute of
//! hashing otherwise.

use std::{collections::BTreeMap, sync::Arc};

use api::{wiring, world::Overrides};
use chrono::NaiveDate;
use domain::{
    id::UserId,
    money::{Currency, Money},
    services::{Ports, Services},
    testing::administrator,
    user::{
        Role, User,
        account::{Phone, Username, WorkStatus},
        ports::NewUser,
    },
};
use futures_util::{StreamExt, stream};

use super::site::Site;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account.
    pub id: String,
    /// Their access token.
    pub token: String,
}

/// Everybody of a sale.
#[derive(Debug, Clone)]
pub struct People {
    /// Runs it.
    pub admin: Person,
    /// Want to buy.
    pub buyers: Vec<Person>,
}

/// Brings the database of a site up to date, and makes an administrator and so many buyers in it.
pub async fn move_in(site: &Site, buyers: usize) -> People {
    move_in_with_money(site, buyers, 0).await
}

/// The same, and each buyer has so much on their balance, in minor units.
pub async fn move_in_with_money(site: &Site, buyers: usize, minor: i64) -> People {
    let mut site_config = site.config();
    // Longer than any test.
    site_config.auth.access_token_lifetime = "3h".parse().expect("a duration");
    let world = wiring::world(&site_config, &Overrides::default()).await.expect("the engines of the site");
    let services = Services::new(world.ports.clone(), site_config.terms());
    let admin = person(&world.ports, &services, 0, vec![Role::Customer, Role::Admin]).await;
    let proof = administrator(admin.id.parse().expect("an id"));
    let buyers = stream::iter(1..=buyers)
        .map(async |number| {
            let person = person(&world.ports, &services, number, vec![Role::Customer]).await;
            if minor > 0 {
                let amount = Money::new(minor, Currency::Cny).amount();
                let id = person.id.parse().expect("an id");
                services.balances.top_up(proof, id, amount, Currency::Cny, None).await.expect("topped up");
            }
            person
        })
        .buffered(16)
        .collect()
        .await;
    world.close().await.expect("closed");
    People { admin, buyers }
}

async fn person(ports: &Ports, services: &Arc<Services>, number: usize, roles: Vec<Role>) -> Person {
    let now = ports.clock.now();
    let id: UserId = ports.ids.next(now);
    let user = User {
        id,
        username: Username::from_stored(format!("person{number}")),
        phone: Phone::from_stored(format!("+1000666{number:04}")),
        work_status: WorkStatus::Employed,
        birth_date: NaiveDate::from_ymd_opt(1990, 5, 17).expect("a date"),
        roles,
        attributes: BTreeMap::new(),
        created_at: now,
    };
    let new = NewUser { user, password_hash: String::new(), id_number: None };
    ports.accounts.insert(&new).await.expect("stored").expect("a new name");
    let session = services.sessions.start(id).await.expect("a session");
    Person { id: id.to_string(), token: session.access_token }
}
