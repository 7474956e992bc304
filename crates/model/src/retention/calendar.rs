//! Grandfather-father-son retention: one set for each of the last days, weeks, months and years.

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Candidate, KeepReason};
use crate::schedule::Zone;

/// Returns the period of a date as a key.
type Period<'p> = &'p dyn Fn(NaiveDate) -> (i32, u32);

/// The numbers of days, weeks, months and years for which one full set each is kept. Only periods with a set count,
/// so a time without backups does not make older sets expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calendar {
    /// Days.
    pub daily: u32,
    /// Weeks, which begin on Monday.
    pub weekly: u32,
    /// Months.
    pub monthly: u32,
    /// Years.
    pub yearly: u32,
}

impl Calendar {
    /// Returns the sets that represent a period, from full sets ordered newest first.
    pub(super) fn keeps(self, zone: Zone, full: &[&Candidate]) -> Vec<(i64, KeepReason)> {
        let day = |date: NaiveDate| (date.year(), date.ordinal());
        let week = |date: NaiveDate| (date.iso_week().year(), date.iso_week().week());
        let month = |date: NaiveDate| (date.year(), date.month());
        let year = |date: NaiveDate| (date.year(), 0_u32);
        let rules: [(u32, KeepReason, Period<'_>); 4] = [
            (self.daily, KeepReason::Daily, &day),
            (self.weekly, KeepReason::Weekly, &week),
            (self.monthly, KeepReason::Monthly, &month),
            (self.yearly, KeepReason::Yearly, &year),
        ];
        let dates: Vec<(i64, NaiveDate)> =
            full.iter().map(|set| (set.id, zone.wall(set.point).date())).collect();
        let mut keeps = Vec::new();
        for (count, reason, period) in rules {
            let mut last = None;
            let mut left = count;
            for &(id, date) in &dates {
                if left == 0 {
                    break;
                }
                if last != Some(period(date)) {
                    last = Some(period(date));
                    left -= 1;
                    keeps.push((id, reason));
                }
            }
        }
        keeps
    }
}
