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
//! | partial | a partial set as long as it is newer than the oldest set that window, last or minimum keep |
//! | not ours, not proved | the set: nobody deletes what may be somebody else's, or what cannot be read |
//! | size cap | shortens window, last and calendar: what does not fit in any more, oldest first, is deleted |
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
    /// It can be recovered and lacks something that nobody agreed to: no rule counts it.
    Partial,
    /// Another installation signed it, or nobody did.
    Foreign,
    /// Its files do not show that it is what the catalogue has.
    Unproven,
    /// Its deletion began and was interrupted.
    Deleting,
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

impl Policy {
    /// The longest retention period, in days.
    pub const DAYS_MAX: u32 = 3_660;

    /// The most sets that a rule counts.
    pub const COUNT_MAX: u32 = 10_000;

    /// The policy that keeps everything.
    pub const KEEP_ALL: Self =
        Self { window_days: None, last: None, calendar: None, cap_bytes: None, minimum: 1, zone: Zone::UTC };

    /// Checks the numbers that a request names.
    ///
    /// # Errors
    /// Names the rule whose number is out of its range, and the range.
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

    /// Returns whether it lets anything expire.
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
    /// Until when; without end where there is none.
    pub until: Option<Timestamp>,
}

/// Decides about every set, in the order of their numbers. Among those to delete, a set that is built on another has the
/// higher number: delete in reverse order.
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
        let is_bounded = policy.is_bounded();
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
        // Where a partial set is older than this, good ones stand for every moment that is promised.
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
