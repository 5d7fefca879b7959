//! The executable dies at every named place, on both databases, and the next start makes everything right.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::audit::{self, Witness};
use crate::harness::client::{answer_of, json_of};
use crate::harness::events::{Event, Events, reasoning, text};
use crate::harness::process::{self, Running, borrowed, environment};
use crate::harness::{Kind, Person, Provider, Script, within};

const QUESTION: &str = "What do you know?";

/// What the process is doing when it dies.
#[derive(Clone, Copy, PartialEq)]
enum Doing {
    Asking,
    Answering,
    Stopping,
    Recovering,
}

/// What the next start shows of the turn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    Nothing,
    /// The status, and the least length of its text.
    Answer(&'static str, usize),
}

fn words(count: usize) -> String {
    (0..count).map(|n| format!("wörd{n} ")).collect()
}

/// A long answer, an answer that waits to be stopped, or a short one.
fn script(question: &str, doing: Doing) -> Script {
    match (question, doing) {
        (QUESTION, Doing::Stopping) => Script::stream().reasoning("hm ").delta("so far").gate().end(),
        (QUESTION, _) => words(60)
            .split_inclusive(' ')
            .fold(Script::stream().reasoning("hm… "), |script, word| {
                script.delta(word).pause(Duration::from_millis(12))
            })
            .end(),
        (question, _) if question.contains("cut off") => Script::answer(&words(60).to_uppercase()),
        _ => Script::answer("and on it goes"),
    }
}

async fn provider(doing: Doing) -> Provider {
    Provider::start(move |_, body| {
        let messages = body["messages"].as_array().unwrap();
        script(messages.last().unwrap()["content"].as_str().unwrap(), doing)
    })
    .await
}

async fn dies_at(kind: Kind, place: &str, doing: Doing, left: Left) {
    let provider = provider(doing).await;
    let dir = tempfile::tempdir().unwrap();
    let settings = environment(kind, dir.path(), &provider).await;
    let mut deadly = settings.clone();
    deadly.push(("LOQUAT_FAILPOINT", place.to_owned()));
    let first = if doing == Doing::Recovering { &settings } else { &deadly };
    let server = Running::on(dir, &borrowed(first));
    let ada = Person::at(&server.url).join("ada").await;
    let project = ada.project().await;

    let (answer, seen) = ask_and_watch(&ada, &project, doing).await;
    let dir = match doing {
        Doing::Recovering => Running::launch(server.kill(), &borrowed(&deadly)).aborted(),
        _ => server.aborted(),
    };
    let called = provider.calls().len();

    let server = Running::on(dir, &borrowed(&settings));
    let data = process::data(&borrowed(&settings), server.dir.path());
    let ada = ada.at_address(&server.url);
    let mut witness = Witness::default();
    if let Some(answer) = &answer {
        witness.accepted.insert(QUESTION.to_owned());
        let ending = seen.iter().find(|event| event.name == "end");
        if let Some(ending) = ending {
            let word = |field: &str| ending.data[field].as_str().unwrap().to_owned();
            witness.ended.insert(answer.clone(), (word("status"), word("content")));
        }
    }
    audit::assert_clean(&data, &provider, &witness).await;
    assert_eq!(provider.calls().len(), called, "no model is asked again by itself");
    shows(&ada, &project, left, &seen).await;

    // The same request again is the same turn, if there was one; and the conversation goes on.
    let again = ask(&ada, &project, QUESTION, "r1").await.unwrap();
    let repeated = json_of(again, 202).await;
    ada.events(&project, &answer_of(&repeated), None).await.until("end").await;
    assert_eq!(provider.calls().len(), called + usize::from(left == Left::Nothing));
    let next = answer_of(&ada.ask(&project, "And now?").await);
    let end = ada.events(&project, &next, None).await.until("end").await.pop().unwrap();
    assert_eq!((end.data["status"].as_str(), end.data["content"].as_str()), (Some("complete"), Some("and on it goes")));
    audit::assert_clean(&data, &provider, &witness).await;
}

/// Asks, and watches until the process is gone. Returns the answer's id, if the process lived to tell it.
async fn ask_and_watch(ada: &Person, project: &str, doing: Doing) -> (Option<String>, Vec<Event>) {
    let turn: Value = match ask(ada, project, QUESTION, "r1").await {
        Ok(response) if doing != Doing::Asking => json_of(response, 202).await,
        Ok(response) => panic!("it answered {} and should be dead", response.status()),
        Err(_) => return (None, Vec::new()),
    };
    let answer = answer_of(&turn);
    let mut events = ada.events(project, &answer, None).await;
    let mut seen = events.until("message").await;
    match doing {
        Doing::Stopping => {
            let stop = format!("/api/projects/{project}/messages/{answer}/stop");
            assert!(ada.request(Method::POST, &stop).json(&json!({})).send().await.is_err(), "it should be dead");
        }
        Doing::Recovering => {
            while text(&seen).len() < 200 {
                seen.push(events.next().await.unwrap());
            }
            return (Some(answer), seen);
        }
        Doing::Asking | Doing::Answering => {}
    }
    seen.extend(within(20, "the stream breaks off", events.rest()).await);
    (Some(answer), seen)
}

/// What a person sees after the restart, and what a client that reconnects comes to.
async fn shows(ada: &Person, project: &str, left: Left, seen: &[Event]) {
    let messages = ada.messages(project).await;
    let Left::Answer(status, least) = left else { return assert!(messages.is_empty(), "{messages:?}") };
    let answer = &messages[1];
    let (content, id) = (answer["content"].as_str().unwrap(), answer["id"].as_str().unwrap());
    assert_eq!(answer["status"], status);
    assert!(content.len() >= least, "{} bytes are left", content.len());
    // A client never saw the end of what is not whole.
    let told = seen.iter().find(|event| event.name == "end").map(|event| event.data["status"].as_str().unwrap());
    assert!(told.is_none_or(|told| told == status), "{told:?}");
    let Some(position) = seen.iter().rev().find_map(|event| event.id).filter(|_| told.is_none()) else { return };
    let resumed = Events::new(ada.follow(project, id, Some(position)).await).rest().await;
    let end = resumed.last().unwrap();
    assert_eq!((end.name.as_str(), end.data["status"].as_str()), ("end", Some(status)));
    assert_eq!(what_they_have(seen, &resumed), words_of(answer));
}

/// Text and reasoning, of who has seen something and went on from there.
fn what_they_have(seen: &[Event], resumed: &[Event]) -> (String, String) {
    match resumed.iter().find(|event| event.name == "snapshot") {
        Some(snapshot) => words_of(&snapshot.data),
        None => (text(seen) + &text(resumed), reasoning(seen) + &reasoning(resumed)),
    }
}

/// Text and reasoning of a message, or of a snapshot.
fn words_of(message: &Value) -> (String, String) {
    let words = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
    (words("content"), words("reasoning"))
}

async fn ask(ada: &Person, project: &str, question: &str, request: &str) -> reqwest::Result<reqwest::Response> {
    let body = json!({"content": question, "client_request_id": request});
    ada.request(Method::POST, &format!("/api/projects/{project}/messages")).json(&body).send().await
}

on_both_databases! {
    async fn before_a_turn_is_committed(kind) {
        dies_at(kind, "turn.before_commit", Doing::Asking, Left::Nothing).await;
    }

    async fn after_a_turn_is_committed(kind) {
        dies_at(kind, "turn.after_commit", Doing::Asking, Left::Answer("interrupted", 0)).await;
    }

    async fn before_a_flush_is_committed(kind) {
        dies_at(kind, "flush.before_commit:2", Doing::Answering, Left::Answer("interrupted", 5)).await;
    }

    async fn in_the_middle_of_a_flush(kind) {
        dies_at(kind, "flush.in_the_middle:2", Doing::Answering, Left::Answer("interrupted", 5)).await;
    }

    /// What the clients have that saw more than was stored is not what the model says when it is asked to go on.
    async fn before_a_flush_is_committed_and_another_device_goes_on(kind) {
        let provider = provider(Doing::Answering).await;
        let dir = tempfile::tempdir().unwrap();
        let settings = environment(kind, dir.path(), &provider).await;
        let mut deadly = settings.clone();
        deadly.push(("LOQUAT_FAILPOINT", "flush.before_commit:2".to_owned()));
        let server = Running::on(dir, &borrowed(&deadly));
        let ada = Person::at(&server.url).join("ada").await;
        let project = ada.project().await;
        let (answer, seen) = ask_and_watch(&ada, &project, Doing::Answering).await;
        let answer = answer.unwrap();

        let server = Running::on(server.aborted(), &borrowed(&settings));
        let ada = ada.at_address(&server.url);
        let path = format!("/api/projects/{project}/messages/{answer}");
        let kept = ada.read(&path).await["content"].as_str().unwrap().to_owned();
        assert!(text(&seen).len() > kept.len() && !kept.is_empty(), "{} and {}", text(&seen).len(), kept.len());
        json_of(ada.post(&format!("{path}/continue"), json!({})).await, 202).await;
        ada.events(&project, &answer, None).await.until("end").await;
        let whole = ada.read(&path).await;
        assert!(whole["content"].as_str().unwrap().len() > text(&seen).len());

        // Wherever somebody was cut off.
        let mut told_anew = 0;
        for cut in 0..seen.len() {
            let (before, Some(id)) = (&seen[..=cut], seen[cut].id) else { continue };
            let resumed = Events::new(ada.follow(&project, &answer, Some(id)).await).rest().await;
            let snapshot = resumed.iter().find(|event| event.name == "snapshot");
            assert_eq!(snapshot.is_some(), text(before).len() > kept.len(), "at {id}");
            told_anew += usize::from(snapshot.is_some());
            assert_eq!(what_they_have(before, &resumed), words_of(&whole), "at {id}");
        }
        assert!(told_anew > 0);
        // And those who join only now, wherever they are cut off.
        let seen = ada.events(&project, &answer, None).await.rest().await;
        for cut in 0..seen.len() - 1 {
            let (before, id) = (&seen[..=cut], seen[cut].id);
            let resumed = ada.events(&project, &answer, id).await.rest().await;
            assert!(resumed.iter().all(|event| event.name != "snapshot"));
            assert_eq!(what_they_have(before, &resumed), words_of(&whole), "at {id:?}");
        }
    }

    async fn after_a_flush_is_committed(kind) {
        dies_at(kind, "flush.after_commit:2", Doing::Answering, Left::Answer("interrupted", 50)).await;
    }

    async fn before_an_ending_is_committed(kind) {
        dies_at(kind, "finish.before_commit", Doing::Answering, Left::Answer("interrupted", 50)).await;
    }

    async fn between_the_last_commit_and_the_end_that_clients_get(kind) {
        dies_at(kind, "finish.after_commit", Doing::Answering, Left::Answer("complete", words(60).len())).await;
    }

    async fn before_a_stop_does_anything(kind) {
        dies_at(kind, "stop.before", Doing::Stopping, Left::Answer("interrupted", 0)).await;
    }

    async fn before_a_stop_is_committed(kind) {
        dies_at(kind, "finish.before_commit", Doing::Stopping, Left::Answer("interrupted", 0)).await;
    }

    async fn after_a_stop_is_committed(kind) {
        dies_at(kind, "stop.after", Doing::Stopping, Left::Answer("stopped", 6)).await;
    }

    async fn before_the_recovery_is_committed(kind) {
        dies_at(kind, "recovery.before_commit", Doing::Recovering, Left::Answer("interrupted", 1)).await;
    }

    async fn after_the_recovery_is_committed(kind) {
        dies_at(kind, "recovery.after_commit", Doing::Recovering, Left::Answer("interrupted", 1)).await;
    }
}
