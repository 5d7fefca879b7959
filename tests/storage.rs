//! What one person may store: text, conversations, and messages of one conversation.

use futures_util::future::join_all;
use loquat::config::StorageLimits;
use reqwest::Response;
use serde_json::{Value, json};

use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::{Kind, Person, Provider, Script, Server, eventually};

const STORAGE: &str = "/api/users/me/storage";

async fn server_with(kind: Kind, provider: &Provider, storage: StorageLimits) -> Server {
    Server::with_provider_and(kind, provider, |config| config.limits.storage = storage).await
}

fn bytes(per_person: usize) -> StorageLimits {
    StorageLimits { per_person: Some(per_person), ..StorageLimits::default() }
}

async fn ask(person: &Person, project: &str, content: &str) -> Response {
    person.post(&format!("/api/projects/{project}/messages"), json!({"content": content})).await
}

/// Asks and waits for the end.
async fn ask_whole(person: &Person, project: &str, content: &str) -> Value {
    let turn = json_of(ask(person, project, content).await, 202).await;
    person.events(project, &answer_of(&turn), None).await.until("end").await;
    turn
}

async fn used(person: &Person) -> u64 {
    person.read(STORAGE).await["used_bytes"].as_u64().unwrap()
}

on_both_databases! {
    async fn what_is_stored_is_told_to_the_byte_once_it_is_quiet(kind) {
        let provider = Provider::always(Script::stream().reasoning("hmm").delta("größer").end()).await;
        let server = server_with(kind, &provider, StorageLimits { per_person: Some(5000), conversations: Some(7), messages: Some(9) }).await;
        let ada = server.person("ada").await;
        let nothing = json!({"used_bytes": 0, "most_bytes": 5000, "conversations": 0, "most_conversations": 7, "most_messages": 9});
        assert_eq!(ada.read(STORAGE).await, nothing);
        let made = json!({"name": "fruit", "system_prompt": "be brief", "parameters": {"temperature": 1.0}});
        let project = json_of(ada.post("/api/projects/", made).await, 201).await["id"].as_str().unwrap().to_owned();
        let parameters = r#"{"temperature":1.0}"#.len();
        let empty = 5 + 8 + parameters as u64;
        assert_eq!(used(&ada).await, empty);
        let turn = ask_whole(&ada, &project, "wie groß?").await;
        let one = 10 + 3 + 8;
        assert_eq!(used(&ada).await, empty + one);
        // Counted anew by a server that knows nothing, it is the same.
        let data = server.app.config.data.clone();
        assert_eq!(loquat::entity::stored::by(server.app.db.reader(), ada.id().await).await.unwrap().bytes as u64, empty + one, "{data:?}");
        ada.patch(&format!("/api/projects/{project}"), json!({"system_prompt": ""})).await;
        assert_eq!(used(&ada).await, empty + one - 8);
        let question = turn["user_message"]["id"].as_str().unwrap();
        assert_eq!(ada.delete(&format!("/api/projects/{project}/messages/{question}")).await.status(), 204);
        assert_eq!(used(&ada).await, empty - 8);
        assert_eq!(ada.delete(&format!("/api/projects/{project}")).await.status(), 204);
        assert_eq!(ada.read(STORAGE).await, nothing);
    }

    async fn beyond_it_nothing_new_comes_and_what_is_there_can_be_read_taken_along_and_deleted(kind) {
        let provider = Provider::always(Script::answer(&"y".repeat(3000))).await;
        let server = server_with(kind, &provider, bytes(4096)).await;
        let (ada, ben) = (server.person("ada").await, server.person("ben").await);
        let project = ada.project().await;
        let turn = ask_whole(&ada, &project, &"x".repeat(1500)).await;
        // An answer that has begun comes whole, also where that is more than there may be.
        assert!(used(&ada).await > 4500);
        let (question, answer) = (turn["user_message"]["id"].as_str().unwrap(), answer_of(&turn));
        let message = format!("/api/projects/{project}/messages/{answer}");
        let refusals = [
            ask(&ada, &project, "more").await,
            ada.patch(&format!("/api/projects/{project}/messages/{question}"), json!({"content": "else"})).await,
            ada.post(&format!("{message}/regenerate"), json!({})).await,
            ada.stream(&project, "more").send().await.unwrap(),
            ada.post("/api/projects/", json!({})).await,
            ada.patch(&format!("/api/projects/{project}"), json!({"system_prompt": "be brief"})).await,
        ];
        for refused in refusals {
            let problem = problem_of(refused, 409, "storage_full").await;
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("4 KiB") && detail.contains("delete") && detail.contains("administrator"), "{detail}");
        }
        let mut socket = crate::harness::Socket::of(&server, &ada).await;
        let refused = socket.ask(json!({"type": "send", "project_id": project, "content": "x"})).await;
        assert_eq!(refused["problem"]["code"], "storage_full", "{refused}");
        assert_eq!(ada.messages(&project).await.len(), 2);
        assert!(ada.get("/api/users/me/export").await.text().await.unwrap().contains("yyyy"));
        let pinned = ada.patch(&format!("/api/projects/{project}"), json!({"pinned": true, "name": "x"})).await;
        assert_eq!(json_of(pinned, 200).await["name"], "x");
        // It is each person's own.
        let his = ben.project().await;
        ask_whole(&ben, &his, "mine").await;
        assert_eq!(ada.delete(&message).await.status(), 204);
        ask_whole(&ada, &project, "and now?").await;
        assert_eq!(provider.calls().len(), 3);
    }

    async fn what_an_administrator_raises_is_room_at_once(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let server = server_with(kind, &provider, bytes(1000)).await;
        let (root, ada) = (server.administrator("root").await, server.person("ada").await);
        let project = ada.project().await;
        problem_of(ask(&ada, &project, &"x".repeat(1001)).await, 409, "storage_full").await;
        let set = root.patch("/api/admin/limits", json!({"storage_per_person": 1 << 20})).await;
        assert_eq!(json_of(set, 200).await["storage_per_person"], json!({"value": 1 << 20, "as_started": 1000, "is_set": true}));
        ask_whole(&ada, &project, &"x".repeat(2000)).await;
        json_of(root.patch("/api/admin/limits", json!({"storage_per_person": null})).await, 200).await;
        problem_of(ask(&ada, &project, "x").await, 409, "storage_full").await;
    }

    async fn of_fifty_at_once_only_those_have_room_that_fit(kind) {
        let provider = Provider::always(Script::stream().gate().end()).await;
        let server = server_with(kind, &provider, bytes(10_000)).await;
        let ada = server.person("ada").await;
        let projects = join_all((0..50).map(|_| ada.project())).await;
        let taken = used(&ada).await;
        let question = "x".repeat(1000);
        let asked = join_all(projects.iter().map(|project| ask(&ada, project, &question))).await;
        let fits = (10_000 - taken) / 1000;
        assert_eq!(asked.iter().filter(|response| response.status() == 202).count() as u64, fits);
        assert_eq!(asked.iter().filter(|response| response.status() == 409).count() as u64, 50 - fits);
        // What is refused for another reason gives its room back.
        let full = used(&ada).await;
        let running = asked.iter().position(|response| response.status() == 202).unwrap();
        for _ in 0..20 {
            problem_of(ask(&ada, &projects[running], &"x".repeat(100)).await, 409, "answer_running").await;
        }
        assert_eq!(used(&ada).await, full);
    }

    async fn who_was_not_counted_yet_is_not_kept_waiting_and_then_held_to_it(kind) {
        let provider = Provider::always(Script::answer(&"y".repeat(2000))).await;
        let server = server_with(kind, &provider, bytes(1000)).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        ask_whole(&ada, &project, "one").await;
        problem_of(ask(&ada, &project, "two").await, 409, "storage_full").await;
        let (dir, data) = server.stop().await;
        let configured = provider.configured();
        let server = Server::on(dir, data, move |config| {
            config.providers = vec![configured];
            config.limits.storage = bytes(1000);
        })
        .await;
        let ada = ada.moved_to(&server);
        ask_whole(&ada, &project, "two").await;
        eventually("she is counted", async || ask(&ada, &project, "three").await.status() == 409).await;
        problem_of(ada.post("/api/projects/", json!({})).await, 409, "storage_full").await;
    }

    async fn a_person_has_so_many_conversations_however_they_come(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let limits = StorageLimits { conversations: Some(5), ..StorageLimits::default() };
        let server = server_with(kind, &provider, limits).await;
        let ada = server.person("ada").await;
        let made = join_all((0..50).map(|_| ada.post("/api/projects/", json!({})))).await;
        assert_eq!(made.iter().filter(|response| response.status() == 201).count(), 5);
        let problem = problem_of(ada.post("/api/projects/", json!({})).await, 409, "too_many_conversations").await;
        assert!(problem["detail"].as_str().unwrap().starts_with("you have 5 conversations"), "{problem}");
        // In those that there are it goes on.
        let listed = ada.read("/api/projects/").await;
        let id = listed["items"][0]["id"].as_str().unwrap();
        ask_whole(&ada, id, "hi").await;
        assert_eq!(ada.delete(&format!("/api/projects/{id}")).await.status(), 204);
        ada.project().await;
        problem_of(ada.post("/api/projects/", json!({})).await, 409, "too_many_conversations").await;
        // What cannot be made gives its place back.
        assert_eq!(ada.delete(&format!("/api/projects/{}", listed["items"][1]["id"].as_str().unwrap())).await.status(), 204);
        problem_of(ada.post("/api/projects/", json!({"model": "nobody/knows"})).await, 422, "model_unknown").await;
        ada.project().await;
    }

    async fn a_conversation_has_so_many_messages_on_all_its_branches(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let limits = StorageLimits { messages: Some(5), ..StorageLimits::default() };
        let server = server_with(kind, &provider, limits).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let first = ask_whole(&ada, &project, "one").await;
        ask_whole(&ada, &project, "two").await;
        let full = problem_of(ask(&ada, &project, "three").await, 409, "conversation_full").await;
        assert!(full["detail"].as_str().unwrap().starts_with("this conversation has 5 messages"), "{full}");
        // One more is one more answer.
        let answer = answer_of(&first);
        let again = format!("/api/projects/{project}/messages/{answer}/regenerate");
        let regenerated = answer_of(&json_of(ada.post(&again, json!({})).await, 202).await);
        ada.events(&project, &regenerated, None).await.until("end").await;
        problem_of(ada.post(&again, json!({})).await, 409, "conversation_full").await;
        let question = first["user_message"]["id"].as_str().unwrap();
        problem_of(ada.patch(&format!("/api/projects/{project}/messages/{question}"), json!({"content": "x"})).await, 409, "conversation_full").await;
        let other = ada.project().await;
        ask_whole(&ada, &other, "elsewhere").await;
        assert_eq!(ada.delete(&format!("/api/projects/{project}/messages/{answer}")).await.status(), 204);
        ask_whole(&ada, &project, "three").await;
    }
}
