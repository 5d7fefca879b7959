//! Who writes an answer is the one that is known for it: an ending of an earlier part, or of a part that never began,
//! leaves alone what somebody else is writing.

use std::sync::Arc;

use loquat::chat::Outcome;
use loquat::chat::running::Running;
use loquat::chat::writer::{Stored, Writer};
use loquat::entity::answer_chunk::{self, Kind as Part};
use loquat::entity::message::Status;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;

use crate::harness::audit::{self, Witness};
use crate::harness::client::{answer_of, problem_of};
use crate::harness::events::text;
use crate::harness::{Kind, Provider, Script, Server, eventually};

async fn stored_so_far(server: &Server) -> String {
    let parts = answer_chunk::Entity::find().all(server.app.db.reader()).await.unwrap();
    parts.into_iter().map(|part| part.content).collect()
}

/// Half of an answer, stored so far, and the rest when the gate opens.
fn script() -> Script {
    Script::stream().delta("half ").gate().delta("whole").end()
}

on_both_databases! {
    // As a writer does that was not told of its commit, when the person was faster to continue the answer.
    async fn the_ending_of_an_earlier_part_leaves_the_continuation_alone(kind) {
        let provider = Provider::always(script()).await;
        let server = Server::with_provider(kind, &provider).await;
        let ada = server.person("ada").await;
        let project = ada.project().await;
        let answer = answer_of(&ada.ask(&project, "go").await);
        let mut events = ada.events(&project, &answer, None).await;
        eventually("a part is stored", async || stored_so_far(&server).await == "half ").await;

        let answers = Arc::clone(&server.app.chat.answers);
        let now = answers.get(answer.parse().unwrap()).unwrap();
        let earlier = Arc::new(Running::new(now.message_id, now.question_id, now.project_id, now.owner_id));
        earlier.log.append([(Part::Text, "ha")]);
        let (writer, work) = Writer::new(server.app.db.clone(), answers);
        let work = tokio::spawn(work);
        let stored = writer.finish(&earlier, Outcome::Stopped).await;
        let Stored::Yes(ending) = stored else { panic!("{stored:?}") };
        assert_eq!((ending.status, ending.content.as_str()), (Status::Stopped, "ha"));
        assert_eq!(ada.messages(&project).await[1]["status"], "running");
        assert_eq!(stored_so_far(&server).await, "half ");
        drop(writer);
        work.await.unwrap();

        provider.open();
        let events = events.rest().await;
        assert_eq!((events.last().unwrap().name.as_str(), text(&events).as_str()), ("end", "half whole"));
        audit::assert_clean(&server.app.config.data.clone(), &provider, &Witness::default()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_continuation_that_the_database_drops_leaves_the_running_answer_alone() {
    let provider = Provider::always(script()).await;
    let server = Server::with_provider(Kind::Postgres, &provider).await;
    let ada = server.person("ada").await;
    let project = ada.project().await;
    let answer = answer_of(&ada.ask(&project, "go").await);
    let mut events = ada.events(&project, &answer, None).await;
    events.until("message").await;

    // It waits for the conversation, and its connection is gone before it has it.
    let data = server.app.config.data.clone();
    let (holding, dropping) = (audit::connect(&data).await, audit::connect(&data).await);
    holding.execute_unprepared("BEGIN; SELECT 1 FROM projects FOR UPDATE").await.unwrap();
    let path = format!("/api/projects/{project}/messages/{answer}/continue");
    let refused = async { problem_of(ada.post(&path, json!({})).await, 503, "database_unreachable").await };
    let dropped = eventually("the continuation waits", async || {
        let waits = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        dropping.execute_unprepared(waits).await.unwrap().rows_affected() > 0
    });
    tokio::join!(refused, dropped);
    holding.execute_unprepared("ROLLBACK").await.unwrap();

    provider.open();
    let events = events.rest().await;
    let end = events.last().unwrap();
    assert_eq!((end.name.as_str(), end.data["content"].as_str()), ("end", Some("half whole")), "{end:?}");
    audit::assert_clean(&data, &provider, &Witness::default()).await;
}
