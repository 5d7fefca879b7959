//! What can go wrong with second factors.

use std::time::Duration;

use secrecy::SecretString;

/// What is wrong with a second factor, or without one.
#[derive(Debug, thiserror::Error)]
pub enum Factor {
    /// The password was right, and it is not enough.
    #[error("the password is right; now show your second factor, with this challenge, to /api/login/second_factor")]
    Required {
        /// What says that the password was right.
        challenge: SecretString,
        /// What can be shown.
        methods: Vec<&'static str>,
    },
    /// The second step of a sign-in, or a passkey's answer, came too late, too often or twice.
    #[error("this took too long, or was tried too often or used already; begin again")]
    ChallengeEnded,
    /// A wrong code, a used one, or a wrong passkey; names the field.
    #[error("{}", wrong(.0))]
    Wrong(&'static str),
    /// Too many wrong codes of one account.
    #[error("there were too many wrong codes; use a recovery code or a passkey, or wait")]
    TooManyGuesses {
        /// When the next one is looked at.
        retry_after: Duration,
    },
    /// Everybody, or every administrator, must have a second factor here.
    #[error(
        "this server asks you for a second factor; set an authenticator app or a passkey up first, in the settings"
    )]
    SetupRequired,
    /// There is an authenticator app already.
    #[error("you have an authenticator app already; remove it before you set another one up")]
    TotpIsOn,
    /// No secret waits for its first code.
    #[error("there is no authenticator app to confirm; begin to set one up")]
    NothingToConfirm,
    /// Recovery codes are for those who have something to lose.
    #[error("you have no second factor; set an authenticator app or a passkey up first")]
    Missing,
    /// Browsers allow passkeys at secure addresses with a name only.
    #[error(
        "passkeys work only where this server is opened by a name and HTTPS, or as localhost; whoever runs it can set LOQUAT_PUBLIC_URL"
    )]
    PasskeysUnavailable,
    /// The device has a passkey for this account already, or it is somebody else's.
    #[error("this passkey is known already")]
    PasskeyKnown,
    /// One person, one more passkey.
    #[error("you have {most} passkeys, which is as many as one person may have; delete one of them")]
    TooManyPasskeys {
        /// The limit.
        most: u64,
    },
}

impl Factor {
    /// The HTTP status that this is answered with.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Required { .. } | Self::ChallengeEnded | Self::Wrong(_) => 401,
            Self::SetupRequired => 403,
            Self::TotpIsOn
            | Self::NothingToConfirm
            | Self::Missing
            | Self::PasskeysUnavailable
            | Self::PasskeyKnown
            | Self::TooManyPasskeys { .. } => 409,
            Self::TooManyGuesses { .. } => 429,
        }
    }

    /// A stable word for programs; part of the API.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Required { .. } => "second_factor_required",
            Self::ChallengeEnded => "challenge_ended",
            Self::Wrong(_) => "wrong_factor",
            Self::TooManyGuesses { .. } => "too_many_guesses",
            Self::SetupRequired => "second_factor_setup_required",
            Self::TotpIsOn => "totp_is_on",
            Self::NothingToConfirm => "nothing_to_confirm",
            Self::Missing => "no_second_factor",
            Self::PasskeysUnavailable => "passkeys_unavailable",
            Self::PasskeyKnown => "passkey_known",
            Self::TooManyPasskeys { .. } => "too_many_passkeys",
        }
    }

    /// The field that it is about, where there is one.
    pub(super) fn field(&self) -> Option<&'static str> {
        match self {
            Self::Wrong(field) => Some(field),
            _ => None,
        }
    }

    /// When it makes sense to try again, where that is known.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyGuesses { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}

fn wrong(field: &str) -> &'static str {
    match field {
        "code" => "this code is wrong, or was used already; wait for the next one that your app shows",
        "recovery_code" => "this recovery code is wrong, or was used already",
        _ => "this passkey is not one of this account, or it could not be checked",
    }
}
