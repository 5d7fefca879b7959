//! How often anybody may guess and how long sessions last, as they are given, and their check.

use clap::Args;

use super::parse::Problems;
use super::settings::Defaults;
use super::{AccountLimits, SessionTimes};

/// What keeps strangers out of accounts; 0 lifts a limit.
#[derive(Args, Clone)]
#[command(next_help_heading = "Limits (0 means none)")]
pub struct AccountSettings {
    /// Sign-ins from one address within a minute, right or wrong; an address is a /64 where it is IPv6
    #[arg(
        long,
        env = "LOQUAT_MAX_SIGN_INS_PER_MINUTE",
        value_name = "NUMBER",
        default_value = "30",
        hide_env_values = true
    )]
    pub max_sign_ins_per_minute: String,
    /// Wrong passwords for one account within ten minutes, wherever they come from
    #[arg(
        long,
        env = "LOQUAT_MAX_WRONG_PASSWORDS",
        value_name = "NUMBER",
        default_value = "10",
        hide_env_values = true
    )]
    pub max_wrong_passwords: String,
    /// Registrations from one address within an hour
    #[arg(
        long,
        env = "LOQUAT_MAX_REGISTRATIONS_PER_HOUR",
        value_name = "NUMBER",
        default_value = "60",
        hide_env_values = true
    )]
    pub max_registrations_per_hour: String,
    /// Wrong API keys from one address within a minute
    #[arg(
        long,
        env = "LOQUAT_MAX_WRONG_KEYS_PER_MINUTE",
        value_name = "NUMBER",
        default_value = "60",
        hide_env_values = true
    )]
    pub max_wrong_keys_per_minute: String,
    /// Days after which a session ends that nobody uses
    #[arg(long, env = "LOQUAT_SESSION_IDLE_DAYS", value_name = "DAYS", default_value = "14", hide_env_values = true)]
    pub session_idle_days: String,
    /// Days after which every session ends, used or not
    #[arg(long, env = "LOQUAT_SESSION_DAYS", value_name = "DAYS", default_value = "90", hide_env_values = true)]
    pub session_days: String,
}

impl AccountSettings {
    pub(super) fn read(&self, defaults: &Defaults, problems: &mut Problems) -> Option<AccountLimits> {
        let sign_ins_per_minute = problems.limit(
            "LOQUAT_MAX_SIGN_INS_PER_MINUTE",
            defaults.unless_given("max_sign_ins_per_minute", &self.max_sign_ins_per_minute),
        );
        let wrong_passwords = problems.limit(
            "LOQUAT_MAX_WRONG_PASSWORDS",
            defaults.unless_given("max_wrong_passwords", &self.max_wrong_passwords),
        );
        let registrations_per_hour = problems.limit(
            "LOQUAT_MAX_REGISTRATIONS_PER_HOUR",
            defaults.unless_given("max_registrations_per_hour", &self.max_registrations_per_hour),
        );
        let wrong_keys_per_minute = problems.limit(
            "LOQUAT_MAX_WRONG_KEYS_PER_MINUTE",
            defaults.unless_given("max_wrong_keys_per_minute", &self.max_wrong_keys_per_minute),
        );
        Some(AccountLimits {
            sign_ins_per_minute: sign_ins_per_minute?,
            wrong_passwords: wrong_passwords?,
            registrations_per_hour: registrations_per_hour?,
            wrong_keys_per_minute: wrong_keys_per_minute?,
        })
    }

    pub(super) fn read_sessions(&self, defaults: &Defaults, problems: &mut Problems) -> Option<SessionTimes> {
        let idle = problems
            .days("LOQUAT_SESSION_IDLE_DAYS", defaults.unless_given("session_idle_days", &self.session_idle_days));
        let whole = problems.days("LOQUAT_SESSION_DAYS", defaults.unless_given("session_days", &self.session_days));
        Some(SessionTimes { idle: idle?, whole: whole? })
    }
}
