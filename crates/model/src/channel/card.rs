//! A notice as people read it: a title and labelled lines, safe for display. Each kind of channel gives it its form.

use super::notice::NoticeEvent;
use crate::alarm::kept::AlarmRecord;
use crate::alarm::{AlarmLevel, Subject};
use crate::text::{Language, Text, alarm_name};
use crate::time::Timestamp;
use crate::visible::{visible, visible_line};

/// A notice for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    /// One line.
    pub(super) title: String,
    /// What else is known: labels and values.
    pub(super) lines: Vec<(String, String)>,
}

impl Card {
    /// Returns the notice about an alarm.
    pub(super) fn of(event: NoticeEvent, record: &AlarmRecord, language: Language) -> Self {
        let alarm = &record.alarm;
        let line = |id: &str| Text::new(id).message(language);
        let title = match event {
            NoticeEvent::Recovered => Text::new("notice-title-recovered"),
            NoticeEvent::Raised | NoticeEvent::Test => {
                let level = match alarm.kind.level() {
                    AlarmLevel::Stopped => line("notice-level-stopped"),
                    AlarmLevel::Critical => line("notice-level-critical"),
                };
                Text::new("notice-title-raised").with("level", level)
            }
        };
        let name = alarm_name(language, alarm.kind.name());
        let title = title.with("name", name).with("object", alarm.target()).message(language);
        let mut lines = Vec::new();
        let mut add = |label: &str, value: Option<String>| {
            lines.extend(value.map(|value| (line(label), visible(&value).into_owned())));
        };
        add("notice-label-details", Some(alarm.text.message(language)));
        add("notice-label-cause", alarm.text.cause(language));
        if let Some(reason) = &alarm.reason {
            add("notice-label-reason", Some(reason.message(language)));
            add("notice-label-cause", reason.cause(language));
        }
        let reason = alarm.reason.as_ref();
        add(
            "notice-label-action",
            reason.and_then(|reason| reason.action(language)).or(alarm.text.action(language)),
        );
        add("notice-label-original", reason.and_then(|reason| reason.raw.clone()).or(alarm.text.raw.clone()));
        if let Subject::Cluster { name, .. } = &alarm.subject {
            add("notice-label-cluster", Some(name.clone()));
        }
        add("notice-label-tenant", alarm.tenant.as_ref().map(|(_, name)| name.clone()));
        add("notice-label-task", alarm.task.map(|task| task.to_string()));
        add("notice-label-since", Some(alarm.since.unwrap_or(record.raised).to_rfc3339()));
        add("notice-label-recovered", record.recovered.map(Timestamp::to_rfc3339));
        add("notice-label-alarm", Some(record.id.to_string()));
        Self { title: visible_line(&title).into_owned(), lines }
    }

    /// Returns a test message.
    pub(super) fn test(message: &str) -> Self {
        Self { title: visible_line(message).into_owned(), lines: Vec::new() }
    }

    /// Returns its lines as plain text, without the title.
    pub(super) fn text(&self) -> String {
        self.lines.iter().map(|(label, value)| format!("{label}: {value}\n")).collect()
    }
}
