//! HTTPS by the server itself: both protocols, what follows from them, and certificates that change.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use loquat::config::AllowedNames;
use reqwest::{Method, Version};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::client::{PASSWORD, answer_of, problem_of};
use crate::harness::events::{Events, text};
use crate::harness::{Kind, Person, Provider, Script, Server, eventually, readers_are_forgotten, within};

mod hostile;
mod renewal;
mod settings;
mod shop;

use shop::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn https_is_spoken_in_both_versions_of_tls_and_of_http() {
    let shop = Shop::open();
    let server = shop.serve(&Provider::always(Script::stream().delta("hi").end()).await).await;
    for (http, version) in [(shop.browser(), Version::HTTP_2), (shop.browser().http1_only(), Version::HTTP_11)] {
        let nobody = Person::with(&server.url(""), http.build().unwrap());
        for (path, status) in
            [("/", 200), ("/healthz", 200), ("/api/nothing", 404), ("/api/users/me", 401), ("/assets/none.js", 404)]
        {
            let response = nobody.get(path).await;
            assert_eq!((response.version(), response.status().as_u16()), (version, status), "{path}");
            let headers = response.headers();
            assert_eq!(headers["strict-transport-security"], "max-age=31536000", "{path}");
            assert!(headers.contains_key("x-request-id") && headers.contains_key("date"), "{path}");
        }
    }
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        // Without ALPN, as old clients do.
        let mut stream = shop.connect_with(&server, &[], &[version]).await;
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut response = String::new();
        within(5, "an answer", stream.read_to_string(&mut response)).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_over_tls_too() {
    let shop = Shop::open();
    let server = shop.serve(&Provider::always(Script::stream().end()).await).await;
    let mut stream = shop.connect(&server, &["http/1.1"]).await;
    stream.write_all(b"NO REQUEST\r\n\r\n").await.unwrap();
    let mut response = String::new();
    within(5, "an answer", stream.read_to_string(&mut response)).await.unwrap();
    for part in ["HTTP/1.1 400 ", "\"code\":\"malformed\"", "strict-transport-security: max-age=31536000\r\n"] {
        assert!(response.contains(part), "{part} in {response}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_secure_and_other_sites_stay_out() {
    let shop = Shop::open();
    let server = shop.serve(&Provider::always(Script::stream().delta("hi").end()).await).await;
    let ada = shop.person(&server, "ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});
    let signed_in = shop.nobody(&server).post("/api/login/", body).await;
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
    assert!(cookie.contains("; SameSite=Strict"), "{cookie}");

    // Over HTTP/2 there is no Host, by which our own origin is known, and browsers send their cookies one by one.
    for (origin, status) in [(server.url(""), 201), (format!("http://{}", server.address), 403)] {
        let asked = shop
            .browser()
            .build()
            .unwrap()
            .post(server.url("/api/projects/"))
            .header("origin", origin)
            .header("cookie", "theme=dark")
            .header("cookie", ada.cookie.as_ref().unwrap())
            .json(&json!({}));
        let response = asked.send().await.unwrap();
        assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, status));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_stream_word_by_word_over_one_http_2_connection() {
    let shop = Shop::open();
    let provider = Provider::always(Script::stream().delta("one ").gate().delta("two").end()).await;
    let server = shop.serve_with(Kind::Sqlite, &provider, |config| config.limits.connections = Some(1)).await;
    let ada = shop.person(&server, "ada").await;
    let mut all = Vec::new();
    for _ in 0..8 {
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let response = ada.follow(&project, &answer, None).await;
        assert_eq!(response.version(), Version::HTTP_2);
        all.push(Events::new(response));
    }
    for events in &mut all {
        // All that there is, while the model is silent.
        let mut seen = Vec::new();
        while text(&seen) != "one " {
            seen.push(events.next().await.unwrap());
        }
    }
    assert_eq!(ada.read("/healthz").await["status"], "ok", "the connection is free for other requests");
    all.iter().for_each(|_| provider.open());
    for mut events in all {
        let end = events.rest().await.pop().unwrap();
        assert_eq!((end.name.as_str(), end.data["content"].as_str()), ("end", Some("one two")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_is_forgotten_at_once_over_both() {
    let shop = Shop::open();
    let provider = Provider::always(Script::stream().delta("hi").gate().end()).await;
    let server = shop.serve(&provider).await;
    let ada = shop.person(&server, "ada").await;
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "hi").await);
    let running = server.app.chat.answers.get(answer.parse().unwrap()).unwrap();
    for http in [shop.browser(), shop.browser().http1_only()] {
        let mut reader = Person::with(&server.url(""), http.build().unwrap());
        reader.cookie.clone_from(&ada.cookie);
        let mut events = reader.events(&project, &answer, None).await;
        while text(&[events.next().await.unwrap()]) != "hi" {}
        eventually("the reader waits", async || running.log.readers_waiting() == 1).await;
        drop((events, reader));
        readers_are_forgotten(&running).await;
    }
    provider.open();
}

on_both_databases! {
    async fn told_to_stop_it_ends_its_http_2_streams_and_leaves(kind) {
        let shop = Shop::open();
        let provider = Provider::always(Script::stream().delta("begun").gate().end()).await;
        let server = shop.serve_with(kind, &provider, |_| {}).await;
        let ada = shop.person(&server, "ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let response = ada.follow(&project, &answer, None).await;
        assert_eq!(response.version(), Version::HTTP_2);
        let mut events = Events::new(response);
        events.until("message").await;
        let began = Instant::now();
        let stopping = tokio::spawn(server.stop());
        let end = events.rest().await.pop().unwrap();
        assert_eq!((end.data["status"].as_str(), end.data["content"].as_str()), (Some("interrupted"), Some("begun")));
        stopping.await.unwrap();
        // The grace is 300 ms, and nobody holds the connection after its last stream.
        assert!(began.elapsed() < Duration::from_millis(1900), "{:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_works_over_tls_and_keeps_its_place() {
    let shop = Shop::open();
    let provider = Provider::always(Script::stream().delta("hi").end()).await;
    let server = shop.serve_with(Kind::Sqlite, &provider, |config| config.limits.connections = Some(2)).await;
    let ada = shop.person(&server, "ada").await;
    let project = ada.project().await;
    let mut request = format!("wss://localhost:{}/api/ws", server.address.port()).into_client_request().unwrap();
    request.headers_mut().append("cookie", ada.cookie.as_ref().unwrap().parse().unwrap());
    let origin = format!("https://localhost:{}", server.address.port());
    request.headers_mut().append("origin", origin.parse().unwrap());
    let stream = shop.connect(&server, &["http/1.1"]).await;
    let (mut socket, _) = within(5, "the upgrade", Box::pin(client_async(request, stream))).await.unwrap();
    let mut until = async |kind: &str, say: Option<Value>| {
        if let Some(say) = say {
            socket.send(Message::text(say.to_string())).await.unwrap();
        }
        within(10, kind, async {
            loop {
                let message = socket.next().await.unwrap().unwrap();
                let Ok(message) = message.to_text().map(serde_json::from_str::<Value>) else { continue };
                match message {
                    Ok(message) if message["type"] == kind => return message,
                    _ => {}
                }
            }
        })
        .await
    };
    until("hello", None).await;
    let send = json!({"type": "send", "ref": "1", "project_id": project, "content": "hi"});
    let mut event = until("event", Some(send)).await;
    while event["event"]["event"] != "end" {
        event = until("event", None).await;
    }
    // Both places are taken: by the person's HTTP/2 connection, and by the socket.
    let mut third = TcpStream::connect(server.address).await.unwrap();
    third.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), third.read_u8()).await;
    assert!(early.is_err(), "it was answered although both places are taken");
    drop(ada);
    within(5, "its turn", third.read_u8()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_2_too_only_names_that_are_ours_are_answered() {
    let shop = Shop::open();
    let provider = Provider::always(Script::stream().end()).await;
    let ask = async |server: &Server, name: &str| {
        // Whoever comes by a name that is not in the certificate has not looked at it.
        let browser = shop.browser().resolve(name, server.address).tls_danger_accept_invalid_hostnames(true);
        let url = format!("https://{name}:{}/api/settings", server.address.port());
        let response = browser.build().unwrap().get(url).send().await.unwrap();
        assert_eq!(response.version(), Version::HTTP_2);
        response
    };
    // A browser has compared the name with the certificate, so nothing has to be set …
    let server = shop.serve(&provider).await;
    assert_eq!(ask(&server, "chat.example.org").await.status(), 200);
    // … and what is set, holds.
    let names = AllowedNames::These(vec!["chat.example.org".to_owned()]);
    let server = shop.serve_with(Kind::Sqlite, &provider, |config| config.allowed_hosts = Some(names)).await;
    assert_eq!(ask(&server, "chat.example.org").await.status(), 200);
    problem_of(ask(&server, "evil.example").await, 421, "misdirected").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_its_bounds_is_refused_over_http_2() {
    let shop = Shop::open();
    let provider = Provider::always(Script::stream().end()).await;
    let server = shop.serve_with(Kind::Sqlite, &provider, |config| config.limits.body_bytes = Some(10_000)).await;
    let ada = shop.person(&server, "ada").await;
    let response = ada.request(Method::POST, "/api/projects/").json(&json!({"name": "x".repeat(3_000_000)}));
    problem_of(response.send().await.unwrap(), 413, "too_large").await;
}
