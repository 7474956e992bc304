//! The errors of our own database, and their meaning.

use std::io;

use engine::TaskId;
use engine::journal::{ApplyError, HoldError, InsertError, JournalError};
use model::Problem;
use model::id::StrategyId;

use crate::dialect::{mysql_is_passing, sqlite_is_busy, sqlite_is_full};
use crate::server;

/// The metadata cannot be opened, read or written, or a rule about them refuses it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database failed.
    #[error("cannot {verb}")]
    Database {
        /// What was tried.
        verb: &'static str,
        /// The database's message.
        #[source]
        cause: sqlx::Error,
    },
    /// The database did not answer.
    #[error("cannot {verb}: the database does not answer")]
    NoAnswer {
        /// What was tried.
        verb: &'static str,
    },
    /// The server with the metadata is unreachable, or refuses the log-on.
    #[error("cannot reach the metadata at `{place}`")]
    Unavailable {
        /// Their location.
        place: String,
        /// The cause.
        #[source]
        cause: sqlx::Error,
    },
    /// The disk is full; the remaining space is reserved for log-ons and cancels.
    #[error("the disk of the data directory `{path}` is full")]
    DiskFull {
        /// The data directory.
        path: String,
    },
    /// A value was written by another version, or manually.
    #[error("cannot {verb}: this version cannot read the value of the column `{column}`")]
    Unreadable {
        /// What was tried.
        verb: &'static str,
        /// The column.
        column: &'static str,
        /// Why it cannot be read.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A name is already in use.
    #[error("the {noun} `{name}` exists already")]
    NameTaken {
        /// The kind of object that has it.
        noun: &'static str,
        /// The name.
        name: String,
    },
    /// The object does not exist (any more).
    #[error("there is no {noun} {id}")]
    Missing {
        /// The kind of object.
        noun: &'static str,
        /// Its identity.
        id: i64,
    },
    /// An unfinished task uses the object.
    #[error("task {task} uses this {noun} and is not finished")]
    Busy {
        /// The kind of object.
        noun: &'static str,
        /// The task.
        task: TaskId,
    },
    /// The storage contains backup sets.
    #[error("{backup_sets} backup sets are in this storage")]
    StorageInUse {
        /// How many.
        backup_sets: u64,
    },
    /// A backup strategy backs up to the storage.
    #[error("the backup strategy {strategy} of `{object}` uses this storage")]
    StorageOfStrategy {
        /// Which strategy.
        strategy: StrategyId,
        /// What it backs up: a cluster, or `cluster/tenant`.
        object: String,
    },
    /// The data directory cannot be created or read.
    #[error("cannot use the data directory: {verb} `{path}`")]
    DataDirectory {
        /// What was tried.
        verb: &'static str,
        /// The file or directory.
        path: String,
        /// Why it did not work.
        #[source]
        cause: io::Error,
    },
    /// Another program uses the data directory.
    #[error("another Lifeboat uses the data directory `{path}`")]
    DirectoryInUse {
        /// Which one.
        path: String,
    },
    /// There is a key, but not its database.
    #[error("the database `{path}` is missing or empty, but its key `{key}` exists")]
    DatabaseLost {
        /// Where the database should be.
        path: String,
        /// The key file.
        key: String,
    },
    /// The file is damaged or not a database.
    #[error("the database `{path}` is damaged: {cause}")]
    DatabaseDamaged {
        /// The file.
        path: String,
        /// SQLite's message.
        cause: String,
    },
    /// A newer program has used the database.
    #[error("the metadata in `{path}` has schema {found}, and this Lifeboat reads up to {known}")]
    NewerSchema {
        /// The data directory.
        path: String,
        /// The newest schema step of the database.
        found: i64,
        /// The newest schema step of this program.
        known: i64,
    },
    /// The schema is not the expected one, and cannot be upgraded.
    #[error("the metadata in `{path}` cannot be upgraded to the schema of this version")]
    Migration {
        /// The data directory.
        path: String,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Secrets were sealed, but the key is missing.
    #[error("the key file `{path}` is missing, and secrets are encrypted with it")]
    KeyMissing {
        /// Where it should be.
        path: String,
    },
    /// The key file contains no key.
    #[error("the key file `{path}` does not contain a key")]
    KeyMalformed {
        /// Its location.
        path: String,
    },
    /// The key is not the one that the secrets were sealed with.
    #[error("the key file `{path}` has key {found}, and the secrets are encrypted with key {expected}")]
    KeyOther {
        /// Its location.
        path: String,
        /// Its fingerprint.
        found: String,
        /// The fingerprint that the metadata hold.
        expected: String,
    },
    /// A sealed secret was altered, or moved from another row.
    #[error("the secret in {place} cannot be decrypted")]
    SealBroken {
        /// The table, row and column.
        place: String,
    },
    /// The address of the metadata's server is invalid.
    #[error("`{url}` is not an address for metadata: {why}")]
    ServerUrl {
        /// The address, without its password.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The copy cannot be written or read.
    #[error("cannot {verb} the copy `{path}`")]
    Copy {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: String,
        /// Why it did not work.
        #[source]
        cause: io::Error,
    },
    /// The file is an incomplete copy, or not a copy.
    #[error("`{path}` is not a complete copy of metadata")]
    CopyDamaged {
        /// The file.
        path: String,
    },
    /// A version with another schema wrote the copy.
    #[error("the copy `{path}` has schema {found}, and this Lifeboat restores schema {known}")]
    CopyOtherSchema {
        /// The file.
        path: String,
        /// The schema of the copy.
        found: u32,
        /// The schema of this version.
        known: u32,
    },
    /// A copy can be restored only into empty metadata.
    #[error("the metadata in `{path}` is not empty")]
    NotEmpty {
        /// Their location.
        path: String,
    },
    /// The program ended while a copy was being restored.
    #[error("a copy was only partly restored into `{path}`")]
    RestoreUnfinished {
        /// Where.
        path: String,
    },
    /// The password cannot be hashed or compared.
    #[error("the password cannot be hashed")]
    Password,
}

impl Error {
    /// Returns whether a later retry may help without any action.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::DiskFull { .. } => true,
            _ if self.is_disk_full() => true,
            Self::Database { cause, .. } | Self::Unavailable { cause, .. } => match cause {
                sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
                sqlx::Error::Database(cause) => match server::number(&**cause) {
                    Some(number) => mysql_is_passing(number),
                    None => cause.code().is_some_and(|code| sqlite_is_busy(&code)),
                },
                _ => false,
            },
            _ => false,
        }
    }

    /// Returns the error as a message for users.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Database { cause, .. } if self.is_disk_full() => {
                Problem::internal("metadata-disk-full").raw(cause)
            }
            Self::Database { cause: sqlx::Error::PoolTimedOut, .. } => Problem::internal("metadata-busy"),
            Self::Database { cause, .. } => Problem::internal("metadata-failed").raw(cause),
            Self::Unavailable { place, cause } => {
                let refused = cause.as_database_error().is_some() && !self.is_transient();
                let id = if refused { "metadata-refused" } else { "metadata-unavailable" };
                Problem::internal(id).with("place", place).raw(cause)
            }
            Self::DiskFull { path } => Problem::internal("data-disk-full").with("path", path),
            Self::NoAnswer { .. } => Problem::internal("metadata-no-answer"),
            Self::Unreadable { column, cause, .. } => {
                Problem::internal("metadata-unreadable").with("column", column).raw(cause)
            }
            Self::NameTaken { name, .. } => Problem::conflict("name-taken").with("name", name),
            Self::Missing { noun, id } => {
                Problem::not_found("record-missing").with("noun", noun).with("id", id)
            }
            Self::Busy { task, .. } => Problem::conflict("task-not-finished").with("task", task),
            Self::StorageInUse { backup_sets } => {
                Problem::conflict("storage-in-use").with("backup_sets", backup_sets)
            }
            Self::StorageOfStrategy { object, .. } => {
                Problem::conflict("storage-of-strategy").with("object", object)
            }
            Self::DataDirectory { path, cause, .. } => {
                Problem::internal("data-directory-failed").with("path", path).raw(cause)
            }
            Self::DirectoryInUse { path } => Problem::conflict("data-directory-in-use").with("path", path),
            Self::DatabaseLost { path, key } => {
                Problem::conflict("metadata-lost").with("path", path).with("key", key)
            }
            Self::DatabaseDamaged { path, cause } => {
                Problem::conflict("metadata-damaged").with("path", path).raw(cause)
            }
            Self::NewerSchema { path, found, known } => Problem::conflict("metadata-newer-schema")
                .with("path", path)
                .with("found", found)
                .with("known", known),
            Self::Migration { path, cause } => {
                Problem::internal("metadata-migration").with("path", path).raw(cause)
            }
            Self::KeyMissing { path } => Problem::conflict("key-missing").with("path", path),
            Self::KeyMalformed { path } => Problem::conflict("key-malformed").with("path", path),
            Self::KeyOther { path, found, expected } => Problem::conflict("key-other")
                .with("path", path)
                .with("found", found)
                .with("expected", expected),
            Self::SealBroken { place } => Problem::internal("seal-broken").with("place", place),
            Self::ServerUrl { url, why } => {
                Problem::invalid("metadata-url-malformed").with("url", url).with("why", why)
            }
            Self::Copy { path, cause, .. } => {
                Problem::internal("metadata-copy-failed").with("path", path).raw(cause)
            }
            Self::CopyDamaged { path } => Problem::invalid("metadata-copy-damaged").with("path", path),
            Self::CopyOtherSchema { path, found, known } => Problem::conflict("metadata-copy-other-schema")
                .with("path", path)
                .with("found", found)
                .with("known", known),
            Self::NotEmpty { path } => Problem::conflict("metadata-not-empty").with("path", path),
            Self::RestoreUnfinished { path } => {
                Problem::conflict("metadata-restore-unfinished").with("path", path)
            }
            Self::Password => Problem::internal("password-hash-failed"),
        }
    }

    /// Returns whether the disk was full.
    pub(crate) fn is_disk_full(&self) -> bool {
        let Self::Database { cause: sqlx::Error::Database(cause), .. } = self else { return false };
        server::number(&**cause).is_none() && cause.code().is_some_and(|code| sqlite_is_full(&code))
    }

    /// Returns whether the database refused a duplicate value.
    pub(crate) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database { cause: sqlx::Error::Database(cause), .. } if cause.is_unique_violation())
    }

    /// Converts the refusal of a duplicate value to an error that names it.
    pub(crate) fn or_taken(self, noun: &'static str, name: &str) -> Self {
        if self.is_duplicate() { Self::NameTaken { noun, name: name.to_owned() } } else { self }
    }
}

impl From<Error> for JournalError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database { verb, cause } => Self::new(verb, cause),
            Error::Unavailable { cause, .. } => Self::new("reach the metadata", cause),
            Error::Unreadable { verb, cause, .. } => Self::new(verb, cause),
            other => Self::new("use the metadata", other),
        }
    }
}

impl From<Error> for HoldError {
    fn from(error: Error) -> Self {
        Self::Journal(error.into())
    }
}

impl From<Error> for InsertError {
    fn from(error: Error) -> Self {
        Self::Journal(error.into())
    }
}

impl From<Error> for ApplyError {
    fn from(error: Error) -> Self {
        Self::Journal(error.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use engine::TaskId;
    use model::id::StrategyId;
    use model::text::{Language, has_problem};

    use super::Error;

    fn every_kind() -> Vec<Error> {
        let path = || "/data".to_owned();
        let cause = || io::Error::other("no");
        vec![
            Error::Database { verb: "list users", cause: sqlx::Error::PoolTimedOut },
            Error::NoAnswer { verb: "list users" },
            Error::Unavailable { place: "mysql://eva@db/meta".into(), cause: cause().into() },
            Error::DiskFull { path: path() },
            Error::Unreadable { verb: "list users", column: "role", cause: cause().into() },
            Error::NameTaken { noun: "cluster", name: "prod".into() },
            Error::Missing { noun: "cluster", id: 3 },
            Error::Busy { noun: "cluster", task: TaskId(4) },
            Error::StorageInUse { backup_sets: 2 },
            Error::StorageOfStrategy { strategy: StrategyId(1), object: "prod/shop".into() },
            Error::DataDirectory { verb: "make", path: path(), cause: cause() },
            Error::DirectoryInUse { path: path() },
            Error::DatabaseLost { path: path(), key: path() },
            Error::DatabaseDamaged { path: path(), cause: "no".into() },
            Error::NewerSchema { path: path(), found: 9, known: 5 },
            Error::Migration { path: path(), cause: cause().into() },
            Error::KeyMissing { path: path() },
            Error::KeyMalformed { path: path() },
            Error::KeyOther { path: path(), found: "a".into(), expected: "b".into() },
            Error::SealBroken { place: "clusters/1/password".into() },
            Error::ServerUrl { url: "mysql://db".into(), why: "it has no user" },
            Error::Copy { verb: "write", path: path(), cause: cause() },
            Error::CopyDamaged { path: path() },
            Error::CopyOtherSchema { path: path(), found: 4, known: 5 },
            Error::NotEmpty { path: path() },
            Error::RestoreUnfinished { path: path() },
            Error::Password,
        ]
    }

    #[test]
    fn every_error_has_words_without_a_gap_in_both_languages() {
        for error in every_kind() {
            let text = error.problem().text;
            assert!(has_problem(&text.id), "{}", text.id);
            for language in [Language::En, Language::Zh] {
                let words = [Some(text.message(language)), text.cause(language), text.action(language)];
                assert!(!words.iter().flatten().any(|words| words.contains('{')), "{error:?}: {words:?}");
            }
        }
    }

    #[test]
    fn only_a_temporarily_unavailable_database_is_retried() {
        let transient: Vec<bool> = every_kind().iter().map(Error::is_transient).collect();
        assert_eq!(transient.iter().filter(|transient| **transient).count(), 4, "{transient:?}");
        assert!(transient[..4].iter().all(|transient| *transient));
    }
}
