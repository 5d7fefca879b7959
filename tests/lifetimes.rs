//! How long sessions last: renewed while they are used, up to an age, and never again once they have ended.

use std::time::Duration;

use chrono::{DateTime, Utc};
use loquat::clock;
use loquat::config::SessionTimes;
use loquat::entity::{session, user};
use reqwest::Response;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::json;

use crate::harness::client::{PASSWORD, answer_of, problem_of};
use crate::harness::events::Events;
use crate::harness::{Kind, Person, Provider, Script, Server, Socket};

const DAY: i64 = 24 * 3600;

/// Someone who signed in so many seconds ago and whose session ends in so many, with the cookie of that.
async fn signed_in(server: &Server, name: &str, ago: i64, ends: i64) -> Person {
    let mut person = server.person(name).await;
    let now = clock::now();
    let mut known = only(server, &person).await.into_active_model();
    known.created_at = Set(now - chrono::Duration::seconds(ago));
    known.expires_at = Set(now + chrono::Duration::seconds(ends));
    let transaction = server.app.db.write().await.unwrap();
    let known = known.update(&transaction).await.unwrap();
    server.app.db.commit(transaction).await.unwrap();
    let owner = user::Entity::find_by_id(known.user_id).one(server.app.db.reader()).await.unwrap().unwrap();
    person.cookie = Some(format!("access_token={}", server.app.auth.keys.issue(&owner, &known).unwrap()));
    person
}

async fn only(server: &Server, person: &Person) -> session::Model {
    let owner = user::Entity::with_email(&person.email).one(server.app.db.reader()).await.unwrap().unwrap();
    let all = session::Entity::find().all(server.app.db.reader()).await.unwrap();
    all.into_iter().find(|session| session.user_id == owner.id).unwrap()
}

/// The new cookie of a response and the seconds that it lasts.
fn renewed(response: &Response) -> Option<(String, i64)> {
    let cookie = response.headers().get("set-cookie")?.to_str().unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let (same, age) = attributes.split_once("; Max-Age=").unwrap();
    assert_eq!(same, "HttpOnly; SameSite=Strict; Path=/", "{cookie}");
    assert!(pair.starts_with("access_token=") && pair.len() > 100, "{cookie}");
    Some((pair.to_owned(), age.parse().unwrap()))
}

fn close_to(seconds: i64, wanted: i64) -> bool {
    (wanted - 60..=wanted).contains(&seconds)
}

on_both_databases! {
    async fn a_session_that_is_used_is_renewed_about_once_a_day(kind) {
        let server = Server::start(kind).await;
        let mut ada = signed_in(&server, "ada", DAY + 60, 13 * DAY - 60).await;
        let before = only(&server, &ada).await;
        let response = ada.get("/api/projects/").await;
        let (cookie, age) = renewed(&response).expect("a new cookie");
        assert!(response.status() == 200 && close_to(age, 14 * DAY), "{age}");
        let after = only(&server, &ada).await;
        assert!(after.expires_at > before.expires_at && after.created_at == before.created_at);
        // A renewal that never reached the browser is made up for; one that did is enough for today.
        assert!(renewed(&ada.get("/api/check_session/").await).is_some());
        ada.cookie = Some(cookie);
        let response = ada.get("/api/check_session/").await;
        assert!(response.status() == 200 && renewed(&response).is_none());
        // An error is a response like any other, and a fresh session has no need.
        let ben = signed_in(&server, "ben", 5 * DAY, 9 * DAY).await;
        let missing = ben.get("/api/projects/01a2062a-e80f-7480-8fc1-84bb6936022a").await;
        assert!(missing.status() == 404 && renewed(&missing).is_some());
        assert!(renewed(&server.person("eve").await.get("/api/projects/").await).is_none());
    }

    async fn no_session_gets_older_than_ninety_days(kind) {
        let server = Server::start(kind).await;
        let ada = signed_in(&server, "ada", 80 * DAY, 4 * DAY).await;
        let (_, age) = renewed(&ada.get("/api/projects/").await).expect("a new cookie");
        assert!(close_to(age, 10 * DAY), "{age}");
        let old = signed_in(&server, "old", 80 * DAY, 10 * DAY).await;
        assert!(renewed(&old.get("/api/projects/").await).is_none());
        let ended = signed_in(&server, "ended", 90 * DAY, 0).await;
        problem_of(ended.get("/api/projects/").await, 401, "not_signed_in").await;
    }

    async fn an_idle_session_ends_and_nothing_brings_it_back(kind) {
        let server = Server::start(kind).await;
        let ada = signed_in(&server, "ada", 20 * DAY, -1).await;
        for _ in 0..3 {
            let response = ada.get("/api/projects/").await;
            assert!(renewed(&response).is_none());
            problem_of(response, 401, "not_signed_in").await;
        }
        // Neither does a token that would last, of a session that ended.
        let ben = signed_in(&server, "ben", 2 * DAY, 12 * DAY).await;
        end(&server, &ben).await;
        let response = ben.get("/api/projects/").await;
        assert!(renewed(&response).is_none());
        problem_of(response, 401, "not_signed_in").await;
    }

    async fn a_session_that_has_ended_stays_so_though_it_was_believed_a_moment_ago(kind) {
        let server = Server::start(kind).await;
        let ada = signed_in(&server, "ada", 2 * DAY, 12 * DAY).await;
        // Believed from here on, for some seconds.
        assert!(renewed(&ada.get("/api/projects/").await).is_some());
        end(&server, &ada).await;
        let response = ada.get("/api/projects/").await;
        assert!(renewed(&response).is_none(), "{:?}", response.headers());
        assert!(session::Entity::find().all(server.app.db.reader()).await.unwrap().is_empty());
        // And with it nobody changes or deletes the account, even in those seconds.
        let change = json!({"password": "another set of four words", "current_password": PASSWORD});
        problem_of(ada.patch("/api/users/me", change).await, 401, "not_signed_in").await;
        problem_of(ada.delete_account().await, 401, "not_signed_in").await;
        let mut ada = ada;
        ada.sign_in().await;
    }

    async fn who_signs_out_or_leaves_gets_no_new_cookie(kind) {
        let server = Server::start(kind).await;
        for (name, path) in [("ada", "/api/logout/"), ("ben", "/api/sessions/"), ("eve", "/api/users/me")] {
            let person = signed_in(&server, name, 2 * DAY, 12 * DAY).await;
            let response = match name {
                "ada" => person.post(path, json!({})).await,
                "ben" => person.delete(&format!("{path}{}", only(&server, &person).await.id)).await,
                _ => person.delete_account().await,
            };
            let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
            assert!(cookies.len() == 1 && cookies[0].to_str().unwrap().contains("Max-Age=0"), "{name}: {cookies:?}");
        }
    }

    async fn many_requests_at_once_renew_to_one_end(kind) {
        let server = Server::start(kind).await;
        let ada = signed_in(&server, "ada", 2 * DAY, 12 * DAY).await;
        let all = futures_util::future::join_all((0..20).map(|_| ada.get("/api/projects/"))).await;
        for response in &all {
            let (cookie, _) = renewed(response).expect("a new cookie");
            let mut again = ada.clone();
            again.cookie = Some(cookie);
            assert!(renewed(&again.get("/api/check_session/").await).is_none());
        }
    }

    async fn streams_and_sockets_renew_too_and_pages_that_are_known_stay_so(kind) {
        let provider = Provider::always(Script::answer("a fruit")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = signed_in(&server, "ada", 2 * DAY, 12 * DAY).await;
        let project = ada.project().await;
        let streamed = ada.stream(&project, "What is a loquat?").send().await.unwrap();
        assert!(renewed(&streamed).is_some());
        assert_eq!(Events::new(streamed).rest().await.last().unwrap().data["content"], "a fruit");
        let answer = answer_of(&ada.ask(&project, "And a medlar?").await);
        let followed = ada.follow(&project, &answer, None).await;
        assert!(renewed(&followed).is_some());
        assert_eq!(Events::new(followed).rest().await.last().unwrap().name, "end");
        let mut socket = Socket::of(&server, &ada).await;
        assert_eq!(socket.ask(json!({"type": "send", "project_id": project, "content": "And a quince?"})).await["type"], "accepted");
        // The page is the same for its browser as it was.
        let page = ada.get("/").await;
        let tag = page.headers()["etag"].clone();
        let known = ada.request(reqwest::Method::GET, "/").header("if-none-match", tag).send().await.unwrap();
        assert_eq!((known.status().as_u16(), known.headers().get("set-cookie")), (304, None));
    }

    async fn a_key_renews_no_session(kind) {
        let server = Server::start(kind).await;
        let ada = signed_in(&server, "ada", 2 * DAY, 12 * DAY).await;
        let (_, key) = ada.new_key("read").await;
        let before = only(&server, &ada).await.expires_at;
        let idle = signed_in(&server, "ben", 2 * DAY, 12 * DAY).await;
        assert!(renewed(&idle.beside(&key).get("/api/projects/").await).is_none());
        assert!(renewed(&ada.program(&key).get("/api/projects/").await).is_none());
        assert_eq!(only(&server, &ada).await.expires_at, before);
    }

    async fn times_are_as_they_are_set(kind) {
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        for (idle, whole, lasts) in [(hours(8), hours(48), 8 * 3600), (hours(72), hours(48), 48 * 3600), (None, hours(24), DAY), (hours(24), None, DAY), (None, None, 3650 * DAY)] {
            let server = Server::with(kind, |config| config.sessions = SessionTimes { idle, whole }).await;
            let ada = server.person("ada").await;
            let login = ada.elsewhere().post("/api/login/", json!({"email": ada.email, "password": PASSWORD})).await;
            let (_, age) = renewed(&login).unwrap();
            assert!(close_to(age, lasts), "{age} {lasts}");
        }
        let server = Server::with(kind, |config| config.sessions = SessionTimes { idle: hours(8), whole: hours(48) }).await;
        let ada = signed_in(&server, "ada", 3 * 3600, 5 * 3600).await;
        let (_, age) = renewed(&ada.get("/api/projects/").await).expect("after a quarter of eight hours");
        assert!(close_to(age, 8 * 3600), "{age}");
        let shown = ada.read("/api/sessions/").await;
        let ends: DateTime<Utc> = shown["items"][0]["expires_at"].as_str().unwrap().parse().unwrap();
        assert!(close_to((ends - clock::now()).num_seconds(), 8 * 3600));
    }
}

/// As the command line does, in another process.
async fn end(server: &Server, person: &Person) {
    let id = only(server, person).await.id;
    let transaction = server.app.db.write().await.unwrap();
    session::Entity::delete_by_id(id).exec(&transaction).await.unwrap();
    server.app.db.commit(transaction).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_a_renewed_cookie_is_for_https_alone() {
    let server =
        Server::with(Kind::Sqlite, |config| config.public_url = Some("https://chat.example.org".parse().unwrap()))
            .await;
    let ada = signed_in(&server, "ada", 2 * DAY, 12 * DAY).await;
    let request = ada.request(reqwest::Method::GET, "/api/projects/").header("host", "chat.example.org");
    let response = request.send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age="), "{cookie}");
}
