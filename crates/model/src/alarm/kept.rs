//! Recorded alarms: what is known about a problem over time, and how the problems that a server sees change it.
//!
//! Several servers may see the same problem, each at its own time. A server changes a record only with an observation
//! that began after the last one had ended, so that no old observation ends or repeats an alarm.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Alarm, AlarmKind, Subject};
use crate::id::{AlarmId, ChannelId, ClusterId, TenantId};
use crate::problem::Problem;
use crate::time::Timestamp;

/// How often the time of the last observation of an unchanged alarm is saved, in microseconds.
const SEEN_EVERY_US: u64 = 60 * 1_000_000;

/// After this time without an observation, an alarm of another Lifeboat server ends: that server no longer exists.
const SERVER_GONE_US: u64 = 7 * 24 * 3_600 * 1_000_000;

/// The longest silence, in days.
pub const SILENCE_MAX_DAYS: u32 = 366;

/// The most characters of a comment, and of the reason for a silence.
pub const COMMENT_MAX: usize = 500;

/// An alarm with its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRecord {
    /// Its number.
    pub id: AlarmId,
    /// The problem at the last observation.
    pub alarm: Alarm,
    /// When it was recorded.
    pub raised: Timestamp,
    /// When its content last changed.
    pub changed: Timestamp,
    /// When it was last observed, to the minute.
    pub seen: Timestamp,
    /// When the problem was first observed to have ended.
    pub recovered: Option<Timestamp>,
    /// That somebody takes care of it.
    pub acknowledged: Option<Acknowledgement>,
    /// That nobody wants to hear of it, until some time.
    pub silence: Option<Silence>,
}

/// Somebody knows about the problem and takes care of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// When.
    pub at: Timestamp,
    /// The account.
    pub by: String,
    /// Its comment; may be empty.
    pub comment: String,
}

/// Nobody wants to hear of the problem for some time. It also applies if the problem recovers and returns meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Since when.
    pub since: Timestamp,
    /// The end.
    pub until: Timestamp,
    /// The account.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// The state of a recorded alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handling {
    /// Nobody has reacted to it.
    New,
    /// Somebody takes care of it.
    Acknowledged,
    /// It is silenced at this time.
    Silenced,
    /// The problem has ended.
    Recovered,
}

impl AlarmRecord {
    /// Returns its state. A silence that has ended does not count.
    #[must_use]
    pub fn handling(&self, now: Timestamp) -> Handling {
        if self.recovered.is_some() {
            Handling::Recovered
        } else if self.is_silenced(now) {
            Handling::Silenced
        } else if self.acknowledged.is_some() {
            Handling::Acknowledged
        } else {
            Handling::New
        }
    }

    /// Returns whether it is silenced at this time.
    #[must_use]
    pub fn is_silenced(&self, now: Timestamp) -> bool {
        self.silence.as_ref().is_some_and(|silence| silence.until > now)
    }
}

/// The identity of a problem: as long as it lasts, it is one alarm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlarmKey {
    /// The type.
    pub kind: AlarmKind,
    /// The server, cluster or channel.
    pub place: Place,
    /// The tenant of the cluster, if the problem concerns one.
    pub tenant: Option<TenantId>,
}

/// The server, cluster or channel of a problem.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A Lifeboat server, by its name.
    Server(String),
    /// A cluster.
    Cluster(ClusterId),
    /// A channel.
    Channel(ChannelId),
}

impl AlarmKey {
    /// Returns the identity of a problem.
    #[must_use]
    pub fn of(alarm: &Alarm) -> Self {
        let place = match &alarm.subject {
            Subject::Server(name) => Place::Server(name.clone()),
            Subject::Cluster { id, .. } => Place::Cluster(*id),
            Subject::Channel { id, .. } => Place::Channel(*id),
        };
        Self { kind: alarm.kind, place, tenant: alarm.tenant.as_ref().map(|(id, _)| *id) }
    }
}

impl fmt::Display for AlarmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.kind.name())?;
        match (&self.place, self.tenant) {
            (Place::Server(name), _) => write!(f, "server/{name}"),
            (Place::Cluster(id), Some(tenant)) => write!(f, "cluster/{id}/{tenant}"),
            (Place::Cluster(id), None) => write!(f, "cluster/{id}"),
            (Place::Channel(id), _) => write!(f, "channel/{id}"),
        }
    }
}

/// The time that a reading took. The data are from some time in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Before the first question.
    pub from: Timestamp,
    /// After the last answer.
    pub to: Timestamp,
}

impl Span {
    /// Returns a reading that took no time.
    #[must_use]
    pub const fn at(time: Timestamp) -> Self {
        Self { from: time, to: time }
    }
}

/// The problems that a server sees, and what it could check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The name of the server.
    pub server: String,
    /// When the metadata were read.
    pub read: Span,
    /// When the server last checked its own disks; none if it has not done so yet.
    pub disks: Option<Timestamp>,
    /// The clusters that exist.
    pub clusters: BTreeSet<ClusterId>,
    /// The clusters that respond and whose log backup status is known, with the time of that status.
    pub logs: BTreeMap<ClusterId, Span>,
    /// The clusters whose clean-up by the database is known, with the time of that status.
    pub clean_ups: BTreeMap<ClusterId, Span>,
    /// Those of them whose deletions cannot be read now: a problem that is not seen may still exist.
    pub unread_deletions: BTreeSet<ClusterId>,
    /// The strategies, by cluster and tenant, whose storage has no known capacity now.
    pub unmeasured: BTreeSet<(ClusterId, Option<TenantId>)>,
    /// The strategies, by cluster and tenant, that cannot be read now.
    pub unreadable: BTreeSet<(ClusterId, Option<TenantId>)>,
    /// The problems, worst first.
    pub alarms: Vec<Alarm>,
}

impl Observation {
    /// Returns the time of the data that show whether a problem exists; none if it cannot be checked now: then nobody
    /// knows whether it still exists.
    #[must_use]
    pub fn checked(&self, key: &AlarmKey) -> Option<Span> {
        let is_unread =
            |cluster| key.kind == AlarmKind::CleanUpFailing && self.unread_deletions.contains(cluster);
        match &key.place {
            Place::Cluster(cluster) if self.clusters.contains(cluster) && is_unread(cluster) => None,
            _ => self.data(key).filter(|_| !self.may_be_hidden(key)),
        }
    }

    /// Returns the time of the data that a problem is derived from; none if there are none.
    fn data(&self, key: &AlarmKey) -> Option<Span> {
        let cluster = match &key.place {
            Place::Server(name) => return self.disks.filter(|_| *name == self.server).map(Span::at),
            Place::Channel(_) => return Some(self.read),
            Place::Cluster(id) => *id,
        };
        if !self.clusters.contains(&cluster) {
            return Some(self.read); // it was removed, with all of its problems
        }
        match key.kind {
            kind if is_of_strategy(kind) && self.unreadable.contains(&(cluster, key.tenant)) => None,
            AlarmKind::LogBackupInterrupted | AlarmKind::IncBackupDelay => self.logs.get(&cluster).copied(),
            AlarmKind::CleanUpFailing => self.clean_ups.get(&cluster).copied(),
            AlarmKind::StorageCapacity if self.unmeasured.contains(&(cluster, key.tenant)) => None,
            _ => Some(self.read),
        }
    }

    /// Returns whether a problem may exist unseen, because a strategy cannot be read. The strategy of a cluster is for
    /// its tenants too; a delay without a tenant is that of all.
    fn may_be_hidden(&self, key: &AlarmKey) -> bool {
        let Place::Cluster(cluster) = key.place else { return false };
        let mut scopes =
            self.unreadable.iter().filter(|(id, _)| *id == cluster && self.clusters.contains(id));
        let is_of_all = key.kind == AlarmKind::IncBackupDelay && key.tenant.is_none();
        is_of_strategy(key.kind)
            && scopes.any(|(_, tenant)| is_of_all || tenant.is_none() || *tenant == key.tenant)
    }

    /// Returns the oldest time of the data of the problems.
    #[must_use]
    pub fn oldest(&self) -> Timestamp {
        let spans = self.alarms.iter().filter_map(|alarm| self.data(&AlarmKey::of(alarm)));
        spans.map(|span| span.from).fold(self.read.from, Ord::min)
    }

    /// Returns when a record can end because of this observation; none if it cannot.
    fn ends(&self, key: &AlarmKey, record: &AlarmRecord, now: Timestamp) -> Option<Timestamp> {
        if let Place::Server(name) = &key.place
            && *name != self.server
        {
            return (now.since(record.seen) > SERVER_GONE_US).then_some(now);
        }
        self.checked(key).filter(|span| is_newer(*span, record.seen, now)).map(|span| span.to)
    }
}

/// A change of the recorded alarms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordChange {
    /// A new alarm.
    Raise {
        /// The problem.
        alarm: Alarm,
        /// When it was observed.
        seen: Timestamp,
        /// The silence that an earlier alarm of the same problem has left.
        silence: Option<Silence>,
    },
    /// The content of an alarm changed.
    Change {
        /// The alarm.
        id: AlarmId,
        /// The problem.
        alarm: Alarm,
        /// When it was observed.
        seen: Timestamp,
    },
    /// An alarm still exists.
    Touch {
        /// The alarm.
        id: AlarmId,
        /// When it was observed.
        seen: Timestamp,
    },
    /// The problem has ended.
    Recover {
        /// The alarm.
        id: AlarmId,
        /// When that was observed.
        at: Timestamp,
    },
}

/// Decides how an observation changes the records. `kept` contains every open record, every one that is still
/// silenced, and every one that recovered at or after [`Observation::oldest`].
///
/// A problem that cannot be checked neither ends nor changes.
#[must_use]
pub fn decide(seen: &Observation, kept: &[AlarmRecord], now: Timestamp) -> Vec<RecordChange> {
    let mut open: BTreeMap<AlarmKey, &AlarmRecord> = BTreeMap::new();
    let mut ended: BTreeMap<AlarmKey, Vec<&AlarmRecord>> = BTreeMap::new();
    for record in kept {
        let key = AlarmKey::of(&record.alarm);
        match record.recovered {
            None => drop(open.insert(key, record)),
            Some(_) => ended.entry(key).or_default().push(record),
        }
    }
    let mut changes = Vec::new();
    let mut present = BTreeSet::new();
    for alarm in &seen.alarms {
        let key = AlarmKey::of(alarm);
        let Some(span) = seen.data(&key) else { continue };
        let ended = ended.get(&key).map_or(&[][..], Vec::as_slice);
        if present.contains(&key) {
            continue;
        }
        match open.get(&key) {
            Some(record) => changes.extend(update(record, alarm, span, now)),
            None => changes.extend(raise(ended, alarm, span, now)),
        }
        present.insert(key);
    }
    for (key, record) in open.into_iter().filter(|(key, _)| !present.contains(key)) {
        let recover = |at| RecordChange::Recover { id: record.id, at };
        changes.extend(seen.ends(&key, record, now).map(recover));
    }
    changes
}

fn raise(ended: &[&AlarmRecord], alarm: &Alarm, span: Span, now: Timestamp) -> Option<RecordChange> {
    // Another server knows from newer data that the problem has ended.
    if ended.iter().filter_map(|record| record.recovered).any(|recovered| !is_newer(span, recovered, now)) {
        return None;
    }
    let silences =
        ended.iter().filter(|record| record.is_silenced(now)).filter_map(|record| record.silence.as_ref());
    let silence = silences.max_by_key(|silence| silence.since).cloned();
    Some(RecordChange::Raise { alarm: alarm.clone(), seen: span.to, silence })
}

fn update(record: &AlarmRecord, alarm: &Alarm, span: Span, now: Timestamp) -> Option<RecordChange> {
    if !is_newer(span, record.seen, now) {
        return None;
    }
    let (id, seen, alarm) = (record.id, span.to, merged(&record.alarm, alarm));
    if alarm != record.alarm {
        return Some(RecordChange::Change { id, alarm, seen });
    }
    (record.seen > now || seen.since(record.seen) >= SEEN_EVERY_US)
        .then_some(RecordChange::Touch { id, seen })
}

/// Returns the new content. Each server finds out for itself since when and why a cluster does not respond, and forgets
/// it when it restarts: the first answer stays.
fn merged(old: &Alarm, new: &Alarm) -> Alarm {
    let is_same = old.text == new.text && old.task == new.task;
    match new.kind {
        AlarmKind::ClusterUnavailable if is_same => Alarm {
            since: old.since.or(new.since),
            reason: old.reason.clone().or_else(|| new.reason.clone()),
            ..new.clone()
        },
        AlarmKind::LifeboatDisk => Alarm { since: old.since.or(new.since), ..new.clone() },
        AlarmKind::ClusterUnavailable => new.clone(),
        // The alarm lasts since its first cause, such as the first of several failed backups.
        _ => Alarm { since: new.since.map(|new| old.since.map_or(new, |old| old.min(new))), ..new.clone() },
    }
}

/// Returns whether an observation is newer than a recorded one: it began after that had ended. Of two that overlap,
/// nobody knows which one has the newer data. A recorded time in the future comes from a clock that was wrong.
fn is_newer(span: Span, recorded: Timestamp, now: Timestamp) -> bool {
    span.from > recorded || recorded > now
}

/// Returns whether a problem is found, or measured, with the settings of a strategy.
const fn is_of_strategy(kind: AlarmKind) -> bool {
    matches!(
        kind,
        AlarmKind::StorageCapacity
            | AlarmKind::BaseBackupTimeout
            | AlarmKind::NoSuccessfulBackup
            | AlarmKind::IncBackupDelay
            | AlarmKind::BackupRunMissed
            | AlarmKind::StrategyOwnerInvalid
            | AlarmKind::CleanUpFailing
    )
}

/// Checks the comment of an acknowledgement.
///
/// # Errors
/// Refuses a comment that is too long.
pub fn check_comment(comment: &str) -> Result<String, Problem> {
    let comment = comment.trim();
    if comment.chars().count() > COMMENT_MAX {
        return Err(Problem::invalid("alarm-comment-too-long").with("most", COMMENT_MAX));
    }
    Ok(comment.to_owned())
}

/// Checks the reason and the end of a silence.
///
/// # Errors
/// Refuses an empty or long reason, and an end that has passed or is more than [`SILENCE_MAX_DAYS`] days away.
pub fn check_silence(reason: &str, until: Timestamp, now: Timestamp) -> Result<String, Problem> {
    let reason = reason.trim();
    if !(1..=COMMENT_MAX).contains(&reason.chars().count()) {
        return Err(Problem::invalid("alarm-silence-reason-malformed").with("most", COMMENT_MAX));
    }
    let longest_us = u64::from(SILENCE_MAX_DAYS) * 24 * 3_600 * 1_000_000;
    if until <= now || until.since(now) > longest_us {
        return Err(Problem::invalid("alarm-silence-end-malformed").with("days", SILENCE_MAX_DAYS));
    }
    Ok(reason.to_owned())
}

#[cfg(test)]
mod tests;
