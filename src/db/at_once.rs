//! A row brought up to date, and others put beside it, in one trip to the database.
//!
//! A transaction takes a trip for each of its steps, and a trip takes two wake-ups of a sleeping thread, whatever is asked
//! in it: three of them are what a person waits for before the first word of an answer.

use sea_orm::sea_query::{
    CommonTableExpression, Expr, InsertStatement, PostgresQueryBuilder, Query, SelectStatement, SqliteQueryBuilder,
    UnionType, UpdateStatement, WithClause,
};
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Sqlite};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, ModelTrait, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;

use super::{Db, no_turn};

/// What PostgreSQL calls the row that the update found.
const FOUND: &str = "found";

impl Db {
    /// Updates one row and inserts others, all or nothing, and says whether it did: where the update finds no row, because
    /// it is not any more what its condition says, nothing is inserted. As after [`Db::commit_unsynced`], the disk has not
    /// been waited for.
    pub async fn update_and_insert<M: ModelTrait>(&self, update: UpdateStatement, rows: &[M]) -> Result<bool, DbErr> {
        let done = match self.backend() {
            DbBackend::Sqlite => self.in_one_batch(&update, rows).await?,
            _ => self.in_one_statement(update, rows).await?,
        };
        if let Some(wal) = &self.wal {
            wal.note();
        }
        Ok(done)
    }

    /// For PostgreSQL, whose statements may change one table by the way of another.
    async fn in_one_statement<M: ModelTrait>(&self, mut update: UpdateStatement, rows: &[M]) -> Result<bool, DbErr> {
        update.returning(Query::returning().expr(Expr::cust("1")));
        let found = CommonTableExpression::new().table_name(FOUND).query(update).to_owned();
        let insert = inserted(rows, |row| row.from(FOUND))?;
        let (sql, values) = insert.with(WithClause::new().cte(found).to_owned()).build(PostgresQueryBuilder);
        let inserted =
            self.writer.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        Ok(inserted.rows_affected() > 0)
    }

    /// For SQLite, which runs several statements after each other without coming back in between.
    async fn in_one_batch<M: ModelTrait>(&self, update: &UpdateStatement, rows: &[M]) -> Result<bool, DbErr> {
        let mut insert = inserted(rows, |row| row.and_where(Expr::cust("changes() = 1")))?;
        insert.returning(Query::returning().expr(Expr::cust("1")));
        let ((update, mut values), (insert, inserted)) =
            (update.build(SqliteQueryBuilder), insert.build(SqliteQueryBuilder));
        values.0.extend(inserted.0);
        let sql = format!("BEGIN IMMEDIATE; {update}; {insert}; COMMIT");
        let connection = self.writer.get_sqlite_connection_pool().acquire().await;
        let connection = connection.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => no_turn(),
            other => DbErr::Conn(RuntimeErr::SqlxError(other.into())),
        })?;
        let mut batch = Batch(Some(connection));
        let done = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values)).fetch_all(batch.connection()?).await;
        match done {
            Ok(rows) => {
                batch.end();
                Ok(!rows.is_empty())
            }
            Err(error) => {
                // A full disk makes SQLite roll back by itself, and then this fails and the connection is closed.
                if sqlx::query("ROLLBACK").execute(batch.connection()?).await.is_ok() {
                    batch.end();
                }
                Err(DbErr::Exec(RuntimeErr::SqlxError(error.into())))
            }
        }
    }
}

/// Inserts rows where the update before has found one.
fn inserted<M: ModelTrait>(
    rows: &[M],
    if_found: impl Fn(&mut SelectStatement) -> &mut SelectStatement,
) -> Result<InsertStatement, DbErr> {
    let columns = || <M::Entity as EntityTrait>::Column::iter();
    let mut all = rows.iter().map(|row| {
        let mut select = Query::select();
        if_found(select.exprs(columns().map(|column| Expr::val(row.get(column))))).to_owned()
    });
    let mut selected = all.next().ok_or_else(|| DbErr::Custom("there is nothing to insert".into()))?;
    for row in all {
        selected.union(UnionType::All, row);
    }
    let mut insert = Query::insert();
    insert.into_table(M::Entity::default()).columns(columns());
    insert.select_from(selected).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(insert)
}

/// SQLite's connection while a transaction of ours may be open on it, of which its pool knows nothing: dropped before its
/// end it is closed, which rolls back.
struct Batch(Option<PoolConnection<Sqlite>>);

impl Batch {
    fn connection(&mut self) -> Result<&mut sqlx::SqliteConnection, DbErr> {
        self.0.as_deref_mut().ok_or_else(|| DbErr::Custom("the batch has ended".into()))
    }

    /// No transaction is open any more.
    fn end(&mut self) {
        self.0 = None;
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}
