//! Migrations: the same tables as the entities, up and down, and one process at a time.

use loquat::config::{Data, Database};
use loquat::db::{Db, schema};
use loquat::entity::{
    answer_chunk, api_key, attachment, audit_log, continuation, invite, limit, message, passkey, password_reset,
    project, provider, provider_model, recovery_code, session, totp, user,
};
use sea_orm::{ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic, Iterable, Statement};

use crate::harness::{Kind, database};

async fn fresh(kind: Kind, dir: &std::path::Path) -> Db {
    let database = match kind {
        Kind::Sqlite => Database::Sqlite(dir.join("loquat.db")),
        Kind::Postgres => Database::Postgres(secrecy::SecretString::from(database::empty_postgres().await)),
    };
    Db::open(&Data { dir: dir.to_owned(), database }).await.unwrap()
}

/// The columns of a table in the database, in order of name.
async fn columns(db: &Db, table: &str) -> Vec<String> {
    let sql = match db.backend() {
        DbBackend::Sqlite => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY name"),
        _ => format!(
            "SELECT column_name AS name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY 1"
        ),
    };
    let rows = db.reader().query_all_raw(Statement::from_string(db.backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get::<String>("", "name").unwrap()).collect()
}

async fn tables(db: &Db) -> Vec<String> {
    let sql = match db.backend() {
        DbBackend::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        _ => "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()",
    };
    let rows = db.reader().query_all_raw(Statement::from_string(db.backend(), sql)).await.unwrap();
    let mut names: Vec<String> = rows.iter().map(|row| row.try_get("", "name").unwrap()).collect();
    names.sort();
    names
}

async fn same_columns<E: EntityTrait>(db: &Db)
where
    E::Column: Iterable + IdenStatic,
{
    let table = E::default().table_name();
    let mut known: Vec<_> = E::Column::iter().map(|column| column.as_str().to_owned()).collect();
    known.sort();
    assert_eq!(columns(db, table).await, known, "{table}");
    // And each of them can be read as the type that the entity says.
    E::find().all(db.reader()).await.unwrap();
}

on_both_databases! {
    async fn the_tables_are_those_of_the_entities(kind) {
        let dir = tempfile::tempdir().unwrap();
        let db = fresh(kind, dir.path()).await;
        schema::up(&db).await.unwrap();
        macro_rules! same_columns {
            ($($entity:ident),*) => {{
                $(same_columns::<$entity::Entity>(&db).await;)*
                let mut known = vec!["seaql_migrations".to_owned(), $($entity::Entity.table_name().to_owned()),*];
                known.sort();
                assert_eq!(tables(&db).await, known);
            }};
        }
        same_columns!(
            answer_chunk, api_key, attachment, audit_log, continuation, invite, limit, message, passkey, password_reset,
            project, provider, provider_model, recovery_code, session, totp, user
        );
    }

    async fn every_step_can_be_taken_back_and_taken_again(kind) {
        let dir = tempfile::tempdir().unwrap();
        let db = fresh(kind, dir.path()).await;
        let all = schema::up(&db).await.unwrap();
        assert!(schema::up(&db).await.unwrap().is_empty());
        for _ in 0..2 {
            for step in all.iter().rev() {
                assert_eq!(schema::down(&db, 1).await.unwrap(), std::slice::from_ref(step));
            }
            assert!(columns(&db, "messages").await.is_empty());
            assert!(schema::steps(&db).await.unwrap().iter().all(|step| !step.applied));
            assert_eq!(schema::up(&db).await.unwrap(), all);
        }
        assert!(schema::steps(&db).await.unwrap().iter().all(|step| step.applied));
    }

    async fn many_at_once_migrate_one_after_the_other(kind) {
        let dir = tempfile::tempdir().unwrap();
        let db = fresh(kind, dir.path()).await;
        let all = futures_util::future::join_all((0..8).map(|_| schema::up(&db))).await;
        let applied: usize = all.into_iter().map(|names| names.unwrap().len()).sum();
        assert_eq!(applied, schema::steps(&db).await.unwrap().len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = Data { dir: dir.path().to_owned(), database: Database::Sqlite(dir.path().join("loquat.db")) };
    let first = loquat::db::own(&data).await.unwrap();
    let refused = loquat::db::own(&data).await.unwrap_err().to_string();
    assert!(refused.contains("another Loquat is using the database"), "{refused}");
    drop(first);
    loquat::db::own(&data).await.unwrap();
}
