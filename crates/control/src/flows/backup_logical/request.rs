//! What is decided before a backup becomes a task: cluster, method, tenants, storage.

use std::collections::BTreeMap;

use dump::{Compression, Selection};
use engine::journal::{InsertError, NewTask};
use engine::{Flow as _, Note};
use metadata::Slice;
use metadata::tasks::{TaskQuery, subject};
use model::ability::Generation;
use model::backup::{BackupMethod, DataBackupMode, settle};
use model::cluster::{Cluster, ClusterStatus};
use model::id::{StorageId, TaskId, TenantId};
use model::inventory::Consent;
use model::physical::SYS;
use model::problem::codes;
use model::storage::{Storage, StorageLocation};
use model::tenant::{Tenant, check_readable};
use model::{Problem, Secret};
use storage::Client;

use super::{BackupLogical, State};
use crate::actor::Actor;
use crate::audit::Attempt;
use crate::backups::{Accepted, BackupNow};
use crate::context::{Context, Control};
use crate::error::Error;
use crate::flows::backup_physical::BackupPhysical;
use crate::storages::StorageChoice;
use crate::tasks::view;

/// How many connections read when nobody says.
const CONNECTIONS: u32 = 4;

/// The most connections that read.
const CONNECTIONS_MAX: u32 = 64;

/// What was decided.
pub(super) struct Decided {
    pub(super) cluster: Cluster,
    pub(super) mode: DataBackupMode,
    pub(super) tenants: Vec<Tenant>,
    pub(super) storage: Destination,
    pub(super) selection: Selection,
    pub(super) consent: Consent,
    pub(super) compression: Compression,
    pub(super) connections: usize,
}

impl Decided {
    pub(super) fn has(&self, tenant: TenantId) -> bool {
        self.tenants.iter().any(|chosen| chosen.id == tenant)
    }
}

/// Where to.
pub(crate) enum Destination {
    Saved(Storage),
    /// Kept with the task, without a name.
    Typed(StorageLocation, Option<Secret>),
}

impl Destination {
    pub(crate) fn location(&self) -> &StorageLocation {
        match self {
            Self::Saved(storage) => &storage.location,
            Self::Typed(location, _) => location,
        }
    }

    /// Returns the key's secret, if it has one.
    pub(crate) async fn secret(&self, context: &Context) -> Result<Option<Secret>, Error> {
        match self {
            Self::Saved(storage) => Ok(context.metadata.storage_secret(storage.id).await?),
            Self::Typed(_, secret) => Ok(secret.clone()),
        }
    }
}

/// Makes a task of the request.
pub(crate) async fn request(
    control: &Control,
    actor: &Actor,
    wish: BackupNow,
    attempt: &Attempt,
) -> Result<Accepted, Error> {
    let decided = decide(&control.context, wish).await?;
    let mut writer = control.metadata().begin().await?;
    let storage = match &decided.storage {
        Destination::Saved(storage) => storage.id,
        Destination::Typed(location, secret) => {
            writer.storage_insert(None, location, secret.as_ref()).await?.id
        }
    };
    let requested = writer.now().await?;
    let task = writer.task_insert(&new_task(&decided, storage, requested, actor)?).await;
    let task = task.map_err(|error| match error {
        InsertError::Occupied { task, .. } => Problem::conflict("backup-runs-already")
            .coded(codes::BACKUP_RUNS_ALREADY)
            .with("task", task)
            .into(),
        InsertError::Journal(cause) => Error::from(cause),
    })?;
    attempt.done(&mut writer).await?;
    writer.commit().await?;
    control.wake().now();
    Ok(Accepted { task: TaskId(task.0) })
}

/// Decides what can be decided without asking the cluster.
pub(super) async fn decide(context: &Context, wish: BackupNow) -> Result<Decided, Error> {
    let cluster = context.cluster(wish.cluster).await?;
    refuse_upgrading(&cluster)?;
    let (method, mode) = settle(&wish.wish, cluster.facts.ability)?;
    if method != BackupMethod::Logical {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "logical-not-offered").into());
    }
    let given = [("plusArchivelog", wish.plus_archivelog), ("encryption", wish.encryption.is_some())];
    if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
        return Err(Problem::invalid("option-of-physical-backup").with("option", option).into());
    }
    let tenants = tenants(context, &cluster, &wish.wish.tenants).await?;
    let connections = wish.threads.unwrap_or(CONNECTIONS);
    if !(1..=CONNECTIONS_MAX).contains(&connections) {
        return Err(Problem::invalid("threads-out-of-range").with("most", CONNECTIONS_MAX).into());
    }
    let compression = wish.compression.map_or_else(|| Ok(Compression::default()), |text| text.parse());
    let compression = compression.map_err(|why| Problem::invalid("compression-unknown").raw(why))?;
    Ok(Decided {
        mode,
        tenants,
        storage: destination(context, &cluster, method, wish.storage).await?,
        selection: Selection(wish.wish.objects),
        consent: wish.consent,
        compression,
        connections: connections as usize,
        cluster,
    })
}

/// Refuses a cluster in the midst of an upgrade, whoever asks.
pub(crate) fn refuse_upgrading(cluster: &Cluster) -> Result<(), Problem> {
    if cluster.status == ClusterStatus::Upgrading || cluster.facts.upgrading {
        return Err(
            Problem::refused(codes::PRECHECK_FAILED, "cluster-upgrading").with("cluster", &cluster.name)
        );
    }
    Ok(())
}

/// Returns the chosen tenants, and without a choice all but the sys tenant of a cluster. Each must be readable: to leave
/// one out in silence would back up less than was asked for.
async fn tenants(context: &Context, cluster: &Cluster, chosen: &[TenantId]) -> Result<Vec<Tenant>, Error> {
    let all = context.metadata.tenant_list(cluster.id).await?;
    let mut tenants: Vec<Tenant> = Vec::new();
    for id in chosen {
        let found = all.iter().find(|tenant| tenant.id == *id);
        let tenant = found.ok_or_else(|| Problem::not_found("tenant-unknown").with("tenant", id))?;
        if !tenants.contains(tenant) {
            tenants.push(tenant.clone());
        }
    }
    if chosen.is_empty() {
        let is_alone = cluster.facts.generation == Generation::Seekdb;
        tenants = all.into_iter().filter(|tenant| is_alone || tenant.id != SYS).collect();
    }
    if tenants.is_empty() {
        return Err(Problem::refused(codes::NO_BACKUP_OBJECT, "backup-without-tenant").into());
    }
    refuse_unreadable(context, cluster, &tenants).await?;
    Ok(tenants)
}

/// Names every tenant without a credential; one that no credential makes readable comes first.
async fn refuse_unreadable(context: &Context, cluster: &Cluster, tenants: &[Tenant]) -> Result<(), Error> {
    let users = context.metadata.tenant_credential_users(cluster.id).await?;
    let mut without: Vec<&str> = Vec::new();
    for tenant in tenants {
        check_readable(cluster.facts.generation, tenant, true, &cluster.name)?;
        let has_credential = users.contains_key(&tenant.id);
        if check_readable(cluster.facts.generation, tenant, has_credential, &cluster.name).is_err() {
            without.push(&tenant.name);
        }
    }
    let refusal = |id| Problem::refused(codes::PRECHECK_FAILED, id).with("cluster", &cluster.name);
    match without[..] {
        [] => Ok(()),
        [one] => Err(refusal("tenant-credential-missing").with("tenant", one).into()),
        [..] => Err(refusal("tenant-credentials-missing").with("tenants", without.join(", ")).into()),
    }
}

/// Returns the chosen storage; without a choice the last one of that cluster, else the only one there is. A logical
/// backup is written by this server, which must be allowed to use the storage.
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
                Client::open(&location, secret.as_ref(), &context.roots)?;
            }
            return Ok(Destination::Typed(location, secret));
        }
        Some(StorageChoice::Saved(id)) => context.storage(id).await?,
        None => usual_storage(context, cluster)
            .await?
            .ok_or_else(|| Problem::invalid("storage-not-chosen").coded(codes::STORAGE_URI_MISSING))?,
    };
    if method == BackupMethod::Logical {
        context.client(storage.id).await?;
    }
    Ok(Destination::Saved(storage))
}

/// Returns the kinds of the tasks that back up.
pub(crate) fn kinds() -> Vec<String> {
    vec![BackupLogical::KIND.to_owned(), BackupPhysical::KIND.to_owned()]
}

/// Returns the storage that is filled in for a cluster: the last one used for it, else the only one in the library.
pub(crate) async fn usual_storage(context: &Context, cluster: &Cluster) -> Result<Option<Storage>, Error> {
    let last = TaskQuery {
        kinds: kinds(),
        subjects: vec![(subject::CLUSTER.to_owned(), cluster.id.to_string())],
        ..TaskQuery::default()
    };
    let last = context.metadata.task_list(&last, Slice { offset: 0, limit: 1 }).await?.items.pop();
    let used = last.and_then(|task| task.subject.get(subject::STORAGE)?.parse().ok());
    if let Some(id) = used
        && let Some(storage) = context.metadata.storage_get(StorageId(id)).await?
    {
        return Ok(Some(storage));
    }
    let mut library = context.metadata.storage_list().await?;
    Ok(if library.len() == 1 { library.pop() } else { None })
}

fn new_task(
    decided: &Decided,
    storage: StorageId,
    requested: model::Timestamp,
    actor: &Actor,
) -> Result<NewTask, Error> {
    let cluster = &decided.cluster;
    let tenants: BTreeMap<String, TenantId> =
        decided.tenants.iter().map(|tenant| (tenant.name.clone(), tenant.id)).collect();
    let lanes: Vec<String> = tenants.keys().cloned().collect();
    let state = State {
        cluster: cluster.id,
        cluster_name: cluster.name.clone(),
        ob_cluster_id: cluster.facts.ob_cluster_id,
        storage,
        tenants,
        selection: decided.selection.clone(),
        consent: decided.consent.clone(),
        compression: decided.compression,
        connections: decided.connections,
        requested,
        tag: format!("{:08x}", rand::random::<u32>()),
    };
    let name = Note::new(BackupLogical::KIND).arg("cluster", &cluster.name);
    let mut task = NewTask::of::<BackupLogical>(name, &state, lanes)
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .creator(&actor.name)
        .subject(subject::CLUSTER, cluster.id.to_string())
        .subject(view::CLUSTER_NAME, &cluster.name)
        .subject(subject::STORAGE, storage.to_string())
        // A task has one key and may hold several tenants, so it keeps others away from the whole cluster.
        .exclusive(format!("backup:{}", cluster.id));
    if let [tenant] = &decided.tenants[..] {
        task = task.subject(subject::TENANT, tenant.id.to_string()).subject(view::TENANT_NAME, &tenant.name);
    }
    Ok(task)
}
