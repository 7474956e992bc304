//! The objects that a recovery could not create.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// Defines the kinds with their words, which stand in answers and in the states of tasks.
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
    /// Sequences.
    Sequences = "sequences",
    /// Keys of tables, without the foreign ones.
    Indexes = "indexes",
    /// Foreign keys.
    ForeignKeys = "foreign-keys",
    /// Views.
    Views = "views",
    /// Procedures and functions.
    Routines = "routines",
    /// Triggers.
    Triggers = "triggers",
    /// Statements that the server runs by a schedule.
    Events = "events",
    /// Plans that statements are bound to (OceanBase).
    Outlines = "outlines",
    /// Users and roles.
    Users = "users",
    /// What users and roles may do.
    Grants = "grants",
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Something that a backup holds and a recovery could not make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotMade {
    /// What it is.
    pub kind: PartKind,
    /// Its name in the target: `` `database`.`name` `` followed by the key's name, or a user as `'user'@'host'`.
    pub name: String,
    /// Why, in a sentence that names it.
    pub reason: Text,
}

impl NotMade {
    /// Describes it.
    #[must_use]
    pub fn new(kind: PartKind, name: impl Into<String>, reason: Text) -> Self {
        Self { kind, name: name.into(), reason }
    }
}
