//! Sealing the keys of providers anew, for another `SECRET_KEY`.

use sea_orm::{ConnectionTrait, EntityTrait, Set, Unchanged};

use super::{API_KEY, origin};
use crate::entity::provider;
use crate::error::Result;
use crate::vault::{Resealed, Vault};

/// Seals every key that opens with `old` for `new`.
pub async fn reseal(
    transaction: &impl ConnectionTrait,
    old: &Vault,
    new: &Vault,
    resealed: &mut Resealed,
) -> Result<()> {
    for row in provider::Entity::with_keys().all(transaction).await? {
        let Some(sealed) = &row.api_key else { continue };
        let (id, origin) = (row.id.to_string(), origin(&row.base_url));
        let what = format!("the key of {}", row.name);
        let Some(sealed) = resealed.again(old, new, &[API_KEY, &id, &origin], sealed, &what) else { continue };
        let row = provider::ActiveModel { id: Unchanged(row.id), api_key: Set(Some(sealed)), ..Default::default() };
        provider::Entity::update(row).exec(transaction).await?;
    }
    Ok(())
}

/// Whether any key is sealed with this one.
pub async fn uses(db: &impl ConnectionTrait, vault: &Vault) -> Result<bool> {
    let rows = provider::Entity::with_keys().all(db).await?;
    Ok(rows.iter().filter_map(|row| row.api_key.as_deref()).any(|sealed| vault.sealed(sealed)))
}
