//! The request of a tenant recovery, and the results of its steps.

use engine::At;
use model::id::TenantId;
use model::order::RecoveredRole;
use model::physical::resources::TargetResources;
use model::physical::restore::{RestoreJob, RestoreMark, TableName, table_list};
use model::physical::unit::UnitSpec;
use model::problem::codes;
use model::time::Timestamp;
use model::{Problem, Secret};
use oceanbase::physical::{NewTenant, OldTenant};
use serde::{Deserialize, Serialize};

use crate::flows::recovery_source::{Origin, shown};

/// A recovery of a tenant from a physical backup.
pub(crate) struct RestoreTenant;

/// The context of a body of this flow.
pub(super) type Here = At<RestoreTenant>;

/// The request, and the results of the steps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    #[serde(flatten)]
    pub(crate) origin: Origin,
    /// The name of the new tenant.
    pub(crate) tenant_name: String,
    /// Its resources; once the destination is checked, with the name of each unit specification.
    pub(crate) resources: TargetResources,
    pub(crate) primary_zone: Option<String>,
    pub(crate) role: RecoveredRole,
    /// Only these tables; empty means everything.
    #[serde(default)]
    pub(crate) tables: Vec<TableName>,
    pub(crate) requested: Timestamp,
    /// Distinguishes what this task creates from that of another installation's task with the same number.
    pub(crate) tag: String,

    /// The names of the pools that this task creates; saved before the first is created.
    #[serde(default)]
    pub(crate) made_pools: Vec<String>,
    /// The unit specifications that this task creates; saved before the first is created.
    #[serde(default)]
    pub(crate) made_units: Vec<UnitSpec>,
    /// The identity of our job; none before one is started.
    #[serde(default)]
    pub(crate) mark: Option<RestoreMark>,
    /// When the statement was last about to be sent, by the database's clock.
    #[serde(default)]
    pub(crate) sent: Option<Timestamp>,
    /// The run of the server that was about to send it.
    #[serde(default)]
    pub(crate) sent_by: u64,
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
                name: &self.origin.backup_tenant_name,
                cluster: &self.origin.backup_ob_cluster_name,
                cluster_id: self.origin.backup_ob_cluster_id,
            },
            from,
            scn: self.origin.scn,
            pools: self.pools(),
            locality,
            primary_zone: self.primary_zone.as_deref(),
            tables: &self.tables,
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

    /// Finds our job in the views. A job without a description must also restore our tables to our time.
    pub(super) fn ours<'j>(&self, jobs: &'j [RestoreJob]) -> Option<&'j RestoreJob> {
        if let Some(id) = self.job {
            return jobs.iter().find(|job| job.id == id);
        }
        let mark = self.mark.as_ref()?;
        let found = mark.find(jobs, &self.tenant_name)?;
        let is_alike = |job: &&RestoreJob| !self.origin.differs(job.scn) && self.has_our_tables(job);
        Some(found).filter(|job| mark.tag.is_some() || is_alike(job))
    }

    /// Returns whether a job restores the requested tables. The server may change upper and lower case of their names.
    fn has_our_tables(&self, job: &RestoreJob) -> bool {
        let wanted = || table_list(&self.tables).to_lowercase();
        job.only.as_ref().is_none_or(|only| only.to_lowercase() == wanted())
    }

    /// Checks that a job restores to the requested time, and from the backups of the requested tenant.
    pub(super) fn check_restored(&self, job: &RestoreJob) -> Result<(), Problem> {
        let problem = |id| {
            let problem = Problem::outside(id).coded(codes::RECOVERY_FAILED);
            problem.with("tenant", &self.tenant_name)
        };
        if let Some(wanted) =
            self.origin.scn.or(self.origin.floor_scn).filter(|_| self.origin.differs(job.scn))
        {
            let problem = problem("restore-moment-differs").with("wanted", shown(wanted));
            return Err(problem.with("found", shown(job.scn)));
        }
        if !self.has_our_tables(job) {
            let all = |list: String| if list.is_empty() { "*".to_owned() } else { list };
            let problem = problem("restore-tables-differ").with("wanted", all(table_list(&self.tables)));
            return Err(problem.with("found", all(job.only.clone().unwrap_or_default())));
        }
        let origin = &job.origin;
        let other_tenant = origin.tenant.is_some_and(|tenant| tenant != self.origin.backup_tenant);
        let names = [&origin.cluster_name, &self.origin.backup_ob_cluster_name];
        let other_cluster = names.iter().all(|name| !name.is_empty()) && names[0] != names[1];
        if other_tenant || other_cluster {
            let named = |cluster: &str, name: &str, tenant: &dyn std::fmt::Display| {
                format!("{cluster}/{name} ({tenant})")
            };
            let found = origin.tenant.map_or_else(|| "-".to_owned(), |tenant| tenant.to_string());
            let wanted = named(names[1], &self.origin.backup_tenant_name, &self.origin.backup_tenant);
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

#[cfg(test)]
mod tests {
    use model::id::TenantId;
    use model::physical::resources::TargetResources;
    use model::physical::restore::{RestoreJob, RestoreOrigin, RestoreStatus, TableName};
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
            only: Some(String::new()),
            description: String::new(),
            comment: String::new(),
        }
    }

    #[test]
    fn a_job_with_another_time_or_origin_is_reported() {
        let (moment, latest) = (state(Some(500), None), state(None, Some(500)));
        let only = vec![TableName { database: "d".into(), table: "a".into() }];
        let part = State { tables: only, ..moment.clone() };
        let cases = [
            (&moment, job(500, "obcluster", Some(1002)), None),
            (&moment, job(0, "", None), None), // the view shows no SCN yet
            (&moment, job(501, "obcluster", Some(1002)), Some("restore-moment-differs")),
            (&moment, job(500, "obcluster", Some(1004)), Some("restore-origin-differs")),
            (&moment, job(500, "other", Some(1002)), Some("restore-origin-differs")),
            (
                &moment,
                RestoreJob { only: Some("`d`.`a`".into()), ..job(500, "obcluster", Some(1002)) },
                Some("restore-tables-differ"),
            ),
            (&part, RestoreJob { only: Some("`D`.`A`".into()), ..job(500, "obcluster", Some(1002)) }, None),
            (&part, job(500, "obcluster", Some(1002)), Some("restore-tables-differ")),
            (&latest, job(501, "obcluster", Some(1002)), None),
            (&latest, job(499, "obcluster", Some(1002)), Some("restore-moment-differs")), // an old copy
        ];
        for (state, job, expected) in cases {
            let found = state.check_restored(&job).err().map(|problem| problem.text.id);
            assert_eq!(found.as_deref(), expected, "{job:?}");
        }
    }
}
