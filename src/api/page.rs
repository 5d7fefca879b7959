//! Pages of lists: `{items, next_cursor}`.

use uuid::Uuid;

use crate::db::needle::Needle;
use crate::error::{Error, Result};

/// How many items a page has when nothing is asked.
pub(super) const USUAL: u32 = 50;

/// What a cursor that was made up, or cut, is answered with.
pub(super) fn bad_cursor() -> Error {
    Error::invalid("cursor", "this cursor is not from an earlier page; leave it out to begin at the first one")
}

/// The cursor of a list in the order of its ids.
pub(super) fn below(cursor: Option<&str>) -> Result<Option<Uuid>> {
    cursor.map(|cursor| Uuid::try_parse(cursor).map_err(|_| bad_cursor())).transpose()
}

/// The text that a list is searched for.
pub(super) fn needle(query: &str) -> Result<Needle> {
    let text = query.trim().replace('\0', "\u{fffd}");
    if text.is_empty() {
        return Err(Error::invalid("query", "there is nothing to look for in spaces; write at least one character"));
    }
    Ok(Needle::new(&text))
}

/// Cuts what was found, one more than a page has, down to the page. Returns the next one's cursor, if there is one.
pub(super) fn cut<T>(found: &mut Vec<T>, size: u32, cursor: impl FnOnce(&T) -> String) -> Option<String> {
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    found.last().filter(|_| more).map(cursor)
}
