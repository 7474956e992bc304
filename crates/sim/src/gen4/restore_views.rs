//! The views of 4.x about restores: two rows for each, the sys tenant's and the new tenant's.

use super::SCN;
use super::archive_views::display_type;
use super::restore::{Restore, Stage};
use crate::profile::Profile;
use crate::sql::table::bytes_display;
use crate::sql::{Shape, Table, Value};
use crate::world::{Cluster, TenantId};

/// A restore as one of its two tenants shows it.
struct Row {
    restore: Restore,
    is_sys: bool,
    profile: Profile,
    /// The restored part of the data, from 0 to 1.
    fraction: f64,
}

impl Row {
    fn tenant(&self) -> TenantId {
        if self.is_sys { TenantId::SYS } else { self.restore.tenant }
    }

    /// Only the new tenant's row shows progress; the sys tenant's row has NULL.
    fn of_tenant(&self, value: impl Into<Value>) -> Value {
        if self.is_sys { Value::Null } else { value.into() }
    }

    fn part(&self, whole: i64) -> i64 {
        (whole as f64 * self.fraction) as i64
    }

    fn status(&self) -> &'static str {
        match (self.restore.stage, self.is_sys) {
            (Stage::Success, _) | (Stage::Finish, false) => "RESTORE_SUCCESS",
            (Stage::Fail, _) => "RESTORE_FAIL",
            (Stage::CreateTenant, true) => "CREATE_TENANT",
            (_, true) => "WAIT_TENANT_RESTORE_FINISH",
            // 4.1 shows the kernel's internal names.
            (Stage::CreateTenant | Stage::Restoring, false) if self.profile <= Profile::V4_1 => {
                if self.restore.stage == Stage::CreateTenant { "RESTORE_PRE" } else { "RESTORE_WAIT_LS" }
            }
            (Stage::CreateTenant | Stage::Restoring, false) => "RESTORING",
            (Stage::PostCheck, false) => "POST_CHECK",
            (Stage::Upgrade, false) => "UPGRADE",
        }
    }
}

pub(super) fn table(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    match base {
        "OB_RESTORE_PROGRESS" => Some(progress(cluster.profile).table(name, &rows(cluster, false))),
        "OB_RESTORE_HISTORY" => Some(history(cluster.profile).table(name, &rows(cluster, true))),
        _ => None,
    }
}

fn rows(cluster: &Cluster, in_history: bool) -> Vec<Row> {
    let restores = cluster.four.restores.iter().filter(|restore| restore.in_history == in_history);
    restores
        .flat_map(|restore| {
            let span = (restore.data_end_us - restore.data_start_us).max(1) as f64;
            let fraction = match restore.stage {
                Stage::CreateTenant => 0.0,
                Stage::Restoring => (cluster.now_us - restore.data_start_us) as f64 / span,
                Stage::Fail => 0.5,
                _ => 1.0,
            };
            [true, false].map(|is_sys| Row {
                restore: restore.clone(),
                is_sys,
                profile: cluster.profile,
                fraction: fraction.clamp(0.0, 1.0),
            })
        })
        .collect()
}

fn progress(profile: Profile) -> Shape<Row> {
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.tenant().into())
        .col("JOB_ID", "bigint", |r| r.restore.job.into())
        .col("RESTORE_TENANT_NAME", "longtext", |r| r.restore.tenant_name.clone().into())
        .col("RESTORE_TENANT_ID", "longtext", |r| r.restore.tenant.0.to_string().into())
        .col("BACKUP_TENANT_NAME", "longtext", |r| r.restore.backup_tenant_name.clone().into())
        .col("BACKUP_TENANT_ID", "longtext", |r| r.restore.backup_tenant.to_string().into())
        .col("BACKUP_CLUSTER_NAME", "longtext", |r| r.restore.backup_cluster.clone().into())
        .col("BACKUP_DEST", "longtext", |r| r.restore.sources.clone().into())
        .col("RESTORE_OPTION", "longtext", |r| r.restore.options.clone().into())
        .when(profile >= Profile::V4_3_5)
        .col("RESTORE_TYPE", "longtext", |r| if r.restore.is_quick { "QUICK" } else { "FULL" }.into())
        .when(true)
        .col("RESTORE_SCN", "longtext", |r| r.restore.scn.to_string().into())
        .col("RESTORE_SCN_DISPLAY", display_type(profile), |r| Value::instant(r.restore.scn / SCN))
        .col("STATUS", "longtext", |r| r.status().into())
        .col("START_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.restore.start_us))
        .col("BACKUP_SET_LIST", "longtext", |r| r.restore.set_list.clone().into())
        .col("BACKUP_PIECE_LIST", "longtext", |r| r.restore.piece_list.clone().into())
        .when(profile >= Profile::V4_2_5)
        .col("RECOVER_SCN", "bigint unsigned", |r| r.of_tenant(r.part(r.restore.scn)))
        .col("RECOVER_SCN_DISPLAY", "datetime(6)", |r| {
            r.of_tenant(Value::instant(r.part(r.restore.scn) / SCN))
        })
        .col("RECOVER_PROGRESS", "decimal(6,2)", |r| r.of_tenant(Value::Real(r.fraction * 100.0)))
        .col("TABLET_COUNT", "bigint", |r| r.of_tenant(r.restore.tablets))
        .col("FINISH_TABLET_COUNT", "bigint", |r| r.of_tenant(r.part(r.restore.tablets)))
        .col("RESTORE_PROGRESS", "decimal(6,2)", |r| r.of_tenant(Value::Real(r.fraction * 100.0)))
        .when(true)
        .col("TOTAL_BYTES", "bigint", |r| r.of_tenant(r.restore.data_bytes))
        .col("TOTAL_BYTES_DISPLAY", "varchar(27)", |r| r.of_tenant(bytes_display(r.restore.data_bytes)))
        .col("FINISH_BYTES", "bigint", |r| r.of_tenant(r.part(r.restore.data_bytes)))
        .col("FINISH_BYTES_DISPLAY", "varchar(27)", |r| {
            r.of_tenant(bytes_display(r.part(r.restore.data_bytes)))
        })
        .col("DESCRIPTION", "longtext", |r| r.restore.description.clone().into())
}

fn history(profile: Profile) -> Shape<Row> {
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.tenant().into())
        .col("JOB_ID", "bigint", |r| r.restore.job.into())
        .col("RESTORE_TENANT_NAME", "varchar(128)", |r| r.restore.tenant_name.clone().into())
        .col("RESTORE_TENANT_ID", "bigint", |r| r.restore.tenant.into())
        .col("BACKUP_TENANT_NAME", "varchar(128)", |r| r.restore.backup_tenant_name.clone().into())
        .col("BACKUP_TENANT_ID", "bigint", |r| r.restore.backup_tenant.into())
        .col("BACKUP_CLUSTER_NAME", "varchar(128)", |r| r.restore.backup_cluster.clone().into())
        .col("BACKUP_DEST", "longtext", |r| r.restore.sources.clone().into())
        .col("RESTORE_SCN", "bigint unsigned", |r| r.restore.scn.into())
        .col("RESTORE_SCN_DISPLAY", display_type(profile), |r| Value::instant(r.restore.scn / SCN))
        .col("RESTORE_OPTION", "varchar(4096)", |r| r.restore.options.clone().into())
        .when(profile >= Profile::V4_3_5)
        .col("RESTORE_TYPE", "varchar(4096)", |r| if r.restore.is_quick { "QUICK" } else { "FULL" }.into())
        .when(true)
        .col("START_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.restore.start_us))
        .col("FINISH_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.restore.end_us))
        .col("STATUS", "varchar(64)", |r| {
            if r.restore.stage == Stage::Success { "SUCCESS" } else { "FAIL" }.into()
        })
        .col("BACKUP_PIECE_LIST", "longtext", |r| r.restore.piece_list.clone().into())
        .col("BACKUP_SET_LIST", "longtext", |r| r.restore.set_list.clone().into())
        .col("BACKUP_CLUSTER_VERSION", "bigint", |r| version_number(&r.restore.backup_version).into())
        .col("LS_COUNT", "bigint", |_| 2.into())
        .col("FINISH_LS_COUNT", "bigint", |r| if r.restore.stage == Stage::Success { 2 } else { 0 }.into())
        .col("TABLET_COUNT", "bigint", |r| r.restore.tablets.into())
        .col("FINISH_TABLET_COUNT", "bigint", |r| r.part(r.restore.tablets).into())
        .col("TOTAL_BYTES", "bigint", |r| r.restore.data_bytes.into())
        .col("TOTAL_BYTES_DISPLAY", "varchar(27)", |r| bytes_display(r.restore.data_bytes))
        .col("FINISH_BYTES", "bigint", |r| r.part(r.restore.data_bytes).into())
        .col("FINISH_BYTES_DISPLAY", "varchar(27)", |r| bytes_display(r.part(r.restore.data_bytes)))
        .col("DESCRIPTION", "varchar(1024)", |r| r.restore.description.clone().into())
        .col("COMMENT", "varchar(1024)", |r| r.restore.comment.clone().into())
}

/// Returns a version in the kernel's encoding (16, 16, 8 and 8 bits); clients only compare the order.
pub(super) fn version_number(version: &str) -> i64 {
    let mut parts = version.split('.').map(|part| part.parse::<i64>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    next() << 32 | next() << 16 | next() << 8 | next()
}
