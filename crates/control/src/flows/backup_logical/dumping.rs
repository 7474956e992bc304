//! One tenant's dump for its steps: the server, the storage, the dump's id, and how it starts over when its snapshot
//! is gone.

use std::sync::Arc;
use std::time::Duration;

use dump::{DumpId, Manifest, OpenManifest, Origin, Snapshot, Source};
use engine::flow::Answer;
use engine::{At, Next, Note, StepError, TaskId};
use model::id::TenantId;
use model::storage::{dump_owner, logical_folder};
use storage::Client;

use super::{BackupLogical, Lane, State};
use crate::error::Error;
use crate::flows::step_log::StepLog;
use crate::flows::until::unless_cancelled;
use crate::words;

type Here = At<BackupLogical>;

/// The maximum number of times that a dump starts over. The last time, a changed table is left out; any other obstacle
/// fails the dump.
const RESTARTS_MAX: usize = 3;

/// One tenant's dump.
pub(super) struct Dumping<'a> {
    at: &'a Here,
    pub(super) dump: DumpId,
    pub(super) source: Source,
    /// The folder that holds the tenant's dumps.
    pub(super) client: Client,
    options: dump::Options,
}

impl<'a> Dumping<'a> {
    pub(super) async fn open(at: &'a Here, state: &State, lane: &Lane) -> Result<Self, StepError> {
        let options = dump::Options {
            selection: state.selection.clone(),
            consent: state.consent.clone(),
            compression: state.compression,
            connections: state.connections,
            owner: Some(dump_owner(state.ob_cluster_id, id_of(state, at.lane()))),
            signer: Some(at.context().signing_key().await?),
            // A table whose definition changes again and again must not block the dump of the others.
            leave_out_changed: lane.abandoned.len() >= RESTARTS_MAX,
            ..dump::Options::default()
        };
        let dumping = Self {
            at,
            dump: dump_id(at.task(), state, lane),
            source: source(at, state, at.lane()).await?,
            client: client(at, state, at.lane()).await?,
            options,
        };
        for abandoned in &lane.abandoned {
            // Here, not when the dump was abandoned: after a crash before the save, that dump would be resumed.
            if let Err(error) = delete_unless_complete(at, &dumping.client, abandoned).await {
                at.log(error.note);
            }
        }
        Ok(dumping)
    }

    /// Returns the dump's readable snapshot: the one kept since an earlier step, a new one, or the earlier one opened
    /// again.
    pub(super) async fn snapshot(&self) -> dump::Result<Snapshot> {
        match self.at.context().snapshots.take(&self.dump) {
            Some(kept) => Ok(kept),
            None => {
                let take =
                    dump::take_or_resume_snapshot(&self.source, &self.client, &self.dump, &self.options);
                unless_cancelled(self.at, take).await
            }
        }
    }

    /// Keeps the snapshot for the next step, or for the next attempt of this one.
    pub(super) fn keep(&self, snapshot: Snapshot) {
        self.at.context().snapshots.keep(snapshot);
    }

    /// Returns the manifest, if the dump is complete.
    ///
    /// # Errors
    /// If this installation did not sign the manifest.
    pub(super) async fn manifest(&self) -> Result<Option<OpenManifest>, StepError> {
        let found = find_manifest(&self.client, &self.dump).await.map_err(Error::from)?;
        let Some(opened) = found else { return Ok(None) };
        match self.at.context().known_keys().await?.origin(opened.signer) {
            Origin::Own { .. } => Ok(Some(opened)),
            _ => Err(Error::from(dump::Error::AnotherDump { dump: self.dump.clone() }).into()),
        }
    }

    /// Writes the signed manifest.
    pub(super) async fn finish(&self) -> dump::Result<Manifest> {
        dump::finish(&self.client, &self.dump, self.options.signer.as_ref()).await
    }

    /// Ends a step. If the dump can no longer be completed, logs the reason and repeats the step under a new ID.
    pub(super) async fn done_or_restart(&self, lane: &mut Lane, outcome: dump::Result<()>) -> Answer {
        let error = match outcome {
            Ok(()) => return Ok(Next::Done),
            Err(error) => error,
        };
        if !error.must_restart() || lane.abandoned.len() >= RESTARTS_MAX {
            return Err(Error::from(error).into());
        }
        self.at.context().snapshots.release(&self.dump).await;
        lane.abandoned.push(self.dump.clone());
        self.at.log(words::note(error.problem().text));
        self.at.log(Note::new("dump-restarted").arg("dump", &self.dump).arg("times", lane.abandoned.len()));
        Ok(Next::again(Duration::ZERO))
    }
}

/// Returns the ID of a lane's dump. It is derived from the saved state, so that a step finds its dump again after a
/// crash.
pub(super) fn dump_id(task: TaskId, state: &State, lane: &Lane) -> DumpId {
    let distinction = format!("{task}-{}-{}", lane.abandoned.len() + 1, state.tag);
    DumpId::at(state.requested, &distinction)
}

/// Returns the location of a lane's dump, below the storage's base.
pub(crate) fn place(task: TaskId, state: &State, lane: &Lane, tenant: TenantId) -> String {
    format!("{}/{}", folder(state, tenant), dump_id(task, state, lane))
}

/// Returns the folder of a tenant's dumps below the storage's base.
pub(super) fn folder(state: &State, tenant: TenantId) -> String {
    logical_folder(&state.cluster_name, state.ob_cluster_id, tenant)
}

/// Returns the server from which a tenant is read; the step's log shows every statement.
pub(super) async fn source(at: &Here, state: &State, tenant: &str) -> Result<Source, StepError> {
    let cluster = at.context().cluster(state.cluster).await?;
    let endpoint = at.context().tenant_endpoint(&cluster, id_of(state, tenant), tenant).await?;
    Ok(Source { endpoint, witness: Arc::new(StepLog::new(at)) })
}

/// Opens the folder of a tenant's dumps.
pub(super) async fn client(at: &Here, state: &State, tenant: &str) -> Result<Client, StepError> {
    let base = at.context().client(state.storage).await?;
    Ok(base.below(&folder(state, id_of(state, tenant))).map_err(Error::from)?)
}

/// Returns the number of a lane's tenant.
pub(super) fn id_of(state: &State, tenant: &str) -> TenantId {
    state.tenants.get(tenant).copied().expect("lanes are made of the state's tenants")
}

async fn find_manifest(client: &Client, dump: &DumpId) -> dump::Result<Option<OpenManifest>> {
    match dump::open_manifest(client, dump).await {
        Ok(manifest) => Ok(Some(manifest)),
        Err(dump::Error::NotFinished { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes a dump without a manifest. A dump with a manifest, readable or not, is a backup and is kept.
pub(super) async fn delete_unless_complete(
    at: &Here,
    client: &Client,
    dump: &DumpId,
) -> Result<(), StepError> {
    match find_manifest(client, dump).await {
        Ok(None) => {}
        Ok(Some(_))
        | Err(dump::Error::Damaged { .. } | dump::Error::Altered { .. } | dump::Error::FormatTooNew { .. }) =>
        {
            at.log(Note::new("dump-kept").arg("place", client.location().below(dump.as_str())));
            return Ok(());
        }
        Err(error) => return Err(Error::from(error).into()),
    }
    let objects = client.delete_below(dump.as_str()).await.map_err(Error::from)?;
    if objects > 0 {
        at.log(Note::new("dump-deleted").arg("dump", dump).arg("objects", objects));
    }
    Ok(())
}
