//! Major compaction of the cluster: names and values in `__all_zone`; rows without a zone describe the cluster.

use model::compaction::{Compaction, CompactionStatus};
use model::physical::{SYS, moment};

use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// Starts a major compaction. It fails while a merge is running.
pub(crate) fn freeze() -> Statement {
    Statement::act("ALTER SYSTEM MAJOR FREEZE")
}

/// Clears the error of a stopped merge, so that it continues.
pub(crate) fn clear_error() -> Statement {
    Statement::act("ALTER SYSTEM CLEAR MERGE ERROR")
}

const FACTS: &str = "SELECT zone, name, value, info FROM oceanbase.__all_zone WHERE name IN \
                     ('frozen_time', 'frozen_version', 'is_merge_error', 'last_merged_time', 'last_merged_version', \
                     'merge_start_time', 'merge_status', 'suspend_merging') ORDER BY zone, name";

/// Reads the status of the merge.
pub(crate) async fn compaction(session: &mut Session) -> Result<Compaction, Error> {
    let rows = session.rows(&Statement::read(FACTS)).await?;
    let of_cluster = Facts { rows: &rows, is_zones: false };
    let of_zones = Facts { rows: &rows, is_zones: true };
    let frozen = of_cluster.largest("frozen_version")?;
    let merged = of_cluster.largest("last_merged_version")?;
    let word = of_cluster.info("merge_status")?.to_ascii_uppercase();
    let has_error = of_cluster.largest("is_merge_error")? != 0 || word == "ERROR";
    let status = match word.as_str() {
        _ if has_error => CompactionStatus::Error,
        "IDLE" if merged >= frozen => CompactionStatus::Idle,
        _ => CompactionStatus::Compacting, // a slow zone reports TIMEOUT and continues
    };
    Ok(Compaction {
        tenant: SYS,
        status,
        frozen: frozen.unsigned_abs(),
        merged: merged.unsigned_abs(),
        frozen_at: moment::micros(of_cluster.largest("frozen_time")?),
        started: moment::micros(of_zones.largest("merge_start_time")?),
        finished: moment::micros(of_zones.largest("last_merged_time")?),
        suspended: of_zones.largest("suspend_merging")? != 0,
        info: if has_error { word } else { String::new() },
    })
}

/// Names and values, of the cluster or of its zones.
struct Facts<'a> {
    rows: &'a [Row],
    is_zones: bool,
}

impl Facts<'_> {
    fn named(&self, name: &'static str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| {
            let is_zones = row.maybe_str("zone").is_ok_and(|zone| zone.is_some_and(|zone| !zone.is_empty()));
            is_zones == self.is_zones && row.str("name").is_ok_and(|other| other == name)
        })
    }

    /// Returns the largest value of all zones; 0 if there is none.
    fn largest(&self, name: &'static str) -> Result<i64, Error> {
        self.named(name).try_fold(0, |largest, row| Ok(row.i64("value")?.max(largest)))
    }

    fn info(&self, name: &'static str) -> Result<&str, Error> {
        Ok(self
            .named(name)
            .next()
            .map(|row| row.maybe_str("info"))
            .transpose()?
            .flatten()
            .unwrap_or_default())
    }
}
