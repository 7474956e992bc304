//! Tables and answers: named, typed columns and rows of values.

use crate::civil;

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    /// Microseconds since 1970 UTC; shown in the connection's time zone.
    Instant(i64),
}

impl Value {
    /// Returns an instant, or NULL for 0.
    pub(crate) fn instant(us: i64) -> Self {
        if us == 0 { Self::Null } else { Self::Instant(us) }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the value as text; instants are shown in the given time zone.
    pub(crate) fn render(&self, zone_s: i32) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Int(number) => Some(number.to_string()),
            Self::Real(number) => Some(format!("{number:.4}")),
            Self::Text(text) => Some(text.clone()),
            Self::Instant(us) => Some(civil::format(*us, zone_s)),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Null, Into::into)
    }
}

/// `YES` or `NO`.
pub(crate) fn yes_no(yes: bool) -> Value {
    Value::from(if yes { "YES" } else { "NO" })
}

/// Formats a size such as `0.00MB` or `25.00GB`; sizes below one gigabyte are in megabytes.
pub(crate) fn bytes_display(bytes: i64) -> Value {
    let megabytes = bytes as f64 / 1_048_576.0;
    let steps = ["MB", "GB", "TB", "PB"];
    let mut scaled = megabytes;
    let mut unit = 0;
    while scaled >= 1_024.0 && unit < 3 {
        scaled /= 1_024.0;
        unit += 1;
    }
    Value::Text(format!("{scaled:.2}{}", steps[unit]))
}

/// Returns the ratio of written to read bytes; 0 if nothing was read.
pub(crate) fn ratio(input: i64, output: i64) -> Value {
    Value::Real(if input == 0 { 0.0 } else { output as f64 / input as f64 })
}

/// The type of a column on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Unsigned,
    Decimal(u8),
    Double,
    Varchar,
    Longtext,
    Timestamp,
    Datetime,
    Time,
}

impl Kind {
    /// Returns the kind of a declared type such as `decimal(23,2)`.
    pub(crate) fn of(declared: &str) -> Self {
        let lower = declared.to_ascii_lowercase();
        if lower.contains("unsigned") {
            Self::Unsigned
        } else if lower.starts_with("bigint") || lower.starts_with("tinyint") || lower.starts_with("int") {
            Self::Integer
        } else if let Some(rest) = lower.strip_prefix("decimal(") {
            Self::Decimal(
                rest.trim_end_matches(')').split(',').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0),
            )
        } else if lower.starts_with("double") {
            Self::Double
        } else if lower.starts_with("timestamp") {
            Self::Timestamp
        } else if lower.starts_with("datetime") {
            Self::Datetime
        } else if lower.starts_with("time") {
            Self::Time
        } else if lower.ends_with("text") {
            Self::Longtext
        } else {
            Self::Varchar
        }
    }
}

/// Returns a declared type as in DESC: integers with their display width.
pub(crate) fn shown_type(declared: &str) -> String {
    match declared {
        "bigint" => "bigint(20)".to_owned(),
        "bigint unsigned" => "bigint(20) unsigned".to_owned(),
        "tinyint" => "tinyint(4)".to_owned(),
        other => other.to_owned(),
    }
}

/// A column of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// The answer to a query; cells are texts as in the text protocol.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

/// A table for the engine.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<(&'static str, &'static str)>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Table {
    /// Removes a column.
    pub(crate) fn without(mut self, column: &str) -> Self {
        if let Some(at) = self.columns.iter().position(|(name, _)| *name == column) {
            self.columns.remove(at);
            for row in &mut self.rows {
                row.remove(at);
            }
        }
        self
    }
}

/// The columns of a view, with name, type and value; the value is computed from an object of the world.
pub(crate) struct Shape<T> {
    columns: Vec<ShapeColumn<T>>,
    included: bool,
}

struct ShapeColumn<T> {
    name: &'static str,
    declared: &'static str,
    value: fn(&T) -> Value,
}

impl<T> Shape<T> {
    pub(crate) fn new() -> Self {
        Self { columns: Vec::new(), included: true }
    }

    /// Adds a column.
    pub(crate) fn col(mut self, name: &'static str, declared: &'static str, value: fn(&T) -> Value) -> Self {
        if self.included {
            self.columns.push(ShapeColumn { name, declared, value });
        }
        self
    }

    /// Includes the following columns only under this condition; `when(true)` ends the restriction.
    pub(crate) fn when(mut self, condition: bool) -> Self {
        self.included = condition;
        self
    }

    /// Builds the table.
    pub(crate) fn table<'a>(self, name: &str, rows: impl IntoIterator<Item = &'a T>) -> Table
    where
        T: 'a,
    {
        Table {
            name: name.to_owned(),
            rows: rows
                .into_iter()
                .map(|row| self.columns.iter().map(|column| (column.value)(row)).collect())
                .collect(),
            columns: self.columns.iter().map(|column| (column.name, column.declared)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_below_a_gigabyte_are_megabytes() {
        let cases = [(0, "0.00MB"), (1_572_864, "1.50MB"), (26_843_545_600, "25.00GB"), (1 << 41, "2.00TB")];
        for (bytes, text) in cases {
            assert_eq!(bytes_display(bytes), Value::from(text));
        }
    }

    #[test]
    fn declared_types_are_read_by_their_beginning() {
        assert_eq!(Kind::of("bigint(21)"), Kind::Integer);
        assert_eq!(Kind::of("bigint unsigned"), Kind::Unsigned);
        assert_eq!(Kind::of("decimal(23,2)"), Kind::Decimal(2));
        assert_eq!(Kind::of("timestamp(6)"), Kind::Timestamp);
        assert_eq!(Kind::of("time(6)"), Kind::Time);
        assert_eq!(Kind::of("varchar(4096)"), Kind::Varchar);
        assert_eq!(Kind::of("double"), Kind::Double);
        assert_eq!(Kind::of("text"), Kind::Longtext);
    }
}
