//! Which models are offered, which one a name means, and what a provider that is down costs.

use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use super::provider::{Reply, ScriptedProvider, Then, ask, limits};
use crate::config::Provider;
use crate::llm::openai::Clients;
use crate::llm::{Asker, Catalog, Part};

fn catalog(providers: Vec<Provider>, default: Option<&str>) -> Catalog {
    Catalog::assemble(providers, default.map(str::to_owned), limits(), Vec::new(), Clients::hurried())
}

async fn ids(catalog: &Catalog) -> Vec<String> {
    catalog.models(Asker::Member).await.into_iter().map(|model| model.id).collect()
}

/// The id of the default model; there must be exactly one.
async fn default_of(catalog: &Catalog) -> String {
    let models = catalog.models(Asker::Member).await;
    let defaults: Vec<&str> = models.iter().filter(|model| model.is_default).map(|model| model.id.as_str()).collect();
    assert_eq!(defaults.len(), 1, "{models:?}");
    assert_eq!(catalog.resolve(None, Asker::Member).await.unwrap().id, defaults[0]);
    defaults[0].to_owned()
}

async fn wire_name(catalog: &Catalog, id: &str) -> Result<String, &'static str> {
    catalog
        .resolve(Some(id), Asker::Member)
        .await
        .map(|model| format!("{} at {}", model.wire_name, model.provider))
        .map_err(|error| error.code())
}

async fn listing(names: &[&str]) -> ScriptedProvider {
    ScriptedProvider::start(vec![Reply::models(names)]).await
}

async fn nothing_there() -> Provider {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let base_url = format!("http://{free}/v1").parse().unwrap();
    Provider { named: true, ..Provider::new("down", base_url) }
}

#[tokio::test]
async fn with_nothing_there_is_the_demo() {
    let catalog = catalog(vec![], None);
    assert_eq!(ids(&catalog).await, ["demo"]);
    assert_eq!(default_of(&catalog).await, "demo");
    assert!(catalog.models(Asker::Member).await[0].built_in);
}

#[tokio::test]
async fn a_single_provider_has_bare_names_and_those_of_a_file_are_prefixed() {
    let (one, two) = (listing(&["a", "b"]).await, listing(&["c", "a"]).await);
    let catalog = catalog(vec![one.settings("One", false), two.settings("two", true)], None);
    assert_eq!(ids(&catalog).await, ["a", "b", "two/c", "two/a", "demo"]);
    assert_eq!(default_of(&catalog).await, "a");
    assert_eq!(wire_name(&catalog, "a").await.unwrap(), "a at One");
    assert_eq!(wire_name(&catalog, "c").await.unwrap(), "c at two");
    assert_eq!(wire_name(&catalog, "two/a").await.unwrap(), "a at two");
    assert_eq!(wire_name(&catalog, "One/b").await.unwrap(), "b at One");
    assert_eq!(wire_name(&catalog, "demo").await.unwrap(), "demo at Loquat");
    assert_eq!(wire_name(&catalog, "nope").await, Err("model_unknown"));
    assert_eq!(wire_name(&catalog, "two/nope").await, Err("model_unknown"));
}

#[tokio::test]
async fn names_with_slashes_are_names() {
    let one = listing(&["meta/llama"]).await;
    let catalog = catalog(vec![one.settings("hub", true)], None);
    assert_eq!(wire_name(&catalog, "hub/meta/llama").await.unwrap(), "meta/llama at hub");
    assert_eq!(wire_name(&catalog, "meta/llama").await.unwrap(), "meta/llama at hub");
}

#[tokio::test]
async fn a_provider_that_does_not_list_takes_any_name() {
    for reply in [
        Reply::whole(404, "", ""),
        Reply::models(&[]),
        Reply::whole(200, "", "<html>"),
        Reply::whole(200, "", "{\"data\":7}"),
    ] {
        let provider = ScriptedProvider::start(vec![reply]).await;
        let quiet = catalog(vec![provider.settings("q", true)], None);
        assert_eq!(ids(&quiet).await, ["q/default", "demo"]);
        assert_eq!(wire_name(&quiet, "q/anything").await.unwrap(), "anything at q");
        assert_eq!(wire_name(&quiet, "anything/else").await.unwrap(), "anything/else at q");

        let wished = catalog(vec![provider.settings("q", true)], Some("mine"));
        assert_eq!(ids(&wished).await, ["q/mine", "demo"]);
        assert_eq!(default_of(&wished).await, "q/mine");
    }
}

#[tokio::test]
async fn the_setting_chooses_the_default() {
    let (one, two) = (listing(&["a", "b"]).await, listing(&["b", "c"]).await);
    for (wish, default) in [
        (None, "one/a"),
        (Some("b"), "one/b"),
        (Some("c"), "two/c"),
        (Some("two/b"), "two/b"),
        (Some("demo"), "demo"),
        // Lists are often incomplete: what the administrator names is offered.
        (Some("two/hidden"), "two/hidden"),
        (Some("hidden"), "one/hidden"),
    ] {
        let catalog = catalog(vec![one.settings("one", true), two.settings("two", true)], wish);
        assert_eq!(default_of(&catalog).await, default, "{wish:?}");
    }
}

#[tokio::test]
async fn demo_is_always_the_built_in_one() {
    let (other, own) = (listing(&["tiny"]).await, listing(&["demo"]).await);
    for provider in [nothing_there().await, other.settings("other", false), own.settings("own", false)] {
        let catalog = catalog(vec![provider], Some("demo"));
        assert_eq!(default_of(&catalog).await, "demo");
        let demo = catalog.resolve(Some("demo"), Asker::Member).await.unwrap();
        assert!(demo.built_in, "{demo:?}");
        assert!(catalog.resolve(None, Asker::Member).await.unwrap().built_in);
    }
    let catalog = catalog(vec![own.settings("own", false)], None);
    assert_eq!(wire_name(&catalog, "own/demo").await.unwrap(), "demo at own");
}

#[tokio::test]
async fn a_default_that_nobody_has_here_falls_to_the_first() {
    assert_eq!(default_of(&catalog(vec![], Some("gone"))).await, "demo");
}

#[tokio::test]
async fn a_model_that_cannot_chat_is_never_first() {
    let provider = listing(&["text-embedding-3-small", "whisper-1", "gpt-x", "dall-e-3", "gpt-y"]).await;
    let catalog = catalog(vec![provider.settings("One", false)], None);
    assert_eq!(ids(&catalog).await, ["gpt-x", "gpt-y", "text-embedding-3-small", "whisper-1", "dall-e-3", "demo"]);
}

#[tokio::test]
async fn named_models_are_not_asked_for_and_are_all_there_is() {
    let provider = listing(&["x"]).await;
    let mut settings = provider.settings("p", true);
    settings.models = vec!["a".to_owned(), "b".to_owned()];
    let catalog = catalog(vec![settings], None);
    assert_eq!(ids(&catalog).await, ["p/a", "p/b", "demo"]);
    assert_eq!(wire_name(&catalog, "p/x").await, Err("model_unknown"));
    assert!(provider.requests().is_empty());
}

#[tokio::test]
async fn a_provider_that_is_down_hides_no_other() {
    let up = listing(&["a"]).await;
    let mut named = nothing_there().await;
    named.name = "named".to_owned();
    named.models = vec!["b".to_owned()];
    let catalog = catalog(vec![nothing_there().await, named, up.settings("up", true)], None);
    assert_eq!(ids(&catalog).await, ["down/default", "named/b", "up/a", "demo"]);
}

#[tokio::test]
async fn a_slow_list_is_not_waited_for_long() {
    let slow = ScriptedProvider::start(vec![Reply { pieces: vec![], then: Then::Hold }]).await;
    let catalog = catalog(vec![slow.settings("slow", true)], None);
    let began = Instant::now();
    assert_eq!(ids(&catalog).await, ["slow/default", "demo"]);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_list_is_asked_for_once_whoever_wants_it() {
    let provider = listing(&["a"]).await;
    let catalog = catalog(vec![provider.settings("One", false)], None);
    let many = (0..20).map(|_| {
        let catalog = catalog.clone();
        async move { ids(&catalog).await }
    });
    for ids in futures_util::future::join_all(many).await {
        assert_eq!(ids, ["a", "demo"]);
    }
    assert_eq!(provider.requests().len(), 1);
    assert!(provider.requests()[0].starts_with("GET /v1/models HTTP/1.1"));
}

#[tokio::test]
async fn what_is_set_of_images_counts_more_than_the_list_and_that_more_than_the_name() {
    // As llama-server lists a model that sees and was started without the part that does.
    let list = r#"{"models":[{"name":"gemma-3-4b-it","type":"model","capabilities":["completion"]}],"object":"list",
        "data":[{"id":"gemma-3-4b-it","object":"model","owned_by":"llamacpp","meta":{"n_ctx":4096}}]}"#;
    let told = ScriptedProvider::start(vec![Reply::whole(200, "content-type: application/json\r\n", list)]).await;
    let untold = listing(&["gemma-3-4b-it", "tiny"]).await;
    let mut set = told.settings("set", true);
    set.images = Some(false);
    set.image_models = [("gemma-3-4b-it".to_owned(), true)].into();
    let catalog = catalog(vec![told.settings("told", true), set, untold.settings("untold", true)], None);
    let models = catalog.models(Asker::Member).await;
    let seeing: Vec<&str> = models.iter().filter(|model| model.images).map(|model| model.id.as_str()).collect();
    assert_eq!(seeing, ["set/gemma-3-4b-it", "untold/gemma-3-4b-it", "demo"]);
}

#[tokio::test]
async fn a_short_text_is_collected_without_its_reasoning() {
    let events = [
        r#"{"choices":[{"delta":{"reasoning":"hm"}}]}"#,
        r#"{"choices":[{"delta":{"content":"A "}}]}"#,
        r#"{"choices":[{"delta":{"content":"name"},"finish_reason":"stop"}]}"#,
        "[DONE]",
    ];
    let provider = ScriptedProvider::start(vec![Reply::events(&events, Then::Close)]).await;
    let catalog = provider.catalog(limits());
    let request = ask(catalog.resolve(None, Asker::Member).await.unwrap(), "hi");
    assert_eq!(catalog.short_text(request, Duration::from_secs(5)).await.unwrap(), "A name");
}

#[tokio::test]
async fn a_short_text_has_a_time_and_a_length() {
    let delta = format!(r#"{{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#, "é".repeat(500));
    let mut endless = ScriptedProvider::start(vec![Reply::events(&[&delta], Then::Repeat)]).await;
    let catalog = endless.catalog(limits());
    let request = ask(catalog.resolve(None, Asker::Member).await.unwrap(), "hi");
    assert_eq!(catalog.short_text(request, Duration::from_secs(5)).await.unwrap().len(), 4096);
    endless.ended(1).await;

    let silent = ScriptedProvider::start(vec![Reply::events(&[], Then::Hold)]).await;
    let catalog = silent.catalog(limits());
    let request = ask(catalog.resolve(None, Asker::Member).await.unwrap(), "hi");
    let error = catalog.short_text(request, Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.code(), "provider_timeout");
}

#[tokio::test]
async fn the_demo_answers_through_the_catalog() {
    let catalog = catalog(vec![], None);
    let request = ask(catalog.resolve(Some("demo"), Asker::Member).await.unwrap(), "hi");
    let mut answer = catalog.answer(request).await.unwrap();
    let mut parts = Vec::new();
    assert_eq!(answer.next(&mut parts).await, Ok(None));
    assert!(matches!(&parts[..], [Part::Text(word)] if !word.is_empty()));
}
