//! The errors of a dump or a load, and their meaning for the task that runs it.

mod problem;

use model::Problem;
use model::naming::Ambiguous;
use model::problem::codes;

use crate::ddl::form::Refusal;
use crate::id::DumpId;

/// The server's error numbers for a snapshot that can no longer be read: too old, out of the window, a changed table,
/// a lost tablet.
const SNAPSHOT_GONE: [u16; 4] = [4138, 4344, 1412, 4725];

/// The server's error numbers for a table, column or partition that no longer exists.
const OBJECT_GONE: [u16; 5] = [1146, 1054, 1735, 1109, 1049];

/// The error of a dump, a load or a verification.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused, or the connection was lost.
    #[error("can't {what}")]
    Database {
        /// What was to be done, such as "read `shop`.`orders`".
        what: String,
        /// The server's message.
        #[source]
        source: Box<oceanbase::Error>,
    },
    /// The storage refused, or did not respond.
    #[error("can't {what}")]
    Storage {
        /// What was to be done, such as "write data/shop/orders/000001.sql.zst".
        what: String,
        /// What was wrong.
        #[source]
        source: storage::Error,
    },
    /// The snapshot of the dump is no longer readable. Start a new dump under a new id.
    #[error("the snapshot {scn} of dump {dump} is gone: can't {what}")]
    SnapshotGone {
        /// The dump.
        dump: DumpId,
        /// Its snapshot.
        scn: u64,
        /// What was to be read.
        what: String,
        /// The server's message.
        #[source]
        source: Box<oceanbase::Error>,
    },
    /// The snapshot was held by connections that are closed; MySQL and MariaDB cannot open it again. Start a new dump
    /// under a new id.
    #[error("the snapshot of dump {dump} ended when its connections were lost")]
    SnapshotLost {
        /// The dump.
        dump: DumpId,
    },
    /// Tables were changed while the dump ran. Start a new dump under a new id.
    #[error("tables were changed during dump {dump}: {}", tables.join(", "))]
    SchemaChanged {
        /// The dump.
        dump: DumpId,
        /// Which tables.
        tables: Vec<String>,
    },
    /// The pieces of a table do not contain its rows: the server compares its keys differently from how it sorts
    /// them.
    #[error("the pieces of {table} have {found} rows, and the table has {expected}")]
    RowsMiscut {
        /// The table.
        table: String,
        /// How many rows it has.
        expected: u64,
        /// How many the pieces have.
        found: u64,
    },
    /// A value that no literal of a dump restores.
    #[error("the value of {column} in the row {row} cannot be written as a statement")]
    ValueUnwritable {
        /// The column, with its table and database.
        column: String,
        /// Which row: its key, or its place in a piece.
        row: String,
        /// The text with the problem of the value, and the fix.
        why: &'static str,
        /// The affected number in the value; empty if it is not about a number.
        number: String,
    },
    /// The schema changed during every attempt to take a snapshot.
    #[error("no snapshot could be taken in {attempts} attempts: these keep changing: {}", tables.join(", "))]
    SchemaRestless {
        /// How often it was tried.
        attempts: u32,
        /// The tables that changed in the last attempt; none if they were dropped before they could be read.
        tables: Vec<String>,
    },
    /// The server has objects that a dump would lose.
    #[error("{} objects can't be dumped", problems.len())]
    CannotCarry {
        /// The objects, and the reasons.
        problems: Vec<Problem>,
    },
    /// A selected database or table does not exist.
    #[error("there is no {what} in the source")]
    NothingThere {
        /// The database or table.
        what: String,
    },
    /// A selected database belongs to the server itself, and is never dumped.
    #[error("`{database}` is a database of the server itself")]
    SystemDatabase {
        /// The database.
        database: String,
    },
    /// An excluded object does not exist. This is an error, because a mistyped name would leave the intended object
    /// in the dump.
    #[error("there is no {what} in the source to leave out")]
    NothingToExclude {
        /// The database or table.
        what: String,
        /// The names that may have been meant.
        near: Vec<String>,
    },
    /// A selected or excluded name may be one of several.
    #[error("{} may be one of several", .0.typed)]
    NameAmbiguous(Ambiguous),
    /// Dumps do not support this server.
    #[error("{server} can't be dumped")]
    SourceUnsupported {
        /// What it is.
        server: String,
    },
    /// The dump does not exist, or is unfinished.
    #[error("there is no finished dump {dump}: its {missing} is missing")]
    NotFinished {
        /// The dump.
        dump: DumpId,
        /// `plan.json` or `manifest.json`.
        missing: &'static str,
    },
    /// An object of the dump differs from what was written.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// The object.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// An object of the dump was changed on purpose: its checksum matches, but its signature does not.
    #[error("{path} was changed: its signature does not match")]
    Altered {
        /// The object.
        path: String,
    },
    /// An object of an unfinished dump is not signed with the caller's key. Start a new dump under a new id.
    #[error("{path} of the unfinished dump {dump} is signed with another key than the one given")]
    NotOurs {
        /// The dump.
        dump: DumpId,
        /// The object.
        path: String,
    },
    /// The dump is encrypted, and none of the given keys opens it.
    #[error("{path} is encrypted, and none of the given keys decrypts it")]
    Locked {
        /// The object.
        path: String,
    },
    /// A newer Lifeboat wrote the dump.
    #[error("dump {dump} has format {format}, this Lifeboat reads up to {}", crate::FORMAT)]
    FormatTooNew {
        /// The dump.
        dump: DumpId,
        /// Its format.
        format: u32,
    },
    /// The folder of a new dump is not empty.
    #[error("the folder of the new dump {dump} exists already")]
    IdTaken {
        /// The id.
        dump: DumpId,
    },
    /// There is no interrupted dump with that id.
    #[error("there is no dump {dump} to resume")]
    NothingToResume {
        /// The id.
        dump: DumpId,
    },
    /// The dump that was to be resumed is complete.
    #[error("dump {dump} is complete")]
    AlreadyComplete {
        /// The id.
        dump: DumpId,
    },
    /// An interrupted dump was started with other options than those of the resume.
    #[error("dump {dump} was begun with other settings ({} differences)", differences.len())]
    ResumeDiffers {
        /// The id.
        dump: DumpId,
        /// The differences: at least one.
        differences: Vec<Problem>,
    },
    /// Another dump was finished under the same ID.
    #[error("another dump was finished under the id {dump}")]
    AnotherDump {
        /// The id.
        dump: DumpId,
    },
    /// A statement of the dump does not only create the object that it is stored under.
    #[error("the statement of {object} is refused: {why}")]
    StatementRefused {
        /// The object.
        object: String,
        /// What in the statement is not allowed.
        why: String,
    },
    /// The target does not understand the statements of the source.
    #[error("a dump of {source_server} can't be loaded into {target}")]
    TargetUnfit {
        /// The server that was dumped.
        source_server: String,
        /// The target.
        target: String,
    },
    /// The target of a load contains objects that conflict with the load.
    #[error("the target is not empty: {}", found.join(", "))]
    TargetNotEmpty {
        /// The existing objects.
        found: Vec<String>,
        /// Whether all have names of the dump, because others are allowed.
        same_names: bool,
    },
    /// Another dump was being loaded into the same database.
    #[error("the load of dump {other} into `{database}` has not ended")]
    LoadInterrupted {
        /// The database in the target.
        database: String,
        /// The other dump.
        other: String,
    },
    /// The target would refuse a value because of its length.
    #[error("can't {what}: the target takes packets of {limit} bytes, the dump has a value of {longest}")]
    PacketTooSmall {
        /// What was to be done, such as "load `shop`.`orders`, piece 1".
        what: String,
        /// The target's `max_allowed_packet`.
        limit: u64,
        /// The value's length.
        longest: u64,
    },
    /// The target treats several names of the dump as the same.
    #[error("the target treats these names as the same: {}", names.join(", "))]
    NamesFold {
        /// The target's `lower_case_table_names`.
        value: u64,
        /// The names; equal ones are adjacent.
        names: Vec<String>,
    },
    /// The tables of the source could not be locked in the allowed time.
    #[error("the tables could not be locked within {seconds} s")]
    LockWaited {
        /// The waiting time.
        seconds: u64,
        /// The connection that holds them, if it is visible.
        holder: Option<Holder>,
    },
    /// The target of the load was changed by another client.
    #[error("`{database}` in the target is not as this load left it: {why}")]
    TargetChanged {
        /// The database in the target.
        database: String,
        /// What is different.
        why: String,
    },
    /// Transactions without a session hold locks in the target permanently.
    #[error("locked permanently by transactions without a session: {}", tables.join(", "))]
    TargetLocked {
        /// Which tables of the target.
        tables: Vec<String>,
    },
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// A connection that prevents the lock on the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its ID for KILL.
    pub id: u64,
    /// Whose it is, as `user@host`.
    pub user: String,
    /// The first word of its statement: the rest may hold secrets.
    pub statement: String,
    /// For how long it has been running.
    pub running_s: u64,
}

/// The result of an operation on dumps.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Describes an object whose definition is not accepted as one statement that creates it.
    pub(crate) fn not_carried(object: &str, why: &Refusal) -> Self {
        Self::CannotCarry { problems: vec![not_carried(object, why)] }
    }

    /// Returns whether the dump must start over under a new id: its current state cannot be completed.
    #[must_use]
    pub fn must_restart(&self) -> bool {
        matches!(
            self,
            Self::SnapshotGone { .. }
                | Self::SnapshotLost { .. }
                | Self::SchemaChanged { .. }
                | Self::NotOurs { .. }
        )
    }

    /// Returns whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database { source, .. } => source.is_transient(),
            Self::Storage { source, .. } => source.is_transient(),
            Self::SchemaRestless { .. } | Self::LockWaited { .. } => true,
            _ => false,
        }
    }
}

/// The name of the first action.
pub(crate) const CONNECTING: &str = "connect to the server";

/// Describes an object whose definition is not accepted as one statement that creates it.
pub(crate) fn not_carried(object: &str, why: &Refusal) -> Problem {
    Problem::refused(codes::PRECHECK_FAILED, "dump-statement-refused").with("object", object).with("why", why)
}

/// Adds the attempted action to a server's error.
pub(crate) trait DuringSql<T> {
    fn during(self, what: impl FnOnce() -> String) -> Result<T>;

    /// The same for reading a snapshot: reports a lost snapshot as such.
    fn during_read(self, dump: &DumpId, scn: u64, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> DuringSql<T> for std::result::Result<T, oceanbase::Error> {
    fn during(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Database { what: what(), source: Box::new(source) })
    }

    fn during_read(self, dump: &DumpId, scn: u64, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| {
            let what = what();
            match source.number() {
                Some(number) if SNAPSHOT_GONE.contains(&number) => {
                    Error::SnapshotGone { dump: dump.clone(), scn, what, source: Box::new(source) }
                }
                Some(number) if OBJECT_GONE.contains(&number) => {
                    Error::SchemaChanged { dump: dump.clone(), tables: vec![format!("{what}: {source}")] }
                }
                _ => Error::Database { what, source: Box::new(source) },
            }
        })
    }
}

/// Adds the attempted action to a storage's error.
pub(crate) trait DuringIo<T> {
    fn during(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> DuringIo<T> for std::result::Result<T, storage::Error> {
    fn during(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Storage { what: what(), source })
    }
}
