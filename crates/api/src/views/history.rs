//! Lifeboat's own history.

use control::history::History;
use model::history::HistoryPart;
use serde::Serialize;
use utoipa::ToSchema;

/// How much history there is, and how long it is kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct HistoryView {
    /// Each part.
    parts: Vec<HistoryPartView>,
}

/// A part of the history.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryPartView {
    /// Its name.
    part: HistoryPartName,
    /// The number of its rows.
    rows: u64,
    /// For how many days it is kept; none if age is no reason to delete it.
    days: Option<u32>,
}

/// The name of a part.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum HistoryPartName {
    /// The lines of the logs of tasks.
    Logs,
    /// The due times of strategies.
    Runs,
    /// The tasks, with their steps.
    Tasks,
    /// The audit log.
    Audit,
}

impl From<HistoryPart> for HistoryPartName {
    fn from(part: HistoryPart) -> Self {
        match part {
            HistoryPart::Logs => Self::Logs,
            HistoryPart::Runs => Self::Runs,
            HistoryPart::Tasks => Self::Tasks,
            HistoryPart::Audit => Self::Audit,
        }
    }
}

impl From<History> for HistoryView {
    fn from(History { sizes, days }: History) -> Self {
        let part = |(part, rows): (HistoryPart, u64)| HistoryPartView {
            part: part.into(),
            rows,
            days: days.of(part),
        };
        Self { parts: sizes.into_iter().map(part).collect() }
    }
}
