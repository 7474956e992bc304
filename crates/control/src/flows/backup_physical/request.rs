//! The decisions before a backup becomes a task: cluster, mode, lanes, storage.

use std::collections::BTreeMap;

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::Transaction;
use metadata::tasks::subject;
use model::backup::{BackupMethod, DataBackupMode};
use model::cluster::{Cluster, refuse_upgrading};
use model::id::{StorageId, TenantId};
use model::order::PhysicalBackup;
use model::physical::scope::{check_tenant, lanes};
use model::physical::{SYS, Scope, address};
use model::problem::codes;
use model::schedule::decide::{Promotion, RunKey};
use model::tenant::Tenant;
use model::version::ServerVersion;
use model::{Problem, Secret};
use oceanbase::physical::Verbs;

use super::{BackupPhysical, State};
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::orders::{Destination, destination, strategy_storage, subjects};
use crate::words;

/// The checked order and the objects that it names.
pub(super) struct Decided {
    pub(super) cluster: Cluster,
    pub(super) mode: DataBackupMode,
    pub(super) scopes: BTreeMap<String, Scope>,
    /// The tenant, if exactly one was chosen.
    pub(super) tenant: Option<Tenant>,
    pub(super) storage: Destination,
    pub(super) keeps_destinations: bool,
    pub(super) auto_compaction: bool,
    pub(super) accept_deletions: bool,
    pub(super) plus_archivelog: bool,
    pub(super) start_log_backup: bool,
    /// The reason for a full backup where the strategy plans an incremental one.
    pub(super) promotion: Option<Promotion>,
    /// The run of the strategy, for a scheduled backup.
    pub(super) run: Option<RunKey>,
    /// The password that encrypts the backup.
    pub(super) password: Option<Secret>,
}

impl Decided {
    /// Returns the initial state of the task; the password has been sealed.
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
            accept_deletions: self.accept_deletions,
            plus_archivelog: self.plus_archivelog,
            password,
            start_log_backup: self.start_log_backup,
            promotion: self.promotion.map(|promotion| words::note(promotion.text())),
            run: self.run,
            requested,
            tag: format!("{:08x}", rand::random::<u32>()),
        }
    }
}

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<PhysicalBackup> = Taker {
    draft,
    conflict: Conflict { text: "backup-runs-already", code: Some(codes::BACKUP_RUNS_ALREADY) },
};

/// Drafts the task of an order.
fn draft<'a>(
    context: &'a Context,
    _: &'a Actor,
    order: PhysicalBackup,
) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move {
        let decided = decide(context, order).await?;
        Ok(Draft::new(move |writer| Box::pin(first(decided, writer))))
    })
}

/// Creates the task of the order.
async fn first(decided: Decided, writer: &mut Transaction) -> Result<NewTask, Error> {
    let storage = decided.storage.keep(writer).await?;
    let requested = writer.now().await?;
    let seal = |password| writer.task_secret_seal(decided.cluster.id, password);
    let state = decided.state(storage, requested, decided.password.as_ref().map(seal));
    new_task(&decided, &state)
}

/// Decides what can be decided without asking the cluster.
pub(super) async fn decide(context: &Context, order: PhysicalBackup) -> Result<Decided, Error> {
    let cluster = context.cluster(order.cluster).await?;
    refuse_upgrading(&cluster)?;
    if order.plus_archivelog && !can_include_logs(&cluster) {
        return Err(plus_archivelog_unsupported(&cluster.facts.server).into());
    }
    let tenants = chosen(context, &cluster, &order.tenants).await?;
    let is_whole = order.tenants.is_empty();
    let scopes = lanes(&cluster.facts.server, cluster.facts.generation, &tenants, is_whole, order.mode)?;
    let choice = match order.storage {
        Some(choice) => Some(choice),
        None => strategy_storage(context, cluster.id, &order.tenants, BackupMethod::Physical).await?,
    };
    let keeps_destinations = choice.is_none();
    let storage = destination(context, &cluster, BackupMethod::Physical, choice).await?;
    let secret = storage.secret(context).await?;
    address::written(storage.location(), secret.as_ref(), &cluster.facts.server)?;
    let tenant = match &tenants[..] {
        [tenant] if !is_whole => Some(tenant.clone()),
        _ => None,
    };
    Ok(Decided {
        mode: order.mode,
        scopes: scopes.into_iter().collect(),
        tenant,
        storage,
        keeps_destinations,
        auto_compaction: order.auto_compaction,
        accept_deletions: order.accept_deletions,
        plus_archivelog: order.plus_archivelog,
        start_log_backup: order.start_log_backup,
        promotion: order.promotion,
        run: order.run,
        password: order.encryption,
        cluster,
    })
}

/// Returns the chosen tenants, or all except the sys tenant if none was chosen.
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

/// Reports that the set cannot include the required logs.
pub(super) fn plus_archivelog_unsupported(server: &ServerVersion) -> Problem {
    Problem::refused(codes::PRECHECK_FAILED, "plus-archivelog-unsupported").with("version", server)
}

fn new_task(decided: &Decided, state: &State) -> Result<NewTask, Error> {
    let (cluster, storage) = (&decided.cluster, state.storage);
    let lanes: Vec<String> = state.scopes.keys().cloned().collect();
    let name = Note::new(BackupPhysical::KIND).arg("cluster", &cluster.name);
    let mut task = NewTask::of::<BackupPhysical>(name, state, lanes)
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .subject(subject::CLUSTER, cluster.id.to_string())
        .subject(subjects::CLUSTER_NAME, &cluster.name)
        .subject(subject::STORAGE, storage.to_string())
        // The same key as for a logical backup: Lifeboat runs one backup of a cluster at a time.
        .exclusive(format!("backup:{}", cluster.id));
    if let Some(tenant) = &decided.tenant {
        task =
            task.subject(subject::TENANT, tenant.id.to_string()).subject(subjects::TENANT_NAME, &tenant.name);
    }
    Ok(task)
}
