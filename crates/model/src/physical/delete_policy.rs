//! The delete policy of a tenant of 4.x: OceanBase itself deletes backups that have expired by it.

use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::retention::kernel::KernelPolicy;

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
            "d" => 86_400_000_000,
            _ => return None,
        };
        number.checked_mul(unit)
    }

    /// Returns the rule by which the database deletes; `None` for a policy with an unknown name.
    #[must_use]
    pub fn rule(&self) -> Option<KernelPolicy> {
        match self.name.as_str() {
            "default" => Some(KernelPolicy::Default),
            "log_only" => Some(KernelPolicy::LogOnly),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DeletePolicy;
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
}
