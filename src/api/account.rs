//! `/api/login`, `/api/logout`, `/api/check_session`: signing in and out.

use poem::Request;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use secrecy::SecretString;
use serde::Deserialize;

use super::body::Body;
use super::cookie::{self, Client};
use super::failure::Failure;
use super::login::{self, SignedIn};
use super::session::{self, Known};
use super::users::User;
use super::{Group, aside};
use crate::app::App;
use crate::auth;
use crate::error::Error;

pub(super) struct Api;

/// Address and password.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// The address of the account, in any case.
    #[oai(validator(max_length = 254))]
    email: String,
    /// The password.
    #[oai(validator(max_length = 256))]
    password: String,
}

#[derive(ApiResponse)]
enum SignedOut {
    /// The session has ended, on the server too.
    #[oai(status = 204)]
    Done(#[oai(header = "Set-Cookie")] String),
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Signs in
    ///
    /// Anybody may try. Sets the cookie `access_token`. A wrong address and a wrong password are answered alike. For whoever
    /// has a second factor this is the first step: the answer is 401 with the code `second_factor_required` and a
    /// `challenge`, which `POST /api/login/second_factor` takes within five minutes. The right password of a deactivated
    /// account is 403 `account_deactivated`. A session whose cookie comes along ends when the new one begins.
    ///
    /// From one address only so many sign-ins a minute are let through, and for one account, whether it exists or not, only
    /// so many wrong passwords in ten minutes: 429 `too_many_sign_ins` and `too_many_wrong_passwords`.
    #[oai(path = "/api/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        app: Data<&App>,
        client: Data<&Client>,
        request: &Request,
        body: Body<Credentials>,
    ) -> Result<SignedIn, Failure> {
        let Credentials { email, password } = body.0;
        let device = login::device(&app, request, **client).await;
        let mut attempt = app.auth.limits.sign_in(client.address, &email)?;
        let outcome = auth::login(&app.db, &app.auth, &email, SecretString::from(password), device).await;
        let outcome = attempt.settle(outcome);
        aside::tell(attempt.standings);
        let (user, ticket) = outcome?;
        let user = User::without_factor(&app, user);
        Ok(SignedIn::Ok(Json(user), cookie::sign_in(&app.config, **client, &ticket)))
    }

    /// Signs out
    ///
    /// Anybody may, so that an ended session can be cleared away too. Ends the session on the server at once: a copy of
    /// the cookie is worth nothing afterwards. Not with an API key, which does not sign in: delete it instead.
    #[oai(path = "/api/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, app: Data<&App>, client: Data<&Client>, request: &Request) -> Result<SignedOut, Failure> {
        if session::bearer(request.headers()).is_some() {
            return Err(Error::SessionRequired.into());
        }
        if let Some(caller) = session::of_cookie(&app, request.headers()).await {
            auth::logout(&app.db, &app.auth, &caller.signed_in()?).await?;
        }
        Ok(SignedOut::Done(cookie::sign_out(&app.config, **client)))
    }

    /// Tells who is signed in
    ///
    /// Anybody may ask; without a valid session or key the answer is 401.
    #[oai(path = "/api/check_session", method = "get", operation_id = "check_session")]
    async fn check_session(&self, known: Known) -> Result<Json<User>, Failure> {
        Ok(Json(known.0.into()))
    }
}
