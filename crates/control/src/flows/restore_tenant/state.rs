//! The request of a tenant recovery, and the results of its steps.

use engine::At;
use model::ability::Generation;
use model::id::{ClusterId, StorageId, TenantId};
use model::order::{RecoverUntil, RecoveredRole};
use model::physical::moment;
use model::physical::resources::TargetResources;
use model::physical::restore::{RestoreJob, RestoreMark};
use model::problem::codes;
use model::time::Timestamp;
use model::{Problem, Secret};
use oceanbase::physical::{NewTenant, OldTenant};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::Error;

/// A recovery of a tenant from a physical backup.
pub(crate) struct RestoreTenant;

/// The context of a body of this flow.
pub(super) type Here = At<RestoreTenant>;

/// The request, and the results of the steps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) source: Source,
    /// The cluster that was backed up, if Lifeboat manages it.
    pub(crate) backup_cluster: Option<ClusterId>,
    pub(crate) backup_cluster_name: String,
    /// The cluster's name in its backups; empty if an older version saved the task.
    #[serde(default)]
    pub(crate) backup_ob_cluster_name: String,
    pub(crate) backup_ob_cluster_id: i64,
    pub(crate) backup_tenant: TenantId,
    pub(crate) backup_tenant_name: String,
    pub(crate) until: RecoverUntil,
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    /// The generation of both clusters.
    #[serde(default = "later")]
    pub(crate) generation: Generation,
    /// The name of the new tenant.
    pub(crate) tenant_name: String,
    pub(crate) resources: TargetResources,
    pub(crate) primary_zone: Option<String>,
    pub(crate) role: RecoveredRole,
    /// The passwords of encrypted sets as a JSON array, sealed; removed when the recovery is recorded.
    pub(crate) passwords: Option<String>,
    pub(crate) requested: Timestamp,
    /// Distinguishes what this task creates from that of another installation's task with the same number.
    pub(crate) tag: String,

    /// The directories of the backups.
    #[serde(default)]
    pub(crate) places: Vec<Place>,
    /// The SCN to restore to, before 4.0 in microseconds. None until it is decided, and for the latest one, which 4.x
    /// chooses itself.
    #[serde(default)]
    pub(crate) scn: Option<u64>,
    /// For the latest time: an SCN that was recoverable when the source was checked. The restored tenant must not be
    /// older.
    #[serde(default)]
    pub(crate) floor_scn: Option<u64>,
    /// The bytes of the sets and pieces to read, as far as known.
    #[serde(default)]
    pub(crate) source_bytes: u64,
    /// The names of the pools that this task creates; saved before the first is created.
    #[serde(default)]
    pub(crate) made_pools: Vec<String>,
    /// The identity of our job; none before one is started.
    #[serde(default)]
    pub(crate) mark: Option<RestoreMark>,
    /// When the statement was last about to be sent, by the database's clock.
    #[serde(default)]
    pub(crate) sent: Option<Timestamp>,
    /// How many more polls look for the job before the statement is sent again: after its last answer, no view showed
    /// the job.
    #[serde(default)]
    pub(crate) doubts: u32,
    /// How many times the statement failed because the logs in the storage did not reach the latest time yet.
    #[serde(default)]
    pub(crate) waits_for_logs: u32,
    /// Our job's number, once a view has shown it.
    #[serde(default)]
    pub(crate) job: Option<i64>,
    /// The number of the tenant that our job creates.
    #[serde(default)]
    pub(crate) tenant: Option<TenantId>,
    /// The SCN that the database restores to, according to its view.
    #[serde(default)]
    pub(crate) restored_scn: u64,
    /// How many polls in a row showed neither our job nor, after a failure, its reason.
    #[serde(default)]
    pub(crate) unseen: u32,
    /// The progress of the restore at the last poll.
    #[serde(default)]
    pub(crate) sample: Option<Sample>,
    /// Whether the upgrade was requested.
    #[serde(default)]
    pub(crate) upgrade_asked: bool,
    /// How many times a clean-up has polled.
    #[serde(default)]
    pub(crate) clean_up_looks: u32,
}

/// Tasks that were saved without a generation are for 4.x.
fn later() -> Generation {
    Generation::Gen4
}

/// The source of a recovery.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// The backups in the cluster's views.
    Cluster,
    /// The backups in these folders below the base of a storage. Before 4.0 only `data_folder` is used; it is usually
    /// empty, which means the base itself.
    Storage { storage: StorageId, data_folder: String, log_folder: String },
}

/// A directory of backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The storage configuration with its keys; none for a file directory.
    pub(crate) storage: Option<StorageId>,
    /// Its address without keys.
    pub(crate) uri: String,
}

/// The progress of a restore at a time, by the database's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// The bytes, or the percentages of a version that counts no bytes.
    pub(crate) done: u64,
    pub(crate) at: Timestamp,
    /// The time of the last progress.
    pub(crate) since: Timestamp,
    /// The time of the first poll.
    pub(crate) begun: Timestamp,
}

impl State {
    /// Returns the requested SCN, before 4.0 in microseconds; none if the backups decide.
    pub(super) fn asked_scn(&self) -> Option<u64> {
        self.until.scn(self.generation)
    }

    /// Returns the parts of the restore statement.
    pub(super) fn new_tenant<'a>(
        &'a self,
        from: &'a [Secret],
        locality: Option<&'a str>,
        tag: &'a str,
    ) -> NewTenant<'a> {
        NewTenant {
            name: &self.tenant_name,
            old: OldTenant {
                name: &self.backup_tenant_name,
                cluster: &self.backup_ob_cluster_name,
                cluster_id: self.backup_ob_cluster_id,
            },
            from,
            scn: self.scn,
            pools: self.pools(),
            locality,
            primary_zone: self.primary_zone.as_deref(),
            tag,
        }
    }

    /// Returns the resource pools of the new tenant.
    pub(super) fn pools(&self) -> &[String] {
        match &self.resources {
            TargetResources::Pools(names) => names,
            TargetResources::Zones(_) => &self.made_pools,
        }
    }

    /// Returns the passwords of encrypted sets.
    pub(super) fn open_passwords(&self, context: &Context) -> Result<Vec<Secret>, Error> {
        let Some(sealed) = &self.passwords else { return Ok(Vec::new()) };
        let opened = context.metadata.task_secret_open(self.cluster, sealed)?;
        let passwords: Vec<String> = serde_json::from_str(opened.expose()).unwrap_or_default();
        Ok(passwords.into_iter().map(Secret::new).collect())
    }

    /// Finds our job in the views. A job without a description must also restore to our time.
    pub(super) fn ours<'j>(&self, jobs: &'j [RestoreJob]) -> Option<&'j RestoreJob> {
        if let Some(id) = self.job {
            return jobs.iter().find(|job| job.id == id);
        }
        let mark = self.mark.as_ref()?;
        let found = mark.find(jobs, &self.tenant_name)?;
        Some(found).filter(|job| mark.tag.is_some() || !self.differs(job))
    }

    /// Returns whether a job restores to another time than the requested one; for the latest time, to one older than
    /// `floor_scn`.
    pub(super) fn differs(&self, job: &RestoreJob) -> bool {
        let is_other = match (self.scn, self.floor_scn) {
            (Some(wanted), _) => job.scn != wanted,
            (None, Some(floor)) => job.scn < floor,
            (None, None) => false,
        };
        job.scn != 0 && is_other
    }

    /// Checks that a job restores to the requested time, and from the backups of the requested tenant.
    pub(super) fn check_restored(&self, job: &RestoreJob) -> Result<(), Problem> {
        let problem = |id| {
            let problem = Problem::outside(id).coded(codes::RECOVERY_FAILED);
            problem.with("tenant", &self.tenant_name)
        };
        if let Some(wanted) = self.scn.or(self.floor_scn).filter(|_| self.differs(job)) {
            let problem = problem("restore-moment-differs").with("wanted", shown(wanted));
            return Err(problem.with("found", shown(job.scn)));
        }
        let origin = &job.origin;
        let other_tenant = origin.tenant.is_some_and(|tenant| tenant != self.backup_tenant);
        let names = [&origin.cluster_name, &self.backup_ob_cluster_name];
        let other_cluster = names.iter().all(|name| !name.is_empty()) && names[0] != names[1];
        if other_tenant || other_cluster {
            let named = |cluster: &str, name: &str, tenant: &dyn std::fmt::Display| {
                format!("{cluster}/{name} ({tenant})")
            };
            let found = origin.tenant.map_or_else(|| "-".to_owned(), |tenant| tenant.to_string());
            let wanted = named(names[1], &self.backup_tenant_name, &self.backup_tenant);
            let found = named(names[0], &origin.tenant_name, &found);
            return Err(problem("restore-origin-differs").with("found", found).with("wanted", wanted));
        }
        Ok(())
    }

    /// Returns whether a job is certainly ours: it was seen before, or carries our description.
    pub(super) fn is_proven(&self) -> bool {
        self.job.is_some() || self.mark.as_ref().is_some_and(|mark| mark.tag.is_some())
    }

    /// Records our job and the tenant that it creates.
    pub(super) fn remember(&mut self, job: &RestoreJob) {
        self.job = Some(job.id);
        self.tenant = job.tenant.or(self.tenant);
        self.restored_scn = job.scn;
        (self.doubts, self.unseen) = (0, 0);
    }

    /// Forgets a job that left nothing behind, so that the next start creates another.
    pub(super) fn forget(&mut self) {
        (self.mark, self.job, self.tenant, self.sample) = (None, None, None, None);
        self.sent = None;
        (self.doubts, self.unseen, self.restored_scn, self.waits_for_logs) = (0, 0, 0, 0);
    }
}

/// Writes a time to the microsecond.
pub(super) fn shown(scn: u64) -> String {
    format!("{} UTC", moment::spelt(Timestamp::from_scn(scn)))
}

#[cfg(test)]
mod tests {
    use model::id::TenantId;
    use model::physical::resources::TargetResources;
    use model::physical::restore::{RestoreJob, RestoreOrigin, RestoreStatus};
    use serde_json::json;

    use super::State;

    fn state(scn: Option<u64>, floor_scn: Option<u64>) -> State {
        let pools = TargetResources::Pools(vec!["mine".into()]);
        let state = json!({
            "source": "cluster",
            "backup_cluster": 1,
            "backup_cluster_name": "prod",
            "backup_ob_cluster_name": "obcluster",
            "backup_ob_cluster_id": 1,
            "backup_tenant": 1002,
            "backup_tenant_name": "shop",
            "until": model::order::RecoverUntil::Latest,
            "cluster": 1,
            "cluster_name": "prod",
            "tenant_name": "shop_2",
            "resources": pools,
            "primary_zone": null,
            "role": model::order::RecoveredRole::Primary,
            "passwords": null,
            "requested": 0,
            "tag": "abc",
            "scn": scn,
            "floor_scn": floor_scn,
        });
        serde_json::from_value(state).expect("what is asked for")
    }

    fn job(scn: u64, cluster: &str, tenant: Option<i64>) -> RestoreJob {
        let origin = RestoreOrigin {
            cluster_name: cluster.into(),
            tenant: tenant.map(TenantId),
            tenant_name: "renamed".into(),
        };
        RestoreJob {
            id: 5,
            tenant_name: "shop_2".into(),
            tenant: None,
            status: RestoreStatus::Running,
            stage: "CREATE_TENANT".into(),
            scn,
            started: None,
            bytes_done: 0,
            bytes_total: 0,
            data_progress: None,
            log_progress: None,
            origin,
            description: String::new(),
            comment: String::new(),
        }
    }

    #[test]
    fn a_job_with_another_time_or_origin_is_reported() {
        let (moment, latest) = (state(Some(500), None), state(None, Some(500)));
        let cases = [
            (&moment, job(500, "obcluster", Some(1002)), None),
            (&moment, job(0, "", None), None), // the view shows no SCN yet
            (&moment, job(501, "obcluster", Some(1002)), Some("restore-moment-differs")),
            (&moment, job(500, "obcluster", Some(1004)), Some("restore-origin-differs")),
            (&moment, job(500, "other", Some(1002)), Some("restore-origin-differs")),
            (&latest, job(501, "obcluster", Some(1002)), None),
            (&latest, job(499, "obcluster", Some(1002)), Some("restore-moment-differs")), // an old copy
        ];
        for (state, job, expected) in cases {
            let found = state.check_restored(&job).err().map(|problem| problem.text.id);
            assert_eq!(found.as_deref(), expected, "{job:?}");
        }
    }
}
