//! How often a person may ask: so many turns at once, and as many again within a minute.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use uuid::Uuid;

use crate::error::{Error, Result};

/// Above so many people, those who have not asked for a while are forgotten.
const REMEMBERED: usize = 10_000;

/// The turns of each person, in memory.
pub struct Pace {
    clock: DefaultClock,
    turns: Option<RateLimiter<Uuid, HashMapStateStore<Uuid>, DefaultClock>>,
}

impl Pace {
    /// At most so many turns a minute; `None` means without a limit.
    pub fn new(turns_per_minute: Option<usize>) -> Self {
        let quota = turns_per_minute
            .and_then(|turns| NonZeroU32::new(u32::try_from(turns).unwrap_or(u32::MAX)))
            .map(Quota::per_minute);
        Self { clock: DefaultClock::default(), turns: quota.map(RateLimiter::hashmap) }
    }

    /// Counts a turn, or tells when the next one is welcome.
    pub fn check(&self, owner_id: Uuid) -> Result<()> {
        let Some(turns) = &self.turns else { return Ok(()) };
        if turns.len() > REMEMBERED {
            turns.retain_recent();
        }
        turns
            .check_key(&owner_id)
            .map_err(|until| Error::TooManyTurns { retry_after: until.wait_time_from(self.clock.now()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn each_person_has_a_pace_of_their_own() {
        let pace = Pace::new(Some(3));
        let (ada, ben) = (clock::id(), clock::id());
        for _ in 0..3 {
            pace.check(ada).unwrap();
        }
        let refused = pace.check(ada).unwrap_err();
        let wait = refused.retry_after().unwrap().as_secs_f64();
        assert!((1.0..=20.0).contains(&wait), "{wait}");
        pace.check(ben).unwrap();
        (0..100).for_each(|_| Pace::new(None).check(ada).unwrap());
    }
}
