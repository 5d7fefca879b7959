//! `loquat rotate-secret`.

use std::process::ExitCode;

use super::print;
use crate::app::rotation;
use crate::config::RotationSettings;

/// Replaces the secret key, and says what that did.
pub(super) async fn rotate(settings: &RotationSettings) -> anyhow::Result<ExitCode> {
    let (data, keys) = settings.check()?;
    let rotated = rotation::rotate(&data, &keys).await?;
    let secrets = rotated.secrets;
    print(&format!("sealed anew  {} stored {}\n", secrets.done, plural(secrets.done, "secret")));
    if secrets.already > 0 {
        print(&format!("unchanged    {} that had the new key already\n", secrets.already));
    }
    print(&format!("signed out   {} {}\n", rotated.sessions, plural(rotated.sessions as usize, "session")));
    match rotated.file {
        Some(file) => print(&format!("the new key is in {}\n", file.display())),
        None => print("start every instance with the new SECRET_KEY now; the old one is needed no more\n"),
    }
    if secrets.unreadable.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!(
        "could not be read with the old key, and stay as they are: {}; enter keys again in the settings, and let people in again with `loquat reset-second-factor`\n",
        secrets.unreadable.join(", ")
    ));
    Ok(ExitCode::FAILURE)
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
