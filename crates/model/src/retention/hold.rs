//! A hold: a user's request to keep a backup set regardless of the policy.

use serde::{Deserialize, Serialize};

use crate::id::BackupSetId;
use crate::problem::Problem;
use crate::time::Timestamp;

/// The longest reason, in characters.
const REASON_MAX: usize = 500;

/// A hold on a backup set. A set has at most one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetHold {
    /// The set.
    pub set: BackupSetId,
    /// Why it is held.
    pub reason: String,
    /// The name of the account that holds it.
    pub owner: String,
    /// When the hold ends; `None` for a hold without end.
    pub until: Option<Timestamp>,
    /// When the hold was placed.
    pub since: Timestamp,
}

impl SetHold {
    /// Returns whether the hold keeps the set at this time.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }

    /// Returns the hold as input of the plan.
    #[must_use]
    pub const fn of_plan(&self) -> super::Hold {
        super::Hold { set: self.set.0, until: self.until }
    }
}

/// Checks a requested hold; returns its trimmed reason.
///
/// # Errors
/// Refuses an empty or overlong reason, and an end that has passed.
pub fn check_hold(reason: &str, until: Option<Timestamp>, now: Timestamp) -> Result<String, Problem> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Problem::invalid("hold-reason-missing").with("most", REASON_MAX));
    }
    match until {
        Some(until) if until <= now => Err(Problem::invalid("hold-ended-already").with("until", until)),
        _ => Ok(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{SetHold, check_hold};
    use crate::id::BackupSetId;
    use crate::time::Timestamp;

    #[test]
    fn a_hold_needs_a_reason_and_an_end_that_is_still_to_come() {
        let now = Timestamp(1_000);
        let asked = |reason: &str, until: Option<i64>| {
            check_hold(reason, until.map(Timestamp), now).map_err(|problem| problem.text.id)
        };
        assert_eq!(asked(" audit ", None).as_deref(), Ok("audit"));
        assert_eq!(asked("audit", Some(1_001)).as_deref(), Ok("audit"));
        assert_eq!(asked("审计", None).as_deref(), Ok("审计"));
        let long = "x".repeat(501);
        for reason in ["", " \n", &long] {
            assert_eq!(asked(reason, None), Err("hold-reason-missing".to_owned()), "{reason}");
        }
        assert_eq!(asked("audit", Some(1_000)), Err("hold-ended-already".to_owned()));
        let hold = |until: Option<i64>| SetHold {
            set: BackupSetId(1),
            reason: "audit".into(),
            owner: "eva".into(),
            until: until.map(Timestamp),
            since: Timestamp(0),
        };
        assert!(hold(None).is_active(now) && hold(Some(1_001)).is_active(now));
        assert!(!hold(Some(1_000)).is_active(now), "it is over");
    }
}
