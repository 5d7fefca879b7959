//! Sealing the keys of providers anew, for another `SECRET_KEY`.

use sea_orm::{ConnectionTrait, EntityTrait, Set, Unchanged};

use super::{API_KEY, origin};
use crate::entity::provider;
use crate::error::Result;
use crate::vault::Vault;

/// What became of the stored secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many are sealed with the new key now.
    pub done: usize,
    /// How many were so before.
    pub already: usize,
    /// Whose could not be read with the old key, and stay as they are.
    pub unreadable: Vec<String>,
}

/// Seals every key that opens with `old` for `new`.
pub async fn reseal(transaction: &impl ConnectionTrait, old: &Vault, new: &Vault) -> Result<Resealed> {
    let mut resealed = Resealed::default();
    for row in provider::Entity::with_keys().all(transaction).await? {
        let Some(sealed) = &row.api_key else { continue };
        if new.sealed(sealed) {
            resealed.already += 1;
            continue;
        }
        let (id, origin) = (row.id.to_string(), origin(&row.base_url));
        let context = [API_KEY, &id, &origin];
        match old.open(&context, sealed) {
            Ok(key) => {
                let api_key = Set(Some(new.seal(&context, &key)));
                let row = provider::ActiveModel { id: Unchanged(row.id), api_key, ..Default::default() };
                provider::Entity::update(row).exec(transaction).await?;
                resealed.done += 1;
            }
            Err(_) => resealed.unreadable.push(row.name),
        }
    }
    Ok(resealed)
}

/// Whether any key is sealed with this one.
pub async fn uses(db: &impl ConnectionTrait, vault: &Vault) -> Result<bool> {
    let rows = provider::Entity::with_keys().all(db).await?;
    Ok(rows.iter().filter_map(|row| row.api_key.as_deref()).any(|sealed| vault.sealed(sealed)))
}
