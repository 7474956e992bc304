//! What is to be backed up, and how: methods, modes, objects.

use serde::{Deserialize, Serialize};

use crate::id::TenantId;

/// How a backup is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackupMethod {
    /// By OceanBase itself: its own files, straight to the storage.
    #[serde(rename = "PHYSICAL_BACKUP")]
    Physical,
    /// By Lifeboat: schema and rows, read at one snapshot.
    #[serde(rename = "LOGICAL_BACKUP")]
    Logical,
}

/// How much of the data a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DataBackupMode {
    /// All of it.
    #[serde(rename = "FULL_BACKUP")]
    Full,
    /// What changed since the last backup.
    #[serde(rename = "INCREMENTAL_BACKUP")]
    Incremental,
}

/// A part of a tenant that a logical backup can be limited to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BackupObject {
    /// A whole database.
    Database(String),
    /// One table of a database.
    Table(String, String),
}

impl BackupObject {
    /// Returns the database that it is, or is a table of.
    #[must_use]
    pub fn database(&self) -> &str {
        let (Self::Database(name) | Self::Table(name, _)) = self;
        name
    }
}

/// Tells whether a name that was typed means this one: OceanBase keeps names in small letters, however they are typed.
#[must_use]
pub fn is_same_name(typed: &str, name: &str) -> bool {
    typed == name || typed.to_lowercase() == name
}

/// What is to be backed up, before the cluster was asked what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackupWish {
    /// The tenants; none means the whole cluster.
    pub tenants: Vec<TenantId>,
    /// The databases and tables; none means all.
    pub objects: Vec<BackupObject>,
    /// The method, if one was chosen.
    pub method: Option<BackupMethod>,
    /// Full or incremental; full when left out.
    pub mode: Option<DataBackupMode>,
}
