//! The decisions before a backup becomes a task: cluster, method, tenants, storage.

use std::collections::BTreeMap;

use dump::{Compression, Selection};
use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::Transaction;
use metadata::tasks::subject;
use model::Problem;
use model::ability::Generation;
use model::backup::BackupMethod;
use model::cluster::{Cluster, refuse_upgrading};
use model::id::{StorageId, TenantId};
use model::inventory::Consent;
use model::order::LogicalBackup;
use model::physical::SYS;
use model::problem::codes;
use model::tenant::{Tenant, check_readable};

use super::{BackupLogical, State};
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::orders::{Destination, destination, strategy_storage, subjects};

/// The default number of read connections.
const CONNECTIONS: u32 = 4;

/// The maximum number of read connections.
const CONNECTIONS_MAX: u32 = 64;

/// The checked order and the objects that it names.
pub(super) struct Decided {
    pub(super) cluster: Cluster,
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

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<LogicalBackup> = Taker {
    draft,
    conflict: Conflict { text: "backup-runs-already", code: Some(codes::BACKUP_RUNS_ALREADY) },
};

/// Drafts the task of an order.
fn draft<'a>(
    context: &'a Context,
    _: &'a Actor,
    order: LogicalBackup,
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
    new_task(&decided, storage, requested)
}

/// Decides what can be decided without asking the cluster.
pub(super) async fn decide(context: &Context, order: LogicalBackup) -> Result<Decided, Error> {
    let cluster = context.cluster(order.cluster).await?;
    refuse_upgrading(&cluster)?;
    let tenants = tenants(context, &cluster, &order.tenants).await?;
    if !order.consent.exclude.is_empty() && tenants.len() > 1 {
        return Err(Problem::invalid("exclude-of-several-tenants").with("count", tenants.len()).into());
    }
    let connections = order.threads.unwrap_or(CONNECTIONS);
    if !(1..=CONNECTIONS_MAX).contains(&connections) {
        return Err(Problem::invalid("threads-out-of-range").with("most", CONNECTIONS_MAX).into());
    }
    let compression = order.compression.map_or_else(|| Ok(Compression::default()), |text| text.parse());
    let compression = compression.map_err(|why| Problem::invalid("compression-unknown").raw(why))?;
    let choice = match order.storage {
        Some(choice) => Some(choice),
        None => strategy_storage(context, cluster.id, &order.tenants, BackupMethod::Logical).await?,
    };
    Ok(Decided {
        tenants,
        storage: destination(context, &cluster, BackupMethod::Logical, choice).await?,
        selection: Selection(order.objects),
        consent: order.consent,
        compression,
        connections: connections as usize,
        cluster,
    })
}

/// Returns the chosen tenants; without a choice, all except the sys tenant of a cluster. Each must be readable:
/// otherwise the backup would silently contain less than requested.
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

/// Refuses a tenant that can't be read even with a credential; otherwise lists every tenant without one.
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

fn new_task(decided: &Decided, storage: StorageId, requested: model::Timestamp) -> Result<NewTask, Error> {
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
        .subject(subject::CLUSTER, cluster.id.to_string())
        .subject(subjects::CLUSTER_NAME, &cluster.name)
        .subject(subject::STORAGE, storage.to_string())
        // A task has one key and may contain several tenants, so the key locks the whole cluster.
        .exclusive(format!("backup:{}", cluster.id));
    if let [tenant] = &decided.tenants[..] {
        task =
            task.subject(subject::TENANT, tenant.id.to_string()).subject(subjects::TENANT_NAME, &tenant.name);
    }
    Ok(task)
}
