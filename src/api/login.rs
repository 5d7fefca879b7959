//! `/api/login/…`: the second step of a sign-in, and signing in with a passkey.

use poem::Request;
use poem::http::header;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;

use super::body::Body;
use super::cookie::{self, Client};
use super::failure::Failure;
use super::proof::{PasskeyAnswer, PasskeyOptions};
use super::users::User;
use super::{Group, aside, proof, session};
use crate::app::App;
use crate::auth::factors::{challenge, passkeys};
use crate::auth::sessions::Device;
use crate::error::Error;

pub(super) struct Api;

/// What the first step gave, and a second factor: `code` or `recovery_code`.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct SecondStep {
    /// The `challenge` of the first step's answer.
    #[oai(validator(max_length = 2000))]
    challenge: String,
    /// The code that the authenticator app shows.
    #[oai(validator(max_length = 20))]
    code: Option<String>,
    /// A recovery code, which is then used up.
    #[oai(validator(max_length = 40))]
    recovery_code: Option<String>,
}

#[derive(ApiResponse)]
pub(super) enum SignedIn {
    /// You are signed in; the cookie holds the session.
    #[oai(status = 200)]
    Ok(Json<User>, #[oai(header = "Set-Cookie")] String),
}

/// The browser or program that signs in.
pub(super) async fn device(app: &App, request: &Request, client: Client) -> Device {
    let user_agent = request.headers().get(header::USER_AGENT).map(|name| String::from_utf8_lossy(name.as_bytes()));
    let device = Device::new(user_agent.as_deref(), Some(client.address.to_string()));
    // Beside a key the cookie does not count.
    match session::bearer(request.headers()) {
        None => device.signed_in_as(session::of_cookie(app, request.headers()).await.as_ref()),
        Some(_) => device,
    }
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Signs in, second step
    ///
    /// Anybody may try who has a `challenge` of `POST /api/login/`, five times, and of each account ten wrong codes are
    /// looked at within six hours. A code works once. For the second step with a passkey use `POST /api/login/passkey`
    /// instead, which needs no first one.
    #[oai(path = "/api/login/second_factor", method = "post", operation_id = "login_second_factor")]
    async fn second_factor(
        &self,
        app: Data<&App>,
        client: Data<&Client>,
        request: &Request,
        body: Body<SecondStep>,
    ) -> Result<SignedIn, Failure> {
        let SecondStep { challenge, code, recovery_code } = body.0;
        let proof = proof::one(code, recovery_code, None)?;
        let proof =
            proof.ok_or_else(|| Error::invalid("code", "give a code of your authenticator app or a recovery code"))?;
        let device = device(&app, request, **client).await;
        aside::tell(app.auth.limits.step(client.address)?);
        let (user, ticket) = challenge::answer(&app.db, &app.auth, &challenge, proof, device).await?;
        Ok(SignedIn::Ok(Json(user.into()), cookie::sign_in(&app.config, **client, &ticket)))
    }

    /// Begins to sign in with a passkey
    ///
    /// Anybody may, as often as they may sign in. Gives what the browser asks a device for; the answer goes to `POST /api/login/passkey`, or proves who
    /// you are where second factors are changed. Passkeys work only where this server is opened by a name and HTTPS, or
    /// as `localhost`.
    #[oai(path = "/api/login/passkey/options", method = "post", operation_id = "login_passkey_options")]
    async fn passkey_options(
        &self,
        app: Data<&App>,
        client: Data<&Client>,
        request: &Request,
    ) -> Result<Json<PasskeyOptions>, Failure> {
        let site = proof::site(&app, request)?;
        aside::tell(app.auth.limits.passkey(client.address)?);
        Ok(Json(passkeys::ask(&app.auth, &site)?.into()))
    }

    /// Signs in with a passkey
    ///
    /// Anybody may try. The device has seen who holds it, so that neither a password nor a second factor is asked for. Sets
    /// the cookie `access_token`.
    #[oai(path = "/api/login/passkey", method = "post", operation_id = "login_passkey")]
    async fn passkey(
        &self,
        app: Data<&App>,
        client: Data<&Client>,
        request: &Request,
        body: Body<PasskeyAnswer>,
    ) -> Result<SignedIn, Failure> {
        let answer = body.0.read(&app, request)?;
        aside::tell(app.auth.limits.step(client.address)?);
        let (user, ticket) =
            passkeys::sign_in(&app.db, &app.auth, answer, device(&app, request, **client).await).await?;
        Ok(SignedIn::Ok(Json(user.into()), cookie::sign_in(&app.config, **client, &ticket)))
    }
}
