//! The token in the `access_token` cookie: a JWT signed with HMAC-SHA-256 (RFC 7519, RFC 7515).

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::factors::challenge;
use super::secret;
use crate::clock;
use crate::entity::{session, user};
use crate::error::{Error, Result};

const ISSUER: &str = "loquat";
const AUDIENCE: &str = "loquat";
/// Who the token of a sign-in's first step is for: the second step, and nobody else.
const SECOND_STEP: &str = "loquat-second-factor";

/// What a token says. Authority is `uid` and the session `sid` names; `sub` is for people who read tokens.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Claims {
    /// The person's address when the token was made.
    pub sub: String,
    /// The person.
    pub uid: Uuid,
    /// The session.
    pub sid: Uuid,
    /// When the person signed in, in seconds since 1970; a token that is renewed keeps it.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// Who made it.
    pub iss: String,
    /// Who it is for.
    pub aud: String,
}

/// What the token of a sign-in's first step says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Challenge {
    /// The person whose password was right.
    pub(super) uid: Uuid,
    /// Which token this is.
    pub(super) jti: Uuid,
    /// What tells that the password was changed.
    password: String,
    exp: i64,
    iss: String,
    aud: String,
}

impl Challenge {
    /// Whether the person still has the password that was right.
    pub(super) fn fits(&self, user: &user::Model) -> bool {
        self.uid == user.id && self.password == fingerprint(user)
    }
}

/// What changes with a person's password and tells nothing of it: part of the SHA-256 of its salted hash.
fn fingerprint(user: &user::Model) -> String {
    secret::hex(&Sha256::digest(&user.hashed_password)[..16])
}

/// Signs and checks tokens.
pub struct Keys {
    signing: EncodingKey,
    checking: DecodingKey,
    sessions: Validation,
    second_steps: Validation,
}

/// What a token for an audience must be like. The algorithm is ours to choose, never the token's.
fn rules(audience: &str) -> Validation {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[audience]);
    rules.set_required_spec_claims(&["exp", "iss", "aud"]);
    rules.validate_nbf = true;
    rules.leeway = 0;
    // Not on its end either, as RFC 7519 has it (section 4.1.4).
    rules.reject_tokens_expiring_in_less_than = 1;
    rules
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(redacted)")
    }
}

impl Keys {
    /// Keys made from `SECRET_KEY`.
    pub fn new(secret: &SecretString) -> Self {
        // Already installed is what a second server in the same process finds.
        let _ = HS256.install_default();
        let secret = secret.expose_secret().as_bytes();
        Self {
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
            sessions: rules(AUDIENCE),
            second_steps: rules(SECOND_STEP),
        }
    }

    /// A token for a session.
    pub fn issue(&self, user: &user::Model, session: &session::Model) -> Result<String> {
        let claims = Claims {
            sub: user.email.clone(),
            uid: user.id,
            sid: session.id,
            iat: session.created_at.timestamp(),
            exp: session.expires_at.timestamp(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
        };
        self.sign(&claims)
    }

    /// What a token says, if it is one of ours and still lasts.
    pub fn read(&self, token: &str) -> Option<Claims> {
        self.decode(token, &self.sessions)
    }

    /// A token that says that the password was right.
    pub(super) fn issue_challenge(&self, user: &user::Model) -> Result<SecretString> {
        let claims = Challenge {
            uid: user.id,
            jti: clock::id(),
            password: fingerprint(user),
            exp: (clock::now() + challenge::LIFETIME).timestamp(),
            iss: ISSUER.to_owned(),
            aud: SECOND_STEP.to_owned(),
        };
        self.sign(&claims).map(SecretString::from)
    }

    /// What such a token says, if it is one of ours and still lasts.
    pub(super) fn read_challenge(&self, token: &str) -> Option<Challenge> {
        self.decode(token, &self.second_steps)
    }

    fn decode<T: DeserializeOwned>(&self, token: &str, rules: &Validation) -> Option<T> {
        let token = jsonwebtoken::decode::<T>(token, &self.checking, rules).ok()?;
        // Ours name no key and ask for nothing else that a reader would have to understand (RFC 7515, section 4.1.11).
        (token.header == Header::new(Algorithm::HS256)).then_some(token.claims)
    }

    fn sign(&self, claims: &impl Serialize) -> Result<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.signing)
            .map_err(|error| Error::Internal(error.into()))
    }
}

/// HMAC-SHA-256 for `jsonwebtoken`: all that is needed of its back ends, which bring RSA and elliptic curves.
static HS256: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| Ok(Box::new(Hs256::new(algorithm, key.try_get_as_bytes()?)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: &Algorithm, key: &[u8]) -> Result<Self, JwtError> {
        if *algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl signature::Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl signature::Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn person() -> (user::Model, session::Model) {
        let now = clock::now();
        let user = user::Model {
            id: clock::id(),
            email: "ada@example.org".to_owned(),
            name: None,
            hashed_password: String::new(),
            role: user::Role::Member,
            created_at: now,
            updated_at: now,
            deactivated_at: None,
            last_seen_at: None,
        };
        let expires_at = now + chrono::Duration::hours(1);
        let session = session::Model {
            id: clock::id(),
            user_id: user.id,
            created_at: now,
            expires_at,
            user_agent: None,
            address: None,
            last_seen_at: None,
        };
        (user, session)
    }

    fn keys(secret: &str) -> Keys {
        Keys::new(&SecretString::from(secret.to_owned()))
    }

    #[test]
    fn a_token_says_who_it_was_made_for() {
        let (user, session) = person();
        let keys = keys("0123456789abcdef0123456789abcdef");
        let claims = keys.read(&keys.issue(&user, &session).unwrap()).unwrap();
        assert_eq!((claims.uid, claims.sid, claims.sub.as_str()), (user.id, session.id, "ada@example.org"));
    }

    #[test]
    fn tokens_of_other_keys_algorithms_and_times_are_refused() {
        let (user, mut session) = person();
        let ours = keys("0123456789abcdef0123456789abcdef");
        let token = ours.issue(&user, &session).unwrap();
        assert!(keys("another key of thirty-two letters!").read(&token).is_none());

        let mut parts = token.split('.');
        let (_, payload) = (parts.next(), parts.next().unwrap());
        // {"alg":"none","typ":"JWT"} and {"alg":"HS384","typ":"JWT"}
        for header in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9"] {
            let signature = token.rsplit('.').next().unwrap();
            assert!(ours.read(&format!("{header}.{payload}.{signature}")).is_none());
            assert!(ours.read(&format!("{header}.{payload}.")).is_none());
        }

        session.expires_at = clock::now() - chrono::Duration::seconds(2);
        assert!(ours.read(&ours.issue(&user, &session).unwrap()).is_none());
        for rubbish in ["", ".", "..", "a.b.c", &token[..token.len() - 2]] {
            assert!(ours.read(rubbish).is_none());
        }
    }
}
