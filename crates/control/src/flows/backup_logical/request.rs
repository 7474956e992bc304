//! What is decided before a backup becomes a task: cluster, method, tenants, storage.

use std::collections::BTreeMap;

use dump::{Compression, Selection};
use engine::journal::{InsertError, NewTask};
use engine::{Flow as _, Note};
use metadata::tasks::subject;
use model::Problem;
use model::ability::Generation;
use model::backup::{BackupMethod, DataBackupMode, settle};
use model::cluster::{Cluster, refuse_upgrading};
use model::id::{StorageId, TaskId, TenantId};
use model::physical::SYS;
use model::problem::codes;
use model::tenant::{Tenant, check_readable};

use super::{BackupLogical, State};
use crate::actor::Actor;
use crate::context::Attempt;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::orders::{Accepted, BackupNow, Destination, Scheduled, destination, strategy_storage, subjects};

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
    pub(super) compression: Compression,
    pub(super) connections: usize,
}

impl Decided {
    pub(super) fn has(&self, tenant: TenantId) -> bool {
        self.tenants.iter().any(|chosen| chosen.id == tenant)
    }
}

/// Makes a task of the request; one that a strategy ordered settles its due time in the same transaction.
pub(crate) async fn request(
    control: &Control,
    actor: &Actor,
    wish: BackupNow,
    run: Option<&Scheduled>,
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
    let mut task = new_task(&decided, storage, requested, actor)?;
    if let Some(run) = run {
        task = run.mark(task);
    }
    let task = writer.task_insert(&task).await;
    let task = task.map_err(|error| match error {
        InsertError::Occupied { task, .. } => Problem::conflict("backup-runs-already")
            .coded(codes::BACKUP_RUNS_ALREADY)
            .with("task", task)
            .into(),
        InsertError::Journal(cause) => Error::from(cause),
    })?;
    let task = TaskId(task.0);
    if let Some(run) = run {
        run.settle(&mut writer, task).await?;
    }
    attempt.done(&mut writer).await?;
    writer.commit().await?;
    control.wake().now();
    Ok(Accepted { task })
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
    let choice = match wish.storage {
        Some(choice) => Some(choice),
        None => strategy_storage(context, &cluster, &wish.wish.tenants).await?,
    };
    Ok(Decided {
        mode,
        tenants,
        storage: destination(context, &cluster, method, choice).await?,
        selection: Selection(wish.wish.objects),
        compression,
        connections: connections as usize,
        cluster,
    })
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
        .subject(subjects::CLUSTER_NAME, &cluster.name)
        .subject(subject::STORAGE, storage.to_string())
        // A task has one key and may hold several tenants, so it keeps others away from the whole cluster.
        .exclusive(format!("backup:{}", cluster.id));
    if let [tenant] = &decided.tenants[..] {
        task =
            task.subject(subject::TENANT, tenant.id.to_string()).subject(subjects::TENANT_NAME, &tenant.name);
    }
    Ok(task)
}
