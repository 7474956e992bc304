//! The delete policy of a tenant of 4.x: OceanBase itself deletes backups that have expired by it.

use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::retention::kernel::KernelPolicy;
use crate::time::Timestamp;

/// A delete policy, as the database shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletePolicy {
    /// The tenant.
    pub tenant: TenantId,
    /// `default`, or `log_only` (4.4.1 and later).
    pub name: String,
    /// `RECOVERY_WINDOW`, such as `7d`; empty if the database shows none.
    pub window: String,
}

impl DeletePolicy {
    /// Returns the window in microseconds; `None` for an invalid text. With a window of 0, nothing expires.
    #[must_use]
    pub fn window_us(&self) -> Option<u64> {
        let text = self.window.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text[..digits].parse().ok()?;
        let unit = match text[digits..].to_ascii_lowercase().as_str() {
            "us" => 1,
            "ms" => 1_000,
            "" | "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => DAY_US,
            _ => return None,
        };
        number.checked_mul(unit)
    }

    /// Returns whether it is the requested policy.
    #[must_use]
    pub fn is(&self, wish: PolicyWish) -> bool {
        match wish {
            PolicyWish::Set { rule, days } => {
                self.rule() == Some(rule) && self.window_us() == Some(u64::from(days) * DAY_US)
            }
            PolicyWish::Drop => false,
        }
    }

    /// Returns its name and its window, such as `default (7d)`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} ({})", self.name, if self.window.is_empty() { "-" } else { &self.window })
    }

    /// Returns the rule by which the database deletes; `None` for a policy with an unknown name.
    #[must_use]
    pub fn rule(&self) -> Option<KernelPolicy> {
        KernelPolicy::of_name(&self.name)
    }
}

/// A deletion of obsolete backups of a tenant, as the database shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteJob {
    /// The tenant.
    pub tenant: TenantId,
    /// Its ID; a later job of the tenant has a higher one.
    pub id: i64,
    /// Its status, in the database's words.
    pub status: String,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it ended; none while it runs.
    pub ended: Option<Timestamp>,
    /// The database's number of its error; 0 if there is none.
    pub result: i64,
    /// The database's comment.
    pub comment: String,
}

impl DeleteJob {
    /// Returns whether it has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.status == "FAILED"
    }

    /// Returns whether it has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        ["INIT", "DOING", "CANCELING"].contains(&self.status.as_str())
    }
}

/// The microseconds of a day.
pub const DAY_US: u64 = 86_400_000_000;

/// The requested delete policy of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyWish {
    /// This policy and no other.
    Set {
        /// The rule by which the database deletes.
        rule: KernelPolicy,
        /// The window in days.
        days: u32,
    },
    /// None.
    Drop,
}

/// What is to be done about the policy of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PolicyChange {
    /// The tenant gets its first policy.
    Add,
    /// The policy is dropped, then the new one is added.
    Replace,
    /// The policy stays. From now on it counts as one that Lifeboat set.
    TakeOver,
    /// The policy is dropped.
    Drop,
    /// Nothing.
    Nothing,
}

impl PolicyWish {
    /// Decides about a tenant with this policy. A policy that Lifeboat did not set is foreign.
    #[must_use]
    pub fn change(self, policy: Option<&DeletePolicy>, is_foreign: bool) -> PolicyChange {
        match (self, policy) {
            (Self::Set { .. }, None) => PolicyChange::Add,
            (Self::Set { .. }, Some(policy)) if !policy.is(self) => PolicyChange::Replace,
            (Self::Set { .. }, Some(_)) if is_foreign => PolicyChange::TakeOver,
            (Self::Drop, Some(_)) => PolicyChange::Drop,
            (Self::Set { .. }, Some(_)) | (Self::Drop, None) => PolicyChange::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DeletePolicy, PolicyChange, PolicyWish};
    use crate::id::TenantId;
    use crate::retention::kernel::KernelPolicy;

    fn policy(name: &str, window: &str) -> DeletePolicy {
        DeletePolicy { tenant: TenantId(1002), name: name.into(), window: window.into() }
    }

    #[test]
    fn a_window_is_a_number_with_a_unit_and_seconds_without_one() {
        let cases = [
            ("7d", Some(7 * 86_400_000_000)),
            ("168H", Some(168 * 3_600_000_000)),
            ("90", Some(90_000_000)),
            ("0", Some(0)),
            ("", None),
            ("d", None),
            ("7 weeks", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ];
        for (window, expected) in cases {
            assert_eq!(policy("default", window).window_us(), expected, "{window}");
        }
    }

    #[test]
    fn a_policy_of_another_name_is_not_predicted() {
        let rules = ["default", "log_only", "mine"].map(|name| policy(name, "7d").rule());
        assert_eq!(rules, [Some(KernelPolicy::Default), Some(KernelPolicy::LogOnly), None]);
    }

    #[test]
    fn the_change_follows_from_the_wish_the_policy_and_who_set_it() {
        use PolicyChange::{Add, Drop, Nothing, Replace, TakeOver};
        let set = |rule, days| PolicyWish::Set { rule, days };
        let week = set(KernelPolicy::Default, 7);
        let cases = [
            (week, None, false, Add),
            (week, Some(("default", "7d")), false, Nothing),
            (week, Some(("default", "7d")), true, TakeOver),
            (week, Some(("default", "168h")), true, TakeOver),
            (week, Some(("default", "8d")), false, Replace),
            (week, Some(("default", "8d")), true, Replace),
            (week, Some(("default", "")), true, Replace),
            (week, Some(("default", "soon")), true, Replace),
            (week, Some(("log_only", "7d")), false, Replace),
            (set(KernelPolicy::LogOnly, 7), Some(("log_only", "7d")), false, Nothing),
            (PolicyWish::Drop, None, false, Nothing),
            (PolicyWish::Drop, Some(("default", "7d")), false, Drop),
            (PolicyWish::Drop, Some(("default", "7d")), true, Drop),
        ];
        for (wish, found, is_foreign, expected) in cases {
            let found = found.map(|(name, window)| policy(name, window));
            assert_eq!(wish.change(found.as_ref(), is_foreign), expected, "{wish:?} {found:?} {is_foreign}");
        }
    }
}
