//! `kill -9` again and again under load: every round the audit, and every client comes to the stored text.
//!
//! `LOQUAT_KILL_ROUNDS` says how often, `LOQUAT_KILL_SEED` repeats a run.
#![allow(clippy::print_stdout, reason = "the figures are what the loop is for")]

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::audit::{self, Witness};
use crate::harness::client::{answer_of, json_of};
use crate::harness::events::{Event, Events, reasoning, text};
use crate::harness::process::{self, Running, borrowed, environment};
use crate::harness::provider::Call;
use crate::harness::{Kind, Person, Provider, Script, within};

/// Conversations in each round.
const AT_ONCE: usize = 8;
/// The promise: a stored answer is at most this much behind in bytes …
const BEHIND_BYTES: usize = 4 * 1024;
/// … or in time.
const BEHIND_TIME: Duration = Duration::from_millis(500);

/// What is counted over all rounds.
#[derive(Debug, Default)]
struct Figures {
    turns: usize,
    complete: usize,
    lost: usize,
    most_lost: usize,
    oldest_lost: Duration,
    duplicate_calls: usize,
    snapshots: usize,
    broken: Vec<String>,
}

/// A client that was cut off: its conversation, the answer as far as it knows it, and what it has seen.
struct Client {
    project: String,
    question: String,
    answer: Option<String>,
    seen: Vec<Event>,
    /// What a stop was answered with.
    stopped: Option<Value>,
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |value| value.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Slow words, a flood, thinking that alternates with text, or a few words and the end: the question's last word says which.
fn script(question: &str) -> Script {
    let mut random =
        StdRng::seed_from_u64(question.bytes().fold(7, |sum, byte| sum * 31 % 0xffff_ffff + u64::from(byte)));
    let mut script = Script::stream();
    let kind = question.rsplit(' ').next().unwrap();
    let (deltas, length, pause) = match kind {
        "slow" => (300, 1..4, 4),
        "flood" => (400, 60..200, 3),
        "mixed" => (300, 1..20, 4),
        _ => (random.random_range(1..40), 1..8, 2),
    };
    for n in 0..deltas {
        let words: String = (0..random.random_range(length.clone()))
            .map(|_| ["ja ", "né ", "終 ", "😀 "][random.random_range(0..4)])
            .collect();
        script = if kind == "mixed" && n / 7 % 2 == 0 { script.reasoning(&words) } else { script.delta(&words) };
        script = script.pause(Duration::from_millis(random.random_range(0..=pause)));
    }
    script.end()
}

async fn ask(ada: &Person, project: &str, question: &str) -> reqwest::Result<reqwest::Response> {
    let body = json!({"content": question, "client_request_id": question});
    ada.request(Method::POST, &format!("/api/projects/{project}/messages")).json(&body).send().await
}

/// Asks and follows until the server is gone or the answer is whole; some clients stop their answers.
async fn talk(ada: Person, project: String, question: String, stop_after: Option<Duration>) -> Client {
    let mut client = Client { project, question, answer: None, seen: Vec::new(), stopped: None };
    let Ok(response) = ask(&ada, &client.project, &client.question).await else { return client };
    // Half a response is none.
    let Ok(turn) = response.error_for_status().unwrap().json::<Value>().await else { return client };
    let answer = answer_of(&turn);
    client.answer = Some(answer.clone());
    let path = format!("/api/projects/{}/messages/{answer}", client.project);
    let follow = async {
        let Ok(response) = ada.request(Method::GET, &format!("{path}/stream")).send().await else { return Vec::new() };
        Events::new(response).rest().await
    };
    let stop = async {
        tokio::time::sleep(stop_after?).await;
        let response = ada.request(Method::POST, &format!("{path}/stop")).json(&json!({})).send().await.ok()?;
        response.error_for_status().unwrap().json::<Value>().await.ok()
    };
    (client.seen, client.stopped) = tokio::join!(follow, stop);
    client
}

/// What was lost of one answer: bytes, and how old the oldest of them was when the process died.
fn lost(record: &[Call], question: &str, stored: usize, killed: Instant) -> (usize, Duration) {
    let Some(call) = record.iter().find(|call| call.question() == question) else { return Default::default() };
    let (mut lost, mut age) = (0, Duration::ZERO);
    let mut sent = 0;
    for (at, _, text) in &call.said {
        sent += text.len();
        if sent > stored {
            age = age.max(killed.saturating_duration_since(*at));
            lost = sent - stored;
        }
    }
    (lost, age)
}

/// After the restart: what the client has and what it is sent now must be what is stored.
async fn resume(ada: &Person, client: &Client, figures: &mut Figures, witness: &mut Witness) -> Option<Value> {
    let Some(answer) = &client.answer else {
        // Nobody told it whether the question arrived; the same request again finds out, and asks at most once.
        let turn = json_of(ask(ada, &client.project, &client.question).await.unwrap(), 202).await;
        ada.events(&client.project, &answer_of(&turn), None).await.until("end").await;
        return None;
    };
    witness.accepted.insert(client.question.clone());
    let stored = ada.read(&format!("/api/projects/{}/messages/{answer}", client.project)).await;
    let (content, thought) = (stored["content"].as_str().unwrap(), stored["reasoning"].as_str().unwrap_or_default());
    for told in client.seen.iter().filter(|event| event.name == "end").map(|event| &event.data).chain(&client.stopped) {
        // A stop can be answered before it is stored only by saying that the answer still runs.
        if told["status"] != "running" {
            let word = |field: &str| told[field].as_str().unwrap().to_owned();
            witness.ended.insert(answer.clone(), (word("status"), word("content")));
        }
    }
    let position = client.seen.iter().rev().find_map(|event| event.id);
    let response = ada.follow(&client.project, answer, position).await;
    if response.status() == 204 {
        return Some(stored);
    }
    let resumed = Events::new(response).rest().await;
    let sum = match resumed.iter().find(|event| event.name == "snapshot") {
        Some(snapshot) => {
            figures.snapshots += 1;
            let thought = snapshot.data["reasoning"].as_str().unwrap_or_default();
            (snapshot.data["content"].as_str().unwrap().to_owned(), thought.to_owned())
        }
        None => (text(&client.seen) + &text(&resumed), reasoning(&client.seen) + &reasoning(&resumed)),
    };
    if sum != (content.to_owned(), thought.to_owned()) {
        figures.broken.push(format!("what a client has of {:?} is not what is stored", client.question));
    }
    Some(stored)
}

async fn rounds(kind: Kind) {
    let seed = setting("LOQUAT_KILL_SEED", rand::random::<u32>().into());
    let rounds = setting("LOQUAT_KILL_ROUNDS", 20);
    println!("kill -9 on {kind:?}: {rounds} rounds with LOQUAT_KILL_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut figures = Figures::default();
    // A fresh database now and then: the audit reads all of it every round.
    for first in (0..rounds).step_by(10) {
        some_rounds(kind, first..rounds.min(first + 10), &mut random, &mut figures).await;
    }
    let Figures { turns, complete, lost, most_lost, oldest_lost, duplicate_calls, snapshots, broken } = &figures;
    println!(
        "kill -9 on {kind:?}: {rounds} rounds, {turns} turns ({complete} complete, {snapshots} resumed by a snapshot), \
         {lost} bytes lost (at most {most_lost} of one answer, none older than {} ms), {duplicate_calls} duplicate calls, {} broken rules",
        oldest_lost.as_millis(),
        broken.len()
    );
    assert!(broken.is_empty() && *duplicate_calls == 0, "LOQUAT_KILL_SEED={seed}:\n  {}", broken.join("\n  "));
}

async fn some_rounds(kind: Kind, rounds: Range<u64>, random: &mut StdRng, figures: &mut Figures) {
    let provider = Provider::start(|_, body| {
        let messages = body["messages"].as_array().unwrap();
        script(messages.last().unwrap()["content"].as_str().unwrap())
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let settings = environment(kind, dir.path(), &provider).await;
    let mut server = Running::on(dir, &borrowed(&settings));
    let mut ada = Person::at(&server.url).join("ada").await;
    let mut witness = Witness::default();
    for round in rounds {
        let mut clients = Vec::new();
        for n in 0..AT_ONCE {
            let question = format!("{round} {n} {}", ["slow", "flood", "mixed", "short"][n % 4]);
            let stop = (n == 4).then(|| Duration::from_millis(random.random_range(10..400)));
            clients.push(tokio::spawn(talk(ada.clone(), ada.project().await, question, stop)));
        }
        // Early ones meet turns that are being accepted, late ones answers that are being finished.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..900))).await;
        let killed = Instant::now();
        let dir = server.kill();
        let clients = within(30, "every client is cut off", futures_util::future::join_all(clients)).await;

        server = Running::on(dir, &borrowed(&settings));
        ada = ada.at_address(&server.url);
        let record = provider.record();
        for client in clients {
            let client = client.unwrap();
            figures.turns += 1;
            let Some(stored) = resume(&ada, &client, figures, &mut witness).await else { continue };
            figures.complete += usize::from(stored["status"] == "complete");
            if stored["status"] != "interrupted" {
                continue;
            }
            let length = [&stored["content"], &stored["reasoning"]].map(|text| text.as_str().map_or(0, str::len));
            let (lost, age) = lost(&record, &client.question, length.iter().sum(), killed);
            figures.lost += lost;
            figures.most_lost = figures.most_lost.max(lost);
            figures.oldest_lost = figures.oldest_lost.max(age);
            if lost > BEHIND_BYTES && age > BEHIND_TIME {
                figures.broken.push(format!("{lost} bytes of {:?} are lost, {age:?} after they came", client.question));
            }
        }
        let data = process::data(&borrowed(&settings), server.dir.path());
        let found = audit::violations(&data, &provider, &witness).await;
        figures.broken.extend(found.into_iter().map(|broken| format!("round {round}: {broken}")));
    }
    let mut calls: HashMap<String, usize> = HashMap::new();
    for call in provider.record() {
        *calls.entry(call.question().to_owned()).or_default() += 1;
    }
    figures.duplicate_calls += calls.values().map(|count| count - 1).sum::<usize>();
}

on_both_databases! {
    async fn no_kill_breaks_a_rule(kind) {
        rounds(kind).await;
    }
}
