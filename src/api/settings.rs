//! `/api/settings`: what a page needs to know before anyone has signed in.

use poem::Request;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::{Group, proof};
use crate::app::App;

pub(super) struct Api;

/// What everybody may know about this server.
#[derive(Object)]
struct Settings {
    /// Who may register: `open`, `invite` or `closed`.
    signup: String,
    /// Whether passkeys work at the address that this was asked at.
    passkeys: bool,
    /// The version of the server.
    version: String,
}

#[OpenApi(tag = "Group::Server")]
impl Api {
    /// Tells who may register, whether passkeys work, and which version this is
    ///
    /// Anybody may ask.
    #[oai(path = "/api/settings", method = "get", operation_id = "get_settings")]
    async fn get(&self, app: Data<&App>, request: &Request) -> Json<Settings> {
        Json(Settings {
            signup: app.config.signup.as_str().to_owned(),
            passkeys: proof::site(&app, request).is_ok(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }
}
