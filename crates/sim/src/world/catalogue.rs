//! `information_schema` and `mysql`, as far as clients and scripts read them.

use super::{Cluster, TenantId};
use crate::sql::table::shown_type;
use crate::sql::{Shape, Table, Value};

/// The databases that every tenant has.
const DATABASES: [&str; 4] = ["information_schema", "mysql", "oceanbase", "test"];

/// The views that a tenant sees, by name.
pub(super) type Views<'a> = &'a dyn Fn() -> Vec<(String, Option<Table>)>;

/// Returns the table of an upper-case name, as a tenant sees it.
pub(super) fn table(cluster: &Cluster, viewer: TenantId, name: &str, views: Views<'_>) -> Option<Table> {
    Some(match name {
        "INFORMATION_SCHEMA__TABLES" => Shape::<String>::new()
            .col("TABLE_CATALOG", "varchar(512)", |_| "def".into())
            .col("TABLE_SCHEMA", "varchar(64)", |_| "oceanbase".into())
            .col("TABLE_NAME", "varchar(256)", |n| n.clone().into())
            .col("TABLE_TYPE", "varchar(64)", |_| "SYSTEM VIEW".into())
            .table(name, &views().into_iter().map(|(view, _)| view).collect::<Vec<_>>()),
        "INFORMATION_SCHEMA__SCHEMATA" => Shape::<&str>::new()
            .col("CATALOG_NAME", "varchar(512)", |_| "def".into())
            .col("SCHEMA_NAME", "varchar(64)", |n| (*n).into())
            .col("DEFAULT_CHARACTER_SET_NAME", "varchar(64)", |_| "utf8mb4".into())
            .col("DEFAULT_COLLATION_NAME", "varchar(64)", |_| "utf8mb4_general_ci".into())
            .table(name, &DATABASES),
        "INFORMATION_SCHEMA__COLUMNS" => columns(name, views),
        "MYSQL__USER" => {
            let users: Vec<&String> =
                cluster.tenants.get(&viewer).into_iter().flat_map(|tenant| tenant.users.keys()).collect();
            Shape::<&String>::new()
                .col("host", "varchar(1024)", |_| "%".into())
                .col("user", "varchar(128)", |user| (*user).clone().into())
                .table(name, &users)
        }
        _ => return None,
    })
}

/// A column of a view.
struct Described {
    view: String,
    column: &'static str,
    position: i64,
    shown: String,
    declared: Declared,
}

fn columns(name: &str, views: Views<'_>) -> Table {
    let mut rows: Vec<Described> = Vec::new();
    for (view, table) in views() {
        let columns = table.map(|table| table.columns).unwrap_or_default();
        rows.extend(columns.into_iter().zip(1..).map(|((column, kind), position)| Described {
            view: view.clone(),
            column,
            position,
            shown: shown_type(kind),
            declared: Declared::of(kind),
        }));
    }
    Shape::<Described>::new()
        .col("TABLE_CATALOG", "varchar(512)", |_| "def".into())
        .col("TABLE_SCHEMA", "varchar(64)", |_| "oceanbase".into())
        .col("TABLE_NAME", "varchar(256)", |r| r.view.clone().into())
        .col("COLUMN_NAME", "varchar(128)", |r| r.column.into())
        .col("ORDINAL_POSITION", "bigint", |r| r.position.into())
        .col("IS_NULLABLE", "varchar(4)", |_| "YES".into())
        .col("DATA_TYPE", "varchar(64)", |r| r.declared.name.into())
        .col("CHARACTER_MAXIMUM_LENGTH", "bigint", |r| number(r.declared.characters()))
        .col("NUMERIC_PRECISION", "bigint", |r| number(r.declared.decimal().map(|(precision, _)| precision)))
        .col("NUMERIC_SCALE", "bigint", |r| number(r.declared.decimal().map(|(_, scale)| scale)))
        .col("COLUMN_TYPE", "varchar(64)", |r| r.shown.clone().into())
        .table(name, &rows)
}

fn number(number: Option<i64>) -> Value {
    number.map_or(Value::Null, Value::Int)
}

/// A declared type, taken apart: `decimal(23,2)` is `decimal` with 23 and 2.
#[derive(Debug, PartialEq, Eq)]
struct Declared {
    name: &'static str,
    numbers: Vec<i64>,
}

impl Declared {
    fn of(kind: &'static str) -> Self {
        let name = kind.split(['(', ' ']).next().unwrap_or_default();
        let inner =
            kind.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inner, _)| inner);
        Self { name, numbers: inner.split(',').filter_map(|part| part.trim().parse().ok()).collect() }
    }

    /// Returns the length of a text.
    fn characters(&self) -> Option<i64> {
        self.name.ends_with("char").then(|| self.numbers.first().copied()).flatten()
    }

    /// Returns precision and scale of a decimal number.
    fn decimal(&self) -> Option<(i64, i64)> {
        match self.numbers[..] {
            [precision, scale] if self.name == "decimal" => Some((precision, scale)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Declared;

    #[test]
    fn declared_types_are_taken_apart() {
        let seen = |kind| {
            let declared = Declared::of(kind);
            (declared.name, declared.characters(), declared.decimal())
        };
        assert_eq!(seen("bigint unsigned"), ("bigint", None, None));
        assert_eq!(seen("varchar(64)"), ("varchar", Some(64), None));
        assert_eq!(seen("decimal(23,2)"), ("decimal", None, Some((23, 2))));
        assert_eq!(seen("timestamp(6)"), ("timestamp", None, None));
    }
}
