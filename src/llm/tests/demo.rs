//! The built-in demo says what it is, and shows what an answer can contain.

use std::time::Duration;

use crate::llm::demo::{PACE, Stream};
use crate::llm::{FinishReason, Message, Part, Role};

/// All of the demo's answer, and its number of parts.
async fn answer_to(question: &str) -> (String, usize) {
    hear(&[Message::new(Role::User, question)]).await
}

async fn hear(messages: &[Message]) -> (String, usize) {
    let mut stream = Stream::new(messages, Duration::from_nanos(1));
    let (mut text, mut count) = (String::new(), 0);
    let mut parts = Vec::new();
    loop {
        let finish = stream.next(&mut parts).await;
        count += parts.len();
        for part in parts.drain(..) {
            match part {
                Part::Text(word) => text.push_str(&word),
                Part::Reasoning(_) => panic!("the demo does not think"),
            }
        }
        if let Some(finish) = finish {
            assert_eq!(finish.reason, FinishReason::Stop);
            assert_eq!(stream.next(&mut parts).await, Some(finish));
            return (text, count);
        }
    }
}

#[tokio::test]
async fn it_says_that_it_is_no_model_and_how_to_connect_one() {
    let (text, _) = answer_to("What is the meaning of life?").await;
    for needed in
        ["**not a real model**", "OPENAI_API_KEY", "OPENAI_BASE_URL", "Ollama", "`What is the meaning of life?`"]
    {
        assert!(text.contains(needed), "{needed}");
    }
}

#[tokio::test]
async fn it_shows_every_kind_of_markup() {
    let (text, _) = answer_to("hi").await;
    for needed in ["\n## ", "\n1. ", "```rust\n", "| --- |", "$e^{i", "\n$$\n", "\n> "] {
        assert!(text.contains(needed), "{needed}");
    }
    assert_eq!(text.matches("```").count() % 2, 0);
}

#[tokio::test]
async fn it_takes_about_nine_seconds() {
    let (_, parts) = answer_to("hi").await;
    let time = PACE * u32::try_from(parts).unwrap();
    assert!((Duration::from_secs(7)..Duration::from_secs(11)).contains(&time), "{time:?}");
}

#[tokio::test]
async fn it_is_longer_when_asked_and_always_the_same() {
    let (short, _) = answer_to("hi").await;
    let (long, _) = answer_to("Write a LONG essay, please").await;
    assert!(long.len() > 2 * short.len());
    assert_eq!(answer_to("hi").await.0, short);
    assert!(answer_to("I belong here").await.0.len() < long.len());
}

#[tokio::test]
async fn it_goes_on_where_it_was_stopped() {
    let (whole, _) = answer_to("hi").await;
    let (begun, rest) = whole.split_at(whole.floor_char_boundary(1000));
    let said = |role, content: &str| Message::new(role, content);
    let (more, _) = hear(&[said(Role::User, "hi"), said(Role::Assistant, begun)]).await;
    assert_eq!(more, rest);
    let (again, _) = hear(&[said(Role::User, "hi"), said(Role::Assistant, "from another model")]).await;
    assert_eq!(again, whole);
}

#[tokio::test]
async fn what_was_said_is_quoted_as_text() {
    let (text, _) = answer_to("a `b` \n\n# c <script>").await;
    assert!(text.contains("`a 'b' # c <script>`"), "{text}");
    let (text, _) = answer_to(&"word ".repeat(1000)).await;
    assert!(text.contains("…`"));
    assert!(answer_to("").await.0.contains("empty message"));
}
