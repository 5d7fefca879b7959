//! The executable itself: how it starts, how it is told to stop, and what a `kill -9` leaves.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use crate::harness::client::{PASSWORD, answer_of, json_of};
use crate::harness::events::{Events, text};
use crate::harness::process::{Running, borrowed, command, environment};
use crate::harness::{Person, Provider, Script, database, eventually, within};

/// A process that ends with the test, however the test ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

on_both_databases! {
    async fn killed_in_mid_answer_it_shows_the_partial_answer_as_interrupted(kind) {
        let provider = Provider::start(|_, _| (0..400).fold(Script::stream(), |script, n| script.delta(&format!("word{n} ")).pause(Duration::from_millis(5))).end()).await;
        let dir = tempfile::tempdir().unwrap();
        let environment = environment(kind, dir.path(), &provider).await;
        let server = Running::on(dir, &borrowed(&environment));
        let ada = Person::at(&server.url).join("ada").await;
        let project = ada.project().await;
        let mut events = Events::new(ada.stream(&project, "tell me much").send().await.unwrap());
        let mut seen = Vec::new();
        while text(&seen).len() < 1500 {
            seen.push(events.next().await.unwrap());
        }
        let dir = server.kill();
        seen.extend(within(5, "the stream breaks off", events.rest()).await);

        let server = Running::on(dir, &borrowed(&environment));
        assert!(server.log().contains("marked as interrupted"), "{}", server.log());
        let mut ada = ada.at_address(&server.url);
        ada.sign_in().await;
        let messages = ada.messages(&project).await;
        let answer = &messages[1];
        let stored = answer["content"].as_str().unwrap();
        assert_eq!((answer["role"].as_str(), answer["status"].as_str()), (Some("assistant"), Some("interrupted")));
        let whole: String = (0..400).map(|n| format!("word{n} ")).collect();
        assert!(whole.starts_with(stored) && !stored.is_empty(), "a prefix of what was said");
        // At 200 words a second, half a second is some 800 bytes.
        assert!(text(&seen).len() - stored.len().min(text(&seen).len()) < 4096 + 1000, "{} of {}", stored.len(), text(&seen).len());
        let last = seen.iter().rev().find_map(|event| event.id);
        let resumed = ada.events(&project, answer["id"].as_str().unwrap(), last).await.rest().await;
        assert_eq!(resumed.last().unwrap().data["content"], stored);
        assert_eq!(provider.calls().len(), 1, "no model is asked again by itself");
        // And the conversation goes on.
        json_of(ada.post(&format!("/api/projects/{project}/messages"), json!({"content": "go on"})).await, 202).await;
    }

    async fn told_to_stop_in_mid_answer_it_ends_the_stream_and_leaves(kind) {
        let provider = Provider::always(Script::stream().delta("begun").gate().end()).await;
        let dir = tempfile::tempdir().unwrap();
        let environment = environment(kind, dir.path(), &provider).await;
        let mut server = Running::on(dir, &borrowed(&environment));
        let ada = Person::at(&server.url).join("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut events = ada.events(&project, &answer, None).await;
        events.until("message").await;
        let began = Instant::now();
        server.signal("-TERM");
        let end = events.rest().await.pop().unwrap();
        assert_eq!((end.data["status"].as_str(), end.data["content"].as_str()), (Some("interrupted"), Some("begun")));
        assert_eq!(server.wait(Duration::from_secs(10)), Some(0));
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    }
}

#[test]
fn it_greets_in_three_lines_and_keeps_its_files_to_itself() {
    use std::os::unix::fs::PermissionsExt;
    let server = Running::start(&[("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")]);
    assert!(server.greeting[0].contains("listens on http://127.0.0.1:"), "{:?}", server.greeting);
    assert!(server.greeting[1].contains("loquat.db"), "{:?}", server.greeting);
    assert!(server.greeting[2].starts_with("Models: ") && server.greeting[2].contains("demo"), "{:?}", server.greeting);
    for file in ["loquat.db", "secret-key"] {
        let mode = fs::metadata(server.dir.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} can be read by others");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_survive_a_restart_and_interrupts_end_it() {
    let mut server = Running::start(&[]);
    let ada = Person::at(&server.url).join("ada").await;
    server.signal("-INT");
    assert_eq!(server.wait(Duration::from_secs(10)), Some(0));
    let dir = std::mem::replace(&mut server.dir, tempfile::tempdir().unwrap());
    let server = Running::on(dir, &[]);
    let ada = ada.at_address(&server.url);
    assert_eq!(ada.read("/api/check_session/").await["email"], "ada@example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_on_the_command_line_too() {
    let dir = tempfile::tempdir().unwrap();
    let create = |arguments: &[&str], password: &str| {
        let mut child = command(dir.path())
            .arg("create-user")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(password.as_bytes());
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(create(&["root@example.org", "--admin", "--password-stdin"], &format!("{PASSWORD}\n")).0);
    let (made, told) = create(&["root@example.org", "--password-stdin"], PASSWORD);
    assert!(!made && told.contains("already an account"), "{told}");
    let (made, told) = create(&["two@example.org", "--password-stdin"], "short");
    assert!(!made && told.contains("at least 8 characters"), "{told}");
    let (made, told) = create(&["two@example.org"], PASSWORD);
    assert!(!made && told.contains("--password-stdin"), "{told}");

    // A running server does not mind, and closed sign-up neither.
    let server = Running::on(dir, &[("LOQUAT_SIGNUP", "closed")]);
    let mut root = Person::at(&server.url);
    root.email = "root@example.org".to_owned();
    root.sign_in().await;
    assert_eq!(root.read("/api/users/me").await["role"], "admin");
    let place = server.dir.path().to_str().unwrap();
    let status = command(Path::new("/")).args(["migrate", "status", "--check", "--data-dir", place]).output().unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    let down = command(server.dir.path()).args(["migrate", "down"]).output().unwrap();
    assert!(!down.status.success() && String::from_utf8_lossy(&down.stderr).contains("another Loquat"));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_it_waits_for_its_migrations_and_says_how() {
    let url = database::empty_postgres().await;
    let dir = tempfile::tempdir().unwrap();
    let environment = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", "a key for tests only: 0123456789abcdef")];
    let refused = command(dir.path()).args(["serve", "--listen", "127.0.0.1:0"]).envs(environment).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("loquat migrate up") && told.contains("--migrate"), "{told}");
    let check = command(dir.path()).args(["migrate", "status", "--check"]).envs(environment).output().unwrap();
    assert_eq!(check.status.code(), Some(1));
    let up = command(dir.path()).args(["migrate", "up"]).envs(environment).output().unwrap();
    assert!(up.status.success() && String::from_utf8_lossy(&up.stdout).contains("applied"));
    let check = command(dir.path()).args(["migrate", "status", "--check"]).envs(environment).output().unwrap();
    assert_eq!(check.status.code(), Some(0));
    Running::on(dir, &environment);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_while_it_waits_for_another_migration_it_leaves_at_once() {
    const WAITING: &str = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let url = database::empty_postgres().await;
    let environment = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", "a key for tests only: 0123456789abcdef")];
    let db = database::open(&url).await;
    for signal in ["-TERM", "-INT"] {
        let other = db.write().await.unwrap();
        other.execute_unprepared("SELECT pg_advisory_xact_lock(x'6c6f71756174'::bigint)").await.unwrap();
        let mut starting = Running::launch(tempfile::tempdir().unwrap(), &environment);
        let waiting = || db.reader().query_one_raw(Statement::from_string(DbBackend::Postgres, WAITING));
        eventually("it waits for the lock", async || waiting().await.unwrap().is_some()).await;
        starting.signal(signal);
        assert_eq!(starting.wait(Duration::from_secs(5)), Some(130), "{signal}: {}", starting.log());
        assert!(starting.log().contains("stopped before the start was over"), "{}", starting.log());
        other.rollback().await.unwrap();
    }
    // Nothing of it stays, not even the lock.
    let dir = tempfile::tempdir().unwrap();
    let up = command(dir.path()).args(["migrate", "up"]).envs(environment).output().unwrap();
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
}

/// The real thing: llama.cpp's own server, built by `.ci/llama-server`, streaming through everything.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_model_server_streams_through_the_whole_product() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = match std::env::var("LLAMA_SERVER") {
        Ok(program) => program,
        Err(_) => {
            let built = Command::new(root.join(".ci/llama-server")).output().unwrap();
            assert!(
                built.status.success(),
                "llama-server could not be built:\n{}",
                String::from_utf8_lossy(&built.stderr)
            );
            String::from_utf8(built.stdout).unwrap().lines().last().unwrap().to_owned()
        }
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let model = Command::new(program)
        .args(["-m", root.join("tests/models/tiny.gguf").to_str().unwrap(), "--alias", "tiny", "--host", "127.0.0.1"])
        .args([
            "--port",
            &port.to_string(),
            "--api-key",
            "sk-test",
            "-t",
            "1",
            "-np",
            "2",
            "-c",
            "8192",
            "--jinja",
            "--no-ui",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _model = Killed(model);
    let health = format!("http://127.0.0.1:{port}/health");
    eventually("the model server is ready", async || {
        reqwest::get(&health).await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;

    let server =
        Running::start(&[("OPENAI_BASE_URL", &format!("http://127.0.0.1:{port}/v1")), ("OPENAI_API_KEY", "sk-test")]);
    assert!(server.greeting[2].contains("tiny"), "{:?}", server.greeting);
    let ada = Person::at(&server.url).join("ada").await;
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "Say something").await);
    let events = ada.events(&project, &answer, None).await.rest().await;
    let end = events.last().unwrap().clone();
    assert_eq!((end.name.as_str(), end.data["status"].as_str()), ("end", Some("complete")), "{end:?}");
    assert_eq!(end.data["content"], text(&events).as_str());
    assert!(!text(&events).is_empty());
    assert!(end.data["usage"]["completion_tokens"].as_u64().unwrap() > 0);
    assert_eq!(ada.messages(&project).await[1]["content"], end.data["content"]);
}
