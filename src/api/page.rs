//! Pages of lists: `{items, next_cursor}`.

use crate::error::Error;

/// How many items a page has when nothing is asked.
pub(super) const USUAL: u32 = 50;

/// What a cursor that was made up, or cut, is answered with.
pub(super) fn bad_cursor() -> Error {
    Error::invalid("cursor", "this cursor is not from an earlier page; leave it out to begin at the first one")
}
