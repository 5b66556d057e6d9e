//! Logs: structured lines on standard error, as text or JSON.
//!
//! What may stand in them: ids, codes, counts, durations, causes of faults. Never a body, a token, a
//! password, a phone number or a name.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::config::{Log, LogFormat};

/// Starts logging for a command that does its work and ends: only what the operator must know.
pub fn init_for_command() {
    init(&Log { format: LogFormat::Text, filter: "warn,lapin=off".to_owned() });
}

/// Starts logging for this process. Only `main` calls it; a test has its own subscriber.
pub fn init(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    // A second call would fail, and there is nothing to be done about it.
    let _ = match log.format {
        LogFormat::Text => {
            let layer = fmt::layer().with_ansi(std::io::stderr().is_terminal());
            registry.with(layer.with_writer(std::io::stderr)).try_init()
        }
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            registry.with(layer.with_writer(std::io::stderr)).try_init()
        }
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let message = panic.payload_as_str().unwrap_or("of unknown kind");
        tracing::error!(place, message, "panic");
    }));
}
