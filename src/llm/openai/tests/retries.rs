//! When a provider is asked again, and when not.

use std::time::{Duration, SystemTime};

use chrono::DateTime;
use reqwest::header::HeaderMap;
use tokio::net::TcpListener;

use super::hear;
use crate::llm::openai::{Clients, retry_after};
use crate::llm::tests::provider::{Reply, ScriptedProvider, Then, ask, limits};
use crate::llm::{Asker, Catalog};

const TEXT: &str = r#"{"choices":[{"delta":{"content":"hi"}}]}"#;
const STOP: &str = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;

fn good() -> Reply {
    Reply::events(&[TEXT, STOP, "[DONE]"], Then::Close)
}

fn failing(status: u16) -> Reply {
    Reply::whole(status, "content-type: application/json\r\n", r#"{"error":{"message":"out of order"}}"#)
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again() {
    for status in [429, 500, 502, 503, 504] {
        let provider = ScriptedProvider::start(vec![failing(status), failing(status), good()]).await;
        assert_eq!(hear(&provider.catalog(limits())).await.text, "hi", "{status}");
        assert_eq!(provider.requests().len(), 3);
    }
}

#[tokio::test]
async fn a_failure_that_stays_is_tried_three_times_in_all() {
    for (status, code) in [(429, "provider_rate_limited"), (500, "provider_error"), (503, "provider_error")] {
        let provider = ScriptedProvider::start(vec![failing(status)]).await;
        assert_eq!(hear(&provider.catalog(limits())).await.code(), code);
        assert_eq!(provider.requests().len(), 3);
    }
}

#[tokio::test]
async fn a_refusal_is_final() {
    for (status, code) in [
        (400, "provider_error"),
        (401, "provider_key_refused"),
        (402, "provider_quota"),
        (403, "provider_key_refused"),
        (404, "provider_error"),
        (413, "context_too_long"),
        (422, "provider_error"),
        (501, "provider_error"),
        (505, "provider_error"),
    ] {
        let provider = ScriptedProvider::start(vec![failing(status), good()]).await;
        let heard = hear(&provider.catalog(limits())).await;
        // 501 lies between 500 and 504 and is tried again.
        let calls = if status == 501 { 2 } else { 1 };
        assert_eq!(provider.requests().len(), calls, "{status}");
        if calls == 1 {
            assert_eq!(heard.code(), code, "{status}");
        }
    }
}

#[tokio::test]
async fn a_used_up_quota_is_final() {
    let body = r#"{"error":{"message":"pay","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    let provider = ScriptedProvider::start(vec![Reply::whole(429, "", body), good()]).await;
    assert_eq!(hear(&provider.catalog(limits())).await.code(), "provider_quota");
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn nothing_is_tried_again_once_the_answer_began() {
    let error = r#"{"error":{"message":"out of order","code":503}}"#;
    for reply in [
        Reply::events(&[TEXT, error], Then::Close),
        Reply::events(&[TEXT], Then::Close),
        Reply::events(&[], Then::Close),
    ] {
        let provider = ScriptedProvider::start(vec![reply, good()]).await;
        assert!(hear(&provider.catalog(limits())).await.end.is_err());
        assert_eq!(provider.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_ends_before_the_response_is_not_tried_again() {
    let provider = ScriptedProvider::start(vec![Reply { pieces: vec![], then: Then::Close }, good()]).await;
    let heard = hear(&provider.catalog(limits())).await;
    assert_eq!(provider.requests().len(), 1);
    assert_eq!(heard.code(), "provider_cut_off");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_so() {
    let provider = ScriptedProvider::start(vec![good()]).await;
    let mut settings = provider.settings("Gone", true);
    // Bound and released: nothing listens there.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    settings.base_url = format!("http://{free}/v1").parse().unwrap();
    settings.models = vec!["m".to_owned()];
    let catalog = Catalog::assemble(vec![settings], None, limits(), Vec::new(), Clients::hurried());
    let heard = hear(&catalog).await;
    assert_eq!(heard.code(), "provider_unreachable");
    assert!(heard.end.unwrap_err().to_string().starts_with("Gone cannot be reached (Connection refused"));
}

#[tokio::test]
async fn a_long_wait_is_told_and_not_waited() {
    let reply = Reply::whole(429, "retry-after: 40\r\n", r#"{"error":{"message":"slow down"}}"#);
    let provider = ScriptedProvider::start(vec![reply, good()]).await;
    let error = hear(&provider.catalog(limits())).await.end.unwrap_err();
    assert_eq!(error.code(), "provider_rate_limited");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(40)));
    assert_eq!(error.to_string(), "Scripted is receiving too many requests: slow down. try again in 40 seconds");
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn a_short_wait_is_waited() {
    let reply = Reply::whole(429, "retry-after-ms: 30\r\n", "");
    let provider = ScriptedProvider::start(vec![reply, good()]).await;
    let began = std::time::Instant::now();
    assert_eq!(hear(&provider.catalog(limits())).await.text, "hi");
    assert!(began.elapsed() >= Duration::from_millis(30));
}

#[test]
fn retry_after_is_read_in_every_form() {
    let now = SystemTime::from(DateTime::parse_from_rfc3339("2026-01-02T03:04:05Z").unwrap());
    let read = |name: &'static str, value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        retry_after::read(&headers, now)
    };
    let week = Duration::from_secs(7 * 24 * 3600);
    assert_eq!(read("retry-after", "3"), Some(Duration::from_secs(3)));
    assert_eq!(read("retry-after", " 0 "), Some(Duration::ZERO));
    assert_eq!(read("retry-after", "1.5"), Some(Duration::from_millis(1500)));
    assert_eq!(read("retry-after", "99999999999"), Some(week));
    assert_eq!(read("retry-after", "1e300"), Some(week));
    assert_eq!(read("retry-after", "Fri, 02 Jan 2026 03:05:05 GMT"), Some(Duration::from_secs(60)));
    assert_eq!(read("retry-after", "Fri, 02 Jan 2026 03:03:05 GMT"), Some(Duration::ZERO));
    assert_eq!(read("retry-after-ms", "800"), Some(Duration::from_millis(800)));
    for rubbish in ["", "-3", "soon", "NaN", "inf", "1e999", "2026-01-02", "Fri, 99 Jan 2026 03:05:05 GMT", "3; 4"] {
        assert_eq!(read("retry-after", rubbish), None, "{rubbish}");
    }
    assert_eq!(retry_after::read(&HeaderMap::new(), now), None);
}

#[tokio::test]
async fn stream_options_are_left_out_where_they_are_not_understood_and_then_always() {
    let complaint =
        Reply::whole(400, "", r#"{"error":{"message":"Unrecognized request argument supplied: stream_options"}}"#);
    let provider = ScriptedProvider::start(vec![complaint, good()]).await;
    let catalog = provider.catalog(limits());
    assert_eq!(hear(&catalog).await.text, "hi");
    assert_eq!(hear(&catalog).await.text, "hi");
    let has_options: Vec<bool> = provider.requests().iter().map(|request| request.contains("stream_options")).collect();
    assert_eq!(has_options, [true, false, false]);
}

#[tokio::test]
async fn a_field_is_given_up_once() {
    let complaint = Reply::whole(400, "", r#"{"error":{"message":"stream_options is not allowed"}}"#);
    let provider = ScriptedProvider::start(vec![complaint]).await;
    assert_eq!(hear(&provider.catalog(limits())).await.code(), "provider_error");
    assert_eq!(provider.requests().len(), 2);
}

#[tokio::test]
async fn newer_models_get_the_newer_name_of_the_token_limit() {
    let message =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let complaint = Reply::whole(400, "", &serde_json::json!({ "error": { "message": message } }).to_string());
    let no_temperature =
        Reply::whole(400, "", r#"{"error":{"message":"'temperature' does not support 0.2 with this model."}}"#);
    let provider = ScriptedProvider::start(vec![complaint, no_temperature, good()]).await;
    let catalog = provider.catalog(limits());
    let mut request = ask(catalog.resolve(None, Asker::Member).await.unwrap(), "hi");
    request.parameters.max_tokens = Some(16);
    request.parameters.temperature = Some(0.2);
    assert_eq!(catalog.short_text(request, Duration::from_secs(5)).await.unwrap(), "hi");
    let requests = provider.requests();
    assert!(requests[0].contains("\"max_tokens\":16") && requests[0].contains("temperature"));
    assert!(requests[1].contains("\"max_completion_tokens\":16") && !requests[1].contains("max_tokens\""));
    assert!(requests[2].contains("\"max_completion_tokens\":16") && !requests[2].contains("temperature"));
}
