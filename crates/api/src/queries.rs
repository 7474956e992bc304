//! The query strings of paths.

use control::PageAsk;
use control::audit::AuditFilter;
use control::backups::BackupFilter;
use control::recovery_windows::{TenantFolder, WindowFilter};
use control::restores::RestoreFilter;
use control::tasks::{EventFilter, TaskFilter, TaskOrder};
use model::archive::ArchiveStatus;
use model::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};
use model::schedule::Zone;
use model::{Problem, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::views::restores::RestoreStatus;
use crate::views::words;

mod strategies;

pub(crate) use strategies::{PlannedForQuery, StrategyDeleteQuery, StrategyQuery, StrategyRunQuery};

/// The requested page of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
}

impl PageQuery {
    /// Reads the page.
    pub(crate) fn page(&self) -> Result<PageAsk, Problem> {
        page(self.page, self.size)
    }
}

/// What the removal of a cluster may leave in it.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ClusterRemoveQuery {
    /// Leaves the delete policies that Lifeboat has set: the database continues to delete backups by them. Without it, the
    /// removal of a cluster with such policies is refused, and the answer names them.
    #[serde(default)]
    pub(crate) leave_delete_policies: bool,
}

/// Which tasks are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TaskQuery {
    /// Of this kind.
    #[param(example = "backup-logical")]
    name: Option<String>,
    /// In this state.
    #[param(inline)]
    status: Option<words::TaskStatus>,
    /// Of this cluster.
    cluster_id: Option<i64>,
    /// The cluster that had this name when the task was created.
    cluster_name: Option<String>,
    /// Of this tenant.
    tenant_id: Option<i64>,
    /// The tenant that had this name when the task was created.
    tenant_name: Option<String>,
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
    /// The order; defaults to newest first.
    #[param(inline)]
    sort: Option<words::TaskSort>,
}

impl TaskQuery {
    /// Reads the filter, the order and the page.
    pub(crate) fn read(self) -> Result<(TaskFilter, TaskOrder, PageAsk), Problem> {
        let Self { name, status, cluster_id, cluster_name, tenant_id, tenant_name, page: number, size, sort } =
            self;
        let filter = TaskFilter {
            cluster: cluster_id.map(ClusterId),
            cluster_name,
            tenant: tenant_id.map(TenantId),
            tenant_name,
            status: status.map(Into::into),
            kind: name,
        };
        Ok((filter, sort.map(Into::into).unwrap_or_default(), page(number, size)?))
    }
}

/// The maximum number of log lines in one answer.
const LOG_LINES_MAX: u32 = 1000;

/// Which part of a log is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// The lines after this one; defaults to the first.
    #[param(minimum = 0, default = 0)]
    after: Option<u64>,
    /// The maximum number of lines.
    #[param(minimum = 1, maximum = 1000, default = 1000)]
    limit: Option<u32>,
}

impl LogQuery {
    /// Returns the line before the first one, and the maximum number of lines.
    pub(crate) fn read(&self) -> Result<(i64, u32), Problem> {
        let limit = self.limit.unwrap_or(LOG_LINES_MAX);
        if !(1..=LOG_LINES_MAX).contains(&limit) {
            return Err(Problem::invalid("limit-out-of-range")
                .with("limit", limit)
                .with("most", LOG_LINES_MAX));
        }
        Ok((i64::try_from(self.after.unwrap_or(0)).unwrap_or(i64::MAX), limit))
    }
}

/// Which delays of log backup are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogDelayQuery {
    /// Of this tenant; defaults to all.
    tenant_id: Option<i64>,
    /// At this time or later; defaults to a day before the end.
    #[param(format = DateTime, example = "2026-11-22T00:00:00.000+08:00")]
    start_time: Option<String>,
    /// Before this time; defaults to now.
    #[param(format = DateTime)]
    end_time: Option<String>,
}

impl LogDelayQuery {
    /// Returns the tenant of the filter.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        self.tenant_id.map(TenantId)
    }

    /// Reads from when and until when.
    pub(crate) fn span(&self) -> Result<Span, Problem> {
        span(self.start_time.as_deref(), self.end_time.as_deref())
    }
}

/// Which uses of storages are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StorageUsageQuery {
    /// Of this storage; defaults to all.
    storage_id: Option<i64>,
    /// At this time or later; defaults to 30 days before the end.
    #[param(format = DateTime, example = "2026-11-22T00:00:00.000+08:00")]
    start_time: Option<String>,
    /// Before this time; defaults to now.
    #[param(format = DateTime)]
    end_time: Option<String>,
}

impl StorageUsageQuery {
    /// Returns the storage of the filter.
    pub(crate) fn storage(&self) -> Option<StorageId> {
        self.storage_id.map(StorageId)
    }

    /// Reads from when and until when.
    pub(crate) fn span(&self) -> Result<Span, Problem> {
        span(self.start_time.as_deref(), self.end_time.as_deref())
    }
}

/// Which backups are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BackupQuery {
    /// Started at this time or later.
    #[param(format = DateTime, example = "2026-11-22T00:00:00.000+08:00")]
    start_time: Option<String>,
    /// Started before this time.
    #[param(format = DateTime)]
    end_time: Option<String>,
    /// This one.
    backup_set_id: Option<i64>,
    /// In this state.
    #[param(inline)]
    status: Option<words::TaskStatus>,
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
}

impl BackupQuery {
    /// Reads the page.
    pub(crate) fn page(&self) -> Result<PageAsk, Problem> {
        page(self.page, self.size)
    }

    /// Reads the filter for backups of a cluster, of one of its tenants, or of all.
    pub(crate) fn filter(&self, cluster: Option<i64>, tenant: Option<i64>) -> Result<BackupFilter, Problem> {
        let (from, until) = span(self.start_time.as_deref(), self.end_time.as_deref())?;
        Ok(BackupFilter {
            cluster: cluster.map(ClusterId),
            tenant: tenant.map(TenantId),
            backup_set: self.backup_set_id.map(BackupSetId),
            status: self.status.map(Into::into),
            from,
            until,
        })
    }
}

/// What a tenant is to be restored into.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RestoreIntoQuery {
    /// The name of the new tenant. Defaults to one derived from the old name.
    #[param(example = "shop_restored")]
    pub(crate) tenant: Option<String>,
    /// Its resource pools, separated by commas. Defaults to one named after the tenant.
    #[param(example = "shop_pool")]
    pub(crate) pools: Option<String>,
}

/// Which log backup is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogBackupQuery {
    /// In this state.
    #[param(inline)]
    status: Option<words::ArchiveStatus>,
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
}

impl LogBackupQuery {
    /// Reads the page.
    pub(crate) fn page(&self) -> Result<PageAsk, Problem> {
        page(self.page, self.size)
    }

    /// Reads the status.
    pub(crate) fn status(&self) -> Option<ArchiveStatus> {
        self.status.map(Into::into)
    }
}

/// Which recoveries are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RestoreQuery {
    /// Started at this time or later.
    #[param(format = DateTime, example = "2026-11-22T00:00:00.000+08:00")]
    start_time: Option<String>,
    /// Started before this time.
    #[param(format = DateTime)]
    end_time: Option<String>,
    /// In this state.
    #[param(inline)]
    status: Option<RestoreStatus>,
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
}

impl RestoreQuery {
    /// Reads the page.
    pub(crate) fn page(&self) -> Result<PageAsk, Problem> {
        page(self.page, self.size)
    }

    /// Reads the filter for recoveries into a cluster, or into one of its tenants.
    pub(crate) fn filter(&self, cluster: i64, tenant: Option<i64>) -> Result<RestoreFilter, Problem> {
        let (from, until) = span(self.start_time.as_deref(), self.end_time.as_deref())?;
        Ok(RestoreFilter {
            cluster: Some(ClusterId(cluster)),
            tenant: tenant.map(TenantId),
            status: self.status.map(Into::into),
            from,
            until,
        })
    }
}

/// A filter for times.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WindowQuery {
    /// At this time or later.
    #[param(format = DateTime, example = "2026-11-22T00:00:00.000+08:00")]
    start_time: Option<String>,
    /// Before this time.
    #[param(format = DateTime)]
    end_time: Option<String>,
}

impl WindowQuery {
    /// Reads a filter for the times of a cluster's tenants, or of one of them.
    pub(crate) fn filter(&self, tenant: Option<i64>) -> Result<WindowFilter, Problem> {
        let (from, until) = span(self.start_time.as_deref(), self.end_time.as_deref())?;
        Ok(WindowFilter { tenant: tenant.map(TenantId), from, until })
    }
}

/// The tenant whose names in a storage are read.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StorageWindowQuery {
    /// The folder of the tenant, one of those in the answer without it.
    #[param(example = "obcluster/1/1002")]
    folder: Option<String>,
    /// The tenant's time zone, an IANA name or an offset. Defaults to `+08:00`.
    #[param(example = "+08:00")]
    zone: Option<String>,
}

impl StorageWindowQuery {
    /// Reads the tenant and the zone.
    pub(crate) fn read(&self) -> Result<(Option<TenantFolder>, Option<Zone>), Problem> {
        let folder = self.folder.as_deref().map(str::parse).transpose()?;
        Ok((folder, self.zone.as_deref().map(str::parse).transpose()?))
    }
}

/// Which objects are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProtectionQuery {
    /// Of this cluster.
    cluster_id: Option<i64>,
    /// Of this tenant.
    tenant_id: Option<i64>,
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
}

impl ProtectionQuery {
    /// Reads the cluster, the tenant and the page.
    pub(crate) fn read(&self) -> Result<(Option<ClusterId>, Option<TenantId>, PageAsk), Problem> {
        let page = page(self.page, self.size)?;
        Ok((self.cluster_id.map(ClusterId), self.tenant_id.map(TenantId), page))
    }
}

/// Which deeds are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// At this time or later.
    #[param(format = DateTime, example = "2026-11-22T00:00:00.000+08:00")]
    start_time: Option<String>,
    /// Before this time.
    #[param(format = DateTime)]
    end_time: Option<String>,
    /// By the account of this name.
    user: Option<String>,
    /// Of this action.
    #[param(example = "backup-now")]
    action: Option<String>,
    /// With this text in the name of the object.
    #[param(example = "cluster/")]
    object: Option<String>,
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
}

impl AuditQuery {
    /// Reads the filter and the page.
    pub(crate) fn read(self) -> Result<(AuditFilter, PageAsk), Problem> {
        let Self { start_time, end_time, user, action, object, page: number, size } = self;
        let (from, until) = span(start_time.as_deref(), end_time.as_deref())?;
        let filter = AuditFilter { from, until, user, action, target: object };
        Ok((filter, page(number, size)?))
    }
}

/// Which events are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    /// Of this task.
    task: Option<i64>,
    /// Of this cluster.
    cluster: Option<i64>,
}

/// The position from which a stream of events continues.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described; the header is read by hand")]
pub(crate) struct EventHeaders {
    /// The last received event.
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<i64>,
}

impl EventQuery {
    /// Reads the filter.
    pub(crate) fn filter(&self) -> EventFilter {
        EventFilter { task: self.task.map(TaskId), cluster: self.cluster.map(ClusterId) }
    }
}

/// Reads the page of a list.
pub(crate) fn page(number: Option<u32>, size: Option<u32>) -> Result<PageAsk, Problem> {
    let usual = PageAsk::default();
    PageAsk::new(number.unwrap_or(usual.number()), size.unwrap_or(usual.size()))
}

/// The start and the end of a span; none for an open end.
pub(crate) type Span = (Option<Timestamp>, Option<Timestamp>);

/// Reads a span from its two parameters.
fn span(start_time: Option<&str>, end_time: Option<&str>) -> Result<Span, Problem> {
    Ok((moment("startTime", start_time)?, moment("endTime", end_time)?))
}

/// Reads a time of a query. A `+` in an offset that was not percent-encoded arrives as a space.
pub(crate) fn moment(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let moment = Timestamp::from_rfc3339(&text.replace(' ', "+"))
        .ok_or_else(|| Problem::invalid("moment-malformed").with("field", field).with("moment", text))?;
    Ok(Some(moment))
}
