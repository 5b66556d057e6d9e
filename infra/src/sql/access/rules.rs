//! The rules of a campaign, and the note of the lists that they refer to.

use std::collections::BTreeSet;

use domain::{
    access::{expression::RuleExpression, rules::AccessRule},
    admin::audit::AuditEntry,
    error::Fault,
    id::{CampaignId, TypedId},
};
use entity::{access_lists, access_rule_lists, access_rules, campaigns};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::sql::{
    Database,
    error::fault,
    retry::Setback,
    write::{audit, insert_all},
};

/// The rules of a campaign, in their order.
pub(super) async fn of(db: &impl ConnectionTrait, campaign: CampaignId) -> Result<Vec<AccessRule>, Fault> {
    let rows = access_rules::Entity::find()
        .filter(access_rules::Column::CampaignId.eq(campaign.uuid()))
        .order_by_asc(access_rules::Column::Position)
        .all(db)
        .await
        .map_err(fault)?;
    let rule =
        |row: access_rules::Model| AccessRule { name: row.name, expression: row.expression, message: row.message };
    Ok(rows.into_iter().map(rule).collect())
}

/// Replaces the rules of a campaign and the note of the lists that they refer to.
///
/// That the campaign and the lists are there was checked before, but not under a lock. If one of them is gone
/// now, nothing is saved: a note about something that is not there could never be taken away again.
pub(super) async fn replace(
    db: &Database,
    campaign: CampaignId,
    rules: &[AccessRule],
    entry: &AuditEntry,
) -> Result<(), Setback> {
    let names = list_names(rules)?;
    let tx = db.begin().await?;
    let known = campaigns::Entity::find_by_id(campaign.uuid()).lock_exclusive().one(&tx).await?;
    if known.is_none() {
        return Err(Fault::bad_input("input.campaignId", "there is no such campaign any more").into());
    }
    // Locked where the engine locks rows: a list is not renamed or deleted before the note of it is there.
    let lists = access_lists::Entity::find()
        .filter(access_lists::Column::Name.is_in(&names))
        .order_by_asc(access_lists::Column::Id)
        .lock_exclusive()
        .all(&tx)
        .await?;
    if let Some(gone) = names.iter().find(|name| lists.iter().all(|list| list.name != **name)) {
        return Err(Fault::bad_input("input.rules", format!("there is no list {gone:?} any more")).into());
    }
    delete(&tx, campaign).await?;
    insert(&tx, campaign, rules).await?;
    let note = |list: access_lists::Model| access_rule_lists::ActiveModel {
        campaign_id: Set(campaign.uuid()),
        list_id: Set(list.id),
    };
    insert_all(&tx, lists.into_iter().map(note).collect()).await?;
    audit(&tx, entry).await?;
    Ok(tx.commit().await?)
}

/// Takes away the rules of a campaign and the note of the lists that they refer to.
pub(super) async fn delete(tx: &impl ConnectionTrait, campaign: CampaignId) -> Result<(), DbErr> {
    access_rules::Entity::delete_many().filter(access_rules::Column::CampaignId.eq(campaign.uuid())).exec(tx).await?;
    access_rule_lists::Entity::delete_many()
        .filter(access_rule_lists::Column::CampaignId.eq(campaign.uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

async fn insert(tx: &impl ConnectionTrait, campaign: CampaignId, rules: &[AccessRule]) -> Result<(), DbErr> {
    let rows = (0_i32..).zip(rules).map(|(position, rule)| access_rules::ActiveModel {
        campaign_id: Set(campaign.uuid()),
        position: Set(position),
        name: Set(rule.name.clone()),
        expression: Set(rule.expression.clone()),
        message: Set(rule.message.clone()),
    });
    insert_all(tx, rows.collect()).await
}

/// The names of lists that rules mention.
fn list_names(rules: &[AccessRule]) -> Result<BTreeSet<String>, Fault> {
    let mut names = BTreeSet::new();
    for rule in rules {
        let compiled = RuleExpression::compile(&rule.expression).map_err(Fault::internal)?;
        names.extend(compiled.list_names().iter().cloned());
    }
    Ok(names)
}
