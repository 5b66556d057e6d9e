//! The arrows between the crates, held by a test: what `docs/ARCHITECTURE.md` says is what the manifests say.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Who may depend on whom. `api` may on all.
const ARROWS: [(&str, &[&str]); 9] = [
    ("domain", &[]),
    ("entity", &[]),
    ("migration", &[]),
    ("infra", &["domain", "entity", "migration"]),
    ("schema", &["domain"]),
    ("consumers", &["domain"]),
    ("api", &["domain", "infra", "schema", "consumers"]),
    ("engines", &[]),
    // A program of its own, which nothing depends on. It makes accounts and reads orders through the adapters.
    ("bench", &["domain", "infra"]),
];

/// Whose tests start real engines. Nothing is built with them but the benchmark.
const WITH_ENGINES: [&str; 2] = ["infra", "api"];

/// Crates that read or write the world. The domain reaches it through ports.
const WORLD: [&str; 22] = [
    "sea-orm",
    "sea-orm-migration",
    "sqlx",
    "rusqlite",
    "diesel",
    "redis",
    "fred",
    "lapin",
    "deadpool",
    "axum",
    "hyper",
    "tower-http",
    "reqwest",
    "tonic",
    "tungstenite",
    "tokio-tungstenite",
    "rand",
    "getrandom",
    "argon2",
    "jsonwebtoken",
    "figment",
    "clap",
];

/// What the graph and the consumers must not name: they see the world through the domain.
const ADAPTERS: [&str; 9] =
    ["sea-orm", "sea-orm-migration", "sqlx", "redis", "lapin", "axum", "async-graphql-axum", "hyper", "reqwest"];

fn workspace() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata")
}

fn package<'a>(workspace: &'a Metadata, name: &str) -> &'a Package {
    workspace.packages.iter().find(|package| package.name == name).unwrap_or_else(|| panic!("a crate {name}"))
}

/// What a crate is built with; what only its tests use does not count.
fn built_with(package: &Package) -> BTreeSet<&str> {
    let built = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    built.map(|dependency| dependency.name.as_str()).collect()
}

#[test]
fn crates_depend_on_each_other_along_the_arrows_alone() {
    let workspace = workspace();
    let members: BTreeSet<&str> = workspace.packages.iter().map(|package| package.name.as_str()).collect();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(members, known, "a crate came or went: decide its arrows here and in docs/ARCHITECTURE.md");
    for (name, allowed) in ARROWS {
        // In tests too: a test that needs another crate's inside is in the wrong crate.
        for dependency in &package(&workspace, name).dependencies {
            let arrow = dependency.name.as_str();
            if arrow == "engines" {
                let in_tests = dependency.kind == DependencyKind::Development && WITH_ENGINES.contains(&name);
                assert!(in_tests || name == "bench", "{name} must not depend on engines");
            } else if members.contains(arrow) {
                assert!(allowed.contains(&arrow), "{name} must not depend on {arrow}");
            }
        }
    }
}

#[test]
fn the_domain_does_no_io() {
    let workspace = workspace();
    let domain = package(&workspace, "domain");
    let found: Vec<_> = built_with(domain).into_iter().filter(|name| WORLD.contains(name)).collect();
    assert!(found.is_empty(), "domain holds {found:?}: put them behind a port, in infra");
    for dependency in domain.dependencies.iter().filter(|dependency| dependency.name == "tokio") {
        let io = ["full", "net", "fs", "process", "signal", "io-std"];
        let found: Vec<_> = dependency.features.iter().filter(|feature| io.contains(&feature.as_str())).collect();
        assert!(found.is_empty(), "domain uses tokio with {found:?}");
    }
}

#[test]
fn the_graph_and_the_consumers_name_no_adapter() {
    let workspace = workspace();
    for name in ["schema", "consumers"] {
        let found: Vec<_> =
            built_with(package(&workspace, name)).into_iter().filter(|name| ADAPTERS.contains(name)).collect();
        assert!(found.is_empty(), "{name} holds {found:?}");
    }
}

#[test]
fn only_the_wiring_names_infra() {
    let mut files = Vec::new();
    rust_files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    assert!(files.len() > 20, "{files:?}");
    for (path, text) in files {
        let names = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("infra::"));
        // The module and what is in it.
        let wiring = path.contains("/src/wiring.rs") || path.contains("/src/wiring/");
        assert!(!names || wiring, "{path}");
    }
}

fn rust_files(dir: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((path.display().to_string(), fs::read_to_string(&path).expect("a file")));
        }
    }
}
