//! The decisions before a recovery of a cluster's tenants becomes a task: the tenants, their names and their order.

use std::collections::{BTreeMap, BTreeSet};

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::backup_sets::BackupSetQuery;
use metadata::tasks::subject;
use metadata::{Slice, Transaction};
use model::Problem;
use model::backup::{BackupMethod, DataBackupMode};
use model::cluster::Cluster;
use model::id::{ClusterId, TenantId};
use model::order::{ClusterRecovery, RecoverySource, TenantWish};
use model::physical::SYS;
use model::physical::restore::is_half;
use model::problem::codes;
use model::time::Timestamp;

use super::state::{RestoreCluster, State, Wanted};
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::flows::recovery_source::{choose, name_of, seal_passwords};
use crate::orders::children::Initiator;
use crate::orders::subjects;

/// How many of a cluster's newest backup sets show the sizes of its tenants.
const SETS_SEEN: u32 = 500;

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<Box<ClusterRecovery>> = Taker {
    draft,
    conflict: Conflict { text: "cluster-recovery-runs-already", code: Some(codes::RECOVERY_RUNS_ALREADY) },
};

/// The checked order, and the objects that it names.
pub(super) struct Decided {
    pub(super) order: ClusterRecovery,
    source: Cluster,
    pub(super) target: Cluster,
    tenants: Vec<Wanted>,
}

fn draft<'a>(
    context: &'a Context,
    actor: &'a Actor,
    order: Box<ClusterRecovery>,
) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move {
        let initiator = Initiator::of(actor);
        let decided = decide(context, *order).await?;
        Ok(Draft::new(move |writer| Box::pin(first(decided, initiator, writer))))
    })
}

async fn first(decided: Decided, initiator: Initiator, writer: &mut Transaction) -> Result<NewTask, Error> {
    let requested = writer.now().await?;
    let passwords = seal_passwords(writer, decided.target.id, &decided.order.passwords);
    new_task(&decided.state(initiator, requested, passwords))
}

/// Decides what can be decided without asking a cluster.
pub(super) async fn decide(context: &Context, order: ClusterRecovery) -> Result<Decided, Error> {
    let order = order.checked()?;
    let source = context.cluster(order.source).await?;
    let target = context.cluster(order.cluster).await?;
    let chosen = chosen(context, &source, &order.tenants).await?;
    if let Some(tenant) = order.wishes.keys().find(|tenant| !chosen.contains(tenant)) {
        return Err(Problem::invalid("cluster-recovery-wish-unknown").with("tenant", tenant).into());
    }
    let sizes = sizes(context, source.id).await?;
    let mut names = BTreeSet::new();
    let mut tenants = Vec::new();
    for tenant in chosen {
        let from = RecoverySource::Cluster { cluster: source.id, tenant };
        choose(context, &from, order.until, order.cluster).await?;
        let tenant_name = name_of(context, source.id, tenant).await?;
        let name = order.name_of(tenant, &tenant_name)?;
        if !names.insert(name.to_lowercase()) {
            return Err(Problem::invalid("cluster-recovery-name-twice").with("name", name).into());
        }
        let wish = order.wishes.get(&tenant).cloned().unwrap_or_default();
        let checked = wish.resources.as_ref().map(|units| units.check_sizes(target.facts.generation));
        checked.transpose()?;
        let wish = TenantWish { name: None, ..wish };
        tenants.push(Wanted {
            name,
            tenant,
            tenant_name,
            wish,
            bytes: sizes.get(&tenant).copied().unwrap_or(0),
            scn: 0,
            resources: None,
            primary_zone: None,
        });
    }
    // The largest first: it determines how long the whole takes.
    tenants.sort_by(|left, right| right.bytes.cmp(&left.bytes).then_with(|| left.name.cmp(&right.name)));
    Ok(Decided { order, source, target, tenants })
}

/// Returns the chosen tenants, or all user tenants of the cluster without those that are being restored.
async fn chosen(
    context: &Context,
    source: &Cluster,
    tenants: &[TenantId],
) -> Result<BTreeSet<TenantId>, Error> {
    if !tenants.is_empty() {
        return Ok(tenants.iter().copied().collect());
    }
    let all = context.metadata.tenant_list(source.id).await?;
    let is_user =
        |tenant: &&model::tenant::Tenant| tenant.id != SYS && !is_half(tenant, &source.facts.server.version);
    let all: BTreeSet<TenantId> = all.iter().filter(is_user).map(|tenant| tenant.id).collect();
    if all.is_empty() {
        return Err(Problem::invalid("cluster-recovery-no-tenants").with("cluster", &source.name).into());
    }
    Ok(all)
}

/// Returns the size of each tenant's newest full set, as far as the catalogue shows it.
async fn sizes(context: &Context, cluster: ClusterId) -> Result<BTreeMap<TenantId, u64>, Error> {
    let query = BackupSetQuery { cluster: Some(cluster), ..BackupSetQuery::default() };
    let sets = context.metadata.backup_set_list(&query, Slice { offset: 0, limit: SETS_SEEN }).await?;
    let mut sizes = BTreeMap::new();
    for set in sets.items {
        if set.method == BackupMethod::Physical && set.mode == DataBackupMode::Full {
            sizes.entry(set.tenant).or_insert(set.bytes); // the newest set comes first
        }
    }
    Ok(sizes)
}

impl Decided {
    /// Returns the initial state of the task; the passwords have been sealed.
    pub(super) fn state(
        &self,
        initiator: Initiator,
        requested: Timestamp,
        passwords: Option<String>,
    ) -> State {
        let order = &self.order;
        State {
            source: self.source.id,
            source_name: self.source.name.clone(),
            cluster: self.target.id,
            cluster_name: self.target.name.clone(),
            until: order.until,
            role: order.role,
            zones: order.zones.clone(),
            parallel: order.parallel,
            passwords,
            initiator,
            requested,
            tag: format!("{:08x}", rand::random::<u32>()),
            tenants: self.tenants.clone(),
            units: Vec::new(),
        }
    }
}

/// Returns the task of an initial state. Only one recovery of the same cluster into the same cluster runs at a time.
fn new_task(state: &State) -> Result<NewTask, Error> {
    let name = Note::new(RestoreCluster::KIND)
        .arg("count", state.tenants.len())
        .arg("source", &state.source_name)
        .arg("cluster", &state.cluster_name);
    let lanes = state.tenants.iter().map(|wanted| wanted.name.clone());
    let task = NewTask::of::<RestoreCluster>(name, state, lanes)
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?;
    Ok(task
        .subject(subject::CLUSTER, state.cluster.to_string())
        .subject(subjects::CLUSTER_NAME, &state.cluster_name)
        .exclusive(format!("restore:{}:cluster:{}", state.cluster, state.source)))
}
