//! Documents that the server keeps or knows, so that a client need not send them.
//!
//! Either clients send a document once with its hash and the hash alone from then on (automatic persisted queries), or
//! the operator has named all documents that are ever executed (trusted documents).

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use async_graphql::{Response, parser::parse_query};
use moka::future::Cache;
use schema::{Code, errors::refused};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::request::{Asked, Hash};
use crate::{config::Graphql, error::StartError};

/// Where documents come from.
pub(super) enum Documents {
    /// From the clients, each time.
    Sent,
    /// From the clients, and kept by hash.
    Kept(Cache<Hash, Arc<str>>),
    /// From the operator.
    Trusted { by_id: HashMap<String, Arc<str>>, hashes: HashSet<Hash> },
}

/// A document that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) text: String,
    /// Where to keep it, once it has proved to be one.
    pub(super) keep: Option<Hash>,
}

/// What a document costs beside its text, in bytes, roughly.
const OVERHEAD: usize = 128;

impl Documents {
    pub(super) fn new(config: &Graphql) -> Result<Self, StartError> {
        if let Some(path) = &config.trusted_documents {
            return trusted(path).map_err(|cause| StartError::Documents { path: path.clone(), cause });
        }
        if !config.persisted_queries {
            return Ok(Self::Sent);
        }
        let cache = Cache::builder()
            .max_capacity(config.persisted_queries_bytes)
            .weigher(|_, text: &Arc<str>| u32::try_from(text.len() + OVERHEAD).unwrap_or(u32::MAX));
        Ok(Self::Kept(cache.build()))
    }

    /// The document that a request means.
    pub(super) async fn find(&self, asked: &mut Asked) -> Result<Found, Response> {
        let text = asked.query.take();
        let (hash, id) = match named(asked) {
            Ok(named) => named,
            Err(message) => return Err(refused(Code::BadUserInput, message)),
        };
        match (self, text, hash, id) {
            (Self::Trusted { by_id, .. }, None, _, Some(id)) => by_id.get(&id).map(found).ok_or_else(not_found),
            (Self::Trusted { hashes, .. }, Some(text), ..) if hashes.contains(&hash_of(&text)) => {
                Ok(Found { text, keep: None })
            }
            (Self::Trusted { .. }, Some(_), ..) => {
                Err(refused(Code::Untrusted, "only documents that are known to the server are executed"))
            }
            (Self::Kept(kept), None, Some(hash), _) => kept.get(&hash).await.as_ref().map(found).ok_or_else(not_found),
            (Self::Trusted { .. } | Self::Kept(_), None, ..) => Err(not_found()),
            (Self::Sent, None, ..) => Err(refused(Code::PersistedQueryNotSupported, "PersistedQueryNotSupported")),
            (Self::Kept(_), Some(text), Some(hash), _) if hash_of(&text) != hash => {
                Err(refused(Code::PersistedQueryMismatch, "the hash is not the one of the query"))
            }
            (Self::Kept(_), Some(text), keep, _) => Ok(Found { text, keep }),
            (Self::Sent, Some(text), ..) => Ok(Found { text, keep: None }),
        }
    }

    /// Keeps a document that was sent with its hash.
    pub(super) async fn keep(&self, hash: Hash, text: &str) {
        if let Self::Kept(kept) = self
            && !kept.contains_key(&hash)
        {
            kept.insert(hash, text.into()).await;
        }
    }
}

fn found(text: &Arc<str>) -> Found {
    Found { text: text.as_ref().to_owned(), keep: None }
}

/// The message is the one that clients look for (Apollo).
fn not_found() -> Response {
    refused(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
}

/// Under which hash and which id a request means a document.
fn named(asked: &mut Asked) -> Result<(Option<Hash>, Option<String>), &'static str> {
    let hash_in = |text: &str| text.parse::<Hash>().map_err(|_| "a hash is a SHA-256 in 64 hexadecimal digits");
    match (asked.extensions.persisted_query.take(), asked.document_id.take()) {
        (Some(query), _) if query.version != 1 => Err("persisted queries have the version 1"),
        (Some(query), _) => Ok((Some(hash_in(&query.sha256_hash)?), Some(query.sha256_hash.to_ascii_lowercase()))),
        (None, Some(id)) => match id.strip_prefix("sha256:") {
            Some(hash) => Ok((Some(hash_in(hash)?), Some(hash.to_ascii_lowercase()))),
            None => Ok((None, Some(id))),
        },
        (None, None) => Ok((None, None)),
    }
}

fn hash_of(text: &str) -> Hash {
    Hash(Sha256::digest(text.as_bytes()).into())
}

/// An Apollo persisted query manifest.
#[derive(Deserialize)]
struct Manifest {
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    body: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Manifest(Manifest),
    Map(HashMap<String, String>),
}

/// Reads the documents of a directory or a list. One that does not parse is an error: it could never be executed.
fn trusted(path: &Path) -> Result<Documents, String> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let mut named: Vec<(String, String)> = Vec::new();
    if path.is_dir() {
        for entry in path.read_dir().map_err(|error| error.to_string())? {
            let file = entry.map_err(|error| error.to_string())?.path();
            let is_document = file.extension().is_some_and(|ending| ending == "graphql" || ending == "gql");
            if let Some(stem) = file.file_stem().filter(|_| is_document) {
                named.push((stem.to_string_lossy().into_owned(), read(&file)?));
            }
        }
    } else {
        let listed = serde_json::from_str(&read(path)?);
        match listed.map_err(|_| "is neither {\"id\": \"document\", …} nor a persisted query manifest".to_owned())? {
            Listed::Manifest(manifest) => {
                named.extend(manifest.operations.into_iter().map(|operation| (operation.id, operation.body)));
            }
            Listed::Map(map) => named.extend(map),
        }
    }
    if named.is_empty() {
        return Err("holds no document: nothing could be executed".to_owned());
    }
    let (mut by_id, mut hashes) = (HashMap::new(), HashSet::new());
    for (id, text) in named {
        if parse_query(&text).is_err() {
            return Err(format!("the document {id:?} is not GraphQL"));
        }
        let (hash, text) = (hash_of(&text), Arc::<str>::from(text));
        hashes.insert(hash);
        let digits = hash.0.map(|byte| format!("{byte:02x}")).concat();
        for id in [digits, id] {
            if by_id.insert(id.clone(), text.clone()).is_some_and(|other: Arc<str>| other != text) {
                return Err(format!("there is more than one document {id:?}"));
            }
        }
    }
    Ok(Documents::Trusted { by_id, hashes })
}
