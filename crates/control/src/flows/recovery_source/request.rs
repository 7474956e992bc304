//! The source of an order, before it becomes a task: the clusters, the owner of the backups, the storage.

use metadata::backup_sets::BackupSetQuery;
use metadata::{Slice, Transaction};
use model::ability::Generation;
use model::cluster::{Cluster, refuse_upgrading};
use model::id::{ClusterId, StorageId, TenantId};
use model::order::{BackupOwner, RecoverUntil, RecoverySource, StorageChoice};
use model::physical::SYS;
use model::problem::codes;
use model::storage::tenant_folder;
use model::{Problem, Secret};

use super::origin::{Origin, Source, seal_passwords};
use crate::context::Context;
use crate::error::Error;
use crate::orders::Destination;

/// How many of a cluster's newest backup sets are searched for the name of a dropped tenant.
const SETS_SEEN: u32 = 500;

/// The checked source of an order, and the target.
pub(crate) struct Chosen {
    until: RecoverUntil,
    pub(crate) target: Cluster,
    /// The owner of the backups, and the source cluster if Lifeboat manages it.
    owner: BackupOwner,
    source: Option<Cluster>,
    /// The storage with the data and log folders, for a recovery from a storage alone.
    pub(crate) storage: Option<(Destination, String, String)>,
}

/// Decides what can be decided without asking a cluster.
pub(crate) async fn choose(
    context: &Context,
    source: &RecoverySource,
    until: RecoverUntil,
    target: ClusterId,
) -> Result<Chosen, Error> {
    let target = context.cluster(target).await?;
    check_target(&target)?;
    let (owner, source, storage) = match source {
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
            check_without_views(until)?;
            if target.facts.generation == Generation::Gen3 {
                check_of_3(until, owner)?;
                let folder = data_folder.as_deref().unwrap_or_default().trim_matches('/').to_owned();
                (owner.clone(), None, Some((place, folder, String::new())))
            } else {
                let base = tenant_folder(&owner.cluster_name, owner.cluster_id, owner.tenant);
                let below = |given: &Option<String>, name: &str| {
                    given
                        .as_deref()
                        .map_or_else(|| format!("{base}/{name}"), |given| given.trim_matches('/').into())
                };
                let folders = (below(data_folder, "data"), below(log_folder, "clog"));
                (owner.clone(), None, Some((place, folders.0, folders.1)))
            }
        }
    };
    Ok(Chosen { until, target, owner, source, storage })
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
pub(crate) async fn name_of(
    context: &Context,
    cluster: ClusterId,
    tenant: TenantId,
) -> Result<String, Error> {
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
fn check_without_views(until: RecoverUntil) -> Result<(), Problem> {
    match until {
        RecoverUntil::Set(set) => Err(Problem::invalid("recovery-set-needs-cluster").with("set", set)),
        _ => Ok(()),
    }
}

/// Requires a time and the name of the original tenant: before 4.0 the statement contains both.
fn check_of_3(until: RecoverUntil, owner: &BackupOwner) -> Result<(), Problem> {
    if until == RecoverUntil::Latest {
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

impl Chosen {
    /// Saves a storage that was typed in, with the task that this transaction creates; returns the storage.
    pub(crate) async fn keep(&self, writer: &mut Transaction) -> Result<Option<StorageId>, Error> {
        match &self.storage {
            Some((storage, ..)) => Ok(Some(storage.keep(writer).await?)),
            None => Ok(None),
        }
    }

    /// Seals the passwords of encrypted sets for the task that this transaction creates.
    pub(crate) fn seal(&self, writer: &Transaction, passwords: &[Secret]) -> Option<String> {
        seal_passwords(writer, self.target.id, passwords)
    }

    /// Returns the source as the task saves it; the passwords have been sealed.
    pub(crate) fn origin(&self, storage: Option<StorageId>, passwords: Option<String>) -> Origin {
        let Self { until, target, owner, source, .. } = self;
        let from = match (&self.storage, storage) {
            (Some((_, data, log)), Some(storage)) => {
                Source::Storage { storage, data_folder: data.clone(), log_folder: log.clone() }
            }
            _ => Source::Cluster,
        };
        let known = source.as_ref();
        Origin {
            source: from,
            backup_cluster: known.map(|cluster| cluster.id),
            backup_cluster_name: known.map_or_else(|| owner.cluster_name.clone(), |known| known.name.clone()),
            backup_ob_cluster_name: owner.cluster_name.clone(),
            backup_ob_cluster_id: owner.cluster_id,
            backup_tenant: owner.tenant,
            backup_tenant_name: owner.tenant_name.clone(),
            until: *until,
            cluster: target.id,
            cluster_name: target.name.clone(),
            generation: target.facts.generation,
            passwords,
            places: Vec::new(),
            scn: None,
            floor_scn: None,
            source_bytes: 0,
        }
    }
}
