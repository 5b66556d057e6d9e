//! Documents, up to the point where they would be executed.

use async_graphql::Request;
use schema::{Limits, check};

use crate::{
    harness::Run,
    input::{DOCUMENTS, WORDS, changed_text},
};

#[test]
fn documents() {
    let mut run = Run::of("documents");
    let limits = Limits::default();
    let mut understood = 0_u64;
    while run.goes_on() {
        let text = changed_text(&mut run.random, DOCUMENTS, WORDS);
        let checked = run.try_one(text.as_bytes(), || check(Request::new(text.as_str()), &limits));
        match checked {
            Ok(_) => understood += 1,
            Err(refused) => {
                let [error] = refused.errors.as_slice() else { run.failed(text.as_bytes(), "more than one error") };
                let told = error.message.len() < 500 && error.extensions.is_some();
                if !told {
                    run.failed(text.as_bytes(), &format!("{error:?}"));
                }
            }
        }
    }
    println!("fuzz documents: {understood} of them are documents");
    assert!(understood > 0, "what is changed a little is often still a document");
    run.done();
}
