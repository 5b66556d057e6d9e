//! What administrators see of a campaign, and the audit log.

use std::marker::PhantomData;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::admin::{audit, report};

use super::stock::StockMovement;
use crate::{
    connection::{self, Connection},
    context::Asked,
    errors::Result,
    graph::{Graph, part},
    ids,
    link::UserRef,
    scalars::Money,
};

/// How a campaign does, counted from its ledgers and not from a tally.
#[derive(Debug, Clone, SimpleObject)]
pub struct CampaignReport {
    /// Orders in all, whatever became of them.
    pub grabs: u32,
    /// Orders on their way to the database.
    pub queued: u32,
    /// Orders that wait for payment.
    pub pending_payment: u32,
    /// Orders that are paid.
    pub paid: u32,
    /// Orders that were given up.
    pub cancelled: u32,
    /// Orders that were not paid in time.
    pub expired: u32,
    /// Orders that the last check refused.
    pub rejected: u32,
    /// Orders that were paid back.
    pub refunded: u32,
    /// Units left.
    pub available: u32,
    /// What paid orders brought in, without what was paid back.
    pub revenue: Money,
    /// Whether the ledgers agree: quantity = available + held + sold, and the money adds up.
    pub balanced: bool,
}

impl From<report::CampaignReport> for CampaignReport {
    fn from(report: report::CampaignReport) -> Self {
        Self {
            grabs: report.grabs,
            queued: report.queued,
            pending_payment: report.pending_payment,
            paid: report.paid,
            cancelled: report.cancelled,
            expired: report.expired,
            rejected: report.rejected,
            refunded: report.refunded,
            available: report.available,
            revenue: report.revenue.into(),
            balanced: report.balanced,
        }
    }
}

/// An entry of the audit log.
pub struct AuditEntry<G> {
    entry: audit::AuditEntry,
    graph: PhantomData<fn() -> G>,
}

impl<G> From<audit::AuditEntry> for AuditEntry<G> {
    fn from(entry: audit::AuditEntry) -> Self {
        Self { entry, graph: PhantomData }
    }
}

/// One thing that an administrator or the operator did. For administrators.
#[Object(name = "AuditEntry")]
impl<G: Graph> AuditEntry<G> {
    /// Identity: opaque, and sortable by the time at which it was made.
    async fn id(&self) -> ID {
        ids::shown(self.entry.id)
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.entry.at
    }

    /// Which administrator; null for the operator's own commands.
    async fn actor(&self) -> Option<G::User> {
        self.entry.actor.map(|actor| UserRef::to(actor).into())
    }

    /// What: the name of the mutation or command.
    async fn action(&self) -> &str {
        &self.entry.action
    }

    /// To what: an id.
    async fn subject(&self) -> &str {
        &self.entry.subject
    }

    /// With what, for people. Holds no secret and no personal data.
    async fn detail(&self) -> &str {
        &self.entry.detail
    }
}

part!(/// What administrators see of a campaign.
    CampaignInAdmin of CampaignRef);

#[Object(name = "CampaignInAdmin")]
impl<G: Graph> CampaignInAdmin<G> {
    /// How it does. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`.
    #[graphql(complexity = "10 + child_complexity")]
    async fn report(&self, ctx: &Context<'_>) -> Result<CampaignReport> {
        let admin = ctx.administrator().await?;
        let campaign = self.link.stored(ctx).await?;
        Ok(ctx.services()?.reports.of(admin, campaign).await?.into())
    }

    /// Its stock ledger: every unit that moved, the newest movement first. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn stock_movements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
    ) -> Result<Connection<StockMovement<G>>> {
        let admin = ctx.administrator().await?;
        let page = connection::page(ctx, first, after, last, before)?;
        let movements = ctx.services()?.stock_desk.movements(admin, self.link.id(), &page).await?;
        Ok(Connection::of(movements, |movement| (movement.id, movement.into())))
    }
}
