//! What the database deletes by a policy: a prediction, at the tenant's current destinations.

use engine::Note;
use model::Timestamp;
use model::backup::DataBackupMode;
use model::id::TenantId;
use model::physical::destination::{LogDestination, TenantDestinations, is_below};
use model::recovery_window::record::{BackupRecord, RecordedPiece, RecordedSet};
use model::retention::kernel::{KernelPolicy, predict, surely_gone};
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
    /// Returns whether it contains no backup.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.sets.is_empty() && self.pieces == 0
    }

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

    /// Returns the sets and pieces.
    pub(crate) fn deletions(&self) -> (&[i64], &[(i64, i64, i64)]) {
        (&self.sets, &self.pieces)
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
        Ok(self.at(&places, tenant, rule, window_us))
    }

    /// Predicts as [`Self::foresee`] does, once the destinations of the tenant are in this storage: a backup of its strategy
    /// moves them there.
    pub(crate) async fn foresee_in(
        &self,
        driver: &mut Driver,
        base: &str,
        tenant: TenantId,
        rule: KernelPolicy,
        window_us: u64,
    ) -> Result<(Expiring, Foreseen), Error> {
        let places = moved(driver.tenant_destinations(tenant).await?, base);
        Ok(self.at(&places, tenant, rule, window_us))
    }

    /// Predicts as [`Self::foresee`] does, at these destinations.
    pub(crate) fn foresee_at(
        &self,
        places: &TenantDestinations,
        tenant: TenantId,
        rule: KernelPolicy,
        window_us: u64,
    ) -> Expiring {
        self.at(places, tenant, rule, window_us).0
    }

    fn at(
        &self,
        places: &TenantDestinations,
        tenant: TenantId,
        rule: KernelPolicy,
        window_us: u64,
    ) -> (Expiring, Foreseen) {
        let nothing = BackupRecord::new(tenant);
        let record = self.records.iter().find(|record| record.tenant == tenant).unwrap_or(&nothing);
        expiring(rule, window_us, record, places, self.now)
    }
}

/// Returns the destinations of a tenant after a backup into a storage. Those that are in it stay.
fn moved(places: TenantDestinations, base: &str) -> TenantDestinations {
    let data = places.data.filter(|at| is_below(at, base)).unwrap_or_else(|| base.to_owned());
    let log = places.log.filter(|log| is_below(&log.path, base)).unwrap_or_else(|| LogDestination {
        path: base.to_owned(),
        binding: String::new(),
        piece_switch_interval: String::new(),
        compression: String::new(),
        enabled: true,
    });
    TenantDestinations { data: Some(data), log: Some(log) }
}

impl Outlook {
    /// Returns the time of the database.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the sets of a tenant that a policy `default` with this window should have deleted some time ago: those
    /// that would also expire by a window that is longer by this time.
    pub(crate) async fn overdue(
        &self,
        driver: &mut Driver,
        tenant: TenantId,
        window_us: u64,
        longer_us: u64,
    ) -> Result<Vec<i64>, Error> {
        let Some(record) = self.records.iter().find(|record| record.tenant == tenant) else {
            return Ok(Vec::new());
        };
        let places = driver.tenant_destinations(tenant).await?;
        let sets: Vec<_> = sets_at(record, &places).map(|recorded| recorded.set.clone()).collect();
        let pieces: Vec<_> = pieces_at(record, &places).map(|recorded| recorded.piece.clone()).collect();
        let begin = begin(self.now, window_us.saturating_add(longer_us));
        Ok(begin.map_or_else(Vec::new, |begin| surely_gone(&sets, &pieces, begin)))
    }
}

/// Returns the finished sets at the tenant's current destination whose files are not deleted.
fn sets_at<'a>(
    record: &'a BackupRecord,
    places: &'a TenantDestinations,
) -> impl Iterator<Item = &'a RecordedSet> {
    let is_there = |recorded: &&RecordedSet| {
        places.data.as_deref().is_some_and(|place| is_below(&recorded.path, place))
            && !recorded.is_deleted
            && recorded.ended.is_some()
    };
    record.sets.iter().filter(is_there)
}

/// Returns the pieces at the tenant's current destination.
fn pieces_at<'a>(
    record: &'a BackupRecord,
    places: &'a TenantDestinations,
) -> impl Iterator<Item = &'a RecordedPiece> {
    let is_there = |recorded: &&RecordedPiece| {
        places.log.as_ref().is_some_and(|place| is_below(&recorded.path, &place.path))
    };
    record.pieces.iter().filter(is_there)
}

/// Returns the start of a window; none for a window of 0, with which nothing expires.
fn begin(now: Timestamp, window_us: u64) -> Option<u64> {
    let now_us = u64::try_from(now.0).unwrap_or(0);
    (window_us > 0).then(|| now_us.saturating_sub(window_us).saturating_mul(1_000))
}

fn expiring(
    rule: KernelPolicy,
    window_us: u64,
    record: &BackupRecord,
    places: &TenantDestinations,
    now: Timestamp,
) -> (Expiring, Foreseen) {
    let data = places.data.as_deref();
    let log = places.log.as_ref().map(|log| log.path.as_str());
    let sets: Vec<_> = sets_at(record, places).collect();
    let pieces: Vec<_> = pieces_at(record, places).collect();
    let begin = begin(now, window_us);
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
