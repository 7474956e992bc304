//! The storage of an order: a saved one, or one from the request.

use serde::Serialize;

use crate::Secret;
use crate::id::StorageId;
use crate::storage::StorageLocation;

/// A storage to be used or tested.
#[derive(Debug, Clone, Serialize)]
pub enum StorageChoice {
    /// A saved configuration.
    Saved(StorageId),
    /// A storage from the request.
    Typed {
        /// Its location.
        location: StorageLocation,
        /// The secret of its access key; none for a directory.
        #[serde(skip)]
        secret: Option<Secret>,
    },
}
