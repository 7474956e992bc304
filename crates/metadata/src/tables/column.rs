//! A column with its type, and the columns of the longest tables.

/// A column with its type.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Column {
    Number(&'static str),
    Text(&'static str),
}

use Column::{Number, Text};

/// Recorded alarms.
pub(super) const ALARMS: &[Column] = &[
    Number("id"),
    Text("alarm_key"),
    Text("open_key"),
    Text("kind"),
    Number("level"),
    Text("subject"),
    Number("cluster_id"),
    Number("tenant_id"),
    Text("tenant_name"),
    Number("task_id"),
    Number("since_at"),
    Text("details"),
    Text("reason"),
    Number("raised_at"),
    Number("changed_at"),
    Number("seen_at"),
    Number("recovered_at"),
    Number("acknowledged_at"),
    Text("acknowledged_by"),
    Text("acknowledge_comment"),
    Number("silenced_at"),
    Number("silenced_until"),
    Text("silenced_by"),
    Text("silence_reason"),
];

/// Channels.
pub(super) const CHANNELS: &[Column] = &[
    Number("id"),
    Text("name"),
    Text("endpoint"),
    Text("header_names"),
    Number("is_signed"),
    Text("rule_json"),
    Text("language"),
    Number("enabled"),
    Text("secrets"),
    Number("created_at"),
];

/// Notices for channels.
pub(super) const NOTICES: &[Column] = &[
    Number("id"),
    Number("channel_id"),
    Number("alarm_id"),
    Text("event"),
    Text("body"),
    Text("status"),
    Number("created_at"),
    Number("due_at"),
    Number("tries"),
    Number("lease_until"),
    Number("answer"),
    Text("problem"),
    Number("finished_at"),
];
