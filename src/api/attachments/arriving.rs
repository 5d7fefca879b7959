//! Uploads that are arriving: more than other bodies may be, and so from people who are known, and not from all at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use poem::http::{HeaderMap, Method};
use uuid::Uuid;

use super::super::cookie::Client;
use super::super::session;
use super::PATH;
use crate::app::App;
use crate::error::Error;

/// How many may arrive at once …
const MOST: usize = 64;
/// … and of one person.
const MOST_EACH: usize = 4;

/// How many are arriving, by person.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Mutex<HashMap<Uuid, usize>>);

/// What is known of an upload before it arrives.
#[derive(Clone)]
pub(crate) enum Arriving {
    /// It has this place until all of these are dropped. Who it is from is asked again when it has arrived.
    Welcome(#[expect(dead_code, reason = "it is held, to be dropped")] Arc<Place>),
    /// Why it is refused, until that is told.
    Refused(Arc<Mutex<Option<Error>>>),
}

/// A place among those that arrive.
pub(crate) struct Place {
    arrivals: Arc<Arrivals>,
    person: Uuid,
}

impl Arrivals {
    /// Lets an upload of somebody who is known arrive. None for every other request.
    pub(crate) async fn expect(
        self: &Arc<Self>,
        app: &App,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        client: Client,
    ) -> Option<Arriving> {
        if *method != Method::POST || path.trim_end_matches('/') != PATH {
            return None;
        }
        let welcome = session::recognise(app, headers, Some(client)).await.and_then(|from| {
            let place = self.enter(from.caller.id());
            place.ok_or(Error::Busy { retry_after: Duration::from_secs(2) })
        });
        Some(match welcome {
            Ok(place) => Arriving::Welcome(Arc::new(place)),
            Err(error) => Arriving::Refused(Arc::new(Mutex::new(Some(error)))),
        })
    }

    fn enter(self: &Arc<Self>, person: Uuid) -> Option<Place> {
        let mut arriving = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = arriving.get(&person).copied().unwrap_or_default();
        if own >= MOST_EACH || arriving.values().sum::<usize>() >= MOST {
            return None;
        }
        arriving.insert(person, own + 1);
        Some(Place { arrivals: Arc::clone(self), person })
    }
}

impl Arriving {
    /// Why it is refused, once: a wrong key that was looked for already is not to count as two guesses.
    pub(crate) fn refusal(&self) -> Option<Error> {
        match self {
            Self::Welcome(_) => None,
            Self::Refused(error) => error.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut arriving = self.arrivals.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = arriving.get_mut(&self.person) {
            *own -= 1;
            if *own == 0 {
                arriving.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn one_person_does_not_take_all_places_and_gives_them_back() {
        let arrivals = Arc::new(Arrivals::default());
        let one = clock::id();
        let held: Vec<Place> = (0..MOST_EACH).map_while(|_| arrivals.enter(one)).collect();
        assert!(held.len() == MOST_EACH && arrivals.enter(one).is_none());
        let others: Vec<Place> = (0..MOST).map_while(|_| arrivals.enter(clock::id())).collect();
        assert_eq!(others.len(), MOST - MOST_EACH);
        drop(held);
        assert!(arrivals.enter(one).is_some());
        drop(others);
        assert!(arrivals.0.lock().unwrap().is_empty());
    }
}
