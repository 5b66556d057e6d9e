//! Lists the files of the playground for `src/http/playground.rs` to embed. `make web` puts them into `web/dist`; without
//! them the binary builds as well, and its playground says what to do.

use std::{
    collections::hash_map::DefaultHasher,
    env,
    error::Error,
    fmt::Write as _,
    fs,
    hash::Hasher,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../web/dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());

    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    // The same files give the same binary.
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let content = fs::canonicalize(&file)?;
        let relative = file.strip_prefix(&dist)?.with_extension("");
        let path = relative.to_str().ok_or("a file of the playground has a name that is no text")?;
        let content = content.to_str().ok_or("the playground is at a place whose name is no text")?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&fs::read(content)?);
        let tag = hasher.finish();
        writeln!(
            list,
            "    File {{ path: {path:?}, tag: \"\\\"{tag:016x}\\\"\", gzip: include_bytes!({content:?}) }},"
        )?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("playground_files.rs"), list)?;
    Ok(())
}

/// Everything that was packed, at any depth.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            files.push(path);
        }
    }
    Ok(())
}
