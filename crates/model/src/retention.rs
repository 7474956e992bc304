//! The backup sets of one tenant in one storage that are kept, and the reasons.
//!
//! Every rule names sets to keep; what no rule names is deleted. A set that is kept keeps the sets that it is built on.
//!
//! | rule | keeps |
//! |---|---|
//! | window | the newest good full set from before the window, and everything newer: so every moment of it stays recoverable |
//! | last | the newest N good full sets, with what is built on them |
//! | calendar | the newest good full set of each of the last N days, weeks, months and years that have one, in a zone |
//! | minimum | the newest N successful full sets, at least one, whatever the other rules say |
//! | hold, in use | the set |
//! | size cap | shortens window, last and calendar: what does not fit in any more, oldest first, is deleted |
//!
//! A policy without window, last, calendar and cap keeps everything. [`kernel`] predicts what a 4.x cluster deletes
//! by its own policy.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::backup::DataBackupMode;
use crate::schedule::Zone;
use crate::time::Timestamp;

pub mod calendar;
pub mod kernel;
#[cfg(test)]
mod tests;

pub use calendar::Calendar;

/// How a set stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Health {
    /// It is complete.
    Good,
    /// It is being made.
    Running,
    /// It failed or was cancelled, or some of its files are gone.
    Broken,
}

/// A set that may be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its number; a set is built on ones of lower numbers.
    pub id: i64,
    /// How much it holds.
    pub mode: DataBackupMode,
    /// The set that an incremental one is built on directly.
    pub previous: Option<i64>,
    /// The earliest moment that it can be recovered to; a logical set's snapshot.
    pub point: Timestamp,
    /// The bytes that it takes in the storage.
    pub bytes: u64,
    /// Its status.
    pub health: Health,
}

/// The promised retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// For how many days back every moment stays recoverable.
    pub window_days: Option<u32>,
    /// How many of the newest full sets are kept.
    pub last: Option<u32>,
    /// Which full sets are kept for longer.
    pub calendar: Option<Calendar>,
    /// How many bytes the sets may take.
    pub cap_bytes: Option<u64>,
    /// How many good full sets always stay; 0 counts as 1.
    pub minimum: u32,
    /// The zone of the calendar.
    #[serde(with = "zone_text")]
    pub zone: Zone,
}

/// A set that is on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The set.
    pub set: i64,
    /// Until when; without end where there is none.
    pub until: Option<Timestamp>,
}

/// Why a set is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeepReason {
    /// The policy deletes nothing.
    NoPolicy,
    /// A moment of the window needs it.
    Window,
    /// It is one of the newest, or built on one.
    Last,
    /// It is the daily one.
    Daily,
    /// It is the weekly one.
    Weekly,
    /// It is the monthly one.
    Monthly,
    /// It is the yearly one.
    Yearly,
    /// The number of good full sets that always stay.
    Minimum,
    /// It is on hold.
    Held,
    /// A task reads it.
    InUse,
    /// It is being made.
    Running,
    /// It is newer than every good full set, so nothing takes its place yet.
    Newest,
    /// A set that is kept is built on it.
    Needed,
}

/// Why a set is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeleteReason {
    /// No rule keeps it.
    Expired,
    /// A rule would keep it, but it does not fit in.
    OverCap,
    /// Nothing can be recovered from it.
    Broken,
}

/// The fate of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It stays, for these reasons, in their order.
    Keep(Vec<KeepReason>),
    /// It is deleted.
    Delete(DeleteReason),
}

impl Verdict {
    /// Returns whether the set stays.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Keep(_))
    }
}

/// Decides about every set, in the order of their numbers. Among those to delete, a set that is built on another has
/// the higher number: delete in reverse order.
#[must_use]
pub fn plan(
    sets: &[Candidate],
    policy: &Policy,
    holds: &[Hold],
    in_use: &[i64],
    now: Timestamp,
) -> Vec<(i64, Verdict)> {
    let shelf = Shelf::new(sets);
    let mut promised = shelf.promised(policy, now);
    let cut = shelf.cut(policy, &mut promised);
    let mut kept = promised;
    shelf.keep_always(policy, &mut kept);
    for hold in holds.iter().filter(|hold| hold.until.is_none_or(|until| until > now)) {
        kept.add(hold.set, KeepReason::Held);
    }
    for &set in in_use {
        kept.add(set, KeepReason::InUse);
    }
    shelf.close(&mut kept);
    let verdict = |set: &&Candidate| {
        let verdict = match kept.0.get(&set.id) {
            Some(reasons) => Verdict::Keep(reasons.iter().copied().collect()),
            None if !shelf.good.contains(&set.id) => Verdict::Delete(DeleteReason::Broken),
            None if cut.contains(&set.id) => Verdict::Delete(DeleteReason::OverCap),
            None => Verdict::Delete(DeleteReason::Expired),
        };
        (set.id, verdict)
    };
    shelf.sets.values().map(verdict).collect()
}

/// Why each set is kept.
#[derive(Default)]
struct Kept(BTreeMap<i64, BTreeSet<KeepReason>>);

impl Kept {
    fn add(&mut self, set: i64, reason: KeepReason) {
        self.0.entry(set).or_default().insert(reason);
    }
}

/// The sets, and which of them are good down to their full one.
struct Shelf<'s> {
    sets: BTreeMap<i64, &'s Candidate>,
    good: BTreeSet<i64>,
    /// The good full sets, the newest first.
    full: Vec<&'s Candidate>,
    /// The full set that each good set is built on in the end; a full one's is itself.
    base: BTreeMap<i64, i64>,
}

impl<'s> Shelf<'s> {
    fn new(sets: &'s [Candidate]) -> Self {
        let sets: BTreeMap<i64, &Candidate> = sets.iter().map(|set| (set.id, set)).collect();
        let mut base = BTreeMap::new();
        // A set is built on a lower number, so what it needs was looked at before.
        for (&id, set) in sets.iter().filter(|(_, set)| set.health == Health::Good) {
            let of = match (set.mode, set.previous) {
                (DataBackupMode::Full, _) => Some(id),
                (DataBackupMode::Incremental, previous) => {
                    previous.and_then(|previous| base.get(&previous).copied())
                }
            };
            if let Some(of) = of {
                base.insert(id, of);
            }
        }
        let good = base.keys().copied().collect();
        let is_full = |set: &&Candidate| base.get(&set.id) == Some(&set.id);
        let mut full: Vec<&Candidate> = sets.values().copied().filter(is_full).collect();
        full.sort_by_key(|set| std::cmp::Reverse((set.point, set.id)));
        Self { sets, good, full, base }
    }

    /// Returns what window, last and calendar promise, and what stays as long as nothing takes its place.
    fn promised(&self, policy: &Policy, now: Timestamp) -> Kept {
        let mut kept = Kept::default();
        let is_bounded = policy.window_days.is_some()
            || policy.last.is_some()
            || policy.calendar.is_some()
            || policy.cap_bytes.is_some();
        let is_cap_alone =
            is_bounded && policy.window_days.is_none() && policy.last.is_none() && policy.calendar.is_none();
        let begin =
            policy.window_days.map(|days| Timestamp(now.0.saturating_sub(i64::from(days) * 86_400_000_000)));
        // The newest full set from before the window; where there is none, everything is needed.
        let anchor = begin.and_then(|begin| self.full.iter().find(|set| set.point <= begin));
        let in_window = |set: &Candidate| {
            begin.is_some() && anchor.is_none_or(|anchor| (set.point, set.id) >= (anchor.point, anchor.id))
        };
        let last: BTreeSet<i64> =
            self.full.iter().take(many(policy.last.unwrap_or(0))).map(|set| set.id).collect();
        for &id in &self.good {
            let set = self.sets[&id];
            if !is_bounded {
                kept.add(id, KeepReason::NoPolicy);
            }
            // A cap alone keeps what fits in, the newest first.
            if in_window(set) || is_cap_alone {
                kept.add(id, KeepReason::Window);
            }
            if self.base.get(&id).is_some_and(|base| last.contains(base)) {
                kept.add(id, KeepReason::Last);
            }
        }
        if let Some(calendar) = policy.calendar {
            for (id, reason) in calendar.keeps(policy.zone, &self.full) {
                kept.add(id, reason);
            }
        }
        kept
    }

    /// Takes back what does not fit in below the cap, and returns it. Full sets are counted from the newest on, each
    /// with what is kept of the sets built on it. What is kept for other reasons does not count, so holding a set
    /// deletes no other.
    fn cut(&self, policy: &Policy, promised: &mut Kept) -> BTreeSet<i64> {
        let Some(cap) = policy.cap_bytes else { return BTreeSet::new() };
        let mut groups: BTreeMap<i64, u64> = BTreeMap::new();
        for id in promised.0.keys() {
            let group = groups.entry(self.base[id]).or_default();
            *group = group.saturating_add(self.sets[id].bytes);
        }
        let mut total: u64 = 0;
        let mut gone = BTreeSet::new();
        for full in &self.full {
            let Some(group) = groups.get(&full.id) else { continue };
            // The full set is kept with what is built on it, whether a rule names it or not.
            let own = if promised.0.contains_key(&full.id) { 0 } else { full.bytes };
            total = total.saturating_add(*group).saturating_add(own);
            if total > cap {
                gone.insert(full.id);
            }
        }
        let cut: BTreeSet<i64> =
            promised.0.keys().copied().filter(|id| gone.contains(&self.base[id])).collect();
        promised.0.retain(|id, _| !cut.contains(id));
        cut
    }

    /// Adds the sets that stay whatever the policy says.
    fn keep_always(&self, policy: &Policy, kept: &mut Kept) {
        for full in self.full.iter().take(many(policy.minimum.max(1))) {
            kept.add(full.id, KeepReason::Minimum);
        }
        let newest = self.full.first().map(|set| set.id);
        for (&id, set) in &self.sets {
            if set.health == Health::Running {
                kept.add(id, KeepReason::Running);
            }
            // The chain that the next incremental backup is built on is whole as long as its full set is the newest.
            if newest.is_some() && self.base.get(&id).copied() == newest && Some(id) != newest {
                kept.add(id, KeepReason::Newest);
            }
        }
    }

    /// Adds what the kept sets are built on.
    fn close(&self, kept: &mut Kept) {
        // From the highest number down, so that one pass reaches the end of every chain.
        for (id, set) in self.sets.iter().rev() {
            let previous = set.previous.filter(|previous| previous < id && self.sets.contains_key(previous));
            if let (true, Some(previous)) = (kept.0.contains_key(id), previous) {
                kept.add(previous, KeepReason::Needed);
            }
        }
    }
}

fn many(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Writes a zone as its name.
mod zone_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::schedule::Zone;

    pub(super) fn serialize<S: Serializer>(zone: &Zone, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(zone)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
