//! The view of 4.x about backup sets.

use super::SCN;
use super::archive_views::display_type;
use super::backup::BackupSet;
use super::job_views::{backup_type, encryption, end_or_empty, end_type, is_older, on_off, rate, rate_type};
use crate::profile::Profile;
use crate::sql::{Shape, Table, Value};
use crate::world::Cluster;

pub(super) fn table(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    if base != "OB_BACKUP_SET_FILES" {
        return None;
    }
    let sets = cluster.four.tenants.values().flat_map(|backups| &backups.sets);
    Some(shape(cluster.profile).table(name, sets))
}

fn seconds(set: &BackupSet) -> Value {
    Value::Int((set.end_us - set.start_us).max(0) / 1_000_000)
}

fn shape(profile: Profile) -> Shape<BackupSet> {
    Shape::<BackupSet>::new()
        .col("TENANT_ID", "bigint", |s| s.tenant.into())
        .col("BACKUP_SET_ID", "bigint", |s| s.id.into())
        .col("DEST_ID", "bigint", |s| s.destination.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("BACKUP_TYPE", "varchar(64)", |s| backup_type(s.is_incremental))
        .col("PREV_FULL_BACKUP_SET_ID", "bigint", |s| s.full_set.into())
        .col("PREV_INC_BACKUP_SET_ID", "bigint", |s| s.previous_set.into())
        .col("START_TIMESTAMP", "timestamp(6)", |s| Value::instant(s.start_us))
        .col(
            "END_TIMESTAMP",
            end_type(profile),
            if is_older(profile) { |s| end_or_empty(s.end_us) } else { |s| Value::instant(s.end_us) },
        )
        .col("STATUS", "varchar(64)", |s| s.status.into())
        .col("FILE_STATUS", "varchar(64)", |s| s.file_status.into())
        .col("ELAPSED_SECONDES", "decimal(22,0)", seconds)
        .col("PLUS_ARCHIVELOG", "varchar(4096)", |s| on_off(s.plus_archivelog))
        .col("START_REPLAY_SCN", "bigint unsigned", |s| s.start_replay_scn.into())
        .col("START_REPLAY_SCN_DISPLAY", display_type(profile), |s| Value::instant(s.start_replay_scn / SCN))
        .col("MIN_RESTORE_SCN", "bigint unsigned", |s| s.min_restore_scn.into())
        .col("MIN_RESTORE_SCN_DISPLAY", "varchar(4096)", |s| Value::instant(s.min_restore_scn / SCN))
        .col("INPUT_BYTES", "bigint", |s| s.input_bytes.into())
        .col("OUTPUT_BYTES", "bigint", |s| s.output_bytes.into())
        .col("OUTPUT_RATE_BYTES", rate_type(profile), |s| rate(s.output_bytes, s.start_us, s.end_us))
        .col("EXTRA_META_BYTES", "bigint", |s| if s.output_bytes > 0 { 40_960 } else { 0 }.into())
        .col("TABLET_COUNT", "bigint", |s| s.tablets.into())
        .col("FINISH_TABLET_COUNT", "bigint", |s| s.tablets.into())
        .col("MACRO_BLOCK_COUNT", "bigint", |s| (s.input_bytes / (2 << 20)).into())
        .col("FINISH_MACRO_BLOCK_COUNT", "bigint", |s| (s.input_bytes / (2 << 20)).into())
        .col("FILE_COUNT", "bigint", |s| s.files.into())
        .col("META_TURN_ID", "bigint", |_| 1.into())
        .col("DATA_TURN_ID", "bigint", |_| 1.into())
        .col("RESULT", "bigint", |s| s.result.into())
        .col("COMMENT", "varchar(4096)", |s| s.comment.clone().into())
        .col("ENCRYPTION_MODE", "varchar(64)", |s| encryption(&s.password))
        .col("PASSWD", "varchar(128)", |s| s.password.clone().into())
        .col("TENANT_COMPATIBLE", "varchar(4096)", |s| s.compatible.clone().into())
        .col("BACKUP_COMPATIBLE", "bigint", |_| 4.into())
        .col("PATH", "varchar(4096)", |s| s.path.clone().into())
        .when(profile >= Profile::V4_2_5)
        .col("CLUSTER_VERSION", "varchar(4096)", |s| s.compatible.clone().into())
        .col("CONSISTENT_SCN", "bigint unsigned", |s| s.min_restore_scn.into())
        .col("MINOR_TURN_ID", "bigint", |_| 1.into())
        .col("MAJOR_TURN_ID", "bigint", |_| 1.into())
}
