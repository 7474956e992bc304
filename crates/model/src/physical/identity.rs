//! The identity of our job. 4.1 and later store a description, which contains our tag. On earlier versions, the
//! newest job is recorded first; a newer one of our kind that started after that time by the database's clock is
//! ours.

use serde::{Deserialize, Serialize};

use super::{BackupJob, SYS};
use crate::backup::DataBackupMode;
use crate::id::TenantId;
use crate::time::Timestamp;
use crate::version::Version;

/// The first version whose jobs store a description.
const TAGS_SINCE: Version = Version::new(4, 1, 0);

/// How our job is identified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobMark {
    /// It has this description.
    Tag(String),
    /// It is newer than this.
    After {
        /// The newest job before ours; 0 for none.
        id: i64,
        /// The database's clock, before the statement was sent.
        at: Timestamp,
    },
}

impl JobMark {
    /// Returns the mark of a job that is about to be started.
    #[must_use]
    pub fn new(version: &Version, tag: &str, newest: i64, now: Timestamp) -> Self {
        if *version >= TAGS_SINCE { Self::Tag(tag.to_owned()) } else { Self::After { id: newest, at: now } }
    }

    /// Returns the description to send, if the version stores one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::Tag(tag) => Some(tag),
            Self::After { .. } => None,
        }
    }

    /// Finds our job among those of the requested tenant: the oldest match, because one statement creates one job.
    #[must_use]
    pub fn find<'j>(
        &self,
        jobs: &'j [BackupJob],
        mode: DataBackupMode,
        tenant: TenantId,
    ) -> Option<&'j BackupJob> {
        jobs.iter().filter(|job| self.fits(job, mode, tenant)).min_by_key(|job| job.id)
    }

    fn fits(&self, job: &BackupJob, mode: DataBackupMode, tenant: TenantId) -> bool {
        if job.tenant != SYS || !job.is_data {
            return false; // those were started by ours, or are not data backups
        }
        let is_for_us = job.executors.is_empty() || job.executors == [tenant];
        match self {
            Self::Tag(tag) => job.description == *tag && is_for_us,
            Self::After { id, at } => {
                // Without a base set, the kernel records an incremental request as a full job.
                let is_of_kind = job.mode == mode || mode == DataBackupMode::Incremental;
                job.id > *id && is_for_us && is_of_kind && job.started.is_none_or(|started| started >= *at)
            }
        }
    }
}

/// Returns the job that ours started for this tenant.
#[must_use]
pub fn part_of<'j>(job: &BackupJob, jobs: &'j [BackupJob], tenant: TenantId) -> Option<&'j BackupJob> {
    jobs.iter().find(|other| other.tenant == tenant && other.parent == Some((job.tenant, job.id)))
}

#[cfg(test)]
mod tests {
    use super::super::{BackupJob, JobStatus};
    use super::{JobMark, part_of};
    use crate::backup::DataBackupMode::{self, Full, Incremental};
    use crate::id::TenantId;
    use crate::time::Timestamp;
    use crate::version::Version;

    const US: TenantId = TenantId(1002);

    fn job(id: i64, mode: DataBackupMode, description: &str, executors: &[i64], started: i64) -> BackupJob {
        BackupJob {
            tenant: TenantId(1),
            id,
            set: None,
            mode,
            is_data: true,
            status: JobStatus::Running,
            result: 0,
            comment: String::new(),
            description: description.to_owned(),
            parent: None,
            executors: executors.iter().copied().map(TenantId).collect(),
            started: Some(Timestamp(started)),
            ended: None,
        }
    }

    #[test]
    fn a_job_with_our_tag_is_ours_whatever_else_runs() {
        let mark = JobMark::new(&Version::new(4, 1, 0), "lifeboat-7", 0, Timestamp(0));
        let jobs = [
            job(1, Full, "", &[1002], 1),
            job(2, Full, "lifeboat-7", &[1002], 2),
            job(3, Full, "other", &[], 3),
        ];
        assert_eq!(mark.find(&jobs, Full, US).map(|job| job.id), Some(2));
        assert_eq!(mark.find(&jobs[..1], Full, US), None);
    }

    #[test]
    fn without_tags_a_newer_job_of_our_kind_is_ours() {
        let mark = JobMark::new(&Version::new(4, 0, 0), "lifeboat-7", 4, Timestamp(100));
        assert_eq!(mark.tag(), None);
        let cases = [
            (job(4, Full, "", &[1002], 200), false), // existed before
            (job(5, Full, "", &[1004], 200), false), // for another tenant
            (job(5, Full, "", &[1002], 99), false),  // started before our statement
            (job(5, Incremental, "", &[1002], 200), false),
            (job(5, Full, "", &[1002], 100), true),
            (job(9, Full, "", &[], 200), true), // 3.x names no tenants
        ];
        for (job, is_ours) in cases {
            assert_eq!(mark.find(std::slice::from_ref(&job), Full, US).is_some(), is_ours, "{job:?}");
        }
    }

    #[test]
    fn an_incremental_wish_that_became_full_is_still_our_job() {
        let mark = JobMark::After { id: 0, at: Timestamp(0) };
        assert!(mark.find(&[job(1, Full, "", &[1002], 1)], Incremental, US).is_some());
    }

    #[test]
    fn the_work_is_done_by_the_job_that_ours_handed_out() {
        let ours = job(8, Full, "tag", &[1002], 1);
        // The same number as ours, but from a separate sequence.
        let mut own = job(8, Full, "", &[], 2);
        (own.tenant, own.parent) = (US, Some((US, 0)));
        let mut part = job(3, Full, "", &[], 2);
        (part.tenant, part.parent) = (US, Some((TenantId(1), 8)));
        let jobs = [ours.clone(), own, part.clone()];
        assert_eq!(part_of(&ours, &jobs, US), Some(&part));
        assert_eq!(part_of(&ours, &jobs[..2], US), None);
    }
}
