//! Making input up: good input, changed a little or a lot.

use rand::{Rng, RngExt, rngs::StdRng};

/// Changes a text at random: pieces are cut out, doubled, moved, replaced by words of the language or by noise.
pub(crate) fn changed(random: &mut StdRng, corpus: &[&str], words: &[&str]) -> Vec<u8> {
    let mut text = pick(random, corpus).as_bytes().to_vec();
    for _ in 0..random.random_range(0..8) {
        let (from, to) = piece(random, text.len());
        match random.random_range(0..9) {
            0 => {
                text.drain(from..to);
            }
            1 => {
                let doubled = text[from..to].to_vec();
                let times = 1 << random.random_range(0..6);
                insert(&mut text, to, &doubled.repeat(times));
            }
            2 => {
                let other = pick(random, corpus).as_bytes();
                let (from, to) = piece(random, other.len());
                let place = random.random_range(0..=text.len());
                insert(&mut text, place, &other[from..to]);
            }
            3 | 4 => insert(&mut text, from, pick(random, words).as_bytes()),
            5 => {
                text.splice(from..to, pick(random, words).bytes());
            }
            6 => {
                let times = random.random_range(1..200);
                insert(&mut text, from, pick(random, words).repeat(times).as_bytes());
            }
            7 if !text.is_empty() => {
                let place = random.random_range(0..text.len());
                text[place] ^= 1 << random.random_range(0..8);
            }
            _ => {
                let mut noise = vec![0; random.random_range(1..20)];
                random.fill_bytes(&mut noise);
                insert(&mut text, from, &noise);
            }
        }
        text.truncate(1 << 17);
    }
    text
}

/// The same where it has to be a text.
pub(crate) fn changed_text(random: &mut StdRng, corpus: &[&str], words: &[&str]) -> String {
    String::from_utf8_lossy(&changed(random, corpus, words)).into_owned()
}

/// One of them.
pub(crate) fn pick<'a, T: ?Sized>(random: &mut StdRng, from: &[&'a T]) -> &'a T {
    from[random.random_range(0..from.len())]
}

fn piece(random: &mut StdRng, length: usize) -> (usize, usize) {
    let from = random.random_range(0..=length);
    (from, (from + random.random_range(0..=40)).min(length))
}

fn insert(text: &mut Vec<u8>, place: usize, what: &[u8]) {
    text.splice(place..place, what.iter().copied());
}

/// Documents that the graph understands.
pub(crate) const DOCUMENTS: &[&str] = &[
    "{ __typename }",
    "query A($first: Int = 2, $after: String) { campaigns(first: $first, after: $after, states: [LIVE]) {
        edges { cursor node { ...c } } nodes { id } pageInfo { hasNextPage endCursor } totalCount } }
     fragment c on Campaign { id title price { amount currencyCode } product { ... on Product { name } } }",
    "query B($id: ID!) { campaign(id: $id) { id state @include(if: true) remaining myOrders { id } } order(id: $id) { id } }",
    "mutation C($input: GrabInput!) { grab(input: $input) { order { id status } remaining userErrors { code message field } } }",
    "mutation { login(input: { phone: \"+1000\", password: \"\"\"guess \\\"\"\" \"\"\" }) { userErrors { code } } }",
    "mutation { createCampaign(input: { productId: \"x\", title: \"t\", price: { amount: \"1.5\", currencyCode: CNY }, quantity: 1,
        startsAt: \"2026-01-01T00:00:00Z\", endsAt: \"2026-01-02T00:00:00Z\" }) { campaign { id } userErrors { code } } }",
    "subscription D { orderStatus { id status history { at } } }",
    "{ __schema { types { ...f } directives { name args { name } } } } fragment f on __Type { kind fields { name type { name ofType { name } } } }",
    "{ me { id orders(first: 1, statuses: [PAID, QUEUED]) { nodes { total { amount } } } balance { amount } } users(first: 1) { totalCount } }",
    "query($a: [Int!]! = [1, -2], $b: Boolean = false) { me @skip(if: $b) { id } } # a comment",
];

/// Words of the language.
pub(crate) const WORDS: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "...",
    "@",
    "$",
    "!",
    ":",
    "=",
    "|",
    "&",
    ",",
    "\"",
    "\"\"\"",
    "\\\"\"\"",
    "\\u00e9",
    "\\",
    "#",
    "\n",
    "\u{feff}",
    "query ",
    "mutation ",
    "subscription ",
    "fragment f on Query ",
    "...f ",
    "... on User ",
    "on ",
    "__typename ",
    "__schema ",
    "__type ",
    "id ",
    "me ",
    "a: ",
    "first: ",
    "true",
    "false",
    "null",
    "-0",
    "1e999",
    "99999999999999999999",
    "0.1",
    "[Int!]! ",
    "$a: ",
    "@include(if: $b) ",
    "\u{0}",
    "{a",
    "[[",
    "é",
    "🏃",
];
