//! The contract of the message bus, on RabbitMQ.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    id::{CampaignId, OrderId},
    spike::ports::MessageBus,
};
use engines::{RabbitMq, shared};
use infra::amqp::{AmqpBus, AmqpOptions, QueueType};

use crate::{broker::Desk, contract::queue::Post};

/// A bus with queues of its own.
pub(crate) struct Rabbit {
    bus: Option<Arc<AmqpBus>>,
    options: AmqpOptions,
    broker: Desk,
}

async fn open(queue_type: QueueType) -> Rabbit {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let rabbitmq: &RabbitMq = shared::rabbitmq().await.unwrap();
    let options = AmqpOptions {
        prefix: format!("case-{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        queue_type,
        max_attempts: 3,
        // Long enough that what is to rest does so, on a machine that is busy.
        retry_delays: [1_500, 1_000].map(Duration::from_millis).to_vec(),
        // Under load a test machine takes longer than a buyer would wait.
        inquiry_timeout: Duration::from_mins(1),
        ..AmqpOptions::at(rabbitmq.url())
    };
    let bus = Some(Arc::new(AmqpBus::open(options.clone()).await.unwrap()));
    Rabbit { bus, broker: Desk::at(&rabbitmq.url()).await, options }
}

async fn quorum() -> Rabbit {
    open(QueueType::Quorum).await
}

async fn classic() -> Rabbit {
    open(QueueType::Classic).await
}

pub(crate) fn post(rabbit: Rabbit) -> Rabbit {
    rabbit
}

#[async_trait]
impl Post for Rabbit {
    fn bus(&self) -> Arc<dyn MessageBus> {
        self.bus.clone().unwrap()
    }

    fn max_attempts(&self) -> u32 {
        self.options.max_attempts
    }

    async fn rest(&self) {
        // It passes while the case waits for what comes again.
    }

    async fn crash(&mut self) {
        // Nothing is closed or finished before; the connections end with it.
        drop(self.bus.take());
        self.bus = Some(Arc::new(AmqpBus::open(self.options.clone()).await.unwrap()));
    }

    async fn plant(&self, _: OrderId, _: CampaignId, text: &str) {
        // Into the partition of the campaign of all cases.
        self.broker.plant(&format!("{}.grabs", self.options.prefix), "2", text).await;
    }
}

mod quorum_queues {
    queue_suite!(crate::suite::quorum);
}

mod classic_queues {
    queue_suite!(crate::suite::classic);
}
