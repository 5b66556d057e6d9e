//! Rules that are meant to hurt: each is refused quickly and in little memory, and what is accepted
//! is evaluated so as well. Run with `--nocapture` for the table of what each took.

#![allow(unsafe_code, reason = "a global allocator that counts has no safe interface")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::expression::{AttributeValue, CampaignFacts, Facts, RuleExpression, UserFacts};
use proptest::prelude::*;

/// What the current thread has allocated, and the most that it had at once. By thread, as the tests
/// of this file run at the same time.
struct Counting;

thread_local! {
    static USED: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // The thread may be ending, when there is nothing left to count in.
    let _ = USED.try_with(|used| {
        used.set(used.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(used.get())));
    });
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How long `work` took, and how much memory it had at once.
fn measured<T>(work: impl FnOnce() -> T) -> (T, Duration, usize) {
    let before = USED.get();
    PEAK.set(before);
    let started = Instant::now();
    let result = work();
    let took = started.elapsed();
    (result, took, usize::try_from(PEAK.get() - before).unwrap_or(0))
}

const MOST_MEMORY: usize = 10 * 1024 * 1024;
const MOST_TIME: Duration = Duration::from_millis(50);

/// The stack that a rule may need: half of what a thread of this program has. A debug build needs
/// most of it, a release build less than a tenth.
const STACK: usize = 1024 * 1024;

fn repeated(part: &str, times: usize) -> String {
    part.repeat(times)
}

fn after(start: &str, part: &str, times: usize) -> String {
    start.to_owned() + &repeated(part, times)
}

fn wrapped(open: &str, inner: &str, close: &str, times: usize) -> String {
    repeated(open, times) + inner + &repeated(close, times)
}

/// Loops in loops over nine numbers, with `true` in the innermost.
fn loops(times: usize) -> String {
    let open = |level| format!("[1,2,3,4,5,6,7,8,9].all(x{level}, ");
    (0..times).map(open).collect::<String>() + "true" + &repeated(")", times)
}

/// Texts that a parser could choke on, each with a name.
fn unreadable() -> Vec<(&'static str, String)> {
    vec![
        ("a megabyte of a", repeated("a", 1 << 20)),
        ("a megabyte of (", repeated("(", 1 << 20)),
        ("a megabyte of é", repeated("é", 1 << 19)),
        ("open parentheses", repeated("(", 1_000)),
        ("open lists", repeated("[", 125)),
        ("open lists, longest", repeated("[", 500)),
        ("open maps", repeated("{", 500)),
        ("open maps with keys", repeated("{1:", 160)),
        ("open indexes", after("user", "[0", 240)),
        ("open calls", repeated("size(", 190)),
        ("open method calls", after("now", ".f(now", 120)),
        ("mixed brackets", repeated("([{", 160)),
        ("optional lists", repeated("[?", 240)),
        ("in and optional lists", repeated(" in [?", 160)),
        ("nots", repeated("!", 499) + "true"),
        ("minuses", repeated("-", 499) + "1"),
        ("conditionals without end", repeated("true ?", 160)),
        ("question marks and colons", repeated("?:", 250)),
        ("dots", repeated(".", 500)),
        ("missing operands", repeated("&& ||", 150)),
        ("missing operators", repeated("1 ", 490)),
        ("closers", repeated(")]}", 160)),
        ("commas", after("[", ",", 480)),
        ("an unclosed text", after("'", "a", 990)),
        ("an unclosed triple quote", after("'''", "a", 990)),
        ("quotes", repeated("'", 999)),
        ("escapes", after("'", "\\", 990)),
        ("bytes", after("b'", "\\x00", 240) + "'"),
        ("a raw text", after("r'", "\\", 990) + "'"),
        ("a comment", after("//", "(", 990)),
        ("comments", repeated("//\n", 330)),
        ("a huge number", repeated("9", 999)),
        ("a huge exponent", after("1e", "9", 990)),
        ("a huge hexadecimal", after("0x", "f", 990)),
        ("unicode", repeated("漢", 999)),
        ("combining marks", after("e", "\u{301}", 990)),
        ("control characters", repeated("\0", 990)),
        ("backticks", repeated("`a`", 300)),
        ("reserved words", repeated("for ", 240)),
        ("messages", repeated("a{", 240)),
    ]
}

/// Rules that are well written but for their size.
fn explosive() -> Vec<(&'static str, String)> {
    let doubled = |start: &str, part, times| after(start, part, times) + " == []";
    let pairs = "user.attributes.exists(a, user.attributes.exists(b, a == b))";
    vec![
        ("closed parentheses", wrapped("(", "true", ")", 200)),
        ("closed lists", wrapped("[", "1", "]", 200)),
        ("closed maps", wrapped("{1:", "1", "}", 120)),
        ("nots and parentheses", wrapped("!(", "true", ")", 160)),
        ("conditionals to the right", repeated("true ? 1 : ", 80) + "1"),
        ("conditionals to the left", wrapped("true ? ", "1", " : 1", 70)),
        ("a sum", after("1", "+1", 240) + " == 1"),
        ("comparisons", after("true", "==true", 140)),
        ("selections", after("user", ".a", 240)),
        ("calls in a row", after("now", ".f()", 120)),
        ("nested loops", loops(5)),
        ("loops over attributes", pairs.to_owned()),
        ("a text that doubles", doubled("['0123456789abcdef']", ".map(x, x+x)", 11)),
        ("a list that doubles", doubled("[[1]]", ".map(x, x+x)", 11)),
        ("a list that nests", doubled("[1]", ".map(x, [x,x])", 11)),
        ("filters of filters", doubled("[1]", ".filter(x,true)", 40)),
    ]
}

#[test]
fn hostile_rules_are_refused_in_little_time_and_memory() {
    // What is built once is not part of refusing a rule.
    RuleExpression::compile("now.getHours('UTC') > 1").expect("a rule");
    println!("{:30} {:>10} {:>10}  refused with", "rule", "µs", "bytes");
    for (name, source) in unreadable().into_iter().chain(explosive()) {
        let (result, took, peak) = measured(|| RuleExpression::compile(&source));
        let Err(error) = result else {
            panic!("{name} was accepted");
        };
        let micros = took.as_micros();
        println!("{name:30} {micros:>10} {peak:>10}  {error}");
        assert!(took < MOST_TIME, "{name} took {took:?}");
        assert!(peak < MOST_MEMORY, "{name} took {peak} bytes");
    }
}

/// Rules that come close to the bounds and are within them.
fn large() -> Vec<(&'static str, String)> {
    let every = |part: &str, times, joined| vec![part; times].join(joined);
    let names = every("'abc'", 160, ",");
    let fixed = |source: &str| source.to_owned();
    vec![
        ("many names", format!("campaign.id in [{names}]")),
        ("many conditions", every("user.age > 3", 70, "&&")),
        ("many alternatives", every("user.age < 3", 70, "||")),
        ("deep parentheses", wrapped("(", "true", ")", 9)),
        ("deep negations", repeated("!", 9) + "true"),
        ("deep conditionals", repeated("false ? true : ", 9) + "true"),
        ("a long sum", after("1", "+1", 13) + " > 1"),
        ("a long text", format!("campaign.title == '{}'", repeated("a", 970))),
        ("deep lists", wrapped("[", "1", "]", 9) + " == []"),
        ("attributes in a loop", fixed("user.attributes.all(a, user.roles.all(r, a != r))")),
        ("loops in loops", fixed("[1,2,3,4,5].all(a,[1,2,3,4,5].all(b,[1,2,3,4,5].all(c,a*b*c>0)))")),
        ("deep loops", fixed("[1].all(a,[1].all(b,[1].all(c,[1].all(d,a+d>0))))")),
        ("texts in loops", fixed("user.attributes.all(a, !(a + campaign.title).contains('a' + campaign.id))")),
        ("mapped twice", fixed("user.attributes.map(a, size(a)).filter(a, a > 3).map(a, [a, a]) != []")),
        ("time zones", every("now.getHours('Europe/Berlin') >= 0", 25, "&&")),
        (
            "times",
            fixed(
                "[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, \
                 timestamp(a).getDayOfYear('Asia/Tokyo') > b - 9))",
            ),
        ),
        ("conversions", fixed("user.attributes.all(a, string(now) != a && string(1.5) != a)")),
        ("errors in a loop", fixed("user.attributes.exists(a, user.attributes[a] + 'x' == 'y')")),
    ]
}

/// As many facts as there can be.
fn facts() -> Facts {
    let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_513);
    let attribute = |number| (format!("attribute{number}"), AttributeValue::Number(1.0));
    Facts {
        user: UserFacts {
            age: 30,
            work_status: "EMPLOYED".to_owned(),
            roles: vec!["CUSTOMER".to_owned(); 8],
            registered_at: now,
            attributes: (0..64).map(attribute).collect(),
        },
        campaign: CampaignFacts {
            id: repeated("c", 64),
            title: repeated("t", 256),
            price: 9.5,
            currency: "EUR".to_owned(),
            quantity: 100,
            per_user_limit: 2,
            starts_at: now,
            ends_at: now,
        },
        now,
        lists: BTreeSet::new(),
    }
}

#[test]
fn large_rules_are_compiled_and_evaluated_in_little_time_memory_and_stack() {
    let run = || {
        let facts = facts();
        println!("{:24} {:>10} {:>10} {:>10}", "rule", "compile µs", "run µs", "bytes");
        for (name, source) in large() {
            let (rule, compiling, _) = measured(|| RuleExpression::compile(&source));
            let rule = rule.unwrap_or_else(|error| panic!("{name}: {error}"));
            let (_, first, _) = measured(|| rule.evaluate(&facts));
            let (_, second, peak) = measured(|| rule.evaluate(&facts));
            let took = first.min(second);
            let (compiled, ran) = (compiling.as_micros(), took.as_micros());
            println!("{name:24} {compiled:>10} {ran:>10} {peak:>10}");
            assert!(compiling < MOST_TIME, "{name} took {compiling:?} to compile");
            assert!(took < MOST_TIME, "{name} took {took:?} to evaluate");
            assert!(peak < 1024 * 1024, "{name} took {peak} bytes to evaluate");
        }
    };
    // Too small a stack would end the whole test program, which is a failure as well.
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
    thread.expect("a thread").join().expect("no panic");
}

/// The alphabet of CEL, and some letters that are not in it.
#[rustfmt::skip]
const SOUP: [&str; 72] = [
    "(", ")", "[", "]", "{", "}", "?", ":", ".", ",", "!", "-", "+", "*", "/", "%", "==", "!=", "<",
    "<=", ">", ">=", "&&", "||", " in ", " ", "\n", "// c\n", "true", "false", "null", "0", "1",
    "-1", "2.5", "1e9", "0xf", "1u", "9223372036854775807", "'a'", "\"é\"", "b'x'", "r'x'", "'''",
    "'", "\\", "`q`", "user", "user.age", "user.roles", "user.attributes", ".vip", "campaign.title",
    "campaign.price", "now", "x", "y", "has(", "size(", "int(", "string(", "inList('l')",
    "duration('1h')", ".all(x,", ".exists(y,", ".map(x,", ".filter(y,", ".contains(", ".getHours(",
    "@", "é", "漢",
];

#[rustfmt::skip]
const VALUES: [&str; 23] = [
    "user.age", "x", "1", "0", "-9223372036854775808", "campaign.price", "2.5", "now",
    "user.registeredAt", "duration('2000000h')", "campaign.title", "'EMPLOYED'", "user.roles",
    "user.workStatus", "user.attributes.attribute1", "user.attributes.absent", "[1, 2.5]", "{}",
    "timestamp(0)", "int(campaign.title)", "string(now)", "user.attributes", "['CUSTOMER']",
];

const OPERATORS: [&str; 14] = ["==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "&&", "||"];

const WRAPPERS: [&str; 4] = ["!(@)", "[1, 2].all(x, @)", "user.roles.exists(x, @)", "user.attributes.exists(x, @)"];

/// Rules of the right shape, many of the right types too.
fn plausible() -> impl Strategy<Value = String> {
    let value = || prop::sample::select(&VALUES[..]);
    let operator = || prop::sample::select(&OPERATORS[..]);
    let leaf = (value(), operator(), value()).prop_map(|(a, operator, b)| format!("{a} {operator} {b}"));
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let wrapper = prop::sample::select(&WRAPPERS[..]);
        prop_oneof![
            (wrapper, inner.clone()).prop_map(|(wrapper, inner)| wrapper.replace('@', &inner)),
            (inner.clone(), operator(), inner.clone()).prop_map(|(a, o, b)| format!("({a}) {o} ({b})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("{a} ? ({b}) : ({c})")),
        ]
    })
}

/// Compiles and evaluates within bounds that are generous, as other programs may have the processor.
fn within_bounds(source: &str) -> Result<(), TestCaseError> {
    let limit = Duration::from_millis(500);
    let (result, took, peak) = measured(|| RuleExpression::compile(source));
    prop_assert!(took < limit, "{took:?} for {source}");
    prop_assert!(peak < MOST_MEMORY, "{peak} bytes for {source}");
    if let Ok(rule) = result {
        let (result, took, peak) = measured(|| rule.evaluate(&facts()));
        prop_assert!(took < limit, "{took:?} for {source}");
        prop_assert!(peak < MOST_MEMORY, "{peak} bytes for {source}");
        // What a panic inside the interpreter is reported as.
        let panicked = result.is_err_and(|e| e.message == "the rule could not be evaluated");
        prop_assert!(!panicked, "{source}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn token_soup_never_panics_and_stays_within_bounds(
        parts in prop::collection::vec(prop::sample::select(&SOUP[..]), 0..160),
    ) {
        within_bounds(&parts.concat())?;
    }

    #[test]
    fn plausible_rules_never_panic_and_stay_within_bounds(source in plausible()) {
        within_bounds(&source)?;
    }
}
