//! What all parts of the store share: the way to Redis, the keys, the lanes.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    clock::Clock,
    error::Fault,
    group::{Commit, GroupBounds, GroupCommit},
    id::{CampaignId, TypedId},
};
use futures_util::future::join_all;
use redis::{Cmd, FromRedisValue, Value};

use crate::redis::{
    RedisOptions, Server,
    error::{PART, fault, unreadable},
    keys::Keys,
    script::Invocation,
};

/// What all parts of the store share.
pub(super) struct Shared {
    pub(super) server: Server,
    pub(super) prefix: String,
    pub(super) outbox_limit: u32,
    /// The campaigns that had keys when that was last seen; see [`super::names`].
    pub(super) seen: Mutex<Arc<[CampaignId]>>,
    clock: Option<Arc<dyn Clock>>,
    patience: Duration,
}

impl Shared {
    pub(super) fn new(server: Server, options: &RedisOptions) -> Self {
        Self {
            server,
            prefix: options.prefix.clone(),
            outbox_limit: options.outbox_limit,
            seen: Mutex::new(Arc::new([])),
            clock: options.clock.clone(),
            patience: options.patience,
        }
    }

    pub(super) fn keys(&self, campaign: CampaignId) -> Keys {
        Keys::new(&self.prefix, campaign)
    }

    /// The time as scripts are told it: nothing, so that they read the server's own clock, but in tests.
    pub(super) fn now(&self) -> String {
        self.clock.as_ref().map(|clock| clock.now().timestamp_millis().to_string()).unwrap_or_default()
    }

    /// Sends a command.
    pub(super) async fn send<T: FromRedisValue>(&self, cmd: &Cmd) -> Result<T, Fault> {
        read(self.server.send(cmd).await.map_err(fault)?)
    }

    /// Runs a script.
    pub(super) async fn run<T: FromRedisValue>(&self, call: &Invocation) -> Result<T, Fault> {
        read(self.server.run(call).await.map_err(fault)?)
    }

    pub(super) async fn ping(&self) -> Result<(), Fault> {
        self.send::<String>(&redis::cmd("PING")).await.map(drop)
    }

    /// Waits no longer than a command and its wait for a group may take: while Redis does not answer, whoever is
    /// behind others is told so in time.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let late = || Fault::unavailable(PART, "Redis did not answer in time");
        tokio::time::timeout(self.patience * 2, work).await.unwrap_or_else(|_| Err(late()))
    }
}

/// Reads a reply as what a script returns.
pub(super) fn read<T: FromRedisValue>(value: Value) -> Result<T, Fault> {
    redis::from_redis_value(value).map_err(unreadable)
}

/// Several group commits side by side. A campaign always goes through the same.
pub(super) struct Lanes<C: Commit>(Vec<GroupCommit<C>>);

impl<C: Commit> Lanes<C> {
    const LANES: usize = 4;

    pub(super) fn start(bounds: GroupBounds, commit: impl Fn() -> C) -> Self {
        Self((0..Self::LANES).map(|_| GroupCommit::start(commit(), bounds)).collect())
    }

    pub(super) fn of(&self, campaign: CampaignId) -> &GroupCommit<C> {
        &self.0[campaign.lane(self.0.len())]
    }

    pub(super) async fn close(&self) {
        join_all(self.0.iter().map(GroupCommit::close)).await;
    }
}

/// Has each campaign's part of a group done, all at the same time, and gives the answers in the order of the group.
pub(super) async fn by_campaign<T, A, F, W>(
    group: Vec<T>,
    campaign: impl Fn(&T) -> CampaignId,
    part: F,
) -> Vec<Result<A, Fault>>
where
    F: Fn(CampaignId, Vec<T>) -> W,
    W: Future<Output = Vec<Result<A, Fault>>>,
{
    // Almost always it is one campaign's, and a crowd waits for it.
    let first = group.first().map(&campaign);
    if let Some(id) = first.filter(|first| group.iter().all(|item| campaign(item) == *first)) {
        return part(id, group).await;
    }
    // Few campaigns at a time: a list is looked through faster than a map.
    let mut parts: Vec<(CampaignId, Vec<usize>, Vec<T>)> = Vec::new();
    let size = group.len();
    for (place, item) in group.into_iter().enumerate() {
        let id = campaign(&item);
        match parts.iter_mut().find(|(of, ..)| *of == id) {
            Some((_, places, items)) => {
                places.push(place);
                items.push(item);
            }
            None => parts.push((id, vec![place], vec![item])),
        }
    }
    let work = parts.into_iter().map(|(id, places, items)| {
        let work = part(id, items);
        async move { places.into_iter().zip(work.await).collect::<Vec<_>>() }
    });
    let mut answers: Vec<(usize, Result<A, Fault>)> = Vec::with_capacity(size);
    answers.extend(join_all(work).await.into_iter().flatten());
    answers.sort_unstable_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
