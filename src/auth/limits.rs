//! How often anybody may guess: at passwords, at keys and at invitations, counted before anything is hashed or looked up.
//!
//! What turns out to be no guess is given back, so that whoever knows their password does not use up what is for the others
//! at their address, and an account that does not exist is counted like one that does.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::normal_email;
use super::secret::Hash;
use crate::config::AccountLimits;
use crate::error::{Error, Result};
use crate::pace::{Counted, Pace, Standing};

const MINUTE: Duration = Duration::from_secs(60);

/// Where requests come from, as far as one household or one machine cannot choose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            // Whoever has one address of a /64 has all of them.
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()),
        }
    }
}

/// Whose password is guessed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Account {
    /// Whoever has this address, be it somebody or nobody; by its hash, which is short however long it is.
    Named(Hash),
    /// Somebody who is signed in. Apart, so that no stranger keeps them from changing their password.
    SignedIn(Uuid),
}

impl Account {
    fn named(email: &str) -> Self {
        let email = normal_email(email).unwrap_or_else(|_| email.to_owned());
        Self::Named(Sha256::digest(email).into())
    }
}

/// What is counted, and of whom.
#[derive(Debug)]
pub struct Limits {
    sign_ins: Pace<Network>,
    passkeys_asked_for: Pace<Network>,
    wrong_passwords: Pace<Account>,
    registrations: Pace<Network>,
    wrong_keys: Pace<Network>,
}

/// Something that may be a guess, counted as one until it is known. Hand it the outcome.
#[derive(Debug)]
pub struct Attempt<'a> {
    limits: &'a Limits,
    of: Of,
    /// How far from their limits these attempts are.
    pub standings: Vec<Standing>,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Account(Account),
    Registration(Network),
    Key(Network),
}

impl Limits {
    /// Nobody has guessed yet.
    pub fn new(limits: &AccountLimits) -> Self {
        Self {
            sign_ins: Pace::new(Counted::SignIns, limits.sign_ins_per_minute, MINUTE),
            passkeys_asked_for: Pace::new(Counted::SignIns, limits.sign_ins_per_minute, MINUTE),
            wrong_passwords: Pace::new(Counted::WrongPasswords, limits.wrong_passwords, 10 * MINUTE),
            registrations: Pace::new(Counted::Registrations, limits.registrations_per_hour, 60 * MINUTE),
            wrong_keys: Pace::new(Counted::WrongKeys, limits.wrong_keys_per_minute, MINUTE),
        }
    }

    /// An attempt to sign in. From each address only so many, right or wrong; for each account only so many wrong ones.
    pub fn sign_in(&self, from: IpAddr, email: &str) -> Result<Attempt<'_>> {
        let of_address = self.sign_ins.take(&from.into()).map_err(Error::TooOften)?;
        let mut attempt = self.of_account(Account::named(email))?;
        attempt.standings.splice(0..0, of_address);
        Ok(attempt)
    }

    /// A step of a sign-in that names nobody, such as a code or a passkey. It counts as a sign-in from there.
    pub fn step(&self, from: IpAddr) -> Result<Option<Standing>> {
        self.sign_ins.take(&from.into()).map_err(Error::TooOften)
    }

    /// The begin of a sign-in with a passkey. As many as there may be sign-ins, and counted apart from them: of what waits
    /// for passkeys there is only so much, and nobody is to fill it with what never comes to its end.
    pub fn passkey(&self, from: IpAddr) -> Result<Option<Standing>> {
        self.passkeys_asked_for.take(&from.into()).map_err(Error::TooOften)
    }

    /// An attempt at the password of somebody who is signed in already.
    pub fn own_password(&self, user_id: Uuid) -> Result<Attempt<'_>> {
        self.of_account(Account::SignedIn(user_id))
    }

    /// An attempt to register.
    pub fn registration(&self, from: IpAddr) -> Result<Attempt<'_>> {
        let from = from.into();
        self.attempt(Of::Registration(from), self.registrations.take(&from))
    }

    /// An attempt at an API key.
    pub fn key(&self, from: IpAddr) -> Result<Attempt<'_>> {
        let from = from.into();
        self.attempt(Of::Key(from), self.wrong_keys.take(&from))
    }

    fn of_account(&self, account: Account) -> Result<Attempt<'_>> {
        self.attempt(Of::Account(account), self.wrong_passwords.take(&account))
    }

    fn attempt(&self, of: Of, taken: Result<Option<Standing>, Standing>) -> Result<Attempt<'_>> {
        let standing = taken.map_err(Error::TooOften)?;
        Ok(Attempt { limits: self, of, standings: Vec::from_iter(standing) })
    }
}

impl Attempt<'_> {
    /// Passes the outcome on, and counts no longer what was no guess.
    pub fn settle<T>(&mut self, outcome: Result<T>) -> Result<T> {
        let counts = match (self.of, &outcome) {
            (Of::Account(_), Err(Error::WrongCredentials | Error::WrongPassword { .. })) => true,
            // Whoever is told that an address is taken has learnt something.
            (Of::Registration(_), Ok(_) | Err(Error::EmailTaken | Error::InviteInvalid)) => true,
            (Of::Key(_), Err(Error::KeyInvalid)) => true,
            _ => false,
        };
        if !counts {
            let counted = match self.of {
                Of::Account(account) => {
                    self.limits.wrong_passwords.give_back(&account);
                    Counted::WrongPasswords
                }
                Of::Registration(from) => {
                    self.limits.registrations.give_back(&from);
                    Counted::Registrations
                }
                Of::Key(from) => {
                    self.limits.wrong_keys.give_back(&from);
                    Counted::WrongKeys
                }
            };
            let standing = self.standings.iter_mut().find(|standing| standing.counted == counted);
            standing.into_iter().for_each(|standing| standing.remaining += 1);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::new(&AccountLimits {
            sign_ins_per_minute: Some(3),
            wrong_passwords: Some(2),
            registrations_per_hour: Some(2),
            wrong_keys_per_minute: Some(2),
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn code<T>(outcome: Result<T>) -> &'static str {
        outcome.err().map_or("", |error| error.code())
    }

    #[test]
    fn an_address_is_a_whole_64_of_ipv6_and_one_of_ipv4_in_either_form() {
        let network = |text: &str| Network::from(address(text));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"));
    }

    #[test]
    fn right_passwords_count_for_the_address_alone() {
        let limits = limits();
        for n in 0..10 {
            let mut attempt = limits.sign_in(address(&format!("192.0.2.{n}")), "ada@example.org").unwrap();
            attempt.settle(Ok(())).unwrap();
            assert_eq!(attempt.standings.iter().map(|standing| standing.remaining).collect::<Vec<_>>(), [2, 2]);
        }
        let from = address("198.51.100.1");
        for n in 0..3 {
            let mut attempt = limits.sign_in(from, &format!("{n}@example.org")).unwrap();
            attempt.settle(Ok(())).unwrap();
        }
        assert_eq!(code(limits.sign_in(from, "ben@example.org")), "too_many_sign_ins");
    }

    #[test]
    fn wrong_ones_count_for_the_account_however_it_is_written_and_wherever_they_come_from() {
        let limits = limits();
        for (n, email) in ["ada@example.org", " ADA@example.org"].iter().enumerate() {
            let mut attempt = limits.sign_in(address(&format!("192.0.2.{n}")), email).unwrap();
            assert!(attempt.settle::<()>(Err(Error::WrongCredentials)).is_err());
        }
        let refused = limits.sign_in(address("192.0.2.9"), "Ada@Example.org");
        assert_eq!(code(refused), "too_many_wrong_passwords");
        assert_eq!(code(limits.sign_in(address("192.0.2.9"), "ben@example.org")), "");
        // A server that was too busy has said nothing of the password.
        let busy = || Err::<(), _>(Error::Busy { retry_after: MINUTE });
        for n in 0..10 {
            let mut attempt = limits.sign_in(address(&format!("198.51.100.{n}")), "no address").unwrap();
            assert!(attempt.settle(busy()).is_err());
        }
    }

    #[test]
    fn a_registration_counts_where_it_has_made_something_or_told_something() {
        let limits = limits();
        let from = address("192.0.2.1");
        for _ in 0..10 {
            let mut attempt = limits.registration(from).unwrap();
            assert!(attempt.settle::<()>(Err(Error::invalid("password", "too short"))).is_err());
        }
        limits.registration(from).unwrap().settle(Ok(())).unwrap();
        assert!(limits.registration(from).unwrap().settle::<()>(Err(Error::InviteInvalid)).is_err());
        assert_eq!(code(limits.registration(from)), "too_many_registrations");
    }

    #[test]
    fn right_keys_do_not_count() {
        let limits = limits();
        let from = address("192.0.2.1");
        for outcome in [Ok(()), Ok(()), Err(Error::KeyInvalid), Ok(()), Err(Error::KeyInvalid)] {
            let _ = limits.key(from).unwrap().settle(outcome);
        }
        assert_eq!(code(limits.key(from)), "too_many_wrong_keys");
    }
}
