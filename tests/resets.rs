//! Links for a new password: good once, for a day, and for the newest only.

use chrono::Duration;
use loquat::app::Parts;
use loquat::auth::accounts;
use loquat::clock;
use loquat::entity::password_reset;
use reqwest::Response;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::json;

use crate::harness::client::{PASSWORD, json_of, problem_of};
use crate::harness::{Person, Server};

const OTHER: &str = "an entirely different one";

/// The token of a new link for somebody.
async fn link_for(root: &Person, person: &Person) -> String {
    let path = format!("/api/admin/users/{}/reset_link", person.id().await);
    let made = json_of(root.post(&path, json!({})).await, 201).await;
    let token = made["token"].as_str().unwrap().to_owned();
    assert_eq!(made["path"], format!("/reset#token={token}"));
    token
}

async fn redeem(server: &Server, token: &str, password: &str) -> Response {
    Person::nobody(server).post("/api/password_resets/", json!({"token": token, "password": password})).await
}

async fn sign_in(server: &Server, person: &Person, password: &str) -> u16 {
    let credentials = json!({"email": person.email, "password": password});
    Person::nobody(server).post("/api/login/", credentials).await.status().as_u16()
}

on_both_databases! {
    async fn a_link_sets_a_password_once_and_signs_out_everywhere(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let program = ada.program(&ada.new_key("read").await.1);
        let token = link_for(&root, &ada).await;
        // Until it is used everything is as it was.
        assert_eq!(sign_in(&server, &ada, PASSWORD).await, 200);
        ada.read("/api/users/me").await;
        assert_eq!(redeem(&server, &token, OTHER).await.status(), 204);
        problem_of(ada.get("/api/users/me").await, 401, "not_signed_in").await;
        assert_eq!((sign_in(&server, &ada, PASSWORD).await, sign_in(&server, &ada, OTHER).await), (401, 200));
        problem_of(redeem(&server, &token, PASSWORD).await, 403, "reset_invalid").await;
        assert_eq!(sign_in(&server, &ada, OTHER).await, 200);
        // As with every new password, keys stay.
        program.read("/api/users/me").await;
        let log = root.read("/api/audit/?action=password_reset").await;
        assert_eq!((log["items"].as_array().unwrap().len(), log["items"][0]["actor_email"].as_str()), (1, Some("ada@example.org")));
    }

    async fn a_link_from_before_a_new_password_is_worth_nothing(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let token = link_for(&root, &ada).await;
        json_of(ada.patch("/api/users/me", json!({"name": "Ada"})).await, 200).await;
        let change = json!({"password": OTHER, "current_password": PASSWORD});
        json_of(ada.patch("/api/users/me", change).await, 200).await;
        problem_of(redeem(&server, &token, "one that somebody else chose").await, 403, "reset_invalid").await;
        let token = link_for(&root, &ada).await;
        let Parts { db, auth, .. } = &*server.app;
        let user = accounts::find(db, &ada.email).await.unwrap();
        accounts::reset_password(db, &auth.hasher, &user, PASSWORD.to_owned().into()).await.unwrap();
        problem_of(redeem(&server, &token, "one that somebody else chose").await, 403, "reset_invalid").await;
        assert_eq!(sign_in(&server, &ada, PASSWORD).await, 200);
    }

    async fn of_many_at_once_one_sets_the_password(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let token = link_for(&root, &ada).await;
        let passwords: Vec<String> = (0..12).map(|number| format!("racing password {number}")).collect();
        let all = futures_util::future::join_all(passwords.iter().map(|password| redeem(&server, &token, password))).await;
        let mut winner = None;
        for (response, password) in all.into_iter().zip(&passwords) {
            match response.status().as_u16() {
                204 => assert!(winner.replace(password).is_none(), "two have won"),
                // So many passwords at once are more than are hashed at once.
                503 => {}
                _ => drop(problem_of(response, 403, "reset_invalid").await),
            }
        }
        for password in &passwords {
            let expected = if Some(password) == winner { 200 } else { 401 };
            assert_eq!(sign_in(&server, &ada, password).await, expected, "{password}");
        }
        assert!(winner.is_some());
    }

    async fn a_password_that_will_not_do_costs_no_link(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let token = link_for(&root, &ada).await;
        for bad in ["short", "password", "ada@example.org", &"x7".repeat(200)] {
            assert_eq!(problem_of(redeem(&server, &token, bad).await, 422, "invalid").await["field"], "password");
        }
        assert_eq!(redeem(&server, &token, OTHER).await.status(), 204);
    }

    async fn only_the_newest_link_that_has_not_ended_is_good(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let (before, token) = (link_for(&root, &ada).await, link_for(&root, &ada).await);
        let other = link_for(&root, &eve).await;
        let upper = token.to_uppercase();
        let as_invite = token.replace("lqr_", "lqi_");
        for worthless in [&before, &upper, &as_invite, "", "lqr_", &token[..60], "'; DROP TABLE users; --"] {
            problem_of(redeem(&server, worthless, OTHER).await, 403, "reset_invalid").await;
        }
        let db = &server.app.db;
        let row = password_reset::Entity::find_by_id(eve.id().await).one(db.reader()).await.unwrap().unwrap();
        assert!(row.token_hash.len() == 64 && !other.contains(&row.token_hash));
        assert_eq!(row.expires_at - row.created_at, Duration::days(1));
        let mut row = row.into_active_model();
        row.expires_at = Set(clock::now() - Duration::seconds(1));
        let transaction = db.write().await.unwrap();
        row.update(&transaction).await.unwrap();
        db.commit(transaction).await.unwrap();
        problem_of(redeem(&server, &other, OTHER).await, 403, "reset_invalid").await;
        assert_eq!(redeem(&server, &token, OTHER).await.status(), 204);
        assert_eq!(sign_in(&server, &eve, PASSWORD).await, 200);
    }

    async fn a_link_from_before_an_account_was_deactivated_is_worth_nothing(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let path = format!("/api/admin/users/{}", ada.id().await);
        let token = link_for(&root, &ada).await;
        for active in [false, true] {
            json_of(root.patch(&path, json!({"active": active})).await, 200).await;
        }
        problem_of(redeem(&server, &token, OTHER).await, 403, "reset_invalid").await;
        assert_eq!(sign_in(&server, &ada, PASSWORD).await, 200);
    }
}
