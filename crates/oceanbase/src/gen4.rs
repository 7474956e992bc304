//! Physical backup on OceanBase 4.x: each tenant by itself, requested by the sys tenant.
//!
//! One file per topic: its statements first, then its views. All differences between versions are listed in
//! [`since`]; columns that some versions lack are read with `SELECT *`.

use model::version::Version;

pub(crate) mod archive;
pub(crate) mod backup;
pub(crate) mod compaction;
pub(crate) mod delete_policy;
pub(crate) mod destination;
pub(crate) mod records;
pub(crate) mod resources;
pub(crate) mod restore;
pub(crate) mod sets;
pub(crate) mod table_recovery;

/// The first version of 4.x that supports each feature.
pub(crate) mod since {
    use super::Version;

    /// Copies of the archive at a second destination.
    pub(crate) const ARCHIVE_COPY: Version = Version::of([4, 4, 2, 3]);

    /// The destination of logs no longer accepts `COMPRESSION`.
    pub(crate) const NO_LOG_COMPRESSION: Version = Version::new(4, 4, 0);

    /// `PLUS ARCHIVELOG`, and descriptions that jobs keep.
    pub(crate) const PLUS_ARCHIVELOG: Version = Version::new(4, 1, 0);
}
