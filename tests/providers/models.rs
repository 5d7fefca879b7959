//! Whom models are offered to, which one answers when none is chosen, and which one names conversations.

use loquat::config::Provider as Configured;
use serde_json::{Value, json};

use super::{add, ask, offered, path_of, with_loopback};
use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::{Person, Provider, Script, Server};

/// Says something of a model.
async fn say(root: &Person, path: &str, what: Value) -> Value {
    json_of(root.patch(&format!("{path}/models"), what).await, 200).await
}

/// The id of the model that answers somebody who names none.
async fn default_of(person: &Person) -> String {
    let models = person.read("/api/models/").await;
    let defaults: Vec<&Value> =
        models["items"].as_array().unwrap().iter().filter(|model| model["is_default"] == true).collect();
    assert_eq!(defaults.len(), 1, "{models}");
    let project = person.project().await;
    let answered = person.ask(&project, "hi").await["assistant_message"]["model"].clone();
    assert_eq!(answered, defaults[0]["id"]);
    answered.as_str().unwrap().to_owned()
}

on_both_databases! {
    async fn a_model_is_there_for_those_it_is_offered_to(kind) {
        let provider = Provider::always(Script::answer("hi")).await;
        let server = Server::with(kind, with_loopback).await;
        let (root, ada) = (server.administrator("root").await, server.person("ada").await);
        let path = path_of(&add(&root, "shop", &provider).await);
        ask(&ada, "shop/scripted").await;
        let (project, _) = ask(&ada, "shop/scripted").await;
        let never_there = ada.post(&format!("/api/projects/{project}/messages"), json!({"content": "hi", "model": "shop/nothing"})).await;
        let never_there = problem_of(never_there, 422, "model_unknown").await;

        let said = say(&root, &path, json!({"model": "scripted", "offered_to": "administrators"})).await;
        assert_eq!((&said["offered_to"], &said["offered_to_is_own"], &said["is_listed"]), (&json!("administrators"), &json!(true), &json!(true)));
        assert_eq!(offered(&root).await, ["fixed/one", "shop/scripted", "demo"]);
        assert_eq!(offered(&ada).await, ["fixed/one", "demo"]);
        ask(&root, "shop/scripted").await;
        for name in ["shop/scripted", "scripted"] {
            let asked = ada.post(&format!("/api/projects/{project}/messages"), json!({"content": "hi", "model": name})).await;
            let problem = problem_of(asked, 422, "model_unknown").await;
            let expected = never_there["detail"].as_str().unwrap().replace("shop/nothing", name);
            assert_eq!(problem["detail"], expected.as_str());
            problem_of(ada.patch(&format!("/api/projects/{project}"), json!({"model": name})).await, 422, "model_unknown").await;
        }
        // A conversation that had it goes on with another, and so does an answer that is made again.
        assert_eq!(ada.ask(&project, "and now?").await["assistant_message"]["model"], "fixed/one");

        say(&root, &path, json!({"model": "scripted", "offered_to": "nobody"})).await;
        assert_eq!(offered(&root).await, ["fixed/one", "demo"]);
        let asked = root.post(&format!("/api/projects/{}/messages", root.project().await), json!({"content": "hi", "model": "shop/scripted"})).await;
        problem_of(asked, 422, "model_unknown").await;

        let forgotten = root.delete(&format!("{path}/models?model=scripted")).await;
        assert_eq!(forgotten.status(), 204);
        assert_eq!(offered(&ada).await, ["fixed/one", "shop/scripted", "demo"]);
        // What holds for all of a model server holds for those of which nothing is said.
        json_of(root.patch(&path, json!({"offered_to": "administrators"})).await, 200).await;
        say(&root, &path, json!({"model": "by/hand", "offered_to": "everyone", "context_tokens": 4096})).await;
        assert_eq!(offered(&ada).await, ["fixed/one", "shop/by/hand", "demo"]);
        let models = root.read(&format!("{path}/models")).await;
        assert_eq!(models["items"], json!([
            {"model": "scripted", "offered_to": "administrators", "offered_to_is_own": false, "context_tokens": null, "images": false, "images_is_own": false, "is_default": false, "is_naming": false, "is_listed": true},
            {"model": "by/hand", "offered_to": "everyone", "offered_to_is_own": true, "context_tokens": 4096, "images": false, "images_is_own": false, "is_default": false, "is_naming": false, "is_listed": false},
        ]));
    }

    async fn what_an_administrator_says_of_a_models_images_counts_until_it_is_taken_back(kind) {
        let provider = Provider::always(Script::answer("hi")).await;
        let server = Server::with(kind, with_loopback).await;
        let (root, ada) = (server.administrator("root").await, server.person("ada").await);
        let path = path_of(&add(&root, "shop", &provider).await);
        // Nobody tells it of this one, its name promises it of the other, and the demonstration takes everything.
        say(&root, &path, json!({"model": "llava:7b", "offered_to": "everyone"})).await;
        let sight = async || {
            let models = ada.read("/api/models/").await;
            let items = models["items"].as_array().unwrap().clone();
            items.iter().map(|model| model["images"].as_bool().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(offered(&ada).await, ["fixed/one", "shop/scripted", "shop/llava:7b", "demo"]);
        assert_eq!(sight().await, [false, false, true, true]);
        for (model, images, expected) in [
            ("scripted", true, [false, true, true, true]),
            ("llava:7b", false, [false, true, false, true]),
        ] {
            let said = say(&root, &path, json!({"model": model, "images": images})).await;
            assert_eq!((&said["images"], &said["images_is_own"]), (&json!(images), &json!(true)));
            assert_eq!(sight().await, expected);
        }
        // Something else that is said of it leaves that as it is.
        let said = say(&root, &path, json!({"model": "llava:7b", "context_tokens": 4096})).await;
        assert_eq!((&said["images"], &said["images_is_own"]), (&json!(false), &json!(true)));
        let back = say(&root, &path, json!({"model": "llava:7b", "images": null})).await;
        assert_eq!((&back["images"], &back["images_is_own"], &back["context_tokens"]), (&json!(true), &json!(false), &json!(4096)));
        assert_eq!(root.delete(&format!("{path}/models?model=scripted")).await.status(), 204);
        assert_eq!(sight().await, [false, false, true, true]);
        for wrong in [json!("yes"), json!(1), json!({})] {
            let refused = root.patch(&format!("{path}/models"), json!({"model": "scripted", "images": wrong})).await;
            assert_eq!(problem_of(refused, 422, "invalid").await["field"], "images");
        }
    }

    async fn what_the_operator_says_of_images_counts_more_than_what_is_listed(kind) {
        let provider = Provider::always(Script::answer("hi")).await;
        let images = |name: &str, images: Option<bool>, single: &[(&str, bool)]| Configured {
            images,
            image_models: single.iter().map(|(name, images)| ((*name).to_owned(), *images)).collect(),
            models: ["gpt-4o", "mine"].map(str::to_owned).into(),
            named: true,
            ..Configured::new(name, provider.configured().base_url)
        };
        let providers = vec![
            images("silent", None, &[]),
            images("blind", Some(false), &[("mine", true)]),
            images("seeing", Some(true), &[("gpt-4o", false)]),
        ];
        let server = Server::with(kind, |config| config.providers = providers).await;
        let models = server.person("ada").await.read("/api/models/").await;
        let images = models["items"].as_array().unwrap().iter().map(|model| (model["id"].as_str().unwrap(), model["images"] == true));
        assert_eq!(images.collect::<Vec<_>>(), [
            ("silent/gpt-4o", true), ("silent/mine", false),
            ("blind/gpt-4o", false), ("blind/mine", true),
            ("seeing/gpt-4o", false), ("seeing/mine", true),
            ("demo", true),
        ]);
    }

    async fn one_model_answers_when_none_is_chosen(kind) {
        let provider = Provider::always(Script::answer("hi")).await;
        let server = Server::with(kind, with_loopback).await;
        let (root, ada) = (server.administrator("root").await, server.person("ada").await);
        let path = path_of(&add(&root, "shop", &provider).await);
        let other = path_of(&add(&root, "other", &provider).await);
        assert_eq!(default_of(&ada).await, "fixed/one");
        say(&root, &path, json!({"model": "scripted", "is_default": true})).await;
        assert_eq!(default_of(&ada).await, "shop/scripted");
        say(&root, &other, json!({"model": "scripted", "is_default": true})).await;
        assert_eq!(default_of(&ada).await, "other/scripted");
        assert_eq!(root.read(&format!("{path}/models")).await["items"][0]["is_default"], false);
        // It is for everyone, and stays so whatever its model server's others become.
        for audience in ["administrators", "nobody"] {
            let refused = root.patch(&format!("{other}/models"), json!({"model": "scripted", "offered_to": audience})).await;
            assert_eq!(problem_of(refused, 422, "invalid").await["field"], "offered_to");
        }
        json_of(root.patch(&other, json!({"offered_to": "nobody"})).await, 200).await;
        assert_eq!(default_of(&ada).await, "other/scripted");
        say(&root, &path, json!({"model": "scripted", "offered_to": "administrators"})).await;
        let refused = root.patch(&format!("{path}/models"), json!({"model": "scripted", "is_default": true})).await;
        assert_eq!(problem_of(refused, 422, "invalid").await["field"], "is_default");
        assert_eq!(root.delete(&other).await.status(), 204);
        assert_eq!(default_of(&ada).await, "fixed/one");
        problem_of(root.patch(&format!("{other}/models"), json!({"model": "a"})).await, 404, "not_found").await;
        for wrong in ["", " ", "a\nb", &"m".repeat(257)] {
            let refused = root.patch(&format!("{path}/models"), json!({"model": wrong})).await;
            assert_eq!(problem_of(refused, 422, "invalid").await["field"], "model");
        }
    }

    async fn the_operators_default_model_wins(kind) {
        let provider = Provider::always(Script::answer("hi")).await;
        let server = Server::with(kind, |config| {
            with_loopback(config);
            config.default_model = Some("demo".to_owned());
        })
        .await;
        let root = server.administrator("root").await;
        let path = path_of(&add(&root, "shop", &provider).await);
        say(&root, &path, json!({"model": "scripted", "is_default": true})).await;
        assert_eq!(default_of(&root).await, "demo");
        assert_eq!(root.read("/api/providers/").await["fixed_default_model"], "demo");
    }

    async fn one_model_names_conversations_whoever_may_ask_it(kind) {
        let (chats, names) = (Provider::always(Script::answer("hi")).await, Provider::always(Script::answer("The Loquat Tree")).await);
        let server = Server::with(kind, with_loopback).await;
        let (root, ada) = (server.administrator("root").await, server.person("ada").await);
        add(&root, "shop", &chats).await;
        let path = path_of(&add(&root, "small", &names).await);
        say(&root, &path, json!({"model": "scripted", "offered_to": "nobody", "is_naming": true})).await;
        let project = ada.project().await;
        let question = json!({"content": "What is a loquat?", "model": "shop/scripted"});
        let turn = json_of(ada.post(&format!("/api/projects/{project}/messages"), question).await, 202).await;
        ada.events(&project, &answer_of(&turn), None).await.rest().await;
        let named = json_of(ada.post(&format!("/api/projects/{project}/generate_name"), json!({})).await, 200).await;
        assert_eq!(named["name"], "The Loquat Tree");
        assert_eq!((chats.calls().len(), names.calls().len()), (1, 1));
    }
}
