//! An error as data: its text, its arguments, and OCP's number.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::{Language, Text};

/// OCP's error numbers (`error.code` of its REST answers), and ours where OCP has none.
pub mod codes {
    /// A request is malformed.
    pub const INVALID: u32 = 400;
    /// No user is logged on, or the password is wrong.
    pub const UNAUTHENTICATED: u32 = 401;
    /// The user's role does not allow it.
    pub const FORBIDDEN: u32 = 403;
    /// The object does not exist.
    pub const NOT_FOUND: u32 = 404;
    /// The object is in use, or exists already.
    pub const CONFLICT: u32 = 409;
    /// Too many attempts.
    pub const LOCKED_OUT: u32 = 429;
    /// A bug in Lifeboat.
    pub const INTERNAL: u32 = 500;
    /// An external system failed.
    pub const OUTSIDE: u32 = 502;
    /// The version does not support backup.
    pub const VERSION_WITHOUT_BACKUP: u32 = 20000;
    /// A data backup already runs for the cluster or tenant.
    pub const BACKUP_RUNS_ALREADY: u32 = 20007;
    /// The recovery failed.
    pub const RECOVERY_FAILED: u32 = 20009;
    /// The storage's URI is missing.
    pub const STORAGE_URI_MISSING: u32 = 20010;
    /// The storage's endpoint is missing.
    pub const STORAGE_ENDPOINT_MISSING: u32 = 20011;
    /// The storage's access key id is missing.
    pub const STORAGE_KEY_ID_MISSING: u32 = 20012;
    /// The storage's access key secret is missing.
    pub const STORAGE_KEY_SECRET_MISSING: u32 = 20013;
    /// The data backup could not start.
    pub const DATA_BACKUP_NOT_STARTED: u32 = 20030;
    /// The log backup could not start.
    pub const LOG_BACKUP_NOT_STARTED: u32 = 20031;
    /// The log backup could not stop.
    pub const LOG_BACKUP_NOT_STOPPED: u32 = 20033;
    /// The data backup could not be stopped.
    pub const DATA_BACKUP_NOT_STOPPED: u32 = 20034;
    /// The data backup task failed.
    pub const DATA_BACKUP_FAILED: u32 = 20035;
    /// The pre-check of a data backup failed.
    pub const PRECHECK_FAILED: u32 = 20036;
    /// A resource unit could not be created for a recovery.
    pub const UNIT_NOT_MADE: u32 = 20040;
    /// A recovery to that name is already running.
    pub const RECOVERY_RUNS_ALREADY: u32 = 20043;
    /// The name exists in the destination.
    pub const NAME_EXISTS: u32 = 20044;
    /// There is nothing to clean up: the recovery has not failed.
    pub const NOTHING_TO_CLEAN_UP: u32 = 20048;
    /// The time is not recoverable.
    pub const MOMENT_OUTSIDE: u32 = 20049;
    /// The cluster has a strategy already.
    pub const CLUSTER_HAS_STRATEGY: u32 = 20100;
    /// The tenant has a strategy already.
    pub const TENANT_HAS_STRATEGY: u32 = 20101;
    /// There is no strategy.
    pub const NO_STRATEGY: u32 = 20106;
    /// There is nothing to back up in the request.
    pub const NO_BACKUP_OBJECT: u32 = 20107;
    /// The object does not support the method.
    pub const METHOD_UNSUPPORTED: u32 = 20108;
    /// Logical backup supports only full backup.
    pub const LOGICAL_IS_FULL_ONLY: u32 = 20110;
    /// Physical: a full backup must come before an incremental one.
    pub const FULL_BEFORE_INCREMENTAL: u32 = 20111;
    /// A strategy cannot change from physical to logical.
    pub const METHOD_CHANGE_REFUSED: u32 = 20112;
    /// Secondary backup is not supported.
    pub const SECONDARY_BACKUP_UNSUPPORTED: u32 = 20113;
    /// The update of a strategy changes nothing.
    pub const NOTHING_CHANGED: u32 = 20116;
    /// The backup's files could not be read as a backup.
    pub const BACKUP_UNREADABLE: u32 = 20120;
    /// A backup file or directory is not accessible.
    pub const STORAGE_INACCESSIBLE: u32 = 20131;
    /// The storage type is not supported in logical backup.
    pub const STORAGE_TYPE_UNSUPPORTED: u32 = 20142;
    /// The backup path could not be set.
    pub const PATH_NOT_SET: u32 = 20150;
    /// The cluster is being backed up elsewhere: the path can't change.
    pub const PATH_IN_USE: u32 = 20151;
    /// The version does not support the backup of single tenants.
    pub const TENANT_BACKUP_UNSUPPORTED: u32 = 20300;
    /// A backup of single tenants is always full.
    pub const TENANT_BACKUP_IS_FULL_ONLY: u32 = 20302;
    /// A backup of single tenants must not go into a directory below the cluster's.
    pub const TENANT_BACKUP_BELOW_CLUSTERS: u32 = 20303;
    /// A backup of single tenants needs an empty directory.
    pub const TENANT_BACKUP_NEEDS_EMPTY: u32 = 20304;
}

/// The kind of problem, which decides the HTTP status and the CLI's exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The request is invalid.
    Invalid,
    /// No user, or the wrong one, is logged on.
    Unauthenticated,
    /// The user lacks the permission.
    Forbidden,
    /// The object does not exist.
    NotFound,
    /// A rule refuses it in the current state.
    Refused,
    /// It conflicts with something that exists or runs.
    Conflict,
    /// Too many attempts; wait.
    LockedOut,
    /// A database or a storage failed.
    Outside,
    /// Lifeboat failed.
    Internal,
}

/// An error. Its message is looked up in the texts in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The kind of problem.
    pub kind: ProblemKind,
    /// OCP's number, see [`codes`].
    pub code: u32,
    /// The ID and arguments of the text, and the original external message.
    pub text: Text,
}

impl Problem {
    /// Returns a problem of any kind.
    pub fn new(kind: ProblemKind, code: u32, id: &str) -> Self {
        Self { kind, code, text: Text::new(id) }
    }

    /// Returns a refusal by a rule.
    pub fn refused(code: u32, id: &str) -> Self {
        Self::new(ProblemKind::Refused, code, id)
    }

    /// Returns an error in a request.
    pub fn invalid(id: &str) -> Self {
        Self::new(ProblemKind::Invalid, codes::INVALID, id)
    }

    /// Returns the error for a missing object.
    pub fn not_found(id: &str) -> Self {
        Self::new(ProblemKind::NotFound, codes::NOT_FOUND, id)
    }

    /// Returns a conflict with something that exists.
    pub fn conflict(id: &str) -> Self {
        Self::new(ProblemKind::Conflict, codes::CONFLICT, id)
    }

    /// Returns a failure of a database or a storage.
    pub fn outside(id: &str) -> Self {
        Self::new(ProblemKind::Outside, codes::OUTSIDE, id)
    }

    /// Returns a bug in Lifeboat.
    pub fn internal(id: &str) -> Self {
        Self::new(ProblemKind::Internal, codes::INTERNAL, id)
    }

    /// Adds an argument of the text.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.text.args.insert(name.to_owned(), value.to_string());
        self
    }

    /// Adds the attempted action, see [`Text::during`].
    #[must_use]
    pub fn during(mut self, doing: impl fmt::Display) -> Self {
        self.text = self.text.during(doing);
        self
    }

    /// Adds the original external message.
    #[must_use]
    pub fn raw(mut self, raw: impl fmt::Display) -> Self {
        self.text.raw = Some(raw.to_string());
        self
    }

    /// Replaces OCP's number.
    #[must_use]
    pub fn coded(mut self, code: u32) -> Self {
        self.code = code;
        self
    }

    /// Returns the arguments of the text.
    #[must_use]
    pub fn args(&self) -> &BTreeMap<String, String> {
        &self.text.args
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text.message(Language::En))
    }
}

impl std::error::Error for Problem {}
