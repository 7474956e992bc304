//! The views of 4.x about destinations and log archiving.

use super::SCN;
use super::archive::{Piece, Round};
use super::destination::StorageInfo;
use crate::profile::Profile;
use crate::sql::table::{bytes_display, ratio, yes_no};
use crate::sql::{Shape, Table, Value};
use crate::world::{Cluster, TenantId};

/// The size of a log file.
const LOG_FILE_BYTES: i64 = 64 << 20;

pub(super) fn table(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    let archives = || cluster.four.tenants.values().map(|backups| &backups.archive);
    Some(match base {
        "OB_ARCHIVE_DEST" => destinations(cluster, name),
        "OB_BACKUP_PARAMETER" => parameters(cluster, name),
        "OB_BACKUP_STORAGE_INFO" => {
            storage(cluster.profile, cluster.four.tenants.values().flat_map(|b| &b.storage), name)
        }
        "OB_BACKUP_STORAGE_INFO_HISTORY" => storage(cluster.profile, [], name),
        "OB_ARCHIVELOG" => {
            let rounds: Vec<Round> = archives().filter_map(|archive| archive.round.clone()).collect();
            round_table(cluster.profile, name, &rounds, "PATH")
        }
        "OB_ARCHIVELOG_SUMMARY" => {
            let running = archives().filter_map(|a| a.round.clone()).filter(|round| round.status != "STOP");
            let past = archives().flat_map(|archive| archive.past.clone());
            let rounds: Vec<Round> = running.chain(past).collect();
            round_table(cluster.profile, name, &rounds, "COMMENT")
        }
        "OB_ARCHIVELOG_PIECE_FILES" => {
            let pieces: Vec<Piece> = archives().flat_map(|archive| archive.pieces.clone()).collect();
            piece_table(cluster.profile, name, &pieces)
        }
        "OB_LS_LOG_ARCHIVE_PROGRESS" => progress(cluster, name),
        _ => return None,
    })
}

fn destinations(cluster: &Cluster, name: &str) -> Table {
    let mut rows: Vec<(TenantId, &'static str, String)> = Vec::new();
    for (id, backups) in &cluster.four.tenants {
        if let Some(destination) = &backups.archive.destination {
            rows.push((*id, "binding", destination.binding.clone()));
            rows.push((*id, "dest_id", destination.place.id.to_string()));
            rows.push((*id, "path", destination.place.full.clone()));
            rows.push((*id, "piece_switch_interval", destination.interval.clone()));
            rows.push((*id, "state", if destination.is_enabled { "ENABLE" } else { "DEFER" }.to_owned()));
            if cluster.profile >= Profile::V4_3_5 {
                rows.push((*id, "compression", destination.compression.clone()));
            }
        }
    }
    Shape::new()
        .col("TENANT_ID", "bigint", |r: &(TenantId, &'static str, String)| r.0.into())
        .col("DEST_NO", "bigint", |_| 0.into())
        .col("NAME", "varchar(1024)", |r| r.1.into())
        .col("VALUE", "varchar(4096)", |r| r.2.clone().into())
        .table(name, &rows)
}

fn parameters(cluster: &Cluster, name: &str) -> Table {
    let tenants = cluster.four.tenants.iter();
    let rows: Vec<(TenantId, String)> =
        tenants.filter_map(|(id, backups)| Some((*id, backups.data.as_ref()?.full.clone()))).collect();
    Shape::new()
        .col("TENANT_ID", "bigint", |r: &(TenantId, String)| r.0.into())
        .col("NAME", "varchar(1024)", |_| "data_backup_dest".into())
        .col("VALUE", "longtext", |r| r.1.clone().into())
        .table(name, &rows)
}

fn storage<'a>(profile: Profile, rows: impl IntoIterator<Item = &'a StorageInfo>, name: &str) -> Table {
    Shape::<StorageInfo>::new()
        .col("TENANT_ID", "bigint", |s| s.tenant.into())
        .col("PATH", "varchar(1024)", |s| s.path.clone().into())
        .col("ENDPOINT", "varchar(256)", |s| s.endpoint.clone().into())
        .col("DEST_ID", "bigint", |s| s.id.into())
        .col("DEST_TYPE", "varchar(64)", |s| s.kind.into())
        .col("AUTHORIZATION", "varchar(1024)", |s| s.authorization.clone().into())
        .col("EXTENSION", "varchar(512)", |s| s.extension.clone().into())
        .col("CHECK_FILE_NAME", "varchar(256)", |s| s.check_file.clone().into())
        .col("LAST_CHECK_TIMESTAMP", "timestamp(6)", |s| Value::instant(s.checked_us))
        .when(profile >= Profile::V4_3_5)
        .col("MAX_IOPS", "bigint", |_| 0.into())
        .col("MAX_BANDWIDTH", "bigint", |_| 0.into())
        .col("MAX_BANDWIDTH_DISPLAY", "varchar(29)", |_| "UNLIMITED".into())
        .table(name, rows)
}

fn scn_time(scn: i64) -> Value {
    Value::instant(scn / SCN)
}

/// The type of `…_SCN_DISPLAY` columns.
pub(super) fn display_type(profile: Profile) -> &'static str {
    if profile == Profile::V4_0 { "varchar(26)" } else { "datetime(6)" }
}

fn round_table(profile: Profile, name: &str, rounds: &[Round], last: &str) -> Table {
    let display = display_type(profile);
    let has_unit = profile > Profile::V4_0;
    // The view of the current rounds combines two sources, which widens the types.
    let [bytes, shown, part] = if last == "PATH" {
        ["bigint(21)", "varchar(28)", "decimal(24,2)"]
    } else {
        ["bigint", "varchar(27)", "decimal(23,2)"]
    };
    let shape = Shape::<Round>::new()
        .col("TENANT_ID", "bigint", |r| r.tenant.into())
        .col("DEST_ID", "bigint", |r| r.destination.into())
        .col("ROUND_ID", "bigint", |r| r.id.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("DEST_NO", "bigint", |_| 0.into())
        .col("STATUS", "varchar(64)", |r| r.status.into())
        .col("START_SCN", "bigint unsigned", |r| r.start_scn.into())
        .col("START_SCN_DISPLAY", display, |r| scn_time(r.start_scn))
        .col("CHECKPOINT_SCN", "bigint unsigned", |r| r.checkpoint_scn.into())
        .col("CHECKPOINT_SCN_DISPLAY", display, |r| scn_time(r.checkpoint_scn))
        .col("COMPATIBLE", "bigint", |_| 1.into())
        .col("BASE_PIECE_ID", "bigint", |r| r.base_piece.into())
        .col("USED_PIECE_ID", "bigint", |r| r.used_piece.into())
        .col("PIECE_SWITCH_INTERVAL", "bigint", |r| r.interval_us.into())
        .when(has_unit)
        .col("UNIT_SIZE", "bigint", |_| 1.into())
        .col("COMPRESSION", "varchar(128)", |r| r.compression.clone().into())
        .when(true)
        .col("INPUT_BYTES", bytes, |r| r.input_bytes.into())
        .col("INPUT_BYTES_DISPLAY", shown, |r| bytes_display(r.input_bytes))
        .col("OUTPUT_BYTES", bytes, |r| r.output_bytes.into())
        .col("OUTPUT_BYTES_DISPLAY", shown, |r| bytes_display(r.output_bytes))
        .col("COMPRESSION_RATIO", part, |r| ratio(r.input_bytes, r.output_bytes))
        .col("DELETED_INPUT_BYTES", "bigint", |r| r.deleted_input_bytes.into())
        .col("DELETED_INPUT_BYTES_DISPLAY", "varchar(27)", |r| bytes_display(r.deleted_input_bytes))
        .col("DELETED_OUTPUT_BYTES", "bigint", |r| r.deleted_output_bytes.into())
        .col("DELETED_OUTPUT_BYTES_DISPLAY", "varchar(27)", |r| bytes_display(r.deleted_output_bytes));
    let shape = if last == "PATH" {
        shape.col("COMMENT", "varchar(262144)", |r| r.comment.clone().into()).col(
            "PATH",
            "varchar(2048)",
            |r| r.path.clone().into(),
        )
    } else {
        shape
            .col("PATH", "varchar(2048)", |r| r.path.clone().into())
            .col("COMMENT", "varchar(262144)", |r| r.comment.clone().into())
    };
    shape.table(name, rounds)
}

fn piece_table(profile: Profile, name: &str, pieces: &[Piece]) -> Table {
    let display = display_type(profile);
    Shape::<Piece>::new()
        .col("TENANT_ID", "bigint", |p| p.tenant.into())
        .col("DEST_ID", "bigint", |p| p.destination.into())
        .col("ROUND_ID", "bigint", |p| p.round.into())
        .col("PIECE_ID", "bigint", |p| p.id.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("DEST_NO", "bigint", |_| 0.into())
        .col("STATUS", "varchar(64)", |p| p.status.into())
        .col("START_SCN", "bigint unsigned", |p| p.start_scn.into())
        .col("START_SCN_DISPLAY", display, |p| scn_time(p.start_scn))
        .col("CHECKPOINT_SCN", "bigint unsigned", |p| p.checkpoint_scn.into())
        .col("CHECKPOINT_SCN_DISPLAY", display, |p| scn_time(p.checkpoint_scn))
        .col("MAX_SCN", "bigint unsigned", |p| p.checkpoint_scn.into())
        .col("END_SCN", "bigint unsigned", |p| p.end_scn.into())
        .col("END_SCN_DISPLAY", display, |p| scn_time(p.end_scn))
        .col("COMPATIBLE", "bigint", |_| 1.into())
        .when(profile > Profile::V4_0)
        .col("UNIT_SIZE", "bigint", |_| 1.into())
        .col("COMPRESSION", "varchar(128)", |p| p.compression.clone().into())
        .when(true)
        .col("INPUT_BYTES", "bigint", |p| p.input_bytes.into())
        .col("INPUT_BYTES_DISPLAY", "varchar(27)", |p| bytes_display(p.input_bytes))
        .col("OUTPUT_BYTES", "bigint", |p| p.output_bytes.into())
        .col("OUTPUT_BYTES_DISPLAY", "varchar(27)", |p| bytes_display(p.output_bytes))
        .col("COMPRESSION_RATIO", "decimal(23,2)", |p| ratio(p.input_bytes, p.output_bytes))
        .col("FILE_STATUS", "varchar(64)", |p| p.file_status.into())
        .col("PATH", "varchar(2048)", |p| p.path.clone().into())
        .table(name, pieces)
}

/// The archive progress of each log stream.
fn progress(cluster: &Cluster, name: &str) -> Table {
    type Row = (Round, u64);
    let rounds = cluster.four.tenants.values().filter_map(|backups| backups.archive.round.as_ref());
    let rows: Vec<Row> = rounds
        .filter(|round| round.status != "STOP")
        .flat_map(|round| {
            let streams = cluster.tenants.get(&round.tenant).map(|tenant| tenant.log_streams.clone());
            streams.unwrap_or_default().into_iter().map(|stream| (round.clone(), stream))
        })
        .collect();
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.0.tenant.into())
        .col("DEST_ID", "bigint", |r| r.0.destination.into())
        .col("LS_ID", "bigint", |r| r.1.into())
        .col("ROUND_ID", "bigint", |r| r.0.id.into())
        .col("PIECE_ID", "bigint", |r| r.0.used_piece.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("START_SCN", "bigint unsigned", |r| r.0.start_scn.into())
        .col("MIN_LSN", "bigint unsigned", |_| 0.into())
        .col("MAX_LSN", "bigint unsigned", |r| (r.0.input_bytes / 2).into())
        .col("CHECKPOINT_SCN", "bigint unsigned", |r| r.0.checkpoint_scn.into())
        .col("STATUS", "varchar(64)", |r| {
            if r.0.status == "INTERRUPTED" { "INTERRUPT" } else { "DOING" }.into()
        })
        .col("FILE_ID", "bigint", |r| (1 + r.0.input_bytes / 2 / LOG_FILE_BYTES).into())
        .col("FILE_OFFSET", "bigint", |r| (r.0.input_bytes / 2 % LOG_FILE_BYTES).into())
        .col("INPUT_BYTES", "bigint", |r| (r.0.input_bytes / 2).into())
        .col("OUTPUT_BYTES", "bigint", |r| (r.0.output_bytes / 2).into())
        .table(name, &rows)
}

/// `V$OB_ARCHIVE_DEST_STATUS`: whether the archive of each destination is synchronized.
pub(super) fn destination_status(cluster: &Cluster, name: &str) -> Table {
    type Row = (TenantId, u64, String, Option<Round>);
    let rows: Vec<Row> = cluster
        .four
        .tenants
        .iter()
        .filter_map(|(id, backups)| {
            let place = &backups.archive.destination.as_ref()?.place;
            Some((*id, place.id, place.bare.clone(), backups.archive.round.clone()))
        })
        .collect();
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.0.into())
        .col("DEST_ID", "bigint", |r| r.1.into())
        .col("PATH", "varchar(4096)", |r| r.2.clone().into())
        .col("STATUS", "varchar(64)", |r| r.3.as_ref().map_or("STOP", |round| round.status).into())
        .col("CHECKPOINT_SCN", "bigint unsigned", |r| r.3.as_ref().map(|round| round.checkpoint_scn).into())
        .col("SYNCHRONIZED", "varchar(32)", |r| {
            yes_no(r.3.as_ref().is_some_and(|round| round.status == "DOING"))
        })
        .col("COMMENT", "varchar(262144)", |r| r.3.as_ref().map(|round| round.comment.clone()).into())
        .table(name, &rows)
}
