//! `/api/second_factor`: one's authenticator app and recovery codes.

use poem::Request;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use qrcode::{Color, EcLevel, QrCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::body::Body;
use super::failure::Failure;
use super::proof::Confirmation;
use super::session::Setup;
use super::time::Time;
use super::{Group, proof};
use crate::app::App;
use crate::auth::factors::totp::{self, NewApp};
use crate::auth::factors::{self, recovery};
use crate::error::{Error, Result as Outcome};

pub(super) struct Api;

/// Which second factors you have.
#[derive(Object)]
struct SecondFactor {
    /// Whether the password alone does not sign you in any more.
    is_on: bool,
    /// Whether this server asks you for a second factor.
    is_required: bool,
    /// Since when there is an authenticator app.
    totp_since: Option<Time>,
    /// How many passkeys there are.
    passkeys: u64,
    /// How many recovery codes are left.
    recovery_codes: u64,
    /// Whether passkeys work at the address that this was asked at.
    passkeys_possible: bool,
}

/// What an authenticator app has to be told, which is shown this once.
#[derive(Object)]
struct NewTotp {
    /// The secret in base32, for typing it in.
    secret: String,
    /// The address that apps read from the QR code.
    url: String,
    /// The QR code.
    qr: Qr,
}

/// A QR code as a drawing, without the quiet zone of four around it.
#[derive(Object)]
struct Qr {
    /// How wide and high it is.
    size: u32,
    /// The `d` of an SVG path that fills the dark parts.
    path: String,
}

/// The first code of an authenticator app.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
struct FirstCode {
    /// The code that it shows.
    #[oai(validator(max_length = 20))]
    code: String,
}

/// Codes for when everything else is lost, which are shown this once. Each is good for one sign-in.
#[derive(Object)]
pub(super) struct RecoveryCodes {
    /// The codes; null when those that you have stay.
    pub(super) recovery_codes: Option<Vec<String>>,
}

#[derive(ApiResponse)]
enum Begun {
    /// The secret is made. This is the only time that it is shown, and it counts once a code is confirmed.
    #[oai(status = 201)]
    Created(Json<NewTotp>),
}

#[derive(ApiResponse)]
enum Renewed {
    /// The codes are made; those before them are worth nothing any more. This is the only time that they are shown.
    #[oai(status = 201)]
    Created(Json<RecoveryCodes>),
}

#[derive(ApiResponse)]
enum Removed {
    /// No code is asked for any more.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Accounts")]
impl Api {
    /// Shows which second factors you have
    ///
    /// For signed-in people.
    #[oai(path = "/api/second_factor", method = "get", operation_id = "get_second_factor")]
    async fn get(&self, app: Data<&App>, person: Setup, request: &Request) -> Result<Json<SecondFactor>, Failure> {
        let user = &person.0.caller.user;
        let standing = factors::standing(app.db.reader(), user.id).await?;
        Ok(Json(SecondFactor {
            is_on: standing.is_on(),
            is_required: factors::is_required(&app.auth, user),
            totp_since: standing.totp_since.map(Time),
            passkeys: standing.passkeys,
            recovery_codes: standing.recovery_codes,
            passkeys_possible: proof::site(&app, request).is_ok(),
        }))
    }

    /// Begins to set an authenticator app up
    ///
    /// For signed-in people, with their password, and with one of their second factors if they have any. The codes are of
    /// six digits, by SHA-1, and change every 30 seconds (RFC 6238).
    #[oai(path = "/api/second_factor/totp", method = "post", operation_id = "create_totp")]
    async fn set_up(
        &self,
        app: Data<&App>,
        person: Setup,
        request: &Request,
        body: Body<Confirmation>,
    ) -> Result<Begun, Failure> {
        let (password, proof) = body.0.read(&app, request)?;
        factors::confirm(&app.db, &app.auth, &person.0, password, proof).await?;
        let NewApp { secret, url } = totp::set_up(&app.db, &app.auth, &person.0).await?;
        let qr = draw(&url)?;
        let (secret, url) = (secret.expose_secret().to_owned(), url.expose_secret().to_owned());
        Ok(Begun::Created(Json(NewTotp { secret, url, qr })))
    }

    /// Turns the authenticator app on
    ///
    /// For signed-in people, with a code that the app shows. From now on every sign-in by password asks for one. Whoever had
    /// no second factor before gets recovery codes.
    #[oai(path = "/api/second_factor/totp/confirm", method = "post", operation_id = "confirm_totp")]
    async fn turn_on(
        &self,
        app: Data<&App>,
        person: Setup,
        body: Body<FirstCode>,
    ) -> Result<Json<RecoveryCodes>, Failure> {
        let recovery_codes = totp::turn_on(&app.db, &app.auth, &person.0, &SecretString::from(body.0.code)).await?;
        Ok(Json(RecoveryCodes { recovery_codes }))
    }

    /// Removes the authenticator app
    ///
    /// For signed-in people, with their password and one of their second factors. With the last second factor the recovery
    /// codes go too.
    #[oai(path = "/api/second_factor/totp", method = "delete", operation_id = "delete_totp")]
    async fn turn_off(
        &self,
        app: Data<&App>,
        person: Setup,
        request: &Request,
        body: Body<Confirmation>,
    ) -> Result<Removed, Failure> {
        let (password, proof) = body.0.read(&app, request)?;
        factors::confirm(&app.db, &app.auth, &person.0, password, proof).await?;
        totp::turn_off(&app.db, &app.auth, &person.0).await?;
        Ok(Removed::Gone)
    }

    /// Makes new recovery codes
    ///
    /// For signed-in people, with their password and one of their second factors. The codes before them are worth nothing
    /// any more.
    #[oai(path = "/api/second_factor/recovery_codes", method = "post", operation_id = "create_recovery_codes")]
    async fn renew(
        &self,
        app: Data<&App>,
        person: Setup,
        request: &Request,
        body: Body<Confirmation>,
    ) -> Result<Renewed, Failure> {
        let (password, proof) = body.0.read(&app, request)?;
        factors::confirm(&app.db, &app.auth, &person.0, password, proof).await?;
        let recovery_codes = Some(recovery::renew(&app.db, &person.0).await?);
        Ok(Renewed::Created(Json(RecoveryCodes { recovery_codes })))
    }
}

/// Draws every row of dark squares as one bar, which is all that a page without inline styles needs.
fn draw(url: &SecretString) -> Outcome<Qr> {
    let code = QrCode::with_error_correction_level(url.expose_secret(), EcLevel::M)
        .map_err(|error| Error::Internal(error.into()))?;
    let size = code.width();
    let colors = code.to_colors();
    let mut path = String::new();
    for (y, row) in colors.chunks(size).enumerate() {
        let mut x = 0;
        for bar in row.chunk_by(|one, next| one == next) {
            if bar[0] == Color::Dark {
                path.push_str(&format!("M{x} {y}h{0}v1h-{0}z", bar.len()));
            }
            x += bar.len();
        }
    }
    Ok(Qr { size: u32::try_from(size).unwrap_or_default(), path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_drawn_with_its_corners() {
        let qr = draw(&SecretString::from("otpauth://totp/x".to_owned())).unwrap();
        assert_eq!((qr.size - 17) % 4, 0, "{}", qr.size);
        // The three finders are seven wide, at the top left, the top right and the bottom left.
        for (x, y) in [(0, 0), (qr.size - 7, 0), (0, qr.size - 7), (0, qr.size - 1)] {
            assert!(qr.path.contains(&format!("M{x} {y}h7v1h-7z")), "{x} {y}: {}", qr.path);
        }
        assert!(qr.path.bytes().all(|c| c.is_ascii_digit() || b"Mhvz- ".contains(&c)));
    }
}
