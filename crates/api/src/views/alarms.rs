//! Current alarms, in OCP's fields.

use model::alarm::{Alarm, AlarmChange, AlarmKind, Subject};
use model::id::ClusterId;
use model::text;
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::words;
use crate::call;
use crate::error::Words;

/// A current alarm.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlarmView {
    /// The identity of the alarm; constant while the alarm holds.
    id: String,
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
}

impl From<Alarm> for AlarmView {
    fn from(alarm: Alarm) -> Self {
        let (target, name) = (alarm.target(), text::alarm_name(call::language(), alarm.kind.name()));
        let Alarm { kind, subject, tenant, task, since, text, reason } = alarm;
        let (tenant_id, tenant_name) = tenant.map(|(id, name)| (id.0, name)).unzip();
        let id = id_of(kind, subject.cluster(), tenant_id);
        let (scope, cluster) = match subject {
            Subject::Server(_) => (AlarmScope::Server, None),
            Subject::Cluster { id, name, ob_cluster: _ } if tenant_id.is_some() => {
                (AlarmScope::Tenant, Some((id.0, name)))
            }
            Subject::Cluster { id, name, ob_cluster: _ } => (AlarmScope::Cluster, Some((id.0, name))),
        };
        let (cluster_id, cluster_name) = cluster.unzip();
        Self {
            id,
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
        }
    }
}

/// The identity of the alarm.
fn id_of(kind: AlarmKind, cluster: Option<ClusterId>, tenant: Option<i64>) -> String {
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
        let AlarmChange { became, kind, cluster, tenant } = change;
        let tenant_id = tenant.map(|id| id.0);
        Self {
            id: id_of(kind, cluster, tenant_id),
            alarm_type: kind.into(),
            change: became.into(),
            cluster_id: cluster.map(|id| id.0),
            tenant_id,
        }
    }
}
