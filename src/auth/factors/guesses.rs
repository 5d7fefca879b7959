//! How often somebody may be wrong about a code of six digits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use uuid::Uuid;

use crate::error::{Factor, Result};

/// So many wrong codes of one account within [`WITHIN`], however many sign-ins they are spread over. Three codes are right
/// at any moment: somebody who has the password and guesses for a year gets in with a chance of one in twenty, and
/// recovery codes and passkeys still let the owner in meanwhile.
const MOST: u32 = 10;
/// The time that they are counted in.
const WITHIN: Duration = Duration::from_secs(6 * 60 * 60);
/// How many accounts are remembered. Only whoever knows an account's password is counted.
const REMEMBERED: u64 = 100_000;

/// The wrong codes of each account, in memory.
#[derive(Debug)]
pub(super) struct Guesses(Cache<Uuid, Arc<Mutex<Window>>>);

#[derive(Debug)]
struct Window {
    begun: Instant,
    guesses: u32,
}

impl Guesses {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(WITHIN).build())
    }

    /// Counts a guess before it is looked at, so that many at once are not all looked at.
    pub(super) fn count(&self, user_id: Uuid) -> Result<()> {
        let window = self.0.get_with(user_id, || Arc::new(Mutex::new(Window { begun: Instant::now(), guesses: 0 })));
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.guesses >= MOST {
            let retry_after = WITHIN.saturating_sub(window.begun.elapsed()).max(Duration::from_secs(1));
            return Err(Factor::TooManyGuesses { retry_after }.into());
        }
        window.guesses += 1;
        Ok(())
    }

    /// It was no guess: the code was right.
    pub(super) fn forgive(&self, user_id: Uuid) {
        self.0.invalidate(&user_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn the_wrong_codes_of_an_account_are_counted_until_a_right_one() {
        let guesses = Guesses::new();
        let (ada, ben) = (clock::id(), clock::id());
        for _ in 0..3 {
            (0..MOST).for_each(|_| guesses.count(ada).unwrap());
            let refused = guesses.count(ada).unwrap_err();
            assert!(refused.retry_after().unwrap() <= WITHIN);
            guesses.count(ben).unwrap();
            guesses.forgive(ben);
            guesses.forgive(ada);
        }
    }
}
