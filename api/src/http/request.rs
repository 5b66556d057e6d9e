//! What a client asks, as it is written: in the JSON body of a POST, in the address of a GET, or in a message of a
//! socket. What was sent is not repeated in what is said about it.

use std::{fmt, marker::PhantomData, str::FromStr};

use async_graphql::Variables;
use axum::http::Uri;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// A request as it is written. What is null is as if it were left out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    pub(super) query: Option<String>,
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    #[serde(default, deserialize_with = "object_or_null")]
    pub(super) extensions: Extensions,
    /// A document that the server knows (GraphQL over HTTP, appendix "Persisted Documents").
    pub(super) document_id: Option<String>,
}

/// What is read of `extensions`; clients write there what they like.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extensions {
    pub(super) persisted_query: Option<PersistedQuery>,
    /// Whether to tell what the operation cost. Anything but `true` is somebody else's.
    #[serde(default, deserialize_with = "is_true")]
    pub(super) cost: bool,
}

/// The hash of a document (github.com/apollographql/apollo-link-persisted-queries, "Protocol").
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PersistedQuery {
    pub(super) version: u32,
    pub(super) sha256_hash: String,
}

/// Why something is no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is not JSON, or not of the form of a request.
    Malformed(String),
    /// A list where none is taken.
    List,
    /// A list that is longer than this.
    TooLong(usize),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(place) => write!(
                f,
                "this is not a GraphQL request, {{\"query\": …, \"variables\": …, \"operationName\": …}}: {place}"
            ),
            Self::List => f.write_str("send one request at a time, not a list"),
            Self::TooLong(limit) => write!(f, "a list has at most {limit} requests"),
        }
    }
}

/// One request, or a list of them.
#[derive(Debug)]
pub(super) enum Body {
    One(Box<Asked>),
    Many(Vec<Asked>),
}

impl Body {
    /// Reads a body, in which a list has at most so many requests.
    pub(super) fn read(body: &[u8], max_batch: usize) -> Result<Self, Unread> {
        match body.trim_ascii_start().first() {
            // Told apart here, because a list would also be read as the fields of a request in their order.
            Some(b'[') if max_batch == 0 => Err(Unread::List),
            Some(b'[') => many(body, max_batch).map(Self::Many),
            Some(b'{') => {
                let asked: Asked = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
                Ok(Self::One(Box::new(asked.whole()?)))
            }
            _ => Err(Unread::Malformed("not an object".to_owned())),
        }
    }
}

fn malformed(error: &serde_json::Error) -> Unread {
    Unread::Malformed(format!("line {} column {}", error.line(), error.column()))
}

/// Stops reading at the first request that is one too many.
fn many(body: &[u8], limit: usize) -> Result<Vec<Asked>, Unread> {
    struct Requests {
        limit: usize,
        exceeded: bool,
    }

    impl<'de> DeserializeSeed<'de> for &mut Requests {
        type Value = Vec<Asked>;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Asked>, D::Error> {
            deserializer.deserialize_seq(self)
        }
    }

    impl<'de> Visitor<'de> for &mut Requests {
        type Value = Vec<Asked>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of requests")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Asked>, A::Error> {
            let mut requests = Vec::new();
            while let Some(OnlyObject(request)) = list.next_element()? {
                if requests.len() == self.limit {
                    self.exceeded = true;
                    return Err(serde::de::Error::custom("too many"));
                }
                requests.push(request);
            }
            Ok(requests)
        }
    }

    let mut requests = Requests { limit, exceeded: false };
    let mut json = serde_json::Deserializer::from_slice(body);
    match (&mut requests).deserialize(&mut json).and_then(|list| json.end().map(|()| list)) {
        Ok(list) if list.is_empty() => Err(Unread::Malformed("the list is empty".to_owned())),
        Ok(list) => list.into_iter().map(Asked::whole).collect(),
        Err(_) if requests.exceeded => Err(Unread::TooLong(limit)),
        Err(error) => Err(malformed(&error)),
    }
}

/// Something that is written as an object. What is derived would also be read from a list of its fields.
struct OnlyObject<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OnlyObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Object(PhantomData)).map(Self)
    }
}

impl Asked {
    /// A request names a document, in full or otherwise.
    pub(super) fn whole(self) -> Result<Self, Unread> {
        let named = self.query.is_some() || self.document_id.is_some() || self.extensions.persisted_query.is_some();
        if named { Ok(self) } else { Err(Unread::Malformed("it has no query".to_owned())) }
    }

    /// Reads a request from the query string of an address.
    pub(super) fn in_address(uri: &Uri) -> Result<Self, Unread> {
        let json = |name: &str, error: serde_json::Error| {
            Unread::Malformed(format!("{name}, line {} column {}", error.line(), error.column()))
        };
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            match &*name {
                "query" => asked.query = Some(value.into_owned()),
                "operationName" => asked.operation_name = Some(value.into_owned()).filter(|name| !name.is_empty()),
                "documentId" => asked.document_id = Some(value.into_owned()),
                "variables" if !value.is_empty() => {
                    let variables: Option<_> = serde_json::from_str(&value).map_err(|error| json(&name, error))?;
                    asked.variables = variables.unwrap_or_default();
                }
                "extensions" if !value.is_empty() => {
                    let read = object_or_null(&mut serde_json::Deserializer::from_str(&value));
                    asked.extensions = read.map_err(|error| json(&name, error))?;
                }
                _ => {}
            }
        }
        asked.whole()
    }
}

fn object_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Extensions, D::Error> {
    Ok(Option::<OnlyObject<_>>::deserialize(deserializer)?.map_or_else(Extensions::default, |object| object.0))
}

fn is_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(serde_json::Value::deserialize(deserializer)? == serde_json::Value::Bool(true))
}

/// The SHA-256 of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Hash(pub(super) [u8; 32]);

/// A text that is no hash.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let mut hash = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 2 * hash.len() {
            return Err(NotAHash);
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(NotAHash);
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_null_is_left_out() {
        let body =
            br#" {"query":"{a}","variables":null,"operationName":null,"extensions":null,"documentId":null,"x":1}"#;
        let Ok(Body::One(asked)) = Body::read(body, 0) else { panic!() };
        assert_eq!((asked.query.as_deref(), asked.operation_name, asked.variables.len()), (Some("{a}"), None, 0));
    }

    #[test]
    fn what_is_no_request_is_refused_with_its_place() {
        for body in [
            "",
            "null",
            "{}",
            "{\"query\":null}",
            "7",
            "\"{a}\"",
            "{",
            "{\"query\":7}",
            "{\"query\":\"a\"} x",
            "{\"query\":\"a\",\"query\":\"b\"}",
            "{\"query\":\"a\",\"variables\":[]}",
            "{\"query\":\"a\",\"variables\":\"{}\"}",
            "{\"query\":\"a\",\"operationName\":[]}",
            "{\"query\":\"a\",\"extensions\":[]}",
            "{\"query\":\"a\",\"extensions\":7}",
            "{\"query\":\"a\",\"extensions\":[null]}",
        ] {
            assert!(matches!(Body::read(body.as_bytes(), 0), Err(Unread::Malformed(_))), "{body}");
        }
        let deep = format!("{{\"query\":\"a\",\"variables\":{{\"a\":{}{}}}}}", "[".repeat(500), "]".repeat(500));
        assert!(matches!(Body::read(deep.as_bytes(), 0), Err(Unread::Malformed(_))));
    }

    #[test]
    fn a_list_is_read_as_far_as_it_is_taken() {
        let list = |count: usize| format!("[{}]", vec![r#"{"query":"{a}"}"#; count].join(","));
        assert_eq!(Body::read(list(1).as_bytes(), 0).unwrap_err(), Unread::List);
        assert!(matches!(Body::read(list(3).as_bytes(), 3), Ok(Body::Many(all)) if all.len() == 3));
        assert_eq!(Body::read(list(4).as_bytes(), 3).unwrap_err(), Unread::TooLong(3));
        assert_eq!(
            Body::read(format!("{},{}", list(4).trim_end_matches(']'), "{{{").as_bytes(), 3).unwrap_err(),
            Unread::TooLong(3)
        );
        for bad in ["[]", "[7]", "[\"{a}\"]", "[[\"{a}\"]]", "[{}", "[{\"query\":\"a\"}] x", "[{}]"] {
            assert!(matches!(Body::read(bad.as_bytes(), 3), Err(Unread::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn an_address_holds_the_same() {
        let uri =
            "/graphql?query=%7Ba%7D&variables=%7B%22a%22%3A%22%F0%9F%8F%83%22%7D&operationName=&x=1&extensions=null";
        let asked = Asked::in_address(&uri.parse().unwrap()).unwrap();
        assert_eq!((asked.query.as_deref(), asked.operation_name, asked.variables.len()), (Some("{a}"), None, 1));
        for bad in ["", "query2=%7Ba%7D", "query=a&variables=x", "query=a&variables=%5B%5D", "query=a&extensions=7"] {
            assert!(Asked::in_address(&format!("/graphql?{bad}").parse().unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_hash_is_64_hexadecimal_digits() {
        let text = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        let hash: Hash = text.parse().unwrap();
        assert_eq!((hash.0[0], hash.0[31]), (0xec, 0x38));
        assert_eq!(text.to_uppercase().parse(), Ok(hash));
        for bad in ["", &text[1..], &text.replace('e', "g"), &format!("{text}0"), &"é".repeat(32)] {
            assert_eq!(bad.parse::<Hash>(), Err(NotAHash), "{bad}");
        }
    }
}
