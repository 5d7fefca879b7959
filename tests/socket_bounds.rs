//! Who gets a socket and how many, what cannot be understood, who does not read, and how sockets end.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use loquat::entity::session;
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::client::{answer_of, problem_of};
use crate::harness::events::text;
use crate::harness::socket::connect;
use crate::harness::{Provider, Script, Server, Socket, eventually, within};

on_both_databases! {
    async fn only_our_own_and_allowed_pages_open_a_socket(kind) {
        let server =
            Server::with(kind, |config| config.allowed_origins = vec!["https://friend.example".to_owned()]).await;
        let ada = server.person("ada").await;
        let cookie = ada.cookie.clone().unwrap();
        let own = format!("http://{}", server.address);
        let senders: [(&[(&str, &str)], bool); 8] = [
            (&[], true),
            (&[("origin", &own)], true),
            (&[("origin", &own), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "https://friend.example"), ("sec-fetch-site", "cross-site")], true),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "http://127.0.0.1:9"), ("sec-fetch-site", "same-site")], false),
            (&[("origin", "null")], false),
        ];
        for (headers, allowed) in senders {
            let mut headers = headers.to_vec();
            headers.push(("cookie", &cookie));
            match connect(&server, &headers).await {
                Ok(_) => assert!(allowed, "{headers:?}"),
                Err((status, problem)) => {
                    assert_eq!((status, problem["code"].as_str()), (403, Some("cross_site")), "{headers:?}");
                    assert!(!allowed, "{headers:?}");
                }
            }
        }
        // A slash at the end is no way around.
        let slash = ada.request(Method::GET, "/api/ws/").header("origin", "https://evil.example").send().await.unwrap();
        problem_of(slash, 403, "cross_site").await;
    }

    async fn nobody_gets_a_socket_and_a_plain_request_gets_none(kind) {
        let server = Server::start(kind).await;
        let refused = connect(&server, &[]).await.err().unwrap();
        assert_eq!((refused.0, refused.1["code"].as_str()), (401, Some("not_signed_in")));
        let ada = server.person("ada").await;
        let plain = ada.get("/api/ws").await;
        assert_eq!((&plain.headers()["upgrade"], &plain.headers()["sec-websocket-version"]), (&"websocket".parse().unwrap(), &"13".parse().unwrap()));
        problem_of(plain, 426, "upgrade_required").await;
        assert_eq!(ada.request(Method::HEAD, "/api/ws").send().await.unwrap().status(), 426);
        let old = ada.request(Method::GET, "/api/ws").header("connection", "upgrade").header("upgrade", "websocket");
        problem_of(old.header("sec-websocket-version", "8").send().await.unwrap(), 426, "upgrade_required").await;
        assert_eq!(server.app.chat.changes.listeners(ada.id().await), 0);
    }

    async fn a_person_has_only_so_many_sockets_and_gets_places_back(kind) {
        let server = Server::with(kind, |config| config.limits.sockets.per_person = Some(2)).await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let first = Socket::of(&server, &ada).await;
        let _second = Socket::of(&server, &ada).await;
        let cookie = ada.cookie.clone().unwrap();
        let refused = connect(&server, &[("cookie", &cookie)]).await.err().unwrap();
        assert_eq!((refused.0, refused.1["code"].as_str()), (429, Some("too_many_sockets")));
        Socket::of(&server, &eve).await;
        drop(first);
        eventually("the place is free", async || connect(&server, &[("cookie", &cookie)]).await.is_ok()).await;
    }
}

on_both_databases! {
    async fn a_socket_keeps_its_place_among_the_connections(kind) {
        let server = Server::with(kind, |config| config.limits.connections = Some(1)).await;
        // The connection that registered her goes with her.
        let cookie = server.person("ada").await.cookie.unwrap();
        let socket = connect(&server, &[("cookie", &cookie)]).await.unwrap();
        let mut third = tokio::net::TcpStream::connect(server.address).await.unwrap();
        third.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut some = [0; 12];
        let early = tokio::time::timeout(Duration::from_millis(300), third.read_exact(&mut some)).await;
        assert!(early.is_err(), "{early:?}");
        drop(socket);
        within(10, "its turn", third.read_exact(&mut some)).await.unwrap();
        assert_eq!(&some, b"HTTP/1.1 200");
    }
}

on_both_databases! {
    async fn what_cannot_be_understood_is_told_and_the_socket_lives(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut socket = Socket::of(&server, &ada).await;
        for (message, field) in [
            (json!({"type": "shout"}), Some("type")),
            (json!({"project_id": project}), Some("type")),
            (json!({"type": "send", "project_id": project, "content": "x", "loud": true}), Some("loud")),
            (json!({"type": "send", "project_id": 5, "content": "x"}), Some("project_id")),
            (json!({"type": "send", "project_id": project, "content": " "}), Some("content")),
            (json!({"type": "send", "project_id": project, "content": "x", "model": "gpt-99"}), Some("model")),
            (json!({"type": "follow", "project_id": project, "message_id": project, "last_event_id": "x"}), Some("last_event_id")),
            (json!(["send"]), None),
        ] {
            let sent = message.to_string();
            socket.say(message).await;
            let refused = socket.until("problem").await;
            assert_eq!(refused["problem"]["field"].as_str(), field, "{sent}: {refused}");
        }
        for frame in [Message::text("{"), Message::binary(vec![1, 2, 3])] {
            socket.raw.send(frame).await.unwrap();
            assert_eq!(socket.until("problem").await["problem"]["status"], 400);
        }
        assert!(ada.messages(&project).await.is_empty());
        socket.raw.send(Message::Ping(vec![7].into())).await.unwrap();
        let accepted = socket.ask(json!({"type": "send", "project_id": project, "content": "still there?"})).await;
        assert_eq!(accepted["type"], "accepted");
    }

    async fn a_message_that_is_too_large_closes_the_socket(kind) {
        let server = Server::with(kind, |config| config.limits.body_bytes = Some(10_000)).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut socket = connect(&server, &[("cookie", ada.cookie.as_ref().unwrap())]).await.unwrap();
        assert_eq!(socket.next().await["max_message_bytes"], 10_000);
        socket.say(json!({"type": "send", "project_id": project, "content": "x".repeat(3_000_000)})).await;
        assert_eq!(socket.until("problem").await["problem"]["code"], "too_large");
        assert_eq!(socket.closed().await, 1009);
        assert!(ada.messages(&project).await.is_empty());
    }

    async fn what_is_no_websocket_is_cut_off(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let mut socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let request = format!(
            "GET /api/ws HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            server.address,
            ada.cookie.as_ref().unwrap()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = vec![0; 4096];
        let read = socket.read(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
        // The example of RFC 6455, section 1.3.
        assert!(head.starts_with("http/1.1 101 ") && head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
        socket.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut rest = Vec::new();
        within(10, "the end", socket.read_to_end(&mut rest)).await.ok();
        eventually("the place is free", async || server.app.sockets.is_empty()).await;
    }
}

on_both_databases! {
    async fn one_answer_too_many_is_refused_before_anything_is_done(kind) {
        let provider = Provider::always(Script::stream().delta("hi").gate().end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let mut socket = connect(&server, &[("cookie", ada.cookie.as_ref().unwrap())]).await.unwrap();
        let most = socket.next().await["max_follows"].as_u64().unwrap();
        let mut projects = Vec::new();
        for _ in 0..=most {
            projects.push(ada.project().await);
        }
        let last = projects.pop().unwrap();
        let mut followed = Vec::new();
        for project in &projects {
            let accepted = socket.ask(json!({"type": "send", "project_id": project, "content": "hi"})).await;
            followed.push((project.clone(), answer_of(&accepted)));
        }
        let send = json!({"type": "send", "project_id": last, "content": "hi"});
        let refused = socket.ask(send.clone()).await;
        assert_eq!((refused["problem"]["status"].as_u64(), refused["problem"]["code"].as_str()), (Some(429), Some("too_many_follows")));
        assert!(ada.messages(&last).await.is_empty());
        // What is followed already can be followed anew, and what is let go makes room.
        let (project, answer) = &followed[0];
        socket.say(json!({"type": "follow", "project_id": project, "message_id": answer})).await;
        socket.ask(json!({"type": "unfollow", "message_id": answer})).await;
        assert_eq!(socket.ask(send).await["type"], "accepted");
        for _ in 0..=most {
            provider.open();
        }
    }

    async fn a_socket_that_never_reads_holds_nothing_up(kind) {
        let words: String = "word ".repeat(50_000);
        let provider =
            Provider::start(move |_, _| words.split_inclusive(' ').fold(Script::stream(), |s, w| s.delta(w)).end()).await;
        let server = Server::with(kind, |config| {
            config.providers = vec![provider.configured()];
            config.limits.sockets.patience = Duration::from_secs(2);
        })
        .await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let follow = json!({"type": "follow", "project_id": project, "message_id": answer});
        let mut stuck = Vec::new();
        for _ in 0..10 {
            let mut socket = Socket::of(&server, &ada).await;
            socket.say(follow.clone()).await;
            stuck.push(socket);
        }
        let mut reads = Socket::of(&server, &ada).await;
        reads.say(follow).await;
        let events = within(60, "the whole answer", reads.answer(&answer)).await;
        assert_eq!(text(&events).len(), 250_000);
        // Nobody reads, so nobody answers a ping, and the places come back.
        let id = ada.id().await;
        let alive = async { while reads.raw.next().await.is_some() {} };
        let gone = eventually("the stuck ones are gone", async || server.app.chat.changes.listeners(id) == 1);
        tokio::select! { () = gone => {}, () = alive => panic!("the one that reads was closed") }
        drop(stuck);
    }

    async fn whoever_takes_nothing_of_finished_answers_is_not_heard_further(kind) {
        let words = "word ".repeat(200_000);
        let provider = Provider::always(Script::answer(&words)).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let mut answers = Vec::new();
        for _ in 0..16 {
            let project = ada.project().await;
            let answer = answer_of(&ada.ask(&project, "hi").await);
            ada.events(&project, &answer, None).await.rest().await;
            answers.push((project, answer));
        }
        let last = ada.project().await;
        let mut socket = Socket::of(&server, &ada).await;
        for (project, answer) in &answers {
            socket.say(json!({"type": "follow", "project_id": project, "message_id": answer})).await;
        }
        socket.say(json!({"type": "send", "project_id": last, "content": "hi"})).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(ada.messages(&last).await.is_empty(), "it was read before anything was taken");
        for (_, answer) in &answers {
            let events = within(60, "the whole answer", socket.answer(answer)).await;
            assert_eq!(text(&events).len(), words.len());
        }
        socket.until("accepted").await;
        assert_eq!(ada.messages(&last).await[0]["content"], "hi");
    }

    async fn a_socket_that_is_gone_leaves_its_answer_alone(kind) {
        let provider = Provider::always(Script::stream().delta("on ").gate().delta("and on").end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let mut socket = Socket::of(&server, &ada).await;
        let answer = answer_of(&socket.ask(json!({"type": "send", "project_id": project, "content": "hi"})).await);
        let running = server.app.chat.answers.get(answer.parse().unwrap()).unwrap();
        eventually("it is followed", async || running.log.readers_waiting() == 1).await;
        drop(socket);
        eventually("it is followed no longer", async || running.log.readers_waiting() == 0).await;
        provider.open();
        let events = ada.events(&project, &answer, None).await.rest().await;
        assert_eq!(text(&events), "on and on");
    }
}

on_both_databases! {
    async fn a_session_that_ends_closes_its_sockets(kind) {
        let server = Server::start(kind).await;
        let mut ada = server.person("ada").await;
        let first = ada.clone();
        ada.sign_in().await;
        let (mut idle, mut other) = (Socket::of(&server, &first).await, Socket::of(&server, &ada).await);
        first.post("/api/logout/", json!({})).await;
        assert_eq!(within(5, "it is closed", idle.closed()).await, 4401);
        // Another session of the same person goes on.
        let gone = other.ask(json!({"type": "unfollow", "message_id": "01a2062a-e80f-7480-8fc1-84bb6936022a"})).await;
        assert_eq!(gone["type"], "unfollowed");
        // Who says goodbye gets an answer.
        other.raw.close(None).await.unwrap();
        let mut last = None;
        while let Some(message) = within(5, "the answer", other.raw.next()).await {
            last = Some(message);
        }
        assert!(matches!(last, Some(Ok(Message::Close(_)))), "{last:?}");
    }

    async fn no_command_is_done_for_a_session_that_has_ended(kind) {
        let server = Server::with(kind, |config| {
            config.limits.session_check = Duration::from_secs(600);
            config.limits.sockets.ping = Duration::from_secs(600);
        })
        .await;
        let mut ada = server.person("ada").await;
        let project = ada.project().await;
        let mut socket = Socket::of(&server, &ada).await;
        // Ended by another process, of which this one has not heard.
        let transaction = server.app.db.write().await.unwrap();
        session::Entity::delete_many().exec(&transaction).await.unwrap();
        server.app.db.commit(transaction).await.unwrap();
        socket.say(json!({"type": "send", "project_id": project, "content": "hi"})).await;
        assert_eq!(within(5, "it is closed", socket.closed()).await, 4401);
        ada.sign_in().await;
        assert!(ada.messages(&project).await.is_empty());
    }

    async fn an_idle_socket_is_pinged_and_one_that_does_not_answer_is_left(kind) {
        let server = Server::with(kind, |config| {
            config.limits.sockets.ping = Duration::from_millis(50);
            config.limits.sockets.patience = Duration::from_millis(1000);
        })
        .await;
        let ada = server.person("ada").await;
        let id = ada.id().await;
        let mut lively = Socket::of(&server, &ada).await;
        let silent = Socket::of(&server, &ada).await;
        let mut pings = 0;
        within(20, "the silent one is left", async {
            while server.app.chat.changes.listeners(id) == 2 {
                if let Ok(Some(Ok(Message::Ping(_)))) =
                    tokio::time::timeout(Duration::from_millis(20), lively.raw.next()).await
                {
                    pings += 1;
                }
            }
        })
        .await;
        assert!(pings > 5, "{pings}");
        assert_eq!(server.app.chat.changes.listeners(id), 1);
        drop(silent);
    }

    async fn a_stopping_server_tells_the_end_and_says_goodbye(kind) {
        let provider = Provider::always(Script::stream().delta("half an ").gate().delta("answer").end()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let (mut asks, mut idle) = (Socket::of(&server, &ada).await, Socket::of(&server, &ada).await);
        let answer = answer_of(&asks.ask(json!({"type": "send", "project_id": project, "content": "hi"})).await);
        while asks.until("event").await["event"]["event"] != "message" {}
        server.tell_to_stop();
        let events = asks.answer(&answer).await;
        let end = events.last().unwrap();
        assert_eq!((end.name.as_str(), end.data["status"].as_str(), end.data["content"].as_str()), ("end", Some("interrupted"), Some("half an ")));
        assert_eq!((asks.closed().await, idle.closed().await), (1001, 1001));
        server.stop().await;
    }
}
