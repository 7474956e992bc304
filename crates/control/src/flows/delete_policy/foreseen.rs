//! What the database deletes by a policy: a prediction, at the tenant's current destinations.

use engine::Note;
use model::Timestamp;
use model::backup::DataBackupMode;
use model::id::TenantId;
use model::physical::destination::{TenantDestinations, is_below};
use model::recovery_window::record::{BackupRecord, RecordedSet};
use model::retention::kernel::{KernelPolicy, predict};
use model::size;
use oceanbase::Driver;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What the database deletes at its next check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expiring {
    /// The oldest full set that is kept; none means that no good set expires.
    pub anchor: Option<i64>,
    /// The sets.
    pub sets: Vec<ExpiringSet>,
    /// How many pieces of archived logs.
    pub pieces: u64,
    /// The bytes of all of them.
    pub bytes: u64,
}

/// A set that the database deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiringSet {
    /// The set's ID in the cluster.
    pub id: i64,
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// Its earliest recoverable time.
    pub restore: Timestamp,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What a plan foresees, to be compared later. A policy is added only while it still holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Foreseen {
    /// The destination of data, without keys.
    pub(super) data: Option<String>,
    /// The destination of logs, without keys.
    pub(super) log: Option<String>,
    /// The IDs of the sets that the database deletes.
    pub(super) sets: Vec<i64>,
    /// The pieces that it deletes, by destination, round and ID.
    pub(super) pieces: Vec<(i64, i64, i64)>,
}

impl Expiring {
    /// Returns a line for the log of a task.
    pub(super) fn note(&self, tenant: &str) -> Note {
        let sets: Vec<String> = self.sets.iter().map(|set| set.id.to_string()).collect();
        let sets = if sets.is_empty() { "-".to_owned() } else { sets.join(", ") };
        Note::new("delete-policy-expiring")
            .arg("tenant", tenant)
            .arg("sets", sets)
            .arg("pieces", self.pieces)
            .arg("bytes", size::bytes(self.bytes))
    }
}

impl Foreseen {
    /// Returns whether another destination was set since.
    pub(super) fn has_moved(&self, since: &Self) -> bool {
        (&self.data, &self.log) != (&since.data, &since.log)
    }

    /// Returns the sets and pieces of a newer prediction that this one does not contain.
    pub(super) fn surplus(&self, since: &Self) -> (Vec<i64>, usize) {
        let sets = since.sets.iter().copied().filter(|set| !self.sets.contains(set)).collect();
        let pieces = since.pieces.iter().filter(|piece| !self.pieces.contains(piece)).count();
        (sets, pieces)
    }
}

/// The backups of a cluster's tenants, or of one, at a time of the database.
pub(crate) struct Outlook {
    records: Vec<BackupRecord>,
    now: Timestamp,
}

impl Outlook {
    /// Reads the backups.
    pub(crate) async fn read(driver: &mut Driver, only: Option<TenantId>) -> Result<Self, Error> {
        let records = driver.backup_records(only).await?;
        Ok(Self { records, now: driver.database_now().await? })
    }

    /// Predicts what the database deletes of a tenant by a policy with this window.
    pub(crate) async fn foresee(
        &self,
        driver: &mut Driver,
        tenant: TenantId,
        rule: KernelPolicy,
        window_us: u64,
    ) -> Result<(Expiring, Foreseen), Error> {
        let places = driver.tenant_destinations(tenant).await?;
        let nothing = BackupRecord::new(tenant);
        let record = self.records.iter().find(|record| record.tenant == tenant).unwrap_or(&nothing);
        Ok(expiring(rule, window_us, record, &places, self.now))
    }
}

fn expiring(
    rule: KernelPolicy,
    window_us: u64,
    record: &BackupRecord,
    places: &TenantDestinations,
    now: Timestamp,
) -> (Expiring, Foreseen) {
    let lies_at = |place: Option<&str>, path: &str| place.is_some_and(|place| is_below(path, place));
    let data = places.data.as_deref();
    let log = places.log.as_ref().map(|log| log.path.as_str());
    let is_over = |recorded: &&RecordedSet| {
        lies_at(data, &recorded.path) && !recorded.is_deleted && recorded.ended.is_some()
    };
    let sets: Vec<_> = record.sets.iter().filter(is_over).collect();
    let pieces: Vec<_> = record.pieces.iter().filter(|piece| lies_at(log, &piece.path)).collect();
    let now_us = u64::try_from(now.0).unwrap_or(0);
    let begin = (window_us > 0).then(|| now_us.saturating_sub(window_us).saturating_mul(1_000));
    let plain_sets: Vec<_> = sets.iter().map(|recorded| recorded.set.clone()).collect();
    let plain_pieces: Vec<_> = pieces.iter().map(|recorded| recorded.piece.clone()).collect();
    let gone = predict(rule, &plain_sets, &plain_pieces, begin);
    let of_set = |id: &i64| sets.iter().find(|recorded| recorded.set.id == *id);
    let expired: Vec<ExpiringSet> = gone
        .sets
        .iter()
        .filter_map(of_set)
        .map(|recorded| ExpiringSet {
            id: recorded.set.id,
            mode: recorded.set.mode,
            restore: Timestamp::from_scn(recorded.set.restore_scn),
            bytes: recorded.bytes,
        })
        .collect();
    let piece_bytes = pieces.iter().filter(|recorded| {
        let piece = &recorded.piece;
        gone.pieces.contains(&(piece.dest, piece.round, piece.id))
    });
    let bytes = expired.iter().map(|set| set.bytes).chain(piece_bytes.map(|recorded| recorded.bytes)).sum();
    let foreseen = Foreseen {
        data: data.map(str::to_owned),
        log: log.map(str::to_owned),
        sets: gone.sets,
        pieces: gone.pieces.clone(),
    };
    let pieces = gone.pieces.len() as u64;
    (Expiring { anchor: gone.anchor, sets: expired, pieces, bytes }, foreseen)
}

#[cfg(test)]
mod tests {
    use super::Foreseen;

    #[test]
    fn what_a_newer_prediction_adds_is_found_and_what_it_lacks_is_not_missed() {
        let seen = Foreseen {
            data: Some("file:///a".into()),
            log: None,
            sets: vec![1, 2],
            pieces: vec![(1, 1, 1), (1, 1, 2)],
        };
        let fewer = Foreseen { sets: vec![2], pieces: vec![], ..seen.clone() };
        let more = Foreseen { sets: vec![1, 2, 3], pieces: vec![(1, 1, 2), (1, 2, 1)], ..seen.clone() };
        assert_eq!(seen.surplus(&fewer), (vec![], 0));
        assert_eq!(seen.surplus(&more), (vec![3], 1));
        assert!(!seen.has_moved(&more));
        assert!(seen.has_moved(&Foreseen { data: Some("file:///b".into()), ..seen.clone() }));
        assert!(seen.has_moved(&Foreseen { log: Some("file:///l".into()), ..seen.clone() }));
    }
}
