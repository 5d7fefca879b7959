//! Finding model servers on this machine.

use super::provider::{Reply, ScriptedProvider, Then, limits};
use crate::llm::openai::Clients;
use crate::llm::{Asker, Catalog};

fn server(owner: &str, models: &[&str]) -> Reply {
    let data: Vec<_> = models.iter().map(|name| serde_json::json!({ "id": name, "owned_by": owner })).collect();
    Reply::whole(
        200,
        "content-type: application/json\r\n",
        &serde_json::json!({ "object": "list", "data": data }).to_string(),
    )
}

#[tokio::test]
async fn servers_that_answer_are_offered_and_named() {
    let llama = ScriptedProvider::start(vec![server("llamacpp", &["tiny"])]).await;
    let vllm = ScriptedProvider::start(vec![server("vllm", &["big", "tiny"])]).await;
    let website = ScriptedProvider::start(vec![Reply::whole(200, "", "<html>")]).await;
    let silent = ScriptedProvider::start(vec![Reply { pieces: vec![], then: Then::Hold }]).await;
    let ports = [&llama, &vllm, &website, &silent].map(|provider| provider.address.port());
    let catalog = Catalog::assemble(vec![], None, limits(), ports.to_vec(), Clients::hurried());

    let models = catalog.models(Asker::Member).await;
    let shown: Vec<(&str, &str)> = models.iter().map(|model| (model.id.as_str(), model.provider.as_str())).collect();
    // A name that is taken already gets its server's name in front.
    assert_eq!(shown, [("tiny", "llama.cpp"), ("big", "vLLM"), ("vLLM/tiny", "vLLM"), ("demo", "Loquat")]);
    assert!(models[0].is_default);
}

#[tokio::test]
async fn an_unknown_name_looks_again_only_when_the_list_has_aged() {
    let server = ScriptedProvider::start(vec![server("library", &["a"])]).await;
    let catalog = Catalog::assemble(vec![], None, limits(), vec![server.address.port()], Clients::hurried());
    assert_eq!(catalog.resolve(Some("nope"), Asker::Member).await.unwrap_err().code(), "model_unknown");
    assert_eq!(catalog.resolve(Some("nope"), Asker::Member).await.unwrap_err().code(), "model_unknown");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(catalog.resolve(None, Asker::Member).await.unwrap().provider, "Ollama");
}

#[tokio::test]
async fn nothing_is_looked_for_when_a_provider_is_configured() {
    let local = ScriptedProvider::start(vec![server("library", &["local"])]).await;
    let remote = ScriptedProvider::start(vec![Reply::models(&["remote"])]).await;
    let ports = vec![local.address.port()];
    let catalog = Catalog::assemble(vec![remote.settings("r", false)], None, limits(), ports, Clients::hurried());
    assert_eq!(catalog.models(Asker::Member).await.len(), 2);
    assert!(local.requests().is_empty());
}
