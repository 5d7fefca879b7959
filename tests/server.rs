//! Connections, bounds and what every response has.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::client::problem_of;
use crate::harness::{Kind, Person, Server, within};

on_both_databases! {
    async fn every_response_has_an_id_and_the_safe_headers(kind) {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        for path in ["/", "/api/settings", "/api/nothing", "/api/users/me", "/assets/none.js", "/healthz", "/api/docs"] {
            let response = nobody.get(path).await;
            let headers = response.headers();
            assert!(headers.contains_key("x-request-id"), "{path}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
            assert!(headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"), "{path}");
            if path.starts_with("/api") && path != "/api/docs" {
                assert_eq!(headers["cache-control"], "no-store", "{path}");
            }
        }
    }
}

on_both_databases! {
    async fn bodies_beyond_their_bounds_are_refused_as_problems(kind) {
        let server = Server::with(kind, |config| config.limits.body_bytes = Some(10_000)).await;
        let ada = server.person("ada").await;
        problem_of(ada.post("/api/projects/", json!({"name": "x".repeat(20_000)})).await, 413, "too_large").await;
        // The same without telling the length beforehand.
        let pieces = futures_util::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>("x".repeat(1000))));
        let streamed = ada
            .request(Method::POST, "/api/projects/")
            .header("content-type", "application/json")
            .body(reqwest::Body::wrap_stream(pieces));
        problem_of(streamed.send().await.unwrap(), 413, "too_large").await;
        let text = ada.request(Method::POST, "/api/projects/").header("content-type", "text/plain").body("{}");
        problem_of(text.send().await.unwrap(), 415, "unsupported_media_type").await;
        let none = ada.request(Method::POST, "/api/projects/");
        problem_of(none.send().await.unwrap(), 415, "unsupported_media_type").await;
        for body in ["", "{", "[]", "{\"name\": \"\\ud800\"}", &"[".repeat(9000)] {
            let broken = ada
                .request(Method::POST, "/api/projects/")
                .header("content-type", "application/json")
                .body(body.to_owned());
            problem_of(broken.send().await.unwrap(), 400, "malformed").await;
        }
        assert_eq!(ada.read("/api/projects/").await["items"].as_array().unwrap().len(), 0);
    }
}

on_both_databases! {
    async fn what_is_no_request_is_refused_as_a_problem_too(kind) {
        let server = Server::start(kind).await;
        let long = "a".repeat(70_000);
        let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
        let good = "GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n";
        for (request, status, code) in [
            ("NO REQUEST\r\n\r\n".to_owned(), 400, "malformed"),
            ("POST /api/login/ HTTP/1.1\r\nhost: here\r\ncontent-length: x\r\n\r\n".to_owned(), 400, "malformed"),
            (format!("GET /{long} HTTP/1.1\r\nhost: here\r\n\r\n"), 414, "address_too_long"),
            (format!("GET / HTTP/1.1\r\nhost: here\r\n{many}\r\n"), 431, "headers_too_large"),
            // Also behind a request that was answered.
            (format!("{good}NO REQUEST\r\n\r\n"), 400, "malformed"),
        ] {
            let response = server.raw(&request).await;
            let at = response.find("HTTP/1.1 4").unwrap();
            let (head, body) = response[at..].split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
            let problem: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &code.into()));
            let id = format!("\r\nx-request-id: {}\r\n", problem["request_id"].as_str().unwrap());
            for part in [&id, "application/problem+json\r\n", "nosniff\r\n", "no-store\r\n", "connection: close\r\n"] {
                assert!(head.contains(part), "{part} in {head}");
            }
        }
    }

    async fn a_wrong_method_is_told_which_are_right(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let response = ada.request(Method::PUT, "/api/projects/").send().await.unwrap();
        let allow = response.headers()["allow"].to_str().unwrap().to_owned();
        assert_eq!(allow, "GET, POST, HEAD");
        problem_of(response, 405, "method_not_allowed").await;
    }
}

on_both_databases! {
    async fn a_body_that_says_itself_that_it_is_too_large_is_told_that(kind) {
        let server = Server::with(kind, |config| {
            config.limits.body_bytes = Some(10_000);
            config.limits.request_timeout = Some(Duration::from_secs(2));
        })
        .await;
        let post = |path: &str, more: &str| {
            format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n{more}\r\n\r\n")
        };
        let began = Instant::now();
        let asking = "expect: 100-continue\r\ncontent-length";
        let asked = server.raw(&post("/api/login/", &format!("{asking}: 10001"))).await;
        // Who may not upload anything is told that, and not to go ahead either.
        let refused = server.raw(&post("/api/attachments/", &format!("{asking}: 10001"))).await;
        assert!(began.elapsed() < Duration::from_secs(2), "nothing was waited for");
        assert!(asked.starts_with("HTTP/1.1 413") && asked.contains("at most 10000 bytes"), "{asked}");
        assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("not_signed_in"), "{refused}");
        let fitting = server.raw(&(post("/api/login/", &format!("{asking}: 2")) + "{}")).await;
        assert!(fitting.starts_with("HTTP/1.1 100") && fitting.contains("HTTP/1.1 422"), "{fitting}");
        let slow = server.raw(&(post("/api/login/", "content-length: 10001") + "{")).await;
        assert!(slow.starts_with("HTTP/1.1 413") && slow.contains("too_large"), "{slow}");
    }
}

on_both_databases! {
    async fn a_request_that_does_not_arrive_is_given_up(kind) {
        let server =
            Server::with(kind, |config| config.limits.request_timeout = Some(Duration::from_millis(300))).await;
        let began = Instant::now();
        server.raw("GET /api/settings HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
        let late = server.raw(
            "POST /api/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
        )
        .await;
        assert!(late.starts_with("HTTP/1.1 408") && late.contains("request_timeout"), "{late}");
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

on_both_databases! {
    async fn words_leave_while_the_answer_is_being_written(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        ada.get("/healthz").await;
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        let request = format!(
            "GET /api/projects/{project}/messages/stream?content=hi HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n",
            server.address,
            ada.cookie.as_ref().unwrap()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("\"delta\"") {
            assert!(within(10, "a delta", socket.read_buf(&mut seen)).await.unwrap() > 0);
        }
        assert!(!String::from_utf8_lossy(&seen).contains("event: end"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_that_it_is_alive_and_ready() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let server = Server::start(kind).await;
        let nobody = Person::nobody(&server);
        assert_eq!(nobody.read("/healthz").await["status"], "ok");
        let ready = nobody.read("/readyz").await;
        assert_eq!((ready["status"].as_str(), ready["database"].as_str()), (Some("ready"), Some("ok")));
    }
}

on_both_databases! {
    async fn connections_beyond_the_cap_wait_their_turn(kind) {
        let server = Server::with(kind, |config| config.limits.connections = Some(2)).await;
        let held = [TcpStream::connect(server.address).await.unwrap(), TcpStream::connect(server.address).await.unwrap()];
        let mut third = TcpStream::connect(server.address).await.unwrap();
        third.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut response = Vec::new();
        let early = tokio::time::timeout(Duration::from_millis(200), third.read_buf(&mut response)).await;
        assert!(early.is_err(), "it was answered although both places are taken");
        drop(held);
        within(5, "its turn", third.read_buf(&mut response)).await.unwrap();
        assert!(response.starts_with(b"HTTP/1.1 200"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections_and_others_have_theirs() {
    let server = Server::with(Kind::Sqlite, |config| {
        config.limits.connections_per_address = Some(3);
        // Somebody else's, so that this machine counts too.
        config.trusted_proxies = vec!["127.0.0.9/32".parse().unwrap()];
    })
    .await;
    let connect = async |from: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        socket.connect(server.address).await.unwrap()
    };
    let ask = async |stream: &mut TcpStream| {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut response = String::new();
        within(5, "an answer", stream.read_to_string(&mut response)).await.map(|_| response)
    };
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(connect("127.0.0.1").await);
    }
    let mut refused = String::new();
    within(5, "a refusal", connect("127.0.0.1").await.read_to_string(&mut refused)).await.unwrap();
    for part in ["HTTP/1.1 429 ", "\"code\":\"too_many_connections\"", "retry-after: 10\r\n", "connection: close\r\n"] {
        assert!(refused.contains(part), "{part} in {refused}");
    }
    assert!(ask(&mut connect("127.0.0.2").await).await.unwrap().contains("200 OK"));
    let mut through_a_proxy = Vec::new();
    for _ in 0..5 {
        through_a_proxy.push(connect("127.0.0.9").await);
    }
    for stream in &mut through_a_proxy {
        assert!(ask(stream).await.unwrap().contains("200 OK"));
    }
    // The first three were let in, and whoever leaves makes room.
    assert!(ask(&mut held[0]).await.unwrap().contains("200 OK"));
    crate::harness::eventually("there is room again", async || {
        let mut again = connect("127.0.0.1").await;
        ask(&mut again).await.is_ok_and(|response| response.contains("200 OK"))
    })
    .await;
}
