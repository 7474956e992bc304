//! The restore of a tenant on 4.x: the database's job, the identity of ours, and which tenant is only partly
//! restored.

use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::problem::{Problem, codes};
use crate::tenant::Tenant;
use crate::time::Timestamp;
use crate::version::Version;

/// How much the clocks of a cluster's servers may differ, in microseconds.
const SKEW_US: i64 = 5_000_000;

/// From here on tenants have a role.
const ROLES_SINCE: Version = Version::new(4, 1, 0);

/// Data of this version are restored by the same version only.
const FIRST: Version = Version::new(4, 0, 0);

/// How a restore job stands.
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
    /// Reads the word of a view; words that are not known are stages of a running job.
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
    /// `JOB_ID` of the sys tenant's row.
    pub id: i64,
    /// The name of the tenant that is created.
    pub tenant_name: String,
    /// Its number, once it has one.
    pub tenant: Option<TenantId>,
    /// Its status.
    pub status: RestoreStatus,
    /// The database's own word for where it is.
    pub stage: String,
    /// The moment that is restored to: nanoseconds since 1970.
    pub scn: u64,
    /// When it began.
    pub started: Option<Timestamp>,
    /// The bytes that are in.
    pub bytes_done: u64,
    /// The bytes in all; 0 until they are counted.
    pub bytes_total: u64,
    /// The restored share of the data, in hundredths of a percent, if the version reports it.
    pub data_progress: Option<u32>,
    /// The restored share of the logs, in hundredths of a percent, if the version reports it.
    pub log_progress: Option<u32>,
    /// Whose backups it reads.
    pub origin: RestoreOrigin,
    /// The description that the initiator wrote; empty if there was none.
    pub description: String,
    /// The database's message about a failure.
    pub comment: String,
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
    /// The description that the statement carries; nothing on the version that keeps none.
    pub tag: Option<String>,
}

impl RestoreMark {
    /// Finds our job: the oldest that fits, for one statement makes one job.
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
/// When the data are of a newer version, or of 4.0 and the cluster is newer.
pub fn check_versions(data: &Version, cluster: &Version) -> Result<(), Problem> {
    let refused = |id| {
        let problem = Problem::refused(codes::RECOVERY_FAILED, id);
        Err(problem.with("data", data).with("cluster", cluster))
    };
    let is_first = |version: &Version| *version >= FIRST && *version < ROLES_SINCE;
    if data.major() != cluster.major() || data > cluster {
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
            (&tagged, job(4, "shop_2", 101 * second, "lifeboat-7"), false), // was there before
            (&tagged, job(5, "shop_3", 101 * second, "lifeboat-7"), false),
            (&tagged, job(5, "shop_2", 90 * second, "lifeboat-7"), false),
            (&tagged, job(5, "shop_2", 101 * second, "somebody else"), false),
            (&tagged, job(5, "shop_2", 101 * second, ""), false), // begun by hand
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
            ("4.0.0", "RESTORE", "PRIMARY", true), // it tells no role
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
            ("4.0.0", "4.0.0", None),
            ("4.0.0", "4.1.0", Some("recovery-version-first")),
        ];
        for (data, cluster, expected) in cases {
            let found = check_versions(&data.parse().expect("one"), &cluster.parse().expect("one"));
            assert_eq!(found.err().map(|problem| problem.text.id).as_deref(), expected, "{data} {cluster}");
        }
    }
}
