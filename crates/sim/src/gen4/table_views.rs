//! The views of 4.x about recovering tables.

use super::SCN;
use super::table_recovery::{Import, Item, Stage, TableRecovery};
use crate::sql::{Shape, Table, Value};
use crate::world::{Cluster, TenantId};

/// A recovery, as shown for one of its two tenants; only the second one shows the import.
struct Row {
    recovery: TableRecovery,
    is_sys: bool,
}

impl Row {
    fn tenant(&self) -> TenantId {
        if self.is_sys { TenantId::SYS } else { self.recovery.tenant }
    }

    fn status(&self) -> &'static str {
        match (self.recovery.stage, self.is_sys) {
            (Stage::Completed, _) => "COMPLETED",
            (Stage::Failed, _) => "FAILED",
            (Stage::Prepare, _) => "PREPARE",
            (_, true) => "RECOVERING",
            (Stage::Restore, false) => "RESTORE_AUX_TENANT",
            (Stage::Activate, false) => "ACTIVE_AUX_TENANT",
            (Stage::Precheck, false) => "PRECHECK_IMPORT",
            (Stage::Generate, false) => "GEN_IMPORT_JOB",
            (Stage::Import, false) => "IMPORTING",
            (Stage::Canceling, false) => "CANCELING",
        }
    }

    fn import_status(&self) -> &'static str {
        match self.recovery.stage {
            Stage::Completed => "IMPORT_FINISH",
            Stage::Failed => "IMPORT_FAILED",
            Stage::Canceling => "CANCELING",
            Stage::Import => "IMPORT_TABLE",
            _ => "INIT",
        }
    }

    fn list(&self, wanted: fn(&Item) -> Option<String>) -> Value {
        let items: Vec<String> = self.recovery.items.iter().filter_map(wanted).collect();
        items.join(",").into()
    }

    fn remaps(&self, wanted: fn(&Item) -> Option<String>) -> Value {
        let pairs = self
            .recovery
            .remaps
            .iter()
            .filter_map(|(old, new)| Some(format!("{}:{}", wanted(old)?, wanted(new)?)));
        pairs.collect::<Vec<_>>().join(",").into()
    }

    fn count(&self, result: &str) -> Value {
        let done = self.recovery.imports.iter().filter(|import| import.result == Some(result));
        (done.count() as i64).into()
    }
}

fn database(item: &Item) -> Option<String> {
    match item {
        Item::Database(name) => Some(format!("`{name}`")),
        Item::All | Item::Table(..) => None,
    }
}

fn table_name(item: &Item) -> Option<String> {
    match item {
        Item::Table(database, table) => Some(format!("`{database}`.`{table}`")),
        Item::All | Item::Database(_) => None,
    }
}

fn imports_all(row: &Row) -> Value {
    i64::from(row.recovery.items.contains(&Item::All)).into()
}

pub(super) fn table(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    let rows = |in_history: bool, with_sys: bool| -> Vec<Row> {
        let recoveries = cluster.four.table_recoveries.iter().filter(|own| own.in_history == in_history);
        let tenants: &[bool] = if with_sys { &[true, false] } else { &[false] };
        recoveries
            .flat_map(|own| tenants.iter().map(|is_sys| Row { recovery: own.clone(), is_sys: *is_sys }))
            .collect()
    };
    let imports = |in_history: bool| -> Vec<Row> {
        let begun = |row: &Row| row.recovery.import_start_us > 0;
        rows(in_history, false).into_iter().filter(begun).collect()
    };
    let tasks = |in_history: bool| -> Vec<(TableRecovery, Import)> {
        let each = imports(in_history).into_iter().flat_map(|row| {
            let all = row.recovery.imports.clone();
            all.into_iter().map(move |import| (row.recovery.clone(), import))
        });
        each.collect()
    };
    Some(match base {
        "OB_RECOVER_TABLE_JOBS" => recoveries().table(name, &rows(false, true)),
        "OB_RECOVER_TABLE_JOB_HISTORY" => recoveries().table(name, &rows(true, true)),
        "OB_IMPORT_TABLE_JOBS" => import_jobs().table(name, &imports(false)),
        "OB_IMPORT_TABLE_JOB_HISTORY" => import_jobs().table(name, &imports(true)),
        "OB_IMPORT_TABLE_TASKS" => import_tasks("bigint").table(name, &tasks(false)),
        // The ID is a number in the current view and a text in the history.
        "OB_IMPORT_TABLE_TASK_HISTORY" => import_tasks("varchar(4096)").table(name, &tasks(true)),
        _ => return None,
    })
}

/// A recovery of tables, which first restores an auxiliary tenant.
fn recoveries() -> Shape<Row> {
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.tenant().into())
        .col("JOB_ID", "bigint", |r| r.recovery.job.into())
        .col("INITIATOR_TENANT_ID", "bigint", |_| TenantId::SYS.into())
        .col("INITIATOR_JOB_ID", "bigint", |r| if r.is_sys { 0 } else { r.recovery.job }.into())
        .col("START_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.recovery.start_us))
        .col("FINISH_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.recovery.end_us))
        .col("STATUS", "varchar(64)", |r| r.status().into())
        .col("AUX_TENANT_NAME", "varchar(64)", |r| r.recovery.aux_name.clone().into())
        .col("TARGET_TENANT_NAME", "varchar(64)", |r| r.recovery.tenant_name.clone().into())
        .col("IMPORT_ALL", "tinyint", imports_all)
        .col("DB_LIST", "longtext", |r| r.list(database))
        .col("TABLE_LIST", "longtext", |r| r.list(table_name))
        .col("RESTORE_SCN", "bigint unsigned", |r| r.recovery.scn.into())
        .col("RESTORE_SCN_DISPLAY", "datetime(6)", |r| Value::instant(r.recovery.scn / SCN))
        .col("RESTORE_OPTION", "varchar(4096)", |r| r.recovery.options.clone().into())
        .col("BACKUP_DEST", "varchar(4096)", |r| r.recovery.sources.clone().into())
        .col("BACKUP_SET_LIST", "longtext", |r| r.recovery.set_list.clone().into())
        .col("BACKUP_PIECE_LIST", "longtext", |r| r.recovery.piece_list.clone().into())
        .col("BACKUP_PASSWD", "varchar(4096)", |_| "".into())
        .col("EXTERNAL_KMS_INFO", "varchar(4096)", |_| "".into())
        .col("REMAP_DB_LIST", "longtext", |r| r.remaps(database))
        .col("REMAP_TABLE_LIST", "longtext", |r| r.remaps(table_name))
        .col("REMAP_TABLEGROUP_LIST", "longtext", |_| "".into())
        .col("REMAP_TABLESPACE_LIST", "longtext", |_| "".into())
        .col("RESULT", "varchar(64)", |r| r.recovery.result.unwrap_or_default().into())
        .col("COMMENT", "longtext", |r| r.recovery.comment.clone().into())
        .col("DESCRIPTION", "longtext", |r| r.recovery.description.clone().into())
}

/// The import of tables from the auxiliary tenant.
fn import_jobs() -> Shape<Row> {
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.tenant().into())
        .col("JOB_ID", "bigint", |r| r.recovery.job.into())
        .col("INITIATOR_TENANT_ID", "bigint", |r| r.tenant().into())
        .col("INITIATOR_JOB_ID", "bigint", |r| r.recovery.job.into())
        .col("START_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.recovery.import_start_us))
        .col("FINISH_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.recovery.end_us))
        .col("SRC_TENANT_NAME", "varchar(64)", |r| r.recovery.aux_name.clone().into())
        .col("SRC_TENANT_ID", "bigint", |_| 0.into())
        .col("STATUS", "varchar(64)", |r| r.import_status().into())
        .col("IMPORT_ALL", "tinyint", imports_all)
        .col("DB_LIST", "longtext", |r| r.list(database))
        .col("TABLE_LIST", "longtext", |r| r.list(table_name))
        .col("REMAP_DB_LIST", "longtext", |r| r.remaps(database))
        .col("REMAP_TABLE_LIST", "longtext", |r| r.remaps(table_name))
        .col("REMAP_TABLEGROUP_LIST", "longtext", |_| "".into())
        .col("REMAP_TABLESPACE_LIST", "longtext", |_| "".into())
        .col("TOTAL_TABLE_COUNT", "bigint", |r| (r.recovery.imports.len() as i64).into())
        .col("FINISHED_TABLE_COUNT", "bigint", |r| r.count("SUCCESS"))
        .col("FAILED_TABLE_COUNT", "bigint", |r| r.count("FAILED"))
        .col("RESULT", "varchar(64)", |r| r.recovery.result.unwrap_or_default().into())
        .col("COMMENT", "longtext", |r| r.recovery.comment.clone().into())
        .col("DESCRIPTION", "longtext", |_| "".into())
}

/// The import of one table.
fn import_tasks(task_id: &'static str) -> Shape<(TableRecovery, Import)> {
    fn status(import: &Import) -> &'static str {
        if import.result.is_some() { "FINISH" } else { "INIT" }
    }
    Shape::<(TableRecovery, Import)>::new()
        .col("TENANT_ID", "bigint", |r| r.0.tenant.into())
        .col("TASK_ID", task_id, |r| r.1.id.into())
        .col("JOB_ID", "bigint", |r| r.0.job.into())
        .col("SRC_TENANT_ID", "bigint", |_| 0.into())
        .col("SRC_TABLESPACE", "varchar(128)", |_| "".into())
        .col("SRC_TABLEGROUP", "varchar(128)", |_| "".into())
        .col("SRC_DATABASE", "varchar(128)", |r| r.1.from.0.clone().into())
        .col("SRC_TABLE", "varchar(128)", |r| r.1.from.1.clone().into())
        .col("SRC_PARTITION", "varchar(64)", |_| "".into())
        .col("TARGET_TABLESPACE", "varchar(128)", |_| "".into())
        .col("TARGET_TABLEGROUP", "varchar(128)", |_| "".into())
        .col("TARGET_DATABASE", "varchar(128)", |r| r.1.to.0.clone().into())
        .col("TARGET_TABLE", "varchar(128)", |r| r.1.to.1.clone().into())
        .col("TABLE_COLUMN", "bigint", |_| 2.into())
        .col("STATUS", "varchar(64)", |r| status(&r.1).into())
        .col("START_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.1.start_us))
        .col("COMPLETION_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.1.end_us))
        .col("CUMULATIVE_TS", "bigint", |_| 0.into())
        .col("TOTAL_INDEX_COUNT", "bigint", |_| 0.into())
        .col("IMPORTED_INDEX_COUNT", "bigint", |_| 0.into())
        .col("FAILED_INDEX_COUNT", "bigint", |_| 0.into())
        .col("TOTAL_CONSTRAINT_COUNT", "bigint", |_| 0.into())
        .col("IMPORTED_CONSTRAINT_COUNT", "bigint", |_| 0.into())
        .col("FAILED_CONSTRAINT_COUNT", "bigint", |_| 0.into())
        .col("TOTAL_REF_CONSTRAINT_COUNT", "bigint", |_| 0.into())
        .col("IMPORTED_REF_CONSTRAINT_COUNT", "bigint", |_| 0.into())
        .col("FAILED_REF_CONSTRAINT_COUNT", "bigint", |_| 0.into())
        .col("RESULT", "varchar(64)", |r| r.1.result.unwrap_or_default().into())
        .col("COMMENT", "longtext", |r| r.1.comment.clone().into())
}
