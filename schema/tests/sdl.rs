//! The exported schemas are files that clients, gateways and reviewers read: they equal the code.

use std::{fs, path::Path};

use schema::{Which, sdl_of};

#[test]
fn the_exported_schemas_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdl");
    let update = std::env::var_os("UPDATE_SDL").is_some_and(|value| value == "1");
    let mut stale = Vec::new();
    for which in Which::ALL {
        let path = folder.join(format!("{}.graphql", which.name()));
        let sdl = sdl_of(which);
        if update {
            fs::write(&path, &sdl).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != sdl {
            stale.push(path.display().to_string());
        }
    }
    assert!(
        stale.is_empty(),
        "{} differ from the code.\nIf the change is meant, write them with `UPDATE_SDL=1 cargo test -p schema` and look at the diff.",
        stale.join(", ")
    );
}

#[test]
fn the_schemas_are_graphql() {
    for which in Which::ALL {
        let parsed = async_graphql::parser::parse_schema(sdl_of(which));
        assert!(parsed.is_ok(), "{which:?}: {:?}", parsed.err());
    }
}
