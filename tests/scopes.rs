//! What may be done with an API key: what its scope says, never more than its owner may, and nothing that decides who can
//! act for them.

use loquat::auth::caller;
use loquat::entity::{api_key::Scope, user};
use reqwest::Method;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::json;

use crate::contract::{address_of, operations};
use crate::harness::client::{PASSWORD, answer_of, json_of, problem_of};
use crate::harness::{Kind, Person, Provider, Script, Server, Socket};

on_both_databases! {
    async fn every_operation_is_for_the_scopes_it_says(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let nobody = Person::nobody(&server);
        let reader = ada.program(&ada.new_key("read").await.1);
        let chatter = ada.program(&ada.new_key("chat").await.1);
        let mut walked = 0;
        for (method, path, operation) in operations() {
            let path = address_of(&path);
            let has = |scheme: &str| operation["security"].as_array().is_some_and(|all| all.iter().any(|one| one.get(scheme).is_some()));
            for (person, scope) in [(&nobody, None), (&reader, Some("read")), (&chatter, Some("chat"))] {
                let request = person.request(method.clone(), &path);
                let request = if operation["requestBody"].is_object() { request.json(&json!({})) } else { request };
                let response = request.send().await.unwrap();
                let refused = match (scope, has("session"), has("key")) {
                    (Some(_), true, _) if operation["tags"][0] == "Administration" => Some((403, "admin_only")),
                    // Signing out is for everybody, and means nothing to a key.
                    (Some(_), false, _) if path == "/api/logout/" => Some((403, "session_required")),
                    (_, false, _) => None,
                    (None, true, _) => Some((401, "not_signed_in")),
                    (Some(_), true, false) => Some((403, "session_required")),
                    (Some("read"), true, true) if method != Method::GET => Some((403, "scope_insufficient")),
                    (Some(_), true, true) => None,
                };
                let place = format!("{method} {path} {scope:?}");
                match refused {
                    Some((status, code)) => {
                        let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
                        problem_of(response, status, code).await;
                        let expected = match code {
                            "not_signed_in" => Some("Bearer"),
                            "scope_insufficient" => Some("Bearer error=\"insufficient_scope\""),
                            _ => None,
                        };
                        assert_eq!(challenge.as_deref(), expected, "{place}");
                    }
                    None => assert!(![401, 403].contains(&response.status().as_u16()), "{place}: {}", response.status()),
                }
            }
            walked += 1;
        }
        assert!(walked > 25, "{walked}");
        // The account is as it was.
        assert_eq!((ada.read("/api/keys/").await["items"].as_array().unwrap().len(), ada.read("/api/projects/").await["items"].as_array().unwrap().len()), (2, 1));
    }

    async fn a_key_to_read_with_asks_nothing_and_changes_nothing(kind) {
        let provider = Provider::always(Script::answer("a fruit")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let reader = ada.program(&ada.new_key("read").await.1);
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "What is a loquat?").await);
        // It follows what others ask.
        assert_eq!(reader.events(&project, &answer, None).await.rest().await.last().unwrap().name, "end");
        assert_eq!(reader.messages(&project).await.len(), 2);
        let stream = format!("/api/projects/{project}/messages/stream");
        assert_eq!(reader.get(&stream).await.status(), 204);
        for query in ["content=x", "c%6Fntent=x", "model=demo&content=", "content", "content=x&client_request_id=1"] {
            for path in [format!("{stream}?{query}"), format!("{stream}/?{query}")] {
                problem_of(reader.get(&path).await, 403, "scope_insufficient").await;
                assert_eq!(reader.request(Method::HEAD, &path).send().await.unwrap().status(), 403);
            }
        }
        let mut socket = Socket::of(&server, &reader).await;
        let followed = json!({"type": "follow", "project_id": project, "message_id": answer});
        socket.say(followed).await;
        assert_eq!(socket.answer(&answer).await.last().unwrap().data["content"], "a fruit");
        for request in [
            json!({"type": "send", "project_id": project, "content": "x"}),
            json!({"type": "edit", "project_id": project, "message_id": answer, "content": "x"}),
            json!({"type": "regenerate", "project_id": project, "message_id": answer}),
            json!({"type": "continue", "project_id": project, "message_id": answer}),
            json!({"type": "stop", "project_id": project, "message_id": answer}),
        ] {
            let refused = socket.ask(request.clone()).await;
            assert_eq!(refused["problem"]["code"], "scope_insufficient", "{request}: {refused}");
        }
        // And it hears what changes.
        ada.patch(&format!("/api/projects/{project}"), json!({"name": "fruit"})).await;
        while socket.until("project").await["project"]["name"] != "fruit" {}
        assert_eq!(provider.calls().len(), 1);
        assert_eq!(ada.messages(&project).await.len(), 2);
    }

    async fn beside_a_key_the_cookie_does_not_count(kind) {
        let server = Server::start(kind).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let (_, key) = eve.new_key("read").await;
        let both = ada.beside(&key);
        assert_eq!(both.id().await, eve.id().await);
        problem_of(both.post("/api/projects/", json!({})).await, 403, "scope_insufficient").await;
        problem_of(both.get("/api/keys/").await, 403, "session_required").await;
        problem_of(both.post("/api/logout/", json!({})).await, 403, "session_required").await;
        for wrong in ["", "x", "lq_", &key[..66], &key.to_uppercase(), &format!("lq_{}", "0".repeat(64)), "Bearer x"] {
            let wrong = ada.beside(wrong);
            let refused = wrong.get("/api/check_session/").await;
            assert_eq!(refused.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
            problem_of(refused, 401, "key_invalid").await;
        }
        // What a proxy asks for is none of ours, and neither are keys elsewhere.
        let basic = ada.request(Method::GET, "/api/check_session/").header("authorization", "Basic YWRhOng=");
        assert_eq!(json_of(basic.send().await.unwrap(), 200).await["email"], ada.email.as_str());
        let nobody = Person::nobody(&server);
        for elsewhere in [format!("/api/check_session/?key={key}"), format!("/api/check_session/?access_token={key}")] {
            problem_of(nobody.get(&elsewhere).await, 401, "not_signed_in").await;
        }
        let mut cookie = nobody;
        cookie.cookie = Some(format!("access_token={key}"));
        problem_of(cookie.get("/api/check_session/").await, 401, "not_signed_in").await;
        // A token of a session is no key.
        let token = ada.cookie.as_ref().unwrap().split_once('=').unwrap().1;
        problem_of(ada.program(token).get("/api/check_session/").await, 401, "key_invalid").await;
        ada.read("/api/check_session/").await;
    }

    async fn with_a_key_nobody_takes_the_account_over(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let (id, key) = ada.new_key("chat").await;
        let thief = ada.program(&key);
        let session = ada.read("/api/sessions/").await["items"][0]["id"].as_str().unwrap().to_owned();
        let password = json!({"password": "another set of four words", "current_password": PASSWORD});
        for (method, path, body) in [
            (Method::GET, "/api/keys/".to_owned(), None),
            (Method::POST, "/api/keys/".to_owned(), Some(json!({"name": "more", "scope": "chat"}))),
            (Method::DELETE, format!("/api/keys/{id}"), None),
            (Method::PATCH, "/api/users/me".to_owned(), Some(password)),
            (Method::DELETE, "/api/users/me".to_owned(), Some(json!({"password": PASSWORD}))),
            (Method::GET, "/api/sessions/".to_owned(), None),
            (Method::DELETE, "/api/sessions/".to_owned(), None),
            (Method::DELETE, format!("/api/sessions/{session}"), None),
            (Method::POST, "/api/logout/".to_owned(), Some(json!({}))),
        ] {
            let request = thief.request(method, &path);
            let request = body.into_iter().fold(request, |request, body| request.json(&body));
            problem_of(request.send().await.unwrap(), 403, "session_required").await;
        }
        assert_eq!(ada.read("/api/keys/").await["items"].as_array().unwrap().len(), 1);
        let mut again = ada.clone();
        again.sign_in().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrators_key_does_no_more_than_a_member_when_they_are_one() {
    let server = Server::start(Kind::Sqlite).await;
    let ada = server.person("ada").await;
    let become_one = async |role| {
        let person = user::Entity::with_email(&ada.email).one(server.app.db.reader()).await.unwrap().unwrap();
        let transaction = server.app.db.write().await.unwrap();
        let change = user::ActiveModel { role: Set(role), ..person.into_active_model() };
        change.update(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
    };
    become_one(user::Role::Admin).await;
    let mut admin = ada.clone();
    admin.sign_in().await;
    let (_, key) = admin.new_key("admin").await;
    let scope = async || {
        let known = caller::of_key(&server.app.db, &server.app.auth, &key, [127, 0, 0, 1].into()).await.unwrap();
        caller::again(&server.app.db, &server.app.auth, &known).await.unwrap().scope
    };
    assert_eq!(scope().await, Scope::Admin);
    become_one(user::Role::Member).await;
    assert_eq!(scope().await, Scope::Chat);
}
