//! Invitations: made by administrators, good for one account each, and the first administrator's link.

use chrono::Duration;
use loquat::auth::invites;
use loquat::clock;
use loquat::config::Signup;
use loquat::entity::{invite, user};
use reqwest::Response;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::harness::audit;
use crate::harness::client::{PASSWORD, json_of, problem_of};
use crate::harness::process::Running;
use crate::harness::{Person, Server, eventually};

/// A new invitation: what is kept of it, and its token.
async fn invitation(administrator: &Person, body: Value) -> (Value, String) {
    let made = json_of(administrator.post("/api/invites/", body).await, 201).await;
    let token = made["token"].as_str().unwrap().to_owned();
    assert_eq!(made["path"], format!("/register#invite={token}"));
    (made["invite"].clone(), token)
}

async fn join(server: &Server, name: &str, token: &str) -> Response {
    let account = json!({"email": format!("{name}@example.org"), "password": PASSWORD, "name": name, "invite": token});
    Person::nobody(server).post("/api/users/", account).await
}

on_both_databases! {
    async fn an_invitation_makes_one_account_however_sign_up_is_set(kind) {
        for signup in [Signup::Open, Signup::Invite, Signup::Closed] {
            let server = Server::with(kind, |config| config.signup = signup).await;
            let root = server.administrator("root").await;
            let (_, token) = invitation(&root, json!({})).await;
            let made = json_of(join(&server, "ada", &token).await, 201).await;
            assert_eq!(made["role"], "member");
            problem_of(join(&server, "eve", &token).await, 403, "invite_invalid").await;
            assert!(root.read("/api/invites/").await["items"].as_array().unwrap().is_empty());
        }
    }

    async fn of_many_at_once_one_gets_the_account(kind) {
        let server = Server::with(kind, |config| config.signup = Signup::Invite).await;
        let root = server.administrator("root").await;
        let (_, token) = invitation(&root, json!({"role": "admin"})).await;
        let names: Vec<String> = (0..12).map(|number| format!("racer-{number}")).collect();
        let all = futures_util::future::join_all(names.iter().map(|name| join(&server, name, &token))).await;
        let mut made = 0;
        for response in all {
            match response.status().as_u16() {
                201 => made += 1,
                // So many passwords at once are more than are hashed at once.
                503 => {}
                _ => drop(problem_of(response, 403, "invite_invalid").await),
            }
        }
        assert_eq!(made, 1);
        assert_eq!(user::Entity::administrators().all(server.app.db.reader()).await.unwrap().len(), 2);
    }

    async fn what_cannot_be_registered_costs_no_invitation(kind) {
        let server = Server::with(kind, |config| config.signup = Signup::Invite).await;
        let root = server.administrator("root").await;
        let (_, token) = invitation(&root, json!({})).await;
        problem_of(join(&server, "root", &token).await, 409, "email_taken").await;
        let weak = json!({"email": "ada@example.org", "password": "password", "invite": token});
        problem_of(Person::nobody(&server).post("/api/users/", weak).await, 422, "invalid").await;
        json_of(join(&server, "ada", &token).await, 201).await;
    }

    async fn one_that_ended_or_was_taken_back_is_worth_nothing(kind) {
        let server = Server::with(kind, |config| config.signup = Signup::Invite).await;
        let root = server.administrator("root").await;
        let (ended, old) = invitation(&root, json!({"expires_in_days": 1})).await;
        let row = invite::Entity::find_by_id(ended["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap());
        let mut row = row.one(server.app.db.reader()).await.unwrap().unwrap().into_active_model();
        row.expires_at = Set(clock::now() - Duration::seconds(1));
        let transaction = server.app.db.write().await.unwrap();
        row.update(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        let (revoked, taken) = invitation(&root, json!({})).await;
        let path = format!("/api/invites/{}", revoked["id"].as_str().unwrap());
        assert_eq!(root.delete(&path).await.status(), 204);
        problem_of(root.delete(&path).await, 404, "not_found").await;
        let other_form = taken.to_uppercase();
        for worthless in [&old, &taken, &other_form, "", "lqi_", &taken[..60], "'; DROP TABLE invites; --"] {
            problem_of(join(&server, "eve", worthless).await, 403, "invite_invalid").await;
        }
        assert!(root.read("/api/invites/").await["items"].as_array().unwrap().is_empty());
    }

    async fn invitations_are_listed_in_pages_and_only_their_hash_is_kept(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let (first, token) = invitation(&root, json!({"expires_in_days": 30})).await;
        let (second, _) = invitation(&root, json!({"role": "admin"})).await;
        assert_eq!((first["role"].as_str(), second["role"].as_str()), (Some("member"), Some("admin")));
        assert_eq!(first["created_by"], root.id().await.to_string());
        let page = root.read("/api/invites/?limit=1").await;
        let next = root.read(&format!("/api/invites/?cursor={}", page["next_cursor"].as_str().unwrap())).await;
        assert_eq!((&page["items"], &next["items"], &next["next_cursor"]), (&json!([second]), &json!([first]), &json!(null)));
        let db = audit::connect(&server.app.config.data).await;
        let rows = invite::Entity::find().all(&db).await.unwrap();
        db.close().await.unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row.token_hash.len() == 64 && !token.contains(&row.token_hash)));
        for (wrong, field) in [(json!({"expires_in_days": 0}), "expires_in_days"), (json!({"expires_in_days": 91}), "expires_in_days"), (json!({"role": "owner"}), "role")] {
            assert_eq!(problem_of(root.post("/api/invites/", wrong).await, 422, "invalid").await["field"], field);
        }
    }

    async fn only_administrators_invite(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let (kept, _) = invitation(&root, json!({})).await;
        let ada = server.person("ada").await;
        let chatter = root.program(&root.new_key("chat").await.1);
        let path = format!("/api/invites/{}", kept["id"].as_str().unwrap());
        for (person, status, code) in [(&Person::nobody(&server), 401, "not_signed_in"), (&ada, 403, "admin_only"), (&chatter, 403, "scope_insufficient")] {
            problem_of(person.get("/api/invites/").await, status, code).await;
            problem_of(person.post("/api/invites/", json!({"role": "admin"})).await, status, code).await;
            problem_of(person.delete(&path).await, status, code).await;
        }
        let program = root.program(&root.new_key("admin").await.1);
        assert_eq!(program.read("/api/invites/").await["items"], json!([kept]));
        // Nobody gives themselves a role.
        let sneaky = json!({"email": "eve@example.org", "password": PASSWORD, "role": "admin"});
        problem_of(Person::nobody(&server).post("/api/users/", sneaky).await, 422, "invalid").await;
    }

    async fn the_link_for_the_first_administrator_is_for_the_first(kind) {
        let server = Server::with(kind, |config| config.signup = Signup::Closed).await;
        let setup = async || invites::setup(&server.app.db).await.unwrap();
        let before = setup().await.unwrap();
        let token = setup().await.unwrap();
        problem_of(join(&server, "eve", before.expose_secret()).await, 403, "invite_invalid").await;
        let made = json_of(join(&server, "ada", token.expose_secret()).await, 201).await;
        assert_eq!(made["role"], "admin");
        assert!(setup().await.is_none());
    }

    async fn that_link_ends_with_an_administrator_who_came_otherwise(kind) {
        let server = Server::start(kind).await;
        let token = invites::setup(&server.app.db).await.unwrap().unwrap();
        let root = server.administrator("root").await;
        problem_of(join(&server, "eve", token.expose_secret()).await, 403, "invite_invalid").await;
        assert!(root.read("/api/invites/").await["items"].as_array().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_administrators_says_how_to_become_one_and_then_no_more() {
    let server = Running::start(&[("LOQUAT_SIGNUP", "closed")]);
    let told = || {
        server.log().lines().find_map(|line| line.split_once("becomes one, once: ").map(|(_, link)| link.to_owned()))
    };
    // It comes after the three lines of standard output, by which a server is known to have started.
    eventually("a link", async || told().is_some()).await;
    let link = told().unwrap();
    let (page, token) = link.split_once("#invite=").unwrap();
    assert_eq!(page, format!("{}/register", server.url));
    let nobody = Person::at(&server.url);
    let account = json!({"email": "ada@example.org", "password": PASSWORD, "invite": token});
    assert_eq!(json_of(nobody.post("/api/users/", account).await, 201).await["role"], "admin");
    let dir = server.kill();
    let again = Running::on(dir, &[("LOQUAT_SIGNUP", "closed")]);
    assert!(!again.log().contains("administrator"), "{}", again.log());
}
