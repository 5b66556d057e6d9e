//! The contract of [`AccountStore`].
//!
//! [`AccountStore`]: domain::user::ports::AccountStore

use std::collections::BTreeMap;

use domain::{
    id::UserId,
    page::{Page, PageRequest},
    testing::id,
    user::{
        Role, User,
        account::{Attribute, IdNumber, Phone, Username},
        ports::{NewUser, Taken},
    },
};

use crate::contract::{
    seed,
    stores::{Stores, assert_pages, new_user},
};

pub(crate) async fn an_account_is_read_back_as_it_was_stored(stores: &Stores) {
    let mut first = new_user(1);
    first.user.roles = vec![Role::Customer, Role::Admin];
    first.user.attributes = attributes();
    first.id_number = Some(IdNumber::parse("AB123456").unwrap());
    let mut second = new_user(2);
    second.user.roles = Vec::new();
    for new in [&first, &second] {
        assert_eq!(stores.accounts.insert(new).await.unwrap(), Ok(()));
    }
    let mut read = stores.accounts.by_ids(&[id(2), id(77), id(1), id(1)]).await.unwrap();
    read.sort_by_key(|user| user.id);
    assert_eq!(read, [first.user, second.user], "unknown ids are left out, and doubles");
    assert_eq!(stores.accounts.by_ids(&[]).await.unwrap(), []);
}

pub(crate) async fn an_account_is_found_by_its_phone_and_by_its_name_in_any_case(stores: &Stores) {
    let mut new = new_user(1);
    new.user.username = Username::parse("Éclair.王").unwrap();
    stores.accounts.insert(&new).await.unwrap().unwrap();
    let found = stores.accounts.by_phone(&new.user.phone).await.unwrap();
    assert_eq!(found, Some((new.user.clone(), new.password_hash)));
    assert_eq!(stores.accounts.by_phone(&Phone::parse("1399999999").unwrap()).await.unwrap(), None);
    for name in ["Éclair.王", "éclair.王", "ÉCLAIR.王"] {
        let found = stores.accounts.by_username(&Username::parse(name).unwrap()).await.unwrap();
        assert_eq!(found.as_ref(), Some(&new.user), "{name}");
    }
    assert_eq!(stores.accounts.by_username(&Username::parse("Eclair.x").unwrap()).await.unwrap(), None);
}

pub(crate) async fn what_is_taken_is_refused_and_nothing_is_stored(stores: &Stores) {
    let with_number = |new: NewUser, number| NewUser { id_number: Some(IdNumber::parse(number).unwrap()), ..new };
    let renamed = |mut new: NewUser, name| {
        new.user.username = Username::parse(name).unwrap();
        new
    };
    // A name that has the name of another column in it must not be taken for that column.
    let mut first = with_number(renamed(new_user(1), "Phone.id_number_digest"), "AB123456");
    first.user.phone = Phone::parse("+8613800138000").unwrap();
    stores.accounts.insert(&first).await.unwrap().unwrap();

    let same_name = renamed(new_user(2), "phone.ID_NUMBER_DIGEST");
    assert_eq!(stores.accounts.insert(&same_name).await.unwrap(), Err(Taken::Username));
    let mut same_phone = new_user(2);
    same_phone.user.phone = first.user.phone.clone();
    assert_eq!(stores.accounts.insert(&same_phone).await.unwrap(), Err(Taken::Phone));
    let same_number = with_number(new_user(2), "ab123456");
    assert_eq!(stores.accounts.insert(&same_number).await.unwrap(), Err(Taken::IdNumber));
    assert!(stores.accounts.by_ids(&[id(2)]).await.unwrap().is_empty(), "nothing of them was stored");

    // No number is no number in common.
    for new in [new_user(2), new_user(3), with_number(new_user(4), "AB123457")] {
        assert_eq!(stores.accounts.insert(&new).await.unwrap(), Ok(()));
    }
}

pub(crate) async fn a_number_has_one_winner_among_many_at_once(stores: &Stores) {
    let tasks = (0..8).map(|number| {
        let accounts = stores.accounts.clone();
        let mut new = new_user(number);
        new.user.phone = Phone::parse("13800138000").unwrap();
        tokio::spawn(async move { accounts.insert(&new).await.unwrap() })
    });
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(taken) => assert_eq!(taken, Taken::Phone),
        }
    }
    assert_eq!(won, 1);
}

pub(crate) async fn an_id_number_is_stored_as_a_digest(stores: &Stores) {
    let numbered = NewUser { id_number: Some(IdNumber::parse("AB123456").unwrap()), ..new_user(1) };
    stores.accounts.insert(&numbered).await.unwrap().unwrap();
    let rows = seed::read::<entity::users::Entity>(&stores.db).await;
    let digest = rows[0].id_number_digest.as_deref().unwrap();
    assert!(digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{digest}");
    assert!(!format!("{:?}", rows[0]).contains("AB123456"));
}

pub(crate) async fn a_role_is_given_once(stores: &Stores) {
    let ids = stores.register([1]).await;
    for _ in 0..2 {
        assert!(stores.accounts.grant(ids[0], Role::Admin, &stores.entry("grant")).await.unwrap());
        assert_eq!(roles(stores, ids[0]).await, [Role::Customer, Role::Admin]);
    }
    assert!(!stores.accounts.grant(id(77), Role::Admin, &stores.entry("nobody")).await.unwrap());
    assert_eq!(stores.done().await, ["grant"], "what changes nothing is not noted");
}

pub(crate) async fn roles_that_are_given_at_once_are_all_kept(stores: &Stores) {
    let mut new = new_user(1);
    new.user.roles = Vec::new();
    stores.accounts.insert(&new).await.unwrap().unwrap();
    let tasks = [Role::Customer, Role::Admin].map(|role| {
        let (accounts, entry) = (stores.accounts.clone(), stores.entry("grant"));
        tokio::spawn(async move { accounts.grant(id(1), role, &entry).await.unwrap() })
    });
    for task in tasks {
        assert!(task.await.unwrap());
    }
    let mut roles = roles(stores, id(1)).await;
    roles.sort();
    assert_eq!(roles, [Role::Customer, Role::Admin]);
}

pub(crate) async fn attributes_are_replaced(stores: &Stores) {
    let ids = stores.register([1, 2]).await;
    assert!(stores.accounts.set_attributes(ids[0], &attributes(), &stores.entry("set")).await.unwrap());
    assert_eq!(user(stores, ids[0]).await.attributes, attributes());
    let fewer = BTreeMap::from([("vip".to_owned(), Attribute::Flag(false))]);
    assert!(stores.accounts.set_attributes(ids[0], &fewer, &stores.entry("set")).await.unwrap());
    assert_eq!(user(stores, ids[0]).await.attributes, fewer);
    assert!(user(stores, ids[1]).await.attributes.is_empty(), "of nobody else");
    assert!(!stores.accounts.set_attributes(id(77), &fewer, &stores.entry("nobody")).await.unwrap());
    assert_eq!(stores.done().await, ["set", "set"]);
}

pub(crate) async fn accounts_are_listed_in_pages(stores: &Stores) {
    let mut ids = stores.register(10..17).await;
    stores.register([5]).await;
    ids.reverse();
    let list = async |page| stores.accounts.list(Some("user1"), &page).await;
    assert_pages(&ids, |user: &User| user.id, list).await;
    ids.push(id(5));
    assert_pages(&ids, |user: &User| user.id, async |page| stores.accounts.list(None, &page).await).await;
}

pub(crate) async fn a_search_matches_beginnings_and_no_wildcards(stores: &Stores) {
    let names = ["a_b", "axb", "50%off", "50xoff", "back\\slash", "bang!bang", "Éclair"];
    for (number, name) in (1..).zip(names) {
        let mut new = new_user(number);
        new.user.username = Username::from_stored(name.to_owned());
        stores.accounts.insert(&new).await.unwrap().unwrap();
    }
    for (search, expected) in [
        ("a_", &["a_b"][..]),
        ("A", &["axb", "a_b"]),
        ("50%", &["50%off"]),
        ("50", &["50xoff", "50%off"]),
        ("back\\s", &["back\\slash"]),
        ("back\\\\", &[]),
        ("bang!", &["bang!bang"]),
        ("ÉC", &["Éclair"]),
        ("%", &[]),
        ("_", &[]),
        ("\\", &[]),
        ("!", &[]),
        ("xb", &[]),
        ("13800000", &["Éclair", "bang!bang", "back\\slash", "50xoff", "50%off", "axb", "a_b"]),
        ("13800000003", &["50%off"]),
        ("0000003", &[]),
    ] {
        let page: Page<User> = stores.accounts.list(Some(search), &PageRequest::default()).await.unwrap();
        let found: Vec<&str> = page.items.iter().map(|user| user.username.as_str()).collect();
        assert_eq!(found, expected, "{search}");
    }
}

fn attributes() -> BTreeMap<String, Attribute> {
    BTreeMap::from([
        ("note".to_owned(), Attribute::Text("a \"quoted\" note, 王".to_owned())),
        ("score".to_owned(), Attribute::Number(-0.25)),
        ("whole".to_owned(), Attribute::Number(3.0)),
        ("vip".to_owned(), Attribute::Flag(true)),
    ])
}

async fn user(stores: &Stores, id: UserId) -> User {
    stores.accounts.by_ids(&[id]).await.unwrap().pop().unwrap()
}

async fn roles(stores: &Stores, id: UserId) -> Vec<Role> {
    user(stores, id).await.roles
}
