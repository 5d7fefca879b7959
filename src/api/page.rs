//! Pages of lists: `{items, next_cursor}`.

use crate::error::{Error, Result};

/// How many items a page has when nothing is asked.
pub(super) const USUAL: u32 = 50;
/// How many it has at most.
pub(super) const MOST: u32 = 200;

/// The size of a page.
pub(super) fn size(limit: Option<u32>) -> Result<u32> {
    match limit {
        None => Ok(USUAL),
        Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(_) => Err(Error::invalid("limit", format!("a page has 1 to {MOST} items"))),
    }
}

/// What a cursor that was made up, or cut, is answered with.
pub(super) fn bad_cursor() -> Error {
    Error::invalid("cursor", "this cursor is not from an earlier page; leave it out to begin at the first one")
}
