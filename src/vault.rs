//! Secrets that are kept to be used again: encrypted at rest with a key made from `SECRET_KEY`.
//!
//! What only has to be recognised, such as a password or an API key of our own, is kept as a hash instead.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// What the key is for; another use of `SECRET_KEY` must never come to the same key.
const LABEL: &[u8] = b"loquat vault: secrets at rest, XChaCha20-Poly1305, 1";
/// The first byte of what is sealed: how it was sealed.
const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const NONCE: usize = 24;
const TAG: usize = 16;

/// What a secret is of, such as its table and column, its row, and the host that it is for.
///
/// A sealed secret opens for the same words only, so that it is worth nothing in another row.
pub type Context<'a> = &'a [&'a str];

/// Seals secrets and opens them again.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: KeyId,
}

/// What tells keys apart without telling anything of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; KEY_ID]);

/// Why a secret cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Locked {
    /// It was sealed with a key that is not this one.
    #[error("it was stored under another SECRET_KEY")]
    OtherKey,
    /// It was changed, or belongs elsewhere.
    #[error("it is damaged, or was stored for something else")]
    Damaged,
}

/// What became of stored secrets that are sealed anew for another key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many are sealed with the new key now.
    pub done: usize,
    /// How many were so before.
    pub already: usize,
    /// What could not be read with the old key, and stays as it is.
    pub unreadable: Vec<String>,
}

impl Resealed {
    /// Seals anew what opens with `old`; nothing for the rest. `what` names it for people.
    pub fn again(
        &mut self,
        old: &Vault,
        new: &Vault,
        context: Context<'_>,
        sealed: &str,
        what: &str,
    ) -> Option<String> {
        if new.sealed(sealed) {
            self.already += 1;
            return None;
        }
        match old.open(context, sealed) {
            Ok(secret) => {
                self.done += 1;
                Some(new.seal(context, &secret))
            }
            Err(_) => {
                self.unreadable.push(what.to_owned());
                None
            }
        }
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({:?})", self.key_id)
    }
}

impl std::fmt::Debug for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Vault {
    /// The vault of a `SECRET_KEY`. Its own key comes from that by HKDF with SHA-256 (RFC 5869).
    pub fn new(secret_key: &SecretString) -> Self {
        let mut key = Key::default();
        let derived = Hkdf::<Sha256>::new(None, secret_key.expose_secret().as_bytes()).expand(LABEL, &mut key);
        // HKDF gives up to 8160 bytes, and a key has 32.
        debug_assert!(derived.is_ok());
        let mut key_id = [0; KEY_ID];
        key_id.copy_from_slice(&Sha256::digest(key)[..KEY_ID]);
        Self { cipher: XChaCha20Poly1305::new(&key), key_id: KeyId(key_id) }
    }

    /// Which key this is.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Encrypts a secret as text: a version, the key's id, a random nonce and the ciphertext with its tag, in base64.
    pub fn seal(&self, context: Context<'_>, secret: &SecretString) -> String {
        let nonce: [u8; NONCE] = rand::random();
        let head = self.head();
        let bound = bound(&head, context);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &bound };
        // It fails for texts of more than 256 GiB only.
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        STANDARD_NO_PAD.encode([&head[..], &nonce, &sealed].concat())
    }

    /// Decrypts what was sealed in the same context.
    pub fn open(&self, context: Context<'_>, sealed: &str) -> Result<SecretString, Locked> {
        let bytes = STANDARD_NO_PAD.decode(sealed).map_err(|_| Locked::Damaged)?;
        if key_id(&bytes)? != self.key_id {
            return Err(Locked::OtherKey);
        }
        let (head, rest) = bytes.split_at(1 + KEY_ID);
        let (nonce, ciphertext) = rest.split_at(NONCE);
        let nonce = XNonce::try_from(nonce).map_err(|_| Locked::Damaged)?;
        let payload = Payload { msg: ciphertext, aad: &bound(head, context) };
        let text = self.cipher.decrypt(&nonce, payload).map_err(|_| Locked::Damaged)?;
        String::from_utf8(text).map(SecretString::from).map_err(|_| Locked::Damaged)
    }

    /// Whether it was sealed with this key; what it holds may still be damaged.
    pub fn sealed(&self, sealed: &str) -> bool {
        STANDARD_NO_PAD.decode(sealed).is_ok_and(|bytes| key_id(&bytes) == Ok(self.key_id))
    }

    fn head(&self) -> [u8; 1 + KEY_ID] {
        let mut head = [VERSION; 1 + KEY_ID];
        head[1..].copy_from_slice(&self.key_id.0);
        head
    }
}

/// The key that it was sealed with.
fn key_id(bytes: &[u8]) -> Result<KeyId, Locked> {
    if bytes.len() < 1 + KEY_ID + NONCE + TAG || bytes[0] != VERSION {
        return Err(Locked::Damaged);
    }
    bytes[1..=KEY_ID].try_into().map(KeyId).map_err(|_| Locked::Damaged)
}

/// What the tag also covers. Every word stands behind its length, so that no two contexts come to the same bytes.
fn bound(head: &[u8], context: Context<'_>) -> Vec<u8> {
    let mut bound = head.to_vec();
    for word in context {
        bound.extend_from_slice(&(word.len() as u64).to_be_bytes());
        bound.extend_from_slice(word.as_bytes());
    }
    bound
}

#[cfg(test)]
mod tests;
