//! Passwords: argon2id, a few at a time, away from the asynchronous threads.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::guessable::{self, Words};
use super::workers::Workers;
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
    workers: Workers,
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
            workers: Workers::new(most),
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
            let fits = fits(&password, &hash);
            let fits = fits.map_err(|error| Error::Internal(anyhow::anyhow!("a stored hash: {error}")))?;
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
        let work = move || {
            // Held by the work itself: a caller who leaves must not let more run than are allowed.
            let _working = working;
            work()
        };
        self.workers.run(work).await
    }
}

/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn hash_now(password: &SecretString) -> Result<String> {
    hash_with(&argon2(), password, &argon2::password_hash::generate_salt())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::Internal(anyhow::anyhow!("hashing a password: {error}")))
}

/// Whether a password fits a hash, which says itself how it was made.
fn fits(password: &SecretString, hash: &str) -> password_hash::Result<bool> {
    let hash = PasswordHash::new(hash)?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from)?;
    let made = Argon2::new(algorithm, version, Params::try_from(&hash)?);
    let (Some(salt), Some(_)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    // Two outputs are compared in a time that does not tell where they differ.
    Ok(hash_with(&made, password, salt)?.hash == hash.hash)
}

thread_local! {
    /// What a hash is worked out in. Kept, because memory of this size that is given back comes back in pieces: an allocator
    /// puts something small into it, and the next hash needs a new place.
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

fn hash_with(argon2: &Argon2<'_>, password: &SecretString, salt: &[u8]) -> password_hash::Result<PasswordHash> {
    let params = argon2.params();
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))
        .ok_or(password_hash::Error::OutputSize)?;
    MEMORY.with_borrow_mut(|memory| {
        let needed = params.block_count();
        if memory.len() < needed {
            memory.resize(needed, Block::new());
        }
        argon2.hash_password_into_with_memory(password.expose_secret().as_bytes(), salt, output, &mut memory[..needed])
    })?;
    Ok(PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(output)?),
    })
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

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

    #[test]
    fn memory_that_was_used_before_makes_no_difference() {
        let secret = |text: &str| SecretString::from(text.to_owned());
        let others = argon2::Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8192, 3, 1, None).unwrap());
        for password in ["one of them", "another one", "one of them"] {
            // As the library does it, in memory of its own.
            let whole = others.hash_password(password.as_bytes()).unwrap().to_string();
            let usual = argon2().hash_password(password.as_bytes()).unwrap().to_string();
            for hash in [&whole, &usual, &hash_now(&secret(password)).unwrap()] {
                assert!(fits(&secret(password), hash).unwrap() && !fits(&secret("neither"), hash).unwrap(), "{hash}");
            }
            let ours = PasswordHash::new(&hash_now(&secret(password)).unwrap()).unwrap();
            assert!(argon2().verify_password(password.as_bytes(), &ours).is_ok());
        }
        assert!(fits(&secret("anything"), "no hash").is_err());
    }

    #[tokio::test]
    async fn more_than_the_queue_holds_are_told_to_come_back() {
        let hasher = Hasher::new(Some(0));
        let _held: Vec<_> = std::iter::from_fn(|| Arc::clone(&hasher.waiting).try_acquire_owned().ok()).collect();
        let refused = hasher.hash(SecretString::from("correct horse".to_owned())).await;
        assert!(matches!(refused, Err(Error::Busy { .. })));
    }
}
