//! Who is calling, as a type in a handler's signature.

use poem::{Request, Result};
use poem_openapi::SecurityScheme;
use poem_openapi::auth::ApiKey;

use super::failure::Failure;
use crate::app::App;
use crate::auth::{self, Caller};
use crate::error::Error;

/// The cookie that `POST /api/login/` sets. The session behind it is looked up for every request.
#[derive(SecurityScheme)]
#[oai(rename = "session", ty = "api_key", key_name = "access_token", key_in = "cookie", checker = "check")]
pub(super) struct Session(pub(super) Caller);

async fn check(request: &Request, cookie: ApiKey) -> Result<Caller> {
    let app = request.data::<App>().ok_or_else(|| Failure::from(Error::NotSignedIn))?;
    Ok(auth::caller(&app.db, &app.auth, &cookie.key).await.map_err(Failure::from)?)
}

/// Who is calling, if anybody is signed in: for the page, which greets both.
pub(crate) async fn caller_of(app: &App, request: &Request) -> Option<Caller> {
    let cookies = request.headers().get(poem::http::header::COOKIE)?.to_str().ok()?;
    let token = ::cookie::Cookie::split_parse(cookies.to_owned())
        .filter_map(std::result::Result::ok)
        .find(|cookie| cookie.name() == super::cookie::NAME)?
        .value()
        .to_owned();
    auth::caller(&app.db, &app.auth, &token).await.ok()
}
