//! Secrets that are shown once and kept as a hash: API keys and invitations.

use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// How many random bytes a secret has; they are written in hexadecimal.
const RANDOM_BYTES: usize = 32;

/// The SHA-256 of a secret.
pub(super) type Hash = [u8; 32];

/// A new secret of the kind that begins so, and its hash in hexadecimal.
pub(super) fn new(begin: &str) -> (SecretString, String) {
    let secret = format!("{begin}{}", hex(&rand::random::<[u8; RANDOM_BYTES]>()));
    let hash = hex(&Sha256::digest(&secret));
    (SecretString::from(secret), hash)
}

/// The hash of what has the form of such a secret; nothing else is worth a look into the database.
pub(super) fn hash(begin: &str, secret: &str) -> Option<Hash> {
    let random = secret.strip_prefix(begin)?;
    let is_one = random.len() == 2 * RANDOM_BYTES && random.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    is_one.then(|| Sha256::digest(secret).into())
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn only_what_has_the_form_of_a_secret_is_looked_for() {
        let key = format!("lq_{}", "0123456789abcdef".repeat(4));
        assert!(hash("lq_", &key).is_some());
        let longer = format!("{key}0");
        for wrong in ["", "lq_", &key[1..], &key[..66], &longer, &key.replace('a', "A"), &key.replace('a', "é")] {
            assert_eq!(hash("lq_", wrong), None, "{wrong}");
        }
        assert_eq!(hash("lqi_", &key), None);
    }

    #[test]
    fn a_new_one_is_found_again() {
        let (secret, known) = new("lq_");
        assert_eq!(hex(&hash("lq_", secret.expose_secret()).unwrap()), known);
    }

    #[test]
    fn a_hash_is_that_of_the_whole_secret() {
        let key = format!("lq_{}", "0".repeat(64));
        // printf 'lq_%064d' 0 | sha256sum
        let known = "e9636e56a899f023d3ec410b67b98643d38f84473cbd35e3a7526288dabc4c5d";
        assert_eq!(hex(&hash("lq_", &key).unwrap()), known);
    }
}
