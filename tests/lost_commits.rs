//! A commit arrives at PostgreSQL and its answer is lost with the connection: nothing happens twice, nothing is left open.

use loquat::config::{Data, Database};
use loquat::entity::answer_chunk;
use sea_orm::EntityTrait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::harness::audit::{self, Witness};
use crate::harness::client::{answer_of, json_of, problem_of};
use crate::harness::events::text;
use crate::harness::postgres::Cluster;
use crate::harness::proxy::Proxy;
use crate::harness::{Kind, Provider, Script, Server, database, eventually};

/// A server whose wire to the database can be broken, and the database by its own address.
async fn wired(provider: &Provider) -> (Server, Proxy, Data) {
    let dir = tempfile::tempdir().unwrap();
    let direct = database::fresh(Kind::Postgres, dir.path()).await;
    let Database::Postgres(url) = &direct.database else { unreachable!() };
    let proxy = Proxy::to(Cluster::shared().port).await;
    let name = url.expose_secret().rsplit('/').next().unwrap();
    let through = format!("postgres://loquat@{}/{name}", proxy.address);
    let data = Data { dir: dir.path().to_owned(), database: Database::Postgres(SecretString::from(through)) };
    let configured = provider.configured();
    let server = Server::on(dir, data, |config| config.providers = vec![configured]).await;
    (server, proxy, direct)
}

async fn stored_so_far(server: &Server) -> String {
    let parts = answer_chunk::Entity::find().all(server.app.db.reader()).await;
    parts.map(|parts| parts.into_iter().map(|part| part.content).collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_whose_commit_went_unanswered_is_refused_and_closed() {
    let provider = Provider::always(Script::answer("yes")).await;
    let (server, proxy, data) = wired(&provider).await;
    let ada = server.person("ada").await;
    let project = ada.project().await;
    let path = format!("/api/projects/{project}/messages");
    let question = json!({"content": "Did you get this?", "client_request_id": "r1"});
    proxy.lose_the_next_commit();
    let refused = ada.post(&path, question.clone()).await;
    assert_eq!(refused.headers()["retry-after"], "5");
    let problem = problem_of(refused, 503, "database_unreachable").await;
    assert!(problem["detail"].as_str().unwrap().contains("try again"), "{problem}");
    assert_eq!(proxy.lost(), 1);
    eventually("nothing is left open", async || {
        ada.messages(&project).await.last().is_some_and(|answer| answer["status"] == "interrupted")
    })
    .await;
    // The same request again finds what became of it, and the conversation goes on.
    let again = json_of(ada.post(&path, question).await, 202).await;
    assert_eq!(again["assistant_message"]["status"], "interrupted");
    assert_eq!(provider.calls().len(), 0);
    let next = answer_of(&ada.ask(&project, "And this?").await);
    ada.events(&project, &next, None).await.until("end").await;
    audit::assert_clean(&data, &provider, &Witness::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_whose_commit_went_unanswered_are_not_stored_twice() {
    let script = Script::stream().gate().reasoning("hm ").delta("one ").gate().delta("two ").gate().end();
    let provider = Provider::always(script).await;
    let (server, proxy, data) = wired(&provider).await;
    let ada = server.person("ada").await;
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "Count").await);
    let mut events = ada.events(&project, &answer, None).await;
    proxy.lose_the_next_commit();
    provider.open();
    events.until("message").await;
    eventually("an answer to a commit is lost", async || proxy.lost() == 1).await;
    provider.open();
    // Not only in the end: the writer must not stumble over those parts until then.
    eventually("the rest is stored too", async || stored_so_far(&server).await == "hm one two ").await;
    provider.open();
    let end = events.until("end").await.pop().unwrap();
    assert_eq!((end.data["status"].as_str(), end.data["content"].as_str()), (Some("complete"), Some("one two ")));
    audit::assert_clean(&data, &provider, &Witness::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ending_whose_commit_went_unanswered_is_told_as_it_is() {
    let provider = Provider::always(Script::stream().delta("all of it").gate().end()).await;
    let (server, proxy, data) = wired(&provider).await;
    let ada = server.person("ada").await;
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "Tell me").await);
    let mut events = ada.events(&project, &answer, None).await;
    eventually("the text is stored", async || stored_so_far(&server).await == "all of it").await;
    proxy.lose_the_next_commit();
    provider.open();
    let events = events.rest().await;
    assert_eq!(proxy.lost(), 1);
    let end = events.last().unwrap();
    assert_eq!((end.name.as_str(), end.data["status"].as_str()), ("end", Some("complete")), "{end:?}");
    assert_eq!(text(&events), "all of it");
    audit::assert_clean(&data, &provider, &Witness::default()).await;
}
