//! Conversations of thousands of messages, each a reply to the one before.

use loquat::clock;
use loquat::entity::message::{self, Role};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::json;

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::{Person, Provider, Script, Server};

/// More than SQLite follows from reply to reply.
const DEEP: usize = 3000;

/// A conversation of somebody with so many messages below its first answer, the ids of all of them, oldest first.
async fn deep(server: &Server, person: &Person) -> (String, Vec<String>) {
    let project = person.project().await;
    let answer = answer_of(&person.ask(&project, "What is deep?").await);
    person.events(&project, &answer, None).await.until("end").await;
    let db = &server.app.db;
    let mut last =
        message::Entity::find_by_id(answer.parse::<uuid::Uuid>().unwrap()).one(db.reader()).await.unwrap().unwrap();
    let mut ids = vec![last.parent_id.unwrap().to_string(), answer];
    let mut more = Vec::new();
    for _ in 0..DEEP {
        let role = if last.role == Role::User { Role::Assistant } else { Role::User };
        last = message::Model { id: clock::id(), parent_id: Some(last.id), role, client_request_id: None, ..last };
        ids.push(last.id.to_string());
        more.push(last.clone().into_active_model().reset_all());
    }
    let transaction = db.write().await.unwrap();
    for some in more.chunks(500) {
        message::Entity::insert_many(some.to_vec()).exec_without_returning(&transaction).await.unwrap();
    }
    db.commit(transaction).await.unwrap();
    let shown = json!({"active_message_id": ids.last()});
    json_of(person.patch(&format!("/api/projects/{project}"), shown).await, 200).await;
    (project, ids)
}

async fn count(server: &Server) -> u64 {
    message::Entity::find().count(server.app.db.reader()).await.unwrap()
}

on_both_databases! {
    async fn a_conversation_of_any_length_is_deleted_in_part_and_as_a_whole(kind) {
        let provider = Provider::always(Script::answer("as deep as you like")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let (kept, _) = deep(&server, &ada).await;
        let (project, ids) = deep(&server, &ada).await;
        let messages = format!("/api/projects/{project}/messages");
        // Near its begin, so that nearly all of it goes.
        assert_eq!(ada.delete(&format!("{messages}/{}", ids[2])).await.status(), 204);
        assert_eq!(ada.messages(&project).await.len(), 2);
        assert_eq!(ada.read(&format!("/api/projects/{project}")).await["active_message_id"], ids[1]);
        assert_eq!(count(&server).await as usize, 2 + DEEP + 2);
        // It can go on.
        let next = answer_of(&ada.ask(&project, "And now?").await);
        ada.events(&project, &next, None).await.until("end").await;
        assert_eq!(ada.delete(&format!("/api/projects/{kept}")).await.status(), 204);
        problem_of(ada.get(&format!("/api/projects/{kept}")).await, 404, "not_found").await;
        assert_eq!(count(&server).await, 4);
    }

    async fn an_account_with_long_conversations_is_deleted(kind) {
        let provider = Provider::always(Script::answer("as deep as you like")).await;
        let server = Server::with_provider(kind, &provider).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        deep(&server, &ada).await;
        deep(&server, &ada).await;
        let (left, _) = deep(&server, &eve).await;
        assert_eq!(ada.delete_account().await.status(), 204);
        assert_eq!(count(&server).await as usize, DEEP + 2);
        assert_eq!(eve.read(&format!("/api/projects/{left}/messages?limit=1")).await["items"].as_array().unwrap().len(), 1);
    }

    async fn a_conversation_of_any_length_is_read_asked_and_taken_along(kind) {
        let provider = Provider::always(Script::answer("as deep as you like")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let (project, ids) = deep(&server, &ada).await;
        let next = answer_of(&ada.ask(&project, "And now?").await);
        ada.events(&project, &next, None).await.until("end").await;
        let messages = format!("/api/projects/{project}/messages");
        let newest = ada.read(&format!("{messages}?limit=3")).await;
        assert_eq!(newest["items"][0]["id"].as_str(), ids.last().map(String::as_str), "{newest}");
        // Another branch, from the very begin, and back.
        let edited = json_of(ada.patch(&format!("{messages}/{}", ids[0]), json!({"content": "Is it?"})).await, 202).await;
        ada.events(&project, &answer_of(&edited), None).await.until("end").await;
        assert_eq!(ada.messages(&project).await.len(), 2);
        json_of(ada.patch(&format!("/api/projects/{project}"), json!({"active_message_id": ids[0]})).await, 200).await;
        assert_eq!(ada.read(&format!("{messages}?limit=3")).await, newest);
        let file: serde_json::Value = serde_json::from_str(&ada.get("/api/users/me/export").await.text().await.unwrap()).unwrap();
        assert_eq!(file["projects"][0]["messages"].as_array().unwrap().len(), DEEP + 2 + 4);
    }
}
