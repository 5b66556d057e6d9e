//! Documents that were parsed before. A front end sends the same few documents with ever other variables, and parsing
//! one costs more than a grab does.
//!
//! Only parsing is spared. Everything that is checked of a document is checked each time: its bounds, its validity
//! against the schema and the variables that came with it.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use moka::future::Cache;

/// A document that was parsed.
pub(crate) struct Parsed {
    /// As it was parsed.
    pub(crate) document: ExecutableDocument,
    /// How many fields it has when its fragments are written out.
    pub(crate) fields: usize,
}

/// Documents that were parsed before, by their text. Those that are asked for often stay: who sends ever other ones
/// does not push them out.
#[derive(Clone)]
pub(crate) struct Documents(Cache<Box<str>, Arc<Parsed>>);

impl Documents {
    /// Bytes of all texts. What is kept of a text takes some ten times as much memory.
    const ALL: u64 = 1 << 20;
    /// Bytes of a text that is worth keeping.
    const LONGEST: usize = 8 << 10;

    pub(crate) fn new() -> Self {
        let builder = Cache::<Box<str>, _>::builder().max_capacity(Self::ALL);
        Self(builder.weigher(|text, _| u32::try_from(text.len()).unwrap_or(u32::MAX)).build())
    }

    /// The document of this text, if it is known.
    pub(crate) async fn find(&self, text: &str) -> Option<Arc<Parsed>> {
        self.0.get(text).await
    }

    /// Makes a document known.
    pub(crate) async fn keep(&self, text: &str, document: ExecutableDocument, fields: usize) {
        if text.len() <= Self::LONGEST {
            self.0.insert(text.into(), Arc::new(Parsed { document, fields })).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[tokio::test]
    async fn a_document_is_found_by_its_whole_text() {
        let documents = Documents::new();
        let text = "{ me { id } }";
        assert!(documents.find(text).await.is_none());
        documents.keep(text, parse_query(text).unwrap(), 2).await;
        let found = documents.find(text).await.unwrap();
        assert_eq!((found.fields, found.document.operations.iter().count()), (2, 1));
        assert!(documents.find("{ me { id  } }").await.is_none());
        let long = format!("{{ me {{ id {} }} }}", " ".repeat(Documents::LONGEST));
        documents.keep(&long, parse_query(&long).unwrap(), 2).await;
        assert!(documents.find(&long).await.is_none(), "not worth keeping");
    }
}
