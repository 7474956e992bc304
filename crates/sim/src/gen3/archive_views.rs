//! The views of 3.x about log archiving. Their times are texts in the cluster's time zone.

use super::archive::{Piece, Progress};
use crate::civil;
use crate::profile::Profile;
use crate::sql::table::bytes_display;
use crate::sql::{Shape, Table, Value};
use crate::world::{Cluster, TenantId};

/// A tenant's round.
struct Row {
    round: u64,
    tenant: TenantId,
    status: &'static str,
    start_piece: u64,
    piece: u64,
    progress: Progress,
    zone_s: i32,
}

impl Row {
    fn text(&self, us: i64) -> Value {
        if us == 0 { Value::from("") } else { Value::Text(civil::format(us, self.zone_s)) }
    }
}

pub(super) fn table(cluster: &Cluster, name: &str) -> Option<Table> {
    Some(match name {
        "CDB_OB_BACKUP_ARCHIVELOG" => current_shape(cluster.profile).table(name, &current(cluster)),
        "CDB_OB_BACKUP_ARCHIVELOG_SUMMARY" => summary_shape().table(name, &summary(cluster)),
        "CDB_OB_BACKUP_ARCHIVELOG_PROGRESS" => partitions(cluster, name),
        "CDB_OB_BACKUP_PIECE_FILES" => pieces(cluster, name),
        _ => return None,
    })
}

/// The current round: one row for each tenant; the row of tenant 1 describes the whole cluster.
fn current(cluster: &Cluster) -> Vec<Row> {
    let archive = &cluster.three.archive;
    let whole = Progress { start_us: archive.start_us(), checkpoint_us: archive.checkpoint_us() };
    let sys_only = [(TenantId::SYS, whole)];
    let tenants = archive.tenants.iter().map(|(id, progress)| (*id, *progress));
    // A cluster that never archived also has the row of tenant 1.
    let rows: Vec<(TenantId, Progress)> =
        if archive.tenants.is_empty() { sys_only.to_vec() } else { tenants.collect() };
    rows.into_iter()
        .map(|(tenant, progress)| Row {
            round: archive.round,
            tenant,
            status: archive.status.text(),
            start_piece: archive.start_piece,
            piece: archive.pieces.last().map_or(0, |piece| piece.id),
            progress: if tenant == TenantId::SYS { whole } else { progress },
            zone_s: cluster.zone_s,
        })
        .collect()
}

fn summary(cluster: &Cluster) -> Vec<Row> {
    let past = cluster.three.archive.past.iter().map(|past| Row {
        round: past.round,
        tenant: past.tenant,
        status: "STOP",
        start_piece: 0,
        piece: 0,
        progress: past.progress,
        zone_s: cluster.zone_s,
    });
    let running = current(cluster).into_iter().filter(|row| row.status != "STOP");
    past.chain(running).collect()
}

fn current_shape(profile: Profile) -> Shape<Row> {
    Shape::<Row>::new()
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("LOG_ARCHIVE_ROUND", "bigint", |r| r.round.into())
        .col("TENANT_ID", "bigint", |r| r.tenant.into())
        .col("STATUS", "varchar(64)", |r| r.status.into())
        .when(profile > Profile::V2_2_77)
        .col("START_PIECE_ID", "bigint", |r| r.start_piece.into())
        .col("BACKUP_PIECE_ID", "bigint", |r| r.piece.into())
        .when(true)
        .col("MIN_FIRST_TIME", "varchar(26)", |r| r.text(r.progress.start_us))
        .col("MAX_NEXT_TIME", "varchar(26)", |r| r.text(r.progress.checkpoint_us))
        .col("INPUT_BYTES", "bigint", |_| 0.into())
        .col("OUTPUT_BYTES", "bigint", |_| 0.into())
        .col("COMPRESSION_RATIO", "decimal(23,2)", |_| Value::Real(0.0))
        .col("INPUT_BYTES_DISPLAY", "varchar(27)", |_| bytes_display(0))
        .col("OUTPUT_BYTES_DISPLAY", "varchar(27)", |_| bytes_display(0))
}

fn summary_shape() -> Shape<Row> {
    Shape::<Row>::new()
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("LOG_ARCHIVE_ROUND", "bigint", |r| r.round.into())
        .col("TENANT_ID", "bigint", |r| r.tenant.into())
        .col("STATUS", "varchar(64)", |r| r.status.into())
        .col("MIN_FIRST_TIME", "timestamp(6)", |r| Value::instant(r.progress.start_us))
        .col("MAX_NEXT_TIME", "timestamp(6)", |r| Value::instant(r.progress.checkpoint_us))
        .col("INPUT_BYTES", "bigint", |_| 0.into())
        .col("OUTPUT_BYTES", "bigint", |_| 0.into())
        .col("COMPRESSION_RATIO", "decimal(23,2)", |_| Value::Real(0.0))
        .col("INPUT_BYTES_DISPLAY", "varchar(27)", |_| bytes_display(0))
        .col("OUTPUT_BYTES_DISPLAY", "varchar(27)", |_| bytes_display(0))
}

fn partitions(cluster: &Cluster, name: &str) -> Table {
    let leader = cluster.leader();
    let rows: Vec<(Row, String, u16)> = current(cluster)
        .into_iter()
        .filter(|row| row.status != "STOP")
        .map(|row| (row, leader.ip.clone(), leader.rpc_port))
        .collect();
    Shape::<(Row, String, u16)>::new()
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("TENANT_ID", "bigint", |r| r.0.tenant.into())
        .col("LOG_ARCHIVE_ROUND", "bigint", |r| r.0.round.into())
        .col("SVR_IP", "varchar(32)", |r| r.1.clone().into())
        .col("SVR_PORT", "bigint", |r| i64::from(r.2).into())
        .col("TABLE_ID", "bigint", |r| ((r.0.tenant.0 << 40 | 50_001) as i64).into())
        .col("PARTITION_ID", "bigint", |_| 0.into())
        .col("MIN_FIRST_TIME", "varchar(26)", |r| r.0.text(r.0.progress.start_us))
        .col("MAX_NEXT_TIME", "varchar(26)", |r| r.0.text(r.0.progress.checkpoint_us))
        .col("STATUS", "varchar(11)", |r| r.0.status.into())
        .table(name, &rows)
}

fn pieces(cluster: &Cluster, name: &str) -> Table {
    type Row = (Piece, TenantId, i32);
    let text =
        |us: i64, zone_s: i32| if us == 0 { Value::Null } else { Value::Text(civil::format(us, zone_s)) };
    let archive = &cluster.three.archive;
    let rows: Vec<(Row, Value, Value)> = archive
        .pieces
        .iter()
        .flat_map(|piece| archive.tenants.keys().map(move |id| (piece.clone(), *id, cluster.zone_s)))
        .map(|row| {
            let (start, end) = (text(row.0.start_us, row.2), text(row.0.end_us, row.2));
            (row, start, end)
        })
        .collect();
    Shape::<(Row, Value, Value)>::new()
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("TENANT_ID", "bigint", |r| r.0.1.into())
        .col("ROUND_ID", "bigint", |r| r.0.0.round.into())
        .col("BACKUP_PIECE_ID", "bigint", |r| r.0.0.id.into())
        .col("COPY_ID", "bigint", |_| 0.into())
        .col("CREATE_DATE", "bigint", |r| r.0.0.day.into())
        .col("START_TS", "varchar(26)", |r| r.1.clone())
        .col("CHECKPOINT_TS", "varchar(26)", |r| r.2.clone())
        .col("MAX_TS", "varchar(26)", |r| r.2.clone())
        .col("STATUS", "varchar(64)", |r| r.0.0.status.into())
        .col("FILE_STATUS", "varchar(64)", |r| r.0.0.file_status.into())
        .col("COMPATIBLE", "bigint", |_| 1.into())
        .col("START_PIECE_ID", "bigint", |_| 1.into())
        .table(name, &rows)
}
