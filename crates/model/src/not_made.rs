//! The objects that a recovery could not create.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// Defines the kinds with their words in answers and in the states of tasks.
macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident = $word:literal,)+) => {
        /// A kind of object that a recovery creates.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum PartKind {
            $($(#[$about])* #[serde(rename = $word)] $kind,)+
        }

        impl PartKind {
            /// Returns its word, such as `foreign-keys`.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)+ }
            }
        }
    };
}

kinds! {
    /// Tables with their rows.
    Tables = "tables",
    /// Values of generated columns: the columns exist, and hold other values than in the source.
    GeneratedValues = "generated-values",
    /// Sequences.
    Sequences = "sequences",
    /// Keys of tables, except foreign keys.
    Indexes = "indexes",
    /// Foreign keys.
    ForeignKeys = "foreign-keys",
    /// Views.
    Views = "views",
    /// Procedures and functions.
    Routines = "routines",
    /// Triggers.
    Triggers = "triggers",
    /// Statements that the server runs on a schedule.
    Events = "events",
    /// Plans that statements are bound to (OceanBase).
    Outlines = "outlines",
    /// Users and roles.
    Users = "users",
    /// The privileges of users and roles.
    Grants = "grants",
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// An object of a backup that a recovery could not create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotMade {
    /// The kind.
    pub kind: PartKind,
    /// Its name in the target: `` `database`.`name` `` followed by the key's name, or a user as `'user'@'host'`.
    pub name: String,
    /// The reason, which names the object.
    pub reason: Text,
}

impl NotMade {
    /// Describes an object that was not created.
    #[must_use]
    pub fn new(kind: PartKind, name: impl Into<String>, reason: Text) -> Self {
        Self { kind, name: name.into(), reason }
    }
}
