//! What somebody shows to prove who they are, as requests carry it.

use std::collections::BTreeMap;

use poem::Request;
use poem::http::header;
use poem_openapi::Object;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::cookie::Client;
use crate::app::App;
use crate::auth::factors::Proof;
use crate::auth::factors::passkeys::{Asked, Assertion, Site};
use crate::error::{Error, Factor, Result};

/// The password, and one of the second factors if there are any.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// The current password.
    #[oai(validator(max_length = 256))]
    pub(super) password: String,
    /// The code that the authenticator app shows.
    #[oai(validator(max_length = 20))]
    code: Option<String>,
    /// A recovery code, which is then used up.
    #[oai(validator(max_length = 40))]
    recovery_code: Option<String>,
    /// A passkey's answer to what `POST /api/login/passkey/options` gave.
    passkey: Option<PasskeyAnswer>,
}

impl Confirmation {
    /// The password and the factor, as they are checked.
    pub(super) fn read(self, app: &App, request: &Request) -> Result<(SecretString, Option<Proof>)> {
        let passkey = match self.passkey {
            Some(answer) => Some(answer.read(app, request)?),
            None => None,
        };
        Ok((SecretString::from(self.password), one(self.code, self.recovery_code, passkey)?))
    }
}

/// The one factor that is shown, if one is.
pub(super) fn one(
    code: Option<String>,
    recovery_code: Option<String>,
    passkey: Option<Assertion>,
) -> Result<Option<Proof>> {
    match (code, recovery_code, passkey) {
        (None, None, None) => Ok(None),
        (Some(code), None, None) => Ok(Some(Proof::Code(SecretString::from(code)))),
        (None, Some(code), None) => Ok(Some(Proof::Recovery(SecretString::from(code)))),
        (None, None, Some(passkey)) => Ok(Some(Proof::Passkey(Box::new(passkey)))),
        _ => Err(Error::invalid("code", "show one second factor: a code, a recovery code or a passkey")),
    }
}

/// What a device answered.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyAnswer {
    /// The `ceremony_id` that came with the options.
    ceremony_id: Uuid,
    /// What `toJSON()` of the browser's `PublicKeyCredential` makes.
    credential: BTreeMap<String, Value>,
}

impl PasskeyAnswer {
    /// The answer, as it is checked.
    pub(super) fn read(self, app: &App, request: &Request) -> Result<Assertion> {
        Ok(Assertion {
            site: site(app, request)?,
            ceremony_id: self.ceremony_id,
            credential: self.credential.into_iter().collect(),
        })
    }
}

/// What a device is asked.
#[derive(Object)]
pub(super) struct PasskeyOptions {
    /// Under which id the answer is expected, once, within five minutes.
    ceremony_id: Uuid,
    /// What `PublicKeyCredential.parseCreationOptionsFromJSON()`, or `parseRequestOptionsFromJSON()`, takes.
    options: BTreeMap<String, Value>,
}

impl From<Asked> for PasskeyOptions {
    fn from(asked: Asked) -> Self {
        Self { ceremony_id: asked.ceremony_id, options: asked.options.into_iter().collect() }
    }
}

/// The site that passkeys are for: the address that people open, as far as it is known.
pub(super) fn site(app: &App, request: &Request) -> Result<Site> {
    let own = || {
        let host = request.headers().get(header::HOST)?.to_str().ok()?;
        let https = request.extensions().get::<Client>().is_some_and(|client| client.https);
        Url::parse(&format!("{}://{host}", if https { "https" } else { "http" })).ok()
    };
    let origin = app.config.public_url.clone().or_else(own).ok_or(Factor::PasskeysUnavailable)?;
    Site::at(&origin)
}
