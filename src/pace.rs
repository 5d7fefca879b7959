//! How often something may be done: so many times at once, and as many again within a while.

use std::fmt::Debug;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

/// How many of those who did something lately are remembered. Whoever has more addresses than this makes others forgotten,
/// who then may do as much as anybody new; the memory does not grow.
const REMEMBERED: u64 = 65_536;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Questions of a person.
    Turns,
    /// Sign-ins from an address.
    SignIns,
    /// Wrong passwords for an account.
    WrongPasswords,
    /// Registrations from an address.
    Registrations,
    /// Wrong API keys from an address.
    WrongKeys,
}

impl Counted {
    /// What the limit is called in the headers of a response.
    pub fn name(self) -> &'static str {
        match self {
            Self::Turns => "turns",
            Self::SignIns => "sign-ins",
            Self::WrongPasswords => "wrong-passwords",
            Self::Registrations => "registrations",
            Self::WrongKeys => "wrong-keys",
        }
    }

    /// The stable word for a refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Turns => "too_many_turns",
            Self::SignIns => "too_many_sign_ins",
            Self::WrongPasswords => "too_many_wrong_passwords",
            Self::Registrations => "too_many_registrations",
            Self::WrongKeys => "too_many_wrong_keys",
        }
    }

    /// Why somebody is refused, and what to do about it.
    pub fn refusal(self) -> &'static str {
        match self {
            Self::Turns => "you have asked very often within a minute; ask again in a moment",
            Self::SignIns => "too many sign-ins came from your address within a minute; try again in a moment",
            Self::WrongPasswords => {
                "too many wrong passwords were given for this account within a few minutes; wait a minute and try again"
            }
            Self::Registrations => "too many people have registered from your address within an hour; try again later",
            Self::WrongKeys => {
                "too many wrong API keys came from your address within a minute; check the key and try again in a moment"
            }
        }
    }
}

/// A limit, and how far from it somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What is counted.
    pub counted: Counted,
    /// How often at once.
    pub most: u32,
    /// Within which time as many again are welcome.
    pub within: Duration,
    /// How often now.
    pub remaining: u32,
    /// At most how long until it is once more.
    pub next: Duration,
}

/// What somebody is told apart by.
pub trait Key: Hash + Eq + Clone + Debug + Send + Sync + 'static {}

impl<K: Hash + Eq + Clone + Debug + Send + Sync + 'static> Key for K {}

/// Counts what each of many does, in bounded memory.
#[derive(Debug)]
pub struct Pace<K: Key>(Option<Limit<K>>);

#[derive(Debug)]
struct Limit<K: Key> {
    counted: Counted,
    most: u32,
    within: Duration,
    recent: Recent<K>,
    limiter: RateLimiter<K, Recent<K>, DefaultClock, StateInformationMiddleware>,
}

impl<K: Key> Pace<K> {
    /// At most so many at once, and as many again within a time; `None` means without a limit.
    pub fn new(counted: Counted, most: Option<usize>, within: Duration) -> Self {
        let limit = most.and_then(|most| {
            let most = NonZeroU32::new(u32::try_from(most).unwrap_or(u32::MAX))?;
            let quota = Quota::with_period(within / most.get())?.allow_burst(most);
            let recent = Recent::new(within);
            let limiter = RateLimiter::new(quota, recent.clone(), DefaultClock::default());
            Some(Limit { counted, most: most.get(), within, recent, limiter })
        });
        Self(limit)
    }

    /// Counts one, or tells when the next is welcome. Where there is no limit there is nothing to tell.
    pub fn take(&self, key: &K) -> Result<Option<Standing>, Standing> {
        let Some(limit) = &self.0 else { return Ok(None) };
        match limit.limiter.check_key(key) {
            Ok(state) => Ok(Some(limit.standing(state.remaining_burst_capacity(), limit.within / limit.most))),
            Err(until) => Err(limit.standing(0, until.wait_time_from(limit.limiter.clock().now()))),
        }
    }

    /// Takes back one that was counted and is not to count after all.
    pub fn give_back(&self, key: &K) {
        let Some(limit) = &self.0 else { return };
        let Some(state) = limit.recent.0.get(key) else { return };
        let one = Nanos::from(limit.within / limit.most);
        // What is kept is the moment at which everything counted so far will be forgotten.
        let earlier = |forgotten: Option<Nanos>| Ok(((), forgotten.unwrap_or(one).saturating_sub(one)));
        let _: Result<(), ()> = state.measure_and_replace(&NotKeyed::NonKey, earlier);
    }

    /// How many are remembered.
    #[cfg(test)]
    fn remembered(&self) -> u64 {
        self.0.as_ref().map_or(0, |limit| {
            limit.recent.0.run_pending_tasks();
            limit.recent.0.entry_count()
        })
    }
}

impl<K: Key> Limit<K> {
    fn standing(&self, remaining: u32, next: Duration) -> Standing {
        Standing { counted: self.counted, most: self.most, within: self.within, remaining, next }
    }
}

/// Those who did something lately. The library's own store only grows until it is told to look through all of it.
#[derive(Clone, Debug)]
struct Recent<K: Key>(Cache<K, Arc<InMemoryState>>);

impl<K: Key> Recent<K> {
    /// After `within` without a sign of somebody all that they did is forgotten anyway.
    fn new(within: Duration) -> Self {
        let cache = Cache::builder().max_capacity(REMEMBERED).eviction_policy(EvictionPolicy::lru());
        Self(cache.time_to_idle(within).build())
    }
}

impl<K: Key> StateStore for Recent<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let state = self.0.get_with_by_ref(key, Arc::default);
        state.measure_and_replace(&NotKeyed::NonKey, measure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn each_has_a_pace_of_their_own() {
        let pace = Pace::new(Counted::Turns, Some(3), MINUTE);
        for remaining in [2, 1, 0] {
            let standing = pace.take(&"ada").unwrap().unwrap();
            assert_eq!((standing.most, standing.within, standing.remaining), (3, MINUTE, remaining));
            assert_eq!(standing.next, Duration::from_secs(20));
        }
        let refused = pace.take(&"ada").unwrap_err();
        let wait = refused.next.as_secs_f64();
        assert!(refused.remaining == 0 && (1.0..=20.0).contains(&wait), "{refused:?}");
        assert_eq!(pace.take(&"ben").unwrap().unwrap().remaining, 2);
    }

    #[test]
    fn what_is_given_back_does_not_count() {
        let pace = Pace::new(Counted::WrongPasswords, Some(2), MINUTE);
        for _ in 0..10 {
            assert_eq!(pace.take(&"ada").unwrap().unwrap().remaining, 1);
            pace.give_back(&"ada");
        }
        // No more than was taken.
        pace.give_back(&"ada");
        pace.give_back(&"ben");
        for name in ["ada", "ben"] {
            assert_eq!([(); 3].map(|()| pace.take(&name).is_ok()), [true, true, false], "{name}");
        }
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        for most in [None, Some(0)] {
            let pace = Pace::new(Counted::Turns, most, MINUTE);
            assert!((0..1000).all(|_| pace.take(&"ada") == Ok(None)));
        }
    }

    #[test]
    fn however_many_come_the_memory_is_bounded_and_the_newest_are_remembered() {
        let pace = Pace::new(Counted::SignIns, Some(1), MINUTE);
        let many = REMEMBERED * 3;
        assert!((0..many).all(|number| pace.take(&number).is_ok()));
        assert!(pace.remembered() <= REMEMBERED, "{}", pace.remembered());
        assert!((many - 1000..many).all(|number| pace.take(&number).is_err()));
    }
}
