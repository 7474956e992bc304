//! Physical backup on OceanBase 2.2.77 to 3.x: the cluster as a whole, from the sys tenant.
//!
//! One file per topic: its statements first, then its views. Differences between versions are rows of a table in the
//! file.

pub(crate) mod archive;
pub(crate) mod backup;
pub(crate) mod compaction;
pub(crate) mod destination;
pub(crate) mod records;
pub(crate) mod resources;
pub(crate) mod restore;
pub(crate) mod sets;
