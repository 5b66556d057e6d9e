//! Reading documents, and keeping those that were read before. A front end sends the same few documents with ever other
//! variables, and parsing one costs more than a grab does.
//!
//! What is kept is what follows from the text alone. Whether it is valid against the schema, which of its operations is
//! meant and whether its variables are there is asked each time.

use std::sync::Arc;

use async_graphql::{Request, Response, ServerError, parser::parse_query};
use moka::future::Cache;

use super::{
    limits::Limits,
    outline::{Outline, Survey},
    text,
};
use crate::{
    errors,
    request::{Checked, refusal},
};

/// Reads documents within their limits. Clones share what is kept.
#[derive(Clone)]
pub struct Reader {
    limits: Limits,
    /// By their text. Those that are asked for often stay: who sends ever other ones does not push them out.
    kept: Cache<Box<str>, Arc<Survey>>,
}

impl Reader {
    /// Bytes of all texts. What is kept of a text takes some ten times as much memory.
    const ALL: u64 = 1 << 20;
    /// Bytes of a text that is worth keeping.
    const LONGEST: usize = 8 << 10;

    /// One that has read nothing yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let kept = Cache::<Box<str>, _>::builder().max_capacity(Self::ALL);
        Self { limits, kept: kept.weigher(|text, _| u32::try_from(text.len()).unwrap_or(u32::MAX)).build() }
    }

    /// Parses the document of a request, or takes it from those that were parsed before, and looks at it. What is no
    /// document, or too much of one, is answered at once.
    pub async fn check(&self, request: Request) -> Result<Checked, Response> {
        let survey = if let Some(known) = self.kept.get(&*request.query).await {
            known
        } else {
            let read = Arc::new(survey(&request.query, &self.limits).map_err(refusal)?);
            if request.query.len() <= Self::LONGEST {
                Box::pin(self.kept.insert(request.query.as_str().into(), read.clone())).await;
            }
            read
        };
        let outline = survey.outline(request.operation_name.as_deref(), &request.variables).map_err(refusal)?;
        Ok(Checked { request, survey, outline })
    }
}

/// Reads a document once, and lets the request have it.
pub(crate) fn look(request: &mut Request, limits: &Limits) -> Result<Outline, ServerError> {
    let survey = survey(&request.query, limits)?;
    let outline = survey.outline(request.operation_name.as_deref(), &request.variables)?;
    request.set_parsed_query(survey.document);
    Ok(outline)
}

fn survey(query: &str, limits: &Limits) -> Result<Survey, ServerError> {
    let tokens = text::tokens(query, limits.tokens).map_err(|trouble| trouble.error(query, limits))?;
    let document = parse_query(query).map_err(|error| errors::unparsed(error.into()))?;
    Survey::of(document, tokens, limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_document_is_kept_by_its_whole_text() {
        let reader = Reader::new(Limits::default());
        let text = "query A($id: ID!) { campaign(id: $id) { id } } query B { me { id } }";
        let named = |name: &str| Request::new(text).operation_name(name);
        assert!(reader.check(named("B")).await.is_ok());
        assert!(reader.kept.contains_key(text) && !reader.kept.contains_key("{ me { id } }"));
        assert!(reader.check(named("B")).await.is_ok());
        let code = async |name| {
            let refused = reader.check(named(name)).await.unwrap_err();
            errors::code_of(&refused).unwrap().to_owned()
        };
        assert_eq!(code("A").await, "BAD_USER_INPUT", "its variable is not there, known or not");
        assert_eq!(code("C").await, "OPERATION_RESOLUTION_FAILURE");
    }

    #[tokio::test]
    async fn what_is_long_or_no_document_is_not_kept() {
        let reader = Reader::new(Limits::default());
        let long = format!("{{ me {{ id {} }} }}", " ".repeat(Reader::LONGEST));
        assert!(reader.check(Request::new(long.clone())).await.is_ok());
        assert!(reader.check(Request::new("{ me {")).await.is_err());
        assert!(!reader.kept.contains_key(&*long) && !reader.kept.contains_key("{ me {"));
    }
}
