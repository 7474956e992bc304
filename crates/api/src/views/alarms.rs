//! Alarms, in OCP's fields; requests about them.

use control::PageAsk;
use control::alarms::{AlarmFilter, AlarmHistoryQuery, ListedAlarm};
use model::Problem;
use model::alarm::kept::{Acknowledgement, Handling, Silence};
use model::alarm::{Alarm, AlarmChange, AlarmKind, AlarmLevel, Subject};
use model::id::{ChannelId, ClusterId};
use model::text;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::words;
use crate::call;
use crate::error::Words;
use crate::queries;

/// Which alarms are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlarmQuery {
    /// Current alarms, or recovered ones. Current ones when left out.
    #[param(inline)]
    status: Option<AlarmStatus>,
    /// Of this cluster.
    cluster_id: Option<i64>,
    /// Of this level: 1 is Stopped, 2 is Critical.
    #[param(minimum = 1, maximum = 2)]
    level: Option<u8>,
    /// In this state.
    #[param(inline)]
    state: Option<words::AlarmHandling>,
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
}

/// Current alarms, or recovered ones.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum AlarmStatus {
    /// Current alarms.
    #[default]
    Active,
    /// Recovered alarms.
    History,
}

/// A list of alarms to read.
pub(crate) enum AlarmList {
    /// Current ones.
    Active(AlarmFilter),
    /// Recovered ones.
    History(AlarmHistoryQuery),
    /// None: no alarm is both.
    Nothing,
}

impl AlarmQuery {
    /// Reads the list and the page.
    pub(crate) fn read(&self) -> Result<(AlarmList, PageAsk), Problem> {
        let cluster = self.cluster_id.map(ClusterId);
        let level = match self.level {
            None => None,
            Some(1) => Some(AlarmLevel::Stopped),
            Some(2) => Some(AlarmLevel::Critical),
            Some(other) => return Err(Problem::invalid("alarm-level-unknown").with("level", other)),
        };
        let handling = self.state.map(Handling::from);
        let is_recovered = |handling: Handling| handling == Handling::Recovered;
        let list = match self.status.unwrap_or_default() {
            AlarmStatus::Active if handling.is_some_and(is_recovered) => AlarmList::Nothing,
            AlarmStatus::Active => AlarmList::Active(AlarmFilter { cluster, level, handling }),
            AlarmStatus::History if !handling.is_none_or(is_recovered) => AlarmList::Nothing,
            AlarmStatus::History => AlarmList::History(AlarmHistoryQuery { cluster, level }),
        };
        Ok((list, queries::page(self.page, self.size)?))
    }
}

/// The acknowledgement of an alarm.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AcknowledgeBody {
    /// A comment, for example what is done about the problem.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(crate) comment: String,
}

/// The silence of an alarm.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SilenceBody {
    /// When the silence ends, at most 366 days from now.
    #[schema(format = DateTime)]
    end_time: String,
    /// Why the alarm is silenced.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
}

impl SilenceBody {
    /// Reads when the silence ends.
    pub(crate) fn until(&self) -> Result<Timestamp, Problem> {
        let until = queries::moment("endTime", Some(&self.end_time))?;
        until.ok_or_else(|| Problem::invalid("moment-malformed").with("field", "endTime").with("moment", ""))
    }
}

/// An alarm.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlarmView {
    /// The identity of the problem; constant while it lasts, and the same when it returns.
    id: String,
    /// The number of the recorded alarm; null for a problem that appeared a moment ago.
    alarm_id: Option<i64>,
    /// The state.
    state: words::AlarmHandling,
    /// The type of the alarm, the same in every language.
    alarm_type: words::AlarmType,
    /// The name of the alarm, in two or three words.
    name: String,
    /// The level: 1 is Stopped, 2 is Critical.
    #[schema(minimum = 1, maximum = 5)]
    level: u8,
    /// Whether it is about a server of Lifeboat, a cluster or a tenant.
    scope: AlarmScope,
    /// What it is about, as OCP writes it.
    #[schema(example = "ob_cluster=C1-1000:tenant_name=shop")]
    target: String,
    /// The target and the name.
    summary: String,
    /// The problem and the fix.
    details: Words,
    /// The reason: the original error.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Words>,
    /// The start of the problem, if known.
    #[schema(format = DateTime)]
    active_at: Option<String>,
    /// The cluster; null for an alarm of a server of Lifeboat.
    cluster_id: Option<i64>,
    /// The name of the cluster.
    cluster_name: Option<String>,
    /// The tenant.
    tenant_id: Option<i64>,
    /// The tenant's name.
    tenant_name: Option<String>,
    /// The task with the details.
    task_id: Option<i64>,
    /// When the alarm was recorded.
    #[schema(format = DateTime)]
    raised_at: Option<String>,
    /// When its content last changed.
    #[schema(format = DateTime)]
    changed_at: Option<String>,
    /// When the problem was last observed, to the minute.
    #[schema(format = DateTime)]
    last_seen_at: Option<String>,
    /// When the problem ended.
    #[schema(format = DateTime)]
    recovered_at: Option<String>,
    /// Who takes care of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged: Option<AcknowledgedView>,
    /// The silence, while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    silenced: Option<SilencedView>,
}

/// Who takes care of an alarm.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcknowledgedView {
    /// When it was acknowledged.
    #[schema(format = DateTime)]
    time: String,
    /// The account.
    user: String,
    /// Its comment; may be empty.
    comment: String,
}

/// The silence of an alarm.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SilencedView {
    /// When it was silenced.
    #[schema(format = DateTime)]
    start_time: String,
    /// When the silence ends.
    #[schema(format = DateTime)]
    end_time: String,
    /// The account.
    user: String,
    /// Why.
    reason: String,
}

impl From<Acknowledgement> for AcknowledgedView {
    fn from(acknowledgement: Acknowledgement) -> Self {
        let Acknowledgement { at, by, comment } = acknowledgement;
        Self { time: at.to_rfc3339(), user: by, comment }
    }
}

impl From<Silence> for SilencedView {
    fn from(silence: Silence) -> Self {
        let Silence { since, until, by, reason } = silence;
        Self { start_time: since.to_rfc3339(), end_time: until.to_rfc3339(), user: by, reason }
    }
}

/// What an alarm is about.
#[derive(Serialize, ToSchema)]
pub(crate) enum AlarmScope {
    /// A server of Lifeboat.
    Server,
    /// A cluster.
    Cluster,
    /// A tenant.
    Tenant,
    /// A channel for notices.
    Channel,
}

impl From<ListedAlarm> for AlarmView {
    fn from(listed: ListedAlarm) -> Self {
        let ListedAlarm { alarm, record, handling } = listed;
        let (target, name) = (alarm.target(), text::alarm_name(call::language(), alarm.kind.name()));
        let Alarm { kind, subject, tenant, task, since, text, reason } = alarm;
        let time = |time: Option<Timestamp>| time.map(Timestamp::to_rfc3339);
        let kept = record.as_ref();
        let (tenant_id, tenant_name) = tenant.map(|(id, name)| (id.0, name)).unzip();
        let id = id_of(kind, subject.cluster(), tenant_id, subject.channel());
        let (scope, cluster) = match subject {
            Subject::Server(_) => (AlarmScope::Server, None),
            Subject::Channel { .. } => (AlarmScope::Channel, None),
            Subject::Cluster { id, name, ob_cluster: _ } if tenant_id.is_some() => {
                (AlarmScope::Tenant, Some((id.0, name)))
            }
            Subject::Cluster { id, name, ob_cluster: _ } => (AlarmScope::Cluster, Some((id.0, name))),
        };
        let (cluster_id, cluster_name) = cluster.unzip();
        // A silence that has ended is not shown.
        let is_silenced = matches!(handling, Handling::Silenced | Handling::Recovered);
        Self {
            id,
            alarm_id: kept.map(|record| record.id.0),
            state: handling.into(),
            alarm_type: kind.into(),
            summary: format!("{target} {name}"),
            name,
            level: kind.level().number(),
            scope,
            target,
            details: Words::here(&text),
            reason: reason.as_ref().map(Words::here),
            active_at: since.map(Timestamp::to_rfc3339),
            cluster_id,
            cluster_name,
            tenant_id,
            tenant_name,
            task_id: task.map(|task| task.0),
            raised_at: time(kept.map(|record| record.raised)),
            changed_at: time(kept.map(|record| record.changed)),
            last_seen_at: time(kept.map(|record| record.seen)),
            recovered_at: time(kept.and_then(|record| record.recovered)),
            acknowledged: kept.and_then(|record| record.acknowledged.clone()).map(AcknowledgedView::from),
            silenced: record
                .filter(|_| is_silenced)
                .and_then(|record| record.silence)
                .map(SilencedView::from),
        }
    }
}

/// The identity of the problem.
fn id_of(
    kind: AlarmKind,
    cluster: Option<ClusterId>,
    tenant: Option<i64>,
    channel: Option<ChannelId>,
) -> String {
    if let Some(channel) = channel {
        return format!("{}-channel-{channel}", kind.name());
    }
    format!("{}-{}-{}", kind.name(), cluster.map_or(0, |id| id.0), tenant.unwrap_or_default())
}

/// An alarm was raised, has changed or was closed; its content is in the list of alarms.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlarmEventView {
    /// The alarm, as the list of alarms names it.
    id: String,
    /// The type of the alarm.
    alarm_type: words::AlarmType,
    /// The change.
    change: words::AlarmState,
    /// The cluster, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_id: Option<i64>,
    /// The tenant, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<i64>,
}

impl From<AlarmChange> for AlarmEventView {
    fn from(change: AlarmChange) -> Self {
        let AlarmChange { became, kind, cluster, tenant, channel } = change;
        let tenant_id = tenant.map(|id| id.0);
        Self {
            id: id_of(kind, cluster, tenant_id, channel),
            alarm_type: kind.into(),
            change: became.into(),
            cluster_id: cluster.map(|id| id.0),
            tenant_id,
        }
    }
}
