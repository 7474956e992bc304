//! Every table with its columns, in an order for restoring rows. A test compares it with the schema, so that no table
//! is missing in a copy.

mod column;

use crate::sql::{Statement, statement};
pub(crate) use column::Column;

/// The schema of a copy: the newest step for SQLite. The steps for servers lead to the same tables.
pub(crate) const SCHEMA: u32 = 21;

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    /// The key of its rows.
    key: &'static str,
    /// The name of the row that belongs to the database itself, and is neither copied nor restored.
    own_row: Option<&'static str>,
}

use Column::{Number, Text};

/// Every table; those that others refer to come first.
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "settings",
        columns: &[Text("name"), Text("value")],
        key: "name",
        own_row: Some("restoring"),
    },
    Table {
        name: "counters",
        columns: &[Text("name"), Number("value")],
        key: "name",
        own_row: Some("turns"),
    },
    Table {
        name: "users",
        columns: &[
            Number("id"),
            Text("name"),
            Text("role"),
            Text("password_hash"),
            Number("must_change_password"),
            Number("created_at"),
        ],
        key: "id",
        own_row: None,
    },
    Table {
        name: "disabled_users",
        columns: &[Number("user_id"), Number("disabled_at")],
        key: "user_id",
        own_row: None,
    },
    Table {
        name: "sessions",
        columns: &[
            Text("token_hash"),
            Number("user_id"),
            Text("password_hash"),
            Number("created_at"),
            Number("used_at"),
        ],
        key: "token_hash",
        own_row: None,
    },
    Table {
        name: "tokens",
        columns: &[
            Number("id"),
            Number("user_id"),
            Text("name"),
            Text("token_hash"),
            Number("created_at"),
            Number("expires_at"),
            Number("used_at"),
        ],
        key: "id",
        own_row: None,
    },
    Table {
        name: "token_parents",
        columns: &[Number("token_id"), Number("parent_id")],
        key: "token_id",
        own_row: None,
    },
    Table {
        name: "audit_lines",
        columns: &[
            Number("id"),
            Number("written_at"),
            Text("user_name"),
            Text("address"),
            Text("action"),
            Text("target"),
            Text("outcome"),
        ],
        key: "id",
        own_row: None,
    },
    Table {
        name: "clusters",
        columns: &[
            Number("id"),
            Text("name"),
            Text("addresses"),
            Text("user_name"),
            Text("password"),
            Text("facts"),
            Text("status"),
            Number("created_at"),
            Number("probed_at"),
        ],
        key: "id",
        own_row: None,
    },
    Table {
        name: "tenants",
        columns: &[Number("cluster_id"), Number("tenant_id"), Text("name"), Text("facts")],
        key: "cluster_id, tenant_id",
        own_row: None,
    },
    Table {
        name: "tenant_credentials",
        columns: &[
            Number("id"),
            Number("cluster_id"),
            Number("tenant_id"),
            Text("user_name"),
            Text("password"),
            Number("created_at"),
        ],
        key: "id",
        own_row: None,
    },
    Table {
        name: "storages",
        columns: &[
            Number("id"),
            Text("name"),
            Text("kind"),
            Text("path"),
            Text("endpoint"),
            Text("access_key_id"),
            Text("app_id"),
            Text("secret"),
            Number("created_at"),
        ],
        key: "id",
        own_row: None,
    },
    Table {
        name: "strategies",
        columns: &[
            Number("id"),
            Number("cluster_id"),
            Number("tenant_id"),
            Number("owner_id"),
            Number("storage_id"),
            Text("settings"),
            Number("paused"),
            Number("since_at"),
            Number("created_at"),
        ],
        key: "id",
        own_row: None,
    },
    Table {
        name: "strategy_runs",
        columns: &[
            Number("strategy_id"),
            Number("due_at"),
            Text("planned"),
            Number("decided_at"),
            Text("kind"),
            Number("task_id"),
            Text("miss"),
            Text("note"),
        ],
        key: "strategy_id, due_at",
        own_row: None,
    },
    Table {
        name: "log_delays",
        columns: &[Number("cluster_id"), Number("tenant_id"), Number("taken_at"), Number("delay_us")],
        key: "cluster_id, tenant_id, taken_at",
        own_row: None,
    },
    Table {
        name: "log_gaps",
        columns: &[
            Number("cluster_id"),
            Number("tenant_id"),
            Number("round_no"),
            Number("logs_until"),
            Number("logs_from"),
            Text("comment"),
            Number("found_at"),
            Number("stop_task"),
            Number("start_task"),
            Number("backup_task"),
            Number("closed"),
        ],
        key: "cluster_id, tenant_id, round_no",
        own_row: None,
    },
    Table {
        name: "storage_uses",
        columns: &[
            Number("cluster_id"),
            Number("storage_id"),
            Number("taken_at"),
            Number("data_bytes"),
            Number("log_bytes"),
            Number("capacity_bytes"),
            Number("used_bytes"),
        ],
        key: "cluster_id, storage_id, taken_at",
        own_row: None,
    },
    Table {
        name: "backup_sets",
        columns: &[
            Number("id"),
            Number("task_id"),
            Number("cluster_id"),
            Text("cluster_name"),
            Number("tenant_id"),
            Text("tenant_name"),
            Text("method"),
            Text("mode"),
            Number("storage_id"),
            Text("path"),
            Number("scn"),
            Number("byte_count"),
            Number("row_count"),
            Number("table_count"),
            Number("started_at"),
            Number("finished_at"),
            Text("status"),
        ],
        key: "id",
        own_row: None,
    },
    Table {
        name: "left_out",
        columns: &[Number("backup_set_id"), Text("objects")],
        key: "backup_set_id",
        own_row: None,
    },
    Table {
        name: "backup_holds",
        columns: &[
            Number("backup_set_id"),
            Text("reason"),
            Text("owner"),
            Number("until_at"),
            Number("since_at"),
        ],
        key: "backup_set_id",
        own_row: None,
    },
    Table { name: "alarms", columns: column::ALARMS, key: "id", own_row: None },
    Table { name: "channels", columns: column::CHANNELS, key: "id", own_row: None },
    Table {
        name: "channel_receivers",
        columns: &[Number("channel_id"), Text("receiver")],
        key: "channel_id",
        own_row: None,
    },
    Table { name: "notices", columns: column::NOTICES, key: "id", own_row: None },
    Table {
        name: "channel_failures",
        columns: &[Number("channel_id"), Number("since_at"), Number("failed_at"), Text("problem")],
        key: "channel_id",
        own_row: None,
    },
    Table {
        name: "restores",
        columns: &[
            Number("task_id"),
            Number("backup_set_id"),
            Number("cluster_id"),
            Number("tenant_id"),
            Text("targets"),
            Number("byte_count"),
            Number("row_count"),
            Number("table_count"),
            Number("started_at"),
            Number("finished_at"),
        ],
        key: "task_id",
        own_row: None,
    },
    Table {
        name: "tasks",
        columns: &[
            Number("id"),
            Text("kind"),
            Number("version"),
            Text("status"),
            Text("operation"),
            Text("creator"),
            Text("name"),
            Text("exclusive_key"),
            Text("occupied_key"),
            Text("state"),
            Text("note"),
            Text("cancels"),
            Number("revision"),
            Number("fence"),
            Number("created_at"),
            Number("started_at"),
            Number("finished_at"),
            Number("due_at"),
            Text("lease_owner"),
            Number("lease_until"),
        ],
        key: "id",
        own_row: None,
    },
    Table {
        name: "task_queue",
        columns: &[Number("task_id"), Number("start_before")],
        key: "task_id",
        own_row: None,
    },
    Table {
        name: "submissions",
        columns: &[
            Number("user_id"),
            Text("action"),
            Text("sender_key"),
            Text("order_digest"),
            Number("task_id"),
            Number("submitted_at"),
        ],
        key: "user_id, action, sender_key",
        own_row: None,
    },
    Table {
        name: "task_subjects",
        columns: &[Number("task_id"), Text("name"), Text("value")],
        key: "task_id, name",
        own_row: None,
    },
    Table {
        name: "task_lanes",
        columns: &[Number("task_id"), Number("place"), Text("lane_key"), Text("state")],
        key: "task_id, place",
        own_row: None,
    },
    Table {
        name: "task_rows",
        columns: &[
            Number("task_id"),
            Number("row_no"),
            Text("step"),
            Text("lane"),
            Number("skippable"),
            Number("timeout_us"),
            Text("status"),
            Number("skipped"),
            Text("undo_state"),
            Number("runs"),
            Number("attempts"),
            Text("progress"),
            Text("note"),
            Number("started_at"),
            Number("finished_at"),
            Number("since"),
            Number("due_at"),
            Number("log_lines"),
        ],
        key: "task_id, row_no",
        own_row: None,
    },
    Table {
        name: "task_log",
        columns: &[Number("task_id"), Number("row_no"), Number("seq"), Number("written_at"), Text("note")],
        key: "task_id, row_no, seq",
        own_row: None,
    },
    Table {
        name: "task_events",
        columns: &[Number("seq"), Number("happened_at"), Number("task_id"), Text("kind"), Number("row_no")],
        key: "seq",
        own_row: None,
    },
];

impl Column {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number(name) | Self::Text(name) => name,
        }
    }
}

impl Table {
    /// Returns whether it has rows in a new database.
    pub(crate) fn is_never_empty(&self) -> bool {
        self.own_row.is_some()
    }

    /// Reads some of its rows, in a stable order.
    pub(crate) fn page(&self, offset: u64, limit: u32) -> Statement {
        let select = self.names(statement("copy the metadata", "SELECT ")).push(" FROM ").push(self.name);
        let select = self.but_its_own(select).push(" ORDER BY ").push(self.key);
        select.push(" LIMIT ? OFFSET ?").bind(limit).bind(offset)
    }

    /// Counts its rows.
    pub(crate) fn count(&self) -> Statement {
        statement("look for metadata", "SELECT COUNT(*) AS total FROM ").push(self.name)
    }

    /// Deletes its rows.
    pub(crate) fn clear(&self) -> Statement {
        self.but_its_own(statement("put a copy back", "DELETE FROM ").push(self.name))
    }

    fn but_its_own(&self, statement: Statement) -> Statement {
        match self.own_row {
            Some(name) => statement.push(" WHERE name <> ?").bind(name),
            None => statement,
        }
    }

    /// Writes a row; bind the values in the order of the columns.
    pub(crate) fn insert(&self) -> Statement {
        let insert = statement("put a copy back", "INSERT INTO ").push(self.name).push(" (");
        let insert = self.names(insert).push(") VALUES (?");
        (1..self.columns.len()).fold(insert, |insert, _| insert.push(", ?")).push(")")
    }

    fn names(&self, statement: Statement) -> Statement {
        let named = |statement: Statement, (place, column): (usize, &Column)| {
            let comma = if place == 0 { "" } else { ", " };
            statement.push(comma).push(column.name())
        };
        self.columns.iter().enumerate().fold(statement, named)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sqlx::Row as _;
    use sqlx::sqlite::SqlitePoolOptions;

    use super::{Column, SCHEMA, TABLES};
    use crate::dialect::SQLITE_MIGRATIONS;

    #[tokio::test]
    async fn every_table_and_column_of_the_schema_is_part_of_a_copy() {
        let newest = SQLITE_MIGRATIONS.iter().map(|step| step.version).max();
        assert_eq!(newest, Some(i64::from(SCHEMA)), "a new step makes a new schema of copies");
        // Each connection would have its own database in memory.
        let pool =
            SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("a database");
        SQLITE_MIGRATIONS.run(&pool).await.expect("a schema");
        let rows = sqlx::query(
            "SELECT t.name AS tab, c.name AS col, c.type AS kind FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'",
        );
        let rows = rows.fetch_all(&pool).await.expect("an answer");
        let text = |row: &sqlx::sqlite::SqliteRow, name: &str| row.get::<String, _>(name);
        let of_schema: BTreeSet<_> =
            rows.iter().map(|row| (text(row, "tab"), text(row, "col"), text(row, "kind"))).collect();
        let of_copies: BTreeSet<_> = TABLES
            .iter()
            .flat_map(|table| table.columns.iter().map(|column| (table.name.to_owned(), *column)))
            .map(|(table, column)| {
                let kind = if matches!(column, Column::Number(_)) { "INTEGER" } else { "TEXT" };
                (table, column.name().to_owned(), kind.to_owned())
            })
            .collect();
        assert_eq!(of_schema, of_copies);
    }
}
