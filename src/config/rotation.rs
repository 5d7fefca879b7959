//! What `rotate-secret` is told.

use clap::Args;
use secrecy::SecretString;

use super::parse::{self, Problems};
use super::settings::DataSettings;
use super::{Data, Mistakes};

/// Which key takes the place of which.
#[derive(Args, Clone)]
pub struct RotationSettings {
    /// Where the data is.
    #[command(flatten)]
    pub data: DataSettings,
    /// File that holds the new key, instead of SECRET_KEY
    #[arg(long, env = "SECRET_KEY_FILE", value_name = "FILE", hide_env_values = true)]
    pub secret_key_file: Option<String>,
    /// File that holds the old key, instead of SECRET_KEY_PREVIOUS
    #[arg(long, env = "SECRET_KEY_PREVIOUS_FILE", value_name = "FILE", hide_env_values = true)]
    pub old_key_file: Option<String>,
}

/// The keys of a rotation, where they are given.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The new one.
    pub new: Option<SecretString>,
    /// The old one. However weak it was, it is the one to get away from.
    pub old: Option<SecretString>,
}

impl RotationSettings {
    /// Checks where the data is and which keys are given.
    pub fn check(&self) -> Result<(Data, Rotation), Mistakes> {
        let mut problems = Problems::default();
        let data = self.data.read(&mut problems);
        let new = problems.secret("SECRET_KEY", &self.secret_key_file);
        parse::secret_key_is_strong(new.as_ref(), &mut problems);
        let old = problems.secret("SECRET_KEY_PREVIOUS", &self.old_key_file);
        problems.or(data.map(|data| (data, Rotation { new, old })))
    }
}
