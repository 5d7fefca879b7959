//! Brings SQLite's write-ahead log to the disk, and from there into the database file, outside the database's write lock.
//!
//! With `synchronous=FULL` SQLite does the first inside its lock, so that everybody who wants to write waits for the disk
//! too. Here a commit is made first and synced then, several at once, and one that need not wait for the disk does not.
//!
//! The second, a checkpoint, it does in the commit that happens to make the log long: every seventieth question or so
//! waited some 20 ms for it. Here one follows a second's commits, on a connection that only reads, beside those who write.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::sync::Mutex;

/// How long commits gather before a checkpoint.
const GATHERING: Duration = Duration::from_secs(1);
/// Pages of the log at which a commit makes the checkpoint itself, should there be that many within the time above: 32 MiB.
pub(super) const LONG: &str = "8192";

/// The log of an open database. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Wal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    /// Commits so far …
    committed: AtomicU64,
    /// … and how many of them are on the disk.
    synced: Mutex<u64>,
    /// Whether a checkpoint is to follow already.
    checkpoint: AtomicBool,
}

impl Wal {
    /// The log beside a database file. A connection to it must be open, and stay so: the last one to close removes it.
    pub(super) fn open(database: &Path) -> std::io::Result<Self> {
        let mut path = database.to_owned().into_os_string();
        path.push("-wal");
        let file = File::open(path)?;
        Ok(Self(Arc::new(Inner {
            file,
            committed: AtomicU64::new(0),
            synced: Mutex::new(0),
            checkpoint: AtomicBool::new(false),
        })))
    }

    /// Notes that something was committed.
    pub(super) fn note(&self) {
        self.0.committed.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns when everything that was committed before this call is on the disk.
    pub(super) async fn sync(&self) -> Result<(), DbErr> {
        let mine = self.0.committed.load(Ordering::SeqCst);
        let mut synced = self.0.synced.lock().await;
        if *synced >= mine {
            // Somebody else's sync, begun after our commit, has done it.
            return Ok(());
        }
        let all = self.0.committed.load(Ordering::SeqCst);
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || inner.file.sync_data()).await;
        done.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
        *synced = all;
        Ok(())
    }

    /// Has what is in the log brought into the database file, soon.
    pub(super) fn checkpoint_soon(&self, reader: &DatabaseConnection) {
        if self.0.checkpoint.swap(true, Ordering::SeqCst) {
            return;
        }
        let (inner, reader) = (Arc::clone(&self.0), reader.clone());
        tokio::spawn(async move {
            tokio::time::sleep(GATHERING).await;
            inner.checkpoint.store(false, Ordering::SeqCst);
            // It passes over what others still read or write, which comes with the next one.
            if let Err(error) = reader.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await {
                tracing::debug!(%error, "the database's log could not be brought into its file; the next commit tries again");
            }
        });
    }
}

fn failed(error: &dyn std::fmt::Display) -> DbErr {
    DbErr::Custom(format!("what was committed could not be brought to the disk: {error}"))
}
