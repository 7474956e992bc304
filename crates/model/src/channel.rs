//! Channels: where notices of alarms are sent, and which.

mod card;
pub mod email;
mod mailbox;
mod notice;
mod target;
mod webhook;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::alarm::kept::AlarmRecord;
use crate::alarm::{AlarmLevel, Subject};
use crate::id::{ChannelId, ClusterId};
use crate::text::{Language, Text, alarm_name};
use crate::time::Timestamp;

use self::card::Card;
pub use self::mailbox::{Email, EmailChange, MailAccount, MailTls};
pub use self::notice::{Notice, NoticeEvent, NoticeStatus};
pub use self::target::{ChannelKind, Receiver, Target, TargetChange};
pub use self::webhook::{Webhook, WebhookChange};

/// The waits between two tries of a notice, in seconds. After the last one, the notice has failed.
const WAITS_S: [u64; 8] = [10, 30, 120, 300, 900, 1_800, 3_600, 7_200];

/// How long the tries of a channel must fail until it raises an alarm, in microseconds: longer than a receiver takes to
/// restart.
const FAILING_US: u64 = 15 * 60 * 1_000_000;

/// Where notices are sent. Its secrets are not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its number.
    pub id: ChannelId,
    /// Its name.
    pub name: String,
    /// What receives the notices.
    pub receiver: Receiver,
    /// Which notices it receives.
    pub rule: Rule,
    /// The language of the notices.
    pub language: Language,
    /// Whether it receives notices.
    pub enabled: bool,
    /// When it was created.
    pub created: Timestamp,
}

/// Which notices a channel receives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rule {
    /// Of alarms of these levels; none means all.
    pub levels: Vec<AlarmLevel>,
    /// Of alarms of these clusters; none means all, and those of Lifeboat servers and channels.
    pub clusters: Vec<ClusterId>,
    /// Whether it also hears when these alarms recover.
    pub recovered: bool,
}

impl Rule {
    /// Returns whether notices of an alarm are wanted.
    #[must_use]
    pub fn wants(&self, level: AlarmLevel, cluster: Option<ClusterId>) -> bool {
        let is_level = self.levels.is_empty() || self.levels.contains(&level);
        is_level && (self.clusters.is_empty() || cluster.is_some_and(|id| self.clusters.contains(&id)))
    }
}

/// Returns whether a channel whose tries failed from the first to the last time is a problem.
#[must_use]
pub fn is_failing(first: Timestamp, last: Timestamp) -> bool {
    last.since(first) >= FAILING_US
}

/// Returns how long to wait after this many failed tries; none after the last.
#[must_use]
pub fn wait_after(tries: u32) -> Option<Duration> {
    let at = usize::try_from(tries).ok()?.checked_sub(1)?;
    WAITS_S.get(at).map(|seconds| Duration::from_secs(*seconds))
}

/// Returns what a receiver is sent about an alarm.
#[must_use]
pub fn message(receiver: &Receiver, event: NoticeEvent, record: &AlarmRecord, language: Language) -> String {
    match receiver {
        Receiver::Webhook { .. } => fields(event, record, language),
        Receiver::Email { .. } => email::Letter::of(&Card::of(event, record, language)).to_json(),
    }
}

/// Returns OCP's fields of an alarm, as the list of alarms has them.
fn fields(event: NoticeEvent, record: &AlarmRecord, language: Language) -> String {
    let alarm = &record.alarm;
    let (name, target) = (alarm_name(language, alarm.kind.name()), alarm.target());
    let (scope, cluster) = match &alarm.subject {
        Subject::Server(_) => ("Server", None),
        Subject::Channel { .. } => ("Channel", None),
        Subject::Cluster { name, .. } if alarm.tenant.is_some() => ("Tenant", Some(name)),
        Subject::Cluster { name, .. } => ("Cluster", Some(name)),
    };
    let time = |time: Option<Timestamp>| time.map(Timestamp::to_rfc3339);
    json!({
        "event": event,
        "alarmId": record.id,
        "alarmType": alarm.kind.name(),
        "name": name,
        "level": alarm.kind.level().number(),
        "scope": scope,
        "target": target,
        "summary": format!("{target} {name}"),
        "details": words(&alarm.text, language),
        "reason": alarm.reason.as_ref().map(|reason| words(reason, language)),
        "activeAt": time(alarm.since.or(Some(record.raised))),
        "raisedAt": time(Some(record.raised)),
        "recoveredAt": time(record.recovered),
        "clusterId": alarm.subject.cluster(),
        "clusterName": cluster,
        "tenantId": alarm.tenant.as_ref().map(|(id, _)| *id),
        "tenantName": alarm.tenant.as_ref().map(|(_, name)| name),
        "taskId": alarm.task,
    })
    .to_string()
}

/// Returns what a test sends.
#[must_use]
pub fn test_message(channel: &Channel, user: &str) -> String {
    let text = Text::new("channel-test-message").with("channel", &channel.name).with("user", user);
    let message = text.message(channel.language);
    match &channel.receiver {
        Receiver::Webhook { .. } => {
            json!({ "event": NoticeEvent::Test, "summary": message, "details": { "message": message } })
                .to_string()
        }
        Receiver::Email { .. } => email::Letter::of(&Card::test(&message)).to_json(),
    }
}

fn words(text: &Text, language: Language) -> Value {
    json!({
        "id": text.id,
        "message": text.message(language),
        "cause": text.cause(language),
        "action": text.action(language),
        "original": text.raw,
    })
}

#[cfg(test)]
mod tests {
    use super::email::Letter;
    use super::{FAILING_US, MailTls, NoticeEvent, Receiver, Rule, WAITS_S};
    use super::{fields, is_failing, message, wait_after};
    use crate::alarm::kept::AlarmRecord;
    use crate::alarm::{Alarm, AlarmKind, AlarmLevel, Subject};
    use crate::id::{AlarmId, ClusterId, TenantId};
    use crate::text::{Language, Text};
    use crate::time::Timestamp;

    #[test]
    fn a_rule_selects_by_level_and_cluster() {
        use AlarmLevel::{Critical, Stopped};
        let rule = |levels: &[AlarmLevel], clusters: &[i64]| Rule {
            levels: levels.to_vec(),
            clusters: clusters.iter().map(|id| ClusterId(*id)).collect(),
            recovered: false,
        };
        let cases = [
            (rule(&[], &[]), Critical, Some(1), true),
            (rule(&[], &[]), Stopped, None, true),
            (rule(&[Stopped], &[]), Critical, Some(1), false),
            (rule(&[Stopped], &[]), Stopped, Some(1), true),
            (rule(&[], &[1, 2]), Critical, Some(2), true),
            (rule(&[], &[1, 2]), Critical, Some(3), false),
            (rule(&[], &[1]), Stopped, None, false),
            (rule(&[Critical], &[1]), Stopped, Some(1), false),
        ];
        for (rule, level, cluster, expected) in cases {
            assert_eq!(rule.wants(level, cluster.map(ClusterId)), expected, "{rule:?} {level:?} {cluster:?}");
        }
    }

    #[test]
    fn a_channel_is_a_problem_when_its_tries_fail_for_a_quarter_of_an_hour() {
        let limit = i64::try_from(FAILING_US).expect("small");
        assert!(!is_failing(Timestamp(7), Timestamp(7)) && !is_failing(Timestamp(7), Timestamp(6 + limit)));
        assert!(is_failing(Timestamp(7), Timestamp(7 + limit)));
    }

    #[test]
    fn a_notice_is_tried_a_bounded_number_of_times_at_growing_intervals() {
        let waits: Vec<_> = (1..=20).filter_map(wait_after).collect();
        assert_eq!((waits.len(), wait_after(0)), (WAITS_S.len(), None));
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_message_has_the_fields_of_the_list_of_alarms_in_the_language_of_the_channel() {
        let record = AlarmRecord { recovered: None, ..record("shop") };
        let sent: serde_json::Value =
            serde_json::from_str(&fields(NoticeEvent::Raised, &record, Language::En)).expect("JSON");
        assert_eq!(sent["event"], "RAISED");
        assert_eq!(
            (&sent["alarmId"], &sent["level"], &sent["clusterId"]),
            (&12.into(), &2.into(), &7.into())
        );
        assert_eq!(sent["target"], "ob_cluster=C1-1:tenant_name=shop");
        assert!(sent["details"]["action"].is_string() && sent["reason"].is_null());
        let chinese = fields(NoticeEvent::Recovered, &record, Language::Zh);
        assert!(chinese.contains("告警") || chinese.contains("备份"), "{chinese}");
    }

    fn record(tenant: &str) -> AlarmRecord {
        AlarmRecord {
            id: AlarmId(12),
            alarm: Alarm {
                kind: AlarmKind::BaseBackupFail,
                subject: Subject::Cluster {
                    id: ClusterId(7),
                    name: "prod".into(),
                    ob_cluster: "C1-1".into(),
                },
                tenant: Some((TenantId(1002), tenant.to_owned())),
                task: None,
                since: None,
                text: Text {
                    raw: Some("ERROR <1>\nand more".into()),
                    ..Text::new("alarm-backup-failed").with("object", tenant)
                },
                reason: None,
            },
            raised: Timestamp(0),
            changed: Timestamp(0),
            seen: Timestamp(0),
            recovered: Some(Timestamp(60_000_000)),
            acknowledged: None,
            silence: None,
        }
    }

    fn letter(event: NoticeEvent, tenant: &str, language: Language) -> Letter {
        let receiver = Receiver::Email {
            host: "h".into(),
            port: 25,
            tls: MailTls::None,
            user: None,
            from: "a@b".into(),
            to: vec!["c@d".into()],
        };
        Letter::from_json(&message(&receiver, event, &record(tenant), language)).expect("its form")
    }

    #[test]
    fn a_letter_names_the_problem_in_the_language_of_the_channel() {
        let cases = [
            (NoticeEvent::Raised, Language::En, "[Critical] "),
            (NoticeEvent::Recovered, Language::En, "[Recovered] "),
            (NoticeEvent::Raised, Language::Zh, "[严重] "),
            (NoticeEvent::Recovered, Language::Zh, "[已恢复] "),
        ];
        for (event, language, begins) in cases {
            let letter = letter(event, "shop", language);
            assert!(letter.subject.starts_with(begins), "{letter:?}");
            for part in ["C1-1", "shop", "prod", "1970-01-01T00:01:00", "12"] {
                assert!(letter.text.contains(part) && letter.html.contains(part), "{part}: {letter:?}");
            }
        }
    }

    #[test]
    fn a_name_is_neither_markup_nor_a_header_nor_a_change_of_direction() {
        let letter = letter(NoticeEvent::Raised, "<img src=x>\r\nBcc: a@b\u{202e}'\"", Language::En);
        assert!(
            !letter.html.contains("<img") && letter.html.contains("&lt;img src=x&gt;"),
            "{}",
            letter.html
        );
        assert!(letter.html.contains("ERROR &lt;1&gt;<br>and more"), "{}", letter.html);
        assert!(!letter.subject.contains(['\r', '\n']), "{:?}", letter.subject);
        for text in [&letter.subject, &letter.text, &letter.html] {
            assert!(!text.contains(['\r', '\u{202e}']), "{text:?}");
        }
    }
}
