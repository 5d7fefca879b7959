//! The key that signs sessions and seals stored secrets: given, or made once and kept beside the SQLite database.

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use crate::config::Config;
use crate::files;

/// The key's file in the data directory …
const NAME: &str = "secret-key";
/// … and that of the one that is about to take its place, while `rotate-secret` runs.
const NEXT: &str = "secret-key.next";

/// `SECRET_KEY`, or the key in `secret-key` of the data directory, which is made when it is missing.
pub(super) fn key(config: &Config) -> anyhow::Result<SecretString> {
    match &config.secret_key {
        Some(key) => Ok(key.clone()),
        None => read_or_make(&config.data.dir, NAME),
    }
}

/// The key in the data directory, if there is one.
pub(super) fn kept(dir: &Path) -> anyhow::Result<Option<SecretString>> {
    read(&dir.join(NAME))
}

/// The key that is about to take its place, if there is one.
pub(super) fn next(dir: &Path) -> anyhow::Result<Option<SecretString>> {
    read(&dir.join(NEXT))
}

/// The same, made when there is none. It is on the disk before anything is sealed with it.
pub(super) fn make_next(dir: &Path) -> anyhow::Result<SecretString> {
    read_or_make(dir, NEXT)
}

/// Puts the new key in the place of the old one, at once. Returns where it is.
pub(super) fn take_next(dir: &Path) -> anyhow::Result<PathBuf> {
    let (next, place) = (dir.join(NEXT), dir.join(NAME));
    fs::rename(&next, &place).with_context(|| format!("{} cannot be renamed", next.display()))?;
    sync(dir)?;
    Ok(place)
}

fn read_or_make(dir: &Path, name: &str) -> anyhow::Result<SecretString> {
    let path = dir.join(name);
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    let key: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    write(dir, &path, &key).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(SecretString::from(key))
}

/// Writes a key so that its file is never seen without it, whenever the power fails.
fn write(dir: &Path, path: &Path, key: &str) -> anyhow::Result<()> {
    let unfinished = path.with_extension("unfinished");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut file = make(dir, &unfinished)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync(dir)
}

/// Whoever owns the old key owns the new one, by whomever it is made, and a group that reads the one reads the other.
fn make(dir: &Path, path: &Path) -> anyhow::Result<File> {
    let place = dir.join(NAME);
    let Ok(old) = fs::metadata(&place) else { return Ok(files::make_like(path, dir)?) };
    let file = files::make_like(path, &place)?;
    file.set_permissions(Permissions::from_mode(old.permissions().mode() & 0o660))?;
    Ok(file)
}

fn sync(dir: &Path) -> anyhow::Result<()> {
    File::open(dir).and_then(|dir| dir.sync_all()).with_context(|| format!("{} cannot be synced", dir.display()))
}

fn read(path: &Path) -> anyhow::Result<Option<SecretString>> {
    let key = match fs::read_to_string(path) {
        Ok(key) => SecretString::from(key.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => anyhow::bail!(
            "{} cannot be read ({error}): it has to belong to whom the server runs as, so run this command as that user, or give it the file with `chown`",
            path.display()
        ),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    anyhow::ensure!(
        key.expose_secret().len() >= 32,
        "{} holds no key of 32 characters or more; bring the right one back, or delete it to have a new one made (everybody has to sign in again, and the keys of model servers have to be entered again)",
        path.display()
    );
    Ok(Some(key))
}
