//! Error reports: they arrive, and hold nothing of anybody's conversations.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::client::answer_of;
use crate::harness::process::Running;
use crate::harness::{Person, Provider, Script, eventually};

/// A Sentry that only keeps what it gets.
async fn fake_sentry() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let got = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn({
        let got = Arc::clone(&got);
        async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut data = Vec::new();
                let mut buffer = vec![0; 64 * 1024];
                // A report is small; what comes within a moment is all of it.
                while let Ok(Ok(read)) =
                    tokio::time::timeout(Duration::from_millis(500), stream.read(&mut buffer)).await
                {
                    if read == 0 {
                        break;
                    }
                    data.extend_from_slice(&buffer[..read]);
                }
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await;
                got.lock().unwrap().push(String::from_utf8_lossy(&data).into_owned());
            }
        }
    });
    (port, got)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_reported_without_prompts_cookies_or_keys() {
    let (port, got) = fake_sentry().await;
    let provider = Provider::always(Script::answer("canary-answer")).await;
    let server = Running::start(&[
        ("SENTRY_DSN", &format!("http://public@127.0.0.1:{port}/1")),
        ("OPENAI_BASE_URL", &format!("http://{}/v1", provider.address)),
        ("OPENAI_API_KEY", "sk-canary-key"),
    ]);
    let ada = Person::at(&server.url).join("canary-person").await;
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "canary-prompt").await);
    ada.events(&project, &answer, None).await.until("end").await;
    // The database breaks under the server: that is a failure of ours, which Sentry is to hear of.
    let file = server.dir.path().join("loquat.db");
    let broken = sea_orm::Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(&broken, "ALTER TABLE messages RENAME TO gone").await.unwrap();
    let failed = ada.get(&format!("/api/projects/{project}/messages?limit=7")).await;
    let problem = crate::harness::client::problem_of(failed, 500, "internal").await;
    assert!(!problem["detail"].as_str().unwrap().contains("messages"), "the cause stays inside: {problem}");

    eventually("a report arrives", async || {
        got.lock().unwrap().iter().any(|report| report.contains("a request failed"))
    })
    .await;
    let all = got.lock().unwrap().join("\n");
    assert!(all.contains("no such table"), "{all}");
    for canary in ["canary", "access_token", "eyJ"] {
        assert!(!all.contains(canary), "{canary} in {all}");
    }
    let log = server.log();
    assert!(log.contains("a request failed"), "{log}");
    for canary in ["canary-prompt", "canary-answer", "sk-canary", "eyJ", "limit=7"] {
        assert!(!log.contains(canary), "{canary} in {log}");
    }
}
