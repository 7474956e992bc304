//! Physical backup on OceanBase 4.x: each tenant by itself, requested by the sys tenant.
//!
//! One file for each noun: its statements first, then its views. Versions differ in the rows of [`since`] only;
//! columns that not all versions have are read by `SELECT *`.

use model::version::Version;

pub(crate) mod archive;
pub(crate) mod backup;
pub(crate) mod compaction;
pub(crate) mod destination;
pub(crate) mod records;
pub(crate) mod resources;
pub(crate) mod restore;
pub(crate) mod sets;

/// From which version on 4.x knows what.
pub(crate) mod since {
    use super::Version;

    /// Copies of the archive at a second destination.
    pub(crate) const ARCHIVE_COPY: Version = Version::of([4, 4, 2, 3]);

    /// No `COMPRESSION` in the destination of logs any more.
    pub(crate) const NO_LOG_COMPRESSION: Version = Version::new(4, 4, 0);

    /// `PLUS ARCHIVELOG`, and a description that jobs keep.
    pub(crate) const PLUS_ARCHIVELOG: Version = Version::new(4, 1, 0);
}
