//! The stock of one campaign: plain data under the lock of [`super::stock`], no waiting and no I/O.

use std::collections::{BTreeMap, HashMap};

use domain::{
    clock::Instant,
    id::{OrderId, UserId},
    spike::stock::{Hold, Reserve, Reserved, SaleStock, SaleTerms, StockAdjusted, StockLevel},
};

/// The stock of one campaign.
pub(super) struct CampaignStock {
    epoch: u32,
    quantity: u32,
    available: u32,
    /// Counted by itself, so that a report can hold it against what is available.
    held: u32,
    terms: SaleTerms,
    holds: HashMap<OrderId, Hold>,
    by_user: HashMap<UserId, Buyer>,
    /// Holds whose message is not known to be safe, by their order: the outbox.
    unpublished: BTreeMap<OrderId, Instant>,
}

#[derive(Default)]
struct Buyer {
    units: u32,
    orders: Vec<OrderId>,
}

impl CampaignStock {
    /// Builds the stock as it is to be opened.
    pub(super) fn new(stock: SaleStock) -> Self {
        let mut this = Self {
            epoch: stock.epoch,
            quantity: stock.quantity,
            available: stock.quantity,
            held: 0,
            terms: stock.terms,
            holds: HashMap::with_capacity(stock.holds.len()),
            by_user: HashMap::new(),
            unpublished: BTreeMap::new(),
        };
        for hold in stock.holds {
            this.insert(hold);
        }
        this
    }

    /// Takes units, or says why not. The attempt's key was looked up before.
    pub(super) fn reserve(&mut self, ask: &Reserve, now: Instant) -> Reserved {
        if let Some(hold) = self.holds.get(&ask.order_id) {
            // The same ask again.
            return Reserved::Held { hold: hold.clone(), remaining: self.available };
        }
        let terms = &self.terms;
        if terms.ended || now >= terms.ends_at {
            return Reserved::Ended;
        }
        if terms.paused {
            return Reserved::Paused;
        }
        if now < terms.starts_at {
            return Reserved::NotStarted { starts_at: terms.starts_at };
        }
        let holding = self.by_user.get(&ask.user_id).map_or(0, |buyer| buyer.units);
        if holding.saturating_add(ask.quantity) > terms.per_user_limit {
            return Reserved::LimitExceeded { limit: terms.per_user_limit, holding };
        }
        if self.available == 0 {
            return Reserved::SoldOut;
        }
        if self.available < ask.quantity {
            return Reserved::Insufficient { remaining: self.available };
        }
        let hold = Hold {
            order_id: ask.order_id,
            campaign_id: ask.campaign_id,
            user_id: ask.user_id,
            quantity: ask.quantity,
            unit_price: terms.unit_price,
            per_user_limit: terms.per_user_limit,
            payment_window_seconds: terms.payment_window_seconds,
            request_key: ask.request_key.clone(),
            grabbed_at: now,
            epoch: self.epoch,
        };
        self.insert(hold.clone());
        self.unpublished.insert(hold.order_id, now);
        Reserved::Held { hold, remaining: self.available }
    }

    fn insert(&mut self, hold: Hold) {
        self.available = self.available.saturating_sub(hold.quantity);
        self.held += hold.quantity;
        let buyer = self.by_user.entry(hold.user_id).or_default();
        buyer.units += hold.quantity;
        buyer.orders.push(hold.order_id);
        self.holds.insert(hold.order_id, hold);
    }

    /// Gives units back if their hold is still there. Returns the hold.
    pub(super) fn release(&mut self, order: OrderId) -> Option<Hold> {
        let hold = self.holds.remove(&order)?;
        self.unpublished.remove(&order);
        self.available += hold.quantity;
        self.held -= hold.quantity;
        if let Some(buyer) = self.by_user.get_mut(&hold.user_id) {
            buyer.units -= hold.quantity;
            buyer.orders.retain(|held| *held != order);
            if buyer.orders.is_empty() {
                self.by_user.remove(&hold.user_id);
            }
        }
        Some(hold)
    }

    /// Adds units, or takes available ones away.
    pub(super) fn adjust(&mut self, delta: i32) -> StockAdjusted {
        match (self.available.checked_add_signed(delta), self.quantity.checked_add_signed(delta)) {
            (Some(available), Some(quantity)) => {
                (self.available, self.quantity) = (available, quantity);
                StockAdjusted::Adjusted(self.level())
            }
            _ => StockAdjusted::TooFewAvailable { available: self.available },
        }
    }

    /// Sets newer terms.
    pub(super) fn set_terms(&mut self, terms: &SaleTerms) {
        if terms.version > self.terms.version {
            self.terms = terms.clone();
        }
    }

    /// How the stock stands.
    pub(super) fn level(&self) -> StockLevel {
        StockLevel {
            quantity: self.quantity,
            available: self.available,
            held: self.held,
            epoch: self.epoch,
            terms_version: self.terms.version,
        }
    }

    pub(super) fn hold(&self, order: OrderId) -> Option<&Hold> {
        self.holds.get(&order)
    }

    /// The hold of an order if it is not known to be published.
    pub(super) fn unpublished_hold(&self, order: OrderId) -> Option<&Hold> {
        self.unpublished.get(&order).and_then(|_| self.holds.get(&order))
    }

    pub(super) fn holds_of(&self, user: UserId) -> impl Iterator<Item = &Hold> {
        let orders = self.by_user.get(&user).map(|buyer| buyer.orders.as_slice()).unwrap_or_default();
        orders.iter().filter_map(|order| self.holds.get(order))
    }

    /// Holds that were taken before `before` and are not known to be published, the oldest first.
    pub(super) fn unpublished_before(&self, before: Instant, max: usize) -> impl Iterator<Item = &Hold> {
        let old = self.unpublished.iter().filter(move |(_, since)| **since <= before);
        old.take(max).filter_map(|(order, _)| self.holds.get(order))
    }

    /// Notes that a hold is published. False if it is of another life of this stock and not in this one.
    pub(super) fn published(&mut self, hold: &Hold) -> bool {
        self.unpublished.remove(&hold.order_id);
        hold.epoch == self.epoch || self.holds.contains_key(&hold.order_id)
    }

    pub(super) fn holds(&self) -> Vec<Hold> {
        self.holds.values().cloned().collect()
    }
}
