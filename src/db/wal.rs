//! Brings SQLite's write-ahead log to the disk, outside the database's write lock.
//!
//! With `synchronous=FULL` SQLite does the same inside its lock, so that everybody who wants to write waits for the disk
//! too. Here a commit is made first and synced then, several at once, and one that need not wait for the disk does not.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::DbErr;
use tokio::sync::Mutex;

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
}

impl Wal {
    /// The log beside a database file. A connection to it must be open, and stay so: the last one to close removes it.
    pub(super) fn open(database: &Path) -> std::io::Result<Self> {
        let mut path = database.to_owned().into_os_string();
        path.push("-wal");
        let file = File::open(path)?;
        Ok(Self(Arc::new(Inner { file, committed: AtomicU64::new(0), synced: Mutex::new(0) })))
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
}

fn failed(error: &dyn std::fmt::Display) -> DbErr {
    DbErr::Custom(format!("what was committed could not be brought to the disk: {error}"))
}
