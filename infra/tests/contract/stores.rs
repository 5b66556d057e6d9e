//! What the suites of the SQL stores share: the stores behind their ports, samples, and a check of paging.
//!
//! A suite sees ports. Only [`super::seed`] and what looks into a table uses the database beside them.
#![allow(dead_code, reason = "not every suite needs all of it")]

use std::{collections::BTreeMap, fmt, sync::Arc};

use chrono::NaiveDate;
use domain::{
    access::ports::AccessStore,
    admin::{
        audit::{AuditEntry, Auditor},
        ports::{AuditStore, CampaignStore, ProductStore},
        products::Product,
    },
    clock::Instant,
    error::Fault,
    id::{ProductId, TypedId, UserId},
    money::{Currency, Money},
    page::{MAX_PAGE, Page, PageRequest},
    spike::{Campaign, Stage, ports::CampaignReader},
    testing::{self, ManualClock, SequentialIds, id},
    user::{
        Role, User, WorkStatus,
        account::{Phone, Username},
        ports::{AccountStore, NewUser, SessionStore},
    },
};
use infra::sql::{
    Database,
    access::SqlAccess,
    admin::{SqlAudit, SqlCampaigns, SqlProducts},
    spike::SqlCampaignReader,
    user::{SqlAccounts, SqlSessions, SqlSigningKeys},
};

/// Makes a test of each case of a part of a suite, on a database of its own that `$open` opens.
macro_rules! cases {
    ($open:path => $suite:ident::$part:ident: $($case:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let opened = $open().await;
            let stores = crate::contract::stores::Stores::over(opened.db.clone());
            crate::contract::$suite::$part::$case(&stores).await;
        }
    )+};
}

/// Every store of these suites, over one database.
pub(crate) struct Stores {
    pub(crate) accounts: Arc<dyn AccountStore>,
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) keys: SqlSigningKeys,
    pub(crate) access: Arc<dyn AccessStore>,
    pub(crate) products: Arc<dyn ProductStore>,
    pub(crate) campaigns: Arc<dyn CampaignStore>,
    pub(crate) audit: Arc<dyn AuditStore>,
    pub(crate) reader: Arc<dyn CampaignReader>,
    pub(crate) db: Database,
    auditor: Auditor,
}

impl Stores {
    pub(crate) fn over(db: Database) -> Self {
        Self {
            accounts: Arc::new(SqlAccounts::new(db.clone())),
            sessions: Arc::new(SqlSessions::new(db.clone())),
            keys: SqlSigningKeys::new(db.clone()),
            access: Arc::new(SqlAccess::new(db.clone())),
            products: Arc::new(SqlProducts::new(db.clone())),
            campaigns: Arc::new(SqlCampaigns::new(db.clone())),
            audit: Arc::new(SqlAudit::new(db.clone())),
            reader: Arc::new(SqlCampaignReader::new(db.clone())),
            db,
            auditor: Auditor::new(Arc::new(ManualClock::at(at("09:00:00"))), Arc::new(SequentialIds::default())),
        }
    }

    /// An entry of the audit log, with an id that sorts after those before.
    pub(crate) fn entry(&self, action: &str) -> AuditEntry {
        self.auditor.entry(testing::administrator(id(900)), action, "subject", "detail")
    }

    /// What was done, the oldest first: the actions of the audit log.
    pub(crate) async fn done(&self) -> Vec<String> {
        let page = self.audit.list(&PageRequest { limit: MAX_PAGE, ..PageRequest::default() }).await.unwrap();
        assert!(!page.has_next);
        page.items.into_iter().rev().map(|entry| entry.action).collect()
    }

    /// Stores users with these numbers.
    pub(crate) async fn register(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<UserId> {
        let mut ids = Vec::new();
        for number in numbers {
            let new = new_user(number);
            self.accounts.insert(&new).await.unwrap().unwrap();
            ids.push(new.user.id);
        }
        ids
    }

    /// Stores the sample product.
    pub(crate) async fn stock_product(&self) -> ProductId {
        let product = product(1);
        self.products.insert(&product, &self.entry("product")).await.unwrap();
        product.id
    }

    /// Stores a campaign of a product that is stored.
    pub(crate) async fn stock_campaign(&self, campaign: &Campaign) {
        assert!(self.campaigns.insert(campaign, &self.entry("campaign")).await.unwrap());
    }

    /// A campaign as it is stored.
    pub(crate) async fn campaign(&self, campaign: &Campaign) -> Option<Campaign> {
        self.reader.by_ids(&[campaign.id]).await.unwrap().pop()
    }
}

/// A time of the day on which all of this happens.
pub(crate) fn at(time: &str) -> Instant {
    testing::instant(&format!("2026-01-01T{time}Z"))
}

/// The user with this number, as a form would make them.
pub(crate) fn new_user(number: u32) -> NewUser {
    NewUser {
        user: User {
            id: id(u128::from(number)),
            username: Username::parse(&format!("user{number}")).unwrap(),
            phone: Phone::parse(&format!("1380000{number:04}")).unwrap(),
            work_status: WorkStatus::SelfEmployed,
            birth_date: NaiveDate::from_ymd_opt(1990, 2, 28).unwrap(),
            roles: vec![Role::Customer],
            attributes: BTreeMap::new(),
            created_at: at("08:00:00.123"),
        },
        password_hash: format!("$argon2id${number}"),
        id_number: None,
    }
}

/// A product with this number.
pub(crate) fn product(number: u128) -> Product {
    Product {
        id: id(number),
        name: format!("Product {number}"),
        description: "It is\nwhat it is.".to_owned(),
        list_price: Money::new(1_999, Currency::Cny),
        image_url: Some("https://example.invalid/p.png".to_owned()),
        created_at: at("07:00:00.001"),
        deleted_at: None,
    }
}

/// A campaign of product 1 with this number and stage, from 10:00 to 11:00.
pub(crate) fn campaign(number: u128, stage: Stage) -> Campaign {
    Campaign { id: id(number), stage, ..testing::campaign(at("10:00:00"), at("11:00:00")) }
}

/// Asserts a fault of this kind and gives it back.
pub(crate) fn fault<T: fmt::Debug>(result: Result<T, Fault>) -> Fault {
    result.expect_err("a fault")
}

/// Walks a list of `expected` ids (newest first) in pages of two, forwards and backwards, and between two
/// cursors.
pub(crate) async fn assert_pages<I, T>(
    expected: &[I],
    id_of: impl Fn(&T) -> I,
    list: impl AsyncFn(PageRequest<I>) -> Result<Page<T>, Fault>,
) where
    I: TypedId + fmt::Debug,
{
    assert!(expected.len() >= 5 && expected.is_sorted_by(|a, b| a > b), "more than two pages, newest first");
    let total = Some(u64::try_from(expected.len()).unwrap());
    let ask = PageRequest { limit: 2, with_total: true, ..PageRequest::default() };
    let ids = |page: &Page<T>| page.items.iter().map(&id_of).collect::<Vec<_>>();

    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list(PageRequest { after, ..ask }).await.unwrap();
        seen.extend(ids(&page));
        assert_eq!((page.total, page.has_previous), (total, after.is_some()));
        assert_eq!(page.has_next, seen.len() < expected.len());
        after = seen.last().copied();
        if !page.has_next {
            break;
        }
    }
    assert_eq!(seen, expected, "forwards");

    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = list(PageRequest { before, backward: true, ..ask }).await.unwrap();
        seen.splice(0..0, ids(&page));
        assert_eq!((page.total, page.has_next), (total, before.is_some()));
        assert_eq!(page.has_previous, seen.len() < expected.len());
        before = seen.first().copied();
        if !page.has_previous {
            break;
        }
    }
    assert_eq!(seen, expected, "backwards");

    let end = expected.len() - 1;
    let inner = PageRequest {
        limit: MAX_PAGE,
        after: Some(expected[0]),
        before: Some(expected[end]),
        ..PageRequest::default()
    };
    let page = list(inner).await.unwrap();
    assert_eq!((ids(&page), page.total), (expected[1..end].to_vec(), None), "between cursors, not counted");
    let beyond = list(PageRequest { after: Some(expected[end]), ..ask }).await.unwrap();
    assert_eq!((ids(&beyond), beyond.has_next, beyond.total), (Vec::new(), false, total), "after the last");
}
