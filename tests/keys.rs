//! API keys: made and shown once, used like a session, and worth nothing when they end.

use chrono::Duration;
use loquat::clock;
use loquat::entity::{api_key, session};
use reqwest::Method;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, Set};
use serde_json::{Value, json};

use crate::harness::audit;
use crate::harness::client::{PASSWORD, answer_of, json_of, problem_of};
use crate::harness::events::Events;
use crate::harness::process::Running;
use crate::harness::{Kind, Person, Provider, Script, Server, Socket, eventually, within};

async fn list(person: &Person) -> Vec<Value> {
    person.read("/api/keys/").await["items"].as_array().unwrap().clone()
}

/// Has a key end at some moment.
async fn end_at(server: &Server, id: &str, moment: chrono::DateTime<chrono::Utc>) {
    let known = api_key::Entity::find_by_id(id.parse::<uuid::Uuid>().unwrap()).one(server.app.db.reader()).await;
    let mut key = known.unwrap().unwrap().into_active_model();
    key.expires_at = Set(Some(moment));
    let transaction = server.app.db.write().await.unwrap();
    key.update(&transaction).await.unwrap();
    server.app.db.commit(transaction).await.unwrap();
}

on_both_databases! {
    async fn a_key_is_shown_once_and_only_its_hash_is_kept(kind) {
        let server = Server::start(kind).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let body = json!({"name": "  backup \0 ", "scope": "read", "expires_in_days": 30});
        let before = clock::now();
        let made = json_of(ada.post("/api/keys/", body).await, 201).await;
        let secret = made["secret"].as_str().unwrap();
        assert!(secret.len() == 67 && secret.starts_with("lq_"), "{secret}");
        let key = &made["key"];
        assert_eq!((key["name"].as_str(), key["scope"].as_str()), (Some("backup \u{fffd}"), Some("read")));
        assert_eq!(key["prefix"].as_str().unwrap(), &secret[..11]);
        assert_eq!(key["last_used_at"], json!(null));
        let end = chrono::DateTime::parse_from_rfc3339(key["expires_at"].as_str().unwrap()).unwrap();
        assert!(end >= before + Duration::days(30) && end <= clock::now() + Duration::days(30), "{end}");
        let (second, other) = ada.new_key("chat").await;
        assert_ne!(other, secret);
        // The list has them without the keys, newest first, in pages, and nobody else's.
        let all = list(&ada).await;
        assert_eq!((&all[0]["id"], &all[1]), (&json!(second), key));
        assert_eq!(all[0]["expires_at"], json!(null));
        let first = ada.read("/api/keys?limit=1").await;
        let next = ada.read(&format!("/api/keys/?limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await;
        assert_eq!((&first["items"][0], &next["items"][0], &next["next_cursor"]), (&all[0], &all[1], &json!(null)));
        problem_of(ada.get("/api/keys/?cursor=x").await, 422, "invalid").await;
        assert!(list(&eve).await.is_empty());
        // And nothing of the keys is in the database but what is shown of them, and their hashes.
        let db = audit::connect(&server.app.config.data).await;
        let rows = api_key::Entity::find().all(&db).await.unwrap();
        db.close().await.unwrap();
        assert_eq!(rows.len(), 2);
        for row in rows {
            let kept = format!("{row:?}");
            assert!(!kept.contains(&secret[..12]) && !kept.contains(&other[..12]), "{kept}");
            assert_eq!(row.token_hash.len(), 64);
        }
    }

    async fn a_key_that_makes_no_sense_is_refused_with_its_field(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        for (body, field) in [
            (json!({"scope": "read"}), "name"),
            (json!({"name": "", "scope": "read"}), "name"),
            (json!({"name": "  ", "scope": "read"}), "name"),
            (json!({"name": "x".repeat(101), "scope": "read"}), "name"),
            (json!({"name": "x"}), "scope"),
            (json!({"name": "x", "scope": "write"}), "scope"),
            (json!({"name": "x", "scope": "read", "expires_in_days": 0}), "expires_in_days"),
            (json!({"name": "x", "scope": "read", "expires_in_days": 3651}), "expires_in_days"),
            (json!({"name": "x", "scope": "read", "owner": "eve"}), "owner"),
            // No key may more than its owner.
            (json!({"name": "x", "scope": "admin"}), "scope"),
        ] {
            let problem = problem_of(ada.post("/api/keys/", body.clone()).await, 422, "invalid").await;
            assert_eq!(problem["field"], field, "{body}: {problem}");
        }
        assert!(list(&ada).await.is_empty());
    }

    async fn a_person_has_a_hundred_keys_at_most(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let body = json!({"name": "one of many", "scope": "read"});
        let all = futures_util::future::join_all((0..104).map(|_| ada.post("/api/keys/", body.clone()))).await;
        let made = all.iter().filter(|response| response.status() == 201).count();
        assert_eq!((made, all.len() - made), (100, 4));
        problem_of(ada.post("/api/keys/", body.clone()).await, 409, "too_many_keys").await;
        let one = list(&ada).await[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(ada.delete(&format!("/api/keys/{one}")).await.status(), 204);
        assert_eq!(ada.post("/api/keys/", body).await.status(), 201);
    }

    async fn a_program_with_a_key_does_what_its_owner_does(kind) {
        let provider = Provider::always(Script::answer("a fruit")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let (_, key) = ada.new_key("chat").await;
        let program = ada.program(&key);
        assert_eq!(program.id().await, ada.id().await);
        let project = program.project().await;
        let answer = answer_of(&program.ask(&project, "What is a loquat?").await);
        assert_eq!(program.events(&project, &answer, None).await.rest().await.last().unwrap().data["content"], "a fruit");
        let streamed = Events::new(program.stream(&project, "And a medlar?").send().await.unwrap()).rest().await;
        assert_eq!(streamed.last().unwrap().name, "end");
        let mut socket = Socket::of(&server, &program).await;
        let turn = socket.ask(json!({"type": "send", "project_id": project, "content": "And a quince?"})).await;
        assert_eq!(turn["type"], "accepted", "{turn}");
        assert_eq!(socket.answer(&answer_of(&turn)).await.last().unwrap().data["content"], "a fruit");
        assert_eq!(ada.messages(&project).await.len(), 6);
        assert_eq!(program.get("/api/users/me/export").await.status(), 200);
        // Whoever comes with a key is no page of another site, whatever a browser may say of it.
        let named = program.request(Method::PATCH, &format!("/api/projects/{project}"));
        let named = named.header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
        assert_eq!(named.json(&json!({"name": "fruit"})).send().await.unwrap().status(), 200);
        let other = server.person("eve").await.project().await;
        problem_of(program.get(&format!("/api/projects/{other}")).await, 404, "not_found").await;
    }

    async fn a_deleted_key_is_worth_nothing_at_once(kind) {
        let server = Server::start(kind).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let ((id, key), (_, other)) = (ada.new_key("read").await, ada.new_key("read").await);
        let (program, kept) = (ada.program(&key), ada.program(&other));
        for (who, id) in [(&eve, id.as_str()), (&ada, "01a2062a-e80f-7480-8fc1-84bb6936022a"), (&ada, "not-an-id")] {
            problem_of(who.delete(&format!("/api/keys/{id}")).await, 404, "not_found").await;
        }
        program.read("/api/check_session/").await;
        assert_eq!(ada.delete(&format!("/api/keys/{id}")).await.status(), 204);
        problem_of(program.get("/api/check_session/").await, 401, "key_invalid").await;
        problem_of(ada.delete(&format!("/api/keys/{id}")).await, 404, "not_found").await;
        // A new password leaves keys alone; the account's end does not.
        let change = json!({"password": "another set of four words", "current_password": PASSWORD});
        assert_eq!(ada.patch("/api/users/me", change).await.status(), 200);
        kept.read("/api/check_session/").await;
        let deletion = ada.request(Method::DELETE, "/api/users/me").json(&json!({"password": "another set of four words"}));
        assert_eq!(deletion.send().await.unwrap().status(), 204);
        problem_of(kept.get("/api/check_session/").await, 401, "key_invalid").await;
        assert!(api_key::Entity::find().all(server.app.db.reader()).await.unwrap().is_empty());
    }

    async fn what_lasts_is_not_made_in_a_session_that_has_ended(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        ada.read("/api/users/me").await;
        // As the command line does it: the server believes for a moment yet what it knows.
        let transaction = server.app.db.write().await.unwrap();
        session::Entity::delete_of(ada.id().await).exec(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        problem_of(ada.post("/api/keys/", json!({"name": "x", "scope": "chat"})).await, 401, "not_signed_in").await;
        let proof = json!({"password": PASSWORD});
        problem_of(ada.post("/api/second_factor/totp", proof).await, 401, "not_signed_in").await;
        assert_eq!(api_key::Entity::find().count(server.app.db.reader()).await.unwrap(), 0);
    }

    async fn a_key_ends_at_its_time(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let (id, key) = ada.new_key("read").await;
        end_at(&server, &id, clock::now() + Duration::hours(1)).await;
        ada.program(&key).read("/api/check_session/").await;
        let (id, key) = ada.new_key("read").await;
        end_at(&server, &id, clock::now()).await;
        problem_of(ada.program(&key).get("/api/check_session/").await, 401, "key_invalid").await;
        // It is still listed, so that its owner sees why a program has stopped.
        assert_eq!(list(&ada).await[0]["id"], id.as_str());
    }

    async fn when_a_key_was_last_used_is_noted_once_a_minute(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let (id, key) = ada.new_key("read").await;
        let program = ada.program(&key);
        let id: uuid::Uuid = id.parse().unwrap();
        let noted = async || api_key::Entity::find_by_id(id).one(server.app.db.reader()).await.unwrap().unwrap();
        let before = clock::now();
        program.read("/api/check_session/").await;
        eventually("it is noted", async || noted().await.last_used_at.is_some_and(|time| time >= before)).await;
        let once = noted().await.last_used_at;
        for _ in 0..5 {
            program.read("/api/check_session/").await;
        }
        assert_eq!(noted().await.last_used_at, once);
        assert!(list(&ada).await[0]["last_used_at"].is_string());
    }

    async fn what_is_open_with_a_key_ends_with_it(kind) {
        for how in ["deleted", "expired", "account"] {
            what_is_open_ends(kind, how).await;
        }
    }
}

async fn what_is_open_ends(kind: Kind, how: &str) {
    let provider = Provider::always(Script::stream().delta("half an ").gate().delta("answer").end()).await;
    let server = Server::with_provider(kind, &provider).await;
    let ada = server.person("ada").await;
    let (id, key) = ada.new_key("chat").await;
    let (program, other) = (ada.program(&key), ada.program(&ada.new_key("read").await.1));
    let project = program.project().await;
    let answer = answer_of(&program.ask(&project, "hi").await);
    let mut cut = program.events(&project, &answer, None).await;
    let mut kept = [other.events(&project, &answer, None).await, ada.events(&project, &answer, None).await];
    let mut socket = Socket::of(&server, &program).await;
    cut.until("message").await;
    for kept in &mut kept {
        kept.until("message").await;
    }
    match how {
        "deleted" => assert_eq!(ada.delete(&format!("/api/keys/{id}")).await.status(), 204),
        // As time does.
        "expired" => end_at(&server, &id, clock::now()).await,
        _ => assert_eq!(ada.delete_account().await.status(), 204),
    }
    within(5, "the stream and the socket end", async {
        let told = cut.rest().await;
        // With the account its answers end too, which may be told first.
        assert!(told.is_empty() || how == "account" && told[0].data["code"] == "deleted", "{how}: {told:?}");
        assert_eq!(socket.closed().await, 4401, "{how}");
    })
    .await;
    eventually("the key is no longer believed", async || program.get("/api/check_session/").await.status() == 401)
        .await;
    if how != "account" {
        // The key's end is no stop, and the session and the other key go on.
        provider.open();
        for kept in &mut kept {
            assert_eq!(kept.until("end").await.last().unwrap().data["content"], "half an answer", "{how}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_appears_in_no_log_and_in_no_answer() {
    let server = Running::start(&[("RUST_LOG", "trace")]);
    let ada = Person::at(&server.url).join("ada").await;
    let (id, key) = ada.new_key("chat").await;
    let program = ada.program(&key);
    let project = program.project().await;
    let mut said = String::new();
    for path in [
        "/api/check_session/",
        "/api/nothing",
        "/api/projects/?cursor=x",
        "/api/users/me/export",
        "/api/keys/",
        "/",
        "/c/1",
    ] {
        let response = program.get(path).await;
        said += &format!("{:?}", response.headers());
        said += &response.text().await.unwrap();
    }
    said += &ada.get("/api/keys/").await.text().await.unwrap();
    let streamed = program.stream(&project, "hi").send().await.unwrap();
    said += &streamed.text().await.unwrap();
    said += &program.post("/api/projects/", json!({"name": 5})).await.text().await.unwrap();
    ada.delete(&format!("/api/keys/{id}")).await;
    said += &program.get("/api/check_session/").await.text().await.unwrap();
    // What is behind its prefix.
    let secret = &key[11..];
    assert!(said.contains(&key[..11]) && !said.contains(secret), "{said}");
    let log = server.log();
    assert!(log.contains("/api/check_session"), "{log}");
    let shown = log.lines().find(|line| line.contains(secret));
    assert_eq!(shown, None);
}
