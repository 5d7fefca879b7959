//! What stands behind the question mark: each parameter once.

use std::collections::HashSet;

use poem::Request;

use crate::error::Error;

/// Refuses a parameter that is given twice, because whoever looks at it first may see another one than who looks next.
///
/// Unknown ones are left alone: stand-ins for `EventSource` and proxies add some of their own.
pub(super) fn check(request: &Request) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for (name, _) in url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        if seen.contains(&name) {
            return Err(Error::invalid(name.as_ref(), "this parameter is given twice; give it once"));
        }
        seen.insert(name);
    }
    Ok(())
}
