//! The decisions before a recovery of a tenant becomes a task: source, target, storage.

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::backup_sets::BackupSetQuery;
use metadata::tasks::subject;
use metadata::{Slice, Transaction};
use model::ability::Generation;
use model::cluster::{Cluster, refuse_upgrading};
use model::id::{ClusterId, StorageId, TenantId};
use model::order::{BackupOwner, RecoverUntil, RecoverySource, StorageChoice, TenantRecovery};
use model::physical::SYS;
use model::problem::codes;
use model::time::Timestamp;
use model::{Problem, Secret};

use super::{RestoreTenant, Source, State};
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::orders::{Destination, subjects};

/// How many of a cluster's newest backup sets are searched for the name of a dropped tenant.
const SETS_SEEN: u32 = 500;

/// The checked order and the objects that it names.
pub(super) struct Decided {
    pub(super) order: TenantRecovery,
    pub(super) target: Cluster,
    /// The owner of the backups, and the source cluster if Lifeboat manages it.
    pub(super) owner: BackupOwner,
    pub(super) source: Option<Cluster>,
    /// The storage with the data and log folders, for a recovery from a storage alone.
    pub(super) storage: Option<(Destination, String, String)>,
}

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<Box<TenantRecovery>> = Taker {
    draft,
    conflict: Conflict { text: "tenant-recovery-runs-already", code: Some(codes::RECOVERY_RUNS_ALREADY) },
};

/// Drafts the task of an order.
fn draft<'a>(
    context: &'a Context,
    _: &'a Actor,
    order: Box<TenantRecovery>,
) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move {
        let decided = decide(context, *order).await?;
        Ok(Draft::new(move |writer| Box::pin(first(decided, writer))))
    })
}

/// Creates the task of the order.
async fn first(decided: Decided, writer: &mut Transaction) -> Result<NewTask, Error> {
    let storage = match &decided.storage {
        Some((storage, ..)) => Some(storage.keep(writer).await?),
        None => None,
    };
    let requested = writer.now().await?;
    let passwords = passwords(&decided.order.passwords);
    let sealed = passwords.map(|secret| writer.task_secret_seal(decided.target.id, &secret));
    new_task(&decided, &decided.state(storage, requested, sealed))
}

/// Returns the passwords as one secret.
fn passwords(passwords: &[Secret]) -> Option<Secret> {
    let texts: Vec<&str> = passwords.iter().map(Secret::expose).collect();
    (!texts.is_empty()).then(|| Secret::new(serde_json::json!(texts).to_string()))
}

/// Decides what can be decided without asking a cluster.
pub(super) async fn decide(context: &Context, order: TenantRecovery) -> Result<Decided, Error> {
    let order = order.checked()?;
    let target = context.cluster(order.cluster).await?;
    check_target(&target)?;
    let (owner, source, storage) = match &order.source {
        RecoverySource::Cluster { cluster, tenant } => {
            let source = context.cluster(*cluster).await?;
            check_source(&source, *tenant)?;
            check_kinds(&source, &target)?;
            let owner = BackupOwner {
                cluster_name: source.facts.ob_name.clone(),
                cluster_id: source.facts.ob_cluster_id,
                tenant: *tenant,
                tenant_name: name_of(context, *cluster, *tenant).await?,
            };
            (owner, Some(source), None)
        }
        RecoverySource::Storage { storage, owner, data_folder, log_folder } => {
            let place = storage_of(context, storage).await?;
            let secret = place.secret(context).await?;
            model::physical::address::written(place.location(), secret.as_ref(), &target.facts.server)?;
            if target.facts.generation == Generation::Gen3 {
                check_of_3(&order, owner)?;
                let folder = data_folder.as_deref().unwrap_or_default().trim_matches('/').to_owned();
                let whole = (place, folder, String::new());
                return Ok(Decided {
                    owner: owner.clone(),
                    source: None,
                    storage: Some(whole),
                    target,
                    order,
                });
            }
            check_without_views(&order)?;
            let base = folder(owner);
            let below = |given: &Option<String>, name: &str| {
                given
                    .as_deref()
                    .map_or_else(|| format!("{base}/{name}"), |given| given.trim_matches('/').into())
            };
            let folders = (below(data_folder, "data"), below(log_folder, "clog"));
            (owner.clone(), None, Some((place, folders.0, folders.1)))
        }
    };
    Ok(Decided { target, owner, source, storage, order })
}

fn folder(owner: &BackupOwner) -> String {
    format!("{}/{}/{}", owner.cluster_name, owner.cluster_id, owner.tenant)
}

async fn storage_of(context: &Context, choice: &StorageChoice) -> Result<Destination, Error> {
    Ok(match choice {
        StorageChoice::Saved(id) => Destination::Saved(context.storage(*id).await?),
        StorageChoice::Typed { location, secret } => {
            Destination::Typed(context.usable(location.clone(), secret.as_ref())?, secret.clone())
        }
    })
}

/// Returns a tenant's current name, otherwise its name in its newest backup set, otherwise its ID.
async fn name_of(context: &Context, cluster: ClusterId, tenant: TenantId) -> Result<String, Error> {
    if let Some(known) = context.metadata.tenant_get(cluster, tenant).await? {
        return Ok(known.name);
    }
    let query = BackupSetQuery { cluster: Some(cluster), ..BackupSetQuery::default() };
    let sets = context.metadata.backup_set_list(&query, Slice { offset: 0, limit: SETS_SEEN }).await?;
    let own = sets.items.into_iter().find(|set| set.tenant == tenant);
    Ok(own.map_or_else(|| tenant.to_string(), |set| set.tenant_name))
}

/// Refuses a source and a target of different generations: 4.x cannot restore backups of 2.2.77 or 3.x, and vice versa.
fn check_kinds(source: &Cluster, target: &Cluster) -> Result<(), Problem> {
    if source.facts.generation == target.facts.generation {
        return Ok(());
    }
    let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "tenant-recovery-kinds-differ");
    Err(refusal.with("source", &source.facts.server).with("target", &target.facts.server))
}

/// Refuses the end of a set without the views of the source cluster: nothing else shows it.
fn check_without_views(order: &TenantRecovery) -> Result<(), Problem> {
    match order.until {
        RecoverUntil::Set(set) => Err(Problem::invalid("recovery-set-needs-cluster").with("set", set)),
        _ => Ok(()),
    }
}

/// Requires a time and the name of the original tenant: before 4.0 the statement contains both.
fn check_of_3(order: &TenantRecovery, owner: &BackupOwner) -> Result<(), Problem> {
    check_without_views(order)?;
    if order.until == RecoverUntil::Latest {
        return Err(Problem::invalid("recovery-moment-needed"));
    }
    if owner.tenant_name.trim().is_empty() {
        return Err(Problem::invalid("recovery-old-name-needed").with("tenant", owner.tenant));
    }
    Ok(())
}

fn check_target(target: &Cluster) -> Result<(), Problem> {
    refuse_upgrading(target)?;
    if target.facts.generation != Generation::Seekdb {
        return Ok(());
    }
    let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "tenant-recovery-not-offered");
    Err(refusal.with("cluster", &target.name).with("server", &target.facts.server))
}

fn check_source(source: &Cluster, tenant: TenantId) -> Result<(), Problem> {
    if source.facts.generation == Generation::Seekdb {
        let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "tenant-recovery-not-offered");
        return Err(refusal.with("cluster", &source.name).with("server", &source.facts.server));
    }
    if tenant == SYS {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "tenant-recovery-of-sys"));
    }
    Ok(())
}

impl Decided {
    /// Returns the initial state of the task; the passwords have been sealed.
    pub(super) fn state(
        &self,
        storage: Option<StorageId>,
        requested: Timestamp,
        passwords: Option<String>,
    ) -> State {
        let Self { order, target, owner, source, .. } = self;
        let from = match (&self.storage, storage) {
            (Some((_, data, log)), Some(storage)) => {
                Source::Storage { storage, data_folder: data.clone(), log_folder: log.clone() }
            }
            _ => Source::Cluster,
        };
        let known = source.as_ref();
        State {
            source: from,
            backup_cluster: known.map(|cluster| cluster.id),
            backup_cluster_name: known.map_or_else(|| owner.cluster_name.clone(), |known| known.name.clone()),
            backup_ob_cluster_name: owner.cluster_name.clone(),
            backup_ob_cluster_id: owner.cluster_id,
            backup_tenant: owner.tenant,
            backup_tenant_name: owner.tenant_name.clone(),
            until: order.until,
            cluster: target.id,
            cluster_name: target.name.clone(),
            generation: target.facts.generation,
            tenant_name: order.tenant.clone(),
            resources: order.resources.clone(),
            primary_zone: order.primary_zone.clone(),
            role: order.role,
            passwords,
            requested,
            tag: format!("{:08x}", rand::random::<u32>()),
            places: Vec::new(),
            scn: None,
            floor_scn: None,
            source_bytes: 0,
            made_pools: Vec::new(),
            mark: None,
            sent: None,
            doubts: 0,
            waits_for_logs: 0,
            job: None,
            tenant: None,
            restored_scn: 0,
            unseen: 0,
            sample: None,
            upgrade_asked: false,
            clean_up_looks: 0,
        }
    }
}

fn new_task(decided: &Decided, state: &State) -> Result<NewTask, Error> {
    let target = &decided.target;
    let name = Note::new(RestoreTenant::KIND)
        .arg("source", &state.backup_tenant_name)
        .arg("tenant", &state.tenant_name)
        .arg("cluster", &target.name);
    let mut task = NewTask::of::<RestoreTenant>(name, state, [])
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .subject(subject::CLUSTER, target.id.to_string())
        .subject(subjects::CLUSTER_NAME, &target.name)
        .subject(subjects::TENANT_NAME, &state.tenant_name)
        .exclusive(format!("restore:{}:tenant:{}", target.id, state.tenant_name.to_lowercase()));
    if let Source::Storage { storage, .. } = &state.source {
        task = task.subject(subject::STORAGE, storage.to_string());
    }
    Ok(task)
}
