//! Uploads that are arriving: more than other bodies may be, and so from people who are known, and not from all at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use poem::http::{HeaderMap, Method};
use uuid::Uuid;

use super::super::cookie::Client;
use super::super::session::{self, Recognised};
use super::PATH;
use crate::app::App;
use crate::error::{Error, Result};

/// How many may arrive at once …
const MOST: usize = 64;
/// … and of one person.
const MOST_EACH: usize = 4;

/// How many are arriving, by person.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Mutex<HashMap<Uuid, usize>>);

/// An upload that is arriving, until it is dropped, and who it is from.
#[derive(Clone)]
pub(crate) struct Arriving {
    pub(crate) from: Recognised,
    _place: Arc<Place>,
}

struct Place {
    arrivals: Arc<Arrivals>,
    person: Uuid,
}

impl Arrivals {
    /// Lets an upload arrive. None for every other request, and for whoever is not known: what they may send is what
    /// anybody may.
    pub(crate) async fn expect(
        self: &Arc<Self>,
        app: &App,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        client: Client,
    ) -> Result<Option<Arriving>> {
        if *method != Method::POST || path.trim_end_matches('/') != PATH {
            return Ok(None);
        }
        let Ok(from) = session::recognise(app, headers, Some(client)).await else { return Ok(None) };
        let place = self.enter(from.caller.id()).ok_or(Error::Busy { retry_after: Duration::from_secs(2) })?;
        Ok(Some(Arriving { from, _place: Arc::new(place) }))
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
