//! Documents, up to the point where they would be executed.

use async_graphql::Request;
use schema::{Limits, Reader};

use crate::{
    harness::Run,
    input::{DOCUMENTS, WORDS, changed_text},
};

#[test]
fn documents() {
    let mut run = Run::of("documents");
    let reader = Reader::new(Limits::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut understood = 0_u64;
    while run.goes_on() {
        let text = changed_text(&mut run.random, DOCUMENTS, WORDS);
        let check = || runtime.block_on(reader.check(Request::new(text.as_str()))).err();
        match run.try_one(text.as_bytes(), check) {
            None => understood += 1,
            Some(refused) => {
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
