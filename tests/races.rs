//! Many at once at the door: one gets what there is one of, and those who are already in notice nothing.

use futures_util::future::join_all;
use loquat::auth::invites;
use loquat::entity::user;
use sea_orm::{EntityTrait, PaginatorTrait};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::attachments::png;
use crate::harness::client::{PASSWORD, answer_of, json_of, problem_of};
use crate::harness::{Person, Provider, Script, Server, eventually, within};

on_both_databases! {
    async fn of_fifty_registrations_of_one_address_at_once_one_is_made(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        let body = json!({"email": "ada@example.org", "password": PASSWORD});
        let all = join_all((0..50).map(|_| nobody.post("/api/users/", body.clone()))).await;
        let mut made = 0;
        for response in all {
            match response.status().as_u16() {
                201 => made += 1,
                _ => drop(problem_of(response, 409, "email_taken").await),
            }
        }
        assert_eq!(made, 1);
        assert_eq!(user::Entity::find().count(server.app.db.reader()).await.unwrap(), 1);
    }

    async fn what_comes_for_an_account_that_is_being_deleted_is_no_failure_of_ours(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let id = ada.id().await;
        // Gone, and nobody has told the server: it knows her for a moment yet.
        let transaction = server.app.db.write().await.unwrap();
        user::Entity::delete_by_id(id).exec(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        let image = ada.request(reqwest::Method::POST, "/api/attachments/").header("content-type", "image/png").body(png(2, 2, 50));
        problem_of(image.send().await.unwrap(), 404, "not_found").await;
        problem_of(ada.post("/api/projects/", json!({})).await, 404, "not_found").await;
    }

    async fn an_account_is_deleted_while_it_and_others_are_busy(kind) {
        let provider = Provider::always(Script::answer("fine")).await;
        let server = Server::with_provider(kind, &provider).await;
        let _root = server.administrator("root").await;
        for round in 0..6 {
            let ada = server.administrator(&format!("ada-{round}")).await;
            let projects = join_all((0..8).map(|_| ada.project())).await;
            let busy = join_all((0..24).map(|n| {
                let (ada, project) = (&ada, &projects[n % projects.len()]);
                async move {
                    match n % 3 {
                        0 => ada.post("/api/invites/", json!({})).await,
                        1 => ada.patch("/api/users/me", json!({"name": "A"})).await,
                        _ => ada.post(&format!("/api/projects/{project}/messages"), json!({"content": "hi"})).await,
                    }
                }
            }));
            let (busy, deleted) = tokio::join!(busy, ada.delete_account());
            assert_eq!(deleted.status(), 204);
            for response in busy {
                assert!(response.status().as_u16() < 500, "{} {}", response.url().clone(), response.text().await.unwrap());
            }
        }
    }

    async fn of_thirty_uses_of_the_setup_link_at_once_one_makes_an_administrator(kind) {
        let server = Server::start(kind).await;
        let token = invites::setup(&server.app.db).await.unwrap().unwrap();
        let nobody = Person::nobody(&server);
        let all = join_all((0..30).map(|n| {
            let body = json!({"email": format!("racer-{n}@example.org"), "password": PASSWORD, "invite": token.expose_secret()});
            nobody.post("/api/users/", body)
        }))
        .await;
        let mut made = 0;
        for response in all {
            match response.status().as_u16() {
                201 => {
                    made += 1;
                    assert_eq!(response.json::<Value>().await.unwrap()["role"], "admin");
                }
                _ => drop(problem_of(response, 403, "invite_invalid").await),
            }
        }
        assert_eq!(made, 1);
        assert_eq!(user::Entity::find().count(server.app.db.reader()).await.unwrap(), 1);
    }

    async fn a_flood_of_sign_ins_is_turned_away_while_a_stream_flows(kind) {
        let words = 200;
        let provider = Provider::always((0..words).fold(Script::stream(), |script, n| script.delta(&format!("word{n} ")).pause(std::time::Duration::from_millis(5))).end()).await;
        let configured = provider.configured();
        let server = Server::with(kind, move |config| {
            config.providers = vec![configured];
            config.limits.waiting_sign_ins = Some(4);
        })
        .await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "Tell me much").await);
        let mut events = ada.events(&project, &answer, None).await;
        events.until("message").await;
        let flood = async {
            let mut turned_away = 0;
            for _ in 0..4 {
                let guess = json!({"email": "nobody@example.org", "password": "not the one"});
                for response in join_all((0..60).map(|_| ada.post("/api/login/", guess.clone()))).await {
                    if response.status() == 503 {
                        assert!(response.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
                        problem_of(response, 503, "busy").await;
                        turned_away += 1;
                    } else {
                        problem_of(response, 401, "wrong_credentials").await;
                    }
                }
            }
            turned_away
        };
        let (turned_away, end) = within(60, "the flood and the stream end", async { tokio::join!(flood, events.until("end")) }).await;
        assert!(turned_away > 0, "nobody was turned away");
        let whole: String = (0..words).map(|n| format!("word{n} ")).collect();
        assert_eq!(end.last().unwrap().data["content"], whole.as_str());
    }

    async fn a_question_and_a_change_in_the_same_moment_lose_neither(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        for round in 0..20 {
            let project = ada.project().await;
            let place = format!("/api/projects/{project}");
            let first = answer_of(&ada.ask(&project, "First words").await);
            ada.events(&project, &first, None).await.until("end").await;
            let again = ada.post(&format!("{place}/messages/{first}/regenerate"), json!({})).await;
            let second = answer_of(&json_of(again, 202).await);
            ada.events(&project, &second, None).await.until("end").await;
            let fresh = ada.project().await;
            let fresh_place = format!("/api/projects/{fresh}");
            // A name while the first question would give one, and another branch while a question goes on from this one.
            let (asked, named, next, moved) = within(30, "all four are answered", async {
                tokio::join!(
                    ada.ask(&fresh, "What is this called?"),
                    ada.patch(&fresh_place, json!({"name": "Mine"})),
                    ada.ask(&project, "Second words"),
                    ada.patch(&place, json!({"active_message_id": first})),
                )
            })
            .await;
            assert_eq!((named.status().as_u16(), moved.status().as_u16()), (200, 200), "round {round}");
            assert_eq!(ada.read(&fresh_place).await["name"], "Mine", "round {round}");
            let answer = answer_of(&next);
            ada.events(&fresh, &answer_of(&asked), None).await.until("end").await;
            ada.events(&project, &answer, None).await.until("end").await;
            let parent = next["user_message"]["parent_id"].as_str().unwrap();
            let active = ada.read(&place).await["active_message_id"].clone();
            // Either the branch was there first, and the question follows it, or the question was, and the branch stays.
            let right = match (parent == first, parent == second) {
                (true, _) => active == answer.as_str(),
                (_, true) => active == first.as_str(),
                _ => false,
            };
            assert!(right, "round {round}: the question follows {parent}, and {active} is shown");
        }
        assert_eq!(provider.calls().len(), 20 * 4);
    }
}

on_both_databases! {
    async fn whoever_is_second_in_a_conversation_is_told_so_however_fast_the_first_one_ends(kind) {
        let provider = Provider::always(Script::response(400, "", "{}")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let first = answer_of(&ada.ask(&project, "first").await);
        ada.events(&project, &first, None).await.until("failed").await;
        let messages = format!("/api/projects/{project}/messages");
        let mut accepted = 0;
        for _ in 0..15 {
            // Else all of a round may come while the last answer of the one before is still written.
            eventually("nothing is written", async || ada.read(&format!("/api/projects/{project}")).await["live_message_id"].is_null()).await;
            let again = format!("{messages}/{first}/regenerate");
            let on = format!("{messages}/{first}/continue");
            let all = (0..12).map(|n| match n % 3 {
                0 => ada.post(&again, json!({})),
                1 => ada.post(&on, json!({})),
                _ => ada.post(&messages, json!({"content": "and?"})),
            });
            for response in join_all(all).await {
                match response.status().as_u16() {
                    202 => accepted += 1,
                    429 => drop(problem_of(response, 429, "too_many_answers").await),
                    status => {
                        let problem: Value = response.json().await.unwrap();
                        let codes = ["answer_running", "not_continuable"];
                        assert!(status == 409 && codes.contains(&problem["code"].as_str().unwrap()), "{status} {problem}");
                    }
                }
            }
        }
        assert!(accepted >= 15, "{accepted}");
    }
}
