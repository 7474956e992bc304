//! The decision about a set, and its reasons.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// Why a set is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeepReason {
    /// The policy deletes nothing.
    NoPolicy,
    /// The window needs it.
    Window,
    /// It is one of the newest sets, or builds on one.
    Last,
    /// It is the daily one.
    Daily,
    /// It is the weekly one.
    Weekly,
    /// It is the monthly one.
    Monthly,
    /// It is the yearly one.
    Yearly,
    /// It is one of the newest good full sets that are always kept.
    Minimum,
    /// It is on hold.
    Held,
    /// A task reads it.
    InUse,
    /// It is being created.
    Running,
    /// It is newer than every good full set, or part of the newest chain, so nothing replaces it yet.
    Newest,
    /// A kept set builds on it.
    Needed,
    /// It is partial, and newer than the oldest set that a rule keeps.
    Partial,
    /// This installation did not sign it.
    Foreign,
    /// Its files do not prove that it is the set in the catalogue.
    Unproven,
}

/// Why a set is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeleteReason {
    /// No rule keeps it.
    Expired,
    /// A rule would keep it, but it exceeds the size cap.
    OverCap,
    /// Nothing can be recovered from it.
    Broken,
    /// Its deletion was interrupted.
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

/// The decision about a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is kept, for these reasons in order.
    Keep(Vec<KeepReason>),
    /// It is deleted.
    Delete(DeleteReason),
}

impl Verdict {
    /// Returns whether the set is kept.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Keep(_))
    }

    /// Returns the texts of all reasons.
    #[must_use]
    pub fn texts(&self) -> Vec<Text> {
        match self {
            Self::Keep(reasons) => reasons.iter().map(|reason| reason.text()).collect(),
            Self::Delete(reason) => vec![reason.text()],
        }
    }
}
