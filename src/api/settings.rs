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
    /// How many images may come with one question; null where there is no limit.
    max_attachments_per_message: Option<u64>,
    /// How many bytes one image may have; null where there is no limit.
    max_attachment_bytes: Option<u64>,
    /// The version of the server.
    version: String,
}

#[OpenApi(tag = "Group::Server")]
impl Api {
    /// Tells who may register, whether passkeys work, what images may come with a question, and which version this is
    ///
    /// Anybody may ask.
    #[oai(path = "/api/settings", method = "get", operation_id = "get_settings")]
    async fn get(&self, app: Data<&App>, request: &Request) -> Json<Settings> {
        let limits = app.config.limits.attachments;
        Json(Settings {
            signup: app.config.signup.as_str().to_owned(),
            passkeys: proof::site(&app, request).is_ok(),
            max_attachments_per_message: limits.per_message.map(|most| most as u64),
            max_attachment_bytes: limits.bytes.map(|most| most as u64),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }
}
