//! What runs on a socket: each operation in a task of its own, which ends with the socket or when the client wants no
//! more of it. A mutation runs to its end all the same; it is only not told any more.

use std::{collections::HashMap, sync::Arc};

use async_graphql::Response;
use futures_util::{StreamExt, stream::BoxStream};
use schema::{Asker, Code, Kind, errors::refused};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use super::{
    super::{Graph, Http, operation::was_refused, request::Asked},
    Goodbye, message,
};

/// Messages that wait to be written. When a client does not take them, its operations wait.
const WAITING: usize = 16;
/// Queries and mutations of a socket that run or whose answers wait to be written; more begin later. An answer can be large,
/// and a client that takes none should not have many of them computed.
const AT_ONCE: usize = 8;

/// The operations of a socket.
pub(super) struct Operations {
    running: HashMap<String, Running>,
    most: usize,
    /// How many there have been: an id may be used again, and its messages must not be taken for those of another.
    begun: u64,
    room: Arc<Semaphore>,
    say: mpsc::Sender<Said>,
}

struct Running {
    number: u64,
    _wanted: DropGuard,
}

/// What an operation has to say.
pub(super) struct Said {
    id: Arc<str>,
    number: u64,
    last: bool,
    text: String,
    /// Until it is written.
    _room: Option<OwnedSemaphorePermit>,
}

impl Operations {
    /// None yet, of so many at most; and where they are heard.
    pub(super) fn new(most: usize) -> (Self, mpsc::Receiver<Said>) {
        let (say, heard) = mpsc::channel(WAITING);
        (Self { running: HashMap::new(), most, begun: 0, room: Arc::new(Semaphore::new(AT_ONCE)), say }, heard)
    }

    /// Begins one. What is wrong with it is said under its id, also that there are too many.
    pub(super) fn begin(
        &mut self,
        http: &Arc<Http>,
        graph: &Graph,
        id: String,
        asked: Asked,
        by: Asker,
    ) -> Result<Option<String>, Goodbye> {
        if self.running.contains_key(&id) {
            return Err(Goodbye { code: 4409, why: format!("Subscriber for {id} already exists") });
        }
        if self.running.len() >= self.most {
            let answer = refused(Code::TooManyOperations, format!("a socket has at most {} operations", self.most));
            return Ok(Some(message::error(&id, &answer)));
        }
        self.begun += 1;
        let unwanted = CancellationToken::new();
        let running = Running { number: self.begun, _wanted: unwanted.clone().drop_guard() };
        let (room, say) = (self.room.clone(), self.say.clone());
        let voice = Voice { id: id.as_str().into(), number: self.begun, room, say, unwanted };
        tokio::spawn(perform(http.clone(), graph.clone(), asked, by, voice).in_current_span());
        self.running.insert(id, running);
        Ok(None)
    }

    /// Ends one, if there is one of this id.
    pub(super) fn end(&mut self, id: &str) {
        self.running.remove(id);
    }

    /// What is to be written of what was said: nothing, if it is of an operation that was ended meanwhile.
    pub(super) fn hear(&mut self, said: Said) -> Option<String> {
        if self.running.get(&*said.id).is_none_or(|running| running.number != said.number) {
            return None;
        }
        if said.last {
            self.running.remove(&*said.id);
        }
        Some(said.text)
    }
}

struct Voice {
    id: Arc<str>,
    number: u64,
    room: Arc<Semaphore>,
    say: mpsc::Sender<Said>,
    unwanted: CancellationToken,
}

impl Voice {
    /// Waits until it can be said. False if nobody listens any more.
    async fn say(&self, last: bool, text: String, room: Option<OwnedSemaphorePermit>) -> bool {
        self.say.send(Said { id: self.id.clone(), number: self.number, last, text, _room: room }).await.is_ok()
    }

    /// Says all there is to say of an operation, the first of it in the room that was kept for it.
    async fn tell(&self, mut answers: BoxStream<'static, Response>, mut room: Option<OwnedSemaphorePermit>) {
        let mut first = true;
        while let Some(answer) = answers.next().await {
            if first && was_refused(&answer) {
                self.say(true, message::error(&self.id, &answer), room).await;
                return;
            }
            first = false;
            if !self.say(false, message::next(&self.id, &answer), room.take()).await {
                return;
            }
        }
        self.say(true, message::complete(&self.id), None).await;
    }
}

async fn perform(http: Arc<Http>, graph: Graph, asked: Asked, by: Asker, voice: Voice) {
    let ready = match http.admit(asked, by).await {
        Ok(ready) => ready,
        Err(answer) => {
            voice.say(true, message::error(&voice.id, &answer), None).await;
            return;
        }
    };
    let kind = ready.kind();
    let room = if kind == Kind::Subscription {
        None
    } else {
        tokio::select! {
            () = voice.unwanted.cancelled() => return,
            room = voice.room.clone().acquire_owned() => room.ok(),
        }
    };
    let telling = voice.tell(http.answers(&graph, ready), room);
    if kind == Kind::Mutation {
        telling.await;
    } else {
        tokio::select! {
            () = voice.unwanted.cancelled() => {}
            () = telling => {}
        }
    }
}
