//! What can be asked.

use crate::harness::{Provider, Script, Server};

on_both_databases! {
    async fn the_models_of_every_provider_are_listed_and_demo_is_always_there(kind) {
        let one = Provider::always(Script::answer("one")).await;
        let two = Provider::always(Script::answer("two")).await;
        let (first, mut second) = (one.configured(), two.configured());
        second.name = "other".to_owned();
        second.models = vec!["alpha".to_owned(), "beta".to_owned()];
        second.named = true;
        let server = Server::with(kind, |config| config.providers = vec![first, second]).await;
        let ada = server.person("ada").await;
        let list = ada.read("/api/models/").await;
        let ids: Vec<_> = list["items"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["scripted", "other/alpha", "other/beta", "demo"]);
        let default: Vec<_> =
            list["items"].as_array().unwrap().iter().filter(|model| model["is_default"] == true).collect();
        assert_eq!((default.len(), default[0]["id"].as_str()), (1, Some("scripted")));

        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages");
        for (model, answer) in [("other/beta", "two"), ("beta", "two"), ("scripted", "one")] {
            let turn = ada.post(&path, serde_json::json!({"content": "hi", "model": model})).await;
            let turn = crate::harness::client::json_of(turn, 202).await;
            let id = crate::harness::client::answer_of(&turn);
            let events = ada.events(&project, &id, None).await.rest().await;
            assert_eq!(crate::harness::events::text(&events), answer);
        }
        assert_eq!(two.calls()[0]["model"], "beta");
        // The conversation keeps its last model.
        assert_eq!(ada.read(&format!("/api/projects/{project}")).await["model"], "scripted");
    }
}
