//! The request of a tenant recovery, and the results of its steps.

use engine::At;
use model::id::{ClusterId, StorageId, TenantId};
use model::order::{RecoverUntil, RecoveredRole};
use model::physical::moment;
use model::physical::resources::TargetResources;
use model::physical::restore::{RestoreJob, RestoreMark};
use model::problem::codes;
use model::time::Timestamp;
use model::{Problem, Secret};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::Error;

/// Recover a tenant from a physical backup.
pub(crate) struct RestoreTenant;

/// The context of a body of this flow.
pub(super) type Here = At<RestoreTenant>;

/// What was asked for, and what the steps have learnt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) source: Source,
    /// The cluster that was backed up, where it is one of ours.
    pub(crate) backup_cluster: Option<ClusterId>,
    pub(crate) backup_cluster_name: String,
    /// The name by which its backups know it; empty where it was not kept.
    #[serde(default)]
    pub(crate) backup_ob_cluster_name: String,
    pub(crate) backup_ob_cluster_id: i64,
    pub(crate) backup_tenant: TenantId,
    pub(crate) backup_tenant_name: String,
    pub(crate) until: RecoverUntil,
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    /// The name of the tenant that is created.
    pub(crate) tenant_name: String,
    pub(crate) resources: TargetResources,
    pub(crate) primary_zone: Option<String>,
    pub(crate) role: RecoveredRole,
    /// The passwords of encrypted sets as a JSON array, sealed; gone when the tenant is there.
    pub(crate) passwords: Option<String>,
    pub(crate) requested: Timestamp,
    /// Reports what this task creates from what another server's task of the same number does.
    pub(crate) tag: String,

    /// Where the backups are.
    #[serde(default)]
    pub(crate) places: Vec<Place>,
    /// The moment, once it is settled; nothing for the latest one of a storage alone.
    #[serde(default)]
    pub(crate) scn: Option<u64>,
    /// For the latest moment, the one that could be recovered to when it was looked at; what comes back is not older.
    #[serde(default)]
    pub(crate) floor_scn: Option<u64>,
    /// The bytes of the sets and pieces that are read, as far as they are known.
    #[serde(default)]
    pub(crate) source_bytes: u64,
    /// The pools that this task creates; written down before the first is created.
    #[serde(default)]
    pub(crate) made_pools: Vec<String>,
    /// The identity of our job; none before one is started.
    #[serde(default)]
    pub(crate) mark: Option<RestoreMark>,
    /// When the statement was last about to be sent, by the database's clock; nothing before that.
    #[serde(default)]
    pub(crate) sent: Option<Timestamp>,
    /// How often the job is still searched for before the statement is sent again: its last answer left the outcome
    /// unknown.
    #[serde(default)]
    pub(crate) doubts: u32,
    /// Our job's number, once a view has shown it.
    #[serde(default)]
    pub(crate) job: Option<i64>,
    /// The number of the tenant that our job creates.
    #[serde(default)]
    pub(crate) tenant: Option<TenantId>,
    /// The SCN that the database restores to, according to its view.
    #[serde(default)]
    pub(crate) restored_scn: u64,
    /// How often in a row no view has shown our job, or why it failed.
    #[serde(default)]
    pub(crate) unseen: u32,
    /// How far the restore was when last looked at.
    #[serde(default)]
    pub(crate) sample: Option<Sample>,
    /// Whether the upgrade was asked for.
    #[serde(default)]
    pub(crate) upgrade_asked: bool,
    /// How often a clean-up has looked for what it waits for.
    #[serde(default)]
    pub(crate) clean_up_looks: u32,
}

/// The source of a recovery.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// The backups in the cluster's views.
    Cluster,
    /// Backups in a storage, in these folders below its base.
    Storage { storage: StorageId, data_folder: String, log_folder: String },
}

/// A directory of backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The storage whose keys open it; none for a directory of the servers.
    pub(crate) storage: Option<StorageId>,
    /// Its address without keys.
    pub(crate) uri: String,
}

/// How far a restore was at some moment, by the database's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// The bytes, or what else moves.
    pub(crate) done: u64,
    pub(crate) at: Timestamp,
    /// Since when it has not moved.
    pub(crate) since: Timestamp,
    /// When waiting began.
    pub(crate) begun: Timestamp,
}

impl State {
    /// Returns the pools that the tenant is created on.
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

    /// Finds our job among those that the views show. One without a description must be of our moment, too.
    pub(super) fn ours<'j>(&self, jobs: &'j [RestoreJob]) -> Option<&'j RestoreJob> {
        if let Some(id) = self.job {
            return jobs.iter().find(|job| job.id == id);
        }
        let mark = self.mark.as_ref()?;
        let found = mark.find(jobs, &self.tenant_name)?;
        Some(found).filter(|job| mark.tag.is_some() || !self.differs(job))
    }

    /// Returns whether a job restores to another moment than the one that was asked for, or for the latest one, to
    /// one that is older than it was when it was looked at.
    pub(super) fn differs(&self, job: &RestoreJob) -> bool {
        let is_other = match (self.scn, self.floor_scn) {
            (Some(wanted), _) => job.scn != wanted,
            (None, Some(floor)) => job.scn < floor,
            (None, None) => false,
        };
        job.scn != 0 && is_other
    }

    /// Checks that a job restores what was asked for: to the moment, and from the backups of the tenant.
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

    /// Returns whether it is certain that a job is ours: it was seen before, or carries our description.
    pub(super) fn is_proven(&self) -> bool {
        self.job.is_some() || self.mark.as_ref().is_some_and(|mark| mark.tag.is_some())
    }

    /// Writes down which job is ours and which tenant it creates.
    pub(super) fn remember(&mut self, job: &RestoreJob) {
        self.job = Some(job.id);
        self.tenant = job.tenant.or(self.tenant);
        self.restored_scn = job.scn;
        (self.doubts, self.unseen) = (0, 0);
    }

    /// Forgets a job of which nothing is left, so that the next start is another.
    pub(super) fn forget(&mut self) {
        (self.mark, self.job, self.tenant, self.sample) = (None, None, None, None);
        self.sent = None;
        (self.doubts, self.unseen, self.restored_scn) = (0, 0, 0);
    }
}

/// Writes a moment to the microsecond.
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
            (&moment, job(0, "", None), None), // not told yet
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
