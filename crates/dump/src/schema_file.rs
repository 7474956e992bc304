//! The files with the statements that make tables and views.
//!
//! ```sql
//! -- Lifeboat dump, format 1: tables of `shop`
//! SET NAMES utf8mb4;
//! SET SESSION …;
//! -- object table 68 "orders"
//! CREATE TABLE `orders` (…);
//! ```
//!
//! The number is the length of the statement in bytes, without its `;`: a statement may have anything in it, so
//! nobody looks for its end. The name is a JSON string. The statements of objects that are only kept, not made
//! again, are comments.

use crate::piece::push_preamble;

const HEADER: &str = "-- object ";

/// What a statement in a schema file makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemaKind {
    /// A table with its keys.
    Table,
    /// A view.
    View,
    /// A view that did not work when it was dumped.
    BrokenView,
}

const KINDS: [(SchemaKind, &str); 3] =
    [(SchemaKind::Table, "table"), (SchemaKind::View, "view"), (SchemaKind::BrokenView, "broken-view")];

/// A statement of a schema file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaObject {
    pub(crate) kind: SchemaKind,
    pub(crate) name: String,
    pub(crate) statement: Vec<u8>,
}

/// Returns the text of a schema file.
pub(crate) fn write(title: &str, objects: &[SchemaObject]) -> Vec<u8> {
    let mut text = Vec::new();
    push_preamble(&mut text, title);
    for object in objects {
        let word = KINDS.iter().find(|(kind, _)| *kind == object.kind).map_or("", |(_, word)| word);
        let name = serde_json::to_string(&object.name).expect("a text");
        let statement = if object.kind == SchemaKind::BrokenView {
            commented(&object.statement)
        } else {
            object.statement.clone()
        };
        text.extend_from_slice(format!("{HEADER}{word} {} {name}\n", statement.len()).as_bytes());
        text.extend_from_slice(&statement);
        text.extend_from_slice(b";\n");
    }
    text
}

/// Reads a schema file.
///
/// # Errors
/// Says what is wrong with it.
pub(crate) fn read(text: &[u8]) -> Result<Vec<SchemaObject>, String> {
    let mut objects = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or("it ends within a line")?;
        let (line, behind) = (&rest[..length], &rest[length + 1..]);
        rest = behind;
        let Some(header) = line.strip_prefix(HEADER.as_bytes()) else { continue };
        let malformed = || format!("`{}` is no header", String::from_utf8_lossy(line));
        let header = std::str::from_utf8(header).map_err(|_| malformed())?;
        let mut parts = header.splitn(3, ' ');
        let (word, bytes, name) = (parts.next(), parts.next(), parts.next());
        let kind = KINDS.iter().find(|(_, known)| Some(*known) == word).map(|(kind, _)| *kind);
        let bytes: Option<usize> = bytes.and_then(|bytes| bytes.parse().ok());
        let name: Option<String> = name.and_then(|name| serde_json::from_str(name).ok());
        let (Some(kind), Some(bytes), Some(name)) = (kind, bytes, name) else { return Err(malformed()) };
        let statement = rest.get(..bytes).ok_or("it ends within a statement")?;
        rest = rest[bytes..].strip_prefix(b";\n").ok_or("a statement does not end where it should")?;
        objects.push(SchemaObject { kind, name, statement: statement.to_vec() });
    }
    Ok(objects)
}

/// Puts `-- ` in front of each line.
fn commented(statement: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for (place, line) in statement.split(|&byte| byte == b'\n').enumerate() {
        text.extend_from_slice(if place == 0 { b"-- " } else { b"\n-- " });
        text.extend_from_slice(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{SchemaKind, SchemaObject, read, write};

    #[test]
    fn every_statement_reads_back_whatever_is_in_it() {
        let object = |kind, name: &str, statement: &str| SchemaObject {
            kind,
            name: name.to_owned(),
            statement: statement.as_bytes().to_vec(),
        };
        let objects = [
            object(
                SchemaKind::Table,
                "a\"b\nc",
                "CREATE TABLE `x` (\n  `a` int COMMENT ';\n-- object table 1 \"x\"\n')",
            ),
            object(SchemaKind::View, "v", "CREATE VIEW `v` AS select ';'"),
        ];
        assert_eq!(read(&write("tables of `shop`", &objects)), Ok(objects.to_vec()));
        let broken = write("views", &[object(SchemaKind::BrokenView, "v", "CREATE VIEW `v` AS\nselect 1")]);
        assert_eq!(read(&broken).expect("a file")[0].statement, b"-- CREATE VIEW `v` AS\n-- select 1");
    }

    #[test]
    fn a_file_that_was_cut_off_is_not_taken() {
        let object = SchemaObject {
            kind: SchemaKind::Table,
            name: "t".to_owned(),
            statement: b"CREATE TABLE t".to_vec(),
        };
        let text = write("tables", &[object]);
        let begin = text.windows(9).position(|part| part == b"-- object").expect("a header") + 1;
        for end in begin..text.len() {
            assert!(read(&text[..end]).is_err(), "cut off at {end}");
        }
    }
}
