//! Makes orders of the holds that arrive, in batches.
//!
//! A batch that fails because the database is away is given back and tried again: nothing is wrong with its
//! messages. A batch that fails otherwise has a message in it that cannot be written: its messages are tried
//! one by one, and only the bad one counts a failure.

use std::{error::Error, sync::Arc};

use domain::{
    crash_point,
    error::Fault,
    services::Services,
    spike::{Hold, ports::Delivery},
};
use tokio_util::sync::CancellationToken;

use crate::PAUSE_AFTER_FAILURE;

pub(crate) async fn run(services: Arc<Services>, stop: CancellationToken, batch_size: usize) {
    while let Some(received) = stop.run_until_cancelled(services.bus.receive(batch_size)).await {
        let outcome = match received {
            Ok(deliveries) => batch(&services, deliveries).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = outcome {
            tracing::warn!(error = &fault as &dyn Error, "placing orders failed; trying again");
            if stop.run_until_cancelled(tokio::time::sleep(PAUSE_AFTER_FAILURE)).await.is_none() {
                return;
            }
        }
    }
}

async fn batch(services: &Services, deliveries: Vec<Delivery>) -> Result<(), Fault> {
    let tags: Vec<_> = deliveries.iter().map(|delivery| delivery.tag).collect();
    let holds: Vec<Hold> = deliveries.iter().map(|delivery| delivery.hold.clone()).collect();
    match services.placing.place(&holds).await {
        Ok(_) => {
            crash_point!("placing.committed");
            services.bus.settle(&tags).await
        }
        Err(fault @ Fault::Unavailable { .. }) => {
            services.bus.give_back(&tags).await?;
            Err(fault)
        }
        Err(fault) => {
            tracing::warn!(error = &fault as &dyn Error, messages = tags.len(), "a batch failed; trying one by one");
            one_by_one(services, deliveries).await
        }
    }
}

/// Tries the messages of a failed batch by themselves. Whatever stops this gives back what was not tried: a
/// message that stays in hand would wait for the next start of the process.
async fn one_by_one(services: &Services, deliveries: Vec<Delivery>) -> Result<(), Fault> {
    for (done, delivery) in deliveries.iter().enumerate() {
        if let Err(fault) = alone(services, delivery).await {
            let rest: Vec<_> = deliveries[done..].iter().map(|delivery| delivery.tag).collect();
            services.bus.give_back(&rest).await?;
            return Err(fault);
        }
    }
    Ok(())
}

async fn alone(services: &Services, delivery: &Delivery) -> Result<(), Fault> {
    match services.placing.place(std::slice::from_ref(&delivery.hold)).await {
        Ok(_) => services.bus.settle(&[delivery.tag]).await,
        Err(fault @ Fault::Unavailable { .. }) => Err(fault),
        Err(fault) => {
            let why = fault.source().map_or_else(|| fault.to_string(), ToString::to_string);
            let dead = services.bus.fail(delivery.tag, &why).await?;
            tracing::error!(order = %delivery.tag, why, dead, "a message could not be written as an order");
            Ok(())
        }
    }
}
