//! What is stored in one trip to the database is stored whole or not at all, whenever it is given up or refused.

use std::time::{Duration, Instant};

use loquat::clock;
use loquat::config::Database;
use loquat::entity::message::{self, Role, Status};
use loquat::entity::project;
use sea_orm::{EntityTrait, IntoActiveModel, QueryTrait, Set, SqlErr};
use serde_json::json;
use uuid::Uuid;

use crate::harness::{Kind, Person, Server, eventually};

/// A conversation, and what a question and its answer change in the database.
async fn turn(server: &Server, ada: &Person) -> (project::Model, [message::Model; 2]) {
    let id: Uuid = ada.project().await.parse().unwrap();
    let project = project::Entity::find_by_id(id).one(server.app.db.reader()).await.unwrap().unwrap();
    let question = message::Model::blank(clock::id(), project.id, project.owner_id);
    let answer = message::Model {
        parent_id: Some(question.id),
        role: Role::Assistant,
        status: Status::Running,
        ..message::Model::blank(clock::id(), project.id, project.owner_id)
    };
    (project, [question, answer])
}

async fn store(server: &Server, project: &project::Model, rows: &[message::Model]) -> Result<bool, sea_orm::DbErr> {
    let mut change = project.clone().into_active_model();
    change.leaf_id = Set(rows.last().map(|row| row.id));
    let update = project::Entity::change_unless_changed(project, change).into_query();
    server.app.db.update_and_insert(update, rows).await
}

/// The messages of a conversation, and where it ends.
async fn stored(server: &Server, id: Uuid) -> (usize, Option<Uuid>) {
    let db = server.app.db.reader();
    let messages = message::Entity::find().all(db).await.unwrap();
    let project = project::Entity::find_by_id(id).one(db).await.unwrap().unwrap();
    (messages.iter().filter(|message| message.project_id == id).count(), project.leaf_id)
}

on_both_databases! {
    async fn given_up_at_any_moment_it_is_whole_or_not_at_all(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let mut kept = 0;
        for step in 0.. {
            let (project, rows) = turn(&server, &ada).await;
            // Timers count milliseconds, which is as long as all of it takes.
            let (patience, began) = (Duration::from_micros(step * 40), Instant::now());
            let mut storing = Box::pin(store(&server, &project, &rows));
            while began.elapsed() < patience && futures_util::poll!(storing.as_mut()).is_pending() {
                tokio::task::yield_now().await;
            }
            drop(storing);
            // Whoever writes next finds no transaction open.
            let (next, next_rows) = turn(&server, &ada).await;
            assert!(store(&server, &next, &next_rows).await.unwrap());
            // PostgreSQL goes on with what it has begun, and is read twice here.
            eventually("it is whole or not at all", async || {
                matches!(stored(&server, project.id).await, (0, None) | (2, Some(_)))
            })
            .await;
            kept += stored(&server, project.id).await.0 / 2;
            // From no time at all to more than it takes.
            if kept == 20 {
                break;
            }
        }
    }

    async fn refused_it_changes_nothing_and_lets_others_write(kind) {
        let server = Server::start(kind).await;
        let ada = server.person("ada").await;
        let (project, rows) = turn(&server, &ada).await;
        assert!(store(&server, &project, &rows).await.unwrap());
        let end = Some(rows[1].id);
        assert_eq!(stored(&server, project.id).await, (2, end));
        // The conversation is not any more as it was read.
        let (_, more) = turn(&server, &ada).await;
        let more = more.map(|row| message::Model { project_id: project.id, ..row });
        assert!(!store(&server, &project, &more).await.unwrap());
        // It is, and has an answer that is still being written.
        let project = project::Model { leaf_id: end, ..project };
        let refused = store(&server, &project, &more).await.unwrap_err();
        assert!(matches!(refused.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))), "{refused}");
        assert_eq!(stored(&server, project.id).await, (2, end));
        let (next, next_rows) = turn(&server, &ada).await;
        assert!(store(&server, &next, &next_rows).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_reaches_the_database_file_while_the_server_runs() {
    let server = Server::start(Kind::Sqlite).await;
    let ada = server.person("ada").await;
    let project = ada.project().await;
    let name = "A name that nothing else has";
    ada.patch(&format!("/api/projects/{project}"), json!({ "name": name })).await;
    let Database::Sqlite(path) = &server.app.config.data.database else { unreachable!() };
    eventually("the log is folded into the file", async || {
        let file = std::fs::read(path).unwrap();
        file.windows(name.len()).any(|bytes| bytes == name.as_bytes())
    })
    .await;
}
