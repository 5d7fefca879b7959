//! The database is locked, restarted or away while answers are written: they stream on, and everything is stored in the end.

use std::time::{Duration, Instant};

use loquat::config::{Data, Database};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use secrecy::SecretString;
use serde_json::json;

use crate::harness::audit::{self, Witness};
use crate::harness::client::{answer_of, problem_of};
use crate::harness::events::{Events, text};
use crate::harness::postgres::Cluster;
use crate::harness::{Kind, Person, Provider, Script, Server, within};

/// Another program that has locked the SQLite database.
struct Lock(DatabaseConnection);

impl Lock {
    async fn take(data: &Data) -> Self {
        let connection = audit::connect(data).await;
        connection.execute_unprepared("PRAGMA busy_timeout = 20000").await.unwrap();
        connection.execute_unprepared("BEGIN EXCLUSIVE").await.unwrap();
        Self(connection)
    }

    async fn release(self) {
        self.0.execute_unprepared("COMMIT").await.unwrap();
        self.0.close().await.unwrap();
    }
}

/// Two words, each behind a gate, for the question about two; one word at once for every other.
async fn provider() -> Provider {
    Provider::start(|_, body| {
        let question = body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned();
        match question.as_str() {
            "Two words?" => Script::stream().delta("first ").gate().delta("second").gate().end(),
            _ => Script::answer("one"),
        }
    })
    .await
}

/// What was told about endings, for the audit.
fn witness(answer: &str, content: &str) -> Witness {
    let ended = [(answer.to_owned(), ("complete".to_owned(), content.to_owned()))].into();
    Witness { accepted: ["Two words?".to_owned()].into(), ended, ..Witness::default() }
}

/// Somebody whose question about two words has got the first of them, and another conversation of theirs.
struct Half {
    ada: Person,
    project: String,
    other: String,
    answer: String,
    events: Events,
}

async fn half_answered(server: &Server) -> Half {
    let ada = server.person("ada").await;
    let (project, other) = (ada.project().await, ada.project().await);
    let answer = answer_of(&ada.ask(&project, "Two words?").await);
    let mut events = ada.events(&project, &answer, None).await;
    events.until("message").await;
    Half { ada, project, other, answer, events }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_three_seconds_is_waited_for() {
    let provider = provider().await;
    let server = Server::with_provider(Kind::Sqlite, &provider).await;
    let data = server.app.config.data.clone();
    let Half { ada, project, other, answer, mut events } = half_answered(&server).await;

    let lock = Lock::take(&data).await;
    let locked = Instant::now();
    provider.open();
    // The model's words and what is stored can be read meanwhile.
    assert_eq!(text(&within(1, "the next word", events.until("message")).await), "second");
    within(1, "the messages", ada.messages(&project)).await;
    let asking = tokio::spawn({
        let (ada, other) = (ada.clone(), other.clone());
        async move { (ada.ask(&other, "One word?").await, Instant::now()) }
    });
    tokio::time::sleep_until((locked + Duration::from_secs(3)).into()).await;
    let released = Instant::now();
    lock.release().await;
    let (turn, asked) = within(5, "the turn that waited", asking).await.unwrap();
    assert!(asked >= released, "it was accepted {:?} before it could be stored", released - asked);
    ada.events(&other, &answer_of(&turn), None).await.until("end").await;
    provider.open();
    events.until("end").await;
    audit::assert_clean(&data, &provider, &witness(&answer, "first second")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_thirty_seconds_is_told_and_loses_nothing() {
    let provider = provider().await;
    let server = Server::with_provider(Kind::Sqlite, &provider).await;
    let data = server.app.config.data.clone();
    let Half { ada, project, other, answer, mut events } = half_answered(&server).await;

    let lock = Lock::take(&data).await;
    let locked = Instant::now();
    provider.open();
    assert_eq!(text(&within(1, "the next word", events.until("message")).await), "second");
    provider.open();
    refused_with_a_remedy(&ada, &other).await;
    within(1, "the messages", ada.messages(&project)).await;
    // The answer is whole, and nobody is told so before it is stored.
    let ending = tokio::spawn(async move { (events.until("end").await, Instant::now()) });
    tokio::time::sleep_until((locked + Duration::from_secs(30)).into()).await;
    let released = Instant::now();
    lock.release().await;
    let (end, ended) = within(10, "the end", ending).await.unwrap();
    assert!(ended >= released, "the end came before it could be stored");
    assert_eq!(end.last().unwrap().data["content"], "first second");
    let turn = answer_of(&ada.ask(&other, "One word?").await);
    ada.events(&other, &turn, None).await.until("end").await;
    audit::assert_clean(&data, &provider, &witness(&answer, "first second")).await;
}

/// Several people ask at once; each is told soon what is the matter and when to try again.
async fn refused_with_a_remedy(ada: &Person, project: &str) {
    let began = Instant::now();
    let path = format!("/api/projects/{project}/messages");
    let asked = futures_util::future::join_all((0..5).map(|_| ada.post(&path, json!({"content": "One word?"})))).await;
    assert!(began.elapsed() < Duration::from_secs(13), "{:?}", began.elapsed());
    // The first meets the lock; those behind it wait for their turn to write.
    for refused in asked {
        assert!(refused.headers().contains_key("retry-after"));
        let problem = problem_of(refused, 503, "database_busy").await;
        assert!(problem["detail"].as_str().unwrap().contains("try again"), "{problem}");
    }
}

/// A PostgreSQL of its own, to be stopped, and a server on it.
async fn on_its_own(provider: &Provider) -> (Cluster, Server) {
    let cluster = Cluster::start(|_| Vec::new());
    let dir = tempfile::tempdir().unwrap();
    let database = Database::Postgres(SecretString::from(cluster.url("postgres")));
    let data = Data { dir: dir.path().to_owned(), database };
    let configured = provider.configured();
    let server = Server::on(dir, data, |config| {
        config.migrate = true;
        config.providers = vec![configured];
    })
    .await;
    (cluster, server)
}

async fn restarted_in_mid_answer(mode: &str) {
    let provider = provider().await;
    let (cluster, server) = on_its_own(&provider).await;
    let Half { ada, other, answer, mut events, .. } = half_answered(&server).await;

    cluster.stop(mode);
    provider.open();
    assert_eq!(text(&within(1, "the next word", events.until("message")).await), "second");
    provider.open();
    let asked = ada.post(&format!("/api/projects/{other}/messages"), json!({"content": "One word?"})).await;
    assert_eq!(asked.headers()["retry-after"], "5");
    problem_of(asked, 503, "database_unreachable").await;
    cluster.start_again();
    let end = within(20, "the end", events.until("end")).await.pop().unwrap();
    assert_eq!((end.data["status"].as_str(), end.data["content"].as_str()), (Some("complete"), Some("first second")));
    let turn = answer_of(&ada.ask(&other, "One word?").await);
    ada.events(&other, &turn, None).await.until("end").await;
    audit::assert_clean(&server.app.config.data, &provider, &witness(&answer, "first second")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_restarted_in_mid_answer_loses_nothing() {
    restarted_in_mid_answer("fast").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_crashes_in_mid_answer_loses_nothing() {
    restarted_in_mid_answer("immediate").await;
}

/// Told to stop while its database is away, it must be gone within thirty seconds, and the next start puts things right.
async fn stops_in_time(server: Server, provider: &Provider, take: impl AsyncFnOnce(), give_back: impl AsyncFnOnce()) {
    let ada = server.person("ada").await;
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "Two words?").await);
    ada.events(&project, &answer, None).await.until("message").await;
    take().await;
    let began = Instant::now();
    let (dir, data) = server.stop().await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    give_back().await;
    let server = Server::on(dir, data, |_| {}).await;
    let ada = ada.moved_to(&server);
    let messages = ada.messages(&project).await;
    assert_eq!(messages[1]["status"], "interrupted");
    audit::assert_clean(&server.app.config.data, provider, &Witness::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_in_time_though_sqlite_is_locked() {
    let provider = provider().await;
    let server = Server::with_provider(Kind::Sqlite, &provider).await;
    let data = server.app.config.data.clone();
    let lock = tokio::sync::Mutex::new(None);
    let take = async || *lock.lock().await = Some(Lock::take(&data).await);
    let give_back = async || lock.lock().await.take().unwrap().release().await;
    stops_in_time(server, &provider, take, give_back).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_in_time_though_postgres_is_gone() {
    let provider = provider().await;
    let (cluster, server) = on_its_own(&provider).await;
    stops_in_time(server, &provider, async || cluster.stop("fast"), async || cluster.start_again()).await;
}
