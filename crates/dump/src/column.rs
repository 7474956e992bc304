//! Lossless reading and writing of a column's values.
//!
//! Most types travel as the text that the server prints. The exceptions are those whose text loses something:
//!
//! | type | is read as | because |
//! |---|---|---|
//! | FLOAT | `c*1e0` | it is printed with 6 digits; as a DOUBLE it keeps all |
//! | DOUBLE(M,D), -0 | `c`, written with `e0` | a zero would lose its sign |
//! | VECTOR | `array_map(x -> x*1e0, c)` | as FLOAT, for each element |
//! | ARRAY, MAP, SPARSEVECTOR | by functions ([`crate::collection`]) | printed unescaped, FLOATs with 6 digits |
//! | JSON | `c`, with other spellings of some numbers ([`crate::json`]) | the server misreads long DOUBLEs |
//! | ENUM, SET with an empty member | `CAST(c AS UNSIGNED)` | '' also means "no member" |
//! | BIT, BINARY, BLOB, geometry | `c`, written as `0x…` | they are bytes, not text |
//! | text of MySQL and MariaDB in most character sets | `CONVERT(c USING binary)`, as `0x…` | utf8mb4 may lose bytes |
//!
//! `CAST(c AS BINARY)` would do the same, but is NULL for a text longer than `max_allowed_packet`.

use oceanbase::catalog;
use oceanbase::statement::identifier;
use serde::{Deserialize, Serialize};

use crate::collection::{Element, Shape, map_expression, sparse_expression};

/// A column whose values are dumped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How its values travel.
    pub form: Form,
}

/// How the values of a column are read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A number: written as the server prints it.
    Number,
    /// A text, date, time, JSON: written in quotes.
    Text,
    /// Bytes: written in hexadecimal.
    Bytes,
    /// A FLOAT: read as a DOUBLE.
    Float,
    /// Several FLOATs: read as DOUBLEs, written in quotes.
    Floats,
    /// A JSON document: written in quotes; numbers of equal value count as equal.
    Json,
    /// An array: its elements are read by functions, and written as JSON in quotes.
    Array(Shape),
    /// A map: its keys and values are read by functions, and written as JSON in quotes.
    Map {
        /// A key.
        key: Element,
        /// A value.
        value: Shape,
    },
    /// A SPARSEVECTOR: read as a map is.
    Sparse,
    /// A text in a character set that utf8mb4 does not fully cover: read as its bytes, written in hexadecimal.
    Raw,
    /// A generated column that stands for the row in a table without other columns; not read, and written as
    /// `DEFAULT`.
    Generated,
    /// An ENUM or SET: read and written as the number of its members.
    Ordinal,
}

impl Form {
    /// Returns the expression that reads the column `name` of the table that the query calls `x`.
    pub(crate) fn expression(self, name: &str) -> String {
        let column = format!("x.{}", identifier(name));
        match self {
            Self::Number | Self::Text | Self::Bytes | Self::Json => column,
            Self::Float => format!("{column}*1e0"), // `+0e0` would lose the sign of a zero
            Self::Floats => format!("array_map(e -> e*1e0, {column})"),
            Self::Array(shape) => shape.expression(&column),
            Self::Map { key, value } => map_expression(&column, key, value),
            Self::Sparse => sparse_expression(&column),
            Self::Raw => format!("CONVERT({column} USING binary)"),
            Self::Generated => "1".to_owned(),
            // On OceanBase, `+0` is a DOUBLE, which rounds the number of a SET with more than 53 members.
            Self::Ordinal => format!("CAST({column} AS UNSIGNED)"),
        }
    }

    /// Returns the form of a column; `None` for an unknown type, whose values might be lost.
    #[must_use]
    pub fn of(column: &catalog::Column) -> Option<Self> {
        let declared = column.column_type.to_ascii_lowercase();
        let base = declared.split(['(', ' ']).next().unwrap_or_default();
        Some(match base {
            "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "decimal" | "numeric"
            | "double" | "bool" | "boolean" => Self::Number,
            "float" => Self::Float,
            "date" | "time" | "datetime" | "timestamp" | "year" | "uuid" | "inet4" | "inet6" => Self::Text,
            "json" => Self::Json,
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "string" => {
                // A text column in the character set `binary` holds bytes.
                if column.character_set.as_deref() == Some("binary") { Self::Bytes } else { Self::Text }
            }
            "bit" | "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "geometry"
            | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
            | "geometrycollection" | "geomcollection" => Self::Bytes,
            "enum" | "set" if has_empty_member(&declared) => Self::Ordinal,
            "enum" | "set" => Self::Text,
            "vector" => Self::Floats,
            "array" => match Shape::of_array(&declared)? {
                Shape { depth: 1, element: Element::Whole } => Self::Text,
                shape => Self::Array(shape),
            },
            "map" => Shape::of_map(&declared).map(|(key, value)| Self::Map { key, value })?,
            "sparsevector" => Self::Sparse,
            _ => return None,
        })
    }
}

/// How MySQL and MariaDB show the members of an ENUM or SET. They print `?` for a character of four bytes, and in the
/// character set `binary` for a byte that is not part of a valid text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Members {
    /// Completely.
    Whole,
    /// With a `?`, perhaps for a character. The text of a value does not identify its member; the number does.
    Doubtful,
    /// With a `?`, perhaps for a byte: the column can't be created again.
    Hidden,
}

impl Members {
    /// Returns how the members of a column are shown; `None` if it is neither an ENUM nor a SET.
    pub(crate) fn shown(column: &catalog::Column) -> Option<Self> {
        let declared = column.column_type.to_ascii_lowercase();
        let base = declared.split(['(', ' ']).next().unwrap_or_default();
        matches!(base, "enum" | "set").then(|| match column.character_set.as_deref() {
            _ if !declared.contains('?') => Self::Whole,
            Some("binary") => Self::Hidden,
            _ => Self::Doubtful,
        })
    }
}

/// Returns whether `enum('a','')` has an empty member. May return true for a member with quotes in it: that is read
/// as a number too, which is always right.
fn has_empty_member(declared: &str) -> bool {
    declared.contains("(''") || declared.contains(",''")
}

/// Returns whether utf8mb4 preserves every byte of texts in this character set of MySQL and MariaDB. Other character
/// sets have bytes without a character, or several encodings of one character. For single surrogates, utf8mb4 has the
/// bytes of utf8mb3, but not those of utf32.
pub(crate) fn is_whole_in_utf8mb4(character_set: Option<&str>) -> bool {
    const WHOLE: [&str; 7] = ["utf8mb4", "utf8mb3", "utf8", "ascii", "latin1", "utf16", "utf16le"];
    character_set.is_none_or(|name| WHOLE.contains(&name))
}

#[cfg(test)]
mod tests {
    use oceanbase::catalog;

    use super::{Form, Members};
    use crate::collection::{Element, Shape};

    fn column(column_type: &str, character_set: Option<&str>) -> catalog::Column {
        catalog::Column {
            name: "c".to_owned(),
            column_type: column_type.to_owned(),
            character_set: character_set.map(str::to_owned),
            generated: false,
        }
    }

    fn form(column_type: &str, character_set: Option<&str>) -> Option<Form> {
        Form::of(&column(column_type, character_set))
    }

    #[test]
    fn every_type_travels_in_the_form_that_loses_nothing() {
        let cases = [
            ("bigint(20) unsigned", Form::Number),
            ("decimal(65,30)", Form::Number),
            ("double", Form::Number),
            ("float", Form::Float),
            ("float(7,3) unsigned", Form::Float),
            ("timestamp(6)", Form::Text),
            ("year(4)", Form::Text),
            ("bit(1)", Form::Bytes),
            ("varbinary(10)", Form::Bytes),
            ("POINT", Form::Bytes),
            ("enum('a','b')", Form::Text),
            ("enum('','b')", Form::Ordinal),
            ("set('b','')", Form::Ordinal),
            ("VECTOR(3)", Form::Floats),
            ("ARRAY(FLOAT)", Form::Array(Shape { depth: 1, element: Element::Float })),
            ("ARRAY(INT)", Form::Text),
            ("ARRAY(ARRAY(BIGINT UNSIGNED))", Form::Array(Shape { depth: 2, element: Element::Whole })),
            ("ARRAY(DOUBLE)", Form::Array(Shape { depth: 1, element: Element::Double })),
            ("ARRAY(VARCHAR(9))", Form::Array(Shape { depth: 1, element: Element::Text })),
            ("ARRAY(VECTOR(3))", Form::Array(Shape { depth: 2, element: Element::Float })),
            ("SPARSEVECTOR", Form::Sparse),
            (
                "MAP(INT,FLOAT)",
                Form::Map { key: Element::Whole, value: Shape { depth: 0, element: Element::Float } },
            ),
            ("json", Form::Json),
        ];
        for (column_type, expected) in cases {
            assert_eq!(form(column_type, None), Some(expected), "{column_type}");
        }
        assert_eq!(form("char(3)", Some("binary")), Some(Form::Bytes));
        assert_eq!(form("char(3)", Some("gbk")), Some(Form::Text));
    }

    #[test]
    fn a_type_whose_values_might_be_lost_is_not_taken() {
        for unknown in
            ["roaringbitmap", "ARRAY(DATE)", "ARRAY(MAP(INT,INT))", "MAP(INT,DATE)", "int8range", ""]
        {
            assert_eq!(form(unknown, None), None, "{unknown}");
        }
    }

    #[test]
    fn a_question_mark_in_members_is_noticed_in_every_form() {
        use Members::{Doubtful, Hidden, Whole};
        let cases = [
            ("enum('é','b')", "binary", Some(Whole)),
            ("enum('?','b')", "binary", Some(Hidden)),
            ("set('?','')", "binary", Some(Hidden)),
            ("enum('a','b')", "utf8mb4", Some(Whole)),
            ("enum('?','b')", "utf8mb4", Some(Doubtful)),
            ("SET('','????')", "utf8mb4", Some(Doubtful)),
            ("set('a?','b')", "gb18030", Some(Doubtful)),
            ("varchar(9)", "binary", None),
        ];
        for (column_type, character_set, expected) in cases {
            let shown = Members::shown(&column(column_type, Some(character_set)));
            assert_eq!(shown, expected, "{column_type} {character_set}");
        }
    }

    #[test]
    fn a_name_can_not_end_its_quotes() {
        assert_eq!(Form::Float.expression("a`b"), "x.`a``b`*1e0");
        assert_eq!(Form::Floats.expression("v"), "array_map(e -> e*1e0, x.`v`)");
        assert_eq!(Form::Ordinal.expression("s`t"), "CAST(x.`s``t` AS UNSIGNED)");
    }
}
