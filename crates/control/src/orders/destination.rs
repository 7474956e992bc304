//! The destination of a backup: a saved storage, or one that was typed in for this task.

use metadata::tasks::{TaskQuery, subject};
use metadata::{Slice, Transaction};
use model::backup::BackupMethod;
use model::cluster::Cluster;
use model::id::StorageId;
use model::order::StorageChoice;
use model::problem::codes;
use model::storage::{Storage, StorageLocation};
use model::{Problem, Secret};
use storage::Client;

use super::kinds::backup_kinds;
use crate::context::{Context, Error};

/// The destination of a backup.
pub(crate) enum Destination {
    Saved(Storage),
    /// A location that is stored with the task, without a name.
    Typed(StorageLocation, Option<Secret>),
}

impl Destination {
    pub(crate) fn location(&self) -> &StorageLocation {
        match self {
            Self::Saved(storage) => &storage.location,
            Self::Typed(location, _) => location,
        }
    }

    /// Stores a typed-in storage with the task that this transaction creates; returns the storage.
    pub(crate) async fn keep(&self, writer: &mut Transaction) -> Result<StorageId, Error> {
        match self {
            Self::Saved(storage) => Ok(storage.id),
            Self::Typed(location, secret) => {
                Ok(writer.storage_insert(None, location, secret.as_ref()).await?.id)
            }
        }
    }

    /// Returns the secret of the access key, if there is one.
    pub(crate) async fn secret(&self, context: &Context) -> Result<Option<Secret>, Error> {
        match self {
            Self::Saved(storage) => Ok(context.metadata.storage_secret(storage.id).await?),
            Self::Typed(_, secret) => Ok(secret.clone()),
        }
    }
}

/// Returns the chosen storage; without a choice, the last one used for the cluster, otherwise the only saved one. This
/// server writes logical backups itself, so for those it must be allowed to use the storage.
pub(crate) async fn destination(
    context: &Context,
    cluster: &Cluster,
    method: BackupMethod,
    choice: Option<StorageChoice>,
) -> Result<Destination, Error> {
    let storage = match choice {
        Some(StorageChoice::Typed { location, secret }) => {
            let location = context.usable(location, secret.as_ref())?;
            if method == BackupMethod::Logical {
                Client::open(&location, secret.as_ref(), &context.rules)?;
            }
            return Ok(Destination::Typed(location, secret));
        }
        Some(StorageChoice::Saved(id)) => context.storage(id).await?,
        None => usual_storage(context, cluster)
            .await?
            .map(|(storage, _)| storage)
            .ok_or_else(|| Problem::invalid("storage-not-chosen").coded(codes::STORAGE_URI_MISSING))?,
    };
    if method == BackupMethod::Logical {
        context.client(storage.id).await?;
    }
    Ok(Destination::Saved(storage))
}

/// Why a storage is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageSource {
    /// It is the storage of the backup strategy.
    Strategy,
    /// It was used for the last backup of the cluster.
    LastUsed,
    /// It is the only saved storage configuration.
    OnlyOne,
}

/// Returns the default storage of a cluster without a strategy: the last one used for it, otherwise the only saved one.
pub(crate) async fn usual_storage(
    context: &Context,
    cluster: &Cluster,
) -> Result<Option<(Storage, StorageSource)>, Error> {
    let last = TaskQuery {
        kinds: backup_kinds(),
        subjects: vec![(subject::CLUSTER.to_owned(), cluster.id.to_string())],
        ..TaskQuery::default()
    };
    let last = context.metadata.task_list(&last, Slice { offset: 0, limit: 1 }).await?.items.pop();
    let used = last.and_then(|task| task.subject.get(subject::STORAGE)?.parse().ok());
    if let Some(id) = used
        && let Some(storage) = context.metadata.storage_get(StorageId(id)).await?
    {
        return Ok(Some((storage, StorageSource::LastUsed)));
    }
    let mut library = context.metadata.storage_list().await?;
    let only = if library.len() == 1 { library.pop() } else { None };
    Ok(only.map(|storage| (storage, StorageSource::OnlyOne)))
}
