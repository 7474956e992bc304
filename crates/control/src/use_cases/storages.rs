//! Storage configurations, and their test.

mod for_cluster;

use metadata::backup_sets::BackupSetQuery;
use metadata::tasks::subject;
use metadata::{Slice, Transaction};
use model::cluster::check_name;
use model::id::StorageId;
use model::problem::codes;
use model::storage::{Storage, StorageLocation, TestLine};
use model::user::Permission;
use model::{Problem, Secret};

use crate::actor::Actor;
use crate::context::Attempt;
use crate::context::Control;
use crate::error::Error;
use crate::page::{Page, PageAsk};
pub use for_cluster::test_for_cluster;
pub use model::order::StorageChoice;

/// A new storage configuration.
#[derive(Debug, Clone)]
pub struct NewStorage {
    /// Its name.
    pub name: String,
    /// Its location.
    pub location: StorageLocation,
    /// The secret of its access key; none for a directory.
    pub secret: Option<Secret>,
}

/// The changes of a storage configuration; `None` keeps a setting.
#[derive(Debug, Clone, Default)]
pub struct StorageChange {
    /// Its new name.
    pub name: Option<String>,
    /// Its new location.
    pub location: Option<StorageLocation>,
    /// The new secret of its access key.
    pub secret: Option<Secret>,
}

/// Adds a storage configuration.
///
/// # Errors
/// When the name is taken, or this server cannot or may not use the location.
pub async fn create(control: &Control, actor: &Actor, new: NewStorage) -> Result<Storage, Error> {
    let attempt = Attempt::new(actor, "storage-create", format!("storage/{}", new.name));
    let work = async {
        actor.must(Permission::Backup)?;
        check_name(&new.name)?;
        let location = control.context.usable(new.location, new.secret.as_ref())?;
        let mut writer = control.metadata().begin().await?;
        let storage = writer.storage_insert(Some(&new.name), &location, new.secret.as_ref()).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(storage)
    };
    attempt.watch(&control.context, work).await
}

/// Returns the saved storage configurations by name.
///
/// # Errors
/// When the actor may not read it, or the metadata database fails.
pub async fn list(control: &Control, actor: &Actor, page: PageAsk) -> Result<Page<Storage>, Error> {
    actor.must(Permission::Read)?;
    Ok(page.of(control.metadata().storage_list().await?))
}

/// Returns a storage configuration, including one that was typed in for a single task.
///
/// # Errors
/// When there is none.
pub async fn get(control: &Control, actor: &Actor, id: StorageId) -> Result<Storage, Error> {
    actor.must(Permission::Read)?;
    control.context.storage(id).await
}

/// Returns the storage configuration of that name.
///
/// # Errors
/// When there is none.
pub async fn find(control: &Control, actor: &Actor, name: &str) -> Result<Storage, Error> {
    actor.must(Permission::Read)?;
    let found = control.metadata().storage_by_name(name).await?;
    Ok(found.ok_or_else(|| Problem::not_found("storage-unknown").with("storage", name))?)
}

/// Changes a storage configuration.
///
/// # Errors
/// When the name is taken, when this server cannot or may not use the location, or when the location would change while
/// it contains backup sets or a task uses it.
pub async fn update(
    control: &Control,
    actor: &Actor,
    id: StorageId,
    change: StorageChange,
) -> Result<Storage, Error> {
    let attempt = Attempt::new(actor, "storage-update", format!("storage/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        let storage = control.context.storage(id).await?;
        let StorageChange { name, location, secret } = change;
        let name = name.or_else(|| storage.name.clone());
        name.as_deref().map_or(Ok(()), check_name)?;
        let kept = control.metadata().storage_secret(id).await?;
        let takes_secret_along =
            location.as_ref().is_some_and(|new| !is_same_account(new, &storage.location));
        if takes_secret_along && secret.is_none() && kept.is_some() {
            // Otherwise the stored secret could be sent to an attacker's address.
            let needed = Problem::invalid("storage-secret-needed");
            return Err(needed.coded(codes::STORAGE_KEY_SECRET_MISSING).into());
        }
        let moves = location.as_ref().is_some_and(|new| !is_same_place(new, &storage.location));
        let location = control
            .context
            .usable(location.unwrap_or(storage.location), secret.as_ref().or(kept.as_ref()))?;
        let mut writer = control.metadata().begin().await?;
        if moves {
            refuse_move(control, &mut writer, id).await?;
        }
        writer.storage_update(id, name.as_deref(), &location, secret.as_ref()).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.storage(id).await
    };
    attempt.watch(&control.context, work).await
}

/// Removes a storage configuration. Its files stay.
///
/// # Errors
/// When it contains backup sets, or a task still uses it.
pub async fn remove(control: &Control, actor: &Actor, id: StorageId) -> Result<(), Error> {
    let attempt = Attempt::new(actor, "storage-remove", format!("storage/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        control.context.storage(id).await?;
        let mut writer = control.metadata().begin().await?;
        writer.storage_remove(id).await?;
        attempt.done(&mut writer).await?;
        Ok(writer.commit().await?)
    };
    attempt.watch(&control.context, work).await
}

/// Tests a storage from this server, line by line. It touches no cluster.
///
/// # Errors
/// When the actor may not test storages, or there is no such storage.
pub async fn test(control: &Control, actor: &Actor, choice: &StorageChoice) -> Result<Vec<TestLine>, Error> {
    actor.must(Permission::Backup)?;
    let (location, secret) = place(control, choice).await?;
    Ok(storage::probe(&location, secret.as_ref(), &control.context.rules).await)
}

/// Returns the location of a storage, and the secret of its access key.
async fn place(
    control: &Control,
    choice: &StorageChoice,
) -> Result<(StorageLocation, Option<Secret>), Error> {
    Ok(match choice {
        StorageChoice::Saved(id) => {
            (control.context.storage(*id).await?.location, control.metadata().storage_secret(*id).await?)
        }
        StorageChoice::Typed { location, secret } => (location.clone().checked()?, secret.clone()),
    })
}

/// Returns whether two locations are the same place, regardless of the access key.
pub(crate) fn is_same_place(one: &StorageLocation, other: &StorageLocation) -> bool {
    (one.kind, &one.path, &one.endpoint) == (other.kind, &other.path, &other.endpoint)
}

/// Returns whether a secret for one location may be sent to the other: both have the same service, bucket and account.
pub(crate) fn is_same_account(one: &StorageLocation, other: &StorageLocation) -> bool {
    fn account(location: &StorageLocation) -> impl PartialEq {
        let bucket = location.path.split('/').next().unwrap_or_default().to_owned();
        let StorageLocation { kind, path: _, endpoint, access_key_id, app_id } = location.clone();
        (kind, bucket, endpoint, access_key_id, app_id)
    }
    account(one) == account(other)
}

/// Refuses a new location of a storage that a task uses or that contains backup sets.
async fn refuse_move(control: &Control, writer: &mut Transaction, id: StorageId) -> Result<(), Error> {
    if let Some(task) = writer.task_unfinished_about(subject::STORAGE, &id.to_string()).await? {
        return Err(Problem::conflict("task-not-finished").with("task", task).into());
    }
    let sets = BackupSetQuery { storage: Some(id), ..BackupSetQuery::default() };
    let sets = control.metadata().backup_set_list(&sets, Slice { offset: 0, limit: 1 }).await?.total;
    if sets > 0 {
        return Err(Problem::conflict("storage-in-use").with("backup_sets", sets).into());
    }
    Ok(())
}
