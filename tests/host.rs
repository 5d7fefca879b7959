//! A page of the internet whose name leads here is not taken for one of ours.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::client::problem_of;
use crate::harness::{Kind, Person, Server, within};

/// What a page's script sends to register somebody, from a page at this host.
fn register(server: &Server, host: &str, name: &str) -> RequestBuilder {
    let body = json!({"email": format!("{name}@example.org"), "password": crate::harness::client::PASSWORD});
    Person::nobody(server).request(Method::POST, "/api/users/").header("host", host).json(&body)
}

on_both_databases! {
    async fn a_name_that_leads_here_is_not_ours(kind) {
        let server = Server::start(kind).await;
        let port = server.address.port();
        let evil = format!("evil.example:{port}");
        for path in ["/", "/api/settings", "/api/nothing"] {
            let rebound = Person::nobody(&server).request(Method::GET, path).header("host", &evil);
            problem_of(rebound.send().await.unwrap(), 421, "misdirected").await;
        }
        // What a script can send besides makes no proxy of it.
        let lying = register(&server, &evil, "mallory").header("origin", format!("http://{evil}"));
        let lying = lying.header("x-forwarded-for", "203.0.113.7").header("x-forwarded-proto", "https");
        problem_of(lying.send().await.unwrap(), 421, "misdirected").await;
        let socket = Person::nobody(&server).request(Method::GET, "/api/ws").header("host", &evil);
        let socket = socket.header("connection", "upgrade").header("upgrade", "websocket").header("origin", format!("http://{evil}"));
        problem_of(socket.send().await.unwrap(), 421, "misdirected").await;
        // Nobody was made, and what asks after our health is told.
        let ours = register(&server, &format!("localhost:{port}"), "mallory").send().await.unwrap();
        assert_eq!(ours.status(), 201);
        for path in ["/healthz", "/readyz"] {
            let probe = Person::nobody(&server).request(Method::GET, path).header("host", &evil);
            assert_eq!(probe.send().await.unwrap().status(), 200, "{path}");
        }
    }
}

on_both_databases! {
    async fn without_a_setting_every_usual_way_works(kind) {
        let server = Server::start(kind).await;
        let port = server.address.port();
        let ways = [
            format!("127.0.0.1:{port}"), format!("192.168.1.5:{port}"), format!("[::1]:{port}"), format!("localhost:{port}"),
            format!("loquat:{port}"), format!("pi.local:{port}"), format!("chat.home.arpa:{port}"), format!("nas.lan.:{port}"),
            // Through a proxy, which has another port than we.
            "chat.example.org".to_owned(), "chat.example.org:8443".to_owned(),
        ];
        for (number, host) in ways.iter().enumerate() {
            let page = register(&server, host, &format!("person{number}")).header("origin", format!("http://{host}"));
            assert_eq!(page.send().await.unwrap().status(), 201, "{host}");
        }
        // Through one that has the same, for browsers that came to it by HTTPS.
        let proxied = register(&server, &format!("chat.example.org:{port}"), "ada");
        let proxied = proxied.header("origin", "https://chat.example.org").header("sec-fetch-site", "same-origin");
        assert_eq!(proxied.send().await.unwrap().status(), 201);
    }
}

on_both_databases! {
    async fn whoever_says_their_name_is_asked_for_by_no_other(kind) {
        let server = Server::with(kind, |config| {
            config.public_url = Some("https://chat.example.org".parse().unwrap());
        })
        .await;
        let status = async |host: &str| {
            let request = Person::nobody(&server).request(Method::GET, "/api/settings").header("host", host);
            request.send().await.unwrap().status().as_u16()
        };
        for (host, wanted) in [
            ("chat.example.org", 200), ("Chat.Example.org.:443", 200), ("127.0.0.1:8080", 200), ("loquat:8080", 200),
            ("evil.example", 421), ("evil.chat.example.org", 421), ("example.org", 421), ("chat.example.org.evil.example", 421),
        ] {
            assert_eq!(status(host).await, wanted, "{host}");
        }
        // What a page sends by HTTPS does not help when the name is known.
        let sure = Person::nobody(&server).request(Method::GET, "/").header("host", "evil.example");
        problem_of(sure.header("sec-fetch-site", "same-origin").send().await.unwrap(), 421, "misdirected").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_says_once_whom_it_is_for() {
    let server = Server::start(Kind::Sqlite).await;
    let answer = async |head: &str| {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut response = String::new();
        within(5, "an answer", socket.read_to_string(&mut response)).await.unwrap();
        response
    };
    for head in [
        "GET /healthz HTTP/1.1\r\n",
        "GET /healthz HTTP/1.1\r\nhost:\r\n",
        "GET /healthz HTTP/1.1\r\nhost: here\r\nhost: here\r\n",
        "GET /healthz HTTP/1.1\r\nhost: user@here\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a b\r\n",
        "GET /healthz HTTP/1.1\r\nhost: here:port\r\n",
        "GET http://there/healthz HTTP/1.1\r\nhost: here\r\n",
    ] {
        let response = answer(head).await;
        assert!(
            response.starts_with("HTTP/1.1 400 ") && response.contains("\"code\":\"malformed\""),
            "{head}: {response}"
        );
    }
    for head in [
        "GET /healthz HTTP/1.1\r\nhost: here\r\n",
        "GET http://here/healthz HTTP/1.1\r\nhost: here\r\n",
        // Old probes say nothing.
        "GET /healthz HTTP/1.0\r\n",
    ] {
        let response = answer(head).await;
        assert!(response.contains(" 200 OK\r\n"), "{head}: {response}");
    }
}
