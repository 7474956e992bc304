//! Which storage an order means: a saved one, or one that was typed in.

use serde::Serialize;

use crate::Secret;
use crate::id::StorageId;
use crate::storage::StorageLocation;

/// A storage to be used or tested.
#[derive(Debug, Clone, Serialize)]
pub enum StorageChoice {
    /// A saved configuration.
    Saved(StorageId),
    /// One that was typed in.
    Typed {
        /// Its location.
        location: StorageLocation,
        /// The secret of its access key; none for a directory.
        #[serde(skip)]
        secret: Option<Secret>,
    },
}
