//! What runs on a socket: each operation in a task of its own, which ends with the socket or when the client wants no
//! more of it. A mutation that has begun runs on; it is only not told any more.

use std::{collections::HashMap, sync::Arc};

use async_graphql::Response;
use futures_util::StreamExt;
use schema::{Asker, Code, errors::refused};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::{
    super::{Graph, Http, operation::was_refused, request::Asked},
    Goodbye, message,
};

/// Messages that wait to be written. When a client does not take them, its operations wait.
const WAITING: usize = 16;

/// The operations of a socket.
pub(super) struct Operations {
    running: HashMap<String, Running>,
    most: usize,
    /// How many there have been: an id may be used again, and its messages must not be taken for those of another.
    begun: u64,
    say: mpsc::Sender<Said>,
}

struct Running {
    number: u64,
    _task: AbortOnDropHandle<()>,
}

/// What an operation has to say.
pub(super) struct Said {
    id: Arc<str>,
    number: u64,
    last: bool,
    text: String,
}

impl Operations {
    /// None yet, of so many at most; and where they are heard.
    pub(super) fn new(most: usize) -> (Self, mpsc::Receiver<Said>) {
        let (say, heard) = mpsc::channel(WAITING);
        (Self { running: HashMap::new(), most, begun: 0, say }, heard)
    }

    /// Begins one. What is wrong with it is said under its id, also that there are too many.
    pub(super) fn begin(
        &mut self,
        http: &Arc<Http>,
        graph: &Graph,
        id: String,
        asked: Asked,
        asker: Asker,
    ) -> Result<Option<String>, Goodbye> {
        if self.running.contains_key(&id) {
            return Err(Goodbye { code: 4409, why: format!("Subscriber for {id} already exists") });
        }
        if self.running.len() >= self.most {
            let answer = refused(Code::TooManyOperations, format!("a socket has at most {} operations", self.most));
            return Ok(Some(message::error(&id, &answer)));
        }
        self.begun += 1;
        let voice = Voice { id: id.as_str().into(), number: self.begun, say: self.say.clone() };
        let operation = perform(http.clone(), graph.clone(), asked, asker, voice);
        let task = AbortOnDropHandle::new(tokio::spawn(operation.in_current_span()));
        self.running.insert(id, Running { number: self.begun, _task: task });
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
    say: mpsc::Sender<Said>,
}

impl Voice {
    /// Waits until there is room. False if nobody listens any more.
    async fn say(&self, last: bool, text: String) -> bool {
        self.say.send(Said { id: self.id.clone(), number: self.number, last, text }).await.is_ok()
    }

    async fn refuse(&self, answer: &Response) {
        self.say(true, message::error(&self.id, answer)).await;
    }
}

async fn perform(http: Arc<Http>, graph: Graph, asked: Asked, asker: Asker, voice: Voice) {
    let ready = match http.admit(asked, asker).await {
        Ok(ready) => ready,
        Err(answer) => return voice.refuse(&answer).await,
    };
    let mut answers = http.answers(&graph, ready);
    let mut first = true;
    while let Some(answer) = answers.next().await {
        if first && was_refused(&answer) {
            return voice.refuse(&answer).await;
        }
        first = false;
        if !voice.say(false, message::next(&voice.id, &answer)).await {
            return;
        }
    }
    voice.say(true, message::complete(&voice.id)).await;
}
