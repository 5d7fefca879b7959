//! Where a second factor is required, whoever has none can set one up and do nothing else.

use loquat::config::RequiredFactor;
use loquat::entity::user;
use reqwest::Method;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::json;

use crate::contract::{address_of, operations};
use crate::harness::client::{PASSWORD, json_of, problem_of};
use crate::harness::factors::set_up;
use crate::harness::{Person, Server, Socket};

/// What somebody may do who has yet to set a second factor up.
const SETTING_UP: [&str; 10] = [
    "check_session",
    "get_second_factor",
    "create_totp",
    "confirm_totp",
    "delete_totp",
    "create_recovery_codes",
    "list_passkeys",
    "create_passkey_options",
    "create_passkey",
    "delete_passkey",
];

async fn make_administrator(server: &Server, person: &Person) {
    let row = user::Entity::with_email(&person.email).one(server.app.db.reader()).await.unwrap().unwrap();
    let transaction = server.app.db.write().await.unwrap();
    user::ActiveModel { role: Set(user::Role::Admin), ..row.into_active_model() }.update(&transaction).await.unwrap();
    server.app.db.commit(transaction).await.unwrap();
}

on_both_databases! {
    async fn whoever_lacks_one_reaches_nothing_but_its_set_up(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        make_administrator(&server, &ada).await;
        let key = ada.clone();
        let key = { let mut again = key; again.sign_in().await; again.new_key("admin").await.1 };
        let (dir, data) = server.stop().await;
        let server = Server::on(dir, data, |config| config.required_factor = RequiredFactor::Everyone).await;
        let ada = ada.moved_to(&server);
        let program = ada.program(&key);
        let mut walked = 0;
        for (method, path, operation) in operations() {
            if operation["security"].is_null() {
                continue;
            }
            let place = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            let for_keys = operation["security"].as_array().unwrap().iter().any(|one| one.get("key").is_some());
            for (person, code) in [(&ada, "second_factor_setup_required"), (&program, if for_keys { "second_factor_setup_required" } else { "session_required" })] {
                let request = person.request(method.clone(), &address_of(&path));
                let request = if operation["requestBody"].is_object() { request.json(&json!({})) } else { request };
                let response = request.send().await.unwrap();
                if person.key.is_none() && SETTING_UP.contains(&id) {
                    assert!(![401, 403].contains(&response.status().as_u16()), "{place}: {}", response.status());
                } else {
                    assert_eq!(response.status(), 403, "{place}");
                    assert_eq!(problem_of(response, 403, code).await["code"], code, "{place}");
                }
            }
            walked += 1;
        }
        assert!(walked > 30, "{walked}");
        // A sign-in says so, and so does the page.
        let login = json_of(ada.elsewhere().post("/api/login/", json!({"email": ada.email, "password": PASSWORD})).await, 200).await;
        assert_eq!(login["second_factor_missing"], true);
        assert_eq!(ada.read("/api/check_session/").await["second_factor_missing"], true);
        assert_eq!(ada.read("/api/second_factor").await["is_required"], true);
        assert!(ada.get("/").await.text().await.unwrap().contains("\"second_factor_missing\":true"));
        // Once there is one, everything is as ever, for her keys too.
        let (ada, app, codes) = set_up(ada).await;
        ada.project().await;
        program.read("/api/projects/").await;
        assert_eq!(ada.read("/api/check_session/").await["second_factor_missing"], false);
        // And without it again at once nothing, in an open socket neither.
        let mut socket = Socket::of(&server, &ada).await;
        let project = program.project().await;
        let removal = json!({"password": PASSWORD, "recovery_code": codes[0]});
        assert_eq!(ada.request(Method::DELETE, "/api/second_factor/totp").json(&removal).send().await.unwrap().status(), 204);
        problem_of(ada.get("/api/projects/").await, 403, "second_factor_setup_required").await;
        problem_of(program.get("/api/projects/").await, 403, "second_factor_setup_required").await;
        let refused = socket.ask(json!({"type": "send", "project_id": project, "content": "x"})).await;
        assert_eq!(refused["problem"]["code"], "second_factor_setup_required", "{refused}");
        assert!(app.confirmed.is_some());
    }

    async fn administrators_alone_can_be_asked_for_one(kind) {
        let server = Server::with(kind, |config| config.required_factor = RequiredFactor::Administrators).await;
        let (root, mut ada) = (server.person("root").await, server.person("ada").await);
        make_administrator(&server, &root).await;
        let mut root = root;
        root.sign_in().await;
        ada.sign_in().await;
        ada.project().await;
        assert_eq!(ada.read("/api/check_session/").await["second_factor_missing"], false);
        problem_of(root.get("/api/projects/").await, 403, "second_factor_setup_required").await;
        problem_of(root.get("/api/invites/").await, 403, "second_factor_setup_required").await;
        let (root, ..) = set_up(root).await;
        root.read("/api/invites/").await;
    }
}
