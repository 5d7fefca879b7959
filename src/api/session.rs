//! Who is calling, as a type in a handler's signature: by the session of a cookie, or by an API key.
//!
//! Every handler that is not for anybody takes [`Access`], [`Session`] or [`Administrator`], or, where somebody can be who
//! must set a second factor up first, [`Known`] or [`Setup`]. What a key has to be for is no
//! handler's business but follows from that and from the request, so that a route that is added has it from the first day.

use std::sync::Arc;

use poem::http::{HeaderMap, header};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::arriving::Arriving;
use super::cookie::{self, Client};
use super::failure::Failure;
use super::fair::Fair;
use super::{aside, guard};
use crate::app::App;
use crate::auth::caller::Credential;
use crate::auth::{Caller, SignedIn, caller};
use crate::entity::api_key::Scope;
use crate::error::{Error, Result as Outcome};

/// What the cookie and the key are called in the document.
const SESSION: &str = "session";
pub(super) const KEY: &str = "key";

/// Somebody who is signed in, or a program with a key of theirs that is for what it asks.
pub(super) struct Access(pub(super) Caller);

/// Somebody who is signed in, and no key: for what decides who can act for them.
pub(super) struct Session(pub(super) SignedIn);

/// Somebody who is signed in, also while they must set a second factor up first; or a program that [`Access`] admits.
pub(super) struct Known(pub(super) Caller);

/// Somebody who is signed in, also while they must set a second factor up first, and no key: for setting it up.
pub(super) struct Setup(pub(super) SignedIn);

/// An administrator, or a program with a key of theirs that is for running the application.
pub(super) struct Administrator(pub(super) Caller);

/// Has handlers take `$type`, which is made of the caller and the request and documented under `$schemes`.
macro_rules! extractor {
    ($type:ident, $schemes:expr, $admit:expr) => {
        impl<'a> ApiExtractor<'a> for $type {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                register(registry);
            }

            fn security_schemes() -> Vec<&'static str> {
                $schemes.to_vec()
            }

            async fn from_request(
                request: &'a Request,
                _: &mut RequestBody,
                _: ExtractParamOptions<()>,
            ) -> Result<Self> {
                let admit: fn(Caller, &Request) -> Outcome<_> = $admit;
                let admitted = who(request).await.and_then(|caller| admit(caller, request));
                Ok(Self(admitted.map_err(Failure::from)?))
            }
        }
    };
}

extractor!(Access, [SESSION, KEY], access);
extractor!(Session, [SESSION], |caller, _| caller.signed_in()?.has_factors());
extractor!(Administrator, [SESSION, KEY], |caller, _| caller.has_factors()?.administrator());
extractor!(Known, [SESSION, KEY], |caller, request| {
    if matches!(caller.credential, Credential::Session(_)) { Ok(caller) } else { access(caller, request) }
});
extractor!(Setup, [SESSION], |caller, _| caller.signed_in());

fn access(caller: Caller, request: &Request) -> Outcome<Caller> {
    let caller = caller.has_factors()?;
    caller.check_scope(needed_scope(request))?;
    Ok(caller)
}

/// What a key has to be for: to look at things, or to change them.
fn needed_scope(request: &Request) -> Scope {
    let changes = !request.method().is_safe() || guard::asks(request);
    if changes { Scope::Chat } else { Scope::Read }
}

/// Somebody whose cookie or key is good.
pub(super) struct Recognised {
    pub(super) caller: Caller,
    /// Whether their session is to be renewed.
    is_due: bool,
}

/// Who is calling.
async fn who(request: &Request) -> Outcome<Caller> {
    if let Some(refusal) = request.extensions().get::<Arriving>().and_then(Arriving::refusal) {
        return Err(refusal);
    }
    let app = request.data::<App>().ok_or(Error::NotSignedIn)?;
    let Recognised { caller, is_due } = recognise(app, request.headers(), request.data::<Client>().copied()).await?;
    if let Some(fair) = request.data::<Arc<Fair>>() {
        aside::keep_place(fair.enter(caller.id()).await?);
    }
    if is_due {
        aside::renew(caller.clone().signed_in()?);
    }
    Ok(caller)
}

/// Who somebody is by their headers. Beside a key the cookie does not count, so that a program never does what its key is
/// not for.
pub(super) async fn recognise(app: &App, headers: &HeaderMap, client: Option<Client>) -> Outcome<Recognised> {
    if let Some(key) = bearer(headers) {
        let client = client.ok_or(Error::KeyInvalid)?;
        let caller = caller::of_key(&app.db, &app.auth, &String::from_utf8_lossy(key), client.address).await?;
        return Ok(Recognised { caller, is_due: false });
    }
    let token = token(headers).ok_or(Error::NotSignedIn)?;
    let (caller, is_due) = caller::of_token(&app.db, &app.auth, &token).await?;
    Ok(Recognised { caller, is_due })
}

/// Who the cookie belongs to, if it is worth anything: for the page, which greets everybody, and for signing out.
pub(super) async fn of_cookie(app: &App, headers: &HeaderMap) -> Option<Caller> {
    caller::of_token(&app.db, &app.auth, &token(headers)?).await.ok().map(|(caller, _)| caller)
}

/// What stands behind `Authorization: Bearer` (RFC 6750), be it a key or not. Other schemes are a proxy's business.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get_all(header::AUTHORIZATION).iter().find_map(|value| {
        let (scheme, key) = value.as_bytes().split_at_checked("bearer".len())?;
        let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && key.first().is_none_or(u8::is_ascii_whitespace);
        is_bearer.then(|| key.trim_ascii())
    })
}

fn token(headers: &HeaderMap) -> Option<String> {
    // Somebody else's cookie of the same host may hold any bytes.
    let cookies = headers.get_all(header::COOKIE).iter().map(|cookies| String::from_utf8_lossy(cookies.as_bytes()));
    cookies
        .flat_map(|cookies| ::cookie::Cookie::split_parse(cookies.into_owned()))
        .filter_map(std::result::Result::ok)
        .find(|cookie| cookie.name() == cookie::NAME)
        .map(|cookie| cookie.value().to_owned())
}

fn register(registry: &mut Registry) {
    let scheme = |ty, description| MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    };
    let session = "The cookie that `POST /api/login/` sets. The session behind it is looked up for every request. \
                   While it is used it is renewed: about once a day, any response can set the cookie anew.";
    let session = MetaSecurityScheme { name: Some(cookie::NAME), key_in: Some("cookie"), ..scheme("apiKey", session) };
    registry.create_security_scheme(SESSION, session);
    let key = "An API key, which `POST /api/keys/` makes. Beside it the cookie does not count.";
    registry.create_security_scheme(KEY, MetaSecurityScheme { scheme: Some("bearer"), ..scheme("http", key) });
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn a_bearer_is_told_from_what_a_proxy_asks_for() {
        let shown = |value: &'static [u8]| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())]);
            bearer(&headers).map(<[u8]>::to_vec)
        };
        for (value, key) in [
            (&b"Bearer lq_1"[..], Some(&b"lq_1"[..])),
            (b"bearer  lq_1 ", Some(b"lq_1")),
            (b"BEARER\tlq_1", Some(b"lq_1")),
            // None of ours, but no reason to take the cookie instead.
            (b"Bearer", Some(b"")),
            (b"Bearer \xff", Some(b"\xff")),
            (b"Bearerlq_1", None),
            (b"Basic YWRhOng=", None),
            (b"", None),
        ] {
            assert_eq!(shown(value).as_deref(), key, "{}", String::from_utf8_lossy(value));
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
