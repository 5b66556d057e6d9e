//! The tasks that keep a sale in order: follow-ups, expiry, the sweep of what was left behind, the purge.

use std::{collections::HashMap, error::Error, sync::Arc};

use chrono::Duration;
use domain::{error::Fault, id::CampaignId, services::Services, spike::reconcile::Standing};
use tokio_util::sync::CancellationToken;

use crate::PAUSE_AFTER_FAILURE;

/// How often the sweep looks for what a process that died has left behind.
const SWEEP_EVERY: Duration = Duration::seconds(2);
/// How long expiry sleeps at most: an order with a nearer deadline may be placed meanwhile.
const EXPIRY_NAP: Duration = Duration::seconds(1);
/// How often the stock store is held against the database.
const COMPARE_EVERY: Duration = Duration::seconds(5);
/// How often in a row they must differ in the same way before a campaign is compared hold by hold.
const LOOKS: u32 = 3;
/// How often expired tokens are deleted.
const PURGE_EVERY: Duration = Duration::hours(1);

/// Does what follows from committed changes: units back to the stock, owners told.
pub(crate) async fn follow_up(services: Arc<Services>, stop: CancellationToken) {
    // A batch that was taken is finished before the loop ends: cancelling is only heard in between.
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = services.follow_ups.ready() => {}
        }
        if let Err(fault) = services.follow_ups.run_once().await {
            warn("follow-ups", &fault);
            pause(&stop).await;
        }
    }
}

/// Expires unpaid orders at their deadline.
pub(crate) async fn expire(services: Arc<Services>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match expire_all(&services).await {
            Ok(wake_at) => {
                stop.run_until_cancelled(services.clock.sleep_until(wake_at)).await;
            }
            Err(fault) => {
                warn("expiry", &fault);
                pause(&stop).await;
            }
        }
    }
}

/// Expires what is due. Returns when to look again.
async fn expire_all(services: &Services) -> Result<domain::clock::Instant, Fault> {
    loop {
        let now = services.clock.now();
        match services.closing.next_deadline().await? {
            // Looking only reads: the write lock is taken when there is something to write.
            Some(deadline) if deadline <= now => {
                services.closing.expire_due().await?;
            }
            deadline => {
                let nap = now + EXPIRY_NAP;
                return Ok(deadline.map_or(nap, |deadline| deadline.min(nap)));
            }
        }
    }
}

/// Takes up what was left behind: holds that were not published, follow-ups that were not done, terms that
/// the stock store missed.
pub(crate) async fn sweep(services: Arc<Services>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        report("relay", services.relay.run_once().await);
        report("outbox", services.follow_ups.sweep().await);
        report("terms", services.opening.keep_in_step().await);
        stop.run_until_cancelled(services.clock.sleep(SWEEP_EVERY)).await;
    }
}

/// Holds the stock store against the database, and repairs what differs. A campaign that sells always differs a
/// little; one that stands still for some looks and differs all the same is compared hold by hold.
pub(crate) async fn reconcile(services: Arc<Services>, stop: CancellationToken) {
    let mut suspects = HashMap::new();
    while stop.run_until_cancelled(services.clock.sleep(COMPARE_EVERY)).await.is_some() {
        if let Err(fault) = compare(&services, &mut suspects).await {
            warn("reconciliation", &fault);
        }
    }
}

async fn compare(services: &Services, suspects: &mut HashMap<CampaignId, (Standing, u32)>) -> Result<(), Fault> {
    let differing = services.reconciliation.out_of_step().await?;
    suspects.retain(|id, (standing, _)| differing.get(id) == Some(standing));
    for (id, standing) in differing {
        let (_, looks) = suspects.entry(id).or_insert((standing, 0));
        *looks += 1;
        if *looks >= LOOKS {
            *looks = 0;
            let findings = services.reconciliation.compare(id).await?;
            services.reconciliation.repair(id, &findings).await?;
        }
    }
    Ok(())
}

/// Deletes refresh tokens that have expired.
pub(crate) async fn purge(services: Arc<Services>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        report("purge", services.sessions.purge().await);
        stop.run_until_cancelled(services.clock.sleep(PURGE_EVERY)).await;
    }
}

fn report<N: PartialEq + From<u8> + std::fmt::Display>(task: &'static str, result: Result<N, Fault>) {
    match result {
        Ok(none) if none == N::from(0) => {}
        Ok(count) => tracing::info!(task, %count, "taken up"),
        Err(fault) => warn(task, &fault),
    }
}

fn warn(task: &'static str, fault: &Fault) {
    tracing::warn!(task, error = fault as &dyn Error, "failed; trying again");
}

async fn pause(stop: &CancellationToken) {
    stop.run_until_cancelled(tokio::time::sleep(PAUSE_AFTER_FAILURE)).await;
}
