//! The directory of a process's files, and the lock that keeps a second server out of it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::Path,
};

use crate::error::StartError;

/// The data dir, claimed by a server as long as this lives. The lock goes with the process, however it ends.
#[derive(Debug)]
pub struct Claim(File);

/// Makes the directory if it is missing. Only its owner may look into it: it holds accounts.
pub fn make(path: &Path) -> Result<(), StartError> {
    let failed = |cause| StartError::DataDir { path: path.to_owned(), cause };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed)?;
    if fs::metadata(path).map_err(failed)?.is_dir() {
        Ok(())
    } else {
        Err(failed(io::Error::new(io::ErrorKind::NotADirectory, "is not a directory")))
    }
}

/// Makes the directory if it is missing, and claims it for this process.
pub fn claim(path: &Path) -> Result<Claim, StartError> {
    make(path)?;
    let failed = |cause| StartError::DataDir { path: path.to_owned(), cause };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Claim(file)),
        Err(TryLockError::WouldBlock) => Err(StartError::DataDirInUse { path: path.to_owned() }),
        Err(TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Closing the file does the same; this says it.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let first = claim(&path).unwrap();
        assert!(matches!(claim(&path), Err(StartError::DataDirInUse { .. })));
        drop(first);
        assert!(claim(&path).is_ok());
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(matches!(claim(&dir.path().join("file")), Err(StartError::DataDir { .. })));
    }
}
