//! Log archiving of the cluster.

use model::archive::{ArchiveRound, ArchiveStatus, ArchiveStep};
use model::physical::{SYS, moment};

use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// Returns the statement of a step; `None` for a step that only waits. There is no pause statement.
pub(crate) fn step(step: ArchiveStep) -> Option<Statement> {
    match step {
        ArchiveStep::SwitchOn => Some(Statement::act("ALTER SYSTEM ARCHIVELOG")),
        ArchiveStep::SwitchOff => Some(Statement::act("ALTER SYSTEM NOARCHIVELOG")),
        ArchiveStep::Nothing | ArchiveStep::Wait | ArchiveStep::Enable | ArchiveStep::Defer => None,
    }
}

/// Returns whether archiving is already in the requested state or changing to it. 2.2.77 has a number for a repeated
/// start, which means something else on 4.x; later kernels report it only in the message.
pub(crate) fn is_so_already(error: &Error) -> bool {
    matches!(error.number(), Some(9023 | 9024))
        || error.is_refusal(1235, "start log archive backup when not STOP")
}

/// One row for each tenant; its times are texts in the cluster's time zone, so they are not read.
const STATUSES: &str = "SELECT tenant_id, log_archive_round, status \
                        FROM oceanbase.CDB_OB_BACKUP_ARCHIVELOG ORDER BY tenant_id";

/// Here the times are timestamps, which the server sends in the connection's time zone. The row of tenant 1 describes
/// the cluster.
const TIMES: &str = "SELECT log_archive_round, min_first_time, max_next_time \
                     FROM oceanbase.CDB_OB_BACKUP_ARCHIVELOG_SUMMARY WHERE tenant_id = 1 \
                     ORDER BY log_archive_round DESC LIMIT 1";

/// Reads the status of archiving.
pub(crate) async fn round(session: &mut Session) -> Result<ArchiveRound, Error> {
    let statuses = session.rows(&Statement::read(STATUSES)).await?;
    let times = session.rows(&Statement::read(TIMES)).await?;
    let number = statuses.iter().map(|row| row.i64("log_archive_round")).collect::<Result<Vec<_>, _>>()?;
    let number = number.into_iter().max().unwrap_or(0);
    let words = statuses.iter().map(|row| row.str("status")).collect::<Result<Vec<_>, _>>()?;
    let of_round = |row: &&Row| row.i64("log_archive_round").is_ok_and(|round| round == number);
    let time = |column: &'static str| -> Result<_, Error> {
        let text = times.first().filter(of_round).map(|row| row.maybe_str(column)).transpose()?.flatten();
        Ok(text.and_then(moment::utc))
    };
    Ok(ArchiveRound {
        tenant: SYS,
        status: combined(&words),
        mode_on: None,
        enabled: true,
        round: number,
        start: time("min_first_time")?,
        checkpoint: time("max_next_time")?,
        comment: String::new(),
        path: String::new(),
    })
}

/// The cluster archives only if every tenant does; if a tenant does not, its status is the cluster's.
fn combined(words: &[&str]) -> ArchiveStatus {
    let statuses: Vec<_> = words.iter().map(|word| ArchiveStatus::of(word)).collect();
    if statuses.contains(&ArchiveStatus::Interrupted) {
        return ArchiveStatus::Interrupted;
    }
    let other = statuses.iter().find(|status| **status != ArchiveStatus::Doing);
    match (other, statuses.is_empty()) {
        (Some(status), _) => *status,
        (None, true) => ArchiveStatus::Never,
        (None, false) => ArchiveStatus::Doing,
    }
}

#[cfg(test)]
mod tests {
    use model::archive::ArchiveStatus::{Beginning, Doing, Interrupted, Never, Stop};

    use super::combined;

    #[test]
    fn a_cluster_archives_only_when_every_tenant_does() {
        let cases: [(&[&str], _); 6] = [
            (&[], Never),
            (&["STOP"], Stop),
            (&["DOING", "DOING"], Doing),
            (&["DOING", "BEGINNING"], Beginning),
            (&["BEGINNING", "INTERRUPTED"], Interrupted),
            (&["DOING", "INTERRUPTED"], Interrupted),
        ];
        for (words, expected) in cases {
            assert_eq!(combined(words), expected, "{words:?}");
        }
    }
}
