//! The descriptions are the manual in the playground: nothing is without one, and each says something.

mod support;

use schema::{Which, sdl_of};

#[test]
fn everything_is_described() {
    for which in Which::ALL {
        let silent: Vec<_> = support::lines(&sdl_of(which))
            .into_iter()
            .filter(|(_, description)| description.as_deref().is_none_or(|text| text.trim().len() < 5))
            .map(|(line, _)| line)
            .collect();
        assert!(silent.is_empty(), "no description in {which:?}: {silent:#?}");
    }
}

#[test]
fn operations_say_who_may_call_them_and_what_they_refuse() {
    for (line, description) in support::lines(&schema::sdl()) {
        let root = ["Query.", "Mutation.", "Subscription."].iter().any(|root| line.starts_with(root));
        if !root || line.contains('(') {
            continue;
        }
        let text = description.unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let caller = ["For anybody", "For signed-in users", "For administrators", "For the buyer"];
        assert!(caller.iter().any(|who| text.contains(who)), "{line} does not say who may call it: {text}");
        assert!(
            text.contains("Errors:") || text.contains("User errors:"),
            "{line} does not say what it refuses: {text}"
        );
        if line.starts_with("Mutation.") {
            assert!(text.contains("User errors:"), "{line} does not list its user errors: {text}");
        }
    }
}

/// The codes in the description of a mutation are those of its error type.
#[test]
fn user_errors_in_descriptions_are_codes_of_the_mutation() {
    let lines = support::lines(&schema::sdl());
    let type_of = |line: &str| lines.keys().find_map(|known| known.strip_prefix(line)).map(str::to_owned);
    for (line, description) in lines.iter().filter(|(line, _)| line.starts_with("Mutation.") && !line.contains('(')) {
        let payload = line.split(": ").nth(1).unwrap().trim_end_matches('!');
        let errors = type_of(&format!("{payload}.userErrors: ")).unwrap();
        let code = format!("{}Code.", errors.trim_matches(['[', ']', '!']));
        let text = description.as_deref().unwrap().split("User errors:").nth(1).unwrap();
        let named = text.split(" Errors:").next().unwrap().split("\nErrors:").next().unwrap();
        let named = named.split('`').skip(1).step_by(2);
        for name in named {
            assert!(lines.contains_key(&format!("{code}{name}")), "{line} names {name}, which is no {code}");
        }
    }
}
