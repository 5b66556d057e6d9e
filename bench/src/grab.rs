//! A grab, as a client sends it and reads it.

use std::{collections::HashSet, net::SocketAddr, ops::Range, sync::Arc};

use domain::id::{CampaignId, OrderId};

use crate::{error::BenchError, load::Script, shop::Crowd};

/// What a client needs to know. Its fields stand in the order of the alphabet, so that an answer reads the same whether
/// or not a server sorts.
const QUERY: &str = "mutation Grab($input: GrabInput!) { grab(input: $input) { order { id quantity status } remaining \
                     userErrors { code field message } } }";

/// How an answer begins that grants an order; its id follows.
const GRANTED: &[u8] = br#"{"data":{"grab":{"order":{"id":""#;
/// How an answer begins that says that nothing is left.
const SOLD_OUT: &[u8] = br#"{"data":{"grab":{"order":null,"remaining":null,"userErrors":[{"code":"SOLD_OUT""#;
/// Letters of an order's id.
const ID: usize = "order_".len() + 26;

/// What an answer to a grab says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// An order, by its id.
    Granted(&'a [u8]),
    /// Nothing is left.
    SoldOut,
    /// Something else.
    Other,
}

impl<'a> Verdict<'a> {
    /// Reads an answer, as little of it as will do.
    pub(crate) fn of(status: u16, body: &'a [u8]) -> Self {
        if status == 200
            && let Some(id) = body.strip_prefix(GRANTED).and_then(|rest| rest.get(..ID))
            && body.ends_with(br#","userErrors":[]}}}"#)
        {
            return Self::Granted(id);
        }
        if status == 200 && body.starts_with(SOLD_OUT) { Self::SoldOut } else { Self::Other }
    }
}

/// Grabs of a crowd: one unit a head, each with its own token and its own idempotency key.
pub(crate) struct Grabs {
    crowd: Arc<Crowd>,
    /// The request up to the token, from there to the key, and from there to its end.
    parts: [Vec<u8>; 3],
    /// What tells the keys of this run from those of other runs. All keys are equally long.
    run: String,
    people: Range<usize>,
    again: bool,
    asked: usize,
    sold_out: u64,
    granted: Vec<[u8; ID]>,
    bytes: usize,
}

impl Grabs {
    /// Grabs of everybody, each once.
    pub(crate) fn new(crowd: Arc<Crowd>, target: SocketAddr, campaign: CampaignId, run: u32) -> Self {
        let run = format!("run-{run:06}-");
        let key = key(&run, 0);
        let body = serde_json::json!({
            "operationName": "Grab",
            "query": QUERY,
            "variables": { "input": { "campaignId": campaign.to_string(), "quantity": 1, "idempotencyKey": key } },
        })
        .to_string();
        let (before, after) = body.split_once(key.as_str()).unwrap_or((&body, ""));
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             authorization: Bearer ",
            body.len(),
        );
        let parts = [head.into(), format!("\r\n\r\n{before}").into(), after.into()];
        let people = 0..crowd.tokens.len();
        Self { crowd, parts, run, people, again: false, asked: 0, sold_out: 0, granted: Vec::new(), bytes: 0 }
    }

    /// Only of these people.
    pub(crate) fn of(self, people: Range<usize>) -> Self {
        let end = people.end.min(self.crowd.tokens.len());
        Self { people: people.start.min(end)..end, ..self }
    }

    /// Over and over: people who are told that nothing is left try again.
    pub(crate) fn over_and_over(self) -> Self {
        Self { again: true, ..self }
    }

    /// Bytes of the last answer's body.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How often the answer was that nothing is left.
    pub(crate) const fn sold_out(&self) -> u64 {
        self.sold_out
    }

    /// The orders that were granted. Fails if one was granted twice.
    pub(crate) fn granted(&self) -> Result<HashSet<OrderId>, BenchError> {
        let mut orders = HashSet::with_capacity(self.granted.len());
        for id in &self.granted {
            let id = String::from_utf8_lossy(id);
            let order = id.parse().map_err(|error| BenchError::Wrong(format!("an order {id}: {error}")))?;
            if !orders.insert(order) {
                return Err(BenchError::Wrong(format!("{order} was granted to two")));
            }
        }
        Ok(orders)
    }
}

fn key(run: &str, attempt: usize) -> String {
    format!("{run}{attempt:09}")
}

impl Script for Grabs {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        let people = self.people.len();
        if people == 0 || (self.asked >= people && !self.again) {
            return false;
        }
        let [head, before, after] = &self.parts;
        request.extend_from_slice(head);
        request.extend_from_slice(self.crowd.tokens[self.people.start + self.asked % people].as_bytes());
        request.extend_from_slice(before);
        request.extend_from_slice(key(&self.run, self.asked).as_bytes());
        request.extend_from_slice(after);
        self.asked += 1;
        true
    }

    fn take(&mut self, status: u16, body: &[u8]) -> Result<(), BenchError> {
        self.bytes = body.len();
        match Verdict::of(status, body) {
            Verdict::Granted(id) => {
                let mut order = [0; ID];
                order.copy_from_slice(id);
                self.granted.push(order);
                Ok(())
            }
            Verdict::SoldOut => {
                self.sold_out += 1;
                Ok(())
            }
            Verdict::Other => {
                Err(BenchError::Wrong(format!("a grab was answered with {status} {}", String::from_utf8_lossy(body))))
            }
        }
    }
}

/// A request of everybody that asks for nothing in particular.
pub(crate) struct Visits {
    crowd: Arc<Crowd>,
    head: String,
    asked: usize,
}

impl Visits {
    pub(crate) fn new(crowd: Arc<Crowd>, target: SocketAddr) -> Self {
        let head = format!("POST /graphql HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\n");
        Self { crowd, head, asked: 0 }
    }
}

impl Script for Visits {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        const BODY: &str = r#"{"query":"{ __typename }"}"#;
        let Some(token) = self.crowd.tokens.get(self.asked) else { return false };
        self.asked += 1;
        let rest = format!("content-length: {}\r\nauthorization: Bearer {token}\r\n\r\n{BODY}", BODY.len());
        request.extend_from_slice(self.head.as_bytes());
        request.extend_from_slice(rest.as_bytes());
        true
    }

    fn take(&mut self, status: u16, body: &[u8]) -> Result<(), BenchError> {
        if status == 200 && body.starts_with(br#"{"data":{"#) {
            return Ok(());
        }
        Err(BenchError::Wrong(format!("a visit was answered with {status} {}", String::from_utf8_lossy(body))))
    }
}

/// The same requests, to a server of which no more is known than how long its answers are.
pub(crate) struct Asked {
    grabs: Grabs,
    answers: u32,
    bytes: usize,
}

impl Asked {
    /// Whose answers have so many bytes.
    pub(crate) const fn new(grabs: Grabs, bytes: usize) -> Self {
        Self { grabs, answers: 0, bytes }
    }

    /// How many were answered.
    pub(crate) const fn answers(&self) -> u32 {
        self.answers
    }
}

impl Script for Asked {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        self.grabs.next(request)
    }

    fn take(&mut self, status: u16, body: &[u8]) -> Result<(), BenchError> {
        self.answers += 1;
        if status == 200 && body.len() == self.bytes {
            return Ok(());
        }
        Err(BenchError::Wrong(format!("a baseline answered {status} {}", String::from_utf8_lossy(body))))
    }
}

#[cfg(test)]
mod tests {
    use domain::id::TypedId;

    use super::*;

    #[test]
    fn an_answer_says_what_came_of_a_grab() {
        let granted = br#"{"data":{"grab":{"order":{"id":"order_01h2xcejqtf2nbrexx3vqjhp41","quantity":1,"status":"QUEUED"},"remaining":9,"userErrors":[]}}}"#;
        assert_eq!(Verdict::of(200, granted), Verdict::Granted(b"order_01h2xcejqtf2nbrexx3vqjhp41"));
        assert_eq!(Verdict::of(500, granted), Verdict::Other);
        let sold_out = br#"{"data":{"grab":{"order":null,"remaining":null,"userErrors":[{"code":"SOLD_OUT","field":null,"message":"sold out"}]}}}"#;
        assert_eq!(Verdict::of(200, sold_out), Verdict::SoldOut);
        assert_eq!(Verdict::of(200, br#"{"data":null,"errors":[]}"#), Verdict::Other);
        assert_eq!(Verdict::of(200, br#"{"data":{"grab":{"order":{"id":"order_"#), Verdict::Other);
    }

    #[test]
    fn everybody_asks_once_with_a_body_of_the_length_that_is_said() {
        let crowd = Arc::new(Crowd { tokens: vec!["one".into(), "two".into()] });
        let target = "127.0.0.1:80".parse().unwrap();
        let campaign = CampaignId::from_uuid(uuid::Uuid::from_u128(7));
        let mut grabs = Grabs::new(Arc::clone(&crowd), target, campaign, 3);
        let mut requests = Vec::new();
        let mut request = Vec::new();
        while grabs.next(&mut request) {
            requests.push(String::from_utf8(std::mem::take(&mut request)).unwrap());
        }
        assert_eq!(requests.len(), 2);
        let (head, body) = requests[1].split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with("authorization: Bearer two"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["variables"]["input"]["idempotencyKey"], "run-000003-000000001");
        assert_eq!(body["variables"]["input"]["campaignId"], campaign.to_string());
        let mut none = Grabs::new(Arc::clone(&crowd), target, campaign, 3).of(2..9);
        assert!(!none.next(&mut request));
        let mut again = Grabs::new(crowd, target, campaign, 3).of(1..2).over_and_over();
        assert!((0..5).all(|_| again.next(&mut request)));
    }

    #[test]
    fn an_order_that_two_were_granted_is_found() {
        let crowd = Arc::new(Crowd { tokens: Vec::new() });
        let campaign = CampaignId::from_uuid(uuid::Uuid::from_u128(7));
        let mut grabs = Grabs::new(crowd, "127.0.0.1:80".parse().unwrap(), campaign, 0);
        let granted = br#"{"data":{"grab":{"order":{"id":"order_01h2xcejqtf2nbrexx3vqjhp41","quantity":1,"status":"QUEUED"},"remaining":9,"userErrors":[]}}}"#;
        grabs.take(200, granted).unwrap();
        assert_eq!(grabs.granted().unwrap().len(), 1);
        grabs.take(200, granted).unwrap();
        assert!(matches!(grabs.granted(), Err(BenchError::Wrong(_))));
    }
}
