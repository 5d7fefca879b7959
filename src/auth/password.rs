//! Passwords: argon2id, a few at a time, away from the asynchronous threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::guessable::{self, Words};
use crate::error::{Error, Result};

/// A hash of nothing anybody can type, for accounts that do not exist.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now(&SecretString::from("\u{0}nobody has this password".to_owned())).unwrap_or_default());

/// Hashes and checks passwords, on half of the cores at most: each takes 19 MiB and some 20 ms of a core, and answers that
/// are being written must not wait for it.
#[derive(Debug)]
pub struct Hasher {
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    done: AtomicU64,
    words: Words,
}

impl Hasher {
    /// A hasher that lets `waiting` requests wait; more are told to come back.
    pub fn new(waiting: Option<usize>) -> Self {
        let most = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
        let waiting = waiting.unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS - most);
        Self {
            working: Arc::new(Semaphore::new(most)),
            waiting: Arc::new(Semaphore::new(waiting + most)),
            done: AtomicU64::new(0),
            words: Words::new(None),
        }
    }

    /// The same for a server of this name, which is then no good password.
    pub fn for_host(self, host: Option<&str>) -> Self {
        Self { words: Words::new(host), ..self }
    }

    /// Refuses a password that will not do for somebody with this address and this name.
    pub fn check_is_good(&self, password: &SecretString, email: &str, name: Option<&str>) -> Result<()> {
        guessable::check(&self.words, password.expose_secret(), email, name)
    }

    /// The PHC string of a password.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.work(move || hash_now(&password)).await?
    }

    /// Whether the password fits the hash. Without a hash it never fits, and takes the same time.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool> {
        self.work(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.clone());
            let parsed =
                PasswordHash::new(&hash).map_err(|error| Error::Internal(anyhow::anyhow!("stored hash: {error}")))?;
            let fits = argon2().verify_password(password.expose_secret().as_bytes(), &parsed).is_ok();
            Ok(fits && known)
        })
        .await?
    }

    /// How many passwords were hashed or checked so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _waiting: OwnedSemaphorePermit = match Arc::clone(&self.waiting).try_acquire_owned() {
            Ok(permit) => permit,
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => {
                return Err(Error::Busy { retry_after: Duration::from_secs(2) });
            }
        };
        let working = Arc::clone(&self.working).acquire_owned().await.map_err(|error| Error::Internal(error.into()))?;
        self.done.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller who leaves must not let more run than are allowed.
            let _working = working;
            work()
        })
        .await
        .map_err(|error| Error::Internal(error.into()))
    }
}

/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn hash_now(password: &SecretString) -> Result<String> {
    argon2()
        .hash_password(password.expose_secret().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::Internal(anyhow::anyhow!("hashing a password: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let hasher = Hasher::new(Some(4));
        let secret = |text: &str| SecretString::from(text.to_owned());
        let hash = hasher.hash(secret("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify(secret("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(secret("correct horses"), Some(hash)).await.unwrap());
        assert!(!hasher.verify(secret("correct horse"), None).await.unwrap());
    }

    #[tokio::test]
    async fn more_than_the_queue_holds_are_told_to_come_back() {
        let hasher = Hasher::new(Some(0));
        let _held: Vec<_> = std::iter::from_fn(|| Arc::clone(&hasher.waiting).try_acquire_owned().ok()).collect();
        let refused = hasher.hash(SecretString::from("correct horse".to_owned())).await;
        assert!(matches!(refused, Err(Error::Busy { .. })));
    }
}
