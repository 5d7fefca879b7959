//! Recovery codes: ten of them, each good once, for when the app or the passkey is lost.

use sea_orm::{ActiveModelTrait, ConnectionTrait, Set};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::standing;
use crate::auth::{SignedIn, accounts, secret};
use crate::clock;
use crate::db::Db;
use crate::entity::recovery_code;
use crate::error::{Error, Factor, Result};

/// How many a person gets.
const HOW_MANY: usize = 10;
/// How many letters a code has, of five random bits each: 140, so that a fast hash of it is as good as a slow one.
const LETTERS: usize = 28;
/// How many those of the first version had, of which people have some left.
const LETTERS_ONCE: usize = 16;
/// Crockford's base32, without letters that look like digits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// New codes for somebody who has a second factor; those before them are worth nothing any more.
pub async fn renew(db: &Db, person: &SignedIn) -> Result<Vec<String>> {
    let user_id = person.caller.id();
    let transaction = accounts::write_in_session(db, person).await?;
    if !standing(&transaction, user_id).await?.is_on() {
        return Err(Factor::Missing.into());
    }
    let codes = replace(&transaction, user_id).await?;
    db.commit(transaction).await?;
    Ok(codes)
}

/// Codes for somebody who has none.
pub(super) async fn first(transaction: &impl ConnectionTrait, user_id: Uuid) -> Result<Option<Vec<String>>> {
    match standing(transaction, user_id).await?.recovery_codes {
        0 => replace(transaction, user_id).await.map(Some),
        _ => Ok(None),
    }
}

async fn replace(transaction: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<String>> {
    recovery_code::Entity::delete_all_owned(user_id).exec(transaction).await?;
    let codes: Vec<String> = (0..HOW_MANY).map(|_| new()).collect();
    for code in &codes {
        let code_hash = hash(code).ok_or_else(|| Error::Internal(anyhow::anyhow!("a new code has no hash")))?;
        let row = recovery_code::ActiveModel { id: Set(clock::id()), user_id: Set(user_id), code_hash: Set(code_hash) };
        row.insert(transaction).await?;
    }
    Ok(codes)
}

/// Uses a code up. Of two at once one is told that it is wrong.
pub(super) async fn spend(db: &Db, user_id: Uuid, code: &SecretString) -> Result<()> {
    let hash = hash(code.expose_secret()).ok_or(Factor::Wrong("recovery_code"))?;
    let transaction = db.write().await?;
    let deleted = recovery_code::Entity::delete_owned(user_id, &hash).exec(&transaction).await?;
    db.commit(transaction).await?;
    if deleted.rows_affected == 1 { Ok(()) } else { Err(Error::Factor(Factor::Wrong("recovery_code"))) }
}

/// A new code, such as `3kf7-9mzq-x2d0-hw5t-p8en-4vbc-j6ra`.
fn new() -> String {
    let letters = rand::random::<[u8; LETTERS]>().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// The hash of what has the form of a code, however it was written.
fn hash(code: &str) -> Option<String> {
    let letters: String = code
        .chars()
        .filter(|c| !matches!(c, '-' | ' '))
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        })
        .collect();
    let is_one = matches!(letters.len(), LETTERS | LETTERS_ONCE) && letters.bytes().all(|c| ALPHABET.contains(&c));
    is_one.then(|| secret::hex(&Sha256::digest(letters)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_again_however_it_is_written() {
        let code = "0123-45ab-cdef-gh1z";
        let known = hash(code).unwrap();
        for same in ["0123 45ab cdef gh1z", "0123-45AB-CDEF-GHIZ", "oi2345abcdefghlz ", "O123-45ab-cdef-gh1z"] {
            assert_eq!(hash(same).as_ref(), Some(&known), "{same}");
        }
        for wrong in ["", "0123-45ab-cdef-gh1", "0123-45ab-cdef-gh1zz", "0123-45ab-cdef-gh1u", "0123-45ab-cdef-gh1é"] {
            assert_eq!(hash(wrong), None, "{wrong}");
        }
        // printf 0123456789abcdef | sha256sum
        assert_eq!(
            hash("0123-4567-89ab-cdef").unwrap(),
            "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f"
        );
    }

    #[test]
    fn new_codes_have_the_form_and_differ() {
        let codes: std::collections::HashSet<String> = (0..1000).map(|_| new()).collect();
        assert_eq!(codes.len(), 1000);
        assert!(codes.iter().all(|code| code.len() == 34 && hash(code).is_some()));
        let letters: std::collections::HashSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(letters.len(), 33, "every letter, and the dash");
    }
}
