//! The logical backup sets of a cluster in a storage: the health of each, and whether it is kept.
//!
//! A set counts only if its files prove that it is the set in the catalogue: the manifest is readable, is signed by
//! this installation, and names the same dump, owner, SCN and end time. No other file of the set is read.

use std::collections::BTreeMap;

use dump::{DumpId, KnownKeys, OpenManifest, Origin};
use engine::Flow as _;
use futures::{StreamExt as _, TryStreamExt as _};
use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use metadata::tasks::TaskQuery;
use model::Timestamp;
use model::backup::BackupMethod;
use model::backup_set::{BackupSet, BackupSetStatus};
use model::cluster::Cluster;
use model::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};
use model::retention::{self, Candidate, Health, Hold, Policy, SetHold, Verdict};
use model::storage::{LogicalFolder, dump_owner};
use model::text::Text;
use storage::Client;

use crate::context::{Context, signing};
use crate::error::Error;
use crate::flows::backup_logical::BackupLogical;
use crate::flows::restore_logical::{RestoreLogical, set_read_by};
use crate::orders::strategy_of;

/// How many manifests are read at once.
const AT_ONCE: usize = 8;

/// The statuses in which a task may still read or record a set.
const UNFINISHED: [engine::TaskStatus; 3] =
    [engine::TaskStatus::Pending, engine::TaskStatus::Running, engine::TaskStatus::RollingBack];

/// The clean-up plan for the sets of one tenant in a storage.
#[derive(Debug, Clone)]
pub struct TenantPlan {
    /// The tenant.
    pub tenant: TenantId,
    /// The tenant's name in its newest set.
    pub tenant_name: String,
    /// The retention policy.
    pub policy: Policy,
    /// The sets, the newest first.
    pub sets: Vec<PlannedSet>,
}

/// A set, and whether it is kept.
#[derive(Debug, Clone)]
pub struct PlannedSet {
    /// The set.
    pub set: BackupSet,
    /// Whether it is kept, and why.
    pub verdict: Verdict,
    /// The active hold on it.
    pub hold: Option<SetHold>,
    /// The unfinished task that reads it, or that may still record it.
    pub task: Option<TaskId>,
    /// Why it counts for no rule, if its files do not prove that it is the set in the catalogue.
    pub doubt: Option<Text>,
}

impl TenantPlan {
    /// Returns the sets to delete, newest first: a set that builds on another is deleted before that one.
    pub fn deleted(&self) -> impl Iterator<Item = &PlannedSet> {
        self.sets.iter().filter(|planned| !planned.verdict.is_kept())
    }
}

/// Returns a plan for each tenant that has logical sets in a storage; no tenants means all. Without a policy, the
/// backup strategy of each tenant decides.
pub(crate) async fn plan(
    context: &Context,
    cluster: &Cluster,
    storage: StorageId,
    tenants: &[TenantId],
    policy: Option<Policy>,
) -> Result<Vec<TenantPlan>, Error> {
    let client = context.client(storage).await?;
    let keys = context.known_keys().await?;
    let users = users(context).await?;
    let holds = context.metadata.hold_list(cluster.id).await?;
    let now = context.metadata.now().await?;
    let mut by_tenant: BTreeMap<TenantId, Vec<BackupSet>> = BTreeMap::new();
    for set in sets(context, cluster.id, storage).await? {
        if tenants.is_empty() || tenants.contains(&set.tenant) {
            by_tenant.entry(set.tenant).or_default().push(set);
        }
    }
    let shelf = Shelf { client, keys, cluster, users, holds, now };
    let mut plans = Vec::with_capacity(by_tenant.len());
    for (tenant, sets) in by_tenant {
        let policy = match policy {
            Some(policy) => policy,
            None => of_strategy(context, cluster.id, tenant, storage).await?,
        };
        plans.push(shelf.plan(tenant, sets, policy).await?);
    }
    Ok(plans)
}

/// What the plans of all tenants share.
struct Shelf<'a> {
    client: Client,
    keys: KnownKeys,
    cluster: &'a Cluster,
    users: BTreeMap<BackupSetId, TaskId>,
    holds: Vec<SetHold>,
    now: Timestamp,
}

impl Shelf<'_> {
    async fn plan(
        &self,
        tenant: TenantId,
        sets: Vec<BackupSet>,
        policy: Policy,
    ) -> Result<TenantPlan, Error> {
        let looks = sets.into_iter().map(|set| async move {
            let standing = self.standing(&set).await?;
            Ok::<_, Error>((set, standing))
        });
        let found: Vec<(BackupSet, Standing)> =
            futures::stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        let candidates: Vec<Candidate> =
            found.iter().map(|(set, standing)| candidate(set, standing.health)).collect();
        let holds: Vec<Hold> = self.holds.iter().map(SetHold::of_plan).collect();
        let used: Vec<i64> = found.iter().filter_map(|(set, _)| self.user(set).map(|_| set.id.0)).collect();
        let mut verdicts: BTreeMap<i64, Verdict> =
            retention::plan(&candidates, &policy, &holds, &used, self.now).into_iter().collect();
        let tenant_name = found.first().map(|(set, _)| set.tenant_name.clone()).unwrap_or_default();
        let planned = |(set, standing): (BackupSet, Standing)| {
            let verdict = verdicts.remove(&set.id.0)?;
            let of_set = |hold: &&SetHold| hold.set == set.id && hold.is_active(self.now);
            let hold = self.holds.iter().find(of_set).cloned();
            let task = self.user(&set);
            Some(PlannedSet { verdict, hold, task, doubt: standing.doubt, set })
        };
        let mut sets: Vec<PlannedSet> = found.into_iter().filter_map(planned).collect();
        sets.sort_by_key(|planned| std::cmp::Reverse((planned.set.scn, planned.set.id)));
        Ok(TenantPlan { tenant, tenant_name, policy, sets })
    }

    /// Returns the unfinished task that reads a set, or that recorded it and may record it again.
    fn user(&self, set: &BackupSet) -> Option<TaskId> {
        self.users.get(&set.id).copied()
    }

    /// Determines the health of a set.
    async fn standing(&self, set: &BackupSet) -> Result<Standing, Error> {
        match set.status {
            BackupSetStatus::Deleting => return Ok(Health::Deleting.into()),
            BackupSetStatus::Foreign => return Ok(Health::Foreign.into()),
            _ => {}
        }
        match prove(&self.client, &self.keys, self.cluster.facts.ob_cluster_id, set).await? {
            Proof::Ours { is_partial } if is_partial || set.status == BackupSetStatus::Partial => {
                Ok(Health::Partial.into())
            }
            Proof::Ours { .. } => Ok(Health::Good.into()),
            Proof::Foreign(doubt) => Ok(Standing { health: Health::Foreign, doubt: Some(doubt) }),
            Proof::None(doubt) => Ok(Standing { health: Health::Unproven, doubt: Some(doubt) }),
        }
    }
}

/// The health of a set, and the reason if its files do not prove that it is ours.
struct Standing {
    health: Health,
    doubt: Option<Text>,
}

impl From<Health> for Standing {
    fn from(health: Health) -> Self {
        Self { health, doubt: None }
    }
}

fn candidate(set: &BackupSet, health: Health) -> Candidate {
    Candidate {
        id: set.id.0,
        mode: set.mode,
        previous: None, // logical sets are full
        point: Timestamp::from_scn(set.scn),
        bytes: set.bytes,
        health,
    }
}

/// What the manifest of a set proves.
pub(super) enum Proof {
    /// It is the set in the catalogue, and this installation signed it.
    Ours {
        /// Whether objects are missing although no request agreed to leave them out.
        is_partial: bool,
    },
    /// Another installation signed it, or it is unsigned.
    Foreign(Text),
    /// Nothing: the manifest is missing or unreadable, or describes another dump.
    None(Text),
}

/// Returns the folder of a set's dump and the dump's ID; none if the path is not that of a logical set of this tenant.
pub(super) fn place(set: &BackupSet, ob_cluster_id: i64) -> Option<(String, DumpId)> {
    let (folder, dump) = LogicalFolder::of_dump(&set.path)?;
    if (folder.tenant, folder.ob_cluster_id) != (set.tenant, ob_cluster_id) {
        return None;
    }
    let (path, _) = set.path.rsplit_once('/')?;
    Some((path.to_owned(), dump.parse().ok()?))
}

/// Compares the manifest of a set with the catalogue.
pub(super) async fn prove(
    client: &Client,
    keys: &KnownKeys,
    ob_cluster_id: i64,
    set: &BackupSet,
) -> Result<Proof, Error> {
    let another = || Proof::None(Text::new("retention-another-dump").with("path", &set.path));
    let Some((folder, dump)) = place(set, ob_cluster_id) else { return Ok(another()) };
    let opened = match dump::open_manifest(&client.below(&folder)?, &dump).await {
        Ok(opened) => opened,
        Err(
            error @ (dump::Error::NotFinished { .. }
            | dump::Error::Damaged { .. }
            | dump::Error::Altered { .. }
            | dump::Error::FormatTooNew { .. }),
        ) => return Ok(Proof::None(error.problem().text)),
        Err(error) => return Err(error.into()),
    };
    let OpenManifest { manifest, signer, .. } = opened;
    let origin = keys.origin(signer);
    if !matches!(origin, Origin::Own { .. }) {
        return Ok(Proof::Foreign(signing::described(&origin)));
    }
    let owner = dump_owner(ob_cluster_id, set.tenant);
    let is_same = manifest.owner.as_ref() == Some(&owner)
        && (manifest.scn, manifest.finished) == (set.scn, set.finished);
    if !is_same {
        return Ok(another());
    }
    Ok(Proof::Ours { is_partial: manifest.is_partial() })
}

/// Returns the logical sets of a cluster in a storage, without the deleted ones.
async fn sets(context: &Context, cluster: ClusterId, storage: StorageId) -> Result<Vec<BackupSet>, Error> {
    let query =
        BackupSetQuery { cluster: Some(cluster), storage: Some(storage), ..BackupSetQuery::default() };
    let mut sets = Vec::new();
    let mut slice = Slice::ALL;
    loop {
        let page = context.metadata.backup_set_list(&query, slice).await?;
        slice.offset += page.items.len() as u64;
        let is_last = page.items.is_empty() || slice.offset >= page.total;
        let is_there =
            |set: &BackupSet| set.method == BackupMethod::Logical && set.status != BackupSetStatus::Deleted;
        sets.extend(page.items.into_iter().filter(is_there));
        if is_last {
            return Ok(sets);
        }
    }
}

/// Returns the unfinished task that uses each set: a recovery reads its set, and a backup may record its sets again.
async fn users(context: &Context) -> Result<BTreeMap<BackupSetId, TaskId>, Error> {
    let query = TaskQuery {
        statuses: UNFINISHED.to_vec(),
        kinds: vec![RestoreLogical::KIND.to_owned(), BackupLogical::KIND.to_owned()],
        ..TaskQuery::default()
    };
    let mut users = BTreeMap::new();
    for task in context.metadata.task_list(&query, Slice::ALL).await?.items {
        let id = TaskId(task.id.0);
        users.extend(set_read_by(&task).map(|set| (set, id)));
        if task.kind == BackupLogical::KIND {
            let own = BackupSetQuery { task: Some(id), ..BackupSetQuery::default() };
            let own = context.metadata.backup_set_list(&own, Slice::ALL).await?;
            users.extend(own.items.into_iter().map(|set| (set.id, id)));
        }
    }
    Ok(users)
}

/// Returns the retention policy of a tenant's backup strategy for a storage. If no strategy cleans up there, all sets
/// are kept.
async fn of_strategy(
    context: &Context,
    cluster: ClusterId,
    tenant: TenantId,
    storage: StorageId,
) -> Result<Policy, Error> {
    let strategy = strategy_of(context, cluster, &[tenant]).await?;
    let cleans = strategy.filter(|strategy| {
        strategy.settings.method == BackupMethod::Logical && strategy.settings.storage == storage
    });
    let clean_up = cleans.and_then(|strategy| strategy.settings.clean_up);
    Ok(clean_up.map_or(Policy::KEEP_ALL, |clean_up| Policy {
        window_days: Some(clean_up.retention_days),
        ..Policy::KEEP_ALL
    }))
}
