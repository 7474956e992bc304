//! Deletes one set: marks it in the catalogue, deletes its manifest, then its files.

use std::time::Duration;

use dump::{DumpId, KnownKeys};
use engine::{Note, StepError};
use metadata::tasks::subject;
use model::Problem;
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::BackupSetId;
use model::retention::KeepReason;
use storage::Client;

use super::shelf::{Proof, place, prove};
use super::state::{Here, State};
use crate::error::Error;
use crate::words;

/// How long marking a set and deleting its manifest may take.
const MARK_LIMIT: Duration = Duration::from_secs(60);

/// What deleting a set needs: the storage and the known keys.
pub(super) struct Deletion<'a> {
    at: &'a Here,
    client: Client,
    keys: KnownKeys,
    ob_cluster_id: i64,
}

impl<'a> Deletion<'a> {
    pub(super) async fn open(at: &'a Here, state: &State) -> Result<Self, StepError> {
        let context = at.context();
        let cluster = context.cluster(state.cluster).await?;
        Ok(Self {
            at,
            client: context.client(state.storage).await?,
            keys: context.known_keys().await?,
            ob_cluster_id: cluster.facts.ob_cluster_id,
        })
    }

    /// Deletes a set; returns whether it is gone. A set that must now be kept is not touched.
    pub(super) async fn delete(&self, set: &BackupSet) -> Result<bool, StepError> {
        let lost = || {
            words::refused(
                Problem::internal("backup-set-unreadable").with("set", set.id).with("path", &set.path),
            )
        };
        let (folder, dump) = place(set, self.ob_cluster_id).ok_or_else(lost)?;
        let client = self.client.below(&folder).map_err(Error::from)?;
        self.at.may_act(MARK_LIMIT).await?;
        if set.status != BackupSetStatus::Deleting {
            // Deleting other sets may have taken hours since the plan was computed.
            let proof = prove(&self.client, &self.keys, self.ob_cluster_id, set).await?;
            if let Proof::Foreign(doubt) | Proof::None(doubt) = proof {
                self.keep(set.id, KeepReason::Unproven);
                self.at.log(words::note(doubt));
                return Ok(false);
            }
            if let Some(reason) = self.mark(set.id).await? {
                self.keep(set.id, reason);
                return Ok(false);
            }
        }
        self.delete_manifest(&client, &dump, set).await?;
        let files = dump::delete_files(&client, &dump).await.map_err(Error::from)?;
        self.at.log(Note::new("clean-up-deleted").arg("set", set.id).arg("files", files));
        Ok(true)
    }

    /// Marks a set, which is then no longer a backup. If the set must be kept, returns the reason and marks nothing.
    async fn mark(&self, id: BackupSetId) -> Result<Option<KeepReason>, Error> {
        let mut writer = self.at.context().metadata.begin().await?;
        let now = writer.now().await?;
        let Some(set) = writer.backup_set_now(id).await? else { return Ok(Some(KeepReason::Unproven)) };
        if writer.hold_now(id).await?.is_some_and(|hold| hold.is_active(now)) {
            return Ok(Some(KeepReason::Held));
        }
        let reader = writer.task_unfinished_about(subject::BACKUP_SET, &id.to_string()).await?;
        let maker = writer.task_now(engine::TaskId(set.task.0)).await?;
        if reader.is_some() || maker.is_some_and(|task| !task.status.is_finished()) {
            return Ok(Some(KeepReason::InUse));
        }
        if !set.status.is_gone() {
            writer.backup_set_set_status(id, BackupSetStatus::Deleting).await?;
            writer.commit().await?;
        }
        Ok(None)
    }

    /// Deletes the manifest. If the storage refuses, for example because the object is locked, the set is still
    /// complete and its mark is removed.
    async fn delete_manifest(
        &self,
        client: &Client,
        dump: &DumpId,
        set: &BackupSet,
    ) -> Result<(), StepError> {
        let Err(error) = dump::delete_manifest(client, dump).await else { return Ok(()) };
        if !error.is_transient()
            && let Proof::Ours { is_partial } =
                prove(&self.client, &self.keys, self.ob_cluster_id, set).await?
        {
            let status = match set.status {
                _ if is_partial => BackupSetStatus::Partial,
                BackupSetStatus::Deleting => BackupSetStatus::Unverified,
                status => status,
            };
            let mut writer = self.at.context().metadata.begin().await.map_err(Error::from)?;
            writer.backup_set_set_status(set.id, status).await.map_err(Error::from)?;
            writer.commit().await.map_err(Error::from)?;
        }
        Err(Error::from(error).into())
    }

    fn keep(&self, set: BackupSetId, reason: KeepReason) {
        self.at.log(Note::new("clean-up-keeps").arg("set", set));
        self.at.log(words::note(reason.text()));
    }
}
