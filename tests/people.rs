//! Administrators and the people of their server: found, made, changed, kept out and deleted, and always somebody left to do it.

use loquat::app::Parts;
use loquat::auth::people::{self, NewPerson, PersonChange};
use loquat::auth::{caller, invites, resets};
use loquat::config::AllowedHost;
use loquat::entity::provider::Audience;
use loquat::entity::{invite, password_reset, user};
use loquat::error::Error;
use loquat::providers::{Change, ModelChange, New};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use crate::harness::client::{PASSWORD, answer_of, json_of, problem_of};
use crate::harness::{Person, Provider, Script, Server, eventually, within};

async fn address(person: &Person) -> String {
    format!("/api/admin/users/{}", person.id().await)
}

/// The addresses of the people in a list.
fn emails(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|person| person["email"].as_str().unwrap()).collect()
}

async fn sign_in(server: &Server, person: &Person, password: &str) -> reqwest::Response {
    Person::nobody(server).post("/api/login/", json!({"email": person.email, "password": password})).await
}

on_both_databases! {
    async fn people_are_listed_in_pages_and_found_by_address_and_name(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        for (email, name) in [("eve@example.org", "Ève 100%"), ("f_x@example.org", "Frida")] {
            let account = json!({"email": email, "password": PASSWORD, "name": name});
            json_of(Person::nobody(&server).post("/api/users/", account).await, 201).await;
        }
        ada.project().await;
        ada.project().await;
        let all = root.read("/api/admin/users/").await;
        assert_eq!(emails(&all), ["f_x@example.org", "eve@example.org", "ada@example.org", "root@example.org"]);
        let shown = &all["items"][2];
        assert_eq!(shown["id"], ada.id().await.to_string());
        assert_eq!((shown["conversations"].as_u64(), shown["sessions"].as_u64()), (Some(2), Some(1)));
        assert_eq!((shown["role"].as_str(), shown["is_active"].as_bool()), (Some("member"), Some(true)));
        assert!(shown["last_seen_at"].is_string() && shown["deactivated_at"].is_null(), "{shown}");
        let newest = &all["items"][0];
        assert_eq!((&newest["last_seen_at"], newest["sessions"].as_u64()), (&json!(null), Some(0)));
        assert_eq!(&root.read(&address(&ada).await).await, shown);
        let mut seen = Vec::new();
        let mut path = "/api/admin/users/?limit=3".to_owned();
        loop {
            let page = root.read(&path).await;
            seen.extend(emails(&page).into_iter().map(str::to_owned));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/admin/users/?limit=3&cursor={cursor}");
        }
        assert_eq!(seen, emails(&all));
        for (query, found) in [
            ("EXAMPLE", vec!["f_x@example.org", "eve@example.org", "ada@example.org", "root@example.org"]),
            ("è", vec!["eve@example.org"]),
            (" frida ", vec!["f_x@example.org"]),
            ("%", vec!["eve@example.org"]),
            ("_", vec!["f_x@example.org"]),
            ("'", vec![]),
        ] {
            let request = root.request(reqwest::Method::GET, "/api/admin/users/").query(&[("query", query)]);
            assert_eq!(emails(&json_of(request.send().await.unwrap(), 200).await), found, "{query}");
        }
        let second = root.read("/api/admin/users/?query=example&limit=1").await;
        let path = format!("/api/admin/users/?query=example&limit=1&cursor={}", second["next_cursor"].as_str().unwrap());
        assert_eq!(emails(&root.read(&path).await), ["eve@example.org"]);
        for (query, field) in [("query=", "query"), ("query=%20", "query"), ("cursor=x", "cursor"), ("limit=201", "limit")] {
            let wrong = root.get(&format!("/api/admin/users/?{query}")).await;
            assert_eq!(problem_of(wrong, 422, "invalid").await["field"], field);
        }
    }

    async fn when_somebody_was_last_here_is_noted_with_a_key_too(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let path = address(&ada).await;
        let program = ada.program(&ada.new_key("read").await.1);
        let row = user::Entity::find_by_id(ada.id().await).one(server.app.db.reader()).await.unwrap().unwrap();
        assert!(row.last_seen_at.is_some(), "signing in is being here");
        let transaction = server.app.db.write().await.unwrap();
        let mut row = row.into_active_model();
        row.last_seen_at = Set(None);
        row.update(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        program.read("/api/check_session/").await;
        eventually("it is noted", async || root.read(&path).await["last_seen_at"].is_string()).await;
    }

    async fn only_administrators_do_any_of_it(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let path = address(&eve).await;
        let chatter = root.program(&root.new_key("chat").await.1);
        for (person, status, code) in [(&Person::nobody(&server), 401, "not_signed_in"), (&ada, 403, "admin_only"), (&eve, 403, "admin_only"), (&chatter, 403, "scope_insufficient")] {
            problem_of(person.get("/api/admin/users/").await, status, code).await;
            problem_of(person.post("/api/admin/users/", json!({"email": "x@example.org"})).await, status, code).await;
            problem_of(person.get(&path).await, status, code).await;
            problem_of(person.patch(&path, json!({"role": "admin"})).await, status, code).await;
            problem_of(person.post(&format!("{path}/reset_link"), json!({})).await, status, code).await;
            problem_of(person.delete(&path).await, status, code).await;
        }
        assert_eq!(root.read(&path).await["role"], "member");
        // And none of them reads what others talk about.
        let project = ada.project().await;
        for path in [format!("/api/projects/{project}"), format!("/api/projects/{project}/messages")] {
            problem_of(root.get(&path).await, 404, "not_found").await;
        }
        assert!(!root.get("/api/admin/users/").await.text().await.unwrap().contains(&project));
    }

    async fn a_person_is_made_without_anybody_knowing_their_password(kind) {
        let server = Server::with(kind, |config| config.signup = loquat::config::Signup::Closed).await;
        let root = server.administrator("root").await;
        let body = json!({"email": " Eve@Example.org ", "name": "Eve", "role": "admin"});
        let made = json_of(root.post("/api/admin/users/", body).await, 201).await;
        let person = &made["person"];
        assert_eq!((person["email"].as_str(), person["name"].as_str(), person["role"].as_str()), (Some("eve@example.org"), Some("Eve"), Some("admin")));
        let token = made["link"]["token"].as_str().unwrap();
        assert_eq!(made["link"]["path"], format!("/reset#token={token}"));
        let mut eve = Person::nobody(&server);
        eve.email = "eve@example.org".to_owned();
        for guess in ["", PASSWORD, token] {
            problem_of(sign_in(&server, &eve, guess).await, 401, "wrong_credentials").await;
        }
        let set = Person::nobody(&server).post("/api/password_resets/", json!({"token": token, "password": PASSWORD})).await;
        assert_eq!(set.status(), 204);
        eve.sign_in().await;
        assert_eq!(eve.read("/api/users/me").await["role"], "admin");
        let again = json!({"email": "eve@example.org"});
        problem_of(root.post("/api/admin/users/", again).await, 409, "email_taken").await;
        assert_eq!(root.read("/api/admin/users/").await["items"].as_array().unwrap().len(), 2);
        for (wrong, field) in [(json!({"email": "eve"}), "email"), (json!({"email": "f@example.org", "role": "owner"}), "role"), (json!({"email": "f@example.org", "password": PASSWORD}), "password"), (json!({}), "email")] {
            assert_eq!(problem_of(root.post("/api/admin/users/", wrong).await, 422, "invalid").await["field"], field);
        }
    }

    async fn a_role_counts_from_the_next_request_on(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let path = address(&ada).await;
        problem_of(ada.get("/api/audit/").await, 403, "admin_only").await;
        let changed = json_of(root.patch(&path, json!({"role": "admin", "name": "Ada L."})).await, 200).await;
        assert_eq!((changed["role"].as_str(), changed["name"].as_str()), (Some("admin"), Some("Ada L.")));
        ada.read("/api/audit/").await;
        let program = ada.program(&ada.new_key("admin").await.1);
        program.read("/api/audit/").await;
        // What they could still come back with as one, or bring others in with, goes with the role.
        json_of(ada.post("/api/invites/", json!({"role": "admin"})).await, 201).await;
        let eve = server.person("eve").await;
        let link = format!("{}/reset_link", address(&eve).await);
        let token = json_of(ada.post(&link, json!({})).await, 201).await["token"].clone();
        json_of(root.post("/api/invites/", json!({})).await, 201).await;
        json_of(root.patch(&path, json!({"role": "member"})).await, 200).await;
        for person in [&ada, &program] {
            problem_of(person.get("/api/audit/").await, 403, "admin_only").await;
        }
        let left = invite::Entity::find().all(server.app.db.reader()).await.unwrap();
        assert_eq!(left.iter().map(|invite| invite.created_by).collect::<Vec<_>>(), [Some(root.id().await)]);
        assert!(password_reset::Entity::find().all(server.app.db.reader()).await.unwrap().is_empty());
        let worthless = json!({"token": token, "password": "another good one"});
        problem_of(ada.post("/api/password_resets/", worthless).await, 403, "reset_invalid").await;
        // They stay signed in, as who they are now.
        assert_eq!(ada.read("/api/users/me").await["role"], "member");
    }

    async fn who_is_no_administrator_any_more_finishes_nothing_as_one(kind) {
        let server = Server::with(kind, |config| config.allowed_provider_hosts = vec![AllowedHost::parse("127.0.0.1").unwrap()]).await;
        let root = server.administrator("root").await;
        let (ada, eve) = (server.administrator("ada").await, server.person("eve").await);
        let Parts { db, auth, providers, .. } = &*server.app;
        let by = caller::of_key(db, auth, &root.new_key("admin").await.1, [127, 0, 0, 1].into()).await.unwrap();
        let server_at = |address: &str| New {
            name: format!("server {}", address.len()),
            base_url: address.to_owned(),
            api_key: None,
            prefill: None,
            context_tokens: None,
            offered_to: Audience::Everyone,
            enabled: true,
        };
        let kept = providers.create(&by, server_at("http://127.0.0.1:8")).await.unwrap().id;
        // A request that came in before, and goes on after.
        let late = caller::of_key(db, auth, &ada.new_key("admin").await.1, [127, 0, 0, 1].into()).await.unwrap();
        json_of(root.patch(&address(&ada).await, json!({"role": "member"})).await, 200).await;
        let id = eve.id().await;
        let person = || NewPerson { email: "f@example.org".to_owned(), name: None, role: user::Role::Admin };
        let outcomes = [
            people::change(db, auth, &late, id, PersonChange { active: Some(false), ..PersonChange::default() }).await.map(drop),
            people::delete(db, auth, &late, id).await,
            people::create(db, auth, &late, person()).await.map(drop),
            resets::create(db, &late, id).await.map(drop),
            invites::create(db, &late, user::Role::Admin, chrono::Duration::days(1)).await.map(drop),
            providers.create(&late, server_at("http://127.0.0.1:10")).await.map(drop),
            providers.change(&late, kept, Change { base_url: Some("http://127.0.0.1:9".to_owned()), ..Change::default() }).await.map(drop),
            providers.delete(&late, kept).await,
            providers.change_model(&late, kept, "m", ModelChange { is_default: Some(true), ..ModelChange::default() }).await.map(drop),
            providers.forget_model(&late, kept, "m").await,
        ];
        for (number, outcome) in outcomes.into_iter().enumerate() {
            assert!(matches!(outcome, Err(Error::AdminOnly)), "{number}: {outcome:?}");
        }
        assert_eq!(emails(&root.read("/api/admin/users/").await).len(), 3);
        eve.read("/api/users/me").await;
    }

    async fn what_is_changed_is_told_in_the_log_and_what_stays_is_not(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let path = address(&ada).await;
        for change in [json!({}), json!({"active": true}), json!({"role": "member", "name": "ada", "active": true})] {
            json_of(root.patch(&path, change).await, 200).await;
        }
        for change in [json!({"name": "Ada L."}), json!({"role": "admin"}), json!({"active": false}), json!({"active": true})] {
            json_of(root.patch(&path, change).await, 200).await;
        }
        json_of(root.post(&format!("{path}/reset_link"), json!({})).await, 201).await;
        assert_eq!(root.delete(&path).await.status(), 204);
        problem_of(root.delete(&path).await, 404, "not_found").await;
        problem_of(root.patch(&path, json!({"active": false})).await, 404, "not_found").await;
        problem_of(root.get(&path).await, 404, "not_found").await;
        problem_of(root.post(&format!("{path}/reset_link"), json!({})).await, 404, "not_found").await;
        let log = root.read(&format!("/api/audit/?actor_id={}", root.id().await)).await;
        let actions: Vec<_> = log["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["user_deleted", "reset_link_created", "user_activated", "user_deactivated", "user_role_changed", "user_renamed"]);
        assert!(log["items"].as_array().unwrap().iter().all(|entry| entry["target_label"] == "ada@example.org"));
        assert_eq!(log["items"][4]["details"], json!({"role": "admin"}));
        for (wrong, field) in [(json!({"role": "owner"}), "role"), (json!({"email": "x@example.org"}), "email"), (json!({"active": "no"}), "active"), (json!({"name": "x".repeat(101)}), "name")] {
            let path = address(&root).await;
            assert_eq!(problem_of(root.patch(&path, wrong).await, 422, "invalid").await["field"], field);
        }
    }

    async fn the_last_administrator_stays_one(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let path = address(&root).await;
        let ada = server.person("ada").await;
        // Somebody who was one and is kept out does not count.
        let other = server.administrator("other").await;
        json_of(root.patch(&address(&other).await, json!({"active": false})).await, 200).await;
        for change in [json!({"role": "member"}), json!({"active": false}), json!({"role": "member", "active": false})] {
            problem_of(root.patch(&path, change).await, 409, "last_administrator").await;
        }
        problem_of(root.delete(&path).await, 409, "last_administrator").await;
        problem_of(root.delete_account().await, 409, "last_administrator").await;
        json_of(root.patch(&path, json!({"name": "Root"})).await, 200).await;
        let shown = root.read(&path).await;
        assert_eq!((shown["role"].as_str(), shown["is_active"].as_bool(), shown["sessions"].as_u64()), (Some("admin"), Some(true), Some(1)));
        assert!(invites::setup(&server.app.db).await.unwrap().is_none());
        // With another one they may go.
        json_of(root.patch(&address(&ada).await, json!({"role": "admin"})).await, 200).await;
        assert_eq!(root.delete_account().await.status(), 204);
        problem_of(ada.patch(&address(&ada).await, json!({"role": "member"})).await, 409, "last_administrator").await;
    }

    async fn administrators_who_remove_each_other_at_once_leave_one(kind) {
        let server = Server::start(kind).await;
        let keeper = server.administrator("keeper").await;
        for round in 0..6 {
            let (a, b) = (server.administrator(&format!("a{round}")).await, server.administrator(&format!("b{round}")).await);
            let (to_a, to_b) = (address(&a).await, address(&b).await);
            // From here on these two are the only ones.
            let rest = user::Entity::administrators().all(server.app.db.reader()).await.unwrap();
            for one in rest.iter().filter(|one| ![&a.email, &b.email].contains(&&one.email)) {
                json_of(a.patch(&format!("/api/admin/users/{}", one.id), json!({"role": "member"})).await, 200).await;
            }
            let change = [json!({"role": "member"}), json!({"active": false})][round % 2].clone();
            let statuses = match round {
                0..4 => {
                    let (x, y) = tokio::join!(a.patch(&to_b, change.clone()), b.patch(&to_a, change));
                    [x.status().as_u16(), y.status().as_u16()]
                }
                4 => {
                    let (x, y) = tokio::join!(a.delete(&to_b), b.delete(&to_a));
                    [x.status().as_u16(), y.status().as_u16()]
                }
                _ => {
                    let (x, y) = tokio::join!(a.delete_account(), b.patch(&to_b, json!({"role": "member"})));
                    [x.status().as_u16(), y.status().as_u16()]
                }
            };
            let left = user::Entity::administrators().all(server.app.db.reader()).await.unwrap();
            assert_eq!(left.len(), 1, "round {round}: {statuses:?}");
            // The other one was refused: as the last, or as none any more.
            let done = statuses.iter().filter(|status| matches!(status, 200 | 204)).count();
            assert_eq!(done, 1, "round {round}: {statuses:?}");
            let keeper_id = keeper.id().await;
            let row = user::Entity::find_by_id(keeper_id).one(server.app.db.reader()).await.unwrap().unwrap();
            let transaction = server.app.db.write().await.unwrap();
            let mut row = row.into_active_model();
            row.role = Set(user::Role::Admin);
            row.update(&transaction).await.unwrap();
            server.app.db.commit(transaction).await.unwrap();
        }
    }

    async fn whoever_is_deleted_is_gone_with_everything(kind) {
        let provider = Provider::always(Script::stream().delta("half an ").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let root = server.administrator("root").await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut events = ada.events(&project, &answer, None).await;
        events.until("message").await;
        assert_eq!(root.delete(&address(&ada).await).await.status(), 204);
        within(5, "the stream ends", events.rest()).await;
        problem_of(ada.get("/api/projects/").await, 401, "not_signed_in").await;
        problem_of(sign_in(&server, &ada, PASSWORD).await, 401, "wrong_credentials").await;
        assert_eq!(emails(&root.read("/api/admin/users/").await), ["root@example.org"]);
        assert!(loquat::entity::project::Entity::find().all(server.app.db.reader()).await.unwrap().is_empty());
    }
}
