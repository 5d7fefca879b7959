//! `/api/password_resets`: a new password by a link.

use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi};
use secrecy::SecretString;
use serde::Deserialize;

use super::Group;
use super::body::Body;
use super::failure::Failure;
use crate::app::App;
use crate::auth::resets;

pub(super) struct Api;

/// The token of a link, and the password that it sets.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct PasswordReset {
    /// The token.
    #[oai(validator(max_length = 200))]
    token: String,
    /// 8 to 256 characters, and none of the passwords that everybody guesses first.
    #[oai(validator(min_length = 8, max_length = 256))]
    password: String,
}

#[derive(ApiResponse)]
enum Reset {
    /// The password is set, and every session of its person has ended. Sign in next.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Sets a new password
    ///
    /// Anybody may who has a link of an administrator, once. It does not sign in. A link that was used, replaced or has ended is
    /// 403 `reset_invalid`; a password that will not do does not use it up.
    #[oai(path = "/api/password_resets", method = "post", operation_id = "reset_password")]
    async fn reset(&self, app: Data<&App>, body: Body<PasswordReset>) -> Result<Reset, Failure> {
        let PasswordReset { token, password } = body.0;
        resets::redeem(&app.db, &app.auth, &token, SecretString::from(password)).await?;
        Ok(Reset::Done)
    }
}
