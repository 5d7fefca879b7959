//! Model servers that administrators add in the settings: offered at once and everywhere, with keys that nobody sees again.

use loquat::config::{AllowedHost, Config, Provider as Configured};
use loquat::entity::provider;
use sea_orm::EntityTrait;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::{Event, Kind, Person, Provider, Script, Server, audit, eventually};

mod egress;
mod models;

const KEY: &str = "sk-canary-0123456789-abcdefgh-WXYZ";

/// Settings with a model server of the operator's that is not there, and with loopback allowed.
pub fn with_loopback(config: &mut Config) {
    config.providers = vec![Configured {
        models: vec!["one".to_owned()],
        named: true,
        ..Configured::new("fixed", "http://127.0.0.1:9/v1".parse().unwrap())
    }];
    config.allowed_provider_hosts = vec![AllowedHost::parse("127.0.0.1").unwrap()];
}

/// Adds a model server, with the key.
pub async fn add(root: &Person, name: &str, server: &Provider) -> Value {
    let new = json!({"name": name, "base_url": format!("http://{}/v1", server.address), "api_key": KEY});
    json_of(root.post("/api/providers/", new).await, 201).await
}

pub fn path_of(added: &Value) -> String {
    format!("/api/providers/{}", added["id"].as_str().unwrap())
}

/// The ids of the models that somebody is offered.
pub async fn offered(person: &Person) -> Vec<String> {
    let models = person.read("/api/models/").await;
    models["items"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

/// Asks a model in a new conversation, and returns the conversation and the last event.
pub async fn ask(person: &Person, model: &str) -> (String, Event) {
    let project = person.project().await;
    let question = json!({"content": "hi", "model": model});
    let turn = json_of(person.post(&format!("/api/projects/{project}/messages"), question).await, 202).await;
    let last = person.events(&project, &answer_of(&turn), None).await.rest().await.pop().unwrap();
    (project, last)
}

on_both_databases! {
    async fn a_model_server_is_offered_from_the_moment_it_is_added_until_it_is_deleted(kind) {
        let provider = Provider::always(Script::answer("hello there")).await;
        let server = Server::with(kind, with_loopback).await;
        let (root, ada) = (server.administrator("root").await, server.person("ada").await);
        assert_eq!(offered(&ada).await, ["fixed/one", "demo"]);
        let added = add(&root, "shop", &provider).await;
        assert_eq!(offered(&ada).await, ["fixed/one", "shop/scripted", "demo"]);
        let (project, end) = ask(&ada, "shop/scripted").await;
        assert_eq!((end.name.as_str(), end.data["content"].as_str()), ("end", Some("hello there")));
        assert!(provider.record()[0].head.contains(&format!("authorization: Bearer {KEY}")));

        let off = json_of(root.patch(&path_of(&added), json!({"enabled": false})).await, 200).await;
        assert_eq!(off["state"], "disabled");
        assert_eq!(offered(&ada).await, ["fixed/one", "demo"]);
        let unknown = json!({"content": "hi", "model": "shop/scripted"});
        let refused = ada.post(&format!("/api/projects/{project}/messages"), unknown.clone()).await;
        problem_of(refused, 422, "model_unknown").await;
        json_of(root.patch(&path_of(&added), json!({"enabled": true, "name": "store"})).await, 200).await;
        assert_eq!(offered(&ada).await, ["fixed/one", "store/scripted", "demo"]);

        assert_eq!(root.delete(&path_of(&added)).await.status(), 204);
        problem_of(root.delete(&path_of(&added)).await, 404, "not_found").await;
        assert_eq!(offered(&ada).await, ["fixed/one", "demo"]);
        // What was said stays, and the conversation goes on with the default.
        assert_eq!(ada.messages(&project).await.len(), 2);
        let turn = ada.ask(&project, "still there?").await;
        assert_eq!(turn["assistant_message"]["model"], "fixed/one");
    }

    async fn an_answer_that_is_being_written_keeps_its_model_server(kind) {
        let provider = Provider::always(Script::stream().delta("one ").gate().delta("two").end()).await;
        let server = Server::with(kind, with_loopback).await;
        let root = server.administrator("root").await;
        let added = add(&root, "shop", &provider).await;
        let project = root.project().await;
        let question = json!({"content": "hi", "model": "shop/scripted"});
        let turn = json_of(root.post(&format!("/api/projects/{project}/messages"), question).await, 202).await;
        let mut events = root.events(&project, &answer_of(&turn), None).await;
        events.until("message").await;
        assert_eq!(root.delete(&path_of(&added)).await.status(), 204);
        provider.open();
        assert_eq!(events.rest().await.pop().unwrap().data["content"], "one two");
    }

    async fn a_key_is_never_shown_again(kind) {
        // One that tells everybody which key it was given.
        let provider = Provider::start(|_, _| {
            Script::response(401, "", &json!({"error": {"message": format!("bad key {KEY}")}}).to_string())
        }).await;
        let server = Server::with(kind, with_loopback).await;
        let root = server.administrator("root").await;
        let added = add(&root, "shop", &provider).await;
        assert_eq!((&added["has_key"], &added["key_hint"]), (&json!(true), &json!("WXYZ")));
        let path = path_of(&added);
        let (_, failed) = ask(&root, "shop/scripted").await;
        assert_eq!(failed.data["code"], "provider_key_refused");
        let mut shown = failed.data.to_string();
        for response in [
            root.get("/api/providers/").await,
            root.get(&path).await,
            root.get(&format!("{path}/models")).await,
            root.patch(&path, json!({"name": "shop 2"})).await,
            root.post(&format!("{path}/check"), json!({})).await,
            root.post("/api/providers/", json!({"name": "a/b", "base_url": "http://127.0.0.1", "api_key": KEY})).await,
            root.post("/api/providers/", json!({"name": "b", "base_url": "http://10.0.0.1", "api_key": KEY})).await,
            root.post("/api/providers/", json!({"name": "c", "base_url": "http://127.0.0.1", "api_key": format!("{KEY} \u{e9}")})).await,
            root.post("/api/providers/", json!({"name": 7, "api_key": KEY})).await,
            root.get("/api/models/").await,
            root.get("/api/export").await,
        ] {
            shown.push_str(&response.text().await.unwrap());
        }
        assert!(!shown.contains("sk-canary"), "{shown}");
        let db = audit::connect(&server.app.config.data).await;
        let rows = provider::Entity::find().all(&db).await.unwrap();
        db.close().await.unwrap();
        assert_eq!(rows.len(), 1);
        assert!(!format!("{rows:?}").contains("sk-canary"));
        if kind == Kind::Sqlite {
            let (dir, _) = server.stop().await;
            for file in std::fs::read_dir(dir.path()).unwrap() {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                assert!(!bytes.windows(9).any(|part| part == b"sk-canary"));
            }
        }
    }

    async fn a_key_is_for_one_host(kind) {
        let (mine, other) = (Provider::always(Script::answer("a")).await, Provider::always(Script::answer("b")).await);
        let server = Server::with(kind, with_loopback).await;
        let root = server.administrator("root").await;
        let path = path_of(&add(&root, "shop", &mine).await);
        let at = |server: &Provider, path: &str| format!("http://{}{path}", server.address);
        // Another path, another name, the same address once more: the key stays.
        for change in [json!({"base_url": at(&mine, "/api/v1")}), json!({"name": "store"}), json!({"base_url": at(&mine, "/v1/")})] {
            assert_eq!(json_of(root.patch(&path, change).await, 200).await["has_key"], true);
        }
        let moved = json_of(root.patch(&path, json!({"base_url": at(&other, "/v1")})).await, 200).await;
        assert_eq!((&moved["has_key"], &moved["key_hint"]), (&json!(false), &json!(null)));
        ask(&root, "store/scripted").await;
        assert!(!other.record()[0].head.contains("authorization"), "{}", other.record()[0].head);
        // Back again it is not remembered; one that comes with the address is taken.
        let back = json_of(root.patch(&path, json!({"base_url": at(&mine, "/v1")})).await, 200).await;
        assert_eq!(back["has_key"], false);
        let again = json!({"base_url": at(&other, "/v1"), "api_key": "sk-other"});
        let again = json_of(root.patch(&path, again).await, 200).await;
        assert_eq!((&again["has_key"], &again["key_hint"]), (&json!(true), &json!(null)));
        ask(&root, "store/scripted").await;
        assert!(other.record()[1].head.contains("Bearer sk-other"));
        assert_eq!(json_of(root.patch(&path, json!({"api_key": ""})).await, 200).await["has_key"], false);
    }

    async fn what_does_not_fit_is_refused_with_its_field(kind) {
        let server = Server::with(kind, with_loopback).await;
        let root = server.administrator("root").await;
        let fine = |name: &str| json!({"name": name, "base_url": "http://127.0.0.1:9/v1"});
        let added = json_of(root.post("/api/providers/", fine("shop")).await, 201).await;
        for taken in ["shop", " shop ", "fixed"] {
            assert_eq!(problem_of(root.post("/api/providers/", fine(taken)).await, 409, "name_taken").await["field"], "name");
        }
        for (field, value) in [
            ("name", json!("")), ("name", json!("a/b")), ("name", json!("n".repeat(65))),
            ("base_url", json!("ftp://127.0.0.1")), ("base_url", json!("http://me:pw@127.0.0.1/v1")), ("base_url", json!("http://127.0.0.1/v1?key=1")),
            ("base_url", json!("http://127.0.0.1/v1#a")), ("base_url", json!("127.0.0.1")), ("api_key", json!("a b")),
            ("prefill", json!("magic")), ("offered_to", json!("friends")), ("context_tokens", json!(-1)), ("context_tokens", json!(4_294_967_295u32)),
        ] {
            let mut new = fine("another");
            new[field] = value.clone();
            let problem = problem_of(root.post("/api/providers/", new).await, 422, "invalid").await;
            assert_eq!(problem["field"], field, "{value}");
            let problem = problem_of(root.patch(&path_of(&added), json!({field: value})).await, 422, "invalid").await;
            assert_eq!(problem["field"], field, "{value}");
        }
        assert_eq!(root.read(&path_of(&added)).await, added);
        json_of(root.patch(&path_of(&added), json!({"prefill": "prefix", "context_tokens": 8192})).await, 200).await;
        let changed = json_of(root.patch(&path_of(&added), json!({"prefill": "auto", "context_tokens": 0})).await, 200).await;
        assert_eq!((&changed["prefill"], &changed["context_tokens"]), (&json!("auto"), &json!(null)));
        for number in 1..50 {
            json_of(root.post("/api/providers/", fine(&format!("shop {number}"))).await, 201).await;
        }
        problem_of(root.post("/api/providers/", fine("one more")).await, 409, "too_many_providers").await;
    }

    async fn those_of_the_operator_are_shown_beside_them_and_not_changed(kind) {
        let provider = Provider::always(Script::answer("hi")).await;
        let mut environment = provider.configured();
        environment.models.clear();
        environment.base_url.set_query(Some("api-version=1"));
        let server = Server::with(kind, |config| {
            with_loopback(config);
            config.providers.push(environment);
            config.default_model = Some("scripted".to_owned());
        })
        .await;
        let root = server.administrator("root").await;
        let list = root.read("/api/providers/").await;
        let address = format!("http://{}/v1", provider.address);
        assert_eq!(list["configured"], json!([
            {"name": "fixed", "base_url": "http://127.0.0.1:9/v1", "source": "file", "has_key": false, "state": "works", "detail": null, "model_count": 1},
            {"name": "scripted", "base_url": address, "source": "environment", "has_key": true, "state": "works", "detail": null, "model_count": 1},
        ]));
        assert_eq!((&list["items"], &list["fixed_default_model"]), (&json!([]), &json!("scripted")));
        // Loopback is not for everybody, but it is for the operator.
        assert_eq!(ask(&root, "scripted").await.1.data["content"], "hi");
    }

    async fn with_another_secret_key_the_server_starts_and_says_what_cannot_be_read(kind) {
        let provider = Provider::always(Script::answer("hi")).await;
        let server = Server::with(kind, with_loopback).await;
        let path = path_of(&add(&server.administrator("root").await, "shop", &provider).await);
        let (dir, data) = server.stop().await;
        let server = Server::on(dir, data, |config| {
            with_loopback(config);
            config.secret_key = Some(SecretString::from("another key for tests: 0123456789abcdef".to_owned()));
        })
        .await;
        let mut root = Person::nobody(&server);
        root.email = "root@example.org".to_owned();
        root.sign_in().await;
        let locked = root.read(&path).await;
        assert_eq!((&locked["state"], &locked["has_key"], &locked["key_hint"]), (&json!("key_unreadable"), &json!(true), &json!(null)));
        let detail = locked["detail"].as_str().unwrap();
        assert!(detail.contains("another SECRET_KEY") && detail.contains("enter it again"), "{detail}");
        assert_eq!(ask(&root, "shop/scripted").await.1.data["code"], "provider_key_unreadable");
        assert!(provider.calls().is_empty());
        let mended = json_of(root.patch(&path, json!({"api_key": KEY})).await, 200).await;
        assert_eq!((&mended["state"], &mended["key_hint"]), (&json!("works"), &json!("WXYZ")));
        assert_eq!(ask(&root, "shop/scripted").await.1.data["content"], "hi");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_sees_it_too() {
    let provider = Provider::always(Script::answer("hello there")).await;
    let here = Server::with(Kind::Postgres, with_loopback).await;
    let there = Server::on(tempfile::tempdir().unwrap(), here.app.config.data.clone(), with_loopback).await;
    let root = here.administrator("root").await;
    let elsewhere = root.clone().moved_to(&there);
    assert_eq!(offered(&elsewhere).await, ["fixed/one", "demo"]);
    let added = add(&root, "shop", &provider).await;
    eventually("the other instance offers it", async || offered(&elsewhere).await.len() == 3).await;
    assert_eq!(ask(&elsewhere, "shop/scripted").await.1.data["content"], "hello there");
    assert_eq!(root.delete(&path_of(&added)).await.status(), 204);
    eventually("the other instance offers it no more", async || offered(&elsewhere).await.len() == 2).await;
}
