//! Providers that stall, cut, flood, or send something else: the text is kept, the failure is clear, memory is bounded.

use std::time::{Duration, Instant};

use super::hear;
use crate::config::ProviderLimits;
use crate::llm::tests::provider::{Reply, ScriptedProvider, Then, ask, limits};
use crate::llm::{Answer, Asker, Error, Part};

const TEXT: &str = r#"{"choices":[{"delta":{"content":"hi"}}]}"#;
const STOP: &str = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
const SHORT: Duration = Duration::from_millis(60);

async fn begin(provider: &ScriptedProvider, limits: ProviderLimits) -> Result<Answer, Error> {
    let catalog = provider.catalog(limits);
    let model = catalog.resolve(None, Asker::Member).await?;
    catalog.answer(ask(model, "hi")).await
}

#[tokio::test]
async fn a_request_says_what_it_must() {
    let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT, STOP], Then::Close)]).await;
    assert!(hear(&provider.catalog(limits())).await.end.is_ok());
    let request = provider.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    for header in [
        "accept-encoding: identity",
        "authorization: Bearer sk-test-1234567890abcdef",
        "content-type: application/json",
        concat!("user-agent: loquat/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let expected = serde_json::json!({
        "model": "m",
        "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "hi" }],
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_provider_that_never_answers_times_out() {
    for pieces in [vec![], vec![b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_vec()]] {
        let provider = ScriptedProvider::start(vec![Reply { pieces, then: Then::Hold }]).await;
        let heard = hear(&provider.catalog(ProviderLimits { first_byte: Some(SHORT), ..limits() })).await;
        assert_eq!(heard.code(), "provider_timeout");
        assert_eq!(provider.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_stall_keeps_the_text() {
    let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT], Then::Hold)]).await;
    let limits = ProviderLimits { silence: Some(SHORT), ..limits() };
    let catalog = provider.catalog(limits);
    // The time for the first byte is longer, and must not be what counts once that is here.
    let heard = tokio::time::timeout(Duration::from_secs(5), hear(&catalog)).await.unwrap();
    assert_eq!((heard.text.as_str(), heard.code()), ("hi", "provider_stalled"));
}

#[tokio::test]
async fn comments_are_life_but_not_for_ever() {
    let mut reply = Reply::events(&[TEXT], Then::Repeat);
    reply.pieces.push(b": keep-alive\n\n".to_vec());
    let provider = ScriptedProvider::start(vec![reply]).await;
    let limits = ProviderLimits { silence: Some(SHORT), total: Some(4 * SHORT), ..limits() };
    let heard = hear(&provider.catalog(limits)).await;
    assert_eq!((heard.text.as_str(), heard.code()), ("hi", "provider_timeout"));
}

#[tokio::test]
async fn text_without_a_pause_does_not_outlast_the_total() {
    let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT], Then::Repeat)]).await;
    let limits = ProviderLimits { total: Some(SHORT), answer_bytes: None, ..limits() };
    let heard = hear(&provider.catalog(limits)).await;
    assert_eq!(heard.code(), "provider_timeout");
    assert!(heard.text.starts_with("hihi"));
}

#[tokio::test]
async fn without_limits_nothing_is_limited() {
    let none = ProviderLimits { first_byte: None, silence: None, total: None, answer_bytes: None, ..limits() };
    let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT, STOP], Then::Close)]).await;
    assert_eq!(hear(&provider.catalog(none)).await.text, "hi");
}

#[tokio::test]
async fn a_reset_keeps_the_text() {
    let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT], Then::Reset)]).await;
    let mut answer = begin(&provider, limits()).await.unwrap();
    let mut parts = Vec::new();
    assert_eq!(answer.next(&mut parts).await, Ok(None));
    assert_eq!(parts, [Part::Text("hi".to_owned())]);
    provider.release();
    assert_eq!(answer.next(&mut parts).await.unwrap_err().code(), "provider_cut_off");
    assert_eq!(answer.next(&mut parts).await.unwrap_err().code(), "provider_cut_off");
    assert_eq!(parts.len(), 1);
}

#[tokio::test]
async fn a_stall_after_the_reason_is_a_success_soon() {
    let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT, STOP], Then::Hold)]).await;
    let began = Instant::now();
    let heard = hear(&provider.catalog(limits())).await;
    assert_eq!((heard.text.as_str(), heard.code()), ("hi", "no error"));
    assert!(began.elapsed() < Duration::from_secs(5));
}

/// Text with a reason to stop, as some servers put it into every chunk.
const TEXT_AND_STOP: &str = r#"{"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}"#;

#[tokio::test]
async fn a_stall_after_a_reason_that_came_too_early_is_a_stall() {
    for after in [TEXT, TEXT_AND_STOP] {
        let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT_AND_STOP, after], Then::Hold)]).await;
        let heard = hear(&provider.catalog(ProviderLimits { silence: Some(SHORT), ..limits() })).await;
        assert_eq!((heard.text.as_str(), heard.code()), ("hihi", "provider_stalled"), "{after}");
    }
}

#[tokio::test]
async fn a_cut_after_a_reason_that_came_too_early_is_a_cut() {
    let events = format!("data: {TEXT_AND_STOP}\n\ndata: {TEXT_AND_STOP}\n\n");
    let length = events.len();
    for (framing, body, code) in [
        (format!("content-length: {}", length + 1), events.clone(), "provider_cut_off"),
        (format!("content-length: {length}"), events.clone(), "no error"),
        ("transfer-encoding: chunked".to_owned(), format!("{length:x}\r\n{events}\r\n"), "provider_cut_off"),
        ("transfer-encoding: chunked".to_owned(), format!("{length:x}\r\n{events}\r\n0\r\n\r\n"), "no error"),
        (format!("content-length: {}", length + 15), format!("{events}data: [DONE]\n\n"), "no error"),
        ("connection: close".to_owned(), events.clone(), "no error"),
    ] {
        let response = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{framing}\r\n\r\n{body}");
        let reply = Reply { pieces: vec![response.into_bytes()], then: Then::Close };
        let provider = ScriptedProvider::start(vec![reply]).await;
        let heard = hear(&provider.catalog(limits())).await;
        assert_eq!((heard.text.as_str(), heard.code()), ("hihi", code), "{framing}: {body}");
    }
}

#[tokio::test]
async fn done_ends_the_answer_though_the_connection_stays() {
    let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT, STOP, "[DONE]"], Then::Hold)]).await;
    let began = Instant::now();
    assert_eq!(hear(&provider.catalog(limits())).await.text, "hi");
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn an_endless_line_fails_at_the_bound() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ".to_vec();
    let reply = Reply { pieces: vec![head, vec![b'x'; 4096]], then: Then::Repeat };
    let mut provider = ScriptedProvider::start(vec![reply]).await;
    let heard = hear(&provider.catalog(limits())).await;
    assert_eq!(heard.code(), "provider_bad_response");
    provider.ended(1).await;
}

#[tokio::test]
async fn a_delta_of_a_megabyte_is_over_the_bound_of_a_line() {
    let delta = format!(r#"{{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#, "x".repeat(1024 * 1024));
    let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT, &delta, STOP], Then::Close)]).await;
    let heard = hear(&provider.catalog(limits())).await;
    assert_eq!((heard.text.as_str(), heard.code()), ("hi", "provider_bad_response"));
}

#[tokio::test]
async fn an_answer_without_end_is_cut_at_the_cap() {
    let delta = format!(r#"{{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#, "x".repeat(1000));
    let mut provider = ScriptedProvider::start(vec![Reply::events(&[&delta], Then::Repeat)]).await;
    let heard = hear(&provider.catalog(ProviderLimits { answer_bytes: Some(9999), ..limits() })).await;
    assert_eq!((heard.text.len(), heard.code()), (9999, "answer_too_long"));
    provider.ended(1).await;
}

#[tokio::test]
async fn white_space_without_end_is_cut_at_the_cap() {
    let delta = format!(r#"{{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#, " ".repeat(1000));
    let mut provider = ScriptedProvider::start(vec![Reply::events(&[&delta], Then::Repeat)]).await;
    let limits = ProviderLimits { answer_bytes: Some(9999), total: Some(Duration::from_secs(5)), ..limits() };
    let heard = hear(&provider.catalog(limits)).await;
    assert_eq!((heard.text.len(), heard.code()), (9999, "answer_too_long"));
    provider.ended(1).await;
}

#[tokio::test]
async fn dropping_the_answer_leaves_the_provider_within_a_second() {
    let mut provider = ScriptedProvider::start(vec![Reply::events(&[TEXT], Then::Hold)]).await;
    let mut answer = begin(&provider, limits()).await.unwrap();
    answer.next(&mut Vec::new()).await.unwrap();
    drop(answer);
    tokio::time::timeout(Duration::from_secs(1), provider.ended(1)).await.unwrap();
}

#[tokio::test]
async fn dropping_the_question_leaves_the_provider_within_a_second() {
    let mut provider = ScriptedProvider::start(vec![Reply { pieces: vec![], then: Then::Hold }]).await;
    let catalog = provider.catalog(limits());
    let model = catalog.resolve(None, Asker::Member).await.unwrap();
    let asking = tokio::spawn(async move { catalog.answer(ask(model, "hi")).await.map(drop) });
    while provider.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    asking.abort();
    tokio::time::timeout(Duration::from_secs(1), provider.ended(1)).await.unwrap();
}

#[tokio::test]
async fn a_dropped_wait_loses_nothing() {
    let provider = ScriptedProvider::start(vec![Reply::events(&[TEXT, TEXT, TEXT, STOP], Then::Close)]).await;
    let mut answer = begin(&provider, limits()).await.unwrap();
    let mut parts = Vec::new();
    loop {
        // The timer is ready at once, so that a wait which cannot end at once is dropped.
        tokio::select! {
            biased;
            step = answer.next(&mut parts) => if step.unwrap().is_some() { break },
            () = std::future::ready(()) => tokio::task::yield_now().await,
        }
    }
    let text: String = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) | Part::Reasoning(text) => text.as_str(),
        })
        .collect();
    assert_eq!(text, "hihihi");
}

#[tokio::test]
async fn a_coding_that_is_none_is_read() {
    let body = format!("data: {TEXT}\n\ndata: {STOP}\n\n");
    for headers in ["content-encoding: Identity\r\n", "transfer-encoding: identity\r\n"] {
        let provider = ScriptedProvider::start(vec![Reply::whole(200, headers, &body)]).await;
        let heard = hear(&provider.catalog(limits())).await;
        assert_eq!((heard.text.as_str(), heard.code()), ("hi", "no error"), "{headers}");
    }
}

#[tokio::test]
async fn what_is_compressed_or_moved_is_refused() {
    for (reply, word) in [
        (Reply::whole(200, "content-encoding: gzip\r\n", "\u{1f}\u{8b}"), "compressed"),
        (Reply::whole(200, "content-encoding: br\r\n", "x"), "compressed"),
        (Reply::whole(200, "content-type: text/event-stream\r\n", "\u{1f}\u{8b}\u{8}"), "compressed"),
        (Reply::whole(302, "location: http://127.0.0.1:1/\r\n", ""), "redirect"),
        (Reply::whole(200, "content-type: text/html\r\n", "<html>"), "web page"),
        (Reply::whole(200, "", ""), "empty"),
    ] {
        let provider = ScriptedProvider::start(vec![reply]).await;
        let heard = hear(&provider.catalog(limits())).await;
        assert_eq!(heard.code(), "provider_bad_response");
        assert!(heard.end.unwrap_err().to_string().contains(word), "{word}");
        assert_eq!(provider.requests().len(), 1);
    }
}
