//! Every row of every table, as one line each: what was changed by whatever went before is what differs.

use std::collections::BTreeSet;

use loquat::config::Data;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::audit;

/// What changes by itself while people are there, or because somebody came: nothing else may.
const MOVING: [(&str, &str); 4] = [
    ("users", "last_seen_at"),
    ("sessions", "last_seen_at"),
    ("api_keys", "last_used_at"),
    ("passkeys", "last_used_at"),
];

/// One table: its name, and the query that gives each row as one line.
struct Table {
    name: String,
    rows: String,
}

/// A look at the whole database from outside.
pub struct Whole {
    db: DatabaseConnection,
    tables: Vec<Table>,
}

impl Whole {
    pub async fn of(data: &Data) -> Self {
        let db = audit::connect(data).await;
        let is_sqlite = db.get_database_backend() == DbBackend::Sqlite;
        let names = if is_sqlite {
            "SELECT CAST(name AS TEXT) AS word FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        } else {
            "SELECT CAST(table_name AS TEXT) AS word FROM information_schema.tables WHERE table_schema = 'public'"
        };
        let mut tables = Vec::new();
        for name in words(&db, names).await {
            let columns = if is_sqlite {
                format!("SELECT CAST(name AS TEXT) AS word FROM pragma_table_info('{name}')")
            } else {
                format!(
                    "SELECT CAST(column_name AS TEXT) AS word FROM information_schema.columns WHERE table_name = '{name}'"
                )
            };
            let mut columns = words(&db, &columns).await;
            columns.sort_unstable();
            columns.retain(|column| !MOVING.contains(&(name.as_str(), column.as_str())));
            let shown = |column: &String| match is_sqlite {
                true => format!("'{column}=' || quote(\"{column}\")"),
                false => format!("'{column}=' || quote_nullable(\"{column}\")"),
            };
            let line = columns.iter().map(shown).collect::<Vec<_>>().join(" || ' ' || ");
            tables.push(Table { rows: format!("SELECT {line} AS word FROM \"{name}\""), name });
        }
        assert!(tables.len() > 10, "these are not all tables");
        Self { db, tables }
    }

    /// Every row, each with the name of its table.
    pub async fn rows(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for table in &self.tables {
            for row in words(&self.db, &table.rows).await {
                all.insert(format!("{} {row}", table.name));
            }
        }
        all
    }

    /// The names of all columns.
    pub async fn columns(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for table in &self.tables {
            let columns = match self.db.get_database_backend() {
                DbBackend::Sqlite => {
                    format!("SELECT CAST(name AS TEXT) AS word FROM pragma_table_info('{}')", table.name)
                }
                _ => format!(
                    "SELECT CAST(column_name AS TEXT) AS word FROM information_schema.columns WHERE table_name = '{}'",
                    table.name
                ),
            };
            all.extend(words(&self.db, &columns).await);
        }
        all
    }
}

async fn words(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql.to_owned())).await.unwrap();
    rows.iter().map(|row| row.try_get("", "word").unwrap()).collect()
}

/// What differs, in words: rows that are gone or were other before, and rows that are new.
pub fn difference(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<String> {
    let gone = before.difference(after).map(|row| format!("- {row}"));
    gone.chain(after.difference(before).map(|row| format!("+ {row}"))).collect()
}
