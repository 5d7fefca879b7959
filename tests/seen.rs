//! A conversation that the server has seen is not read again for the next question, and yet is never taken for what it was.

use loquat::clock;
use loquat::entity::{project, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::{Person, Provider, Script, Server, eventually};
use crate::search::conversation;

/// Changes the database as another process does, of which this one hears nothing.
async fn behind_its_back<E: EntityTrait>(server: &Server, change: UpdateMany<E>) {
    let transaction = server.app.db.write().await.unwrap();
    assert_eq!(change.exec(&transaction).await.unwrap().rows_affected, 1);
    server.app.db.commit(transaction).await.unwrap();
}

/// Asks, and waits for the whole answer. Returns the question's id.
async fn ask_whole(person: &Person, project: &str, content: &str) -> String {
    let turn = person.ask(project, content).await;
    person.events(project, &answer_of(&turn), None).await.until("end").await;
    turn["user_message"]["id"].as_str().unwrap().to_owned()
}

fn told(call: &Value) -> Vec<&str> {
    call["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect()
}

on_both_databases! {
    async fn the_model_is_told_what_was_set_meanwhile(kind) {
        let provider = Provider::start(|n, _| Script::answer(&format!("answer {n}"))).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let id: Uuid = project.parse().unwrap();
        let row = || project::Entity::update_many().filter(project::Column::Id.eq(id));
        behind_its_back(&server, row().col_expr(project::Column::SystemPrompt, Expr::value("Be brief."))).await;
        ask_whole(&ada, &project, "one").await;
        behind_its_back(&server, row().col_expr(project::Column::Parameters, Expr::value(r#"{"temperature":0.5}"#))).await;
        ask_whole(&ada, &project, "two").await;
        let nothing = Expr::value(None::<String>);
        let plain = row().col_expr(project::Column::SystemPrompt, nothing.clone()).col_expr(project::Column::Parameters, nothing);
        behind_its_back(&server, plain).await;
        ask_whole(&ada, &project, "three").await;
        let calls = provider.calls();
        assert_eq!(told(&calls[0]), ["Be brief.", "one"]);
        assert_eq!(told(&calls[1]), ["Be brief.", "one", "answer 0", "two"]);
        assert_eq!(told(&calls[2]), ["one", "answer 0", "two", "answer 1", "three"]);
        let temperatures: Vec<&Value> = calls.iter().map(|call| &call["temperature"]).collect();
        assert_eq!(temperatures, [&Value::Null, &json!(0.5), &Value::Null]);
    }

    async fn what_was_deleted_meanwhile_is_not_told(kind) {
        let provider = Provider::start(|n, _| Script::answer(&format!("answer {n}"))).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        ask_whole(&ada, &project, "one").await;
        let second = ask_whole(&ada, &project, "two").await;
        assert_eq!(ada.delete(&format!("/api/projects/{project}/messages/{second}")).await.status(), 204);
        ask_whole(&ada, &project, "three").await;
        assert_eq!(told(&provider.calls()[2]), ["one", "answer 0", "three"]);
    }

    async fn of_a_conversation_longer_than_any_model_reads_the_newest_is_told(kind) {
        const MOST: usize = 16 * 1024 * 1024;
        let provider = Provider::start(|n, _| Script::answer(&format!("answer {n}"))).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let texts: Vec<String> = (0..20).map(|n| format!("{n} {}", "x".repeat(999_000))).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (project, ids) = conversation(&server, &ada, "long", &texts).await;
        let path = format!("/api/projects/{project}");
        let shown = ada.patch(&path, json!({"active_message_id": ids[19]})).await;
        assert_eq!(shown.status(), 200);
        // Read, seen, and read again.
        ask_whole(&ada, &project.to_string(), "one").await;
        ask_whole(&ada, &project.to_string(), &"two ".repeat(60_000)).await;
        let answer = ada.messages(&project.to_string()).await.pop().unwrap();
        let again = ada.post(&format!("{path}/messages/{}/regenerate", answer["id"].as_str().unwrap()), json!({})).await;
        ada.events(&project.to_string(), &answer_of(&json_of(again, 202).await), None).await.until("end").await;
        let calls = provider.calls();
        let told: Vec<String> = calls.iter().map(|call| told(call).concat()).collect();
        for told in &told {
            assert!((MOST - 1_100_000..=MOST + 100).contains(&told.len()), "{}", told.len());
        }
        assert!(told[0].ends_with("one") && told[1] == told[2]);
    }

    async fn nothing_is_asked_in_a_conversation_that_is_gone_or_for_somebody_who_is(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let (first, second) = (ada.project().await, ada.project().await);
        let question = |project: &str| (format!("/api/projects/{project}/messages"), json!({"content": "x"}));
        let transaction = server.app.db.write().await.unwrap();
        project::Entity::delete_by_id(first.parse::<Uuid>().unwrap()).exec(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        let (path, body) = question(&first);
        problem_of(ada.post(&path, body).await, 404, "not_found").await;
        // The session is believed for a moment longer.
        let deactivated = Expr::value(Some(clock::now()));
        let account = user::Entity::update_many().filter(user::Column::Email.eq(&ada.email));
        behind_its_back(&server, account.col_expr(user::Column::DeactivatedAt, deactivated)).await;
        let (path, body) = question(&second);
        assert!([401, 404].contains(&ada.post(&path, body).await.status().as_u16()));
        assert_eq!(provider.calls().len(), 0);
    }

    async fn a_request_of_the_same_id_is_the_same_turn_and_not_counted_twice(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let server = Server::with_provider_and(kind, &provider, |config| config.limits.turns_per_minute = Some(2)).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages");
        let body = |id: &str| json!({"content": "x", "client_request_id": id});
        let first: Value = ada.post(&path, body("one")).await.json().await.unwrap();
        ada.events(&project, &answer_of(&first), None).await.until("end").await;
        for _ in 0..5 {
            let again: Value = ada.post(&path, body("one")).await.json().await.unwrap();
            assert_eq!(again["user_message"]["id"], first["user_message"]["id"], "{again}");
        }
        assert_eq!(ada.post(&path, body("two")).await.status(), 202);
        assert_eq!(ada.messages(&project).await.len(), 4);
    }
    async fn a_request_that_comes_again_makes_no_room_for_another(kind) {
        let provider = Provider::always(Script::stream().delta("still").gate().end()).await;
        let server = Server::with_provider_and(kind, &provider, |config| config.limits.turns_per_minute = Some(1)).await;
        let ada = server.person("ada").await;
        let (project, other) = (ada.project().await, ada.project().await);
        let path = format!("/api/projects/{project}/messages");
        for _ in 0..5 {
            assert_eq!(ada.post(&path, json!({"content": "x", "client_request_id": "one"})).await.status(), 202);
        }
        let second = ada.post(&format!("/api/projects/{other}/messages"), json!({"content": "y"})).await;
        problem_of(second, 429, "too_many_turns").await;
        eventually("the model is asked, once", async || provider.calls().len() == 1).await;
    }
}
