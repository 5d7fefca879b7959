//! What the log tells of signing in: whose account, how, and what came of it.
//!
//! Never what somebody typed. Into the field for the address people type their password too, so an address that nobody has is
//! not told either. It stands in the log and not in the audit log, which anybody could fill by guessing.

use super::factors::Proof;
use super::sessions::Device;
use crate::entity::user;
use crate::error::{Error, Factor, Result};
use crate::telemetry;

/// How somebody shows who they are.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    Password,
    Passkey,
    Code,
    RecoveryCode,
}

impl How {
    /// What stands in the log.
    fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Code => "code",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

impl From<&Proof> for How {
    fn from(proof: &Proof) -> Self {
        match proof {
            Proof::Code(_) => Self::Code,
            Proof::Recovery(_) => Self::RecoveryCode,
            Proof::Passkey(_) => Self::Passkey,
        }
    }
}

/// Tells what came of a sign-in, or of a step of it, of somebody or of nobody who is known.
pub(super) fn sign_in<T>(how: How, user: Option<&user::Model>, device: &Device, outcome: &Result<T>) {
    let outcome = match outcome {
        Ok(_) => "signed_in",
        Err(Error::Factor(Factor::Required { .. })) => "second_factor_required",
        Err(error) => error.code(),
    };
    tracing::info!(
        target: "loquat::sign_in",
        request_id = %telemetry::request_id(),
        how = how.word(),
        outcome,
        user_id = %whose(user),
        client = device.address.as_deref().unwrap_or_default(),
        "sign-in"
    );
}

/// Tells of somebody who is signed in and was asked for their password once more.
pub(super) fn confirmed<T>(user: &user::Model, outcome: &Result<T>) {
    let outcome = outcome.as_ref().err().map_or("confirmed", Error::code);
    tracing::info!(
        target: "loquat::sign_in",
        request_id = %telemetry::request_id(),
        how = How::Password.word(),
        outcome,
        user_id = %user.id,
        "password asked for again"
    );
}

fn whose(user: Option<&user::Model>) -> String {
    user.map_or_else(|| "unknown".to_owned(), |user| user.id.to_string())
}
