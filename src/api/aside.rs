//! What comes up while a request is being answered and belongs into the headers of its response, whatever that will be.

use std::cell::RefCell;
use std::fmt::Write;

use poem::Response;
use poem::http::{HeaderName, HeaderValue, header};

use super::cookie::{self, Client};
use super::fair::Place;
use crate::app::App;
use crate::auth::{SignedIn, lifetime};
use crate::pace::Standing;

tokio::task_local! {
    static NOTES: RefCell<Notes>;
}

/// The names of a limit and of how far somebody is from it (draft-ietf-httpapi-ratelimit-headers-10).
pub(super) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(super) const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// What came up.
#[derive(Debug, Default)]
pub(super) struct Notes {
    standings: Vec<Standing>,
    used: Option<SignedIn>,
    place: Option<Place>,
}

/// Answers a request, and keeps what comes up.
pub(super) async fn keep(answering: impl Future<Output = Response>) -> (Response, Notes) {
    NOTES.scope(RefCell::default(), async { (answering.await, NOTES.with(RefCell::take)) }).await
}

/// Has the response tell how far somebody is from their limits.
pub(super) fn tell(standings: impl IntoIterator<Item = Standing>) {
    // Outside of a request, as in a socket, there is nobody to tell.
    let _ = NOTES.try_with(|notes| notes.borrow_mut().standings.extend(standings));
}

/// Has the session renewed that the request came with.
pub(super) fn renew(person: SignedIn) {
    let _ = NOTES.try_with(|notes| notes.borrow_mut().used = Some(person));
}

/// Has the request keep its place among those of its person until it is answered.
pub(super) fn keep_place(place: Place) {
    let _ = NOTES.try_with(|notes| notes.borrow_mut().place = Some(place));
}

/// What is asked of the place that the request has, if it has one.
pub(super) fn with_place<T>(ask: impl FnOnce(&Place) -> T) -> Option<T> {
    NOTES.try_with(|notes| notes.borrow().place.as_ref().map(ask)).ok().flatten()
}

impl Notes {
    /// The place that the request has among those of its person.
    pub(super) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Writes the headers.
    pub(super) async fn write(self, app: &App, client: Option<Client>, response: &mut Response) {
        let (mut policies, mut standings) = (String::new(), String::new());
        for standing in &self.standings {
            let comma = if policies.is_empty() { "" } else { ", " };
            let name = standing.counted.name();
            let _ = write!(policies, "{comma}\"{name}\";q={};w={}", standing.most, standing.within.as_secs());
            let next = standing.next.as_millis().div_ceil(1000);
            let _ = write!(standings, "{comma}\"{name}\";r={};t={next}", standing.remaining);
        }
        if !policies.is_empty() {
            set(response, POLICY, &policies);
            set(response, STANDING, &standings);
        }
        // Who signs out, or has just signed in, needs no other cookie.
        if let (Some(person), Some(client)) = (self.used, client)
            && !response.headers().contains_key(header::SET_COOKIE)
        {
            match lifetime::renew(&app.db, &app.auth, &person).await {
                Ok(Some(ticket)) => set(response, header::SET_COOKIE, &cookie::sign_in(&app.config, client, &ticket)),
                Ok(None) => {}
                // The next request tries again.
                Err(error) => tracing::debug!(%error, "a session could not be renewed"),
            }
        }
    }
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
