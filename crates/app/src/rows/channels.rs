//! Channels and their notices.

use serde::Deserialize;

use super::alarms::ExplainedRow;

/// A channel.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) endpoint: String,
    pub(crate) header_names: Vec<String>,
    pub(crate) signed: bool,
    pub(crate) levels: Vec<i64>,
    pub(crate) cluster_ids: Vec<i64>,
    pub(crate) recovered: bool,
    pub(crate) enabled: bool,
    pub(crate) email: Option<EmailRow>,
}

/// The mail account and the recipients of a channel.
#[derive(Deserialize)]
pub(crate) struct EmailRow {
    pub(crate) user: Option<String>,
    pub(crate) to: Vec<String>,
}

/// A notice of a channel.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoticeRow {
    pub(crate) id: i64,
    pub(crate) alarm_id: Option<i64>,
    pub(crate) event: String,
    pub(crate) status: String,
    pub(crate) tries: i64,
    pub(crate) http_status: Option<i64>,
    pub(crate) problem: Option<ExplainedRow>,
    pub(crate) create_time: String,
    pub(crate) due_time: Option<String>,
    pub(crate) finish_time: Option<String>,
}
