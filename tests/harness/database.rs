//! A fresh, migrated database for each test.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use loquat::config::{Data, Database};
use loquat::db::{Db, schema};
use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::postgres::Cluster;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

const TEMPLATE: &str = "loquat_template";

static TEMPLATE_MADE: OnceCell<()> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);
/// PostgreSQL copies a template for one at a time.
static COPYING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A new database of its own, migrated on PostgreSQL; SQLite's migrates itself.
pub async fn fresh(kind: Kind, dir: &Path) -> Data {
    let database = match kind {
        Kind::Sqlite => Database::Sqlite(dir.join("loquat.db")),
        Kind::Postgres => Database::Postgres(SecretString::from(copy_of_template().await)),
    };
    Data { dir: dir.to_owned(), database }
}

/// The address of a new PostgreSQL database without any table.
pub async fn empty_postgres() -> String {
    let name = format!("empty_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    run(&format!("CREATE DATABASE {name}")).await;
    Cluster::shared().url(&name)
}

async fn copy_of_template() -> String {
    TEMPLATE_MADE
        .get_or_init(|| async {
            run(&format!("CREATE DATABASE {TEMPLATE}")).await;
            let db = open(&Cluster::shared().url(TEMPLATE)).await;
            schema::up(&db).await.unwrap();
            db.close().await;
        })
        .await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let _copying = COPYING.lock().await;
    run(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
    Cluster::shared().url(&name)
}

async fn run(sql: &str) {
    let db = sea_orm::Database::connect(Cluster::shared().url("postgres")).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

/// Opens a database by its address.
pub async fn open(url: &str) -> Db {
    let database = match url.strip_prefix("sqlite://") {
        Some(path) => Database::Sqlite(path.into()),
        None => Database::Postgres(SecretString::from(url.to_owned())),
    };
    Db::open(&Data { dir: "/".into(), database }).await.unwrap()
}
