//! Providers misbehave: every row of the table, through the front door, on both databases, each followed by the audit.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::audit::{self, Witness};
use crate::harness::client::answer_of;
use crate::harness::events::{Events, text};
use crate::harness::{Kind, Person, Provider, Script, Server, eventually, within};

mod table;

use table::{Fault, SECRETS, Then};

/// A provider that does what the table says, each turn being known by its question.
async fn provider_of(faults: &[Fault]) -> Provider {
    let calls: HashMap<String, Vec<Script>> =
        faults.iter().map(|fault| (fault.words.clone(), fault.calls.clone())).collect();
    let asked: Mutex<HashMap<String, usize>> = Mutex::default();
    Provider::start(move |_, body| {
        let question = body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap();
        let mut asked = asked.lock().unwrap();
        let time = asked.entry(question.to_owned()).or_default();
        *time += 1;
        let scripts = calls.get(question).unwrap_or_else(|| panic!("nobody asks {question:?}"));
        scripts[(*time - 1).min(scripts.len() - 1)].clone()
    })
    .await
}

/// Plays every fault, all at once, and then the audit.
async fn play(kind: Kind, faults: Vec<Fault>) {
    let provider = provider_of(&faults).await;
    let server = Server::with_provider(kind, &provider).await;
    let ada = server.person("ada").await;
    futures_util::future::join_all(faults.iter().map(|fault| one(&ada, fault))).await;
    let record = provider.record();
    let mut witness = Witness::default();
    for fault in &faults {
        witness.accepted.insert(fault.words.clone());
        let asked = record.iter().filter(|call| call.question() == fault.words).count();
        assert_eq!(asked, fault.asked, "how often a provider was asked that sends {}", fault.words);
    }
    for call in &record {
        assert!(call.head.contains("accept-encoding: identity\r\n"), "{}", call.head);
    }
    audit::assert_clean(&server.app.config.data, &provider, &witness).await;
}

async fn one(ada: &Person, fault: &Fault) {
    let words = &fault.words;
    let project = ada.project().await;
    let began = Instant::now();
    let answer = answer_of(&ada.ask(&project, words).await);
    let mut stream = ada.events(&project, &answer, None).await;
    let events = within(60, words, stream.rest()).await;
    let last = events.last().unwrap();
    let stored = ada.messages(&project).await[1].clone();
    match &fault.then {
        Then::Says(said) => {
            assert_eq!(
                (last.name.as_str(), last.data["status"].as_str()),
                ("end", Some("complete")),
                "{words}: {last:?}"
            );
            assert_eq!(
                (text(&events).as_str(), last.data["content"].as_str()),
                (said.as_str(), Some(said.as_str())),
                "{words}"
            );
            assert_eq!(
                (stored["status"].as_str(), stored["content"].as_str()),
                (Some("complete"), Some(said.as_str())),
                "{words}"
            );
        }
        Then::Fails { code, kept, tells } => {
            assert_eq!((last.name.as_str(), last.data["code"].as_str()), ("failed", Some(*code)), "{words}: {last:?}");
            let detail = last.data["detail"].as_str().unwrap();
            for told in tells {
                assert!(detail.contains(told), "{words}: {detail}");
            }
            assert!(text(&events) == *kept, "{words}: {} bytes came", text(&events).len());
            assert_eq!(stored["status"], "failed", "{words}");
            assert!(stored["content"] == kept.as_str(), "{words}");
            assert_eq!(
                (stored["failure"]["code"].as_str(), stored["failure"]["detail"].as_str()),
                (Some(*code), Some(detail)),
                "{words}"
            );
            let raw = String::from_utf8(stream.raw).unwrap() + &stored.to_string();
            for secret in SECRETS {
                assert!(!raw.contains(secret), "{words} gives {secret} away: {raw}");
            }
            if words.contains("a long time") {
                let told = last.data["retry_after"].as_u64().unwrap();
                assert!((3590..=4 * 3600).contains(&told), "{words}: {told} s");
            }
        }
    }
    assert!(began.elapsed() >= fault.takes, "{words}: {:?}", began.elapsed());
    // And the conversation can go on.
    let project: Value = ada.read(&format!("/api/projects/{project}")).await;
    assert!(project["live_message_id"].is_null(), "{words}");
}

on_both_databases! {
    async fn too_many_requests_are_waited_for_if_that_is_short_and_else_told(kind) {
        play(kind, table::too_many_requests()).await;
    }

    async fn statuses_that_pass_are_tried_twice_more_and_others_never(kind) {
        play(kind, table::statuses()).await;
    }

    async fn what_breaks_off_keeps_its_text_and_is_never_complete(kind) {
        play(kind, table::broken_off()).await;
    }

    async fn what_is_only_odd_gives_the_right_text(kind) {
        play(kind, table::odd()).await;
    }

    async fn broken_characters_are_replaced_and_the_stream_lives(kind) {
        play(kind, table::characters()).await;
    }

    async fn what_is_no_answer_fails_clearly(kind) {
        play(kind, table::no_answer()).await;
    }

    async fn a_provider_that_is_not_there_is_tried_twice_more(kind) {
        // Bound and not listening: the connection is refused, and nobody else gets the port.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        let mut configured = Provider::always(Script::default()).await.configured();
        configured.base_url = format!("http://{address}/v1").parse().unwrap();
        let server = Server::with(kind, |config| config.providers = vec![configured]).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let began = Instant::now();
        let answer = answer_of(&ada.ask(&project, "Are you there?").await);
        let failed = ada.events(&project, &answer, None).await.until("failed").await.pop().unwrap();
        assert_eq!(failed.data["code"], "provider_unreachable");
        assert!(failed.data["detail"].as_str().unwrap().contains("Connection refused"), "{failed:?}");
        // Two pauses, of a quarter and of a whole second, each shortened by half at most.
        assert!((625..5000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());

        // It comes up after the second attempt at the latest and before the third at the earliest.
        let other = ada.project().await;
        let answer = answer_of(&ada.ask(&other, "And now?").await);
        tokio::time::sleep(Duration::from_millis(450)).await;
        let provider = Provider::at(socket.listen(16).unwrap(), |_, _| Script::answer("here"));
        let events = ada.events(&other, &answer, None).await.until("end").await;
        assert_eq!(text(&events), "here");
        audit::assert_clean(&server.app.config.data, &provider, &Witness::default()).await;
    }

    async fn silence_of_every_kind_ends_in_time_and_keeps_the_text(kind) {
        let pings = (0..100).fold(Script::stream().delta("begun"), |script, _| script.send(": ping\n\n").pause(Duration::from_millis(100)));
        let fails = |words: &str, script: Script, code: &'static str, kept: &str| Fault {
            words: words.to_owned(),
            calls: vec![script],
            asked: 1,
            takes: Duration::from_millis(900),
            then: Then::Fails { code, kept: kept.to_owned(), tells: vec!["try again"] },
        };
        let faults = [
            fails("no response at all", Script::default().gate(), "provider_timeout", ""),
            fails("a head and then nothing", Script::stream().gate(), "provider_timeout", ""),
            fails("a stall", Script::stream().delta("begun").gate(), "provider_stalled", "begun"),
            fails("comments and nothing else for ever", pings, "provider_timeout", "begun"),
        ];
        let provider = provider_of(&faults).await;
        let configured = provider.configured();
        let server = Server::with(kind, |config| {
            config.providers = vec![configured];
            config.limits.provider.first_byte = Some(Duration::from_secs(1));
            config.limits.provider.silence = Some(Duration::from_secs(1));
            config.limits.provider.total = Some(Duration::from_secs(3));
        }).await;
        let ada = server.person("ada").await;
        futures_util::future::join_all(faults.iter().map(|fault| one(&ada, fault))).await;
        eventually("every connection to the provider is closed", async || provider.left() == faults.len()).await;
        assert_eq!(provider.calls().len(), faults.len());
        audit::assert_clean(&server.app.config.data, &provider, &Witness::default()).await;
    }

    async fn nothing_is_tried_again_after_the_first_delta(kind) {
        let faults = || vec![Fault {
            words: "a first word and then a reset".to_owned(),
            calls: vec![Script::stream().delta("one").gate().reset(), Script::answer("two")],
            asked: 1,
            takes: Duration::ZERO,
            then: Then::Fails { code: "provider_cut_off", kept: "one".to_owned(), tells: Vec::new() },
        }];
        let provider = provider_of(&faults()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut events = Events::new(ada.stream(&project, "a first word and then a reset").send().await.unwrap());
        events.until("message").await;
        provider.open();
        assert_eq!(events.until("failed").await.last().unwrap().data["code"], "provider_cut_off");
        assert_eq!(provider.calls().len(), 1);
        audit::assert_clean(&server.app.config.data, &provider, &Witness::default()).await;
    }
}
