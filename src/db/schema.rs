//! Brings the schema up to date, one process at a time.

use anyhow::Context;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};

use super::Db;
use crate::config::Data;
use crate::error::Error;

/// Names the migration lock of PostgreSQL; any number works as long as it never changes.
const LOCK: i64 = 0x6c6f_7175_6174;

/// What is told where a command needs a database that has every migration.
pub const NOT_UP_TO_DATE: &str = "the database is not up to date: run `loquat migrate up` first";

/// One migration, and whether it has been applied.
#[derive(Debug)]
pub struct Step {
    /// Its name, which begins with its date.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Opens a database that is there and up to date, also beside a server that is running on it.
pub async fn open(data: &Data) -> anyhow::Result<Db> {
    let db = Db::open_existing(data).await?;
    let pending = steps(&db).await?.iter().any(|step| !step.applied);
    anyhow::ensure!(!pending, NOT_UP_TO_DATE);
    Ok(db)
}

/// Every migration, oldest first.
pub async fn steps(db: &Db) -> anyhow::Result<Vec<Step>> {
    let transaction = lock(db).await?;
    let steps = Migrator::get_migration_with_status(&transaction).await.map_err(explain)?;
    db.commit(transaction).await?;
    Ok(steps
        .iter()
        .map(|step| Step {
            name: step.name().to_owned(),
            applied: step.status() == sea_orm_migration::MigrationStatus::Applied,
        })
        .collect())
}

/// Applies what is pending and returns the names of what was applied.
pub async fn up(db: &Db) -> anyhow::Result<Vec<String>> {
    let transaction = lock(db).await?;
    let pending = Migrator::get_pending_migrations(&transaction).await.map_err(explain)?;
    let names = pending.iter().map(|step| step.name().to_owned()).collect();
    if !pending.is_empty() {
        Migrator::up(&transaction, None).await.context("the migration failed, and nothing of it stays")?;
    }
    db.commit(transaction).await?;
    Ok(names)
}

/// Reverts the newest `count` migrations and returns their names.
pub async fn down(db: &Db, count: u32) -> anyhow::Result<Vec<String>> {
    let transaction = lock(db).await?;
    let applied = Migrator::get_applied_migrations(&transaction).await.map_err(explain)?;
    let names = applied.iter().rev().take(count as usize).map(|step| step.name().to_owned()).collect();
    Migrator::down(&transaction, Some(count))
        .await
        .context("the migration could not be reverted, and nothing was changed")?;
    db.commit(transaction).await?;
    Ok(names)
}

/// Begins a transaction that no other process migrates beside: the migrator itself takes no lock.
async fn lock(db: &Db) -> anyhow::Result<DatabaseTransaction> {
    let locked = async {
        let transaction = db.write().await?;
        if db.backend() == DbBackend::Postgres {
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
        }
        Ok(transaction)
    };
    locked.await.map_err(Error::for_operator)
}

fn explain(error: sea_orm::DbErr) -> anyhow::Error {
    anyhow::anyhow!(
        "the list of migrations cannot be read ({error}); a database that a newer Loquat has migrated needs that newer Loquat"
    )
}
