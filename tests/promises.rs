//! D0 to D8 in the words of the table, each followed by the audit. The processes that die are in `failpoints` and `kills`.

use std::time::{Duration, Instant};

use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use crate::harness::audit::{self, Witness};
use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::events::{Events, text};
use crate::harness::{Person, Provider, Script, Server, eventually, within};
use loquat::config::Data;
use loquat::entity::{answer_chunk, message};

/// Words, then a wait for the test, then one more and the end.
fn script() -> Script {
    Script::stream().reasoning("hm ").delta("so far ").gate().delta("so good").end()
}

async fn begin(server: &Server, provider: &Provider) -> (Person, String, String, Events) {
    let ada = server.person("ada").await;
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "How is it?").await);
    let mut events = ada.events(&project, &answer, None).await;
    events.until("message").await;
    assert_eq!(provider.calls().len(), 1);
    (ada, project, answer, events)
}

fn data(server: &Server) -> Data {
    server.app.config.data.clone()
}

fn told(answer: &str, status: &str, content: &str) -> Witness {
    let accepted = ["How is it?".to_owned()].into();
    Witness {
        accepted,
        ended: [(answer.to_owned(), (status.to_owned(), content.to_owned()))].into(),
        ..Witness::default()
    }
}

on_both_databases! {
    async fn d0_both_messages_are_committed_before_the_provider_is_called(kind) {
        // The provider looks into the database when it is asked: from outside, so that it sees what is committed.
        let place: std::sync::Arc<std::sync::OnceLock<Data>> = std::sync::Arc::default();
        let found: std::sync::Arc<std::sync::Mutex<Vec<(message::Role, message::Status)>>> = std::sync::Arc::default();
        let provider = Provider::start({
            let (place, found) = (place.clone(), found.clone());
            move |_, _| {
                let rows = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(async {
                    let db = audit::connect(place.get().unwrap()).await;
                    message::Entity::find().all(&db).await.unwrap()
                }));
                found.lock().unwrap().extend(rows.into_iter().map(|row| (row.role, row.status)));
                Script::answer("well")
            }
        }).await;
        let server = Server::with_provider(kind, &provider).await;
        place.set(data(&server)).unwrap();
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "How is it?").await);
        ada.events(&project, &answer, None).await.until("end").await;
        let mut rows = found.lock().unwrap().clone();
        rows.sort_by_key(|(role, _)| *role == message::Role::Assistant);
        assert_eq!(rows, [(message::Role::User, message::Status::Complete), (message::Role::Assistant, message::Status::Running)]);
        audit::assert_clean(&data(&server), &provider, &told(&answer, "complete", "well")).await;
    }

    async fn d1_what_is_stored_while_it_is_written_is_a_prefix_at_most_half_a_second_behind(kind) {
        let slow = (0..100).fold(Script::stream(), |script, n| script.delta(&format!("wörd{n} ")).pause(Duration::from_millis(15)));
        let provider = Provider::always(slow.end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let (_, _, answer, mut events) = begin(&server, &provider).await;
        let id = answer.parse().unwrap();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(230)).await;
            // Half a second, and what a busy machine takes to get round to it.
            let due = Instant::now() - Duration::from_millis(700);
            let stored = answer_chunk::Entity::of(id).all(server.app.db.reader()).await.unwrap();
            let stored: String = stored.into_iter().map(|part| part.content).collect();
            let said = provider.record().remove(0).said;
            let sent: String = said.iter().map(|(_, _, text)| text.as_str()).collect();
            let due: usize = said.iter().filter(|(at, ..)| *at <= due).map(|(_, _, text)| text.len()).sum();
            assert!(sent.starts_with(&stored));
            assert!(stored.len() >= due, "{} of {due} bytes are stored", stored.len());
            audit::assert_clean(&data(&server), &provider, &Witness { live: 1, ..Witness::default() }).await;
        }
        events.until("end").await;
        audit::assert_clean(&data(&server), &provider, &Witness::default()).await;
    }

    async fn d2_the_end_is_sent_only_after_the_commit_of_the_full_text(kind) {
        let provider = Provider::always(script()).await;
        let server = Server::with_provider(kind, &provider).await;
        let (_, _, answer, mut events) = begin(&server, &provider).await;
        provider.open();
        let end = events.until("end").await.pop().unwrap();
        // At once and from outside: if it is not committed now, it was sent too early.
        audit::assert_clean(&data(&server), &provider, &told(&answer, "complete", end.data["content"].as_str().unwrap())).await;
        assert_eq!(end.data["content"], "so far so good");
    }

    async fn d3_one_call_for_a_turn_however_often_it_is_asked_and_followed(kind) {
        let provider = Provider::always(script()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages");
        let body = json!({"content": "How is it?", "client_request_id": "r1"});
        let asked = futures_util::future::join_all((0..20).map(|_| ada.post(&path, body.clone()))).await;
        let mut answers = Vec::new();
        for response in asked {
            answers.push(answer_of(&json_of(response, 202).await));
        }
        answers.dedup();
        let [answer] = answers.as_slice() else { panic!("one turn, not {answers:?}") };
        for _ in 0..10 {
            ada.events(&project, answer, None).await.until("message").await;
        }
        provider.open();
        ada.events(&project, answer, None).await.until("end").await;
        assert_eq!(answer_of(&json_of(ada.post(&path, body).await, 202).await), *answer);
        assert_eq!(provider.calls().len(), 1);
        audit::assert_clean(&data(&server), &provider, &told(answer, "complete", "so far so good")).await;
    }

    async fn d4_one_live_answer_for_a_conversation_and_the_loser_is_told_which(kind) {
        let provider = Provider::always(script()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages");
        let asked = futures_util::future::join_all((0..12).map(|n| ada.post(&path, json!({"content": format!("Number {n}?")})))).await;
        let (won, lost): (Vec<_>, Vec<_>) = asked.into_iter().partition(|response| response.status() == 202);
        let [won] = <[_; 1]>::try_from(won).unwrap();
        let answer = answer_of(&json_of(won, 202).await);
        for response in lost {
            assert_eq!(problem_of(response, 409, "answer_running").await["message_id"], answer.as_str());
        }
        provider.open();
        ada.events(&project, &answer, None).await.until("end").await;
        audit::assert_clean(&data(&server), &provider, &Witness::default()).await;
    }

    async fn d6_a_stop_drops_the_provider_within_a_second_and_keeps_the_text_and_a_closed_tab_is_none(kind) {
        let provider = Provider::always(script()).await;
        let server = Server::with_provider(kind, &provider).await;
        let (ada, project, answer, events) = begin(&server, &provider).await;
        drop(events);
        let running = server.app.chat.answers.get(answer.parse().unwrap()).unwrap();
        eventually("the tab is closed", async || running.log.readers_waiting() == 0).await;
        assert_eq!((provider.left(), running.log.len()), (0, "hm so far ".len()));
        let began = Instant::now();
        let stopped = json_of(ada.post(&format!("/api/projects/{project}/messages/{answer}/stop"), json!({})).await, 200).await;
        eventually("the provider sees its client leave", async || provider.left() == 1).await;
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!((stopped["content"].as_str(), stopped["reasoning"].as_str()), (Some("so far "), Some("hm ")));
        audit::assert_clean(&data(&server), &provider, &told(&answer, "stopped", "so far ")).await;
    }

    async fn d7_what_is_deleted_is_cut_off_within_a_second_and_leaves_no_row(kind) {
        for whole_account in [false, true] {
            let provider = Provider::always(script()).await;
            let server = Server::with_provider(kind, &provider).await;
            let (ada, project, _, events) = begin(&server, &provider).await;
            let path = format!("/api/projects/{project}");
            let began = Instant::now();
            let deleted = if whole_account { ada.delete_account().await } else { ada.delete(&path).await };
            assert_eq!(deleted.status(), 204);
            eventually("the provider sees its client leave", async || provider.left() == 1).await;
            assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
            drop(events);
            eventually("nobody writes any more", async || server.app.chat.answers.is_empty()).await;
            let db = server.app.db.reader();
            assert_eq!(message::Entity::find().count(db).await.unwrap(), 0);
            assert_eq!(answer_chunk::Entity::find().count(db).await.unwrap(), 0);
            let deleted = ["How is it?".to_owned()].into();
            audit::assert_clean(&data(&server), &provider, &Witness { deleted, ..Witness::default() }).await;
        }
    }

    async fn d8_told_to_stop_it_refuses_turns_finishes_short_answers_and_interrupts_the_rest(kind) {
        let provider = Provider::start(|_, body| {
            let question = body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned();
            if question == "A short one?" { Script::stream().delta("short").gate().end() } else { Script::stream().delta("long").pause(Duration::from_secs(60)).end() }
        }).await;
        let configured = provider.configured();
        let server = Server::with(kind, |config| {
            config.providers = vec![configured];
            config.limits.shutdown_grace = Duration::from_secs(2);
        }).await;
        let ada = server.person("ada").await;
        let mut turns = Vec::new();
        for question in ["A short one?", "A long one?"] {
            let project = ada.project().await;
            let answer = answer_of(&ada.ask(&project, question).await);
            let mut events = ada.events(&project, &answer, None).await;
            events.until("message").await;
            turns.push((answer, events));
        }
        let spare = ada.project().await;
        let began = Instant::now();
        server.tell_to_stop();
        eventually("readiness fails", async || ada.get("/readyz").await.status() == 503).await;
        problem_of(ada.post(&format!("/api/projects/{spare}/messages"), json!({"content": "One more?"})).await, 503, "shutting_down").await;
        provider.open();
        let mut witness = Witness::default();
        for (answer, mut events) in turns {
            let seen = within(20, "the end", events.rest()).await;
            let end = seen.last().unwrap();
            assert_eq!((end.name.as_str(), text(&seen).as_str()), ("end", ""));
            let word = |field: &str| end.data[field].as_str().unwrap().to_owned();
            witness.ended.insert(answer, (word("status"), word("content")));
        }
        let mut endings: Vec<_> = witness.ended.values().cloned().collect();
        endings.sort();
        assert_eq!(endings, [("complete".to_owned(), "short".to_owned()), ("interrupted".to_owned(), "long".to_owned())]);
        let (_dir, data) = server.stop().await;
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        audit::assert_clean(&data, &provider, &witness).await;
    }
}
