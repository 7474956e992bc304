//! Major compaction ("merge"): its status, and when a backup needs one first.

use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::problem::{Problem, codes};
use crate::time::Timestamp;
use crate::version::Version;

/// The first version whose backups need no major compaction.
const NEVER_SINCE: Version = Version::new(4, 0, 0);

/// The status of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CompactionStatus {
    /// Nothing.
    Idle,
    /// It merges, or checks the merged data.
    Compacting,
    /// It stopped with an error; it continues only after the error is cleared.
    Error,
}

/// The major compaction of one tenant; on 3.x and seekdb, of the whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compaction {
    /// The tenant; 1 for a whole cluster.
    pub tenant: TenantId,
    /// Its status.
    pub status: CompactionStatus,
    /// The newest freeze: a version on 3.x, an SCN on later versions.
    pub frozen: u64,
    /// The newest completely merged version.
    pub merged: u64,
    /// When the newest freeze was.
    pub frozen_at: Option<Timestamp>,
    /// When the last merge started.
    pub started: Option<Timestamp>,
    /// When the last merge ended.
    pub finished: Option<Timestamp>,
    /// Whether it is suspended.
    pub suspended: bool,
    /// The error message of the database.
    pub info: String,
}

impl Compaction {
    /// Returns whether a freeze is completely merged.
    #[must_use]
    pub fn has_merged(&self, freeze: u64) -> bool {
        self.status == CompactionStatus::Idle && self.merged >= freeze
    }

    /// Returns the time of the newest freeze, if it is completely merged.
    #[must_use]
    pub fn finished_freeze(&self) -> Option<Timestamp> {
        self.frozen_at.filter(|_| self.has_merged(self.frozen))
    }
}

/// The major compaction that a backup needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactionNeed {
    /// Nothing: the version needs none.
    None,
    /// None any more: a freeze after the start of the archive is merged.
    Fulfilled,
    /// A freeze is being merged; check again when it is complete.
    Running,
    /// A new freeze.
    Freeze,
}

/// Returns what a backup needs: before 4.0, a merged freeze after the start of the archive round.
///
/// # Errors
/// Fails if the merge stopped with an error, because it never ends by itself.
pub fn need(
    version: &Version,
    compaction: &Compaction,
    archive_start: Option<Timestamp>,
) -> Result<CompactionNeed, Problem> {
    if *version >= NEVER_SINCE {
        return Ok(CompactionNeed::None);
    }
    // Without a start, nothing is archived yet, and every existing freeze is older than the archive.
    let is_later = |freeze: Timestamp| archive_start.is_some_and(|start| freeze > start);
    if compaction.finished_freeze().is_some_and(is_later) {
        return Ok(CompactionNeed::Fulfilled);
    }
    match compaction.status {
        CompactionStatus::Error => Err(needed(CompactionHindrance::InError).raw(&compaction.info)),
        // If the freeze that is being merged is too old, another one is requested after it.
        CompactionStatus::Compacting => Ok(CompactionNeed::Running),
        CompactionStatus::Idle => Ok(CompactionNeed::Freeze),
    }
}

/// Why a required compaction does not start automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactionHindrance {
    /// The request does not allow starting one.
    NotAllowed,
    /// The database refuses the freeze.
    Refused,
    /// The merge stopped with an error.
    InError,
}

/// Returns the error with OCP's exact text, and the cause.
#[must_use]
pub fn needed(hindrance: CompactionHindrance) -> Problem {
    let id = match hindrance {
        CompactionHindrance::NotAllowed => "compaction-needed",
        CompactionHindrance::Refused => "compaction-needed-refused",
        CompactionHindrance::InError => "compaction-needed-in-error",
    };
    Problem::refused(codes::PRECHECK_FAILED, id)
}

#[cfg(test)]
mod tests {
    use super::CompactionStatus::{Compacting, Error, Idle};
    use super::{Compaction, CompactionNeed, CompactionStatus, need};
    use crate::id::TenantId;
    use crate::time::Timestamp;
    use crate::version::Version;

    fn merge(status: CompactionStatus, frozen: u64, merged: u64, frozen_at: i64) -> Compaction {
        Compaction {
            tenant: TenantId(1),
            status,
            frozen,
            merged,
            frozen_at: Some(Timestamp(frozen_at)),
            started: None,
            finished: None,
            suspended: false,
            info: String::new(),
        }
    }

    #[test]
    fn a_compaction_is_needed_before_4_0_and_only_when_none_is_later_than_the_archive() {
        let start = Some(Timestamp(100));
        let (two, three, four) = (Version::new(2, 2, 77), Version::new(3, 2, 4), Version::new(4, 0, 0));
        let cases = [
            (&two, merge(Idle, 3, 3, 101), start, Ok(CompactionNeed::Fulfilled)),
            (&two, merge(Idle, 3, 3, 100), start, Ok(CompactionNeed::Freeze)),
            (&three, merge(Idle, 3, 3, 99), start, Ok(CompactionNeed::Freeze)),
            (&three, merge(Idle, 3, 3, 200), start, Ok(CompactionNeed::Fulfilled)),
            (&three, merge(Idle, 3, 3, 200), None, Ok(CompactionNeed::Freeze)),
            (&three, merge(Compacting, 4, 3, 200), start, Ok(CompactionNeed::Running)),
            (&three, merge(Compacting, 4, 3, 50), start, Ok(CompactionNeed::Running)),
            (&three, merge(Error, 4, 3, 200), start, Err("compaction-needed-in-error".to_owned())),
            // A later freeze was merged: an old error mark does not count against it.
            (&three, merge(Idle, 4, 4, 200), start, Ok(CompactionNeed::Fulfilled)),
            (&four, merge(Error, 4, 3, 1), None, Ok(CompactionNeed::None)),
            (&four, merge(Idle, 4, 4, 1), start, Ok(CompactionNeed::None)),
        ];
        for (version, compaction, start, expected) in cases {
            let found = need(version, &compaction, start).map_err(|problem| problem.text.id);
            assert_eq!(found, expected, "{version} {compaction:?} {start:?}");
        }
    }

    #[test]
    fn a_freeze_is_merged_when_all_is_at_rest_and_the_merge_has_reached_it() {
        assert!(merge(Idle, 5, 5, 1).has_merged(5));
        assert!(!merge(Idle, 5, 4, 1).has_merged(5), "it has not begun yet");
        assert!(!merge(Compacting, 5, 5, 1).has_merged(5), "it is being verified");
        assert!(merge(Idle, 7, 7, 1).has_merged(5), "a later one holds it, too");
    }
}
