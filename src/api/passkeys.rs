//! `/api/passkeys`: one's passkeys.

use poem::Request;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;
use uuid::Uuid;

use super::body::Body;
use super::failure::Failure;
use super::proof::{Confirmation, PasskeyAnswer, PasskeyOptions};
use super::session::Setup;
use super::time::Time;
use super::{Group, proof};
use crate::app::App;
use crate::auth::factors::{self, passkeys};
use crate::entity::passkey;

pub(super) struct Api;

/// A passkey.
#[derive(Object)]
struct Passkey {
    /// Its id.
    id: Uuid,
    /// What you call it.
    name: String,
    /// When it was added.
    created_at: Time,
    /// When it was last used.
    last_used_at: Option<Time>,
}

impl From<passkey::Model> for Passkey {
    fn from(passkey: passkey::Model) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name,
            created_at: Time(passkey.created_at),
            last_used_at: passkey.last_used_at.map(Time),
        }
    }
}

/// Your passkeys, the newest first.
#[derive(Object)]
struct PasskeyPage {
    /// The passkeys.
    items: Vec<Passkey>,
    /// Always null: a person has at most 20, which is one page.
    next_cursor: Option<String>,
}

/// The passkey that a device has made.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct NewPasskey {
    /// What you call it, such as the name of the device.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// What the device answered.
    answer: PasskeyAnswer,
}

/// A new passkey.
#[derive(Object)]
struct NewPasskeyMade {
    /// What is kept of it.
    passkey: Passkey,
    /// Recovery codes, which are shown this once; null for whoever has some already.
    recovery_codes: Option<Vec<String>>,
}

#[derive(ApiResponse)]
enum Created {
    /// The passkey is added.
    #[oai(status = 201)]
    Created(Json<NewPasskeyMade>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The passkey signs nobody in any more.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Lists your passkeys
    ///
    /// For signed-in people.
    #[oai(path = "/api/passkeys", method = "get", operation_id = "list_passkeys")]
    async fn list(&self, app: Data<&App>, person: Setup) -> Result<Json<PasskeyPage>, Failure> {
        let found = passkeys::list(&app.db, person.0.caller.id()).await?;
        Ok(Json(PasskeyPage { items: found.into_iter().map(Passkey::from).collect(), next_cursor: None }))
    }

    /// Begins to add a passkey
    ///
    /// For signed-in people, with their password, and with one of their second factors if they have any. Gives what the
    /// browser asks the device for; the answer goes to `POST /api/passkeys/`. Passkeys work only where this server is
    /// opened by a name and HTTPS, or as `localhost`.
    #[oai(path = "/api/passkeys/options", method = "post", operation_id = "create_passkey_options")]
    async fn options(
        &self,
        app: Data<&App>,
        person: Setup,
        request: &Request,
        body: Body<Confirmation>,
    ) -> Result<Json<PasskeyOptions>, Failure> {
        let site = proof::site(&app, request)?;
        let (password, proof) = body.0.read(&app, request)?;
        factors::confirm(&app.db, &app.auth, &person.0, password, proof).await?;
        Ok(Json(passkeys::begin(&app.db, &app.auth, &person.0, &site).await?.into()))
    }

    /// Adds a passkey
    ///
    /// For signed-in people, who have begun to. From now on the password alone does not sign them in any more. Whoever had no
    /// second factor before gets recovery codes. At most 20 for each person.
    #[oai(path = "/api/passkeys", method = "post", operation_id = "create_passkey")]
    async fn create(
        &self,
        app: Data<&App>,
        person: Setup,
        request: &Request,
        body: Body<NewPasskey>,
    ) -> Result<Created, Failure> {
        let NewPasskey { name, answer } = body.0;
        let answer = answer.read(&app, request)?;
        let (passkey, recovery_codes) = passkeys::add(&app.db, &app.auth, &person.0, name, answer).await?;
        Ok(Created::Created(Json(NewPasskeyMade { passkey: passkey.into(), recovery_codes })))
    }

    /// Deletes a passkey
    ///
    /// For whose passkey it is, with their password and one of their second factors. With the last second factor the
    /// recovery codes go too.
    #[oai(path = "/api/passkeys/:passkey_id", method = "delete", operation_id = "delete_passkey")]
    async fn delete(
        &self,
        app: Data<&App>,
        person: Setup,
        request: &Request,
        /// The passkey.
        passkey_id: Path<Uuid>,
        body: Body<Confirmation>,
    ) -> Result<Deleted, Failure> {
        let (password, proof) = body.0.read(&app, request)?;
        factors::confirm(&app.db, &app.auth, &person.0, password, proof).await?;
        passkeys::delete(&app.db, &app.auth, &person.0, passkey_id.0).await?;
        Ok(Deleted::Gone)
    }
}
