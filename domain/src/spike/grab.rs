//! What a **grab** is.
//!
//! A buyer asks for units of a campaign that is live. Either they are theirs at once, or they learn in one
//! word why not. The steps, each of which may refuse:
//!
//! 1. the attempt is read: a quantity that can be, an idempotency key that can be;
//! 2. the rules of the campaign are asked about the buyer ([`crate::access::eligibility`]);
//! 3. with all who ask at the same moment ([`super::crowd`]), the stock store takes the units in one atomic step
//!    ([`super::stock::Reserved`]), and with them it writes the **hold** and the note that a message is to be published;
//! 4. the hold is published to the queue. It counts as granted when it is **safe**: in the queue, or in a stock store
//!    that outlives its process. That it is published is noted in the store; what was not, the relay publishes again.
//!    The stock may be rebuilt while a message is on its way, so a message that takes long is noted before it counts
//!    ([`super::Hold::PASSAGE`]).
//!
//! The answer is an order in state `QUEUED`; the consumers make it `PENDING_PAYMENT` (or `REJECTED`).
//!
//! An attempt that was refused leaves no trace: its key may be used again. An attempt that got an order is
//! remembered: the same key gets the same order, whatever became of it. The stock store remembers the attempts of open
//! campaigns, and the database those of all, which is asked when a campaign is not open: a grab that gets its units reads
//! no database. So a key that was used in a campaign that is over, and is used for another one, is noticed when the order
//! is placed, which is then `REJECTED`.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{
    crowd::{Crowd, Taken},
    opening::{Opened, Opening},
    ports::{MessageBus, StockStore},
    stock::{RememberedRequest, RequestKey, Reserve, Reserved},
};
use crate::{
    access::eligibility::{Eligibility, Verdict},
    clock::Clock,
    error::{Failure, Fault, Refusal},
    id::{CampaignId, IdSource, UserId},
    order::{Order, ports::StatusFeed, reading::Orders},
};

/// Why a grab was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under GrabErrorCode")]
pub enum GrabRefusal {
    CampaignNotFound,
    NotStarted,
    Paused,
    Ended,
    SoldOut,
    InsufficientStock,
    LimitExceeded,
    NotEligible,
    InvalidQuantity,
    IdempotencyKeyReused,
}

/// What a successful grab answers.
#[derive(Debug, Clone)]
pub struct Grabbed {
    /// The buyer's order.
    pub order: Order,
    /// Units left for others; none if the attempt was a repetition.
    pub remaining: Option<u32>,
}

/// One attempt.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Who.
    pub user: UserId,
    /// What they want.
    pub campaign: CampaignId,
    /// How many, as the client sent it.
    pub quantity: i32,
    /// What the client calls this attempt.
    pub request_key: Option<RequestKey>,
}

/// Grabs units.
pub struct Grabs {
    stock: Arc<dyn StockStore>,
    crowd: Crowd,
    opening: Arc<Opening>,
    eligibility: Arc<Eligibility>,
    orders: Arc<Orders>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl Grabs {
    /// Wires the service, and starts the tasks that make holds safe.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[expect(clippy::too_many_arguments, reason = "a wiring, called once")]
    pub fn new(
        stock: Arc<dyn StockStore>,
        bus: Arc<dyn MessageBus>,
        feed: Arc<dyn StatusFeed>,
        opening: Arc<Opening>,
        eligibility: Arc<Eligibility>,
        orders: Arc<Orders>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        let crowd = Crowd::start(stock.clone(), bus, feed);
        Self { stock, crowd, opening, eligibility, orders, clock, ids }
    }

    /// Ends the tasks that make holds safe, after what they have. Whoever grabs from now on is refused.
    pub async fn close(&self) {
        self.crowd.close().await;
    }

    /// Grabs units for a buyer. See the module for what that means.
    pub async fn grab(&self, attempt: Attempt) -> Result<Grabbed, Failure<GrabRefusal>> {
        let quantity = u32::try_from(attempt.quantity)
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| Refusal::at(GrabRefusal::InvalidQuantity, "quantity", "quantity must be at least 1"))?;
        let ask = Reserve {
            campaign_id: attempt.campaign,
            user_id: attempt.user,
            order_id: self.ids.next(self.clock.now()),
            quantity,
            request_key: attempt.request_key,
        };
        match self.eligibility.check(ask.user_id, ask.campaign_id).await? {
            Verdict::UnknownCampaign => return self.repeat_or(&ask, not_open(Opened::Unknown)).await,
            Verdict::Refused(reasons) => {
                let refusal = Refusal::new(GrabRefusal::NotEligible, reasons.join(" "));
                return self.repeat_or(&ask, refusal.into()).await;
            }
            Verdict::Eligible => {}
        }
        let mut taken = self.crowd.grab(ask.clone()).await?;
        if matches!(taken, Taken::Not(Reserved::NotLoaded)) {
            let opened = Box::pin(self.opening.ensure(ask.campaign_id)).await?;
            if opened != Opened::Open {
                return self.repeat_or(&ask, not_open(opened)).await;
            }
            taken = self.crowd.grab(ask.clone()).await?;
        }
        let refused = match taken {
            Taken::Granted { order, remaining } => return Ok(Grabbed { order, remaining: Some(remaining) }),
            Taken::Not(reserved) => reserved,
        };
        let at = |code, message: String| Err(Refusal::at(code, "quantity", message).into());
        let no = |code, message: &'static str| Err(Refusal::new(code, message).into());
        match refused {
            Reserved::Known { request, unpublished } => {
                // In boxes, as `repeat_or`.
                if let Some(hold) = unpublished {
                    Box::pin(self.crowd.publish(&hold)).await?;
                }
                Box::pin(self.repeat(&ask, &request)).await
            }
            Reserved::KeyReused => self.repeat_or(&ask, reused()).await,
            Reserved::Held { hold, .. } => {
                Err(Fault::internal(format!("{} is held, and nobody made it safe", hold.order_id)).into())
            }
            Reserved::NotLoaded => Err(Fault::Unavailable { part: "stock", cause: None }.into()),
            Reserved::Ended => no(GrabRefusal::Ended, "the campaign has ended"),
            Reserved::Paused => no(GrabRefusal::Paused, "the campaign is paused"),
            Reserved::NotStarted { starts_at } => {
                Err(Refusal::new(GrabRefusal::NotStarted, format!("the campaign starts at {}", starts_at.to_rfc3339()))
                    .into())
            }
            Reserved::LimitExceeded { limit, holding } => {
                at(GrabRefusal::LimitExceeded, format!("at most {limit} per user, and you have {holding}"))
            }
            Reserved::SoldOut => no(GrabRefusal::SoldOut, "sold out"),
            Reserved::Insufficient { remaining } => {
                at(GrabRefusal::InsufficientStock, format!("only {remaining} left"))
            }
        }
    }

    /// Refuses an attempt, unless it got its order before: by what the store remembers, or else the database. Where they
    /// differ, the key was used for another grab afterwards, and is still that of the first.
    ///
    /// In a box, for a grab that is granted is not to carry room for it.
    fn repeat_or<'a>(
        &'a self,
        ask: &'a Reserve,
        refusal: Failure<GrabRefusal>,
    ) -> BoxFuture<'a, Result<Grabbed, Failure<GrabRefusal>>> {
        Box::pin(async move {
            let remembered = match &ask.request_key {
                Some(key) => self.stock.recall(ask.user_id, key).await?,
                None => None,
            };
            if let Some(request) = &remembered
                && is_of(request, ask)
            {
                return self.repeat(ask, request).await;
            }
            match self.orders.by_request(ask).await {
                Ok(Some(request)) => self.repeat(ask, &request).await,
                Ok(None) | Err(Fault::Unavailable { .. }) if remembered.is_some() => Err(reused()),
                Ok(None) => Err(refusal),
                Err(fault) => Err(fault.into()),
            }
        })
    }

    /// Answers an attempt that got its order before.
    async fn repeat(&self, ask: &Reserve, request: &RememberedRequest) -> Result<Grabbed, Failure<GrabRefusal>> {
        if !is_of(request, ask) {
            return Err(reused());
        }
        match self.orders.find(request.order_id).await? {
            Some(order) => Ok(Grabbed { order, remaining: None }),
            None => Err(Fault::internal(format!("{} is remembered but not known", request.order_id)).into()),
        }
    }
}

/// Whether a remembered attempt is the same as this one.
fn is_of(request: &RememberedRequest, ask: &Reserve) -> bool {
    request.campaign_id == ask.campaign_id && request.quantity == ask.quantity
}

fn reused() -> Failure<GrabRefusal> {
    let message = "this idempotency key was used for another grab";
    Refusal::at(GrabRefusal::IdempotencyKeyReused, "idempotencyKey", message).into()
}

fn not_open(opened: Opened) -> Failure<GrabRefusal> {
    match opened {
        Opened::Over => Refusal::new(GrabRefusal::Ended, "the campaign has ended").into(),
        _ => Refusal::at(GrabRefusal::CampaignNotFound, "campaignId", "there is no such campaign").into(),
    }
}
