//! Columns that mean the same on SQLite and PostgreSQL.
//!
//! Ids and times are made in Rust, never by the database: the two disagree on both below the millisecond.

use sea_orm_migration::prelude::{ColumnDef, Iden, IntoIden};

/// A UUIDv7: `uuid` on PostgreSQL, 16 bytes on SQLite.
pub(crate) fn id(name: impl Iden + 'static) -> ColumnDef {
    let mut column = ColumnDef::new(name.into_iden());
    column.uuid().not_null();
    column
}

/// A UUIDv7 that may be missing.
pub(crate) fn optional_id(name: impl Iden + 'static) -> ColumnDef {
    let mut column = ColumnDef::new(name.into_iden());
    column.uuid().null();
    column
}

/// A moment in UTC with millisecond precision; on SQLite it is RFC 3339 text, which sorts by time.
pub(crate) fn time(name: impl Iden + 'static) -> ColumnDef {
    let mut column = ColumnDef::new(name.into_iden());
    column.timestamp_with_time_zone().not_null();
    column
}

/// A moment that may be missing.
pub(crate) fn optional_time(name: impl Iden + 'static) -> ColumnDef {
    let mut column = ColumnDef::new(name.into_iden());
    column.timestamp_with_time_zone().null();
    column
}

/// Text without a length limit of its own: limits belong to the API, where the message is clear.
pub(crate) fn text(name: impl Iden + 'static) -> ColumnDef {
    let mut column = ColumnDef::new(name.into_iden());
    column.text().not_null();
    column
}

/// Text that may be missing.
pub(crate) fn optional_text(name: impl Iden + 'static) -> ColumnDef {
    let mut column = ColumnDef::new(name.into_iden());
    column.text().null();
    column
}

/// A whole number of 32 bits that may be missing.
pub(crate) fn optional_integer(name: impl Iden + 'static) -> ColumnDef {
    let mut column = ColumnDef::new(name.into_iden());
    column.integer().null();
    column
}

/// A yes or no that may be missing.
pub(crate) fn optional_boolean(name: impl Iden + 'static) -> ColumnDef {
    let mut column = ColumnDef::new(name.into_iden());
    column.boolean().null();
    column
}
