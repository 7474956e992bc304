//! Notices in the outbox.

use serde::{Deserialize, Serialize};

use crate::id::{AlarmId, ChannelId, NoticeId};
use crate::text::Text;
use crate::time::Timestamp;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeEvent {
    /// An alarm was raised.
    Raised,
    /// An alarm has recovered.
    Recovered,
    /// Somebody tests the channel.
    Test,
}

/// The fate of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeStatus {
    /// It is sent when it is due.
    Waiting,
    /// The receiver has accepted it.
    Delivered,
    /// It was tried as often as allowed.
    Failed,
    /// It was given up before it was delivered: the alarm recovered, or the channel was disabled.
    Skipped,
}

/// A notice in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its number; receivers recognize a repeated notice by it.
    pub id: NoticeId,
    /// The channel.
    pub channel: ChannelId,
    /// The alarm; none for a test.
    pub alarm: Option<AlarmId>,
    /// What it is about.
    pub event: NoticeEvent,
    /// The text that is sent.
    pub body: String,
    /// Its fate.
    pub status: NoticeStatus,
    /// When it was written.
    pub created: Timestamp,
    /// When it is sent next, while it waits.
    pub due: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// The HTTP status of the last answer, or its SMTP code, if there was one.
    pub answer: Option<u16>,
    /// Why the last try failed, or who does not get a delivered notice.
    pub problem: Option<Text>,
    /// When it was delivered, or given up.
    pub finished: Option<Timestamp>,
}
