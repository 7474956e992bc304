//! The views of 4.x about recovering tables. The simulator recovers no tables, so they are empty.

use crate::sql::Table;

pub(super) fn table(base: &str, name: &str) -> Option<Table> {
    Some(match base {
        "OB_RECOVER_TABLE_JOBS" | "OB_RECOVER_TABLE_JOB_HISTORY" => Table::empty(name, RECOVERIES),
        "OB_IMPORT_TABLE_JOBS" | "OB_IMPORT_TABLE_JOB_HISTORY" => Table::empty(name, IMPORTS),
        "OB_IMPORT_TABLE_TASKS" => Table::empty(name, IMPORT_TASKS),
        "OB_IMPORT_TABLE_TASK_HISTORY" => {
            let mut table = Table::empty(name, IMPORT_TASKS);
            // A number in the current view, a text in the history.
            table.columns[1].1 = "varchar(4096)";
            table
        }
        _ => return None,
    })
}

/// A recovery of tables, which restores an auxiliary tenant first.
const RECOVERIES: &[(&str, &str)] = &[
    ("TENANT_ID", "bigint"),
    ("JOB_ID", "bigint"),
    ("INITIATOR_TENANT_ID", "bigint"),
    ("INITIATOR_JOB_ID", "bigint"),
    ("START_TIMESTAMP", "timestamp(6)"),
    ("FINISH_TIMESTAMP", "timestamp(6)"),
    ("STATUS", "varchar(64)"),
    ("AUX_TENANT_NAME", "varchar(64)"),
    ("TARGET_TENANT_NAME", "varchar(64)"),
    ("IMPORT_ALL", "tinyint"),
    ("DB_LIST", "longtext"),
    ("TABLE_LIST", "longtext"),
    ("RESTORE_SCN", "bigint unsigned"),
    ("RESTORE_SCN_DISPLAY", "datetime(6)"),
    ("RESTORE_OPTION", "varchar(4096)"),
    ("BACKUP_DEST", "varchar(4096)"),
    ("BACKUP_SET_LIST", "longtext"),
    ("BACKUP_PIECE_LIST", "longtext"),
    ("BACKUP_PASSWD", "varchar(4096)"),
    ("EXTERNAL_KMS_INFO", "varchar(4096)"),
    ("REMAP_DB_LIST", "longtext"),
    ("REMAP_TABLE_LIST", "longtext"),
    ("REMAP_TABLEGROUP_LIST", "longtext"),
    ("REMAP_TABLESPACE_LIST", "longtext"),
    ("RESULT", "varchar(64)"),
    ("COMMENT", "longtext"),
    ("DESCRIPTION", "longtext"),
];

/// The import of tables out of the auxiliary tenant.
const IMPORTS: &[(&str, &str)] = &[
    ("TENANT_ID", "bigint"),
    ("JOB_ID", "bigint"),
    ("INITIATOR_TENANT_ID", "bigint"),
    ("INITIATOR_JOB_ID", "bigint"),
    ("START_TIMESTAMP", "timestamp(6)"),
    ("FINISH_TIMESTAMP", "timestamp(6)"),
    ("SRC_TENANT_NAME", "varchar(64)"),
    ("SRC_TENANT_ID", "bigint"),
    ("STATUS", "varchar(64)"),
    ("IMPORT_ALL", "tinyint"),
    ("DB_LIST", "longtext"),
    ("TABLE_LIST", "longtext"),
    ("REMAP_DB_LIST", "longtext"),
    ("REMAP_TABLE_LIST", "longtext"),
    ("REMAP_TABLEGROUP_LIST", "longtext"),
    ("REMAP_TABLESPACE_LIST", "longtext"),
    ("TOTAL_TABLE_COUNT", "bigint"),
    ("FINISHED_TABLE_COUNT", "bigint"),
    ("FAILED_TABLE_COUNT", "bigint"),
    ("RESULT", "varchar(64)"),
    ("COMMENT", "longtext"),
    ("DESCRIPTION", "longtext"),
];

/// The import of one table.
const IMPORT_TASKS: &[(&str, &str)] = &[
    ("TENANT_ID", "bigint"),
    ("TASK_ID", "bigint"),
    ("JOB_ID", "bigint"),
    ("SRC_TENANT_ID", "bigint"),
    ("SRC_TABLESPACE", "varchar(128)"),
    ("SRC_TABLEGROUP", "varchar(128)"),
    ("SRC_DATABASE", "varchar(128)"),
    ("SRC_TABLE", "varchar(128)"),
    ("SRC_PARTITION", "varchar(64)"),
    ("TARGET_TABLESPACE", "varchar(128)"),
    ("TARGET_TABLEGROUP", "varchar(128)"),
    ("TARGET_DATABASE", "varchar(128)"),
    ("TARGET_TABLE", "varchar(128)"),
    ("TABLE_COLUMN", "bigint"),
    ("STATUS", "varchar(64)"),
    ("START_TIMESTAMP", "timestamp(6)"),
    ("COMPLETION_TIMESTAMP", "timestamp(6)"),
    ("CUMULATIVE_TS", "bigint"),
    ("TOTAL_INDEX_COUNT", "bigint"),
    ("IMPORTED_INDEX_COUNT", "bigint"),
    ("FAILED_INDEX_COUNT", "bigint"),
    ("TOTAL_CONSTRAINT_COUNT", "bigint"),
    ("IMPORTED_CONSTRAINT_COUNT", "bigint"),
    ("FAILED_CONSTRAINT_COUNT", "bigint"),
    ("TOTAL_REF_CONSTRAINT_COUNT", "bigint"),
    ("IMPORTED_REF_CONSTRAINT_COUNT", "bigint"),
    ("FAILED_REF_CONSTRAINT_COUNT", "bigint"),
    ("RESULT", "varchar(64)"),
    ("COMMENT", "longtext"),
];
