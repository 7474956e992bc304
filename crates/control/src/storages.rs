//! The library of storage configurations, and their test.

use model::Secret;
use model::id::StorageId;
use model::storage::StorageLocation;

/// A storage configuration to be kept.
#[derive(Debug, Clone)]
pub struct NewStorage {
    /// Its name in the library.
    pub name: String,
    /// Where it is.
    pub location: StorageLocation,
    /// The secret of its access key; none for a directory.
    pub secret: Option<Secret>,
}

/// What is to change about a storage configuration; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct StorageChange {
    /// Its new name.
    pub name: Option<String>,
    /// Its new place.
    pub location: Option<StorageLocation>,
    /// The new secret of its access key.
    pub secret: Option<Secret>,
}

/// A storage to be used or tested.
#[derive(Debug, Clone)]
pub enum StorageChoice {
    /// One of the library.
    Saved(StorageId),
    /// One that was typed in.
    Typed {
        /// Where it is.
        location: StorageLocation,
        /// The secret of its access key; none for a directory.
        secret: Option<Secret>,
    },
}
