//! The base set of an incremental backup. If there is none, both generations silently take a full backup, so this is
//! checked before.

use super::{PhysicalSet, bare};
use crate::backup::DataBackupMode;
use crate::id::TenantId;
use crate::problem::{Problem, codes};

/// The conditions that the base of an incremental backup must meet.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The tenant; 1 on 3.x.
    pub tenant: TenantId,
    /// The data destination, without keys.
    pub path: &'a str,
    /// The current data version; empty if unknown.
    pub compatible: &'a str,
}

/// Finds the newest set that an incremental backup can build on: complete, existing, in the same location, and of the
/// same data version. Its full set must be so, too.
///
/// # Errors
/// 20111 with OCP's text if there is none.
pub fn usable<'s>(sets: &'s [PhysicalSet], ground: Ground<'_>) -> Result<&'s PhysicalSet, Problem> {
    let here: Vec<_> = sets.iter().filter(|set| set.tenant == ground.tenant && set.is_usable()).collect();
    let fits = |set: &&&PhysicalSet| {
        // If the views show no path, their sets are in the only existing destination.
        let in_place = set.path.is_empty() || bare(&set.path) == bare(ground.path);
        let of_version =
            set.compatible.is_empty() || ground.compatible.is_empty() || set.compatible == ground.compatible;
        let has_full = match (set.mode, set.full_set) {
            (DataBackupMode::Full, _) | (DataBackupMode::Incremental, None) => true,
            (DataBackupMode::Incremental, Some(full)) => here.iter().any(|other| other.set == full),
        };
        in_place && of_version && has_full
    };
    here.iter().filter(fits).max_by_key(|set| set.set).copied().ok_or_else(missing)
}

/// Returns the error with OCP's exact text.
#[must_use]
pub fn missing() -> Problem {
    Problem::refused(codes::FULL_BEFORE_INCREMENTAL, "full-before-incremental")
}

#[cfg(test)]
mod tests {
    use super::super::PhysicalSet;
    use super::{Ground, usable};
    use crate::backup::DataBackupMode::{self, Full, Incremental};
    use crate::id::TenantId;

    fn set(number: i64, mode: DataBackupMode, change: impl FnOnce(&mut PhysicalSet)) -> PhysicalSet {
        let mut set = PhysicalSet {
            tenant: TenantId(1002),
            set: number,
            mode,
            full_set: None,
            succeeded: true,
            file_status: "AVAILABLE".to_owned(),
            path: "file:///b/data".to_owned(),
            compatible: "4.2.5.0".to_owned(),
            output_bytes: 1,
            restore_scn: 1,
            started: None,
            ended: None,
        };
        change(&mut set);
        set
    }

    #[test]
    fn only_a_whole_set_in_the_same_place_of_the_same_version_is_built_on() {
        let inc = |number: i64, full: i64| set(number, Incremental, |s| s.full_set = Some(full));
        let deleted = |s: &mut PhysicalSet| s.file_status = "DELETED".to_owned();
        let cases: [(Vec<PhysicalSet>, Option<i64>); 10] = [
            (vec![], None),
            (vec![set(1, Full, |_| ())], Some(1)),
            (vec![set(1, Full, |_| ()), inc(2, 1)], Some(2)),
            (vec![set(1, Full, deleted), inc(2, 1)], None), // its full set is gone
            (vec![set(1, Full, |s| s.succeeded = false)], None),
            (vec![set(1, Full, |s| s.file_status = "BROKEN".to_owned())], None),
            (vec![set(1, Full, |s| s.path = "file:///other".to_owned())], None),
            (vec![set(1, Full, |s| s.compatible = "4.2.1.0".to_owned())], None),
            (vec![set(1, Full, |s| s.tenant = TenantId(1004))], None),
            // 3.x reports neither path nor version.
            (vec![set(7, Full, |s| (s.path, s.compatible) = (String::new(), String::new()))], Some(7)),
        ];
        let ground = Ground { tenant: TenantId(1002), path: "file:///b/data/?x=1", compatible: "4.2.5.0" };
        for (sets, expected) in cases {
            let found = usable(&sets, ground).map(|set| set.set).map_err(|problem| problem.code);
            assert_eq!(found, expected.ok_or(20111), "{sets:?}");
        }
    }
}
