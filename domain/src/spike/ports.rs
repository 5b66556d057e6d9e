//! What the sale itself needs of the world: the stock and the queue.

use async_trait::async_trait;

use super::{
    campaign::Campaign,
    stock::{
        Hold, OpeningClaim, RememberedRequest, RequestKey, Reserve, Reserved, SaleStock, SaleTerms, StockAdjusted,
        StockLevel,
    },
};
use crate::{
    error::Fault,
    id::{CampaignId, OrderId, UserId},
};

/// Holds the stock of running campaigns and answers grabs. Every method is atomic for a campaign, and
/// safe to repeat.
///
/// The store keeps time by itself (a Redis script reads Redis's own clock), because the start of a sale
/// must be one moment for all replicas.
#[async_trait]
pub trait StockStore: Send + Sync + 'static {
    /// Whether what this store accepted outlives its process. If not, a grab counts only when its
    /// message is safe in the queue.
    fn is_durable(&self) -> bool;

    /// Takes units for buyers, each as if it came alone and in their order within a campaign, or says why not; see
    /// [`Reserved`] for the order of the checks. With the units it writes the hold, the attempt's key and the note that
    /// the message is to be published.
    async fn reserve_all(&self, asks: &[Reserve]) -> Vec<Result<Reserved, Fault>>;

    /// The same for one.
    async fn reserve(&self, ask: &Reserve) -> Result<Reserved, Fault> {
        let answer = self.reserve_all(std::slice::from_ref(ask)).await.pop();
        answer.unwrap_or_else(|| Err(Fault::internal("an ask has no answer")))
    }

    /// Gives the units of an order that was closed back, if its hold is still there. Returns how many came back. The
    /// attempt that got the order is remembered.
    async fn release(&self, campaign: CampaignId, order: OrderId) -> Result<u32, Fault>;

    /// How the stock stands; none if the campaign is not loaded.
    async fn level(&self, campaign: CampaignId) -> Result<Option<StockLevel>, Fault>;

    /// The hold of an order, if it is loaded.
    async fn find_hold(&self, order: OrderId) -> Result<Option<Hold>, Fault>;

    /// The holds of a user in loaded campaigns, newest first.
    async fn holds_of(&self, user: UserId, campaign: Option<CampaignId>) -> Result<Vec<Hold>, Fault>;

    /// The order that this attempt got, if a loaded campaign remembers it.
    async fn recall(&self, user: UserId, key: &RequestKey) -> Result<Option<RememberedRequest>, Fault>;

    /// Claims the opening of a campaign: one opener at a time, over all replicas. None while another one has it, and if
    /// the campaign is open: so from a claim on nothing is taken of the life before. A claim ends with [`Self::load`], or
    /// by itself when its owner does not come back to keep it.
    async fn claim_opening(&self, campaign: CampaignId) -> Result<Option<OpeningClaim>, Fault>;

    /// Keeps a claim for so much longer from now on, and not as long as before. Nothing happens if it has ended.
    async fn keep_claim(&self, claim: &OpeningClaim, longer: chrono::Duration) -> Result<(), Fault>;

    /// Opens a campaign, unless the claim has ended: what an opener read may be out of date by then. Returns whether it
    /// did. Ends the claim.
    async fn load(&self, stock: SaleStock, claim: &OpeningClaim) -> Result<bool, Fault>;

    /// Closes a campaign: grabs answer [`Reserved::NotLoaded`] from now on. What was not noted as published is
    /// kept for the relay and the next opening if the store is durable.
    async fn unload(&self, campaign: CampaignId) -> Result<(), Fault>;

    /// The campaigns that are open.
    async fn loaded(&self) -> Result<Vec<CampaignId>, Fault>;

    /// Sets the terms of an open campaign, if they are newer than those that it has.
    async fn set_terms(&self, campaign: CampaignId, terms: &SaleTerms) -> Result<(), Fault>;

    /// Adds units to an open campaign or takes available ones away.
    async fn adjust(&self, campaign: CampaignId, delta: i32) -> Result<StockAdjusted, Fault>;

    /// Holds that were taken at least `older_than` ago and not yet noted as published.
    async fn unpublished(&self, older_than: chrono::Duration, max: usize) -> Result<Vec<Hold>, Fault>;

    /// Notes that the messages of these holds are safe in the queue, and answers for each. Fails with [`Fault::Unavailable`] if a hold is
    /// of another life of its campaign's stock and not in the present one, or if there is no present one: then
    /// the message may have come too late to be counted by whoever rebuilt the stock, and its buyer must not be
    /// told yes, unless it came within [`Hold::PASSAGE`].
    async fn note_published(&self, holds: &[Hold]) -> Vec<Result<(), Fault>>;

    /// The same where one failure is as bad as many.
    async fn published(&self, holds: &[Hold]) -> Result<(), Fault> {
        self.note_published(holds).await.into_iter().collect()
    }

    /// Every hold of an open campaign, in no order: what a reconciliation goes through.
    async fn holds(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault>;
}

/// A message that was received and must be settled or given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What the queue knows it by.
    pub tag: OrderId,
    /// What it says.
    pub hold: Hold,
    /// How often it failed before.
    pub attempts: u32,
}

/// How many messages wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// To be consumed.
    pub waiting: u64,
    /// Put aside after too many failures; somebody has to look at them.
    pub dead: u64,
}

/// Carries holds to the consumers, at least once each. A message is known by its order id: publishing it
/// again is harmless.
#[async_trait]
pub trait MessageBus: Send + Sync + 'static {
    /// Returns once the messages are durable, and answers for each. An error means *unknown*, not *no*.
    async fn publish_all(&self, holds: &[Hold]) -> Vec<Result<(), Fault>>;

    /// The same for one.
    async fn publish(&self, hold: &Hold) -> Result<(), Fault> {
        self.publish_all(std::slice::from_ref(hold)).await.into_iter().collect()
    }

    /// Waits for messages, and takes up to `max` of them. Safe to cancel.
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, Fault>;

    /// Settles messages whose orders are safe in the database.
    async fn settle(&self, tags: &[OrderId]) -> Result<(), Fault>;

    /// Gives messages back that nothing was wrong with (the database was away): they are delivered
    /// again and it does not count as a failure.
    async fn give_back(&self, tags: &[OrderId]) -> Result<(), Fault>;

    /// Notes that a message failed by itself. It is delivered again later, or put aside after too many
    /// failures: then true.
    async fn fail(&self, tag: OrderId, why: &str) -> Result<bool, Fault>;

    /// Every message of a campaign that was durable when this was called and is not settled, those put aside
    /// too. One that is settled meanwhile may be told or not.
    async fn in_flight(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault>;

    /// How many messages wait.
    async fn backlog(&self) -> Result<Backlog, Fault>;
}

/// What the database knows of a campaign's stock: the source from which it is rebuilt.
#[derive(Debug, Clone)]
pub struct StockSheet {
    /// The campaign, its epoch already raised.
    pub campaign: Campaign,
    /// A hold for every order that holds or bought units.
    pub holds: Vec<Hold>,
    /// Every attempt that got an order.
    pub requests: Vec<RememberedRequest>,
}

/// Reads campaigns for those who buy.
#[async_trait]
pub trait CampaignReader: Send + Sync + 'static {
    /// Reads campaigns; unknown ids are left out, the order is free.
    async fn by_ids(&self, ids: &[CampaignId]) -> Result<Vec<Campaign>, Fault>;
    /// Raises a campaign's epoch, if it is this one, and reads its stock, in one transaction. None if there is no such
    /// campaign, or if its epoch was raised by somebody else.
    async fn open_stock_sheet(&self, id: CampaignId, epoch: u32) -> Result<Option<StockSheet>, Fault>;
}
