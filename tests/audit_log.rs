//! The audit log: what was done and by whom, in the same commit as the deed, for administrators alone, and kept for a time.

use chrono::Duration;
use loquat::entity::audit_log::{self, Action};
use loquat::{audit, clock};
use reqwest::Method;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use crate::harness::client::{PASSWORD, json_of, problem_of};
use crate::harness::process::command;
use crate::harness::{Person, Server, eventually};

/// The whole log as one reads it: actor, action, target, newest first.
async fn told(reader: &Person) -> Vec<(Option<String>, String, Option<String>)> {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let items = reader.read("/api/audit/").await["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|entry| (word(&entry["actor_email"]), word(&entry["action"]).unwrap(), word(&entry["target_label"])))
        .collect()
}

fn line(actor: &str, action: &str, target: &str) -> (Option<String>, String, Option<String>) {
    let some = |word: &str| (!word.is_empty()).then(|| word.to_owned());
    (some(actor), action.to_owned(), some(target))
}

on_both_databases! {
    async fn what_is_done_with_accounts_keys_and_invitations_is_told(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let change = json!({"password": "another good one", "current_password": PASSWORD});
        assert_eq!(ada.patch("/api/users/me", change).await.status(), 200);
        let (key, secret) = ada.new_key("read").await;
        assert_eq!(ada.delete(&format!("/api/keys/{key}")).await.status(), 204);
        let invite = json_of(root.post("/api/invites/", json!({"role": "admin"})).await, 201).await;
        let account = json!({"email": "eve@example.org", "password": PASSWORD, "invite": invite["token"]});
        json_of(Person::nobody(&server).post("/api/users/", account).await, 201).await;
        let other = json_of(root.post("/api/invites/", json!({})).await, 201).await;
        let path = format!("/api/invites/{}", other["invite"]["id"].as_str().unwrap());
        assert_eq!(root.delete(&path).await.status(), 204);
        let leave = ada.request(Method::DELETE, "/api/users/me").json(&json!({"password": "another good one"}));
        assert_eq!(leave.send().await.unwrap().status(), 204);
        let (root_, ada_, eve_) = ("root@example.org", "ada@example.org", "eve@example.org");
        assert_eq!(told(&root).await, [
            line(ada_, "user_deleted", ada_),
            line(root_, "invite_deleted", ""),
            line(root_, "invite_created", ""),
            line(eve_, "user_registered", eve_),
            line(root_, "invite_created", ""),
            line(ada_, "key_deleted", "a script"),
            line(ada_, "key_created", "a script"),
            line(ada_, "password_changed", ada_),
            line(ada_, "user_registered", ada_),
            line("", "user_created", root_),
        ]);
        let page = root.read("/api/audit/?action=user_registered").await;
        let joined = &page["items"][0];
        assert_eq!(joined["details"], json!({"role": "admin", "invite_id": invite["invite"]["id"]}));
        assert_eq!((joined["target_kind"].as_str(), &joined["target_id"]), (Some("user"), &joined["actor_id"]));
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        // No secret of anybody is in it.
        let rows = audit_log::Entity::find().all(server.app.db.reader()).await.unwrap();
        let all = format!("{rows:?}");
        for secret in [secret.as_str(), invite["token"].as_str().unwrap(), PASSWORD, "another good one"] {
            assert!(!all.contains(secret), "{secret} is in {all}");
        }
    }

    async fn what_was_refused_leaves_no_entry(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let before = told(&root).await;
        let taken = json!({"email": root.email, "password": PASSWORD});
        problem_of(Person::nobody(&server).post("/api/users/", taken).await, 409, "email_taken").await;
        let wrong = json!({"password": "another good one", "current_password": "wrong"});
        problem_of(root.patch("/api/users/me", wrong).await, 422, "wrong_password").await;
        let nothing = "01a2062a-e80f-7480-8fc1-84bb6936022a";
        for path in [format!("/api/keys/{nothing}"), format!("/api/invites/{nothing}")] {
            problem_of(root.delete(&path).await, 404, "not_found").await;
        }
        assert_eq!(told(&root).await, before);
    }

    async fn an_entry_and_its_deed_are_one(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let before = told(&root).await.len();
        // A deed that is not committed was not done.
        let transaction = server.app.db.write().await.unwrap();
        let user = loquat::entity::user::Entity::find().one(&transaction).await.unwrap().unwrap();
        audit::note(&transaction, Some(&user), Action::KeyCreated, &user, &[]).await.unwrap();
        drop(transaction);
        assert_eq!(told(&root).await.len(), before);
        let transaction = server.app.db.write().await.unwrap();
        audit::note(&transaction, None, Action::KeyCreated, &user, &[]).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        assert_eq!(told(&root).await[0], line("", "key_created", "root@example.org"));
    }

    async fn the_log_comes_in_pages_and_by_who_and_what(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        for _ in 0..3 {
            ada.new_key("read").await;
            root.new_key("read").await;
        }
        let mut seen = Vec::new();
        let mut path = "/api/audit/?limit=3".to_owned();
        loop {
            let page = root.read(&path).await;
            let ids = page["items"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned());
            seen.extend(ids);
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/audit/?limit=3&cursor={cursor}");
        }
        assert_eq!(seen.len(), 8);
        assert!(seen.is_sorted_by(|a, b| a > b), "newest first, each once: {seen:?}");
        let count = async |query: String| root.read(&format!("/api/audit/?{query}")).await["items"].as_array().unwrap().len();
        let id = ada.id().await;
        assert_eq!(count(format!("actor_id={id}")).await, 4);
        assert_eq!(count("action=key_created".to_owned()).await, 6);
        assert_eq!(count(format!("action=key_created&actor_id={id}")).await, 3);
        let wrong = problem_of(root.get("/api/audit/?action=coffee").await, 422, "invalid").await;
        assert_eq!(wrong["detail"], "action is none of the words that fit here; the description of the API lists them");
        for (query, field) in [("action=coffee", "action"), ("actor_id=ada", "actor_id"), ("cursor=x", "cursor"), ("limit=0", "limit")] {
            assert_eq!(problem_of(root.get(&format!("/api/audit/?{query}")).await, 422, "invalid").await["field"], field);
        }
    }

    async fn only_administrators_read_it(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let chatter = root.program(&root.new_key("chat").await.1);
        for (person, status, code) in [(&Person::nobody(&server), 401, "not_signed_in"), (&ada, 403, "admin_only"), (&chatter, 403, "scope_insufficient")] {
            problem_of(person.get("/api/audit/").await, status, code).await;
        }
        let program = root.program(&root.new_key("admin").await.1);
        assert_eq!(program.get("/api/audit/").await.status(), 200);
    }

    async fn old_entries_go_and_the_others_stay(kind) {
        let server = Server::with(kind, |config| config.limits.audit_days = None).await;
        server.administrator("root").await;
        let db = &server.app.db;
        let entries = async || audit_log::Entity::find().all(db.reader()).await.unwrap();
        let [entry] = &entries().await[..] else { panic!("one account was made") };
        let transaction = db.write().await.unwrap();
        for days in [29, 31, 400] {
            let at = clock::now() - Duration::days(days);
            let old = audit_log::Model { id: clock::id(), at, ..entry.clone() };
            old.into_active_model().insert(&transaction).await.unwrap();
        }
        db.commit(transaction).await.unwrap();
        assert_eq!(entries().await.len(), 4, "without a number of days all stay");
        assert_eq!(audit::delete_older(db, Duration::days(30)).await.unwrap(), 2);
        assert_eq!(entries().await.len(), 2);
        // A server that starts looks after it by itself.
        let transaction = db.write().await.unwrap();
        let mut old = entry.clone().into_active_model();
        old.id = Set(clock::id());
        old.at = Set(clock::now() - Duration::days(366));
        old.insert(&transaction).await.unwrap();
        db.commit(transaction).await.unwrap();
        let (dir, data) = server.stop().await;
        let server = Server::on(dir, data, |config| config.limits.audit_days = Some(365)).await;
        let left = async || audit_log::Entity::find().all(server.app.db.reader()).await.unwrap().len();
        eventually("the old entry goes", async || left().await == 2).await;
    }
}

#[test]
fn a_nonsensical_number_of_days_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output = command(dir.path()).arg("serve").env("LOQUAT_AUDIT_DAYS", "a year").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("LOQUAT_AUDIT_DAYS is \"a year\""), "{told}");
}
