//! The backup sets of one tenant in one storage that are kept, and the reasons.
//!
//! Every rule names sets to keep; all others are deleted. A kept set also keeps the sets that it builds on.
//!
//! | rule | keeps |
//! |---|---|
//! | window | the newest good full set before the window, and everything newer: all of the window stays recoverable |
//! | last | the newest N good full sets, with the sets that build on them |
//! | calendar | the newest good full set of each of the last N days, weeks, months and years that have one, in a zone |
//! | minimum | the newest N good full sets, at least one, regardless of the other rules |
//! | hold, in use | the set |
//! | partial | a partial set that is newer than the oldest set kept by window, last or minimum |
//! | not ours, not proved | the set, because it may belong to another installation or cannot be verified |
//! | size cap | limits window, last and calendar: sets that do not fit are deleted, oldest first |
//!
//! A policy without window, last, calendar and cap keeps everything. [`kernel`] predicts what a 4.x cluster deletes
//! by its own policy.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::backup::DataBackupMode;
use crate::problem::Problem;
use crate::schedule::Zone;
use crate::time::Timestamp;

pub mod calendar;
pub mod hold;
pub mod kernel;
#[cfg(test)]
mod tests;
mod verdict;

pub use calendar::Calendar;
pub use hold::{SetHold, check_hold};
pub use verdict::{DeleteReason, KeepReason, Verdict};

/// The state of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Health {
    /// It is complete.
    Good,
    /// It is being created.
    Running,
    /// It failed or was cancelled, or some of its files are gone.
    Broken,
    /// It can be recovered, but left something out without consent: no rule counts it.
    Partial,
    /// This installation did not sign it.
    Foreign,
    /// Its files do not prove that it is the set in the catalogue.
    Unproven,
    /// Its deletion was interrupted.
    Deleting,
}

/// A set that the plan decides about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its ID; a set builds on sets with lower IDs.
    pub id: i64,
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// The direct base of an incremental set.
    pub previous: Option<i64>,
    /// The earliest time that it can be recovered to; for a logical set, its snapshot.
    pub point: Timestamp,
    /// Its size in the storage, in bytes.
    pub bytes: u64,
    /// Its status.
    pub health: Health,
}

/// A retention policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The number of past days that stay recoverable.
    pub window_days: Option<u32>,
    /// The number of newest full sets that are kept.
    pub last: Option<u32>,
    /// The full sets that are kept by calendar.
    pub calendar: Option<Calendar>,
    /// The maximum size of the sets, in bytes.
    pub cap_bytes: Option<u64>,
    /// The number of newest good full sets that are always kept; 0 counts as 1.
    pub minimum: u32,
    /// The zone of the calendar.
    #[serde(with = "zone_text")]
    pub zone: Zone,
}

impl Policy {
    /// The longest retention period, in days.
    pub const DAYS_MAX: u32 = 3_660;

    /// The most sets that a rule counts.
    pub const COUNT_MAX: u32 = 10_000;

    /// The policy that keeps everything.
    pub const KEEP_ALL: Self =
        Self { window_days: None, last: None, calendar: None, cap_bytes: None, minimum: 1, zone: Zone::UTC };

    /// Checks the numbers of a request.
    ///
    /// # Errors
    /// Names the rule whose number is out of range, and the range.
    pub fn checked(self) -> Result<Self, Problem> {
        let calendar = self.calendar.unwrap_or_default();
        let counts = [
            ("keepDaily", calendar.daily),
            ("keepWeekly", calendar.weekly),
            ("keepMonthly", calendar.monthly),
            ("keepYearly", calendar.yearly),
        ];
        let counted = counts.map(|(field, count)| (field, 0, count, Self::COUNT_MAX));
        let ranges = [
            ("retentionDays", 1, self.window_days.unwrap_or(1), Self::DAYS_MAX),
            ("keepLast", 1, self.last.unwrap_or(1), Self::COUNT_MAX),
            ("minimumSets", 1, self.minimum, Self::COUNT_MAX),
        ];
        let mut all = ranges.into_iter().chain(counted);
        match all.find(|&(_, least, found, most)| !(least..=most).contains(&found)) {
            Some((field, least, found, most)) => Err(Problem::invalid("retention-rule-out-of-range")
                .with("field", field)
                .with("found", found)
                .with("least", least)
                .with("most", most)),
            None => Ok(self),
        }
    }

    /// Returns whether anything can expire.
    #[must_use]
    pub const fn is_bounded(&self) -> bool {
        self.window_days.is_some()
            || self.last.is_some()
            || self.calendar.is_some()
            || self.cap_bytes.is_some()
    }
}

/// A set that is on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The set.
    pub set: i64,
    /// The end of the hold; `None` for a hold without end.
    pub until: Option<Timestamp>,
}

/// Decides about every set, ordered by ID. Delete in reverse order, because a set builds on sets with lower IDs.
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
            _ if set.health == Health::Deleting => Verdict::Delete(DeleteReason::Interrupted),
            Some(reasons) => Verdict::Keep(reasons.iter().copied().collect()),
            None if set.health == Health::Partial => Verdict::Delete(DeleteReason::Expired),
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

/// The sets, and those whose whole chain is good.
struct Shelf<'s> {
    sets: BTreeMap<i64, &'s Candidate>,
    good: BTreeSet<i64>,
    /// The good full sets, the newest first.
    full: Vec<&'s Candidate>,
    /// The full set at the start of each good set's chain; for a full set, itself.
    base: BTreeMap<i64, i64>,
}

impl<'s> Shelf<'s> {
    fn new(sets: &'s [Candidate]) -> Self {
        let sets: BTreeMap<i64, &Candidate> = sets.iter().map(|set| (set.id, set)).collect();
        let mut base = BTreeMap::new();
        // A set builds on lower IDs, so its base was already examined.
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

    /// Returns the sets that window, last and calendar keep.
    fn promised(&self, policy: &Policy, now: Timestamp) -> Kept {
        let mut kept = Kept::default();
        let is_bounded = policy.is_bounded();
        let is_cap_alone =
            is_bounded && policy.window_days.is_none() && policy.last.is_none() && policy.calendar.is_none();
        let begin =
            policy.window_days.map(|days| Timestamp(now.0.saturating_sub(i64::from(days) * 86_400_000_000)));
        // The newest full set before the window; if there is none, everything is needed.
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
            // A cap alone keeps the newest sets that fit.
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

    /// Removes the sets that exceed the cap, and returns them. Full sets are counted from the newest on, each with
    /// the kept sets that build on it. Sets that are kept for other reasons do not count, so a hold never causes the
    /// deletion of another set.
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
            // The full set is kept with the sets that build on it, even if no rule names it.
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

    /// Adds the sets that are kept regardless of the policy.
    fn keep_always(&self, policy: &Policy, kept: &mut Kept) {
        for full in self.full.iter().take(many(policy.minimum.max(1))) {
            kept.add(full.id, KeepReason::Minimum);
        }
        let newest = self.full.first().map(|set| set.id);
        // If a partial set is older than this, good sets cover all promised times.
        let of_rules = [KeepReason::Window, KeepReason::Last, KeepReason::Minimum];
        let is_of_rules = |reasons: &BTreeSet<KeepReason>| of_rules.iter().any(|rule| reasons.contains(rule));
        let by_rules = kept.0.iter().filter(|(_, reasons)| is_of_rules(reasons));
        let oldest = by_rules.filter_map(|(id, _)| self.sets.get(id)).map(|set| (set.point, set.id)).min();
        for (&id, set) in &self.sets {
            match set.health {
                Health::Running => kept.add(id, KeepReason::Running),
                Health::Foreign => kept.add(id, KeepReason::Foreign),
                Health::Unproven => kept.add(id, KeepReason::Unproven),
                Health::Partial if !policy.is_bounded() => kept.add(id, KeepReason::NoPolicy),
                Health::Partial if oldest.is_none_or(|oldest| (set.point, id) >= oldest) => {
                    kept.add(id, KeepReason::Partial);
                }
                Health::Good | Health::Broken | Health::Partial | Health::Deleting => {}
            }
            // While its full set is the newest, the chain is kept complete for the next incremental backup.
            if newest.is_some() && self.base.get(&id).copied() == newest && Some(id) != newest {
                kept.add(id, KeepReason::Newest);
            }
        }
    }

    /// Adds the sets that the kept sets build on.
    fn close(&self, kept: &mut Kept) {
        // From the highest ID down, so that one pass reaches the start of every chain.
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
