//! Named lists of users: making, changing and deleting them, and who is on them.

use serde_json::{Value, json};

use super::{create_list, rule, set_rules};
use crate::{
    admin::asking::{assert_refused, change, done, failure, fault, text, texts},
    support::{CampaignSpec, TestShop},
};

const LIST: &str = "accessList { id name description size members { nodes { id } } }";

async fn find(shop: &TestShop, admin: &str, list: &str) -> Value {
    let query = format!("query($id: ID!) {{ {} }}", LIST.replace("accessList", "accessList(id: $id)"));
    shop.data(Some(admin), &query, json!({ "id": list })).await["accessList"].take()
}

/// Names of the lists that there are, the newest first.
async fn names(shop: &TestShop, admin: &str) -> Vec<String> {
    let lists = shop.data(Some(admin), "{ accessLists { totalCount nodes { name } } }", json!({})).await;
    let names: Vec<_> = texts(&lists["accessLists"]["nodes"], "name").into_iter().map(str::to_owned).collect();
    assert_eq!(lists["accessLists"]["totalCount"], names.len());
    names
}

#[tokio::test]
async fn a_list_is_made_changed_and_deleted() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let mut users = Vec::new();
    for _ in 0..3 {
        users.push(shop.register_customer().await.id);
    }
    let input =
        json!({ "name": " staff-1 ", "description": "who works here", "userIds": [users[0], users[1], users[0]] });
    let made = done(&shop, &admin, "createAccessList", LIST, input).await["accessList"].take();
    let list = text(&made["id"]).to_owned();
    assert!(list.starts_with("list_"), "{list}");
    let expected = json!({
        "id": list, "name": "staff-1", "description": "who works here", "size": 2,
        "members": { "nodes": [{ "id": users[1] }, { "id": users[0] }] },
    });
    assert_eq!(made, expected, "the newest account first");
    assert_eq!(find(&shop, &admin, &list).await, expected);

    let update = async |changes: Value| {
        let mut input = json!({ "accessListId": list });
        input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let answer = done(&shop, &admin, "updateAccessList", LIST, input).await["accessList"].take();
        assert_eq!(answer, find(&shop, &admin, &list).await);
        (
            text(&answer["name"]).to_owned(),
            text(&answer["description"]).to_owned(),
            answer["size"].clone(),
            texts(&answer["members"]["nodes"], "id").join(" "),
        )
    };
    let ids = |members: &[usize]| members.iter().map(|member| users[*member].as_str()).collect::<Vec<_>>().join(" ");
    let all = |name: &str, description: &str, size: usize, members: &[usize]| {
        (name.to_owned(), description.to_owned(), json!(size), ids(members))
    };
    assert_eq!(update(json!({})).await, all("staff-1", "who works here", 2, &[1, 0]), "what is left out stays");
    assert_eq!(update(json!({ "name": "Staff_1" })).await, all("Staff_1", "who works here", 2, &[1, 0]));
    assert_eq!(update(json!({ "description": "" })).await, all("Staff_1", "", 2, &[1, 0]));
    assert_eq!(update(json!({ "addUserIds": [users[2], users[1]] })).await, all("Staff_1", "", 3, &[2, 1, 0]));
    assert_eq!(update(json!({ "removeUserIds": [users[0]] })).await, all("Staff_1", "", 2, &[2, 1]));
    assert_eq!(update(json!({ "removeUserIds": [users[0]] })).await, all("Staff_1", "", 2, &[2, 1]), "off it already");
    let both = json!({ "addUserIds": [users[0], users[1]], "removeUserIds": [users[1]] });
    assert_eq!(update(both).await, all("Staff_1", "", 2, &[2, 0]), "who is in both is taken off");

    create_list(&shop, &admin, "press", &[]).await;
    assert_eq!(names(&shop, &admin).await, ["press", "Staff_1"], "the newest first");
    let delete = async || {
        change(&shop, &admin, "deleteAccessList", "deletedAccessListId", json!({ "accessListId": list })).await
    };
    assert_eq!(delete().await, json!({ "deletedAccessListId": list, "userErrors": [] }));
    assert_eq!(find(&shop, &admin, &list).await, Value::Null);
    assert_eq!(names(&shop, &admin).await, ["press"]);
    assert_refused(&delete().await, &[("LIST_NOT_FOUND", "input.accessListId")]);
    let update = change(&shop, &admin, "updateAccessList", LIST, json!({ "accessListId": list })).await;
    assert_refused(&update, &[("LIST_NOT_FOUND", "input.accessListId")]);
    shop.stop().await;
}

#[tokio::test]
async fn a_list_that_cannot_be_is_refused_and_nothing_changes() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let user = shop.register_customer().await.id;
    let nobody = domain::testing::id::<domain::id::UserId>(7).to_string();
    let list = create_list(&shop, &admin, "staff", &[&user]).await;
    create_list(&shop, &admin, "press", &[]).await;
    let before = find(&shop, &admin, &list).await;
    let crowd = vec![user.clone(); 1_001];
    for (code, field, changes) in [
        ("INVALID_NAME", "name", json!({ "name": "" })),
        ("INVALID_NAME", "name", json!({ "name": "two words" })),
        ("INVALID_NAME", "name", json!({ "name": "é" })),
        ("INVALID_NAME", "name", json!({ "name": "n".repeat(65) })),
        ("INVALID_DESCRIPTION", "description", json!({ "name": "new", "description": "d".repeat(1_001) })),
        ("NAME_TAKEN", "name", json!({ "name": "press" })),
        ("USER_NOT_FOUND", "addUserIds", json!({ "name": "new", "addUserIds": [user, nobody] })),
        ("TOO_MANY_USERS", "addUserIds", json!({ "name": "new", "addUserIds": crowd })),
        ("TOO_MANY_USERS", "removeUserIds", json!({ "name": "new", "removeUserIds": crowd })),
    ] {
        let mut update = changes.clone();
        update["accessListId"] = json!(list);
        let payload = change(&shop, &admin, "updateAccessList", LIST, update).await;
        assert_refused(&payload, &[(code, &format!("input.{field}"))]);
        if field == "removeUserIds" {
            continue;
        }
        let mut create = changes;
        if let Some(users) = create.as_object_mut().unwrap().remove("addUserIds") {
            create["userIds"] = users;
        }
        let payload = change(&shop, &admin, "createAccessList", LIST, create).await;
        assert_refused(&payload, &[(code, &format!("input.{}", field.replace("addUserIds", "userIds")))]);
    }
    assert_eq!(find(&shop, &admin, &list).await, before);
    assert_eq!(names(&shop, &admin).await, ["press", "staff"]);
    let longest =
        json!({ "name": "n".repeat(64), "description": "语".repeat(1_000), "userIds": vec![user.clone(); 1_000] });
    assert_eq!(done(&shop, &admin, "createAccessList", LIST, longest).await["accessList"]["size"], 1);

    for (name, input) in [
        ("createAccessList", json!({ "name": "a", "userIds": [user, list] })),
        ("updateAccessList", json!({ "accessListId": user })),
        ("updateAccessList", json!({ "accessListId": list, "addUserIds": ["x"] })),
        ("updateAccessList", json!({ "accessListId": list, "removeUserIds": [""] })),
        ("deleteAccessList", json!({ "accessListId": "list_" })),
    ] {
        assert_eq!(failure(&shop, Some(&admin), name, input).await, "BAD_USER_INPUT", "{name}");
    }
    let answer = shop.graphql(Some(&admin), "{ accessList(id: \"x\") { id } }", json!({})).await;
    assert_eq!(fault(&answer), "BAD_USER_INPUT");
    shop.stop().await;
}

#[tokio::test]
async fn a_list_that_rules_refer_to_keeps_its_name_until_they_do_not() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    let other = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    let list = create_list(&shop, &admin, "staff", &[]).await;
    let delete = async || {
        change(&shop, &admin, "deleteAccessList", "deletedAccessListId", json!({ "accessListId": list })).await
    };
    for campaign in [&campaign, &other] {
        set_rules(&shop, &admin, campaign, &[rule("a", "true"), rule("b", "user.age > 90 || !inList('staff')")]).await;
    }
    assert_refused(&delete().await, &[("IN_USE", "")]);
    let rename = json!({ "accessListId": list, "name": "crew" });
    assert_refused(&change(&shop, &admin, "updateAccessList", LIST, rename.clone()).await, &[("IN_USE", "")]);
    let describe = json!({ "accessListId": list, "name": "staff", "description": "all of us" });
    let described = done(&shop, &admin, "updateAccessList", LIST, describe).await;
    assert_eq!(described["accessList"]["description"], "all of us", "the rest may change");

    set_rules(&shop, &admin, &campaign, &[rule("a", "true")]).await;
    let refused = delete().await;
    assert_refused(&refused, &[("IN_USE", "")]);
    assert!(text(&refused["userErrors"][0]["message"]).contains(&other), "it is told who: {refused:#}");
    done(&shop, &admin, "deleteCampaign", "deletedCampaignId", json!({ "campaignId": other })).await;
    assert_eq!(done(&shop, &admin, "updateAccessList", LIST, rename).await["accessList"]["name"], "crew");
    assert_eq!(delete().await["deletedAccessListId"], list.as_str());
    shop.stop().await;
}

#[tokio::test]
async fn the_members_of_a_list_are_paged_forwards_and_backwards() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let mut users = Vec::new();
    for _ in 0..5 {
        users.push(shop.register_customer().await.id);
    }
    let all: Vec<&str> = users.iter().map(String::as_str).collect();
    let list = create_list(&shop, &admin, "five", &all).await;
    users.reverse();
    let members = async |arguments: &str| {
        let query = format!(
            "query($id: ID!) {{ accessList(id: $id) {{ members({arguments}) {{
            totalCount nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"
        );
        shop.graphql(Some(&admin), &query, json!({ "id": list })).await
    };
    let mut arguments = "first: 2".to_owned();
    let mut seen = Vec::new();
    let mut last_start = String::new();
    for (next, previous) in [(true, false), (true, true), (false, true)] {
        let answer = members(&arguments).await;
        let page = &answer["data"]["accessList"]["members"];
        let info = &page["pageInfo"];
        assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(next), &json!(previous)), "{page:#}");
        assert_eq!(page["totalCount"], 5);
        seen.extend(texts(&page["nodes"], "id").into_iter().map(str::to_owned));
        arguments = format!("first: 2, after: {}", info["endCursor"]);
        last_start = info["startCursor"].to_string();
    }
    assert_eq!(seen, users);
    let answer = members(&format!("last: 3, before: {last_start}")).await;
    assert_eq!(texts(&answer["data"]["accessList"]["members"]["nodes"], "id"), users[1..4]);

    let lists = shop.data(Some(&admin), "{ accessLists { edges { cursor } } }", json!({})).await;
    let foreign = format!("after: {}", lists["accessLists"]["edges"][0]["cursor"]);
    for arguments in ["first: 0", "last: 101", "first: 1, last: 1", "after: \"x\"", &foreign] {
        assert_eq!(fault(&members(arguments).await), "BAD_USER_INPUT", "{arguments}");
    }
    shop.stop().await;
}
