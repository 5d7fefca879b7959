//! Tests of the wire format: recorded streams, shapes of single events, and providers that misbehave.

mod events;
mod expected;
mod faults;
mod messages;
mod recordings;
mod retries;
mod text;

use crate::llm::tests::provider::ask;
use crate::llm::{Asker, Catalog, Error, Finish, Part};

/// All that an answer brought: text, reasoning, and how it ended.
#[derive(Debug, PartialEq)]
struct Heard {
    text: String,
    reasoning: String,
    end: Result<Finish, Error>,
}

impl Heard {
    fn code(&self) -> &'static str {
        self.end.as_ref().map_or_else(Error::code, |_| "no error")
    }
}

fn join(parts: &[Part], end: Result<Finish, Error>) -> Heard {
    let mut heard = Heard { text: String::new(), reasoning: String::new(), end };
    for part in parts {
        match part {
            Part::Text(text) => heard.text.push_str(text),
            Part::Reasoning(text) => heard.reasoning.push_str(text),
        }
    }
    heard
}

/// Asks and listens to the end.
async fn hear(catalog: &Catalog) -> Heard {
    let model = catalog.resolve(None, Asker::Member).await.unwrap();
    let mut parts = Vec::new();
    let mut answer = match catalog.answer(ask(model, "hi")).await {
        Ok(answer) => answer,
        Err(error) => return join(&[], Err(error)),
    };
    loop {
        match answer.next(&mut parts).await {
            Ok(None) => {}
            Ok(Some(finish)) => return join(&parts, Ok(finish)),
            Err(error) => return join(&parts, Err(error)),
        }
    }
}
