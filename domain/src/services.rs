//! All use cases, wired to the ports: what the graph and the consumers are given.

use std::sync::Arc;

use crate::{
    access::{
        attributes::Attributes, eligibility::Eligibility, lists::AccessLists, ports::AccessStore, rules::AccessRules,
    },
    admin::{
        audit::{AuditLog, Auditor},
        campaigns::Campaigns,
        ports::{AuditStore, CampaignStore, ProductStore},
        products::Products,
        report::Reports,
        stock::StockDesk,
    },
    clock::Clock,
    id::IdSource,
    money::Currency,
    order::{
        balance::Balances,
        closing::Closing,
        follow_up::FollowUps,
        payment::Payments,
        placing::Placing,
        ports::{LedgerStore, OrderStore, StatusFeed},
        reading::Orders,
        watch::OrderWatch,
    },
    spike::{
        catalog::Catalog,
        grab::Grabs,
        opening::Opening,
        ports::{CampaignReader, MessageBus, StockStore},
        reconcile::Reconciliation,
        relay::Relay,
        watch::CampaignWatch,
    },
    user::{
        ports::{AccessTokens, AccountStore, AttemptLimiter, PasswordHasher, RefreshSecrets, SessionStore},
        profile::Users,
        register::Registration,
        session::{SessionTerms, Sessions},
        sign_in::SignIn,
    },
};

/// The world, as adapters offer it.
#[expect(missing_docs, reason = "each port is documented where it is declared")]
#[derive(Clone)]
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub accounts: Arc<dyn AccountStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub passwords: Arc<dyn PasswordHasher>,
    pub attempts: Arc<dyn AttemptLimiter>,
    pub access_tokens: Arc<dyn AccessTokens>,
    pub refresh_secrets: Arc<dyn RefreshSecrets>,
    pub campaign_reader: Arc<dyn CampaignReader>,
    pub stock: Arc<dyn StockStore>,
    pub bus: Arc<dyn MessageBus>,
    pub access: Arc<dyn AccessStore>,
    pub products: Arc<dyn ProductStore>,
    pub campaigns: Arc<dyn CampaignStore>,
    pub audit: Arc<dyn AuditStore>,
    pub orders: Arc<dyn OrderStore>,
    pub ledger: Arc<dyn LedgerStore>,
    pub feed: Arc<dyn StatusFeed>,
}

/// What the operator decided about the shop.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The one currency of prices and balances.
    pub currency: Currency,
    /// How long tokens live.
    pub session: SessionTerms,
}

/// All use cases.
#[expect(missing_docs, reason = "each service is documented where it is declared")]
pub struct Services {
    pub clock: Arc<dyn Clock>,
    pub access_tokens: Arc<dyn AccessTokens>,
    pub users: Arc<Users>,
    pub registration: Registration,
    pub sign_in: SignIn,
    pub sessions: Arc<Sessions>,
    pub catalog: Arc<Catalog>,
    pub campaign_watch: Arc<CampaignWatch>,
    pub grabs: Grabs,
    pub opening: Arc<Opening>,
    pub relay: Relay,
    pub reconciliation: Reconciliation,
    pub eligibility: Arc<Eligibility>,
    pub attributes: Attributes,
    pub access_rules: AccessRules,
    pub access_lists: AccessLists,
    pub products: Products,
    pub campaigns: Campaigns,
    pub stock_desk: StockDesk,
    pub reports: Reports,
    pub audit_log: AuditLog,
    pub orders: Arc<Orders>,
    pub order_watch: Arc<OrderWatch>,
    pub placing: Arc<Placing>,
    pub payments: Payments,
    pub closing: Closing,
    pub balances: Balances,
    pub follow_ups: Arc<FollowUps>,
    pub bus: Arc<dyn MessageBus>,
}

impl Services {
    /// Wires all use cases.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one line a service, and no branch")]
    pub fn new(ports: Ports, terms: Terms) -> Arc<Self> {
        let p = ports;
        let auditor = Auditor::new(p.clock.clone(), p.ids.clone());
        let users = Arc::new(Users::new(p.accounts.clone(), auditor.clone()));
        let sessions = Arc::new(Sessions::new(
            p.accounts.clone(),
            p.sessions.clone(),
            p.access_tokens.clone(),
            p.refresh_secrets.clone(),
            p.clock.clone(),
            p.ids.clone(),
            terms.session,
        ));
        let follow_ups = Arc::new(FollowUps::new(p.orders.clone(), p.stock.clone(), p.feed.clone(), p.clock.clone()));
        let placing = Arc::new(Placing::new(p.orders.clone(), follow_ups.clone(), p.clock.clone()));
        let opening = Arc::new(Opening::new(
            p.stock.clone(),
            p.bus.clone(),
            p.campaign_reader.clone(),
            p.orders.clone(),
            placing.clone(),
            p.clock.clone(),
        ));
        let catalog =
            Arc::new(Catalog::new(p.campaign_reader.clone(), p.stock.clone(), opening.clone(), p.clock.clone()));
        let eligibility = Arc::new(Eligibility::new(p.access.clone(), users.clone(), catalog.clone(), p.clock.clone()));
        let orders = Arc::new(Orders::new(p.orders.clone(), p.stock.clone(), users.clone()));
        Arc::new(Self {
            registration: Registration::new(p.accounts.clone(), p.passwords.clone(), p.clock.clone(), p.ids.clone()),
            sign_in: SignIn::new(p.accounts.clone(), p.passwords.clone(), p.attempts, sessions.clone()),
            campaign_watch: Arc::new(CampaignWatch::new(catalog.clone(), p.clock.clone())),
            grabs: Grabs::new(
                p.stock.clone(),
                p.bus.clone(),
                p.feed.clone(),
                opening.clone(),
                eligibility.clone(),
                orders.clone(),
                p.clock.clone(),
                p.ids.clone(),
            ),
            relay: Relay::new(p.stock.clone(), p.bus.clone()),
            reconciliation: Reconciliation::new(
                p.stock.clone(),
                p.bus.clone(),
                p.campaign_reader.clone(),
                p.orders.clone(),
                opening.clone(),
            ),
            attributes: Attributes::new(p.accounts.clone(), users.clone(), eligibility.clone(), auditor.clone()),
            access_rules: AccessRules::new(p.access.clone(), catalog.clone(), eligibility.clone(), auditor.clone()),
            access_lists: AccessLists::new(
                p.access.clone(),
                eligibility.clone(),
                auditor.clone(),
                p.clock.clone(),
                p.ids.clone(),
            ),
            products: Products::new(
                p.products.clone(),
                auditor.clone(),
                p.clock.clone(),
                p.ids.clone(),
                terms.currency,
            ),
            campaigns: Campaigns::new(
                p.campaigns.clone(),
                p.campaign_reader.clone(),
                p.products.clone(),
                p.stock.clone(),
                catalog.clone(),
                auditor.clone(),
                p.clock.clone(),
                p.ids.clone(),
                terms.currency,
            ),
            stock_desk: StockDesk::new(
                p.campaigns.clone(),
                p.campaign_reader.clone(),
                p.stock.clone(),
                opening.clone(),
                catalog.clone(),
                auditor.clone(),
                p.clock.clone(),
                p.ids.clone(),
            ),
            reports: Reports::new(p.campaigns, p.stock.clone(), p.bus.clone()),
            audit_log: AuditLog::new(p.audit),
            order_watch: Arc::new(OrderWatch::new(orders.clone(), p.orders.clone(), p.feed.clone(), p.clock.clone())),
            placing,
            payments: Payments::new(
                p.orders.clone(),
                orders.clone(),
                follow_ups.clone(),
                auditor.clone(),
                p.clock.clone(),
                p.ids.clone(),
            ),
            closing: Closing::new(p.orders, orders.clone(), follow_ups.clone(), p.clock.clone()),
            balances: Balances::new(p.ledger, users.clone(), auditor, p.clock.clone(), p.ids, terms.currency),
            opening,
            clock: p.clock,
            access_tokens: p.access_tokens,
            users,
            sessions,
            catalog,
            eligibility,
            orders,
            follow_ups,
            bus: p.bus,
        })
    }
}
