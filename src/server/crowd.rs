//! How many connections each address has, so that none takes all of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use crate::auth::limits::Network;

/// How often it is told that somebody is refused.
const TELL: Duration = Duration::from_secs(60);

/// Who is connected.
#[derive(Debug)]
pub(super) struct Crowd {
    /// Connections of one address.
    most: usize,
    /// Through these come many people.
    proxies: Vec<IpNet>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<Network, usize>,
    told: Option<Instant>,
}

/// A connection that counts, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted(Option<(Arc<Crowd>, Network)>);

impl Crowd {
    /// Nobody is connected yet. Without a number nobody is counted.
    pub(super) fn new(most: Option<usize>, proxies: &[IpNet]) -> Arc<Self> {
        let most = most.unwrap_or(usize::MAX);
        Arc::new(Self { most, proxies: proxies.to_vec(), state: Mutex::default() })
    }

    /// Counts a connection, unless there are as many from there as may be.
    pub(super) fn enter(self: &Arc<Self>, from: IpAddr) -> Option<Counted> {
        if self.most == usize::MAX || self.is_of_many(from.to_canonical()) {
            return Some(Counted(None));
        }
        let network = Network::from(from);
        let state = &mut *self.lock();
        let open = state.open.entry(network).or_default();
        if *open < self.most {
            *open += 1;
            return Some(Counted(Some((Arc::clone(self), network))));
        }
        if state.told.is_none_or(|told| told.elapsed() > TELL) {
            state.told = Some(Instant::now());
            tracing::warn!(
                client = %from,
                most = self.most,
                "an address has as many connections open as one may have, so more of it are refused: if that is your \
                 proxy, name it in LOQUAT_TRUSTED_PROXIES; else see LOQUAT_MAX_CONNECTIONS_PER_ADDRESS"
            );
        }
        None
    }

    /// Whether many may come from this address: it is a proxy, or may be one that nobody has named.
    fn is_of_many(&self, from: IpAddr) -> bool {
        let is_proxy = self.proxies.iter().any(|network| network.contains(&from));
        is_proxy || (self.proxies.is_empty() && from.is_loopback())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some((crowd, network)) = &self.0 else { return };
        let mut state = crowd.lock();
        if let Some(open) = state.open.get_mut(network) {
            *open -= 1;
            if *open == 0 {
                state.open.remove(network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_so_many_and_gets_them_back() {
        let crowd = Crowd::new(Some(2), &[]);
        let first = crowd.enter(at("192.0.2.1")).unwrap();
        let _second = crowd.enter(at("::ffff:192.0.2.1")).unwrap();
        assert!(crowd.enter(at("192.0.2.1")).is_none() && crowd.enter(at("192.0.2.2")).is_some());
        drop(first);
        assert!(crowd.enter(at("192.0.2.1")).is_some());
        // A household has a whole /64.
        let _held = [crowd.enter(at("2001:db8::1")).unwrap(), crowd.enter(at("2001:db8::2")).unwrap()];
        assert!(crowd.enter(at("2001:db8::3")).is_none() && crowd.enter(at("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn whoever_has_left_takes_no_memory() {
        let crowd = Crowd::new(Some(2), &[]);
        for n in 0..=255 {
            drop(crowd.enter(at(&format!("192.0.2.{n}"))));
        }
        assert!(crowd.lock().open.is_empty());
    }

    #[test]
    fn many_come_from_proxies_and_from_this_machine_while_no_proxy_is_named() {
        let all = |crowd: &Arc<Crowd>, from: &str| {
            let held: Vec<_> = (0..5).map_while(|_| crowd.enter(at(from))).collect();
            held.len()
        };
        let unnamed = Crowd::new(Some(2), &[]);
        assert_eq!((all(&unnamed, "127.0.0.1"), all(&unnamed, "::1"), all(&unnamed, "10.0.0.1")), (5, 5, 2));
        let named = Crowd::new(Some(2), &["10.0.0.0/8".parse().unwrap()]);
        assert_eq!((all(&named, "127.0.0.1"), all(&named, "::ffff:10.0.0.1")), (2, 5));
        assert_eq!(all(&Crowd::new(None, &[]), "192.0.2.1"), 5);
    }
}
