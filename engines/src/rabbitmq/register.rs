//! Which quorum queues RabbitMQ finds again after it was killed.
//!
//! It keeps a register of them beside their logs and writes it up to some seconds after it said that a queue is
//! declared (`names.dets` of the Ra library; seen with 3.10). Killed in between it comes back with a queue that is there
//! by name, has no log, and answers nothing for ever. No client can mend that, so a test that is about anything else
//! waits until it is written.

use std::{io, path::Path};

/// Whether the register under this directory of a node has every queue that has a log there.
pub(super) fn is_written(node: &Path) -> io::Result<bool> {
    let entries = match std::fs::read_dir(node) {
        Ok(entries) => entries,
        // No quorum queue was declared yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let mut logs = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            logs.push(entry.file_name().into_encoded_bytes());
        }
    }
    let register = std::fs::read(node.join("names.dets"))?;
    Ok(logs.iter().all(|log| register.windows(log.len()).any(|bytes| bytes == log)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_the_register_does_not_name_is_missed() {
        let node = tempfile::tempdir().unwrap();
        let node = node.path();
        assert!(is_written(&node.join("none")).unwrap());
        std::fs::write(node.join("names.dets"), b"..FIRST..").unwrap();
        std::fs::create_dir(node.join("FIRST")).unwrap();
        assert!(is_written(node).unwrap());
        std::fs::create_dir(node.join("SECOND")).unwrap();
        assert!(!is_written(node).unwrap());
    }
}
