//! An engine that is started and ended again and again: what all of them have in common.

use crate::{
    EngineError,
    process::{Launch, Process},
};

/// Whether an engine runs, and its process if it does.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    engine: String,
    process: Option<Process>,
}

impl Lifecycle {
    /// An engine that is down. The name is for errors.
    pub(crate) fn down(engine: impl Into<String>) -> Self {
        Self { engine: engine.into(), process: None }
    }

    /// Starts it and waits until `ready` says so.
    pub(crate) async fn start(
        &mut self,
        launch: Launch<'_>,
        ready: impl AsyncFnMut() -> bool,
    ) -> Result<(), EngineError> {
        self.must_be_down("start it")?;
        let mut process = Process::spawn(&self.engine, launch)?;
        process.until("ready", ready).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends it with a signal, by its name without `SIG`. One that is down stays down.
    pub(crate) async fn end(&mut self, signal: &str) -> Result<(), EngineError> {
        match self.process.take() {
            Some(process) => process.end(signal).await,
            None => Ok(()),
        }
    }

    /// Polls the running engine until `reached` says so.
    pub(crate) async fn until(
        &mut self,
        state: &'static str,
        reached: impl AsyncFnMut() -> bool,
    ) -> Result<(), EngineError> {
        match &mut self.process {
            Some(process) => process.until(state, reached).await,
            None => Err(EngineError::State { engine: self.engine.clone(), state: "down", what: "wait for it" }),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Fails if it ended by itself.
    pub(crate) fn check(&mut self) -> Result<(), EngineError> {
        self.process.as_mut().map_or(Ok(()), Process::check)
    }

    /// Fails if it is running.
    pub(crate) fn must_be_down(&self, what: &'static str) -> Result<(), EngineError> {
        if self.is_up() {
            return Err(EngineError::State { engine: self.engine.clone(), state: "running", what });
        }
        Ok(())
    }
}
