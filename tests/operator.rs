//! What whoever runs the server does for its people on the command line, beside the running server.

use std::io::Write;
use std::process::{Command, Stdio};

use loquat::db::{Db, schema};
use reqwest::Method;
use serde_json::json;

use crate::harness::client::{PASSWORD, answer_of, json_of, problem_of};
use crate::harness::process::{Running, borrowed, command, data, environment};
use crate::harness::{Person, Provider, Script, eventually, within};

const NEW_PASSWORD: &str = "another set of four words";

/// Runs a command on the data of a server: whether it went well, and what it said.
fn run(server: &Running, settings: &[(&str, &str)], arguments: &[&str], input: &str) -> (bool, String, String) {
    outcome(command(server.dir.path()).envs(settings.iter().copied()).args(arguments), input)
}

fn outcome(command: &mut Command, input: &str) -> (bool, String, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

async fn another_device(person: &Person) -> Person {
    let mut other = person.clone();
    other.sign_in().await;
    other
}

/// They are nobody any more, within the time that a running server takes to notice.
async fn are_signed_out(people: &[&Person]) {
    within(8, "they are signed out", async {
        for person in people {
            eventually("one is", async || person.get("/api/check_session/").await.status() == 401).await;
        }
    })
    .await;
}

on_both_databases! {
    async fn a_forgotten_password_is_replaced_and_every_session_ends(kind) {
        let provider = Provider::always(Script::stream().delta("half an ").gate().delta("answer").end()).await;
        let dir = tempfile::tempdir().unwrap();
        let settings = environment(kind, dir.path(), &provider).await;
        let settings = borrowed(&settings);
        let server = Running::on(dir, &settings);
        let (ada, eve) = (Person::at(&server.url).join("ada").await, Person::at(&server.url).join("eve").await);
        let phone = another_device(&ada).await;
        let (_, key) = ada.new_key("read").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "hi").await);
        let mut stream = phone.events(&project, &answer, None).await;
        stream.until("message").await;

        let reset = ["reset-password", " ADA@example.org", "--password-stdin"];
        let (done, said, told) = run(&server, &settings, &reset, &format!("{NEW_PASSWORD}\n"));
        assert!(done, "{told}");
        assert!(said.contains("ada@example.org has a new password; 2 sessions ended"), "{said}");
        assert!(said.contains("1 API key of theirs still works"), "{said}");
        are_signed_out(&[&ada, &phone]).await;
        let rest = within(8, "the open stream ends", stream.rest()).await;
        assert!(rest.is_empty(), "{rest:?}");
        eve.read("/api/check_session/").await;
        ada.program(&key).read("/api/check_session/").await;
        let login = |password: &str| ada.post("/api/login/", json!({"email": ada.email, "password": password}));
        problem_of(login(PASSWORD).await, 401, "wrong_credentials").await;
        json_of(login(NEW_PASSWORD).await, 200).await;
    }

    async fn sessions_are_shown_and_ended(kind) {
        let provider = Provider::always(Script::answer("a fruit")).await;
        let dir = tempfile::tempdir().unwrap();
        let settings = environment(kind, dir.path(), &provider).await;
        let settings = borrowed(&settings);
        let server = Running::on(dir, &settings);
        let (ada, eve) = (Person::at(&server.url).join("ada").await, Person::at(&server.url).join("eve").await);
        let named = ada.elsewhere().request(Method::POST, "/api/login/").header("user-agent", "a\u{9b}31m phone");
        assert_eq!(named.json(&json!({"email": ada.email, "password": PASSWORD})).send().await.unwrap().status(), 200);

        let (done, said, told) = run(&server, &settings, &["sessions", "list", "Ada@example.org"], "");
        assert!(done, "{told}");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 3, "{said}");
        assert!(lines[0].starts_with("signed in (UTC)") && lines[1].contains("127.0.0.1"), "{said}");
        // The newest first; and no terminal obeys what a browser calls itself.
        assert!(lines[1].ends_with("31m phone") && !said.contains('\u{9b}'), "{said}");

        let (done, said, told) = run(&server, &settings, &["sessions", "revoke", "ada@example.org"], "");
        assert!(done && said.starts_with("2 sessions of ada@example.org ended"), "{said}{told}");
        are_signed_out(&[&ada]).await;
        eve.read("/api/check_session/").await;
        let (_, said, _) = run(&server, &settings, &["sessions", "list", "ada@example.org"], "");
        assert_eq!(said, "ada@example.org is not signed in anywhere\n");

        let ada = another_device(&ada).await;
        let (done, said, told) = run(&server, &settings, &["sessions", "revoke", "--all"], "");
        assert!(done && said.starts_with("2 sessions of everybody ended"), "{said}{told}");
        are_signed_out(&[&ada, &eve]).await;
        another_device(&eve).await.read("/api/check_session/").await;
    }

    async fn who_is_not_there_or_what_will_not_do_is_told(kind) {
        let provider = Provider::always(Script::answer("a fruit")).await;
        let dir = tempfile::tempdir().unwrap();
        let settings = environment(kind, dir.path(), &provider).await;
        let settings = borrowed(&settings);
        let server = Running::on(dir, &settings);
        let ada = Person::at(&server.url).join("ada").await;
        for (arguments, input, expected) in [
            (&["reset-password", "nobody@example.org", "--password-stdin"][..], NEW_PASSWORD, "no account with the address nobody@example.org"),
            (&["sessions", "list", "nobody@example.org"], "", "no account with the address nobody@example.org"),
            (&["sessions", "revoke", "nobody@example.org"], "", "no account with the address nobody@example.org"),
            (&["reset-password", "ada", "--password-stdin"], NEW_PASSWORD, "not an email address"),
            (&["reset-password", "ada@example.org", "--password-stdin"], "short", "at least 8 characters"),
            (&["reset-password", "ada@example.org", "--password-stdin"], "password", "first that anyone would guess"),
            (&["reset-password", "ada@example.org", "--password-stdin"], "", "loquat reset-password"),
            (&["reset-password", "ada@example.org"], NEW_PASSWORD, "--password-stdin"),
            (&["sessions", "revoke"], "", "--all"),
            (&["sessions", "revoke", "ada@example.org", "--all"], "", "cannot be used with"),
        ] {
            let (done, said, told) = run(&server, &settings, arguments, input);
            assert!(!done && said.is_empty() && told.contains(expected), "{arguments:?}: {said}{told}");
        }
        ada.read("/api/check_session/").await;
        another_device(&ada).await;
    }
}

#[test]
fn without_a_database_none_is_made() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [
        &["reset-password", "ada@example.org", "--password-stdin"][..],
        &["sessions", "revoke", "--all"],
        &["reset-second-factor", "ada@example.org"],
        &["rotate-secret"],
        &["migrate", "status"],
        &["migrate", "down"],
    ] {
        let (done, _, told) = outcome(command(dir.path()).args(arguments), NEW_PASSWORD);
        assert!(!done && told.contains("there is no database") && told.contains("--data-dir"), "{arguments:?}: {told}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_program_holds_is_told_as_that() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&data(&[], dir.path())).await.unwrap();
    schema::up(&db).await.unwrap();
    let _held = db.write().await.unwrap();
    let (done, _, told) = outcome(command(dir.path()).args(["serve", "--listen", "127.0.0.1:0"]), "");
    assert!(!done && told.contains("another program holds a lock on the database"), "{told}");
    assert_eq!(told.matches("database is locked").count(), 1, "{told}");
}

#[test]
fn taking_back_more_than_there_is_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| outcome(command(dir.path()).args(arguments), "");
    let (_, up, _) = run(&["migrate"]);
    let (done, down, told) = run(&["migrate", "down", "--steps", "1000"]);
    assert!(done && down.lines().count() == up.lines().count(), "{down}{told}");
    assert_eq!(run(&["migrate", "down"]).1, "nothing to do: no migration is left to take back\n");
    run(&["migrate"]);
    assert_eq!(run(&["migrate", "up"]).1, "nothing to do: the database is up to date\n");
}
