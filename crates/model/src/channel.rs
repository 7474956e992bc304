//! Channels: where notices of alarms are sent, and which.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::alarm::kept::AlarmRecord;
use crate::alarm::{AlarmLevel, Subject};
use crate::id::{AlarmId, ChannelId, ClusterId, NoticeId};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::text::{Language, Text, alarm_name};
use crate::time::Timestamp;

/// The most headers of a channel.
const HEADERS_MAX: usize = 16;

/// The most characters of a header's value, and of a signature's secret.
const VALUE_MAX: usize = 4_096;

/// The headers that Lifeboat or the protocol sets.
const OWN_HEADERS: [&str; 8] = [
    "host",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
    "te",
    "upgrade",
    "user-agent",
];

/// The prefix of the headers that Lifeboat adds to each notice.
const OWN_PREFIX: &str = "lifeboat-";

/// The waits between two tries of a notice, in seconds. After the last one, the notice has failed.
const WAITS_S: [u64; 8] = [10, 30, 120, 300, 900, 1_800, 3_600, 7_200];

/// How long the tries of a channel must fail until it raises an alarm, in microseconds: longer than a receiver takes to
/// restart.
const FAILING_US: u64 = 15 * 60 * 1_000_000;

/// A web address that receives notices. Its URL, the values of its headers and the secret of its signature are secrets,
/// and are not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its number.
    pub id: ChannelId,
    /// Its name.
    pub name: String,
    /// The scheme, host and port of its URL.
    pub endpoint: String,
    /// The names of the headers that are sent with each notice.
    pub header_names: Vec<String>,
    /// Whether notices are signed.
    pub is_signed: bool,
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

/// The secrets of a channel. They belong to its URL: another URL needs them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelSecrets {
    /// The URL.
    pub url: Secret,
    /// The names and values of its headers.
    pub headers: Vec<(String, Secret)>,
    /// The secret of the signature, if notices are signed.
    pub signature: Option<Secret>,
}

impl ChannelSecrets {
    /// Checks the headers and the secret of the signature.
    ///
    /// # Errors
    /// Refuses too many headers, headers that Lifeboat sets, malformed names, and values with other than visible
    /// characters or blanks.
    pub fn check(&self) -> Result<(), Problem> {
        if self.headers.len() > HEADERS_MAX {
            return Err(Problem::invalid("channel-headers-too-many").with("most", HEADERS_MAX));
        }
        for (at, (name, value)) in self.headers.iter().enumerate() {
            let lower = name.to_ascii_lowercase();
            let is_token = !name.is_empty()
                && name.len() <= 128
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            let is_own = OWN_HEADERS.contains(&lower.as_str()) || lower.starts_with(OWN_PREFIX);
            let is_twice = self.headers[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
            if !is_token || is_own || is_twice {
                return Err(Problem::invalid("channel-header-name-malformed").with("header", name));
            }
            let is_visible = value.expose().bytes().all(|byte| (b' '..=b'~').contains(&byte));
            if !is_visible || value.is_empty() || value.expose().len() > VALUE_MAX {
                return Err(Problem::invalid("channel-header-value-malformed").with("header", name));
            }
        }
        match &self.signature {
            Some(secret) if !(16..=VALUE_MAX).contains(&secret.expose().len()) => {
                Err(Problem::invalid("channel-signature-malformed").with("least", 16).with("most", VALUE_MAX))
            }
            _ => Ok(()),
        }
    }
}

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
    /// The HTTP status of the last answer, if there was one.
    pub answer: Option<u16>,
    /// Why the last try failed.
    pub problem: Option<Text>,
    /// When it was delivered, or given up.
    pub finished: Option<Timestamp>,
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

/// Returns what is sent about an alarm: OCP's fields, as the list of alarms has them.
#[must_use]
pub fn message(event: NoticeEvent, record: &AlarmRecord, language: Language) -> String {
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
pub fn test_message(channel: &Channel, user: &str, language: Language) -> String {
    let text = Text::new("channel-test-message").with("channel", &channel.name).with("user", user);
    let message = text.message(language);
    json!({ "event": NoticeEvent::Test, "summary": message, "details": { "message": message } }).to_string()
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
    use super::{ChannelSecrets, FAILING_US, NoticeEvent, Rule, WAITS_S, is_failing, message, wait_after};
    use crate::alarm::kept::AlarmRecord;
    use crate::alarm::{Alarm, AlarmKind, AlarmLevel, Subject};
    use crate::id::{AlarmId, ClusterId, TenantId};
    use crate::secret::Secret;
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
    fn only_headers_that_belong_to_the_user_are_accepted() {
        let check = |headers: &[(&str, &str)], signature: Option<&str>| {
            let headers =
                headers.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
            let signature = signature.map(Secret::new);
            ChannelSecrets { url: Secret::new("https://h/"), headers, signature }.check()
        };
        assert!(check(&[("Authorization", "Bearer x"), ("X-Team", "dba")], Some(&"s".repeat(16))).is_ok());
        let long = "x".repeat(4_097);
        let wrong = [
            ("", "x"),
            ("a b", "x"),
            ("a:b", "x"),
            ("Host", "x"),
            ("content-type", "x"),
            ("Lifeboat-Event", "x"),
            ("A", ""),
            ("A", "x\r\nB: y"),
            ("A", "é"),
            ("A", long.as_str()),
        ];
        for (name, value) in wrong {
            assert!(check(&[(name, value)], None).is_err(), "{name:?} {value:?}");
        }
        assert!(check(&[("A", "x"), ("a", "y")], None).is_err(), "twice");
        assert!(check(&[], Some("too short")).is_err());
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
        let record = AlarmRecord {
            id: AlarmId(12),
            alarm: Alarm {
                kind: AlarmKind::BaseBackupFail,
                subject: Subject::Cluster {
                    id: ClusterId(7),
                    name: "prod".into(),
                    ob_cluster: "C1-1".into(),
                },
                tenant: Some((TenantId(1002), "shop".into())),
                task: None,
                since: None,
                text: Text::new("alarm-backup-failed").with("object", "prod/shop"),
                reason: None,
            },
            raised: Timestamp(0),
            changed: Timestamp(0),
            seen: Timestamp(0),
            recovered: None,
            acknowledged: None,
            silence: None,
        };
        let sent: serde_json::Value =
            serde_json::from_str(&message(NoticeEvent::Raised, &record, Language::En)).expect("JSON");
        assert_eq!(sent["event"], "RAISED");
        assert_eq!(
            (&sent["alarmId"], &sent["level"], &sent["clusterId"]),
            (&12.into(), &2.into(), &7.into())
        );
        assert_eq!(sent["target"], "ob_cluster=C1-1:tenant_name=shop");
        assert!(sent["details"]["action"].is_string() && sent["reason"].is_null());
        let chinese = message(NoticeEvent::Recovered, &record, Language::Zh);
        assert!(chinese.contains("告警") || chinese.contains("备份"), "{chinese}");
    }
}
