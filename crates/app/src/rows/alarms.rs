//! Alarms.

use serde::Deserialize;

/// An alarm, current or recovered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlarmRow {
    pub(crate) alarm_id: Option<i64>,
    pub(crate) state: String,
    pub(crate) name: String,
    level: u8,
    pub(crate) target: String,
    pub(crate) details: ExplainedRow,
    pub(crate) reason: Option<ExplainedRow>,
    pub(crate) active_at: Option<String>,
    pub(crate) task_id: Option<i64>,
    pub(crate) raised_at: Option<String>,
    pub(crate) last_seen_at: Option<String>,
    pub(crate) recovered_at: Option<String>,
    pub(crate) acknowledged: Option<AcknowledgedRow>,
    pub(crate) silenced: Option<SilencedRow>,
}

/// A message with its cause and what to do.
#[derive(Deserialize)]
pub(crate) struct ExplainedRow {
    pub(crate) message: String,
    pub(crate) cause: Option<String>,
    pub(crate) raw: Option<String>,
    pub(crate) action: Option<String>,
}

/// Who takes care of an alarm.
#[derive(Deserialize)]
pub(crate) struct AcknowledgedRow {
    pub(crate) time: String,
    pub(crate) user: String,
    pub(crate) comment: String,
}

/// The silence of an alarm.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SilencedRow {
    pub(crate) end_time: String,
    pub(crate) user: String,
    pub(crate) reason: String,
}

impl AlarmRow {
    /// Returns the level in OCP's word.
    pub(crate) const fn level_word(&self) -> &'static str {
        match self.level {
            1 => "Stopped",
            _ => "Critical",
        }
    }

    /// Returns until when a silence lasts.
    pub(crate) fn state_time(&self) -> Option<String> {
        self.silenced.as_ref().map(|silence| silence.end_time.clone())
    }
}
