//! What becomes of a set, and why.

use serde::{Deserialize, Serialize};

use crate::text::Text;

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
    /// It lacks something, and is newer than the oldest set that a rule keeps.
    Partial,
    /// This installation did not sign it.
    Foreign,
    /// Its files do not show that it is what the catalogue has.
    Unproven,
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
    /// Its deletion began and was interrupted.
    Interrupted,
}

impl KeepReason {
    /// Returns the reason in words.
    #[must_use]
    pub fn text(self) -> Text {
        Text::new(match self {
            Self::NoPolicy => "retention-keep-no-policy",
            Self::Window => "retention-keep-window",
            Self::Last => "retention-keep-last",
            Self::Daily => "retention-keep-daily",
            Self::Weekly => "retention-keep-weekly",
            Self::Monthly => "retention-keep-monthly",
            Self::Yearly => "retention-keep-yearly",
            Self::Minimum => "retention-keep-minimum",
            Self::Held => "retention-keep-held",
            Self::InUse => "retention-keep-in-use",
            Self::Running => "retention-keep-running",
            Self::Newest => "retention-keep-newest",
            Self::Needed => "retention-keep-needed",
            Self::Partial => "retention-keep-partial",
            Self::Foreign => "retention-keep-foreign",
            Self::Unproven => "retention-keep-unproven",
        })
    }
}

impl DeleteReason {
    /// Returns the reason in words.
    #[must_use]
    pub fn text(self) -> Text {
        Text::new(match self {
            Self::Expired => "retention-delete-expired",
            Self::OverCap => "retention-delete-over-cap",
            Self::Broken => "retention-delete-broken",
            Self::Interrupted => "retention-delete-interrupted",
        })
    }
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

    /// Returns all reasons, in words.
    #[must_use]
    pub fn texts(&self) -> Vec<Text> {
        match self {
            Self::Keep(reasons) => reasons.iter().map(|reason| reason.text()).collect(),
            Self::Delete(reason) => vec![reason.text()],
        }
    }
}
