//! Where RabbitMQ is installed, and as little of it as a broker needs.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{EngineError, home::remove, program::Program};

const DIRECTORY: &str = "/usr/lib/rabbitmq/bin";
pub(super) const SERVER: Program =
    Program { name: "rabbitmq-server", package: "rabbitmq-server", directory: DIRECTORY };
pub(super) const CTL: Program = Program { name: "rabbitmqctl", package: "rabbitmq-server", directory: DIRECTORY };
pub(super) const EPMD: Program = Program { name: "epmd", package: "erlang-base", directory: "/usr/bin" };

/// The scripts of the installation, with all plugins beside them.
pub(super) fn scripts() -> Result<PathBuf, EngineError> {
    let server = SERVER.find()?;
    let server = server.canonicalize().map_err(EngineError::io("finding where RabbitMQ is installed"))?;
    server.parent().map(Path::to_owned).ok_or_else(|| SERVER.missing())
}

/// The scripts, with the broker's own libraries beside them and no plugins.
///
/// When it starts, Erlang looks for each of a thousand modules in each library's directory; half of the libraries are
/// plugins. Without them a start costs a third less.
pub(super) fn core_scripts(into: &Path) -> Result<PathBuf, EngineError> {
    let scripts = scripts()?;
    let installation = scripts.parent().ok_or_else(|| SERVER.missing())?;
    remove(into)?;
    let plugins = into.join("plugins");
    fs::create_dir_all(&plugins).map_err(EngineError::io(format!("making {}", plugins.display())))?;
    let link = |from: &Path, to: &Path| symlink(from, to).map_err(EngineError::io(format!("making {}", to.display())));
    link(&scripts, &into.join("sbin"))?;
    link(&installation.join("escript"), &into.join("escript"))?;
    let libraries = installation.join("plugins");
    for entry in fs::read_dir(&libraries).map_err(EngineError::io(format!("reading {}", libraries.display())))? {
        let entry = entry.map_err(EngineError::io(format!("reading {}", libraries.display())))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Plugins and what only they use are called so; the prelaunch is the broker's.
        if !name.starts_with("rabbitmq_") || name.starts_with("rabbitmq_prelaunch") {
            link(&entry.path(), &plugins.join(name.as_ref()))?;
        }
    }
    Ok(into.join("sbin"))
}
