//! Whether the database deletes the expired backups of a tenant: sets that should be gone, and its deletions.

use model::Timestamp;
use model::id::TenantId;
use model::physical::delete_policy::DeleteJob;
use model::text::Text;

use crate::context::CleanUpTrouble;

/// How long an expired set may still be there: two days.
pub(super) const GRACE_US: u64 = 2 * 86_400 * 1_000_000;

/// How long a deletion may run: a day.
const JOB_LIMIT_US: u64 = 86_400 * 1_000_000;

/// How far the clock of the database may be behind Lifeboat's.
const SKEW_US: u64 = 60 * 1_000_000;

/// How many sets an alarm names.
const NAMED: usize = 10;

/// What the database has deleted of a tenant.
#[derive(Debug, Clone)]
pub(super) struct Deleting {
    pub(super) tenant: TenantId,
    /// Since when it deletes by this policy.
    pub(super) since: Timestamp,
    /// The sets that should have been gone for [`GRACE_US`].
    pub(super) late: Vec<i64>,
    /// Its newest deletion.
    pub(super) job: Option<DeleteJob>,
    /// The time of the database.
    pub(super) now: Timestamp,
}

/// Returns what is wrong, if anything is.
pub(super) fn trouble(deleting: &Deleting) -> Option<CleanUpTrouble> {
    let Deleting { tenant, since, late, job, now } = deleting;
    let found = |since, text| CleanUpTrouble { tenant: *tenant, task: None, since, text, reason: None };
    // A deletion that ended before tells nothing about this policy: there may be no other one for months.
    let is_of_policy =
        |job: &&DeleteJob| job.ended.or(job.started).is_none_or(|ended| since.since(ended) <= SKEW_US);
    let failed = job.as_ref().filter(|job| job.has_failed()).filter(is_of_policy);
    if !late.is_empty() {
        let mut named: Vec<String> = late.iter().take(NAMED).map(i64::to_string).collect();
        if late.len() > NAMED {
            named.push("…".to_owned());
        }
        let text =
            Text::new("alarm-clean-up-overdue").with("count", late.len()).with("sets", named.join(", "));
        return Some(found(None, with_comment(text, failed)));
    }
    if let Some(job) = failed {
        let text = Text::new("alarm-clean-up-job-failed").with("job", job.id).with("result", job.result);
        return Some(found(job.started, with_comment(text, Some(job))));
    }
    let job = job.as_ref()?;
    let started = job.started.filter(|_| job.is_running())?;
    (now.since(started) > JOB_LIMIT_US).then(|| {
        let text = Text::new("alarm-clean-up-job-stuck").with("job", job.id).with("started", started);
        found(Some(started), text)
    })
}

/// Adds the database's comment on a failed deletion.
fn with_comment(mut text: Text, job: Option<&DeleteJob>) -> Text {
    text.raw = job.map(|job| job.comment.clone()).filter(|comment| !comment.is_empty());
    text
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use model::id::TenantId;
    use model::physical::delete_policy::DeleteJob;

    use super::{Deleting, trouble};

    #[test]
    fn late_sets_come_first_then_the_newest_deletion_if_it_failed_or_does_not_end() {
        let day = 86_400_000_000;
        let job = |status: &str, days_ago: i64| {
            Some(DeleteJob {
                tenant: TenantId(1002),
                id: 7,
                status: status.into(),
                started: Some(Timestamp((100 - days_ago) * day - 1)),
                ended: (status == "FAILED").then_some(Timestamp((100 - days_ago) * day)),
                result: -9_070,
                comment: "why".into(),
            })
        };
        let cases = [
            (vec![], None, None),
            (vec![], job("COMPLETED", 9), None),
            (vec![], job("DOING", 0), None),
            (vec![], job("DOING", 1), Some(("alarm-clean-up-job-stuck", None))),
            (vec![], job("CANCELED", 1), None),
            (vec![], job("FAILED", 0), Some(("alarm-clean-up-job-failed", Some("why")))),
            (vec![], job("FAILED", 30), Some(("alarm-clean-up-job-failed", Some("why")))),
            (vec![], job("FAILED", 31), None),
            (vec![], job("DOING", 31), Some(("alarm-clean-up-job-stuck", None))),
            (vec![1, 2], job("FAILED", 31), Some(("alarm-clean-up-overdue", None))),
            (vec![1, 2], job("COMPLETED", 0), Some(("alarm-clean-up-overdue", None))),
            (vec![1, 2], job("FAILED", 0), Some(("alarm-clean-up-overdue", Some("why")))),
            (vec![1, 2], None, Some(("alarm-clean-up-overdue", None))),
        ];
        for (late, job, expected) in cases {
            let said = format!("{late:?} {job:?}");
            let (since, now) = (Timestamp(70 * day), Timestamp(100 * day));
            let found = trouble(&Deleting { tenant: TenantId(1002), since, late, job, now });
            let found = found.as_ref().map(|found| (found.text.id.as_str(), found.text.raw.as_deref()));
            assert_eq!(found, expected, "{said}");
        }
    }
}
