//! The restore of a tenant: the database's job, which one is ours, and which tenant is only partly restored.

use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::problem::{Problem, codes};
use crate::tenant::Tenant;
use crate::time::Timestamp;
use crate::version::Version;

/// The maximum difference between the clocks of a cluster's servers, in microseconds.
const SKEW_US: i64 = 5_000_000;

/// The first version in which tenants have a role.
const ROLES_SINCE: Version = Version::new(4, 1, 0);

/// Only the same version can restore data of this version.
const FIRST: Version = Version::new(4, 0, 0);

/// The status of a restore job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RestoreStatus {
    /// It runs.
    Running,
    /// The tenant is complete.
    Succeeded,
    /// It failed, or was cancelled.
    Failed,
}

impl RestoreStatus {
    /// Reads the word of a view; unknown words are stages of a running job.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word.to_ascii_uppercase().as_str() {
            "RESTORE_SUCCESS" | "SUCCESS" => Self::Succeeded,
            "RESTORE_FAIL" | "FAIL" | "FAILED" => Self::Failed,
            _ => Self::Running,
        }
    }
}

/// A restore job, as the sys tenant's views show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreJob {
    /// `JOB_ID`; on 4.x of the sys tenant's row.
    pub id: i64,
    /// The name of the tenant that is created.
    pub tenant_name: String,
    /// Its ID, if it has one yet.
    pub tenant: Option<TenantId>,
    /// Its status.
    pub status: RestoreStatus,
    /// The database's own word for its stage.
    pub stage: String,
    /// The SCN that is restored to: in nanoseconds since 1970, before 4.0 in microseconds. 0 if no view shows it.
    pub scn: u64,
    /// When it began.
    pub started: Option<Timestamp>,
    /// The restored bytes.
    pub bytes_done: u64,
    /// The bytes in all; 0 until they are counted.
    pub bytes_total: u64,
    /// The restored share of the data, in hundredths of a percent, if the version reports it.
    pub data_progress: Option<u32>,
    /// The restored share of the logs, in hundredths of a percent, if the version reports it.
    pub log_progress: Option<u32>,
    /// The owner of the backups that it reads.
    pub origin: RestoreOrigin,
    /// The tables that it is limited to, as the view shows them ([`table_list`]); an empty text means all. `None` if the
    /// view does not show it.
    pub only: Option<String>,
    /// The description that the initiator wrote; empty if there was none.
    pub description: String,
    /// The database's message about a failure.
    pub comment: String,
}

/// A table of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableName {
    /// Its database.
    pub database: String,
    /// Its name.
    pub table: String,
}

/// Writes the tables of a restore as `WHITE_LIST` shows them before 4.0: in backquotes, without escapes
/// (kernel 3.1, `ob_physical_restore_info.cpp`).
#[must_use]
pub fn table_list(tables: &[TableName]) -> String {
    let shown = tables.iter().map(|TableName { database, table }| format!("`{database}`.`{table}`"));
    shown.collect::<Vec<_>>().join(",")
}

/// The owner of the backups that a restore reads, as found in the storage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RestoreOrigin {
    /// The name of the cluster; empty if the view does not show it.
    pub cluster_name: String,
    /// The number of the tenant in that cluster.
    pub tenant: Option<TenantId>,
    /// The name of the tenant when it was backed up; empty if the view does not show it.
    pub tenant_name: String,
}

/// How our job is identified: it has our tenant's name, is newer than the existing ones, and started after that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreMark {
    /// The newest job before ours; 0 for none.
    pub newest: i64,
    /// The database's clock, before the statement was sent.
    pub at: Timestamp,
    /// The description in the statement; `None` if the version does not store one.
    pub tag: Option<String>,
}

impl RestoreMark {
    /// Returns the newest job before ours; 0 for none. A running job with our description is ours: the answer to its
    /// statement was lost.
    ///
    /// # Errors
    /// Returns the ID of a running job of another user.
    pub fn newest_before(jobs: &[RestoreJob], tag: Option<&str>) -> Result<i64, i64> {
        let is_ours = |job: &RestoreJob| tag.is_some_and(|tag| tag == job.description);
        let mut newest = 0;
        for job in jobs {
            match (job.status == RestoreStatus::Running, is_ours(job)) {
                (true, true) => {}
                (true, false) => return Err(job.id),
                (false, _) => newest = newest.max(job.id),
            }
        }
        Ok(newest)
    }

    /// Finds our job: the oldest match, because one statement creates one job.
    #[must_use]
    pub fn find<'j>(&self, jobs: &'j [RestoreJob], tenant: &str) -> Option<&'j RestoreJob> {
        jobs.iter().filter(|job| self.fits(job, tenant)).min_by_key(|job| job.id)
    }

    fn fits(&self, job: &RestoreJob, tenant: &str) -> bool {
        job.id > self.newest
            && job.tenant_name.eq_ignore_ascii_case(tenant)
            && job.started.is_none_or(|started| started.0.saturating_add(SKEW_US) >= self.at.0)
            && job.description == self.tag.as_deref().unwrap_or_default()
    }
}

/// Returns whether a tenant is only partly restored: no user can have written to it, so it may be dropped.
///
/// The database's own rule uses the status alone. The role proves nothing: a tenant becomes a standby some stages
/// before its restore ends, and has no known role while its META tenant is not up. A primary tenant is never treated
/// as partly restored.
#[must_use]
pub fn is_half(tenant: &Tenant, version: &Version) -> bool {
    if *version >= ROLES_SINCE {
        tenant.role != "PRIMARY" && tenant.status != "NORMAL"
    } else {
        tenant.status == "RESTORE"
    }
}

/// Checks that a cluster can restore data of that version.
///
/// # Errors
/// Fails if the data are of a newer version, of another kind, or of 4.0 while the cluster is newer.
pub fn check_versions(data: &Version, cluster: &Version) -> Result<(), Problem> {
    let refused = |id| {
        let problem = Problem::refused(codes::RECOVERY_FAILED, id);
        Err(problem.with("data", data).with("cluster", cluster))
    };
    let is_first = |version: &Version| *version >= FIRST && *version < ROLES_SINCE;
    // Backups of 2.2.77 and 3.x are of the same kind.
    let kind = |version: &Version| version.major().max(3);
    if kind(data) != kind(cluster) || data > cluster {
        return refused("recovery-version-newer");
    }
    if is_first(data) && !is_first(cluster) {
        return refused("recovery-version-first");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{RestoreJob, RestoreMark, RestoreOrigin, RestoreStatus, check_versions, is_half};
    use crate::id::TenantId;
    use crate::tenant::{Tenant, TenantMode};
    use crate::time::Timestamp;

    fn job(id: i64, name: &str, started: i64, description: &str) -> RestoreJob {
        RestoreJob {
            id,
            tenant_name: name.into(),
            tenant: None,
            status: RestoreStatus::Running,
            stage: "CREATE_TENANT".into(),
            scn: 1,
            started: Some(Timestamp(started)),
            bytes_done: 0,
            bytes_total: 0,
            data_progress: None,
            log_progress: None,
            origin: RestoreOrigin::default(),
            only: None,
            description: description.into(),
            comment: String::new(),
        }
    }

    #[test]
    fn our_restore_is_distinguished_from_every_other() {
        let second = 1_000_000;
        let at = Timestamp(100 * second);
        let tagged = RestoreMark { newest: 4, at, tag: Some("lifeboat-7".into()) };
        let plain = RestoreMark { tag: None, ..tagged.clone() };
        let cases = [
            (&tagged, job(5, "SHOP_2", 100 * second, "lifeboat-7"), true),
            (&tagged, job(5, "shop_2", 96 * second, "lifeboat-7"), true), // the clock of another server
            (&tagged, job(4, "shop_2", 101 * second, "lifeboat-7"), false), // existed before
            (&tagged, job(5, "shop_3", 101 * second, "lifeboat-7"), false),
            (&tagged, job(5, "shop_2", 90 * second, "lifeboat-7"), false),
            (&tagged, job(5, "shop_2", 101 * second, "somebody else"), false),
            (&tagged, job(5, "shop_2", 101 * second, ""), false), // started manually
            (&plain, job(5, "shop_2", 101 * second, ""), true),
            (&plain, job(5, "shop_2", 90 * second, ""), false),
            (&plain, job(4, "shop_2", 101 * second, ""), false),
        ];
        for (mark, job, is_ours) in cases {
            assert_eq!(
                mark.find(std::slice::from_ref(&job), "shop_2").is_some(),
                is_ours,
                "{mark:?} {job:?}"
            );
        }
    }

    #[test]
    fn a_job_that_runs_under_our_description_is_taken_up_again_and_any_other_is_in_the_way() {
        let second = 1_000_000;
        let ended = |id, description: &str| RestoreJob {
            status: RestoreStatus::Failed,
            ..job(id, "shop_2", 90 * second, description)
        };
        let runs = |id, description: &str| job(id, "shop_2", 101 * second, description);
        let ours = Some("lifeboat-7");
        let cases = [
            (vec![], ours, Ok(0)),
            (vec![ended(3, "lifeboat-6"), ended(4, "")], ours, Ok(4)),
            (vec![ended(4, "lifeboat-7")], ours, Ok(4)), // an attempt that failed
            (vec![ended(4, ""), runs(5, "lifeboat-7")], ours, Ok(4)),
            (vec![runs(5, "lifeboat-7"), runs(6, "")], ours, Err(6)),
            (vec![runs(5, "somebody else")], ours, Err(5)),
            (vec![runs(5, "")], None, Err(5)), // without a description no job is known to be ours
        ];
        for (jobs, tag, expected) in cases {
            let found = RestoreMark::newest_before(&jobs, tag);
            assert_eq!(found, expected, "{jobs:?}");
            if let (Ok(newest), Some(tag)) = (found, tag) {
                let mark = RestoreMark { newest, at: Timestamp(100 * second), tag: Some(tag.into()) };
                let running = jobs.iter().find(|job| job.status == RestoreStatus::Running);
                assert_eq!(mark.find(&jobs, "shop_2"), running, "the mark finds the job that runs");
            }
        }
    }

    #[test]
    fn words_of_all_versions_are_read() {
        for (word, status) in [
            ("RESTORE_SUCCESS", RestoreStatus::Succeeded),
            ("SUCCESS", RestoreStatus::Succeeded),
            ("RESTORE_FAIL", RestoreStatus::Failed),
            ("FAIL", RestoreStatus::Failed),
            ("FAILED", RestoreStatus::Failed),
            ("WAIT_TENANT_RESTORE_FINISH", RestoreStatus::Running),
            ("whatever comes next", RestoreStatus::Running),
        ] {
            assert_eq!(RestoreStatus::of(word), status, "{word}");
        }
    }

    #[test]
    fn only_a_tenant_that_never_reached_normal_is_half() {
        let tenant = |status: &str, role: &str| Tenant {
            id: TenantId(1006),
            name: "shop_2".into(),
            mode: TenantMode::Mysql,
            status: status.into(),
            role: role.into(),
            locked: false,
            primary_zone: String::new(),
            locality: String::new(),
            data_version: None,
        };
        let cases = [
            ("4.2.5", "RESTORE", "RESTORE", true),
            ("4.2.5", "CREATING", "RESTORE", true),
            ("4.2.5", "NORMAL", "RESTORE", false),
            ("4.2.5", "NORMAL", "STANDBY", false),
            ("4.2.5", "NORMAL", "", false),
            ("4.2.5", "RESTORE", "STANDBY", true), // its last stages
            ("4.2.5", "RESTORE", "", true),        // its first one
            ("4.2.5", "RESTORE", "PRIMARY", false),
            ("4.0.0", "RESTORE", "PRIMARY", true), // it shows no role
            ("4.0.0", "NORMAL", "PRIMARY", false),
        ];
        for (version, status, role, half) in cases {
            let version = version.parse().expect("a version");
            assert_eq!(is_half(&tenant(status, role), &version), half, "{version} {status} {role}");
        }
    }

    #[test]
    fn a_backup_goes_to_the_same_or_a_newer_version_and_that_of_4_0_stays() {
        let cases = [
            ("4.2.5.0", "4.2.5.1", None),
            ("4.2.5", "4.3.5", None),
            ("4.3.5", "4.2.5", Some("recovery-version-newer")),
            ("3.2.4", "4.2.5", Some("recovery-version-newer")),
            ("2.2.77", "3.2.4", None),
            ("3.1.5", "3.1.5", None),
            ("3.2.4", "3.1.5", Some("recovery-version-newer")),
            ("3.1.5", "2.2.77", Some("recovery-version-newer")),
            ("4.0.0", "4.0.0", None),
            ("4.0.0", "4.1.0", Some("recovery-version-first")),
        ];
        for (data, cluster, expected) in cases {
            let found = check_versions(&data.parse().expect("one"), &cluster.parse().expect("one"));
            assert_eq!(found.err().map(|problem| problem.text.id).as_deref(), expected, "{data} {cluster}");
        }
    }
}
