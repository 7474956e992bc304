//! The storage of a strategy: a saved configuration, or a location that becomes one. The location of an existing
//! configuration selects that one, so that a strategy can be saved again with another key.

use metadata::Transaction;
use model::backup::BackupMethod;
use model::cluster::{Cluster, check_name};
use model::id::StorageId;
use model::order::StorageChoice;
use model::physical::address;
use model::problem::codes;
use model::storage::{Storage, StorageLocation};
use model::strategy::Scope;
use model::{Problem, Secret};
use storage::Client;

use super::NamedStorage;
use crate::context::Context;
use crate::error::Error;
use crate::orders::{Destination, destination};
use crate::storages::{is_same_account, is_same_place};

/// The storage of a strategy.
pub(super) enum Place {
    /// A saved storage configuration, unchanged.
    Saved(StorageId),
    /// The strategy's current storage, with another name or key.
    Edited { storage: StorageId, name: Option<String>, location: StorageLocation, secret: Option<Secret> },
    /// A new storage configuration.
    New { name: String, location: StorageLocation, secret: Option<Secret> },
}

/// Returns the storage of a strategy, if it can be used: by this server for a logical backup, by the cluster's version
/// for a physical one. `own` is the strategy's current storage, which stays if none is requested.
///
/// # Errors
/// When there is no such storage, or it cannot be used.
pub(super) async fn place(
    context: &Context,
    cluster: &Cluster,
    scope: Scope,
    method: BackupMethod,
    own: Option<StorageId>,
    asked: Option<NamedStorage>,
) -> Result<Place, Error> {
    let (choice, name) = match asked {
        Some(NamedStorage { choice, name }) => (Some(choice), name),
        None => (own.map(StorageChoice::Saved), None),
    };
    let choice = match choice {
        Some(StorageChoice::Typed { location, secret }) => {
            let location = location.checked()?;
            if let Some(own) = own {
                let own = context.storage(own).await?;
                if is_same_place(&own.location, &location) {
                    return edited(context, cluster, method, own, name, location, secret).await;
                }
            }
            known(context, location, secret).await?
        }
        choice => choice,
    };
    let destination = destination(context, cluster, method, choice).await?;
    check_version(cluster, method, destination.location(), destination.secret(context).await?.as_ref())?;
    Ok(match destination {
        Destination::Saved(storage) => Place::Saved(storage.id),
        Destination::Typed(location, secret) => {
            let name = match name {
                Some(name) => name,
                None => usual_name(context, cluster, scope).await?,
            };
            Place::New { name, location, secret }
        }
    })
}

/// Returns the strategy's current storage with the new name or key. An omitted secret stays the same.
async fn edited(
    context: &Context,
    cluster: &Cluster,
    method: BackupMethod,
    own: Storage,
    name: Option<String>,
    location: StorageLocation,
    secret: Option<Secret>,
) -> Result<Place, Error> {
    let kept = context.metadata.storage_secret(own.id).await?;
    if !is_same_account(&location, &own.location) && secret.is_none() && kept.is_some() {
        let needed = Problem::invalid("storage-secret-needed");
        return Err(needed.coded(codes::STORAGE_KEY_SECRET_MISSING).into());
    }
    let used = secret.as_ref().or(kept.as_ref());
    let location = context.usable(location, used)?;
    if method == BackupMethod::Logical {
        Client::open(&location, used, &context.rules)?;
    }
    check_version(cluster, method, &location, used)?;
    let has_other_secret = secret.is_some() && secret != kept;
    let has_other_name = name.is_some() && name != own.name;
    if location == own.location && !has_other_name && !has_other_secret {
        return Ok(Place::Saved(own.id));
    }
    Ok(Place::Edited { storage: own.id, name: name.or(own.name), location, secret })
}

/// Returns the saved storage configuration with the same location as the typed-in one, if there is one.
async fn known(
    context: &Context,
    location: StorageLocation,
    secret: Option<Secret>,
) -> Result<Option<StorageChoice>, Error> {
    let library = context.metadata.storage_list().await?;
    if let Some(same) = library.into_iter().find(|storage| storage.location == location)
        && (secret.is_none() || context.metadata.storage_secret(same.id).await? == secret)
    {
        return Ok(Some(StorageChoice::Saved(same.id)));
    }
    Ok(Some(StorageChoice::Typed { location, secret }))
}

fn check_version(
    cluster: &Cluster,
    method: BackupMethod,
    location: &StorageLocation,
    secret: Option<&Secret>,
) -> Result<(), Problem> {
    if method == BackupMethod::Physical && cluster.facts.ability.offers(method) {
        address::written(location, secret, &cluster.facts.server)?;
    }
    Ok(())
}

/// Returns the default name of a storage: the name of the cluster, or the names of cluster and tenant, without what no
/// name of a storage may contain, and with a number if another storage has that name.
async fn usual_name(context: &Context, cluster: &Cluster, scope: Scope) -> Result<String, Error> {
    let mut usual = cluster.name.clone();
    if let Some(id) = scope.tenant() {
        let tenant = context.metadata.tenant_get(cluster.id, id).await?;
        let tenant = tenant.map_or_else(|| id.to_string(), |tenant| tenant.name);
        usual = format!("{usual}-{tenant}");
    }
    // The number needs room, too.
    let usual: String = usual.chars().filter(|c| check_name(&format!("x{c}")).is_ok()).take(60).collect();
    let mut name = usual.clone();
    let mut number = 1;
    while context.metadata.storage_by_name(&name).await?.is_some() {
        number += 1;
        name = format!("{usual}-{number}");
    }
    Ok(name)
}

impl Place {
    /// Returns whether the name or key of the strategy's current storage changes.
    pub(super) fn is_edited(&self) -> bool {
        matches!(self, Self::Edited { .. })
    }

    /// Returns whether it is not saved.
    pub(super) fn is_new(&self) -> bool {
        matches!(self, Self::New { .. })
    }

    /// Returns whether it is another storage than the strategy's current one.
    pub(super) fn is_other_than(&self, own: StorageId) -> bool {
        match self {
            Self::Saved(storage) | Self::Edited { storage, .. } => *storage != own,
            Self::New { .. } => true,
        }
    }

    /// Returns the address of the storage, as the database shows it.
    pub(super) async fn base(&self, context: &Context) -> Result<String, Error> {
        Ok(match self {
            Self::Saved(id) => address::shown(&context.storage(*id).await?.location),
            Self::Edited { location, .. } | Self::New { location, .. } => address::shown(location),
        })
    }

    /// Saves a new or edited storage in the transaction that saves the strategy; returns the storage.
    ///
    /// # Errors
    /// When the name is malformed or taken.
    pub(super) async fn save(self, writer: &mut Transaction) -> Result<StorageId, Error> {
        Ok(match self {
            Self::Saved(id) => id,
            Self::Edited { storage, name, location, secret } => {
                name.as_deref().map_or(Ok(()), check_name)?;
                writer.storage_update(storage, name.as_deref(), &location, secret.as_ref()).await?;
                storage
            }
            Self::New { name, location, secret } => {
                check_name(&name)?;
                writer.storage_insert(Some(&name), &location, secret.as_ref()).await?.id
            }
        })
    }
}
