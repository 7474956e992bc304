//! The kinds of objects on a server, and those that a backup leaves out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::backup::BackupObject;
use crate::near::nearest;
use crate::text::Text;

/// Defines the kinds with their words in manifests and on the command line.
macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident = $word:literal,)+) => {
        /// A kind of object on a server.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ObjectKind {
            $($(#[$about])* #[serde(rename = $word)] $kind,)+
        }

        impl ObjectKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Returns its word, such as `events`.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)+ }
            }
        }
    };
}

kinds! {
    /// Whole databases.
    Databases = "databases",
    /// Tables with their rows.
    Tables = "tables",
    /// Views.
    Views = "views",
    /// Procedures and functions.
    Routines = "routines",
    /// Triggers.
    Triggers = "triggers",
    /// Statements that the server runs on a schedule.
    Events = "events",
    /// Sequences.
    Sequences = "sequences",
    /// Users and roles.
    Users = "users",
    /// The privileges of users and roles.
    Grants = "grants",
    /// Plans that statements are bound to (OceanBase).
    Outlines = "outlines",
    /// The earlier rows of system-versioned tables (MariaDB).
    History = "history",
    /// Packages and their bodies.
    Packages = "packages",
    /// User-defined types.
    Types = "types",
    /// Alternative names of objects.
    Synonyms = "synonyms",
    /// Groups of tables that are stored together (OceanBase).
    TableGroups = "table-groups",
    /// Tables with rows outside the server.
    ExternalTables = "external-tables",
    /// Tables that only one session sees.
    TemporaryTables = "temporary-tables",
    /// Views that keep their rows, and the logs of tables that they are refreshed from.
    MaterializedViews = "materialized-views",
    /// Functions that the server loads from a library (`mysql.func`).
    LoadableFunctions = "loadable-functions",
    /// Definitions of other servers (`mysql.servers`).
    Servers = "servers",
    /// Libraries that the server has loaded.
    Plugins = "plugins",
    /// Dropped objects that can still be restored.
    RecycleBin = "recycle-bin",
    /// Models that statements call, and their endpoints (OceanBase, seekdb).
    AiModels = "ai-models",
    /// Jobs of DBMS_SCHEDULER that are not the server's own.
    Jobs = "jobs",
    /// Names of members of ENUM and SET columns that the server does not show (MariaDB, MySQL).
    MemberNames = "member-names",
    /// Values of generated columns that depend on settings of a session, such as its time zone.
    GeneratedValues = "generated-values",
}

impl ObjectKind {
    /// Returns whether a whole kind can be left out by agreement. Databases, tables and views are excluded by their
    /// names.
    #[must_use]
    pub fn can_be_left_out(self) -> bool {
        !matches!(self, Self::Databases | Self::Tables | Self::Views)
    }

    /// Returns the words of all kinds that can be left out by agreement.
    #[must_use]
    pub fn words() -> String {
        let words: Vec<&str> =
            Self::ALL.iter().filter(|kind| kind.can_be_left_out()).map(|kind| kind.word()).collect();
        words.join(", ")
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for ObjectKind {
    type Err = String;

    /// Reads the word of a kind that can be left out by agreement.
    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|kind| kind.word() == word);
        match found {
            Some(kind) if kind.can_be_left_out() => Ok(kind),
            Some(kind) => Err(format!("`{kind}` are excluded by their names: --exclude DATABASE[.TABLE]")),
            None => {
                let kinds = || Self::ALL.iter().filter(|kind| kind.can_be_left_out()).map(|kind| kind.word());
                let perhaps = match &nearest(word, kinds())[..] {
                    [] => String::new(),
                    near => format!("; did you mean `{}`?", near.join("` or `")),
                };
                Err(format!("`{word}` is not one of {}{perhaps}", Self::words()))
            }
        }
    }
}

/// The name that stands for the whole server.
pub const WHOLE_SERVER: &str = "*";

/// Returns the name of a database for [`LeftOut::name`]: one that is called `*` is quoted, unlike the whole server.
#[must_use]
pub fn name_of_database(database: &str) -> String {
    if database == WHOLE_SERVER {
        BackupObject::Database(database.to_owned()).to_string()
    } else {
        database.to_owned()
    }
}

/// Something that the server has, or may have, but a backup does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The kind.
    pub kind: ObjectKind,
    /// Its name, or that of the database with these objects; `*` for the whole server.
    pub name: String,
    /// The reason, which names the object.
    pub reason: Text,
    /// Whether the request agrees to it by name.
    pub agreed: bool,
}

/// The consent that a request needs for an object that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// This kind.
    Without(ObjectKind),
    /// This database or table.
    Exclude(BackupObject),
}

impl Agreement {
    /// Returns the option of the command line, quoted for a shell.
    #[must_use]
    pub fn option(&self) -> String {
        match self {
            Self::Without(kind) => format!("--without {kind}"),
            Self::Exclude(object) => format!("--exclude '{}'", object.to_string().replace('\'', r"'\''")),
        }
    }
}

impl LeftOut {
    /// Returns how a request agrees to it; `None` if a privilege is needed instead, because a hidden object has no
    /// name.
    #[must_use]
    pub fn agreement(&self) -> Option<Agreement> {
        let Self { kind, name, .. } = self;
        match kind {
            kind if kind.can_be_left_out() => Some(Agreement::Without(*kind)),
            ObjectKind::Databases if name == WHOLE_SERVER => None,
            ObjectKind::Databases if *name == name_of_database(WHOLE_SERVER) => {
                Some(Agreement::Exclude(BackupObject::Database(WHOLE_SERVER.to_owned())))
            }
            ObjectKind::Databases => Some(Agreement::Exclude(BackupObject::Database(name.clone()))),
            _ => match name.parse() {
                Ok(table @ BackupObject::Table(..)) if name.starts_with('`') => {
                    Some(Agreement::Exclude(table))
                }
                _ => None,
            },
        }
    }
}

/// Something that the backup of a tenant lacks, in a task or plan for several tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The tenant's name.
    pub tenant: String,
    /// The kind.
    pub object: LeftOut,
}

/// Returns whether a backup left something out without consent.
#[must_use]
pub fn is_partial(left_out: &[LeftOut]) -> bool {
    left_out.iter().any(|object| !object.agreed)
}

/// The objects that a request agrees to leave out. The names are those of the server: typed names are resolved first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Consent {
    /// Databases and tables that are not backed up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<BackupObject>,
    /// Kinds of which nothing is backed up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<ObjectKind>,
}

impl Consent {
    /// Returns whether nothing is agreed to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exclude.is_empty() && self.without.is_empty()
    }

    /// Returns whether the whole database is excluded.
    #[must_use]
    pub fn excludes_database(&self, name: &str) -> bool {
        let is_it = |object: &BackupObject| matches!(object, BackupObject::Database(out) if out == name);
        self.exclude.iter().any(is_it)
    }

    /// Returns whether the table or view is excluded, by itself or with its database.
    #[must_use]
    pub fn excludes_table(&self, database: &str, name: &str) -> bool {
        let is_it = |object: &BackupObject| match object {
            BackupObject::Database(out) => out == database,
            BackupObject::Table(out, table) => out == database && table == name,
        };
        self.exclude.iter().any(is_it)
    }

    /// Returns whether this kind is left out by agreement.
    #[must_use]
    pub fn is_without(&self, kind: ObjectKind) -> bool {
        self.without.contains(&kind)
    }

    /// Describes something that is left out; it is agreed to if its kind is.
    #[must_use]
    pub fn left_out(&self, kind: ObjectKind, name: impl Into<String>, reason: Text) -> LeftOut {
        LeftOut { kind, name: name.into(), reason, agreed: self.is_without(kind) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Agreement, Consent, ObjectKind, WHOLE_SERVER, is_partial};
    use crate::backup::BackupObject;
    use crate::text::Text;

    #[test]
    fn a_kind_is_read_by_its_word_unless_single_objects_are_excluded_by_name() {
        for kind in ObjectKind::ALL {
            assert_eq!(kind.word().parse().ok(), kind.can_be_left_out().then_some(*kind));
            let stored = serde_json::to_string(kind).expect("a word");
            assert_eq!(stored, format!("\"{kind}\""));
        }
        let refused = "event".parse::<ObjectKind>().expect_err("no kind");
        assert!(refused.starts_with("`event` is not one of routines, "), "{refused}");
        assert!(refused.ends_with("; did you mean `events`?"), "{refused}");
        let by_name = "tables".parse::<ObjectKind>().expect_err("not as a whole");
        assert!(by_name.contains("--exclude"), "{by_name}");
        assert!(!"weather".parse::<ObjectKind>().expect_err("no kind").contains("did you mean"));
    }

    #[test]
    fn what_has_a_name_can_be_agreed_to_and_what_is_hidden_cannot() {
        let table = |database: &str, name: &str| BackupObject::Table(database.to_owned(), name.to_owned());
        let cases = [
            (ObjectKind::Events, "shop", Some(Agreement::Without(ObjectKind::Events))),
            (ObjectKind::Users, WHOLE_SERVER, Some(Agreement::Without(ObjectKind::Users))),
            (ObjectKind::Tables, "`shop`.`a.b`", Some(Agreement::Exclude(table("shop", "a.b")))),
            (ObjectKind::Views, "`shop`.`v`", Some(Agreement::Exclude(table("shop", "v")))),
            (
                ObjectKind::Databases,
                "a.b",
                Some(Agreement::Exclude(BackupObject::Database("a.b".to_owned()))),
            ),
            (ObjectKind::Tables, "shop", None),
            (ObjectKind::Tables, "shop.eu", None),
            (ObjectKind::Databases, WHOLE_SERVER, None),
            (
                ObjectKind::Databases,
                "`*`",
                Some(Agreement::Exclude(BackupObject::Database(WHOLE_SERVER.to_owned()))),
            ),
        ];
        for (kind, name, expected) in cases {
            let object = Consent::default().left_out(kind, name, Text::new("x"));
            let agreement = object.agreement();
            assert_eq!(agreement, expected, "{kind} {name}");
        }
    }

    #[test]
    fn an_option_of_the_command_line_names_what_it_agrees_to() {
        let table = BackupObject::Table("shop".to_owned(), "it's `odd`".to_owned());
        for (agreement, expected) in [
            (Agreement::Without(ObjectKind::TableGroups), "--without table-groups"),
            (Agreement::Exclude(BackupObject::Database("a.b".to_owned())), "--exclude '`a.b`'"),
            (Agreement::Exclude(table), r"--exclude '`shop`.`it'\''s ``odd```'"),
        ] {
            assert_eq!(agreement.option(), expected);
        }
    }

    #[test]
    fn a_backup_is_partial_until_every_omission_was_agreed_to_by_name() {
        let consent = Consent { without: vec![ObjectKind::Events], ..Consent::default() };
        let events = consent.left_out(ObjectKind::Events, "shop", Text::new("x"));
        let users = consent.left_out(ObjectKind::Users, "*", Text::new("x"));
        assert!(!is_partial(&[]) && !is_partial(std::slice::from_ref(&events)));
        assert!(is_partial(&[events, users]));
    }

    #[test]
    fn what_is_excluded_is_a_database_with_all_it_holds_or_one_table() {
        let exclude = vec![
            BackupObject::Database("logs".to_owned()),
            BackupObject::Table("shop".to_owned(), "tmp".to_owned()),
        ];
        let consent = Consent { exclude, ..Consent::default() };
        assert!(consent.excludes_database("logs") && consent.excludes_table("logs", "any"));
        assert!(!consent.excludes_database("Logs") && !consent.excludes_table("shop", "TMP"));
        assert!(!consent.excludes_database("shop") && consent.excludes_table("shop", "tmp"));
        assert!(!consent.excludes_table("shop", "orders"));
    }
}
