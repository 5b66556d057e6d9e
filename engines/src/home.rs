//! The directory of an engine: a fresh one that goes with the engine, or one that is kept.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::EngineError;

/// Waits until the owner is gone, and removes the directory. More than once, because an engine that is being killed may
/// still write there.
const JANITOR: &str = r#"
read -r _
tries=0
until rm -rf -- "$1" 2>/dev/null || [ "$tries" -eq 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
done"#;

/// Where an engine keeps its files.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    janitor: Option<Child>,
}

impl Home {
    /// The given directory, which is kept; or a fresh one, which is removed when this value is dropped, or when the process
    /// ends without dropping it.
    pub(crate) fn new(engine: &str, given: Option<&Path>) -> Result<Self, EngineError> {
        match given {
            Some(path) => {
                fs::create_dir_all(path).map_err(EngineError::io(format!("making {}", path.display())))?;
                let path = path.canonicalize().map_err(EngineError::io(format!("finding {}", path.display())))?;
                Ok(Self { path, janitor: None })
            }
            None => Self::fresh(engine),
        }
    }

    fn fresh(engine: &str) -> Result<Self, EngineError> {
        let path = tempfile::Builder::new()
            .prefix(&format!("spike-{engine}-"))
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(EngineError::io("making a temporary directory"))?
            .keep();
        let path = path.canonicalize().map_err(EngineError::io(format!("finding {}", path.display())))?;
        let janitor = Command::new("/bin/sh")
            .args(["-c", JANITOR, "janitor"])
            .arg(&path)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(EngineError::io("starting the shell that removes a temporary directory"))?;
        Ok(Self { path, janitor: Some(janitor) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A directory in it, made if it is not there, for its owner alone.
    pub(crate) fn directory(&self, name: &str) -> Result<PathBuf, EngineError> {
        let path = self.path.join(name);
        fs::create_dir_all(&path).map_err(EngineError::io(format!("making {}", path.display())))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))
            .map_err(EngineError::io(format!("closing {}", path.display())))?;
        Ok(path)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let Some(janitor) = &mut self.janitor else { return };
        janitor.stdin = None;
        if let Err(error) = janitor.wait() {
            tracing::warn!(directory = %self.path.display(), %error, "a temporary directory was not removed");
        }
    }
}

/// Writes a file for its owner alone (mode 0600): it holds a password.
pub fn write_private(path: &Path, text: &str) -> Result<(), EngineError> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut open = fs::OpenOptions::new();
    open.write(true).create(true).truncate(true).mode(0o600);
    open.open(path)
        .and_then(|mut file| {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            file.write_all(text.as_bytes())
        })
        .map_err(EngineError::io(format!("writing {}", path.display())))
}

/// Removes a directory with all that is in it; one that is not there is removed already.
pub(crate) fn remove(path: &Path) -> Result<(), EngineError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(EngineError::io(format!("removing {}", path.display()))(error))
        }
        _ => Ok(()),
    }
}

/// Copies a directory. A file that goes while it is copied (an engine rewrites its files) is left out.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), EngineError> {
    let failed = || format!("copying {} to {}", from.display(), to.display());
    fs::create_dir_all(to).map_err(EngineError::io(failed()))?;
    let modes = fs::metadata(from).map_err(EngineError::io(failed()))?.permissions();
    fs::set_permissions(to, modes).map_err(EngineError::io(failed()))?;
    for entry in fs::read_dir(from).map_err(EngineError::io(failed()))? {
        let entry = entry.map_err(EngineError::io(failed()))?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(EngineError::io(failed()))?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            match fs::copy(entry.path(), &target) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(EngineError::io(failed())(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
