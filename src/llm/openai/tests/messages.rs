//! What people are told: whose fault it is and what to do, and never a secret.

use super::hear;
use super::recordings::reading;
use crate::llm::Catalog;
use crate::llm::openai::{Clients, Endpoint};
use crate::llm::tests::provider::{Reply, ScriptedProvider, limits};

async fn message(reply: Reply) -> String {
    let provider = ScriptedProvider::start(vec![reply]).await;
    hear(&provider.catalog(limits())).await.end.unwrap_err().to_string()
}

#[tokio::test]
async fn keys_never_come_back() {
    for secret in
        ["sk-test-1234567890abcdef", "sk-bad", "sk-proj-abc_def", "0a1b2c3d4e5f60718293", "gsk_aaaa", "Bearer-xyz"]
    {
        for body in [
            serde_json::json!({ "error": { "message": format!("Incorrect API key provided: {secret}. See our page.") } }).to_string(),
            format!("key={secret}"),
        ] {
            let message = message(Reply::whole(401, "", &body)).await;
            assert!(!message.contains(secret), "{message}");
        }
    }
}

#[tokio::test]
async fn ordinary_words_stay() {
    let body = r#"{"error":{"message":"Meta-Llama-3.1-8B-Instruct is loading\n\tplease  wait"}}"#;
    assert!(message(Reply::whole(400, "", body)).await.contains("Meta-Llama-3.1-8B-Instruct is loading please wait"));
}

#[tokio::test]
async fn long_words_and_pages_are_not_repeated() {
    let long = message(Reply::whole(400, "", &"é".repeat(5000))).await;
    assert!(long.len() < 500, "{}", long.len());
    let page = message(Reply::whole(400, "", "<html><body>secret page</body></html>")).await;
    assert!(!page.contains("secret page"), "{page}");
}

#[tokio::test]
async fn the_administrator_is_told_which_setting() {
    let refusal = || Reply::whole(401, "", r#"{"error":"Unauthorized"}"#);
    assert_eq!(
        message(refusal()).await,
        "Scripted refused the key: Unauthorized. the administrator should check OPENAI_API_KEY"
    );

    let provider = ScriptedProvider::start(vec![refusal()]).await;
    let mut settings = provider.settings("groq", true);
    settings.models = vec!["m".to_owned()];
    let catalog = Catalog::assemble(vec![settings], None, limits(), Vec::new(), Clients::hurried());
    let message = hear(&catalog).await.end.unwrap_err().to_string();
    assert!(message.ends_with("check the key of groq in the LOQUAT_PROVIDERS file"), "{message}");
}

#[tokio::test]
async fn a_wrong_address_is_told_apart_from_a_wrong_model() {
    let wrong_address = message(Reply::whole(404, "", r#"{"detail":"Not Found"}"#)).await;
    assert_eq!(
        wrong_address,
        "Scripted failed to answer (HTTP 404): Not Found. the administrator should check its base URL, which usually ends in /v1"
    );
    let wrong_model =
        message(Reply::whole(404, "", r#"{"error":{"message":"model 'm' not found, try pulling it first"}}"#)).await;
    assert!(wrong_model.starts_with("Scripted does not have the model m"), "{wrong_model}");
}

#[test]
fn nothing_that_is_logged_shows_a_key() {
    assert!(!format!("{:?}", reading()).contains("the-key-itself"));
}

#[test]
fn base_urls_keep_their_queries_and_lose_their_slashes() {
    let url = |base: &str| {
        let provider = crate::config::Provider::new("", base.parse().unwrap());
        Endpoint::new(provider, limits(), Clients::hurried().into()).url("chat/completions").to_string()
    };
    assert_eq!(url("http://h/v1"), "http://h/v1/chat/completions");
    assert_eq!(url("http://h/v1/"), "http://h/v1/chat/completions");
    assert_eq!(url("http://h"), "http://h/chat/completions");
    assert_eq!(url("http://h/v1/chat/completions"), "http://h/v1/chat/completions");
    assert_eq!(
        url("https://h.openai.azure.com/openai/deployments/d?api-version=2024-10-21"),
        "https://h.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21"
    );
}
