//! The files with the statements that create tables and views.
//!
//! ```sql
//! -- Lifeboat dump, format 1: tables of `shop`
//! SET NAMES utf8mb4;
//! SET SESSION …;
//! -- object table 68 "orders"
//! CREATE TABLE `orders` (…);
//! ```
//!
//! The number is the length of the statement in bytes, without its `;`: a statement may contain anything, so no
//! reader searches for its end. The name is a JSON string. Statements of objects that are only stored, not created
//! again, are comments. Code contains `;` and has its own mode, so it is framed for a stock client:
//!
//! ```sql
//! SET SESSION sql_mode='STRICT_ALL_TABLES';
//! DELIMITER $$
//! -- object trigger 61 "audit" "STRICT_ALL_TABLES"
//! CREATE TRIGGER …
//! $$
//! DELIMITER ;
//! ```
//!
//! A view or code with another character set or collation has two more lines before that, and is followed by a line
//! that reverts them:
//!
//! ```sql
//! SET SESSION character_set_client=latin1, collation_connection=latin1_german2_ci;
//! -- context "latin1" "latin1_german2_ci"
//! ```
//!
//! A table of OceanBase with generated columns or functional keys has the mode, the collation and the time zone that the
//! server has recorded with them: it computes them under these values for ever. An event has the time zone of its
//! schedule:
//!
//! ```sql
//! SET SESSION time_zone='+05:30';
//! -- zone "+05:30"
//! ```
//!
//! Code of MariaDB and MySQL has a line with the collation of its database at its creation. A stock client does not
//! set it:
//!
//! ```sql
//! -- database-collation "latin1_swedish_ci"
//! ```

use oceanbase::catalog::{Context, Recorded};
use oceanbase::statement::literal;

use crate::ddl::form;
use crate::error::Error;
use crate::piece::push_preamble;
use crate::table_settings::is_mode_of_tables;

const HEADER: &str = "-- object ";

const CONTEXT: &str = "-- context ";

const ZONE: &str = "-- zone ";

const DATABASE_COLLATION: &str = "-- database-collation ";

/// The character set and collation of a load's connections. Objects with this context have no lines for it.
const USUAL: (&str, &str) = ("utf8mb4", "utf8mb4_general_ci");

/// The mode of a stock client after the beginning of a file. Code has its own mode, tables may have none.
const USUAL_MODE: &str = "SET SESSION sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'";

/// The time zone of a load's connections.
const USUAL_ZONE: &str = "+00:00";

/// The kind of object that a statement in a schema file creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SchemaKind {
    /// A table with its keys.
    Table,
    /// A view.
    View,
    /// A view that did not work when it was dumped.
    BrokenView,
    /// A procedure.
    Procedure,
    /// A function.
    Function,
    /// A trigger.
    Trigger,
    /// An event.
    Event,
    /// An outline.
    Outline,
    /// A sequence.
    Sequence,
    /// The state of a sequence, such as its next number.
    SequenceValue,
    /// A user or role.
    Account,
    /// Further properties of a user: whether it is locked or requires TLS.
    AccountChange,
    /// The privileges of a user or role.
    Grant,
}

const KINDS: [(SchemaKind, &str); 13] = [
    (SchemaKind::Table, "table"),
    (SchemaKind::View, "view"),
    (SchemaKind::BrokenView, "broken-view"),
    (SchemaKind::Procedure, "procedure"),
    (SchemaKind::Function, "function"),
    (SchemaKind::Trigger, "trigger"),
    (SchemaKind::Event, "event"),
    (SchemaKind::Outline, "outline"),
    (SchemaKind::Sequence, "sequence"),
    (SchemaKind::SequenceValue, "sequence-value"),
    (SchemaKind::Account, "account"),
    (SchemaKind::AccountChange, "account-change"),
    (SchemaKind::Grant, "grant"),
];

impl SchemaKind {
    /// Returns its name in schema files and in the manifest.
    pub(crate) fn word(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }
}

/// A statement of a schema file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaObject {
    pub(crate) kind: SchemaKind,
    pub(crate) name: String,
    pub(crate) statement: Vec<u8>,
    /// The `sql_mode` for the creation of code.
    pub(crate) mode: Option<String>,
    /// The character set and collation for the creation of a view or code, if they are not the usual ones.
    pub(crate) context: Option<Context>,
    /// The time zone for the creation of an event.
    pub(crate) zone: Option<String>,
    /// The collation of the database at the creation of code, which no statement sets.
    pub(crate) database_collation: Option<String>,
}

impl SchemaObject {
    /// Describes an object that is created under the usual mode.
    pub(crate) fn plain(kind: SchemaKind, name: &str, statement: Vec<u8>) -> Self {
        let name = name.to_owned();
        Self { kind, name, statement, mode: None, context: None, zone: None, database_collation: None }
    }

    /// Adds the context of its creation.
    pub(crate) fn under(mut self, context: Option<Context>) -> Self {
        let is_usual = |context: &Context| (context.client.as_str(), context.collation.as_str()) == USUAL;
        self.context = context.filter(|context| is_settable(context) && !is_usual(context));
        self
    }

    /// Adds the mode of its creation.
    pub(crate) fn in_mode(mut self, mode: String) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Adds the session variables that the generated columns of a table were created under; `None` if no session can have
    /// them, or if the statement would mean something else under them.
    pub(crate) fn created_under(mut self, recorded: &Recorded) -> Option<Self> {
        let Recorded { time_zone, sql_mode, collation, is_mixed } = recorded;
        let fits = time_zone.as_deref().is_none_or(is_zone)
            && sql_mode.as_deref().is_none_or(is_mode_of_tables)
            && collation.as_deref().is_none_or(|name| name == USUAL.1 || name.starts_with("utf8mb4_"));
        if *is_mixed || !fits {
            return None;
        }
        self.zone = time_zone.clone().filter(|zone| zone != USUAL_ZONE);
        self.mode.clone_from(sql_mode);
        let context =
            |collation: &String| Context { client: USUAL.0.to_owned(), collation: collation.clone() };
        Some(self.under(collation.as_ref().map(context)))
    }

    /// Adds the collation of its database.
    pub(crate) fn in_database_of(mut self, collation: Option<String>) -> Self {
        self.database_collation = collation.filter(|collation| is_plain(collation));
        self
    }

    /// Adds the time zone of its schedule; `None` if that is not a valid name.
    pub(crate) fn in_zone(mut self, zone: String) -> Option<Self> {
        self.zone = Some(zone).filter(|zone| is_zone(zone));
        self.zone.is_some().then_some(self)
    }
}

/// Returns the text of a schema file.
///
/// # Errors
/// [`Error::CannotCarry`] names the first object whose statement does more than create it.
pub(crate) fn write(title: &str, objects: &[SchemaObject]) -> Result<Vec<u8>, Error> {
    for object in objects {
        form::check(object).map_err(|why| Error::not_carried(&object.name, &why))?;
    }
    Ok(text(title, objects))
}

fn text(title: &str, objects: &[SchemaObject]) -> Vec<u8> {
    let mut text = Vec::new();
    push_preamble(&mut text, title);
    for object in objects {
        let word = object.kind.word();
        let name = serde_json::to_string(&object.name).expect("a text");
        let statement = if object.kind == SchemaKind::BrokenView {
            commented(&object.statement)
        } else {
            object.statement.clone()
        };
        let header = format!("{HEADER}{word} {} {name}", statement.len());
        if let Some(context) = &object.context {
            let Context { client, collation } = in_which(&statement, context);
            text.extend_from_slice(set_context(&client, &collation).as_bytes());
            text.extend_from_slice(format!(";\n{CONTEXT}\"{client}\" \"{collation}\"\n").as_bytes());
        }
        if let Some(zone) = &object.zone {
            let written = serde_json::to_string(zone).expect("a text");
            text.extend_from_slice(format!("{};\n{ZONE}{written}\n", set_zone(zone)).as_bytes());
        }
        if let Some(collation) = &object.database_collation {
            text.extend_from_slice(format!("{DATABASE_COLLATION}\"{collation}\"\n").as_bytes());
        }
        match &object.mode {
            None => {
                text.extend_from_slice(format!("{header}\n").as_bytes());
                text.extend_from_slice(&statement);
                text.extend_from_slice(b";\n");
            }
            Some(mode) => {
                let (end, written) = (delimiter(&statement), serde_json::to_string(mode).expect("a text"));
                let before = format!("SET SESSION sql_mode={};\nDELIMITER {end}\n", literal(mode));
                text.extend_from_slice(format!("{before}{header} {written}\n").as_bytes());
                text.extend_from_slice(&statement);
                text.extend_from_slice(format!("\n{end}\nDELIMITER ;\n").as_bytes());
            }
        }
        if object.kind == SchemaKind::Table && object.mode.is_some() {
            text.extend_from_slice(format!("{USUAL_MODE};\n").as_bytes());
        }
        if object.zone.is_some() {
            text.extend_from_slice(format!("{};\n", set_zone(USUAL_ZONE)).as_bytes());
        }
        if object.context.is_some() {
            text.extend_from_slice(set_context(USUAL.0, USUAL.1).as_bytes());
            text.extend_from_slice(b";\n");
        }
    }
    text
}

/// Reads a schema file.
///
/// # Errors
/// Reports what is wrong with it.
pub(crate) fn read(text: &[u8]) -> Result<Vec<SchemaObject>, String> {
    let mut objects = Vec::new();
    let (mut context, mut zone, mut database_collation) = (None, None, None);
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or("it ends within a line")?;
        let (line, behind) = (&rest[..length], &rest[length + 1..]);
        rest = behind;
        if let Some(found) = line.strip_prefix(CONTEXT.as_bytes()) {
            context = Some(read_context(found).ok_or("a character set or collation is malformed")?);
        }
        if let Some(found) = line.strip_prefix(ZONE.as_bytes()) {
            let found = serde_json::from_slice::<String>(found).ok().filter(|found| is_zone(found));
            zone = Some(found.ok_or("a time zone is malformed")?);
        }
        if let Some(found) = line.strip_prefix(DATABASE_COLLATION.as_bytes()) {
            let found = serde_json::from_slice::<String>(found).ok().filter(|found| is_plain(found));
            database_collation = Some(found.ok_or("a collation of a database is malformed")?);
        }
        let Some(header) = line.strip_prefix(HEADER.as_bytes()) else { continue };
        let malformed = || format!("`{}` is no header", String::from_utf8_lossy(line));
        let header = std::str::from_utf8(header).map_err(|_| malformed())?;
        let mut parts = header.splitn(3, ' ');
        let (word, bytes, texts) = (parts.next(), parts.next(), parts.next());
        let kind = KINDS.iter().find(|(_, known)| Some(*known) == word).map(|(kind, _)| *kind);
        let bytes: Option<usize> = bytes.and_then(|bytes| bytes.parse().ok());
        let texts = texts.map(|texts| serde_json::Deserializer::from_str(texts).into_iter::<String>());
        let texts: Option<Vec<String>> = texts.and_then(|texts| texts.collect::<Result<_, _>>().ok());
        let (Some(kind), Some(bytes), Some(mut texts)) = (kind, bytes, texts) else {
            return Err(malformed());
        };
        let mode = (texts.len() == 2).then(|| texts.remove(1));
        let Ok([name]) = <[String; 1]>::try_from(texts) else { return Err(malformed()) };
        let statement = rest.get(..bytes).ok_or("it ends within a statement")?;
        let end = if mode.is_some() { format!("\n{}\n", delimiter(statement)) } else { ";\n".to_owned() };
        let behind = rest[bytes..].strip_prefix(end.as_bytes());
        rest = behind.ok_or("a statement does not end where it should")?;
        let (context, zone, database_collation) = (context.take(), zone.take(), database_collation.take());
        let statement = statement.to_vec();
        objects.push(SchemaObject { kind, name, statement, mode, context, zone, database_collation });
    }
    Ok(objects)
}

/// Returns the statement that sets the context for the next one.
pub(crate) fn set_context(client: &str, collation: &str) -> String {
    format!("SET SESSION character_set_client={client}, collation_connection={collation}")
}

/// Returns the statement that takes it back.
pub(crate) fn usual_context() -> String {
    set_context(USUAL.0, USUAL.1)
}

/// Returns the statement that sets the time zone of an event.
pub(crate) fn set_zone(zone: &str) -> String {
    format!("SET SESSION time_zone={}", literal(zone))
}

/// Returns the statement that takes it back.
pub(crate) fn usual_zone() -> String {
    set_zone(USUAL_ZONE)
}

/// Returns a context in which the statement can be sent unchanged in UTF-8. Its texts keep their character set and
/// collation, because only the collation decides those.
pub(crate) fn in_which(statement: &[u8], context: &Context) -> Context {
    let is_same = match context.client.as_str() {
        "utf8mb4" => true,
        "utf8" | "utf8mb3" => !statement.iter().any(|&byte| byte >= 0xF0),
        _ => statement.is_ascii(),
    };
    let client = if is_same { context.client.clone() } else { USUAL.0.to_owned() };
    Context { client, collation: context.collation.clone() }
}

/// Character sets that no client can use, or that are not supersets of ASCII.
const NOT_ASCII: [&str; 6] = ["binary", "swe7", "ucs2", "utf16", "utf16le", "utf32"];

/// Returns whether it is the name of a character set or collation and nothing else.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns whether both are names and nothing else: they are set without quotes.
fn is_settable(context: &Context) -> bool {
    is_plain(&context.client)
        && is_plain(&context.collation)
        && !NOT_ASCII.iter().any(|name| name.eq_ignore_ascii_case(&context.client))
}

/// Returns whether it may be the name of a time zone: `SYSTEM`, `+05:30`, `Europe/Berlin`.
fn is_zone(zone: &str) -> bool {
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || b"+-:/_".contains(&byte);
    !zone.is_empty() && zone.bytes().all(belongs)
}

fn read_context(line: &[u8]) -> Option<Context> {
    let texts = serde_json::Deserializer::from_slice(line).into_iter::<String>();
    let texts: Vec<String> = texts.collect::<Result<_, _>>().ok()?;
    let [client, collation] = <[String; 2]>::try_from(texts).ok()?;
    Some(Context { client, collation }).filter(is_settable)
}

/// Returns the delimiter of a statement that contains `;`, for a stock client: more `$` in a row than the statement
/// contains.
fn delimiter(statement: &[u8]) -> String {
    let runs = statement.split(|&byte| byte != b'$').map(<[u8]>::len);
    "$".repeat(runs.max().unwrap_or(0).max(1) + 1)
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
    use oceanbase::catalog::Context;

    use super::{SchemaKind, SchemaObject, read, text};

    #[test]
    fn every_statement_reads_back_whatever_is_in_it() {
        let object = |kind, name: &str, statement: &str| SchemaObject::plain(kind, name, statement.into());
        let mode = Some("ANSI_QUOTES,'".to_owned());
        let code = |statement: &str| SchemaObject {
            mode: mode.clone(),
            ..object(SchemaKind::Trigger, "t r", statement)
        };
        let objects = [
            object(
                SchemaKind::Table,
                "a\"b\nc",
                "CREATE TABLE `x` (\n  `a` int COMMENT ';\n-- object table 1 \"x\"\n')",
            ),
            object(SchemaKind::View, "v", "CREATE VIEW `v` AS select ';'"),
            code("CREATE TRIGGER t\n$$\nx;"),
            code("CREATE TRIGGER t\n$$$$"),
            object(SchemaKind::Grant, "'u'@'%'", "GRANT x"),
        ];
        let under = |client: &str, collation: &str| {
            Some(Context { client: client.to_owned(), collation: collation.to_owned() })
        };
        let objects = [
            &objects[..],
            &[
                object(SchemaKind::View, "v1", "CREATE VIEW `v1` AS select 'a'")
                    .under(under("latin1", "latin1_bin")),
                object(SchemaKind::View, "v2", "CREATE VIEW `v2` AS select 'a'"),
                code("CREATE TRIGGER t\nx;").under(under("utf8mb4", "utf8mb4_bin")),
                SchemaObject {
                    zone: Some("Europe/Berlin".to_owned()),
                    ..code("CREATE EVENT e\nx;").under(under("latin1", "latin1_bin"))
                },
                code("CREATE EVENT f\nx;"),
                code("CREATE EVENT g\nx;")
                    .under(under("latin1", "latin1_bin"))
                    .in_database_of(Some("latin1_swedish_ci".to_owned())),
            ],
        ]
        .concat();
        assert_eq!(read(&text("tables of `shop`", &objects)), Ok(objects.clone()));
        let broken = text("views", &[object(SchemaKind::BrokenView, "v", "CREATE VIEW `v` AS\nselect 1")]);
        assert_eq!(read(&broken).expect("a file")[0].statement, b"-- CREATE VIEW `v` AS\n-- select 1");
    }

    #[test]
    fn what_a_view_is_made_under_is_set_for_it_alone() {
        let context = |client: &str, collation: &str| {
            Some(Context { client: client.to_owned(), collation: collation.to_owned() })
        };
        let view = |statement: &str| SchemaObject::plain(SchemaKind::View, "v", statement.into());
        let usual = view("x").under(context("utf8mb4", "utf8mb4_general_ci"));
        assert_eq!((usual.context, view("x").under(context("utf16", "utf16_bin")).context), (None, None));
        let written = |statement: &str| {
            let object = view(statement).under(context("latin1", "latin1_german2_ci"));
            String::from_utf8(text("views", &[object])).expect("text")
        };
        let set = "SET SESSION character_set_client=latin1, collation_connection=latin1_german2_ci;\n";
        let back = "SET SESSION character_set_client=utf8mb4, collation_connection=utf8mb4_general_ci;\n";
        assert!(written("x").contains(set) && written("x").ends_with(back), "{}", written("x"));
        // In latin1, the UTF-8 bytes of this text would be another text.
        let set = "SET SESSION character_set_client=utf8mb4, collation_connection=latin1_german2_ci;\n";
        assert!(written("é").contains(set), "{}", written("é"));
        for forged in [
            "-- context \"latin1; DROP\" \"x\"\n",
            "-- context \"latin1\"\n",
            "-- context x\n",
            "-- zone \"x'; DROP\"\n",
            "-- zone \"a\\nb\"\n",
            "-- zone x\n",
            "-- database-collation \"x y\"\n",
            "-- database-collation x\n",
        ] {
            assert!(read(forged.as_bytes()).is_err(), "{forged}");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_is_not_taken() {
        let object = SchemaObject::plain(SchemaKind::Table, "t", b"CREATE TABLE t".to_vec());
        let text = text("tables", &[object]);
        let begin = text.windows(9).position(|part| part == b"-- object").expect("a header") + 1;
        for end in begin..text.len() {
            assert!(read(&text[..end]).is_err(), "cut off at {end}");
        }
    }
}
