//! Everything somebody has, as one file: whole, valid, and nobody else's.

use std::collections::HashSet;

use loquat::clock;
use loquat::entity::message;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::{Person, Provider, Script, Server};

async fn export(person: &Person) -> Value {
    let response = person.get("/api/users/me/export").await;
    assert_eq!(response.status(), 200);
    let today = clock::now().format("%Y-%m-%d");
    let name = format!("attachment; filename=\"loquat-export-{today}.json\"");
    assert_eq!(response.headers()["content-disposition"], name.as_str());
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

on_both_databases! {
    async fn the_file_has_everything_of_one_person(kind) {
        let odd = "a \u{1}\u{7f} \"quoted\" \\ \r\n\t \u{2028} \u{202e}rtl 😀👩\u{200d}👧 ]}],\"messages\":[ \u{10ffff}";
        let provider = Provider::start(move |n, _| match n {
            0 => Script::stream().reasoning(odd).delta(odd).end(),
            1 => Script::answer("again"),
            2 => Script::response(400, "", "{}"),
            _ => Script::stream().delta("half an ").gate().delta("answer").end(),
        })
        .await;
        let server = Server::with_provider(kind, &provider).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        eve.project().await;
        let made = json_of(ada.post("/api/projects/", json!({"name": odd})).await, 201).await;
        let project = made["id"].as_str().unwrap();
        let settings = json!({"system_prompt": odd, "parameters": {"temperature": 0.5, "extra": {"seed": 7}}, "pinned": true});
        json_of(ada.patch(&format!("/api/projects/{project}"), settings).await, 200).await;
        let first = answer_of(&ada.ask(project, odd).await);
        ada.events(project, &first, None).await.until("end").await;
        let again = ada.post(&format!("/api/projects/{project}/messages/{first}/regenerate"), json!({})).await;
        let again = answer_of(&json_of(again, 202).await);
        ada.events(project, &again, None).await.until("end").await;
        let failed = answer_of(&ada.ask(project, "fails").await);
        ada.events(project, &failed, None).await.until("failed").await;
        let empty = ada.project().await;
        let running = ada.project().await;
        let half = answer_of(&ada.ask(&running, "hi").await);
        ada.events(&running, &half, None).await.until("message").await;

        let file = export(&ada).await;
        assert_eq!(file["user"], ada.read("/api/users/me").await);
        assert!(!file.to_string().contains("argon2"));
        let projects = file["projects"].as_array().unwrap();
        let ids: Vec<_> = projects.iter().map(|project| project["id"].as_str().unwrap()).collect();
        assert_eq!(ids, [project, &empty, &running]);
        let shown = ada.read(&format!("/api/projects/{project}")).await;
        for (field, value) in shown.as_object().unwrap() {
            if field != "live_message_id" && field != "match" {
                assert_eq!(&projects[0][field], value, "{field}");
            }
        }
        let messages = projects[0]["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 5);
        for message in messages {
            let id = message["id"].as_str().unwrap();
            let shown = ada.read(&format!("/api/projects/{project}/messages/{id}")).await;
            for (field, value) in shown.as_object().unwrap() {
                if field != "siblings" && field != "project_id" {
                    assert_eq!(&message[field], value, "{field}");
                }
            }
        }
        let usage = &messages[1]["usage"];
        assert!(usage["completion_tokens"].is_number(), "{usage}");
        assert_eq!((messages[1]["content"].as_str(), messages[1]["reasoning"].as_str()), (Some(odd), Some(odd)));
        assert_eq!(messages[2]["parent_id"], messages[1]["parent_id"], "both branches");
        assert_eq!(messages[4]["failure"]["code"], "provider_error", "{}", messages[4]);
        assert_eq!(projects[1]["messages"], json!([]));
        let half = &projects[2]["messages"][1];
        assert_eq!((half["status"].as_str(), half["content"].as_str()), (Some("running"), Some("half an ")));
        provider.open();
    }

    async fn a_file_of_many_pages_has_each_message_once(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let owner_id = ada.id().await;
        let mut expected = HashSet::new();
        let mut projects = Vec::new();
        for _ in 0..35 {
            projects.push(ada.project().await.parse::<uuid::Uuid>().unwrap());
        }
        let transaction = server.app.db.write().await.unwrap();
        for (n, project_id) in projects.iter().enumerate() {
            for m in 0..n {
                let mut row = message::Model::blank(clock::id(), *project_id, owner_id);
                row.content = format!("{m} {}", "long ".repeat(if m == 3 { 40_000 } else { 20 }));
                expected.insert((row.id.to_string(), row.content.clone()));
                row.into_active_model().insert(&transaction).await.unwrap();
            }
        }
        server.app.db.commit(transaction).await.unwrap();
        let file = export(&ada).await;
        let all: Vec<_> = file["projects"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|project| project["messages"].as_array().unwrap())
            .map(|message| (message["id"].as_str().unwrap().to_owned(), message["content"].as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(all.len(), 35 * 34 / 2);
        assert_eq!(all.into_iter().collect::<HashSet<_>>(), expected);
    }

    async fn an_empty_account_has_a_file_too_and_only_a_look_costs_nothing(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        assert_eq!(export(&ada).await["projects"], json!([]));
        let look = ada.request(reqwest::Method::HEAD, "/api/users/me/export/").send().await.unwrap();
        assert_eq!(look.status(), 200);
        assert!(look.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
        problem_of(Person::nobody(&server).get("/api/users/me/export").await, 401, "not_signed_in").await;
    }

    async fn a_download_breaks_off_when_its_session_ends(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let owner_id = ada.id().await;
        let project_id = ada.project().await.parse().unwrap();
        // More than the connection holds on its way.
        let transaction = server.app.db.write().await.unwrap();
        for _ in 0..64 {
            let mut row = message::Model::blank(clock::id(), project_id, owner_id);
            row.content = "x".repeat(500_000);
            row.into_active_model().insert(&transaction).await.unwrap();
        }
        server.app.db.commit(transaction).await.unwrap();
        let response = ada.get("/api/users/me/export").await;
        assert_eq!(ada.delete_account().await.status(), 204);
        assert!(response.text().await.is_err(), "a file that is not whole must not look as if it were");
    }
}
