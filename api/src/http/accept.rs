//! In which form a client wants its answer (RFC 9110, section 12.5.1; GraphQL over HTTP, section 6.1).

use axum::http::{HeaderMap, header::ACCEPT};

/// A form in which an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`: every well-formed request is answered with 200.
    Json,
    /// `application/graphql-response+json`: a document that was not executed is answered with 400.
    Graphql,
    /// `text/event-stream`, after the protocol of graphql-sse ("distinct connections mode").
    Events,
    /// `multipart/mixed` with `subscriptionSpec`, after the protocol of Apollo.
    Multipart,
}

/// How much a client likes each form, in thousandths; 0 if it cannot read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Accepted {
    json: u16,
    graphql: u16,
    events: u16,
    multipart: u16,
}

impl Accepted {
    /// What the headers of a request say. Who says nothing gets `application/json`.
    pub(super) fn by(headers: &HeaderMap) -> Self {
        let (mut accepted, mut said) = (Self::default(), false);
        // A range that names a form says more of it than one that does not.
        let mut of_any = 0;
        for value in headers.get_all(ACCEPT) {
            for range in ranges(value.to_str().unwrap_or_default()) {
                let liking = liking(range);
                let media = range.split(';').next().unwrap_or_default().trim();
                said |= !media.is_empty();
                let is = |other: &str| media.eq_ignore_ascii_case(other);
                if is("application/json") {
                    accepted.json = liking;
                } else if is("application/graphql-response+json") {
                    accepted.graphql = liking;
                } else if is("text/event-stream") {
                    accepted.events = liking;
                } else if is("multipart/mixed") && range.to_ascii_lowercase().contains("subscriptionspec") {
                    accepted.multipart = liking;
                } else if is("*/*") || is("application/*") {
                    of_any = of_any.max(liking);
                }
            }
        }
        if accepted.json == 0 && accepted.graphql == 0 {
            accepted.json = if said { of_any } else { 1 };
        }
        accepted
    }

    /// The form of an answer that comes at once: of the two in JSON the newer one, unless it is liked less.
    pub(super) const fn for_one(self) -> Option<Form> {
        match self {
            Self { graphql, json, .. } if graphql > 0 && graphql >= json => Some(Form::Graphql),
            Self { json, .. } if json > 0 => Some(Form::Json),
            Self { events, multipart, .. } if events > 0 && events >= multipart => Some(Form::Events),
            Self { multipart, .. } if multipart > 0 => Some(Form::Multipart),
            _ => None,
        }
    }

    /// The form of an answer that goes on.
    pub(super) const fn for_many(self) -> Option<Form> {
        match self {
            Self { events, multipart, .. } if events > 0 && events >= multipart => Some(Form::Events),
            Self { multipart, .. } if multipart > 0 => Some(Form::Multipart),
            _ => None,
        }
    }

    /// The form of a refusal.
    pub(super) const fn for_refusal(self) -> Form {
        match self.for_one() {
            Some(Form::Graphql) => Form::Graphql,
            _ => Form::Json,
        }
    }
}

/// The parts of a header that commas divide, where they stand in no quotes.
fn ranges(header: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    header.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

fn liking(range: &str) -> u16 {
    let quality = range.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    match quality.map(str::parse::<f32>) {
        None => 1_000,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
        Some(Ok(quality)) if quality > 0.0 => ((quality.min(1.0) * 1_000.0) as u16).max(1),
        Some(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_liked_best() {
        let sse = Some(Form::Events);
        let multipart = Some(Form::Multipart);
        for (accept, one, many) in [
            ("*/*", Some(Form::Json), None),
            ("application/*", Some(Form::Json), None),
            ("application/json", Some(Form::Json), None),
            ("Application/GraphQL-Response+JSON", Some(Form::Graphql), None),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                Some(Form::Graphql),
                None,
            ),
            ("application/graphql-response+json,application/json;q=0.9", Some(Form::Graphql), None),
            ("application/graphql-response+json;q=0.5, application/json", Some(Form::Json), None),
            ("application/graphql-response+json;q=0", None, None),
            ("application/graphql-response+json;q=0, */*", Some(Form::Json), None),
            ("text/html, */*;q=0.1", Some(Form::Json), None),
            ("text/html", None, None),
            ("", Some(Form::Json), None),
            ("text/event-stream", sse, sse),
            ("text/event-stream, application/json;q=0.1", Some(Form::Json), sse),
            ("multipart/mixed", None, None),
            (
                "multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\",application/json",
                Some(Form::Json),
                multipart,
            ),
            ("multipart/mixed;boundary=\"a,b\";subscriptionSpec=1.0", multipart, multipart),
            ("text/event-stream;q=0.5, multipart/mixed;subscriptionSpec=1.0", multipart, multipart),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            let accepted = Accepted::by(&headers);
            assert_eq!((accepted.for_one(), accepted.for_many()), (one, many), "{accept}");
        }
        assert_eq!(Accepted::by(&HeaderMap::new()).for_one(), Some(Form::Json));
    }
}
