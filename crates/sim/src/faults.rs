//! Faults, by name. Random choices come from a printed seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

/// The kind of the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultName {
    /// The archive of a tenant (3.x: of the cluster) becomes INTERRUPTED.
    ArchiveInterrupted,
    /// The destination does not answer.
    DestinationUnreachable,
    /// The destination refuses writes.
    DestinationDenied,
    /// The destination contains a foreign format file.
    DestinationForeign,
    /// The destination is full.
    DestinationFull,
    /// The tenant is in another state than NORMAL.
    TenantNotNormal,
    /// `enable_upgrade_mode` is on.
    UpgradeMode,
    /// A server is lost.
    ObserverLost,
    /// A statement takes longer.
    StatementSlow,
    /// A statement hangs.
    StatementHang,
    /// The connection breaks in the middle of the answer.
    ConnectionCut,
    /// MAJOR FREEZE is refused.
    MajorFreezeRefused,
    /// The merge finds an error.
    MergeError,
    /// A piece of log is missing from the archive.
    LogGap,
    /// The clock jumps forward.
    ClockJump,
    /// A finished backup is cleaned up immediately: no view of running jobs ever shows its result.
    BackupCleanedUpAtOnce,
    /// The views of running jobs keep the rows of finished backups.
    BackupRowsKept,
    /// The hourly check of a tenant's delete policy finds nothing to delete.
    CleanUpSkipped,
    /// The deletions of a tenant fail.
    CleanUpFails,
    /// The deletions of a tenant never end.
    CleanUpHangs,
}

/// A fault: its kind, its targets, and how often it occurs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The kind of the fault.
    pub name: FaultName,
    /// Only in this cluster.
    #[serde(default)]
    pub cluster: Option<String>,
    /// Only for this tenant.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Only this server, as `ip:port`; the last one by default.
    #[serde(default)]
    pub server: Option<String>,
    /// Only destinations that begin with this.
    #[serde(default)]
    pub path: Option<String>,
    /// Only statements that contain this, in any letter case.
    #[serde(default)]
    pub statement: Option<String>,
    /// How long a slow statement takes, or how far the clock jumps.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// Ends after this many hits; never by default.
    #[serde(default)]
    pub times: Option<u32>,
    /// Probability of each hit; 1 by default.
    #[serde(default)]
    pub probability: Option<f64>,
}

impl Fault {
    /// Returns a fault without restrictions.
    pub fn new(name: FaultName) -> Self {
        Self {
            name,
            cluster: None,
            tenant: None,
            server: None,
            path: None,
            statement: None,
            seconds: None,
            times: None,
            probability: None,
        }
    }

    /// Returns whether the fault has this kind and applies to a subject: a tenant, a path or a statement.
    fn meets(&self, name: FaultName, subject: &str) -> bool {
        let starts =
            |wanted: &Option<String>| wanted.as_ref().is_none_or(|prefix| subject.starts_with(prefix));
        let contains = |wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|part| subject.to_uppercase().contains(&part.to_uppercase()))
        };
        self.name == name
            && match name {
                FaultName::DestinationUnreachable
                | FaultName::DestinationDenied
                | FaultName::DestinationForeign
                | FaultName::DestinationFull => starts(&self.path),
                FaultName::StatementSlow | FaultName::StatementHang | FaultName::ConnectionCut => {
                    contains(&self.statement)
                }
                _ => self.tenant.as_ref().is_none_or(|tenant| tenant == subject),
            }
    }

    /// Returns whether the fault applies to this cluster.
    pub(crate) fn concerns(&self, cluster: &str) -> bool {
        self.cluster.as_ref().is_none_or(|wanted| wanted == cluster)
    }
}

/// The faults of one cluster.
#[derive(Debug)]
pub(crate) struct Faults {
    active: Vec<Fault>,
    dice: StdRng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { active: Vec::new(), dice: StdRng::seed_from_u64(seed) }
    }

    pub(crate) fn set(&mut self, fault: Fault) {
        self.active.push(fault);
    }

    /// Ends all faults of a kind, or all; returns the ended ones.
    pub(crate) fn clear(&mut self, name: Option<FaultName>) -> Vec<Fault> {
        let (gone, kept) =
            self.active.drain(..).partition(|fault| name.is_none_or(|name| fault.name == name));
        self.active = kept;
        gone
    }

    pub(crate) fn active(&self) -> &[Fault] {
        &self.active
    }

    /// Returns whether a fault would hit, without counting a hit.
    pub(crate) fn is_set(&self, name: FaultName, subject: &str) -> bool {
        self.active.iter().any(|fault| fault.meets(name, subject))
    }

    /// Returns the fault that hits now, if any, and counts the hit.
    pub(crate) fn hit(&mut self, name: FaultName, subject: &str) -> Option<Fault> {
        let at = self.active.iter().position(|fault| fault.meets(name, subject))?;
        let fault = self.active[at].clone();
        if let Some(probability) = fault.probability
            && !self.dice.random_bool(probability.clamp(0.0, 1.0))
        {
            return None;
        }
        match &mut self.active[at].times {
            Some(times) if *times <= 1 => {
                self.active.remove(at);
            }
            Some(times) => *times -= 1,
            None => {}
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_only_its_subject_and_only_so_often() {
        let mut faults = Faults::new(1);
        faults.set(Fault {
            path: Some("file:///bad".to_owned()),
            times: Some(2),
            ..Fault::new(FaultName::DestinationFull)
        });
        assert!(faults.hit(FaultName::DestinationFull, "file:///good").is_none());
        assert!(faults.hit(FaultName::DestinationDenied, "file:///bad").is_none());
        assert!(faults.hit(FaultName::DestinationFull, "file:///bad/x").is_some());
        assert!(faults.hit(FaultName::DestinationFull, "file:///bad/x").is_some());
        assert!(faults.hit(FaultName::DestinationFull, "file:///bad/x").is_none());
    }

    #[test]
    fn the_same_seed_throws_the_same_dice() {
        let throw = |seed| {
            let mut faults = Faults::new(seed);
            faults.set(Fault { probability: Some(0.5), ..Fault::new(FaultName::StatementSlow) });
            (0..64).map(|_| faults.hit(FaultName::StatementSlow, "SELECT 1").is_some()).collect::<Vec<_>>()
        };
        assert_eq!(throw(7), throw(7));
        assert_ne!(throw(7), throw(8));
    }
}
