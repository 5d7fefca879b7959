//! Following answers: from any position, by any number, at any time.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::json;

use crate::harness::client::{answer_of, problem_of};
use crate::harness::events::{Events, reasoning, text};
use crate::harness::{Provider, Script, Server, eventually, readers_are_forgotten, within};

const END: u64 = 9_007_199_254_740_991;

fn thoughtful() -> Script {
    Script::stream()
        .reasoning("Let me ")
        .reasoning("think — 終.")
        .delta("Ciao ")
        .delta("😀\r\n")
        .gate()
        .reasoning("more")
        .delta("\"end\"")
        .end()
}

on_both_databases! {
    async fn an_answer_cut_after_any_event_resumes_to_the_whole_text(kind) {
        let provider = Provider::always(thoughtful()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        provider.open();
        let live = ada.events(&project, &answer, None).await.rest().await;
        let (whole, thought) = (text(&live), reasoning(&live));
        assert_eq!((whole.as_str(), thought.as_str()), ("Ciao 😀\r\n\"end\"", "Let me think — 終.more"));
        assert_eq!(live.last().unwrap().data["content"], whole.as_str());
        for cut in 0..live.len() {
            let before = &live[..=cut];
            let Some(position) = before.iter().rev().find_map(|event| event.id) else { continue };
            let response = ada.follow(&project, &answer, Some(position)).await;
            if position == END {
                assert_eq!(response.status(), 204);
                continue;
            }
            let after = Events::new(response).rest().await;
            assert_eq!(text(before) + &text(&after), whole, "cut after {cut}");
            assert_eq!(reasoning(before) + &reasoning(&after), thought, "cut after {cut}");
            assert_eq!(after.last().unwrap().name, "end");
        }
    }

    async fn many_followers_of_a_live_answer_each_get_all_of_it(kind) {
        let provider = Provider::always(thoughtful()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut readers = Vec::new();
        for _ in 0..20 {
            let mut events = ada.events(&project, &answer, None).await;
            let seen = events.until("message").await;
            readers.push((events, seen));
        }
        provider.open();
        for (mut events, mut seen) in readers {
            seen.extend(events.rest().await);
            assert_eq!(text(&seen), "Ciao 😀\r\n\"end\"");
        }
        assert_eq!(provider.calls().len(), 1);
    }

    async fn reconnecting_to_the_asking_stream_resumes_and_never_asks_again(kind) {
        let provider = Provider::always(Script::stream().delta("one ").gate().delta("two ").gate().delta("three").end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut first = Events::new(ada.stream(&project, "count").send().await.unwrap());
        let position = first.until("message").await.pop().unwrap().id.unwrap();
        drop(first);
        // The browser sends the same address again, with the position it has.
        let again = ada.stream(&project, "count").header("last-event-id", position.to_string());
        let mut second = Events::new(again.send().await.unwrap());
        provider.open();
        provider.open();
        let rest = second.rest().await;
        assert_eq!(text(&rest), "two three");
        let done = ada.stream(&project, "count").header("last-event-id", END.to_string()).send().await.unwrap();
        assert_eq!(done.status(), 204);
        // What cannot be stored is neither, and an id that cannot be read is not the same as none.
        let nul = ada.stream(&project, "count").query(&[("client_request_id", "\0")]).header("last-event-id", "0");
        assert_eq!(problem_of(nul.send().await.unwrap(), 422, "invalid").await["field"], "client_request_id");
        for unreadable in [&b"\xff"[..], b"x", b"-1", b"1.5", b"99999999999999999999"] {
            let header = HeaderValue::from_bytes(unreadable).unwrap();
            let response = ada.stream(&project, "something else").header("last-event-id", header).send().await.unwrap();
            assert_eq!(problem_of(response, 422, "invalid").await["field"], "Last-Event-ID");
        }
        // Even for a question that was never asked, a reconnect starts nothing.
        let unknown = ada.stream(&project, "something else").header("last-event-id", "0").send().await.unwrap();
        assert_eq!(unknown.status(), 204);
        assert_eq!(provider.calls().len(), 1);
        assert_eq!(ada.messages(&project).await.len(), 2);
    }

    async fn a_question_with_nul_is_found_again_as_it_was_stored(kind) {
        let provider = Provider::always(Script::answer("fine")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let asked = Events::new(ada.stream(&project, "a\0b").send().await.unwrap()).rest().await;
        let again = ada.stream(&project, "a\0b").header("last-event-id", "0").send().await.unwrap();
        assert_eq!(text(&Events::new(again).rest().await), text(&asked));
        assert_eq!(provider.calls().len(), 1);
    }

    async fn without_a_question_the_stream_follows_what_is_being_written(kind) {
        let provider = Provider::always(Script::stream().delta("live").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages/stream");
        assert_eq!(ada.get(&path).await.status(), 204);
        ada.ask(&project, "hi").await;
        let mut events = Events::new(ada.get(&path).await);
        events.until("message").await;
        provider.open();
        assert_eq!(events.rest().await.pop().unwrap().data["content"], "live");
        assert_eq!(ada.get(&path).await.status(), 204);
    }

    async fn looking_at_the_asking_stream_asks_nothing(kind) {
        let provider = Provider::always(Script::answer("no")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let path = format!("/api/projects/{project}/messages/stream?content=hi");
        let head = ada.request(Method::HEAD, &path).send().await.unwrap();
        assert!(head.status().is_success());
        assert!(ada.messages(&project).await.is_empty());
        assert!(provider.calls().is_empty());
    }

    async fn a_live_answer_starts_over_until_it_was_replaced(kind) {
        let provider = Provider::always(Script::stream().delta("live").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        ada.events(&project, &answer, None).await.until("message").await;
        for beyond in [5, END] {
            let mut wanted = beyond;
            for _ in 0..2 {
                let events = ada.events(&project, &answer, Some(wanted)).await.until("snapshot").await;
                assert_eq!((events[0].name.as_str(), events.last().unwrap().data["content"].as_str()), ("start", Some("live")));
                wanted = events[0].id.unwrap();
                assert_ne!(wanted, END, "which is answered 204 once it has ended");
            }
        }
        provider.open();
    }

    async fn a_position_beyond_the_end_starts_over_with_a_snapshot(kind) {
        let provider = Provider::always(Script::answer("short")).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        ada.events(&project, &answer, None).await.until("end").await;
        // A crash can lose the last half second, which a client may have seen.
        let events = ada.events(&project, &answer, Some(6)).await.rest().await;
        let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, ["start", "snapshot", "end"]);
        assert_eq!(events[1].data["content"], "short");
        // Cut between the first two, it starts over again: what the client shows is still not this text.
        let again = ada.events(&project, &answer, events[0].id).await.rest().await;
        assert_eq!(again, events);
        let refused = ada.request(Method::GET, &format!("/api/projects/{project}/messages/{answer}/stream")).header("last-event-id", "rubbish").send().await.unwrap();
        assert_eq!(problem_of(refused, 422, "invalid").await["field"], "Last-Event-ID");
    }
}

on_both_databases! {
    async fn a_reader_that_never_reads_holds_nothing_up(kind) {
        let words: String = "word ".repeat(50_000);
        let provider =
            Provider::start(move |_, _| words.split_inclusive(' ').fold(Script::stream(), |s, w| s.delta(w)).end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut stuck = Vec::new();
        for _ in 0..50 {
            stuck.push(ada.follow(&project, &answer, None).await);
        }
        let events = within(60, "the whole answer", ada.events(&project, &answer, None).await.rest()).await;
        assert_eq!(text(&events).len(), 250_000);
        drop(stuck);
    }
}

on_both_databases! {
    async fn a_reader_that_leaves_is_forgotten_at_once(kind) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let provider = Provider::always(Script::stream().delta("hi").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let request = format!(
            "GET /api/projects/{project}/messages/{answer}/stream HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n",
            server.address,
            ada.cookie.as_ref().unwrap()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut some = [0; 512];
        assert!(socket.read(&mut some).await.unwrap() > 0);
        let running = server.app.chat.answers.get(answer.parse().unwrap()).unwrap();
        eventually("the reader waits", async || running.log.readers_waiting() == 1).await;
        drop(socket);
        // Although nothing is written to it: the model is silent.
        readers_are_forgotten(&running).await;
        provider.open();
    }
}

on_both_databases! {
    async fn questions_cannot_be_followed_or_stopped(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let turn = ada.ask(&project, "hi").await;
        let question = turn["user_message"]["id"].as_str().unwrap();
        problem_of(ada.follow(&project, question, None).await, 422, "invalid").await;
        problem_of(ada.post(&format!("/api/projects/{project}/messages/{question}/stop"), json!({})).await, 422, "invalid")
            .await;
    }
}
