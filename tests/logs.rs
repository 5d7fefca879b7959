//! What operators read in the log: who signed in and how, and no line that somebody else wrote.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::client::{PASSWORD, json_of, problem_of};
use crate::harness::factors::{challenge, second_step, set_up};
use crate::harness::process::Running;
use crate::harness::{Person, eventually, within};

/// The log's lines, as objects.
fn lines(server: &Running) -> Vec<Value> {
    let log = server.log();
    let all = log.lines().filter(|line| !line.starts_with("There is no administrator yet"));
    all.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no object: {line}"))).collect()
}

fn sign_ins(server: &Running) -> Vec<(String, String, String)> {
    let word = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let told = lines(server).into_iter().filter(|line| line["target"] == "loquat::sign_in");
    told.map(|line| (word(&line, "how"), word(&line, "outcome"), word(&line, "user_id"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_and_how_is_told_and_never_what_was_typed() {
    let server = Running::start(&[("LOQUAT_LOG_FORMAT", "json"), ("RUST_LOG", "loquat=debug,info")]);
    let ada = Person::at(&server.url).join("ada").await;
    let id = ada.id().await.to_string();
    let try_it = async |email: &str, password: &str| {
        ada.elsewhere().post("/api/login/", json!({"email": email, "password": password})).await
    };
    problem_of(try_it(&ada.email, "canary-password").await, 401, "wrong_credentials").await;
    // Into the first field people type their password too.
    problem_of(try_it("canary@example.org", PASSWORD).await, 401, "wrong_credentials").await;
    problem_of(try_it("canary-in-the-wrong-field", PASSWORD).await, 401, "wrong_credentials").await;
    let (ada, _, codes) = set_up(ada).await;
    problem_of(second_step(&ada, &challenge(&ada).await, json!({"code": "000000"})).await, 401, "wrong_factor").await;
    json_of(second_step(&ada, &challenge(&ada).await, json!({"recovery_code": codes[0]})).await, 200).await;
    let wrong = json!({"password": "canary-again"});
    let deleted = ada.request(Method::DELETE, "/api/users/me").json(&wrong).send().await.unwrap();
    problem_of(deleted, 422, "wrong_password").await;
    let wanted = [
        ("password", "signed_in", id.as_str()),
        ("password", "wrong_credentials", &id),
        ("password", "wrong_credentials", "unknown"),
        ("password", "wrong_credentials", "unknown"),
        ("password", "confirmed", &id),
        ("password", "second_factor_required", &id),
        ("code", "wrong_factor", &id),
        ("password", "second_factor_required", &id),
        ("recovery_code", "signed_in", &id),
        ("password", "wrong_password", &id),
    ];
    eventually("all of it is told", async || sign_ins(&server).len() >= wanted.len()).await;
    let told = sign_ins(&server);
    let told: Vec<_> = told.iter().map(|(how, outcome, id)| (how.as_str(), outcome.as_str(), id.as_str())).collect();
    assert_eq!(told, wanted);
    let log = server.log();
    for secret in ["canary", PASSWORD, codes[0].as_str(), "000000"] {
        assert!(!log.contains(secret), "{secret}");
    }
    let first = lines(&server).into_iter().find(|line| line["target"] == "loquat::sign_in").unwrap();
    assert_eq!(first["client"], "127.0.0.1");
    let same = lines(&server)
        .into_iter()
        .find(|line| line["target"] == "loquat::access" && line["request_id"] == first["request_id"]);
    assert_eq!(same.unwrap()["path"], "/api/login/", "which request it was");
}

/// Requests with a line of its own and with terminals' commands in every place that a client fills in.
async fn forge(server: &Running) {
    let ada = Person::at(&server.url).join("ada").await;
    let line = "x\r\n\u{1b}[2J\u{9b}31m\u{2028}FORGED";
    let project = ada.project().await;
    for body in [json!({line: 1}), json!({"name": line}), json!({"model": line}), json!({"name": 1, "model": [line]})] {
        ada.patch(&format!("/api/projects/{project}"), body).await;
    }
    ada.post("/api/login/", json!({"email": line, "password": line})).await;
    ada.post("/api/login/", json!({"email": ada.email, "password": line})).await;
    ada.post("/api/users/", json!({"email": format!("{line}@example.org"), "password": PASSWORD})).await;
    for path in
        ["/api/projects/%0d%0aFORGED", "/%1b%5b2J%c2%9b31mFORGED", "/api/projects/?cursor=%0aFORGED&limit=%0aFORGED"]
    {
        ada.get(path).await;
    }
    let address = server.url.trim_start_matches("http://");
    let csi = "\u{9b}31m\u{2028}FORGED";
    for request in [
        format!("GET /{csi} HTTP/1.1\r\nhost: x"),
        "GET /\u{1b}[2JFORGED HTTP/1.1\r\nhost: x".to_owned(),
        "GET /\nFORGED HTTP/1.1\r\nhost: x".to_owned(),
        format!("FORGED{csi} / HTTP/1.1\r\nhost: x"),
        format!("GET / HTTP/1.1\r\nhost: FORGED.example:{}{csi}", address.split(':').next_back().unwrap()),
        format!("GET / HTTP/1.1\r\nhost: forged.example:{}", address.split(':').next_back().unwrap()),
        format!("POST /api/login/ HTTP/1.1\r\nhost: x\r\norigin: {csi}\r\nreferer: {csi}\r\nuser-agent: {csi}"),
        "GET / HTTP/1.1\r\nhost: x\r\nuser-agent: a\u{1b}[2JFORGED\r\n".to_owned(),
        format!(
            "GET / HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {csi}\r\nx-request-id: {csi}\r\nauthorization: Bearer {csi}"
        ),
        format!("GET /api/users/me HTTP/1.1\r\nhost: x\r\ncookie: access_token={csi}\r\nlast-event-id: {csi}"),
        format!("GET /api/ws HTTP/1.1\r\nhost: x\r\nupgrade: {csi}\r\nsec-websocket-key: {csi}"),
    ] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(format!("{request}\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut response = Vec::new();
        let _ = within(15, "an answer", socket.read_to_end(&mut response)).await;
        assert!(response.starts_with(b"HTTP/1.1 "), "{request}");
    }
    ada.get("/api/the-last-one").await;
    eventually("the last request is told", async || server.log().contains("the-last-one")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_lines_of_their_own_for_people() {
    // Everything that is ever told, of every library too.
    let server = Running::start(&[("RUST_LOG", "trace,sqlx=info,sea_orm=info")]);
    forge(&server).await;
    let log = server.log();
    assert!(log.contains("FORGED"), "what was sent is told somewhere, or this shows nothing");
    for line in log.lines().filter(|line| !line.starts_with("There is no administrator yet")) {
        let begin = line.split_whitespace().next().unwrap_or_default();
        assert!(chrono::DateTime::parse_from_rfc3339(begin).is_ok(), "{line:?}");
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{2028}'), "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_lines_of_their_own_for_programs() {
    let server = Running::start(&[("RUST_LOG", "trace,sqlx=info,sea_orm=info"), ("LOQUAT_LOG_FORMAT", "json")]);
    forge(&server).await;
    assert!(server.log().contains("FORGED"));
    for line in lines(&server) {
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    assert!(!server.log().contains(|c: char| (c.is_control() && c != '\n') || c == '\u{2028}'));
}
