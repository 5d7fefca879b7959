//! What a conversation is called: its first words, what a model makes of them, or what its person wants.

use serde_json::json;

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::{Provider, Script, Server, eventually};

on_both_databases! {
    async fn a_name_comes_at_once_from_the_first_words_and_then_from_the_model(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => Script::stream().delta("A fruit").gate().end(),
            _ => Script::answer("\"The Loquat Tree\""),
        })
        .await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "What is a loquat? Please tell me everything about it").await);
        let mut events = ada.events(&project, &answer, None).await;
        let named = events.until("name").await.pop().unwrap();
        assert_eq!(named.data["name"], "What is a loquat? Please tell me everything…");
        events.until("message").await;
        assert_eq!(ada.read(&format!("/api/projects/{project}")).await["name_source"], "first_words");

        let generated = json_of(ada.post(&format!("/api/projects/{project}/generate_name"), json!({})).await, 200).await;
        assert_eq!(
            (generated["name"].as_str(), generated["name_source"].as_str()),
            (Some("The Loquat Tree"), Some("model"))
        );
        assert_eq!(events.until("name").await.pop().unwrap().data["name"], "The Loquat Tree");
        provider.open();
        events.until("end").await;
        // Named once, it asks no model again; and a name of the person's own is never replaced.
        ada.post(&format!("/api/projects/{project}/generate_name"), json!({})).await;
        ada.patch(&format!("/api/projects/{project}"), json!({"name": "Mine"})).await;
        let kept = json_of(ada.post(&format!("/api/projects/{project}/generate_name"), json!({})).await, 200).await;
        assert_eq!((kept["name"].as_str(), kept["name_source"].as_str()), (Some("Mine"), Some("user")));
        assert_eq!(provider.calls().len(), 2);
    }

    async fn however_often_a_name_is_asked_for_models_are_asked_once_at_a_time_and_so_often_a_minute(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => Script::answer("yes"),
            1 => Script::stream().gate().end(),
            _ => Script::response(500, "", "down"),
        })
        .await;
        let server = Server::with_provider_and(kind, &provider, |config| config.limits.turns_per_minute = Some(3)).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hello").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let path = format!("/api/projects/{project}/generate_name");
        let first = tokio::spawn({
            let (ada, path) = (ada.clone(), path.clone());
            async move { ada.post(&path, json!({})).await }
        });
        eventually("the model is asked for a name", async || provider.calls().len() == 2).await;
        // While it thinks, nobody else asks.
        let meanwhile = futures_util::future::join_all((0..10).map(|_| ada.post(&path, json!({})))).await;
        for response in meanwhile {
            assert_eq!(json_of(response, 200).await["name"], "hello");
        }
        provider.open();
        assert_eq!(first.await.unwrap().status(), 200);
        assert_eq!(provider.calls().len(), 2);
        // One of three a minute is spent, and of questions as many are left as before.
        for left in ["r=1", "r=0"] {
            let response = ada.post(&path, json!({})).await;
            assert!(response.headers()["ratelimit"].to_str().unwrap().contains(left));
        }
        let refused = ada.post(&path, json!({})).await;
        assert!(refused.headers().contains_key("retry-after"));
        problem_of(refused, 429, "too_many_turns").await;
        ada.ask(&project, "and now?").await;
    }

    async fn when_no_model_can_help_the_first_words_stay_the_name(kind) {
        let provider = Provider::start(|n, _| match n {
            0 => Script::answer("yes"),
            _ => Script::response(500, "", "down"),
        })
        .await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        problem_of(ada.post(&format!("/api/projects/{project}/generate_name"), json!({})).await, 409, "nothing_asked")
            .await;
        let answer = answer_of(&ada.ask(&project, "hello").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let named = json_of(ada.post(&format!("/api/projects/{project}/generate_name"), json!({})).await, 200).await;
        assert_eq!((named["name"].as_str(), named["name_source"].as_str()), (Some("hello"), Some("first_words")));
    }
}
