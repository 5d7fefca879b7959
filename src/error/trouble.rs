//! What keeps a database from its work for a while, told from a mistake of ours by the codes that databases use.

use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::sqlite::SqliteError;

/// Why the database cannot do its work at the moment. Each says what to do, and that trying again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Others hold locks for longer than anybody wants to wait.
    #[error("the database is busy with something else; try again in a moment")]
    Busy,
    /// There is no room left.
    #[error("the server's disk is full; an administrator has to make room, and then it goes on by itself")]
    Full,
    /// No connection, or none that answers.
    #[error("the database does not answer at the moment; try again in a moment")]
    Away,
}

impl Trouble {
    /// What an error says where the one connection that writes to SQLite was not to be had: whoever has it waits for a lock.
    pub const NO_TURN: &str = "others have waited to write for as long as anybody wants to";

    /// The trouble behind an error, if it is one that passes.
    pub fn of(error: &DbErr) -> Option<Self> {
        let error = match error {
            DbErr::Conn(RuntimeErr::Internal(words)) if words == Self::NO_TURN => return Some(Self::Busy),
            DbErr::ConnectionAcquire(_) => return Some(Self::Away),
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => error,
            _ => return None,
        };
        match &**error {
            sqlx::Error::Database(error) => {
                let code = error.code()?;
                if error.try_downcast_ref::<SqliteError>().is_some() { of_sqlite(&code) } else { of_postgres(&code) }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Some(Self::Away),
            _ => None,
        }
    }

    /// A stable word for programs; part of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Busy => "database_busy",
            Self::Full => "disk_full",
            Self::Away => "database_unreachable",
        }
    }

    /// The same for whoever runs the database.
    pub fn for_operator(self) -> &'static str {
        match self {
            Self::Busy => {
                "another program holds a lock on the database, such as a backup or a shell; end it or wait, and try again"
            }
            Self::Full => "there is no room left where the database is; make some, and try again",
            Self::Away => "the database cannot be reached; look after it and its volume or network, and try again",
        }
    }

    /// When it makes sense to try again.
    pub fn retry_after(self) -> Duration {
        match self {
            Self::Busy => Duration::from_secs(2),
            Self::Full => Duration::from_secs(30),
            Self::Away => Duration::from_secs(5),
        }
    }
}

/// SQLite's result codes (<https://www.sqlite.org/rescode.html>): the low byte is the kind, the rest a detail of it.
fn of_sqlite(code: &str) -> Option<Trouble> {
    match code.parse::<u32>().ok()? & 0xff {
        // BUSY and LOCKED.
        5 | 6 => Some(Trouble::Busy),
        13 => Some(Trouble::Full),
        // READONLY, IOERR and CANTOPEN: a volume that went away, or a disk that fails.
        8 | 10 | 14 => Some(Trouble::Away),
        _ => None,
    }
}

/// PostgreSQL's SQLSTATE codes (its manual, appendix A).
fn of_postgres(code: &str) -> Option<Trouble> {
    match code {
        "53100" => Some(Trouble::Full),
        // A serialisation failure, a deadlock, a lock that was not to be had, a statement that took too long.
        "40001" | "40P01" | "55P03" | "57014" => Some(Trouble::Busy),
        // Shutting down, crashed, starting, recovering or read-only after a failover, a failing disk.
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "58030" => Some(Trouble::Away),
        // Connections that fail, and resources that have run out.
        _ if code.starts_with("08") || code.starts_with("53") => Some(Trouble::Away),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Trouble, of_postgres, of_sqlite};

    #[test]
    fn what_passes_is_told_from_what_is_wrong() {
        // BUSY, BUSY_SNAPSHOT, FULL, IOERR_FSYNC; a broken constraint, a broken file, bad SQL.
        let sqlite = ["5", "517", "13", "1034", "2067", "11", "1"].map(of_sqlite);
        let passes = [Some(Trouble::Busy), Some(Trouble::Busy), Some(Trouble::Full), Some(Trouble::Away)];
        assert_eq!(sqlite[..4], passes);
        assert_eq!(sqlite[4..], [None; 3]);
        let postgres = ["40P01", "40001", "53100", "57P01", "53300", "23505", "42601"].map(of_postgres);
        let passes = [Trouble::Busy, Trouble::Busy, Trouble::Full, Trouble::Away, Trouble::Away].map(Some);
        assert_eq!(postgres[..5], passes);
        assert_eq!(postgres[5..], [None; 2]);
    }
}
