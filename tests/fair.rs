//! What one person's requests may take of the machine at once, and what somebody may who has no account. Measured on the
//! executable itself.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::client::{PASSWORD, answer_of, json_of, problem_of};
use crate::harness::process::{Running, borrowed, environment};
use crate::harness::{Kind, Person, Provider, Script, Server, eventually, within};

const MIB: usize = 1024 * 1024;
const EXPORT: &str = "/api/users/me/export";

/// A server of its own, and somebody with a conversation of 3 MiB, in JSON 6: its address and that of its last answer's events.
/// A connection's own buffers, in the kernel, take some 4 MiB of what nobody takes.
async fn with_much_to_read(kind: Kind) -> (Running, Person, String, String) {
    let part = "\"".repeat(100_000);
    let provider = Provider::always((0..10).fold(Script::stream(), |script, _| script.delta(&part)).end()).await;
    let dir = tempfile::tempdir().unwrap();
    let settings = environment(kind, dir.path(), &provider).await;
    let server = Running::on(dir, &borrowed(&settings));
    let ada = Person::at(&server.url).join("ada").await;
    let project = ada.project().await;
    let mut answer = String::new();
    for question in ["one?", "two?", "three?"] {
        answer = answer_of(&ada.ask(&project, question).await);
        ada.events(&project, &answer, None).await.until("end").await;
    }
    let messages = format!("/api/projects/{project}/messages");
    let events = format!("{messages}/{answer}/stream");
    (server, ada, messages, events)
}

/// Asks for something and takes nothing of it until told to.
async fn ask_and_take_nothing(server: &Running, path: &str, person: &Person) -> TcpStream {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4096);
    let cookie = person.cookie.as_ref().unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

async fn status(socket: &mut TcpStream) -> u16 {
    let mut head = [0; 12];
    within(60, "an answer", socket.read_exact(&mut head)).await.unwrap();
    String::from_utf8_lossy(&head[9..]).parse().unwrap()
}

on_both_databases! {
    async fn whoever_takes_nothing_of_their_answers_is_in_nobodys_way_but_their_own(kind) {
        let (server, ada, messages, events) = with_much_to_read(kind).await;
        let eve = Person::at(&server.url).join("eve").await;
        ada.read(&messages).await;
        let before = server.resident();
        let mut asked = Vec::new();
        for n in 0..200 {
            asked.push(ask_and_take_nothing(&server, if n % 2 == 0 { &messages } else { &events }, &ada).await);
        }
        // All of them together would be a GiB.
        let mut grown = 0;
        for _ in 0..20 {
            // Others are served meanwhile.
            eve.read("/api/projects/").await;
            grown = grown.max(server.resident().saturating_sub(before));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(grown < 300 * MIB, "{} MiB", grown / MIB);
        // Those that had to wait for too long are told why, and none that the server is at fault.
        let mut statuses = Vec::new();
        for socket in &mut asked {
            statuses.push(status(socket).await);
        }
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        let (served, refused) = (count(200), count(429));
        assert!(served >= 8 && refused > 50 && served + refused == 200, "{served} served, {refused} refused");
        drop(asked);
        // Once they are gone there is room again.
        ada.read(&messages).await;
    }

    async fn many_requests_at_once_wait_for_each_other_and_all_are_answered(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let made = join_all((0..100).map(|n| ada.post("/api/projects/", json!({"name": format!("number {n}")})))).await;
        for response in made {
            json_of(response, 201).await;
        }
    }

    async fn a_person_takes_two_exports_at_once(kind) {
        let (server, ada, _, _) = with_much_to_read(kind).await;
        let mut first = ask_and_take_nothing(&server, EXPORT, &ada).await;
        let mut second = ask_and_take_nothing(&server, EXPORT, &ada).await;
        assert_eq!((status(&mut first).await, status(&mut second).await), (200, 200));
        let refused = problem_of(ada.get(EXPORT).await, 429, "too_many_exports").await;
        assert!(refused["detail"].as_str().unwrap().starts_with("2 of your exports"), "{refused}");
        drop(second);
        eventually("the place is free again", async || ada.get(EXPORT).await.status() == 200).await;
    }

    async fn large_bodies_are_answered_like_small_ones(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let nobody = ada.elsewhere();
        let login = |size: usize| json!({"email": "ada@example.org", "password": PASSWORD, "x": " ".repeat(size)});
        problem_of(nobody.post("/api/login/", login(15_000)).await, 422, "invalid").await;
        problem_of(nobody.post("/api/login/", login(17_000)).await, 422, "invalid").await;
        problem_of(nobody.post("/api/login/", login(2_000_000)).await, 413, "too_large").await;
        let long = json!({"content": "x".repeat(100_000)});
        let project = ada.project().await;
        let messages = format!("/api/projects/{project}/messages");
        problem_of(nobody.post(&messages, long.clone()).await, 401, "not_signed_in").await;
        json_of(ada.post(&messages, long).await, 202).await;
        // However it comes: without a length too.
        let parts = |size: usize| {
            let parts = (0..size / 1000).map(|_| Ok::<_, std::io::Error>(" ".repeat(1000)));
            reqwest::Body::wrap_stream(futures_util::stream::iter(parts))
        };
        let send = async |person: &Person, path: &str| {
            let request = person.request(Method::POST, path).header("content-type", "application/json");
            request.body(parts(100_000)).send().await.unwrap()
        };
        problem_of(send(&nobody, "/api/users/").await, 400, "malformed").await;
        let little = nobody.request(Method::POST, "/api/login/").header("content-type", "application/json");
        let login = json!({"email": "ada@example.org", "password": PASSWORD}).to_string();
        let little = little.body(reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(login)])));
        json_of(little.send().await.unwrap(), 200).await;
        problem_of(send(&nobody, "/api/projects/").await, 401, "not_signed_in").await;
        problem_of(send(&ada, "/api/projects/").await, 400, "malformed").await;
    }
}

/// Many strangers who send all but the last byte of the longest body.
#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_send_takes_no_memory() {
    let provider = Provider::always(Script::answer("hi")).await;
    let dir = tempfile::tempdir().unwrap();
    let settings = environment(Kind::Sqlite, dir.path(), &provider).await;
    let server = Running::on(dir, &borrowed(&settings));
    let address = server.url.strip_prefix("http://").unwrap();
    let before = server.resident();
    let part = vec![b' '; MIB - 1];
    let mut sent = Vec::new();
    for _ in 0..200 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/login/ HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {MIB}\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let _ = tokio::time::timeout(Duration::from_secs(5), socket.write_all(&part)).await;
        sent.push(socket);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 80 * MIB, "{} MiB", grown / MIB);
    drop(sent);
}
