//! The recoverable periods of tenants: OCP's sections, and beside them the exact intervals and the reasons of gaps.

use control::recovery_windows::{RecoveryWindows, SetMark, TenantWindow};
use model::backup::DataBackupMode;
use model::recovery_window::{Gap, Interval};
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call;

/// The recoverable periods of a cluster's tenants.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoveryInfoView {
    /// The cluster.
    cluster_id: i64,
    /// The cluster's name.
    cluster_name: String,
    /// OceanBase's ID of it.
    ob_cluster_id: i64,
    /// The database's clock at the time of the answer.
    #[schema(format = DateTime)]
    database_time: String,
    /// The sections of all tenants.
    ob_recoverable_info_aggregation: AggregationView,
    /// The tenants that have physical backups.
    tenants: Vec<TenantWindowView>,
}

/// OCP's envelope of the sections.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AggregationView {
    /// The sections of the requested time. The name is OCP's.
    latest_seven_days_aggregation: SectionsView,
}

/// A list of sections.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SectionsView {
    /// The sections.
    ob_recoverable_section_items: Vec<SectionView>,
}

/// One section: a backup set, or a time that can be recovered to.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SectionView {
    /// Its kind.
    ob_recoverable_section_item_type: SectionType,
    /// The backup set.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_backup_recoverable_info: Option<SetInfoView>,
    /// The time.
    #[serde(skip_serializing_if = "Option::is_none")]
    real_recoverable_time_interval: Option<TimesView>,
}

/// What a section is.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum SectionType {
    /// A full backup set.
    FullDataBackup,
    /// An incremental backup set.
    IncrementalDataBackup,
    /// A time that can be recovered to.
    Recoverable,
}

/// A backup set, as OCP describes it.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetInfoView {
    /// The cluster's number of it.
    backup_set_id: i64,
    /// The start of the logs that it needs.
    #[schema(format = DateTime)]
    freeze_time: String,
    /// Its earliest recoverable time.
    #[schema(format = DateTime)]
    recoverable_time: String,
    /// The version of its data; empty if the cluster does not show it.
    data_version: String,
    /// The full set that it is based on; itself for a full one.
    full_backup_set_id: Option<i64>,
    /// Whether a password is needed to read it.
    encrypted: bool,
    /// Its size in bytes.
    bytes: u64,
}

/// A span of time.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimesView {
    /// Its start.
    #[schema(format = DateTime)]
    start_time: String,
    /// Its end.
    #[schema(format = DateTime)]
    end_time: String,
}

/// The recoverable periods of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantWindowView {
    /// The tenant.
    tenant_id: i64,
    /// The tenant's name.
    tenant_name: String,
    /// Its sections.
    ob_recoverable_info_aggregation: AggregationView,
    /// The exact recoverable intervals.
    intervals: Vec<IntervalView>,
    /// The gaps before, between and after them, with their reasons.
    gaps: Vec<GapView>,
    /// The data loss in seconds if the tenant fails now; absent if it cannot be recovered at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    loss_seconds: Option<u64>,
}

/// Recoverable times, both ends included.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntervalView {
    /// The earliest time.
    #[schema(format = DateTime)]
    start_time: String,
    /// The latest time.
    #[schema(format = DateTime)]
    end_time: String,
    /// The earliest time as an SCN.
    start_scn: String,
    /// The latest time as an SCN.
    end_scn: String,
    /// Whether all files are known to exist; false if some logs may exist only as copies.
    proven: bool,
}

/// Times that are not recoverable, both ends excluded.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GapView {
    /// The last recoverable time before it.
    #[schema(format = DateTime)]
    after_time: String,
    /// The first recoverable time after it.
    #[schema(format = DateTime)]
    before_time: String,
    /// The ID of the reason; the same in every language.
    reason: String,
    /// The reason in words.
    message: String,
}

impl From<RecoveryWindows> for RecoveryInfoView {
    fn from(windows: RecoveryWindows) -> Self {
        let RecoveryWindows { cluster, cluster_name, ob_cluster_id, now, tenants } = windows;
        let sections = tenants.iter().flat_map(sections).collect();
        Self {
            cluster_id: cluster.0,
            cluster_name,
            ob_cluster_id,
            database_time: now.to_rfc3339(),
            ob_recoverable_info_aggregation: AggregationView::of(sections),
            tenants: tenants.into_iter().map(TenantWindowView::from).collect(),
        }
    }
}

impl AggregationView {
    fn of(ob_recoverable_section_items: Vec<SectionView>) -> Self {
        Self { latest_seven_days_aggregation: SectionsView { ob_recoverable_section_items } }
    }
}

impl From<TenantWindow> for TenantWindowView {
    fn from(window: TenantWindow) -> Self {
        let sections = sections(&window);
        let TenantWindow { tenant, tenant_name, timeline, sets: _, loss_us } = window;
        Self {
            tenant_id: tenant.0,
            tenant_name,
            ob_recoverable_info_aggregation: AggregationView::of(sections),
            intervals: timeline.intervals.iter().map(IntervalView::from).collect(),
            gaps: timeline.gaps.iter().map(GapView::from).collect(),
            loss_seconds: loss_us.map(|loss| loss / 1_000_000),
        }
    }
}

fn sections(window: &TenantWindow) -> Vec<SectionView> {
    let sets = window.sets.iter().map(|set| SectionView {
        ob_recoverable_section_item_type: match set.mode {
            DataBackupMode::Full => SectionType::FullDataBackup,
            DataBackupMode::Incremental => SectionType::IncrementalDataBackup,
        },
        data_backup_recoverable_info: Some(SetInfoView::from(set)),
        real_recoverable_time_interval: None,
    });
    let times = window.timeline.intervals.iter().map(|interval| SectionView {
        ob_recoverable_section_item_type: SectionType::Recoverable,
        data_backup_recoverable_info: None,
        real_recoverable_time_interval: Some(TimesView {
            start_time: interval.from().to_rfc3339(),
            end_time: interval.until().to_rfc3339(),
        }),
    });
    sets.chain(times).collect()
}

impl From<&SetMark> for SetInfoView {
    fn from(set: &SetMark) -> Self {
        let SetMark { id, mode: _, full_set, replay, restore, compatible, is_encrypted, bytes } = set;
        Self {
            backup_set_id: *id,
            freeze_time: replay.to_rfc3339(),
            recoverable_time: restore.to_rfc3339(),
            data_version: compatible.clone(),
            full_backup_set_id: *full_set,
            encrypted: *is_encrypted,
            bytes: *bytes,
        }
    }
}

impl From<&Interval> for IntervalView {
    fn from(interval: &Interval) -> Self {
        let Interval { from_scn, until_scn, is_proven } = interval;
        Self {
            start_time: interval.from().to_rfc3339(),
            end_time: interval.until().to_rfc3339(),
            start_scn: from_scn.to_string(),
            end_scn: until_scn.to_string(),
            proven: *is_proven,
        }
    }
}

impl From<&Gap> for GapView {
    fn from(gap: &Gap) -> Self {
        let Gap { after_scn, before_scn, reason } = gap;
        let text = reason.text();
        Self {
            after_time: Timestamp::from_scn(*after_scn).to_rfc3339(),
            before_time: Timestamp::from_scn(*before_scn).to_rfc3339(),
            message: text.message(call::language()),
            reason: text.id,
        }
    }
}
