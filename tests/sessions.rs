//! Where somebody is signed in: listed, and ended one by one or all at once, with everything that is open for them.

use serde_json::{Value, json};

use crate::harness::client::{PASSWORD, answer_of, problem_of};
use crate::harness::events::Events;
use crate::harness::{Kind, Person, Provider, Script, Server, Socket, eventually, within};
use loquat::clock;
use loquat::entity::{session, user};
use sea_orm::{EntityTrait, IntoActiveModel};

async fn list(person: &Person) -> Vec<Value> {
    person.read("/api/sessions/").await["items"].as_array().unwrap().clone()
}

async fn current(person: &Person) -> String {
    let all = list(person).await;
    let current: Vec<_> = all.iter().filter(|session| session["is_current"] == true).collect();
    assert_eq!(current.len(), 1);
    current[0]["id"].as_str().unwrap().to_owned()
}

/// The same person on another device.
async fn another(person: &Person) -> Person {
    let mut other = person.clone();
    other.sign_in().await;
    other
}

on_both_databases! {
    async fn each_sign_in_is_a_device_with_its_name_and_address(kind) {
        let server = Server::with(kind, |config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let agent = format!("Mozilla/5.0 {}", "é".repeat(400));
        let login = ada
            .elsewhere()
            .request(reqwest::Method::POST, "/api/login/")
            .header("user-agent", reqwest::header::HeaderValue::from_bytes(agent.as_bytes()).unwrap())
            .header("x-forwarded-for", "1.1.1.1, 2001:db8::7")
            .json(&json!({"email": ada.email, "password": PASSWORD}));
        assert_eq!(login.send().await.unwrap().status(), 200);
        let all = list(&ada).await;
        assert_eq!(all.len(), 2, "and nobody else's");
        let (newest, own) = (&all[0], &all[1]);
        assert_eq!((newest["is_current"].as_bool(), own["is_current"].as_bool()), (Some(false), Some(true)));
        assert_eq!(newest["user_agent"].as_str().unwrap(), agent.chars().take(300).collect::<String>());
        assert_eq!(newest["address"], "2001:db8::7");
        assert_eq!((&own["user_agent"], own["address"].as_str()), (&json!(null), Some("127.0.0.1")));
        for time in ["created_at", "last_seen_at", "expires_at"] {
            chrono::DateTime::parse_from_rfc3339(newest[time].as_str().unwrap()).unwrap();
        }
        assert_eq!(list(&eve).await.len(), 1);
        // In pages.
        let first = ada.read("/api/sessions/?limit=1").await;
        let second = ada.read(&format!("/api/sessions?limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await;
        assert_eq!((&first["items"][0], &second["items"][0], &second["next_cursor"]), (newest, own, &json!(null)));
        problem_of(ada.get("/api/sessions/?cursor=x").await, 422, "invalid").await;
    }

    async fn a_browser_that_signs_in_anew_leaves_no_session_behind(kind) {
        let server = Server::start(kind).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let phone = another(&ada).await;
        let sign_in = async |with: &Person, email: &str| {
            let response = with.post("/api/login/", json!({"email": email, "password": PASSWORD})).await;
            assert_eq!(response.status(), 200);
            with.with_cookie(response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap())
        };
        let old = current(&ada).await;
        // A wrong password ends nothing.
        problem_of(ada.post("/api/login/", json!({"email": ada.email, "password": "not the one"})).await, 401, "wrong_credentials").await;
        assert_eq!(current(&ada).await, old);
        let anew = sign_in(&ada, &ada.email).await;
        problem_of(ada.get("/api/check_session/").await, 401, "not_signed_in").await;
        assert_eq!(list(&anew).await.len(), 2, "this one and the phone's");
        // The same where it is somebody else who signs in.
        let of_eve = sign_in(&anew, &eve.email).await;
        problem_of(anew.get("/api/check_session/").await, 401, "not_signed_in").await;
        assert_eq!(list(&of_eve).await.len(), 2);
        // A cookie that is nobody's ends nobody's session, nor one beside a key, with which it does not count.
        let forged = phone.with_cookie("access_token=nonsense");
        sign_in(&forged, &ada.email).await;
        let key = phone.new_key("read").await.1;
        sign_in(&phone.beside(&key), &ada.email).await;
        assert_eq!(list(&phone).await.len(), 3);
    }

    async fn a_device_is_signed_out_from_another_one(kind) {
        let server = Server::start(kind).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let (phone, laptop) = (another(&ada).await, another(&ada).await);
        let lost = current(&phone).await;
        for (who, id) in [(&eve, lost.as_str()), (&ada, "01a2062a-e80f-7480-8fc1-84bb6936022a"), (&ada, "not-an-id")] {
            problem_of(who.delete(&format!("/api/sessions/{id}")).await, 404, "not_found").await;
        }
        phone.read("/api/check_session/").await;
        let gone = ada.delete(&format!("/api/sessions/{lost}")).await;
        assert_eq!((gone.status().as_u16(), gone.headers().get("set-cookie")), (204, None));
        problem_of(phone.get("/api/check_session/").await, 401, "not_signed_in").await;
        problem_of(ada.delete(&format!("/api/sessions/{lost}")).await, 404, "not_found").await;
        laptop.read("/api/check_session/").await;
        // The others, and then this one.
        assert_eq!(ada.delete("/api/sessions/").await.status(), 204);
        problem_of(laptop.get("/api/check_session/").await, 401, "not_signed_in").await;
        assert_eq!(list(&ada).await.len(), 1);
        let out = ada.delete(&format!("/api/sessions/{}", current(&ada).await)).await;
        assert_eq!(out.status(), 204);
        assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        problem_of(ada.get("/api/check_session/").await, 401, "not_signed_in").await;
        eve.read("/api/check_session/").await;
    }
}

/// Ends a session of the first person in one way, from the second one, who is the same on another device.
async fn end(how: &str, server: &Server, first: &Person, second: &Person) {
    let status = match how {
        "logout" => first.post("/api/logout/", json!({})).await.status(),
        "revocation" => second.delete(&format!("/api/sessions/{}", current(first).await)).await.status(),
        "all others" => second.delete("/api/sessions/").await.status(),
        "password" => {
            let change = json!({"password": "another set of four words", "current_password": PASSWORD});
            second.patch("/api/users/me", change).await.status()
        }
        "account" => second.delete_account().await.status(),
        // As the command line does, in another process.
        _ => {
            let id: uuid::Uuid = current(first).await.parse().unwrap();
            let transaction = server.app.db.write().await.unwrap();
            session::Entity::delete_by_id(id).exec(&transaction).await.unwrap();
            server.app.db.commit(transaction).await.unwrap();
            return;
        }
    };
    assert!(status.is_success(), "{how}: {status}");
}

async fn what_is_open_ends(kind: Kind, how: &str) {
    let provider = Provider::always(Script::stream().delta("half an ").gate().delta("answer").end()).await;
    let server = Server::with_provider(kind, &provider).await;
    let first = server.person("ada").await;
    let second = another(&first).await;
    let project = first.project().await;
    let answer = answer_of(&first.ask(&project, "hi").await);
    let mut cut = first.events(&project, &answer, None).await;
    let path = format!("/api/projects/{project}/messages/stream");
    let mut following = Events::new(first.get(&path).await);
    let mut kept = second.events(&project, &answer, None).await;
    let mut socket = Socket::of(&server, &first).await;
    for events in [&mut cut, &mut following, &mut kept] {
        events.until("message").await;
    }
    end(how, &server, &first, &second).await;
    within(5, "the streams and the socket end", async {
        for events in [&mut cut, &mut following] {
            // With the account its answers end too, which may be told first.
            let told = events.rest().await;
            assert!(told.is_empty() || how == "account" && told[0].data["code"] == "deleted", "{how}: {told:?}");
        }
        assert_eq!(socket.closed().await, 4401, "{how}");
    })
    .await;
    if how != "elsewhere" {
        problem_of(first.follow(&project, &answer, None).await, 401, "not_signed_in").await;
    }
    if how != "account" {
        // A signed-out device is no stop, and the others go on.
        provider.open();
        assert_eq!(kept.until("end").await.last().unwrap().data["content"], "half an answer", "{how}");
    }
}

on_both_databases! {
    async fn what_is_open_for_a_session_ends_with_it(kind) {
        for how in ["logout", "revocation", "all others", "password", "account", "elsewhere"] {
            what_is_open_ends(kind, how).await;
        }
    }

    async fn what_this_server_ends_is_ended_at_once(kind) {
        let provider = Provider::always(Script::stream().delta("half an ").gate().delta("answer").end()).await;
        let configured = provider.configured();
        let server = Server::with(kind, move |config| {
            config.providers = vec![configured];
            config.limits.session_check = std::time::Duration::from_secs(600);
        })
        .await;
        let first = server.person("ada").await;
        let second = another(&first).await;
        let project = first.project().await;
        let answer = answer_of(&first.ask(&project, "hi").await);
        let mut cut = first.events(&project, &answer, None).await;
        let mut socket = Socket::of(&server, &first).await;
        cut.until("message").await;
        end("all others", &server, &first, &second).await;
        assert!(within(5, "the stream ends", cut.rest()).await.is_empty());
        assert_eq!(socket.closed().await, 4401);
    }

    async fn when_a_session_was_last_used_is_noted_once_a_minute(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let shown = list(&ada).await[0].clone();
        assert_eq!(shown["last_seen_at"], shown["created_at"], "signing in is a use");
        // A session from before this was kept, of which the server knows nothing else.
        let person = user::Entity::with_email(&ada.email).one(server.app.db.reader()).await.unwrap().unwrap();
        let known = session::Entity::find().one(server.app.db.reader()).await.unwrap().unwrap();
        let old = session::Model { id: clock::id(), user_agent: None, last_seen_at: None, ..known };
        let id = old.id;
        let transaction = server.app.db.write().await.unwrap();
        session::Entity::insert(old.clone().into_active_model()).exec(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        let noted = async || session::Entity::find_by_id(id).one(server.app.db.reader()).await.unwrap().unwrap();
        assert_eq!(list(&ada).await[0]["last_seen_at"], shown["created_at"]);
        let mut phone = ada.clone();
        phone.cookie = Some(format!("access_token={}", server.app.auth.keys.issue(&person, &old).unwrap()));
        let before = clock::now();
        phone.read("/api/check_session/").await;
        eventually("it is noted", async || noted().await.last_seen_at.is_some_and(|time| time >= before)).await;
        let once = noted().await.last_seen_at;
        for _ in 0..5 {
            phone.read("/api/check_session/").await;
        }
        assert_eq!(noted().await.last_seen_at, once);
    }
}
