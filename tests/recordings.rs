//! Recorded model servers, through the whole product: what they said is what a person gets and what is stored.
//!
//! `src/llm` holds the exact text of every recording; here a few of each kind prove that nothing is lost above it.

use std::fs;
use std::path::Path;

use base64::Engine;
use serde_json::Value;

use crate::harness::client::answer_of;
use crate::harness::events::text;
use crate::harness::{Provider, Script, Server};

/// A recording as a script: the same pieces, without the pauses.
fn recording(name: &str) -> Script {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(format!("{name}.jsonl"));
    let lines = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut script = Script::default();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if let Some(bytes) = line["bytes_b64"].as_str() {
            script = script.bytes(base64::engine::general_purpose::STANDARD.decode(bytes).unwrap());
        }
        if matches!(line["end"].as_str(), Some("abort" | "cut")) {
            return script.reset();
        }
    }
    script
}

on_both_databases! {
    async fn recorded_streams_arrive_whole_and_are_stored(kind) {
        let names = [
            "llama-server/stream", "llama-server/stream-multibyte", "llama-server/reasoning-stream", "llama-server/stream-keepalive-ping",
            "llama-cpp-python/stream-multibyte", "litellm-mock/stream", "docs-openai/stream-usage", "docs-azure/stream-default-filter",
            "docs-openrouter/stream", "docs-sse-framing/crlf", "docs-sse-framing/bom", "docs-sse-framing/multi-line-data",
        ];
        let provider = Provider::start(move |n, _| recording(names[n])).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        for name in names {
            let project = ada.project().await;
            let answer = answer_of(&ada.ask(&project, name).await);
            let events = ada.events(&project, &answer, None).await.rest().await;
            let end = events.last().unwrap();
            assert_eq!((end.name.as_str(), end.data["status"].as_str()), ("end", Some("complete")), "{name}: {end:?}");
            assert!(!text(&events).is_empty(), "{name}");
            assert_eq!(end.data["content"], text(&events).as_str(), "{name}");
            assert_eq!(ada.messages(&project).await[1]["content"], end.data["content"], "{name}");
        }
    }

    async fn recorded_failures_are_told_and_never_look_complete(kind) {
        let names = [
            ("llama-server/midstream-sigkill", "provider_cut_off"), ("docs-openrouter/midstream-error-documented", "provider_error"),
            ("docs-openai/err-401", "provider_key_refused"), ("docs-openai/err-429-quota", "provider_quota"),
            ("docs-openai/err-400-context", "context_too_long"), ("docs-sse-framing/html-200", "provider_bad_response"),
            ("docs-sse-framing/no-done-no-finish-reason-clean-eof", "provider_cut_off"),
        ];
        let provider = Provider::start(move |n, _| recording(names[n].0)).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        for (name, code) in names {
            let project = ada.project().await;
            let answer = answer_of(&ada.ask(&project, name).await);
            let events = ada.events(&project, &answer, None).await.rest().await;
            let failed = events.last().unwrap();
            assert_eq!((failed.name.as_str(), failed.data["code"].as_str()), ("failed", Some(code)), "{name}: {failed:?}");
            let stored = &ada.messages(&project).await[1];
            assert_eq!((stored["status"].as_str(), stored["failure"]["code"].as_str()), (Some("failed"), Some(code)), "{name}");
            assert_eq!(stored["content"], text(&events).as_str(), "{name}");
        }
        assert_eq!(provider.calls().len(), names.len());
    }
}
