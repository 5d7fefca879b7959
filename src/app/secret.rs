//! The key that signs sessions: given, or made once and kept beside the SQLite database.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

use anyhow::Context;
use secrecy::SecretString;

use crate::config::Config;

/// `SECRET_KEY`, or the key in `secret-key` of the data directory, which is made when it is missing.
pub(super) fn key(config: &Config) -> anyhow::Result<SecretString> {
    if let Some(key) = &config.secret_key {
        return Ok(key.clone());
    }
    let path = config.data.dir.join("secret-key");
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match made {
        Ok(mut file) => {
            let key: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
            file.write_all(key.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(SecretString::from(key))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let key = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let key = key.trim().to_owned();
            anyhow::ensure!(
                key.len() >= 32,
                "{} holds no key of 32 characters or more; delete it to have a new one made (everybody has to sign in again)",
                path.display()
            );
            Ok(SecretString::from(key))
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be made", path.display())),
    }
}
