//! The database: SQLite with one writer and several readers, or PostgreSQL.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use sea_orm::{
    ConnAcquireErr, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::config::{Data, Database};
use crate::error::{Error, Trouble};
use crate::files;

mod at_once;
pub mod needle;
pub mod schema;
mod wal;

use wal::Wal;

/// Connections that only read, on SQLite; with WAL they never wait for the writer.
const SQLITE_READERS: u32 = 4;
/// Prepared statements that each connection to SQLite keeps. One that stores a few hundred parts takes some 100 KiB, and
/// hardly ever has as many as the one before.
const STATEMENTS: usize = 32;
/// How long a request waits for its turn to write on SQLite, and then for locks of other programs. Whoever waits longer
/// has left, or would rather know.
const SQLITE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a request waits for a connection to PostgreSQL: longer than a restart takes.
const POSTGRES_PATIENCE: Duration = Duration::from_secs(10);
/// How long a process may take to let go of its database after it has ended.
const LEAVING: Duration = Duration::from_millis(500);
/// How long a connection to PostgreSQL may lie idle and still be used without a question whether it lives. The library asks
/// that when one is given back, so a busy one saves a trip to the database for each transaction.
const POSTGRES_FRESH: Duration = Duration::from_secs(1);
/// Connections to PostgreSQL. No stream holds one, so few serve many.
const POSTGRES_CONNECTIONS: u32 = 16;

/// The database, open.
#[derive(Clone, Debug)]
pub struct Db {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    /// SQLite's log, which is synced by us.
    wal: Option<Wal>,
    place: Place,
}

/// Where the database is, as a person may see it: never with a password.
#[derive(Clone, Debug)]
enum Place {
    Sqlite(PathBuf),
    Postgres { host: String, name: String, verified: bool, local: bool },
}

impl Db {
    /// Opens the database; a SQLite file is made, for its owner alone, when there is none.
    pub async fn open(data: &Data) -> anyhow::Result<Self> {
        match &data.database {
            Database::Sqlite(path) => Self::open_sqlite(path).await,
            Database::Postgres(url) => Self::open_postgres(url).await,
        }
    }

    /// Opens a database that is there, and makes none where somebody mistyped the place.
    pub async fn open_existing(data: &Data) -> anyhow::Result<Self> {
        if let Database::Sqlite(path) = &data.database {
            let is_there = path.try_exists().unwrap_or(true);
            anyhow::ensure!(
                is_there,
                "there is no database {}: say where it is with --data-dir or LOQUAT_DATA_DIR",
                path.display()
            );
        }
        Self::open(data).await
    }

    async fn open_sqlite(path: &Path) -> anyhow::Result<Self> {
        files::open_or_make(path).with_context(|| {
            format!(
                "the database {} cannot be opened; check that its directory exists and may be written",
                path.display()
            )
        })?;
        let connect = async |connections: u32, only_reads: bool| {
            let file = path.to_owned();
            let mut options = ConnectOptions::new("sqlite:");
            options
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(SQLITE_PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .sqlx_logging(false)
                .map_sqlx_sqlite_opts(move |options| {
                    let options = options
                        .filename(&file)
                        .create_if_missing(true)
                        .journal_mode(SqliteJournalMode::Wal)
                        // A commit survives a killed process; `commit` syncs it, so that it survives a power cut too.
                        .synchronous(SqliteSynchronous::Normal)
                        .foreign_keys(true)
                        .statement_cache_capacity(STATEMENTS)
                        .busy_timeout(SQLITE_PATIENCE)
                        .with_regexp()
                        .pragma("temp_store", "memory")
                        .pragma("wal_autocheckpoint", wal::LONG);
                    if only_reads { options.pragma("query_only", "on") } else { options }
                });
            options.map_sqlx_sqlite_pool_opts(|pool| {
                pool.after_release(|connection, _| {
                    Box::pin(async move {
                        // A full disk makes SQLite roll back by itself. The rollback that follows then fails, and the
                        // library would take every later transaction for one inside another, which is never committed.
                        connection.ping().await?;
                        Ok(!connection.is_in_transaction())
                    })
                })
            });
            sea_orm::Database::connect(options).await.map_err(|error| Error::from(error).for_operator())
        };
        let open = async || anyhow::Ok((connect(1, false).await?, connect(SQLITE_READERS, true).await?));
        let (writer, reader) =
            open().await.with_context(|| format!("the database {} cannot be opened", path.display()))?;
        let wal = Wal::open(path).with_context(|| format!("the log of {} cannot be opened", path.display()))?;
        Ok(Self { reader, writer, wal: Some(wal), place: Place::Sqlite(path.to_owned()) })
    }

    async fn open_postgres(url: &SecretString) -> anyhow::Result<Self> {
        let place = Place::of(url.expose_secret()).context("DATABASE_URL is not right")?;
        let mut options = ConnectOptions::new(url.expose_secret());
        options
            .max_connections(POSTGRES_CONNECTIONS)
            .min_connections(1)
            .acquire_timeout(POSTGRES_PATIENCE)
            .set_application_name("loquat")
            .test_before_acquire(false)
            .sqlx_logging(false);
        options.map_sqlx_postgres_pool_opts(|pool| {
            pool.before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > POSTGRES_FRESH {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
        });
        let unusable = |error: &dyn std::fmt::Display| {
            anyhow::anyhow!(
                "{} cannot be used: {error}; check DATABASE_URL, its password, sslmode and sslrootcert",
                place.describe()
            )
        };
        // The pool would try for a long time and then say only that it timed out; one connection says why at once.
        let first: PgConnectOptions = url.expose_secret().parse()?;
        match tokio::time::timeout(Duration::from_secs(10), first.connect()).await {
            Ok(Ok(connection)) => drop(connection.close().await),
            Ok(Err(error)) => return Err(unusable(&error)),
            Err(_) => return Err(unusable(&"it does not answer within 10 seconds")),
        }
        let pool = sea_orm::Database::connect(options).await.map_err(|error| unusable(&error))?;
        Ok(Self { reader: pool.clone(), writer: pool, wal: None, place })
    }

    /// For queries that change nothing.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Begins a transaction that may write; without `commit` nothing of it stays.
    ///
    /// On SQLite it takes the write lock at once: a transaction that reads first and writes later fails when
    /// another has written in between, however long the busy timeout is.
    pub async fn write(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        #[expect(clippy::disallowed_methods, reason = "this is the one place that begins transactions")]
        let begun = self.writer.begin_with_options(options).await;
        begun.map_err(|error| match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) if self.backend() == DbBackend::Sqlite => no_turn(),
            other => other,
        })
    }

    /// Commits a transaction, and returns when it is on the disk.
    pub async fn commit(&self, transaction: DatabaseTransaction) -> Result<(), DbErr> {
        self.commit_unsynced(transaction).await?;
        self.sync().await
    }

    /// Commits a transaction without waiting for the disk, which [`Db::sync`] does. Until then it survives the end of this
    /// process but, on SQLite, not a power cut.
    pub async fn commit_unsynced(&self, transaction: DatabaseTransaction) -> Result<(), DbErr> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that commits transactions")]
        transaction.commit().await?;
        if let Some(wal) = &self.wal {
            wal.note();
        }
        Ok(())
    }

    /// Returns when everything that is committed is on the disk.
    pub async fn sync(&self) -> Result<(), DbErr> {
        match &self.wal {
            Some(wal) => {
                wal.sync().await?;
                wal.checkpoint_soon(&self.reader);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Which of the two it is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Says what and where it is, in words for the operator.
    pub fn describe(&self) -> String {
        self.place.describe()
    }

    /// A warning about a connection that others could read or imitate.
    pub fn warning(&self) -> Option<String> {
        self.place.warning()
    }

    /// Answers whether the database can be reached.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.reader.execute_unprepared("SELECT 1").await.map(drop)
    }

    /// Closes every connection, so that SQLite folds its log into the database file.
    pub async fn close(&self) {
        let _ = self.reader.clone().close().await;
        let _ = self.writer.clone().close().await;
    }
}

/// On SQLite, of which only one connection writes.
fn no_turn() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(Trouble::NO_TURN.to_owned()))
}

/// What only one transaction at a time does.
#[derive(Clone, Copy, Debug)]
pub enum Alone {
    /// Takes administrators away, or acts as one.
    Administrators,
}

/// Waits until no other transaction does this, until this one ends. SQLite has one writer anyway.
pub async fn alone(transaction: &DatabaseTransaction, what: Alone) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        // Any numbers will do as long as they differ from each other and from that of migrations.
        let lock: i64 = match what {
            Alone::Administrators => 0x6c6f_7175_6175,
        };
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({lock})")).await?;
    }
    Ok(())
}

/// A warning about an address of PostgreSQL, as [`Db::warning`] gives it.
pub fn warning_for(url: &str) -> Option<String> {
    Place::of(url).ok()?.warning()
}

impl Place {
    fn of(url: &str) -> Result<Self, sqlx::Error> {
        let parsed: PgConnectOptions = url.parse()?;
        Ok(Self::Postgres {
            host: parsed.get_host().to_owned(),
            name: parsed.get_database().unwrap_or("postgres").to_owned(),
            verified: matches!(parsed.get_ssl_mode(), PgSslMode::VerifyFull),
            local: is_local(parsed.get_host()) || parsed.get_socket().is_some(),
        })
    }

    fn warning(&self) -> Option<String> {
        match self {
            Self::Postgres { host, verified: false, local: false, .. } => Some(format!(
                "the connection to PostgreSQL at {host} is not verified: anyone between could read it; add sslmode=verify-full to DATABASE_URL (and sslrootcert=FILE for a private authority)"
            )),
            _ => None,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("SQLite in {}", path.display()),
            Self::Postgres { host, name, .. } => format!("PostgreSQL {name} on {host}"),
        }
    }
}

/// Held while a process owns a SQLite database; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct Ownership(#[expect(dead_code, reason = "holding the file holds the lock")] Option<File>);

/// Makes this process the only one that serves or migrates a SQLite database. PostgreSQL needs no such lock.
pub async fn own(data: &Data) -> anyhow::Result<Ownership> {
    let Database::Sqlite(path) = &data.database else { return Ok(Ownership(None)) };
    let mut lock_path = path.clone().into_os_string();
    lock_path.push(".lock");
    let lock_path = PathBuf::from(lock_path);
    let file = files::open_or_make(&lock_path).with_context(|| {
        format!(
            "the lock file {} cannot be opened; check that its directory exists and may be written",
            lock_path.display()
        )
    })?;
    let began = std::time::Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Ownership(Some(file))),
            // One that is just ending, as in a restart, lets go in a moment.
            Err(TryLockError::WouldBlock) if began.elapsed() < LEAVING => tokio::time::sleep(LEAVING / 20).await,
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another Loquat is using the database {}; stop it first, or give this one its own LOQUAT_DATA_DIR",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("{} cannot be locked", lock_path.display()));
            }
        }
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost"
        || host.starts_with('/')
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
