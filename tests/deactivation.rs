//! Deactivated accounts: nobody gets in, everything open ends, and nothing is lost.

use loquat::clock;
use loquat::entity::{message, user};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::json;

use crate::harness::client::{PASSWORD, answer_of, json_of, problem_of};
use crate::harness::{Kind, Person, Provider, Script, Server, Socket, within};

async fn sign_in(server: &Server, person: &Person, password: &str) -> reqwest::Response {
    Person::nobody(server).post("/api/login/", json!({"email": person.email, "password": password})).await
}

/// Deactivates somebody by the API, or behind the server's back as another process would.
async fn deactivate(server: &Server, root: &Person, id: uuid::Uuid, how: &str) {
    if how == "here" {
        let gone = json_of(root.patch(&format!("/api/admin/users/{id}"), json!({"active": false})).await, 200).await;
        assert_eq!((gone["is_active"].as_bool(), gone["sessions"].as_u64()), (Some(false), Some(0)));
        assert!(gone["deactivated_at"].is_string());
        return;
    }
    let row = user::Entity::find_by_id(id).one(server.app.db.reader()).await.unwrap().unwrap();
    let transaction = server.app.db.write().await.unwrap();
    let mut row = row.into_active_model();
    row.deactivated_at = Set(Some(clock::now()));
    row.update(&transaction).await.unwrap();
    server.app.db.commit(transaction).await.unwrap();
}

async fn everything_ends(kind: Kind, how: &str) {
    let provider = Provider::always(Script::stream().delta("half an ").gate().delta("answer").end()).await;
    let server = Server::with_provider(kind, &provider).await;
    let root = server.administrator("root").await;
    let ada = server.person("ada").await;
    let id = ada.id().await;
    let program = ada.program(&ada.new_key("chat").await.1);
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "hi").await);
    let mut events = ada.events(&project, &answer, None).await;
    let mut by_key = program.events(&project, &answer, None).await;
    for events in [&mut events, &mut by_key] {
        events.until("message").await;
    }
    let mut socket = Socket::of(&server, &ada).await;
    let mut of_program = Socket::of(&server, &program).await;
    deactivate(&server, &root, id, how).await;
    within(5, "the streams and the sockets end", async {
        for events in [&mut events, &mut by_key] {
            // With the account the answer is stopped too, which may be told first.
            let told = events.rest().await;
            assert!(told.is_empty() || how == "here" && told[0].data["status"] == "stopped", "{how}: {told:?}");
        }
        for socket in [&mut socket, &mut of_program] {
            assert_eq!(socket.closed().await, 4401, "{how}");
        }
    })
    .await;
    if how == "elsewhere" {
        return;
    }
    problem_of(ada.get("/api/projects/").await, 401, "not_signed_in").await;
    problem_of(program.get("/api/projects/").await, 401, "key_invalid").await;
    problem_of(sign_in(&server, &ada, "a wrong one, and no more").await, 401, "wrong_credentials").await;
    problem_of(sign_in(&server, &ada, PASSWORD).await, 403, "account_deactivated").await;
    assert_eq!(root.read(&format!("/api/admin/users/{id}")).await["conversations"], 1);
    // Nothing of theirs is lost, and the model is not heard any more.
    json_of(root.patch(&format!("/api/admin/users/{id}"), json!({"active": true})).await, 200).await;
    problem_of(ada.get("/api/projects/").await, 401, "not_signed_in").await;
    let mut again = ada.clone();
    again.sign_in().await;
    let stopped = again.messages(&project).await[1].clone();
    assert_eq!((stopped["status"].as_str(), stopped["content"].as_str()), (Some("stopped"), Some("half an ")));
    program.read("/api/projects/").await;
}

on_both_databases! {
    async fn whoever_is_deactivated_is_out_at_once_and_loses_nothing(kind) {
        for how in ["here", "elsewhere"] {
            everything_ends(kind, how).await;
        }
    }

    async fn a_deactivated_account_begins_no_turn(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let id = ada.id().await;
        deactivate(&server, &ada, id, "elsewhere").await;
        // The caller is still believed for a moment here, and yet nothing is asked in their name.
        let path = format!("/api/projects/{project}/messages");
        let refused = ada.post(&path, json!({"content": "hi"})).await.status();
        assert!([401, 404].contains(&refused.as_u16()), "{refused}");
        let transaction = server.app.db.write().await.unwrap();
        let asked = message::Entity::find().all(&transaction).await.unwrap();
        assert!(asked.is_empty(), "{asked:?}");
    }
}
