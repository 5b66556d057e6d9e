//! The contract of [`AccessStore`]: lists.
//!
//! [`AccessStore`]: domain::access::ports::AccessStore

use std::collections::BTreeSet;

use domain::{
    access::{
        lists::AccessList,
        ports::{AccessListChange, ListStored},
        rules::AccessRule,
    },
    id::{AccessListId, UserId},
    page::{MAX_PAGE, PageRequest},
    spike::Stage,
    testing::id,
};
use entity::access_list_members;

use crate::contract::{
    seed,
    stores::{Stores, assert_pages, at, campaign},
};

pub(crate) async fn a_list_is_read_back_as_it_was_stored(stores: &Stores) {
    let users = stores.register([1, 2]).await;
    let entry = stores.entry("create");
    let answer = stores.access.create_list(id(1), &change("vips", &users, &[]), &entry).await.unwrap();
    let expected = AccessList {
        id: id(1),
        name: "vips".to_owned(),
        description: "about vips".to_owned(),
        size: 2,
        created_at: entry.at,
    };
    assert_eq!(answer, ListStored::Stored(expected.clone()));
    assert_eq!(stores.access.list(id(1)).await.unwrap(), Some(expected));
    assert_eq!(stores.access.list(id(2)).await.unwrap(), None);
    assert_eq!(members(stores, 1).await, [id(2), id(1)], "the newest account first");
    assert_eq!(create(stores, 2, change("empty", &[], &[])).await, Ok(0));

    let known = stores.access.known_lists(&["vips", "VIPS", "unknown", "empty"].map(str::to_owned)).await.unwrap();
    assert!(known.is_superset(&names(&["vips", "empty"])) && !known.contains("unknown"), "{known:?}");
    assert_eq!(stores.access.known_lists(&[]).await.unwrap(), names(&[]));
    assert_eq!(stores.access.lists_of(users[0]).await.unwrap(), names(&["vips"]));
    assert_eq!(stores.access.lists_of(id(77)).await.unwrap(), names(&[]));
    assert_eq!(stores.done().await, ["create", "create"]);
}

pub(crate) async fn a_list_that_cannot_be_is_not_stored(stores: &Stores) {
    let users = stores.register([1, 2]).await;
    create(stores, 1, change("vips", &[], &[])).await.unwrap();
    assert_eq!(create(stores, 2, change("vips", &users, &[])).await, Err(ListStored::NameTaken));
    let unknown = [users[0], id(78), users[1], id(77)];
    let refused = create(stores, 2, change("others", &unknown, &[])).await;
    assert_eq!(refused, Err(ListStored::UnknownUsers(vec![id(78), id(77)])));

    assert_eq!(stores.access.list(id(2)).await.unwrap(), None);
    assert!(seed::read::<access_list_members::Entity>(&stores.db).await.is_empty());
    assert_eq!(stores.done().await, ["create"]);
}

pub(crate) async fn users_are_put_on_a_list_and_taken_off(stores: &Stores) {
    let users = stores.register(1..=4).await;
    create(stores, 1, change("vips", &users[..2], &[])).await.unwrap();
    create(stores, 2, change("others", &users, &[])).await.unwrap();
    assert_eq!(update(stores, 1, change("vips", &users[1..3], &[])).await, Ok(3), "one is on it already");
    assert_eq!(
        update(stores, 1, change("vips", &[], &[users[0], users[3], id(77)])).await,
        Ok(2),
        "some are not on it"
    );
    assert_eq!(members(stores, 1).await, [users[2], users[1]]);
    assert_eq!(update(stores, 1, change("vips", &[users[3], users[0]], &[users[3], users[2]])).await, Ok(2));
    assert_eq!(members(stores, 1).await, [users[1], users[0]], "who is named in both is taken off");
    assert_eq!(members(stores, 2).await.len(), 4, "another list");
    assert_eq!(stores.access.lists_of(users[1]).await.unwrap(), names(&["vips", "others"]));

    assert_eq!(update(stores, 1, change("friends", &[], &[])).await, Ok(2));
    let renamed = stores.access.list(id(1)).await.unwrap().unwrap();
    assert_eq!((renamed.name.as_str(), renamed.description.as_str()), ("friends", "about friends"));
    assert_eq!(stores.access.lists_of(users[1]).await.unwrap(), names(&["friends", "others"]));
    assert_eq!(stores.done().await.len(), 6);
}

pub(crate) async fn an_update_that_is_refused_changes_nothing(stores: &Stores) {
    let users = stores.register([1, 2]).await;
    create(stores, 1, change("vips", &users[..1], &[])).await.unwrap();
    create(stores, 2, change("others", &[], &[])).await.unwrap();
    let before = stores.access.list(id(1)).await.unwrap();

    assert_eq!(update(stores, 77, change("new", &[], &[])).await, Err(ListStored::NotFound));
    assert_eq!(update(stores, 1, change("others", &users, &[])).await, Err(ListStored::NameTaken));
    let unknown = update(stores, 1, change("new", &[users[1], id(77)], &users[..1])).await;
    assert_eq!(unknown, Err(ListStored::UnknownUsers(vec![id(77)])));
    assert_eq!(stores.access.list(id(1)).await.unwrap(), before);
    assert_eq!(members(stores, 1).await, users[..1]);
    assert_eq!(stores.done().await, ["create", "create"]);
}

pub(crate) async fn a_list_in_use_keeps_its_name(stores: &Stores) {
    let users = stores.register([1]).await;
    create(stores, 1, change("vips", &[], &[])).await.unwrap();
    stores.stock_product().await;
    let campaign = campaign(1, Stage::Published);
    stores.stock_campaign(&campaign).await;
    let rule = AccessRule { name: "vip".to_owned(), expression: "inList('vips')".to_owned(), message: "No".to_owned() };
    stores.access.replace_rules(campaign.id, &[rule], &stores.entry("rules")).await.unwrap();

    assert_eq!(update(stores, 1, change("friends", &users, &[])).await, Err(ListStored::InUse(campaign.id)));
    assert_eq!(members(stores, 1).await, []);
    let described = AccessListChange { description: "new".to_owned(), ..change("vips", &users, &[]) };
    assert_eq!(update(stores, 1, described).await, Ok(1), "all but the name");
    let deleted = stores.access.delete_list(id(1), &stores.entry("delete")).await.unwrap();
    assert_eq!(deleted, ListStored::InUse(campaign.id));
    let list = stores.access.list(id(1)).await.unwrap().unwrap();
    assert_eq!((list.name.as_str(), list.description.as_str(), list.size), ("vips", "new", 1));
}

pub(crate) async fn a_deleted_list_leaves_nothing_behind(stores: &Stores) {
    let users = stores.register([1, 2]).await;
    create(stores, 1, change("vips", &users, &[])).await.unwrap();
    create(stores, 2, change("others", &users, &[])).await.unwrap();
    let was = stores.access.list(id(1)).await.unwrap().unwrap();
    let deleted = stores.access.delete_list(id(1), &stores.entry("delete")).await.unwrap();
    assert_eq!(deleted, ListStored::Stored(was));
    assert_eq!(stores.access.list(id(1)).await.unwrap(), None);
    assert_eq!(stores.access.lists_of(users[0]).await.unwrap(), names(&["others"]));
    let again = stores.access.delete_list(id(1), &stores.entry("delete")).await.unwrap();
    assert_eq!(again, ListStored::NotFound);
    assert_eq!(create(stores, 1, change("vips", &[], &[])).await, Ok(0), "its name is free, and it is empty");
    assert_eq!(stores.done().await, ["create", "create", "delete", "create"]);
}

pub(crate) async fn lists_and_members_are_listed_in_pages(stores: &Stores) {
    let mut users = stores.register(1..=7).await;
    for number in 1..=6_usize {
        let name = format!("list-{number}");
        create(stores, number as u128, change(&name, &users[..number], &[])).await.unwrap();
    }
    let page = stores.access.lists(&PageRequest::default()).await.unwrap();
    assert_eq!(page.items.iter().map(|list| list.size).collect::<Vec<_>>(), [6, 5, 4, 3, 2, 1]);
    let lists: Vec<AccessListId> = (1..=6).rev().map(id).collect();
    assert_pages(&lists, |list: &AccessList| list.id, async |page| stores.access.lists(&page).await).await;
    users.truncate(6);
    users.reverse();
    assert_pages(&users, |user: &UserId| *user, async |page| stores.access.members(id(6), &page).await).await;
    assert!(stores.access.members(id(77), &PageRequest::default()).await.unwrap().items.is_empty());
}

pub(crate) async fn users_that_are_added_at_once_are_all_kept(stores: &Stores) {
    let users = stores.register(1..=6).await;
    create(stores, 1, change("vips", &[], &[])).await.unwrap();
    let before = stores.access.list(id(1)).await.unwrap().unwrap();
    let tasks = users.windows(2).map(|pair| {
        let (access, entry, change) = (stores.access.clone(), stores.entry("update"), change("vips", pair, &[]));
        let before = before.clone();
        tokio::spawn(async move { access.update_list(&before, &change, &entry).await.unwrap() })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert!(matches!(task.await.unwrap(), ListStored::Stored(_)));
    }
    assert_eq!(members(stores, 1).await.len(), 6);
}

fn change(name: &str, add: &[UserId], remove: &[UserId]) -> AccessListChange {
    AccessListChange {
        name: name.to_owned(),
        description: format!("about {name}"),
        add: add.to_vec(),
        remove: remove.to_vec(),
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The size of the list that was stored, or why none was.
fn size(stored: ListStored) -> Result<u64, ListStored> {
    match stored {
        ListStored::Stored(list) => Ok(list.size),
        refused => Err(refused),
    }
}

/// A list that is not stored.
fn absent(list: u128) -> AccessList {
    AccessList {
        id: id(list),
        name: "absent".to_owned(),
        description: String::new(),
        size: 0,
        created_at: at("10:00:00"),
    }
}

async fn create(stores: &Stores, list: u128, change: AccessListChange) -> Result<u64, ListStored> {
    size(stores.access.create_list(id(list), &change, &stores.entry("create")).await.unwrap())
}

async fn update(stores: &Stores, list: u128, change: AccessListChange) -> Result<u64, ListStored> {
    let before = stores.access.list(id(list)).await.unwrap().unwrap_or_else(|| absent(list));
    size(stores.access.update_list(&before, &change, &stores.entry("update")).await.unwrap())
}

async fn members(stores: &Stores, list: u128) -> Vec<UserId> {
    let all = PageRequest { limit: MAX_PAGE, ..PageRequest::default() };
    stores.access.members(id(list), &all).await.unwrap().items
}
