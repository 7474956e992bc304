//! What is decided before a backup becomes a task: cluster, mode, lanes, storage.

use std::collections::BTreeMap;

use engine::journal::{InsertError, NewTask};
use engine::{Flow as _, Note};
use metadata::tasks::subject;
use model::backup::{BackupMethod, DataBackupMode, settle};
use model::cluster::{Cluster, refuse_upgrading};
use model::id::{StorageId, TaskId, TenantId};
use model::physical::scope::{check_tenant, lanes};
use model::physical::{SYS, Scope, address};
use model::problem::codes;
use model::tenant::Tenant;
use model::version::ServerVersion;
use model::{Problem, Secret};
use oceanbase::physical::Verbs;

use super::{BackupPhysical, State};
use crate::actor::Actor;
use crate::context::Attempt;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::orders::{Accepted, BackupNow, Destination, Scheduled, destination, strategy_storage, subjects};
use crate::words;

/// What was decided.
pub(super) struct Decided {
    pub(super) cluster: Cluster,
    pub(super) mode: DataBackupMode,
    pub(super) scopes: BTreeMap<String, Scope>,
    /// The only tenant, where there is one.
    pub(super) tenant: Option<Tenant>,
    pub(super) storage: Destination,
    pub(super) keeps_destinations: bool,
    pub(super) auto_compaction: bool,
    pub(super) plus_archivelog: bool,
    /// What the backup is encrypted with.
    pub(super) password: Option<Secret>,
}

impl Decided {
    /// Returns what the task begins with; the password has been sealed.
    pub(super) fn state(
        &self,
        storage: StorageId,
        requested: model::Timestamp,
        password: Option<String>,
    ) -> State {
        State {
            cluster: self.cluster.id,
            cluster_name: self.cluster.name.clone(),
            ob_name: self.cluster.facts.ob_name.clone(),
            ob_cluster_id: self.cluster.facts.ob_cluster_id,
            storage,
            keeps_destinations: self.keeps_destinations,
            scopes: self.scopes.clone(),
            mode: self.mode,
            auto_compaction: self.auto_compaction,
            plus_archivelog: self.plus_archivelog,
            password,
            promotion: None,
            requested,
            tag: format!("{:08x}", rand::random::<u32>()),
        }
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
    let seal = |password| writer.task_secret_seal(decided.cluster.id, password);
    let mut state = decided.state(storage, requested, decided.password.as_ref().map(seal));
    state.promotion = run.and_then(|run| run.promotion).map(|promotion| words::note(promotion.text()));
    let mut task = new_task(&decided, &state, actor)?;
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
    if method != BackupMethod::Physical {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "physical-not-offered").into());
    }
    refuse_other_methods(&wish)?;
    if wish.plus_archivelog && !can_include_logs(&cluster) {
        return Err(plus_archivelog_unsupported(&cluster.facts.server).into());
    }
    let tenants = chosen(context, &cluster, &wish.wish.tenants).await?;
    let is_whole = wish.wish.tenants.is_empty();
    let scopes = lanes(&cluster.facts.server, cluster.facts.generation, &tenants, is_whole, mode)?;
    let choice = match wish.storage {
        Some(choice) => Some(choice),
        None => strategy_storage(context, &cluster, &wish.wish.tenants).await?,
    };
    let keeps_destinations = choice.is_none();
    let storage = destination(context, &cluster, method, choice).await?;
    let secret = storage.secret(context).await?;
    address::written(storage.location(), secret.as_ref(), &cluster.facts.server)?;
    let tenant = match &tenants[..] {
        [tenant] if !is_whole => Some(tenant.clone()),
        _ => None,
    };
    Ok(Decided {
        mode,
        scopes: scopes.into_iter().collect(),
        tenant,
        storage,
        keeps_destinations,
        auto_compaction: wish.auto_compaction,
        plus_archivelog: wish.plus_archivelog,
        password: wish.encryption,
        cluster,
    })
}

/// Returns the chosen tenants; all but the sys tenant when none was chosen.
async fn chosen(context: &Context, cluster: &Cluster, chosen: &[TenantId]) -> Result<Vec<Tenant>, Error> {
    let mut all = context.metadata.tenant_list(cluster.id).await?;
    if chosen.is_empty() {
        all.retain(|tenant| tenant.id != SYS);
        return Ok(all);
    }
    let facts = &cluster.facts;
    let mut tenants: Vec<Tenant> = Vec::new();
    for id in chosen {
        let found = all.iter().find(|tenant| tenant.id == *id);
        let tenant = found.ok_or_else(|| Problem::not_found("tenant-unknown").with("tenant", id))?;
        check_tenant(&facts.server, facts.generation, tenant)?;
        if !tenants.contains(tenant) {
            tenants.push(tenant.clone());
        }
    }
    Ok(tenants)
}

fn can_include_logs(cluster: &Cluster) -> bool {
    let facts = &cluster.facts;
    Verbs::new(facts.generation, facts.server.version.clone()).can_include_logs()
}

/// Says that the logs a set needs can't go into it.
pub(super) fn plus_archivelog_unsupported(server: &ServerVersion) -> Problem {
    Problem::refused(codes::PRECHECK_FAILED, "plus-archivelog-unsupported").with("version", server)
}

/// Refuses what only a logical backup has: to pass over it would do something else than was asked for.
fn refuse_other_methods(wish: &BackupNow) -> Result<(), Problem> {
    let given = [("threads", wish.threads.is_some()), ("compression", wish.compression.is_some())];
    if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
        return Err(Problem::invalid("option-of-logical-backup").with("option", option));
    }
    if wish.encryption.as_ref().is_some_and(Secret::is_empty) {
        return Err(Problem::invalid("backup-password-empty"));
    }
    Ok(())
}

fn new_task(decided: &Decided, state: &State, actor: &Actor) -> Result<NewTask, Error> {
    let (cluster, storage) = (&decided.cluster, state.storage);
    let lanes: Vec<String> = state.scopes.keys().cloned().collect();
    let name = Note::new(BackupPhysical::KIND).arg("cluster", &cluster.name);
    let mut task = NewTask::of::<BackupPhysical>(name, state, lanes)
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .creator(&actor.name)
        .subject(subject::CLUSTER, cluster.id.to_string())
        .subject(subjects::CLUSTER_NAME, &cluster.name)
        .subject(subject::STORAGE, storage.to_string())
        // The same key as a logical backup's: the cluster has one backup of ours at a time.
        .exclusive(format!("backup:{}", cluster.id));
    if let Some(tenant) = &decided.tenant {
        task =
            task.subject(subject::TENANT, tenant.id.to_string()).subject(subjects::TENANT_NAME, &tenant.name);
    }
    Ok(task)
}
