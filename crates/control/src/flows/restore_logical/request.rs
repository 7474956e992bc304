//! The decisions before a recovery becomes a task: the set, the names, the destination.

use std::collections::{BTreeMap, BTreeSet};

use dump::{DumpId, Manifest, OpenManifest, Origin, Selection, load};
use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::Transaction;
use metadata::tasks::subject;
use model::Problem;
use model::backup::BackupMethod;
use model::backup_set::BackupSet;
use model::cluster::{Cluster, refuse_upgrading};
use model::id::BackupSetId;
use model::inventory::ObjectKind;
use model::problem::codes;
use model::recovery::{RecoveryRequest, check_without, choose};
use model::tenant::{Tenant, check_readable};
use model::text::Text;

use super::loading::options;
use super::{Holds, RestoreLogical, State, code};
use crate::context::{Actor, Conflict, Context, Draft, Taker, signing};
use crate::error::Error;
use crate::orders::subjects;

/// The number of load connections.
const CONNECTIONS: usize = 4;

/// The checked order and the objects that it names.
pub(super) struct Decided {
    pub(super) set: BackupSet,
    /// The folder that holds the dump, below the storage's base.
    pub(super) folder: String,
    pub(super) dump: DumpId,
    pub(super) origin: Origin,
    /// The BLAKE3 of the manifest whose origin was checked.
    pub(super) manifest: String,
    pub(super) cluster: Cluster,
    pub(super) tenant: Tenant,
    pub(super) databases: BTreeMap<String, String>,
    pub(super) selection: Selection,
    pub(super) holds: Holds,
    pub(super) with_code: bool,
    pub(super) without: Vec<ObjectKind>,
    /// The selected objects of the set that are not created, because they were not requested.
    pub(super) not_requested: load::Made,
    /// What the recovery needs beside the set.
    pub(super) needs: Vec<Text>,
}

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<RecoveryRequest> = Taker {
    draft,
    conflict: Conflict { text: "recovery-runs-already", code: Some(codes::RECOVERY_RUNS_ALREADY) },
};

/// Drafts the task of an order.
fn draft<'a>(
    context: &'a Context,
    actor: &'a Actor,
    order: RecoveryRequest,
) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move {
        let decided = decide(context, actor, &order).await?;
        Ok(Draft::new(move |writer| Box::pin(first(decided, writer))))
    })
}

/// Creates the task of the order.
async fn first(decided: Decided, writer: &mut Transaction) -> Result<NewTask, Error> {
    // A clean-up may have started to delete the set since it was read.
    if writer.backup_set_now(decided.set.id).await?.is_none_or(|set| set.status.is_gone()) {
        return Err(deleted(decided.set.id).into());
    }
    let requested = writer.now().await?;
    new_task(decided, requested)
}

/// Decides everything that needs no connection to the cluster. The manifest lists the contents of the set.
pub(super) async fn decide(
    context: &Context,
    actor: &Actor,
    wish: &RecoveryRequest,
) -> Result<Decided, Error> {
    let OpenSet { set, folder, dump, manifest, origin, blake3 } = open_set(context, wish.backup_set).await?;
    signing::check(&origin, actor, wish.accept_foreign, set.id)?;
    code::check(actor, wish.with_code, set.id)?;
    check_without(&wish.without)?;
    let cluster = context.cluster(wish.cluster).await?;
    refuse_upgrading(&cluster)?;
    if !cluster.facts.ability.offers(BackupMethod::Logical) {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "logical-not-offered").into());
    }
    let tenant = context.tenant(cluster.id, wish.tenant).await?;
    let users = context.metadata.tenant_credential_users(cluster.id).await?;
    check_readable(cluster.facts.generation, &tenant, users.contains_key(&tenant.id), &cluster.name)?;
    let chosen = choose(&manifest.held(), wish)?;
    if chosen.databases.is_empty() {
        return Err(Problem::refused(codes::NO_BACKUP_OBJECT, "recovery-of-nothing")
            .with("set", set.id)
            .into());
    }
    let selection = Selection(chosen.objects);
    let holds = holds(&manifest, &selection);
    let (databases, with_code, without) = (chosen.databases, wish.with_code, wish.without.clone());
    let options = options(&databases, &selection, with_code, &without, &blake3);
    let not_requested = load::not_requested(&manifest, &options);
    let needs = manifest.needs(&selection, with_code).cloned().collect();
    let manifest = blake3;
    Ok(Decided {
        set,
        folder,
        dump,
        origin,
        manifest,
        cluster,
        tenant,
        databases,
        selection,
        holds,
        with_code,
        without,
        not_requested,
        needs,
    })
}

/// A logical backup set with its dump and manifest.
pub(crate) struct OpenSet {
    pub(crate) set: BackupSet,
    /// The folder that holds the dump, below the storage's base.
    pub(crate) folder: String,
    pub(crate) dump: DumpId,
    pub(crate) manifest: Manifest,
    /// The origin of the dump.
    pub(crate) origin: Origin,
    /// The BLAKE3 of the manifest.
    pub(crate) blake3: String,
}

/// Reads the contents of a logical backup set.
pub(crate) async fn open_set(context: &Context, id: BackupSetId) -> Result<OpenSet, Error> {
    let set = context.backup_set(id).await?;
    if set.method != BackupMethod::Logical {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "recovery-of-physical-set")
            .with("set", set.id)
            .into());
    }
    if set.status.is_gone() {
        return Err(deleted(set.id).into());
    }
    let (folder, dump) = location(&set)?;
    let client = context.client(set.storage).await?.below(&folder)?;
    let OpenManifest { manifest, signer, blake3 } = dump::open_manifest(&client, &dump).await?;
    signing::refuse_moved(&set.path, manifest.owner.as_deref())?;
    let origin = context.known_keys().await?.origin(signer);
    Ok(OpenSet { set, folder, dump, manifest, origin, blake3 })
}

fn deleted(set: BackupSetId) -> Problem {
    Problem::not_found("backup-set-deleted").with("set", set)
}

/// Splits a set's path into the folder and the dump in it.
fn location(set: &BackupSet) -> Result<(String, DumpId), Error> {
    let unreadable =
        || Problem::internal("backup-set-unreadable").with("set", set.id).with("path", &set.path);
    let (folder, dump) = set.path.rsplit_once('/').ok_or_else(unreadable)?;
    let dump = dump.parse().map_err(|cause| Error::caused(unreadable(), cause))?;
    Ok((folder.to_owned(), dump))
}

fn holds(manifest: &Manifest, selection: &Selection) -> Holds {
    let mut holds = Holds::default();
    for (_, table) in manifest.tables_of(selection) {
        holds.tables += 1;
        holds.rows += table.rows;
        holds.bytes += table.bytes();
    }
    holds
}

fn new_task(decided: Decided, requested: model::Timestamp) -> Result<NewTask, Error> {
    let Decided {
        set,
        folder,
        dump,
        origin,
        manifest,
        cluster,
        tenant,
        databases,
        selection,
        holds,
        with_code,
        without,
        not_requested: _, // the task reads both from the manifest again
        needs: _,
    } = decided;
    // Names of databases are compared case-insensitively.
    let names: BTreeSet<String> = databases.values().map(|name| name.to_lowercase()).collect();
    let names = names.into_iter().collect::<Vec<_>>().join("/"); // no name has a slash in it
    let state = State {
        backup_set: set.id,
        backup_cluster: set.cluster,
        backup_cluster_name: set.cluster_name,
        backup_tenant: set.tenant,
        backup_tenant_name: set.tenant_name,
        storage: set.storage,
        folder,
        dump,
        origin: Some(origin),
        manifest: Some(manifest),
        scn: set.scn,
        cluster: cluster.id,
        cluster_name: cluster.name.clone(),
        tenant: tenant.id,
        tenant_name: tenant.name.clone(),
        databases,
        selection,
        connections: CONNECTIONS,
        requested,
        holds,
        existed: None,
        with_code,
        without,
        accounts_existed: None,
        has_triggers: false,
        not_made: BTreeMap::new(),
    };
    let name = Note::new(RestoreLogical::KIND).arg("set", set.id).arg("cluster", &cluster.name);
    let task = NewTask::of::<RestoreLogical>(name, &state, [])
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?;
    Ok(task
        .subject(subject::CLUSTER, cluster.id.to_string())
        .subject(subjects::CLUSTER_NAME, cluster.name)
        .subject(subject::TENANT, tenant.id.to_string())
        .subject(subjects::TENANT_NAME, tenant.name)
        .subject(subject::STORAGE, set.storage.to_string())
        .subject(subject::BACKUP_SET, set.id.to_string())
        .exclusive(format!("restore:{}:{}:{names}", cluster.id, tenant.id)))
}
