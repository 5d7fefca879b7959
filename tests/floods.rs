//! A flood of wrong passwords while answers stream: it costs no stream a byte, little memory, and nobody their way in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::client::{PASSWORD, answer_of};
use crate::harness::events::text;
use crate::harness::process::{Running, borrowed, environment};
use crate::harness::{Kind, Person, Provider, Script, eventually, within};

const MIB: usize = 1024 * 1024;
const STREAMS: usize = 60;
const FLOOD: usize = 200;

/// Sends wrong passwords for somebody who is not there until told to stop, each time from another address.
async fn guess(ada: Person, number: usize, stop: Arc<AtomicBool>, answered: Arc<[AtomicUsize; 3]>) {
    for round in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let email = format!("nobody{number}@example.org");
        let request = ada
            .elsewhere()
            .request(Method::POST, "/api/login/")
            .header("x-forwarded-for", format!("10.{}.{}.{}", round % 250, number / 250, number % 250));
        let response = request.json(&json!({"email": email, "password": "not the one"})).send().await.unwrap();
        let kind = match response.status().as_u16() {
            401 => 0,
            429 => 1,
            503 => 2,
            other => panic!("a wrong password was answered with {other}"),
        };
        if kind > 0 {
            assert!(response.headers().contains_key("retry-after"), "{response:?}");
        }
        answered[kind].fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_wrong_passwords_costs_no_stream_a_byte() {
    let words = |number: usize| (0..100).map(|word| format!("{number}-{word} ")).collect::<String>();
    let provider = Provider::start(move |number, _| {
        let paced = words(number)
            .split_inclusive(' ')
            .fold(Script::stream().gate(), |script, word| script.delta(word).pause(Duration::from_millis(20)));
        paced.gate().delta("the end").end()
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let mut settings = environment(Kind::Sqlite, dir.path(), &provider).await;
    settings.push(("LOQUAT_TRUSTED_PROXIES", "127.0.0.0/8".to_owned()));
    settings.push(("LOQUAT_MAX_REGISTRATIONS_PER_HOUR", "0".to_owned()));
    let server = Running::on(dir, &borrowed(&settings));
    let ada = Person::at(&server.url).join("ada").await;
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "Slowly, please").await);
        let mut events = ada.events(&project, &answer, None).await;
        events.until("start").await;
        streams.push(events);
    }
    within(20, "every answer is asked for", async {
        while provider.calls().len() < STREAMS {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let before = server.resident();
    (0..STREAMS).for_each(|_| provider.open());
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new([const { AtomicUsize::new(0) }; 3]));
    let mut flood = JoinSet::new();
    for number in 0..FLOOD {
        flood.spawn(guess(ada.clone(), number, Arc::clone(&stop), Arc::clone(&answered)));
    }
    let all = |kinds: &[usize]| kinds.iter().map(|&kind| answered[kind].load(Ordering::Relaxed)).sum::<usize>();
    eventually("the flood is there", async || all(&[0, 1, 2]) > 2 * FLOOD).await;
    // Whoever knows their password is let in, or told when to come back.
    let honest = async || {
        let request = ada.elsewhere().request(Method::POST, "/api/login/").header("x-forwarded-for", "192.0.2.1");
        let response = request.json(&json!({"email": ada.email, "password": PASSWORD})).send().await.unwrap();
        if response.status() != 503 {
            assert_eq!(response.status(), 200);
            return true;
        }
        let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=10).contains(&wait), "{wait}");
        false
    };
    let mut most = 0;
    for _ in 0..20 {
        most = most.max(server.resident());
        if honest().await {
            break;
        }
    }
    // The flood lasts until every stream has said all but its last words.
    let mut read = Vec::new();
    for mut events in streams {
        let mut said = String::new();
        while !said.contains("-99 ") {
            said += &text(&within(60, "the next words", events.until("message")).await);
        }
        read.push((events, said));
    }
    most = most.max(server.resident());
    stop.store(true, Ordering::Relaxed);
    while let Some(done) = flood.join_next().await {
        done.unwrap();
    }
    eventually("there is room again", honest).await;
    (0..STREAMS).for_each(|_| provider.open());
    let mut whole: Vec<String> = Vec::new();
    for (mut events, said) in read {
        let rest = events.until("end").await;
        let end = &rest.last().unwrap().data;
        assert_eq!(
            (end["status"].as_str(), end["content"].as_str()),
            (Some("complete"), Some(format!("{said}the end").as_str()))
        );
        whole.push(said);
    }
    let mut wanted: Vec<String> = (0..STREAMS).map(words).collect();
    wanted.sort();
    whole.sort();
    assert!(whole == wanted, "every stream has all of its words, and none of another's");
    // Two hundred at once: some are looked at, 64 may wait, and the rest is told to come back.
    assert!(all(&[0]) > 0 && all(&[2]) > 0, "{answered:?}");
    let grown = most.saturating_sub(before);
    assert!(grown < 96 * MIB, "{} MiB for a flood", grown / MIB);
}
