//! Limits that administrators set: in force at once and after every start, bounded, noted, and taken back again.

use futures_util::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};

use crate::contract::operations;
use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::socket::connect;
use crate::harness::{Kind, Person, Provider, Script, Server, Socket, eventually};

const LIMITS: &str = "/api/admin/limits";

async fn set(root: &Person, limits: Value) -> Value {
    json_of(root.patch(LIMITS, limits).await, 200).await
}

fn standing(value: u64, as_started: u64, is_set: bool) -> Value {
    json!({"value": value, "as_started": as_started, "is_set": is_set})
}

/// So many questions at once, each in a conversation of its own; with whether each was taken.
async fn ask_at_once(person: &Person, many: usize) -> Vec<Response> {
    let projects = join_all((0..many).map(|_| person.project())).await;
    let ask = async |project: &String| {
        person.post(&format!("/api/projects/{project}/messages"), json!({"content": "hi"})).await
    };
    join_all(projects.iter().map(ask)).await
}

fn count(responses: &[Response], status: u16) -> usize {
    responses.iter().filter(|response| response.status() == status).count()
}

on_both_databases! {
    async fn an_administrator_sets_a_limit_and_takes_it_back(kind) {
        let server = Server::with(kind, |config| config.limits.turns_per_minute = Some(60)).await;
        let root = server.administrator("root").await;
        let before = root.read(LIMITS).await;
        assert_eq!(before["turns_per_minute"], standing(60, 60, false));
        assert_eq!(before["live_answers"], standing(0, 0, false));
        let after = set(&root, json!({"turns_per_minute": 5, "live_answers": 3})).await;
        assert_eq!((&after["turns_per_minute"], &after["live_answers"]), (&standing(5, 60, true), &standing(3, 0, true)));
        assert_eq!(root.read(LIMITS).await, after);
        // What is left out stays.
        let lifted = set(&root, json!({"turns_per_minute": 0})).await;
        assert_eq!((&lifted["turns_per_minute"], &lifted["live_answers"]), (&standing(0, 60, true), &standing(3, 0, true)));
        assert_eq!(set(&root, json!({"turns_per_minute": null, "live_answers": null})).await, before);
        assert_eq!(set(&root, json!({})).await, before);
        let told = root.read("/api/audit/?action=limit_changed").await;
        let told: Vec<_> = told["items"].as_array().unwrap().iter().map(|entry| {
            assert_eq!((&entry["actor_email"], &entry["target_kind"]), (&json!(root.email), &json!("server")));
            let of = |name: &str| entry["details"][name].as_str().unwrap().to_owned();
            [of("limit"), of("before"), of("after"), of("how")].join(" ")
        }).collect();
        let mut expected = vec![
            "turns_per_minute 60 5 set",
            "live_answers 0 3 set",
            "turns_per_minute 5 0 set",
            "turns_per_minute 0 60 taken_back",
            "live_answers 3 0 taken_back",
        ];
        expected.reverse();
        assert_eq!(told, expected);
    }

    async fn what_is_set_is_in_force_after_a_start_whatever_the_setting_says(kind) {
        let provider = Provider::always(Script::answer("yes")).await;
        let server = Server::with_provider_and(kind, &provider, |config| config.limits.turns_per_minute = Some(60)).await;
        let root = server.administrator("root").await;
        set(&root, json!({"turns_per_minute": 2, "message_bytes": 2000})).await;
        let (dir, data) = server.stop().await;
        let configured = provider.configured();
        let server = Server::on(dir, data, move |config| {
            config.providers = vec![configured];
            config.limits.turns_per_minute = Some(100);
        })
        .await;
        let root = root.moved_to(&server);
        assert_eq!(root.read(LIMITS).await["turns_per_minute"], standing(2, 100, true));
        let project = root.project().await;
        let long = root.post(&format!("/api/projects/{project}/messages"), json!({"content": "x".repeat(2001)})).await;
        let problem = problem_of(long, 422, "invalid").await;
        assert_eq!(problem["detail"], "a message has at most 2000 bytes, this one has 2001");
        let asked = ask_at_once(&root, 4).await;
        assert_eq!((count(&asked, 202), count(&asked, 429)), (2, 2));
        // Taken back, it is what this server was started with, not what the one before was.
        assert_eq!(set(&root, json!({"turns_per_minute": null})).await["turns_per_minute"], standing(100, 100, false));
        assert_eq!(count(&ask_at_once(&root, 4).await, 202), 4);
    }

    async fn a_lowered_limit_holds_against_fifty_at_once(kind) {
        let provider = Provider::always(Script::stream().delta("a").gate().end()).await;
        let server = Server::with_provider_and(kind, &provider, |_| {}).await;
        let (root, ada, ben) = (server.administrator("root").await, server.person("ada").await, server.person("ben").await);
        set(&root, json!({"live_answers_per_person": 4})).await;
        let asked = ask_at_once(&ada, 50).await;
        assert_eq!((count(&asked, 202), count(&asked, 429)), (4, 46));
        set(&root, json!({"live_answers_per_person": 0, "turns_per_minute": 3})).await;
        let asked = ask_at_once(&ben, 50).await;
        // Where the machine is slow, one more may have become welcome meanwhile: every twenty seconds.
        let taken = count(&asked, 202);
        assert!((3..=4).contains(&taken) && count(&asked, 429) == 50 - taken, "{taken}");
        // Those of all: two are written already by ada, and more than that, so that nobody begins.
        set(&root, json!({"turns_per_minute": 0, "live_answers": 1, "waiting_answers": 5})).await;
        let asked = ask_at_once(&server.person("eve").await, 50).await;
        assert_eq!((count(&asked, 202), count(&asked, 429)), (5, 45));
        eventually("nobody of those is asked", async || provider.calls().len() == 4 + taken).await;
    }

    async fn who_waits_goes_on_where_there_is_more_room_and_nobody_is_thrown_out(kind) {
        let provider = Provider::always(Script::stream().delta("a").gate().end()).await;
        let server = Server::with_provider_and(kind, &provider, |config| config.limits.live_answers = Some(1)).await;
        let (root, ada) = (server.administrator("root").await, server.person("ada").await);
        let mut asked = Vec::new();
        for _ in 0..4 {
            let project = ada.project().await;
            asked.push((project.clone(), answer_of(&ada.ask(&project, "hi").await)));
        }
        let (project, last) = &asked[3];
        let mut watching = ada.events(project, last, None).await;
        assert_eq!(watching.until("queued").await.last().unwrap().data["position"], 3);
        set(&root, json!({"live_answers": 3})).await;
        assert_eq!(watching.until("queued").await.last().unwrap().data["position"], 1);
        eventually("two more are asked", async || provider.calls().len() == 3).await;
        // Less room: those that are written and the one that waits stay.
        set(&root, json!({"live_answers": 1, "live_answers_per_person": 1, "waiting_answers": 1})).await;
        problem_of(ada.post(&format!("/api/projects/{}/messages", ada.project().await), json!({"content": "x"})).await, 429, "too_many_answers").await;
        for _ in 0..4 {
            provider.open();
        }
        for (project, answer) in &asked {
            assert_eq!(ada.events(project, answer, None).await.rest().await.last().unwrap().data["status"], "complete");
        }
    }

    async fn sockets_are_bounded_by_what_is_set(kind) {
        let server = Server::start(kind).await;
        let (root, ada) = (server.administrator("root").await, server.person("ada").await);
        set(&root, json!({"sockets_per_person": 1})).await;
        let _first = Socket::of(&server, &ada).await;
        let refused = connect(&server, &[("cookie", ada.cookie.as_deref().unwrap())]).await.err().unwrap();
        assert_eq!((refused.0, refused.1["code"].as_str()), (429, Some("too_many_sockets")));
        set(&root, json!({"sockets_per_person": null})).await;
        let _second = Socket::of(&server, &ada).await;
    }

    async fn nonsense_is_refused_and_changes_nothing(kind) {
        let server = Server::start(kind).await;
        let root = server.administrator("root").await;
        let before = root.read(LIMITS).await;
        for (wrong, field) in [
            (json!({"turns_per_minute": -1}), "turns_per_minute"),
            (json!({"turns_per_minute": 1.5}), "turns_per_minute"),
            (json!({"turns_per_minute": "5"}), "turns_per_minute"),
            (json!({"turns_per_minute": 100_001}), "turns_per_minute"),
            (json!({"live_answers": u64::MAX}), "live_answers"),
            (json!({"message_bytes": 1023}), "message_bytes"),
            (json!({"live_answers": 5, "message_bytes": 1}), "message_bytes"),
            (json!({"registrations_per_hour": 5}), "registrations_per_hour"),
        ] {
            assert_eq!(problem_of(root.patch(LIMITS, wrong.clone()).await, 422, "invalid").await["field"], field, "{wrong}");
        }
        let most = server.app.config.limits.body_bytes.unwrap();
        let never = problem_of(root.patch(LIMITS, json!({"message_bytes": most + 1})).await, 422, "invalid").await;
        assert!(never["field"] == "message_bytes", "{never}");
        assert!(never["detail"].as_str().unwrap().contains("raise LOQUAT_MAX_BODY_BYTES first"), "{never}");
        for malformed in [json!([]), json!(null), json!(5)] {
            assert_eq!(root.patch(LIMITS, malformed.clone()).await.status(), 400, "{malformed}");
        }
        assert_eq!(root.read(LIMITS).await, before);
        assert_eq!(root.read("/api/audit/?action=limit_changed").await["items"], json!([]));
    }

    async fn only_administrators_see_and_set_them(kind) {
        let server = Server::start(kind).await;
        let (root, ada) = (server.administrator("root").await, server.person("ada").await);
        let chatter = root.program(&root.new_key("chat").await.1);
        for (person, status, code) in [(&Person::nobody(&server), 401, "not_signed_in"), (&ada, 403, "admin_only"), (&chatter, 403, "scope_insufficient")] {
            problem_of(person.get(LIMITS).await, status, code).await;
            problem_of(person.patch(LIMITS, json!({"live_answers": 1})).await, status, code).await;
        }
        let program = root.program(&root.new_key("admin").await.1);
        assert_eq!(set(&program, json!({"live_answers": 7})).await["live_answers"], standing(7, 0, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_instances_follow() {
    let one = Server::start(Kind::Postgres).await;
    let data = one.app.config.data.clone();
    let other = Server::on(tempfile::tempdir().unwrap(), data, |config| config.limits.turns_per_minute = Some(9)).await;
    let root = one.administrator("root").await;
    set(&root, json!({"turns_per_minute": 4})).await;
    let there = root.clone().moved_to(&other);
    eventually("the other knows", async || there.read(LIMITS).await["turns_per_minute"] == standing(4, 9, true)).await;
    set(&root, json!({"turns_per_minute": null})).await;
    eventually("the other knows", async || there.read(LIMITS).await["turns_per_minute"] == standing(9, 9, false)).await;
}

#[test]
fn the_document_tells_each_limit_and_its_bounds() {
    let document: Value = serde_json::from_str(&loquat::api::document()).unwrap();
    let change = document["components"]["schemas"]["LimitChange"]["properties"].as_object().unwrap();
    assert_eq!(change.len(), loquat::limits::Limit::ALL.len());
    for limit in loquat::limits::Limit::ALL {
        let told = &change[limit.word()];
        assert_eq!(
            (told["maximum"].as_f64(), &told["nullable"]),
            (Some(limit.bounds().1 as f64), &json!(true)),
            "{told}"
        );
    }
    assert!(operations().iter().any(|(_, path, _)| path == LIMITS));
}
