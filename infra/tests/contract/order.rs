//! The suite of the order and ledger stores: one function a case, each on a shop of its own.
//!
//! A case sees the ports. What is beside them (campaigns for sale, sums of the books) it reaches through
//! [`Shop`], which stands on any database that the stores run on.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::Duration;
use domain::{
    admin::{audit::AuditEntry, ports::CampaignStore, report::balanced, stock::MovementKind},
    clock::Instant,
    error::Fault,
    id::{CampaignId, IdSource, MovementId, OrderId, TypedId, UserId},
    money::{Currency, Money},
    order::{
        Order, OrderStatus,
        ports::{Closed, LedgerStore, OrderStore, Paid, Payment, TopUp, ToppedUp},
        status::OrderChange,
    },
    spike::{Hold, stock::RequestKey},
    testing::{self, SequentialIds, id, instant},
};
use entity::{audit_entries, campaigns, stock_movements};
use infra::sql::{
    Database,
    admin::SqlCampaigns,
    order::{SqlLedger, SqlOrders},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

pub(crate) mod closing;
pub(crate) mod ledger;
pub(crate) mod model;
pub(crate) mod outbox;
pub(crate) mod payment;
pub(crate) mod placing;
pub(crate) mod races;
pub(crate) mod reading;
pub(crate) mod refund;

/// Makes a test of each case, on a database of its own that `$open` opens.
macro_rules! order_suite {
    ($open:path) => {
        order_suite!($open => placing: a_hold_becomes_an_order a_hold_is_placed_once
            what_a_campaign_has_not_is_rejected a_user_has_a_limit_in_each_campaign a_key_has_one_order
            an_unknown_campaign_is_rejected a_batch_is_placed_whole_or_not_at_all a_thousand_holds_are_one_batch
            an_overdrawn_campaign_takes_nothing_more);
        order_suite!($open => payment: a_payment_moves_the_money an_attempt_pays_once a_key_is_one_orders
            somebody_elses_order_is_unknown the_deadline_is_sharp what_is_closed_is_not_paid
            too_little_money_changes_nothing what_is_free_needs_no_wallet);
        order_suite!($open => refund: a_refund_gives_back_money_and_units only_what_is_paid_is_refunded
            what_was_free_is_refunded);
        order_suite!($open => closing: a_buyer_gives_an_order_up only_the_owner_gives_it_up
            what_is_not_unpaid_is_not_cancelled what_is_due_expires_the_longest_due_first
            many_expire_at_once_in_many_campaigns a_campaign_that_lost_count_is_a_defect);
        order_suite!($open => reading: orders_are_read_by_id an_attempt_finds_its_order a_list_has_filters_and_pages
            a_buyer_sees_their_orders_in_campaigns);
        order_suite!($open => outbox: what_follows_is_noted_until_it_is_done a_note_shows_its_own_change);
        order_suite!($open => ledger: a_top_up_is_booked an_attempt_tops_up_once first_top_ups_race);
        order_suite!($open => races: one_of_pay_cancel_and_expire_wins the_same_attempts_at_once_pay_once
            the_same_batches_at_once_are_placed_once batches_at_once_never_oversell money_is_spent_once);
    };
    ($open:path => $module:ident: $($case:ident)+) => {
        mod $module {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let opened = $open().await;
                let shop = crate::contract::order::Shop::over(opened.db.clone());
                crate::contract::order::$module::$case(&shop).await;
                shop.check().await;
            }
        )+}
    };
}

/// What one unit costs in these cases, in minor units.
pub(crate) const PRICE: i64 = 999;

/// When holds are placed in these cases.
pub(crate) fn start() -> Instant {
    instant("2026-01-01T10:00:00Z")
}

/// When orders that were placed at the start expire.
pub(crate) fn deadline() -> Instant {
    start() + Duration::seconds(900)
}

/// A moment before that.
pub(crate) fn in_time() -> Instant {
    deadline() - Duration::milliseconds(1)
}

/// The user of a number.
pub(crate) fn user(number: u128) -> UserId {
    id(number)
}

/// A key of an attempt.
#[expect(clippy::unnecessary_wraps, reason = "as holds, payments and top-ups have it")]
pub(crate) fn key(text: &str) -> Option<RequestKey> {
    Some(RequestKey::parse(text).unwrap())
}

/// The stores, and what is beside them.
pub(crate) struct Shop {
    pub(crate) orders: Arc<dyn OrderStore>,
    pub(crate) ledger: Arc<dyn LedgerStore>,
    books: SqlLedger,
    campaigns: SqlCampaigns,
    db: Database,
    ids: Arc<dyn IdSource>,
    number: AtomicU64,
}

impl Shop {
    /// A shop on an empty database.
    pub(crate) fn over(db: Database) -> Self {
        let ids: Arc<dyn IdSource> = Arc::new(SequentialIds::default());
        Self {
            orders: Arc::new(SqlOrders::new(db.clone(), Arc::clone(&ids))),
            ledger: Arc::new(SqlLedger::new(db.clone())),
            books: SqlLedger::new(db.clone()),
            campaigns: SqlCampaigns::new(db.clone()),
            db,
            ids,
            number: AtomicU64::new(1),
        }
    }

    fn number(&self) -> u128 {
        u128::from(self.number.fetch_add(1, Ordering::Relaxed))
    }

    /// Puts units on sale. Returns the campaign.
    pub(crate) async fn sell(&self, units: i32) -> CampaignId {
        let sale = id::<CampaignId>(0xCA_0000 + self.number());
        let sample = testing::campaign(start(), deadline());
        let tx = self.db.begin().await.unwrap();
        let row = campaigns::ActiveModel {
            id: Set(sale.uuid()),
            product_id: Set(sample.product_id.uuid()),
            title: Set(sample.title),
            price_minor: Set(PRICE),
            currency: Set("CNY".to_owned()),
            quantity: Set(units),
            allocated: Set(0),
            per_user_limit: Set(2),
            starts_at: Set(start().timestamp_millis()),
            ends_at: Set(deadline().timestamp_millis()),
            payment_window_seconds: Set(900),
            stage: Set(sample.stage.name().to_owned()),
            version: Set(1),
            epoch: Set(1),
            created_at: Set(0),
        };
        campaigns::Entity::insert(row).exec_without_returning(&tx).await.unwrap();
        let (available, held, sold) = MovementKind::Stocked.columns(i64::from(units));
        let stocked = stock_movements::ActiveModel {
            id: Set(self.ids.next::<MovementId>(start()).uuid()),
            campaign_id: Set(sale.uuid()),
            order_id: Set(None),
            kind: Set(MovementKind::Stocked.name().to_owned()),
            available: Set(available),
            held: Set(held),
            sold: Set(sold),
            reason: Set(None),
            actor: Set(None),
            at: Set(0),
        };
        stock_movements::Entity::insert(stocked).exec_without_returning(&tx).await.unwrap();
        tx.commit().await.unwrap();
        sale
    }

    /// Sets what a campaign's row says was taken of it, against the books.
    pub(crate) async fn miscount(&self, sale: CampaignId, allocated: i32) {
        let tx = self.db.begin().await.unwrap();
        campaigns::Entity::update_many()
            .col_expr(campaigns::Column::Allocated, sea_orm::sea_query::Expr::value(allocated))
            .filter(campaigns::Column::Id.eq(sale.uuid()))
            .exec(&tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// A hold of one unit, limit 2, for a new order.
    pub(crate) fn hold(&self, sale: CampaignId, user: UserId) -> Hold {
        let order_id = self.ids.next(start());
        Hold { order_id, campaign_id: sale, user_id: user, per_user_limit: 2, ..testing::hold(start()) }
    }

    /// Places holds at the start.
    pub(crate) async fn place(&self, holds: &[Hold]) -> Vec<OrderChange> {
        self.orders.place(holds, start()).await.unwrap()
    }

    /// An order of one unit that waits for payment.
    pub(crate) async fn order(&self, sale: CampaignId, user: UserId) -> Order {
        let placed = self.place(&[self.hold(sale, user)]).await.pop().unwrap().order;
        assert_eq!(placed.status, OrderStatus::PendingPayment);
        placed
    }

    /// An order as it stands.
    pub(crate) async fn stored(&self, order: OrderId) -> Order {
        self.orders.by_ids(&[order]).await.unwrap().pop().unwrap()
    }

    /// The states that an order was in.
    pub(crate) async fn history(&self, order: OrderId) -> Vec<OrderStatus> {
        self.orders.events(&[order]).await.unwrap().into_iter().map(|event| event.status).collect()
    }

    /// Tries to pay.
    pub(crate) async fn pay(&self, order: OrderId, user: UserId, request_key: Option<RequestKey>, at: Instant) -> Paid {
        let payment = Payment { order, user, request_key, at, entry: self.ids.next(at) };
        self.orders.pay(&payment).await.unwrap()
    }

    /// An order that is paid.
    pub(crate) async fn paid(&self, sale: CampaignId, user: UserId) -> Order {
        self.fill(user, PRICE).await;
        let order = self.order(sale, user).await;
        match self.pay(order.id, user, None, in_time()).await {
            Paid::Now(change) => change.order,
            other => panic!("{other:?}"),
        }
    }

    /// Refunds, as administrator 900.
    pub(crate) async fn refund(&self, order: OrderId) -> Result<Closed, Fault> {
        let entry = self.ids.next(deadline());
        self.orders.refund(order, deadline(), entry, &self.audit(Some(user(900)))).await
    }

    /// An entry of the audit log.
    pub(crate) fn audit(&self, actor: Option<UserId>) -> AuditEntry {
        let at = start();
        let (action, subject, detail) = ("case".to_owned(), "subject".to_owned(), String::new());
        AuditEntry { id: self.ids.next(at), at, actor, action, subject, detail }
    }

    /// How many entries the audit log has.
    pub(crate) async fn audited(&self) -> u64 {
        audit_entries::Entity::find().count(self.db.reader()).await.unwrap()
    }

    /// Tops a balance up.
    pub(crate) async fn top_up(
        &self,
        user: UserId,
        minor: i64,
        by: Option<UserId>,
        request_key: Option<RequestKey>,
    ) -> ToppedUp {
        let amount = Money::new(minor, Currency::Cny);
        let top_up = TopUp { user, amount, request_key, at: start(), entry: self.ids.next(start()) };
        self.ledger.top_up(&top_up, &self.audit(by)).await.unwrap()
    }

    /// Puts money on a balance.
    pub(crate) async fn fill(&self, user: UserId, minor: i64) {
        assert!(matches!(self.top_up(user, minor, None, None).await, ToppedUp::Now));
    }

    /// What is on a balance.
    pub(crate) async fn balance(&self, user: UserId) -> Option<i64> {
        self.ledger.balances(&[user]).await.unwrap().pop().map(|(of, minor)| {
            assert_eq!(of, user);
            minor
        })
    }

    /// Units of a campaign in orders, as its row says.
    pub(crate) async fn allocated(&self, sale: CampaignId) -> u32 {
        self.campaigns.figures(sale, &[]).await.unwrap().unwrap().allocated
    }

    /// The stock ledger of a campaign: available, held, sold.
    pub(crate) async fn moved(&self, sale: CampaignId) -> (i64, i64, i64) {
        let figures = self.campaigns.figures(sale, &[]).await.unwrap().unwrap();
        (figures.moved_available, figures.moved_held, figures.moved_sold)
    }

    /// The movements of an order's units, and who made them.
    pub(crate) async fn movements(&self, order: OrderId) -> Vec<(String, Option<UserId>)> {
        let rows = stock_movements::Entity::find()
            .filter(stock_movements::Column::OrderId.eq(order.uuid()))
            .order_by_asc(stock_movements::Column::At);
        let rows = rows.all(self.db.reader()).await.unwrap();
        rows.into_iter().map(|row| (row.kind, row.actor.map(UserId::from_uuid))).collect()
    }

    /// Asserts what must always hold: every unit stands once, and every coin.
    pub(crate) async fn check(&self) {
        for row in campaigns::Entity::find().all(self.db.reader()).await.unwrap() {
            let figures = self.campaigns.figures(CampaignId::from_uuid(row.id), &[]).await.unwrap().unwrap();
            assert!(balanced(&figures, None, 0), "{figures:?}");
        }
        assert_eq!(self.books.posting_sum().await.unwrap(), 0);
        assert!(self.books.wallets_match_postings().await.unwrap());
    }
}
