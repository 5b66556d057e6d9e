//! The shop of the test: sales with several windows to pay, and buyers who watch their orders.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use chrono::{Duration, NaiveDate};
use domain::{
    clock::Instant,
    id::{CampaignId, OrderId, UserId},
    money::{Currency, Money},
    order::{OrderStatus, watch::Subject},
    services::Services,
    spike::{Campaign, grab::Attempt},
    testing::{administrator, instant},
    user::{
        Administrator, Role, User,
        account::{Phone, Username, WorkStatus},
        ports::NewUser,
    },
};
use futures_util::{StreamExt, future::join_all};
use rand::{RngExt, rngs::StdRng};
use serde_json::json;

use crate::support::{CampaignSpec, TestShop, wait_until};

/// Orders of one round.
pub(crate) const GRABS: usize = 100;
/// Units of each sale: enough for all.
pub(crate) const UNITS: u32 = 2_000;
const BUYERS: usize = 24;
/// Price, and seconds to pay.
const SALES: [(&str, u32); 4] = [("9.99", 30), ("25.00", 45), ("0.01", 60), ("3.50", 400)];

/// What a watcher was told: order, version, state.
pub(crate) type Feed = Arc<Mutex<Vec<(OrderId, u32, OrderStatus)>>>;

/// Everything that the test plays with.
pub(crate) struct Scene {
    pub(crate) shop: TestShop,
    pub(crate) admin: Administrator,
    pub(crate) sales: Vec<CampaignId>,
    pub(crate) buyers: Vec<UserId>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) topped_up: i64,
}

impl Scene {
    pub(crate) async fn open(random: &mut StdRng) -> Self {
        let start = instant("2026-01-01T10:00:00Z");
        let shop = TestShop::builder().clock_at(start).start().await;
        let token = shop.admin_token().await;
        let me = shop.data(Some(&token), "{ me { id } }", json!({})).await;
        let admin = administrator(me["me"]["id"].as_str().unwrap().parse().unwrap());
        let mut sales = Vec::new();
        for (price, payment_window_seconds) in SALES {
            let price = price.to_owned();
            let (quantity, ends_in) = (UNITS, Duration::days(1));
            let spec = CampaignSpec {
                price,
                quantity,
                ends_in,
                payment_window_seconds,
                per_user_limit: 1_000,
                ..CampaignSpec::default()
            };
            sales.push(shop.published(&spec).await.parse().unwrap());
        }
        let mut scene = Self { shop, admin, sales, buyers: Vec::new(), feeds: Vec::new(), topped_up: 0 };
        for number in 0..BUYERS {
            // Enough for most of what is grabbed, and not for all of it.
            let minor = random.random_range(10_000..60_000);
            scene.move_in(number, start, minor).await;
        }
        scene
    }

    /// A buyer with money who watches their orders. Nobody signs in, so there is no password.
    async fn move_in(&mut self, number: usize, now: Instant, minor: i64) {
        let (services, ports) = (self.shop.app().services(), &self.shop.app().world().ports);
        let id: UserId = ports.ids.next(now);
        let user = User {
            id,
            username: Username::from_stored(format!("buyer{number}")),
            phone: Phone::from_stored(format!("+1000777{number:04}")),
            work_status: WorkStatus::Employed,
            birth_date: NaiveDate::from_ymd_opt(1990, 5, 17).unwrap(),
            roles: vec![Role::Customer],
            attributes: BTreeMap::new(),
            created_at: now,
        };
        let new = NewUser { user, password_hash: String::new(), id_number: None };
        ports.accounts.insert(&new).await.unwrap().unwrap();
        let amount = Money::new(minor, Currency::Cny).amount();
        services.balances.top_up(self.admin, id, amount, Currency::Cny, None).await.unwrap();
        self.topped_up += minor;

        let feed = Feed::default();
        let mut watch = Box::pin(services.order_watch.watch(id, Subject::AllOwn).await.unwrap());
        let heard = Arc::clone(&feed);
        tokio::spawn(async move {
            while let Some(order) = watch.next().await {
                let order = order.unwrap();
                heard.lock().unwrap().push((order.id, order.version, order.status));
            }
        });
        self.buyers.push(id);
        self.feeds.push(feed);
    }

    pub(crate) fn services(&self) -> &Arc<Services> {
        self.shop.app().services()
    }

    /// New orders, which are all waiting for payment.
    pub(crate) async fn grab(&self, random: &mut StdRng) -> Vec<(OrderId, UserId)> {
        let attempts: Vec<Attempt> = (0..GRABS)
            .map(|n| Attempt {
                user: self.buyers[n % BUYERS],
                campaign: self.sales[random.random_range(0..SALES.len())],
                quantity: random.random_range(1..=3),
                request_key: None,
            })
            .collect();
        let grabbed = join_all(attempts.into_iter().map(|attempt| self.services().grabs.grab(attempt))).await;
        let orders: Vec<_> = grabbed.into_iter().map(Result::unwrap).map(|g| (g.order.id, g.order.user_id)).collect();
        let ids: Vec<OrderId> = orders.iter().map(|(id, _)| *id).collect();
        wait_until("the grabs to be orders", async || {
            let found = self.services().orders.find_many(&ids).await.unwrap();
            found.iter().all(|order| order.status == OrderStatus::PendingPayment).then_some(())
        })
        .await;
        orders
    }

    pub(crate) async fn campaign(&self, id: CampaignId) -> Campaign {
        self.shop.app().world().ports.campaign_reader.by_ids(&[id]).await.unwrap().pop().unwrap()
    }
}
