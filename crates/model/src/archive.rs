//! Log archiving ("log backup"): the status of a round, and the steps to the requested one.
//!
//! Sources: the state machines of OceanBase 3.x (cluster) and 4.x (tenant). One enum covers both; 3.x cannot pause.

use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::problem::{Problem, codes};
use crate::time::Timestamp;
use crate::version::ServerVersion;

/// The status of the current round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArchiveStatus {
    /// There is no row: archiving never ran.
    Never,
    /// Stopped; the last round stays visible with this status.
    Stop,
    /// 4.x: a round is being created.
    Prepare,
    /// The round has started; not all logs are backed up yet.
    Beginning,
    /// All logs are backed up.
    Doing,
    /// 4.x: it is being paused.
    Suspending,
    /// 4.x: it is paused.
    Suspend,
    /// It is being stopped.
    Stopping,
    /// Logs were lost; only a stop ends this status.
    Interrupted,
    /// An unknown status, which may be temporary.
    Other,
}

impl ArchiveStatus {
    /// Reads the word of a view.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word.to_ascii_uppercase().as_str() {
            "" => Self::Never,
            "STOP" => Self::Stop,
            "PREPARE" => Self::Prepare,
            "BEGINNING" => Self::Beginning,
            "DOING" => Self::Doing,
            "SUSPENDING" => Self::Suspending,
            "SUSPEND" | "PAUSED" => Self::Suspend,
            "STOPPING" => Self::Stopping,
            "INTERRUPTED" => Self::Interrupted,
            _ => Self::Other,
        }
    }

    /// Returns the word that users see.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "NEVER",
            Self::Stop => "STOP",
            Self::Prepare => "PREPARE",
            Self::Beginning => "BEGINNING",
            Self::Doing => "DOING",
            Self::Suspending => "SUSPENDING",
            Self::Suspend => "SUSPEND",
            Self::Stopping => "STOPPING",
            Self::Interrupted => "INTERRUPTED",
            Self::Other => "OTHER",
        }
    }

    /// Returns whether the destination may be changed: every other status counts as running, including INTERRUPTED.
    #[must_use]
    pub const fn lets_destination_change(self) -> bool {
        matches!(self, Self::Never | Self::Stop)
    }
}

/// The log archiving of one tenant; on 3.x, of the whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveRound {
    /// The tenant; 1 for a whole cluster.
    pub tenant: TenantId,
    /// The status of the round.
    pub status: ArchiveStatus,
    /// 4.1 and later: whether the tenant's log mode is ARCHIVELOG. The status follows with a delay.
    pub mode_on: Option<bool>,
    /// 4.x: whether the destination is enabled; a pause disables it.
    pub enabled: bool,
    /// The round's number; 0 when there is none.
    pub round: i64,
    /// The time from which logs are archived.
    pub start: Option<Timestamp>,
    /// The time up to which they are archived.
    pub checkpoint: Option<Timestamp>,
    /// The database's message about an interruption.
    pub comment: String,
    /// The destination, without keys.
    pub path: String,
}

/// The requested state of log archiving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogBackupWish {
    /// Log backup must run.
    Start,
    /// It must stop; the round ends.
    Stop,
    /// It must pause and keep its round.
    Pause,
    /// It must resume after a pause.
    Resume,
}

/// The next action for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveStep {
    /// The requested state is reached.
    Nothing,
    /// The change is in progress.
    Wait,
    /// `ARCHIVELOG`
    SwitchOn,
    /// `NOARCHIVELOG`
    SwitchOff,
    /// `LOG_ARCHIVE_DEST_STATE = 'ENABLE'`
    Enable,
    /// `LOG_ARCHIVE_DEST_STATE = 'DEFER'`
    Defer,
}

/// Returns the next action, or why the request is impossible.
///
/// # Errors
/// An interrupted round starts or resumes only after a user decided to stop it; a round that is not running can be
/// neither paused nor resumed.
pub fn next_step(wish: LogBackupWish, round: &ArchiveRound) -> Result<ArchiveStep, Problem> {
    use ArchiveStatus::{
        Beginning, Doing, Interrupted, Never, Other, Prepare, Stop, Stopping, Suspend, Suspending,
    };
    use ArchiveStep::{Defer, Enable, Nothing, SwitchOff, SwitchOn, Wait};
    let mode_on = round.mode_on.unwrap_or(!matches!(round.status, Never | Stop | Stopping));
    Ok(match (wish, round.status) {
        (LogBackupWish::Start | LogBackupWish::Resume, Interrupted) => return Err(interrupted(round)),
        (LogBackupWish::Start, Doing) => Nothing,
        // A deferred destination prevents every round.
        (LogBackupWish::Start, Never | Stop | Suspend) if !round.enabled => Enable,
        (LogBackupWish::Start, Never | Stop) if !mode_on => SwitchOn,
        (LogBackupWish::Start, _) => Wait,
        // 4.x has a mode besides the status: log backup is off only when both are off.
        (LogBackupWish::Stop, Never | Stop) if !mode_on => Nothing,
        (LogBackupWish::Stop, Stopping) => Wait,
        (LogBackupWish::Stop, _) if round.mode_on == Some(false) => Wait,
        (LogBackupWish::Stop, _) => SwitchOff,
        (LogBackupWish::Pause, Suspend) => Nothing,
        (LogBackupWish::Pause, Doing) if round.enabled => Defer,
        (LogBackupWish::Pause, Doing | Suspending | Beginning | Prepare | Other) => Wait,
        (LogBackupWish::Resume, Doing) => Nothing,
        (LogBackupWish::Resume, Suspend) if !round.enabled => Enable,
        (LogBackupWish::Resume, Suspend | Suspending | Beginning | Prepare | Other) => Wait,
        (LogBackupWish::Pause | LogBackupWish::Resume, _) => return Err(not_running(wish, round)),
    })
}

/// Returns why an interrupted round does not continue, with the database's original message.
#[must_use]
pub fn interrupted(round: &ArchiveRound) -> Problem {
    let problem =
        Problem::refused(codes::LOG_BACKUP_NOT_STARTED, "log-backup-interrupted").with("round", round.round);
    if round.comment.is_empty() { problem } else { problem.raw(&round.comment) }
}

/// Checks that log backup is running or starting, for requests that must not start it: every version needs it for
/// data backup.
///
/// # Errors
/// 20036 if it does not run; `tenant` is the name of the tenant or cluster.
pub fn check_running(round: &ArchiveRound, tenant: &str, server: &ServerVersion) -> Result<(), Problem> {
    use ArchiveStatus::{
        Beginning, Doing, Interrupted, Never, Other, Prepare, Stop, Stopping, Suspend, Suspending,
    };
    match round.status {
        Doing | Beginning | Prepare | Other => Ok(()),
        Interrupted => Err(interrupted(round)),
        Never | Stop | Stopping | Suspend | Suspending => {
            Err(Problem::refused(codes::PRECHECK_FAILED, "log-backup-needed")
                .with("tenant", tenant)
                .with("status", round.status.word())
                .with("version", server))
        }
    }
}

fn not_running(wish: LogBackupWish, round: &ArchiveRound) -> Problem {
    let code = if wish == LogBackupWish::Resume {
        codes::LOG_BACKUP_NOT_STARTED
    } else {
        codes::LOG_BACKUP_NOT_STOPPED
    };
    Problem::refused(code, "log-backup-not-running").with("status", round.status.word())
}

#[cfg(test)]
mod tests {
    use super::ArchiveStatus::{
        Beginning, Doing, Interrupted, Never, Other, Prepare, Stop, Stopping, Suspend, Suspending,
    };
    use super::ArchiveStep::{Defer, Enable, Nothing, SwitchOff, SwitchOn, Wait};
    use super::LogBackupWish as Wish;
    use super::{ArchiveRound, ArchiveStatus, check_running, next_step};
    use crate::id::TenantId;
    use crate::version::ServerVersion;

    fn round(status: ArchiveStatus, mode_on: Option<bool>, enabled: bool) -> ArchiveRound {
        ArchiveRound {
            tenant: TenantId(1002),
            status,
            mode_on,
            enabled,
            round: 1,
            start: None,
            checkpoint: None,
            comment: "log stream 1001 interrupted".to_owned(),
            path: String::new(),
        }
    }

    #[test]
    fn every_word_of_the_views_is_read_and_shown() {
        for status in [Stop, Prepare, Beginning, Doing, Suspending, Suspend, Stopping, Interrupted] {
            assert_eq!(ArchiveStatus::of(status.word()), status);
        }
        assert_eq!((ArchiveStatus::of(""), ArchiveStatus::of("MIXED")), (Never, Other));
    }

    #[test]
    fn log_backup_is_brought_to_run_from_every_state() {
        let cases = [
            (Doing, Some(true), true, Ok(Nothing)),
            (Never, Some(false), true, Ok(SwitchOn)),
            (Stop, Some(false), true, Ok(SwitchOn)),
            (Stop, None, true, Ok(SwitchOn)), // 3.x and 4.0 do not show the mode
            (Never, None, true, Ok(SwitchOn)),
            (Never, Some(true), true, Ok(Wait)), // possible without a destination, too: the timeout ends the wait
            (Stop, Some(true), false, Ok(Enable)),
            (Stopping, Some(false), true, Ok(Wait)),
            (Prepare, Some(true), true, Ok(Wait)),
            (Beginning, None, true, Ok(Wait)),
            (Suspending, Some(true), false, Ok(Wait)),
            (Suspend, Some(true), false, Ok(Enable)),
            (Suspend, Some(true), true, Ok(Wait)),
            (Other, None, true, Ok(Wait)),
            (Interrupted, Some(true), true, Err(20031)),
        ];
        for (status, mode_on, enabled, expected) in cases {
            let step =
                next_step(Wish::Start, &round(status, mode_on, enabled)).map_err(|problem| problem.code);
            assert_eq!(step, expected, "{status:?} {mode_on:?} {enabled}");
        }
    }

    #[test]
    fn a_backup_that_may_not_start_log_backup_needs_it_to_run() {
        let server = ServerVersion::identify("5.7.25-OceanBase_CE-v4.2.5.2", "OceanBase_CE 4.2.5.2")
            .expect("a version");
        let cases = [
            (Doing, Ok(())),
            (Beginning, Ok(())),
            (Prepare, Ok(())),
            (Other, Ok(())),
            (Never, Err((20036, "log-backup-needed"))),
            (Stop, Err((20036, "log-backup-needed"))),
            (Stopping, Err((20036, "log-backup-needed"))),
            (Suspending, Err((20036, "log-backup-needed"))),
            (Suspend, Err((20036, "log-backup-needed"))),
            (Interrupted, Err((20031, "log-backup-interrupted"))),
        ];
        for (status, expected) in cases {
            let checked = check_running(&round(status, None, true), "shop", &server);
            let checked = checked.as_ref().map(|&()| ()).map_err(|why| (why.code, why.text.id.as_str()));
            assert_eq!(checked, expected, "{status:?}");
        }
    }

    #[test]
    fn log_backup_is_stopped_paused_and_resumed_by_the_table() {
        let cases = [
            (Wish::Stop, Doing, Some(true), true, Ok(SwitchOff)),
            (Wish::Stop, Doing, None, true, Ok(SwitchOff)),
            (Wish::Stop, Doing, Some(false), true, Ok(Wait)),
            (Wish::Stop, Interrupted, Some(true), true, Ok(SwitchOff)),
            (Wish::Stop, Interrupted, None, true, Ok(SwitchOff)),
            (Wish::Stop, Suspend, Some(true), false, Ok(SwitchOff)),
            (Wish::Stop, Stopping, Some(false), true, Ok(Wait)),
            (Wish::Stop, Stop, Some(false), true, Ok(Nothing)),
            (Wish::Stop, Stop, None, true, Ok(Nothing)),
            (Wish::Stop, Never, Some(true), true, Ok(SwitchOff)),
            (Wish::Pause, Doing, Some(true), true, Ok(Defer)),
            (Wish::Pause, Doing, Some(true), false, Ok(Wait)),
            (Wish::Pause, Suspending, Some(true), false, Ok(Wait)),
            (Wish::Pause, Suspend, Some(true), false, Ok(Nothing)),
            (Wish::Pause, Stop, Some(false), true, Err(20033)),
            (Wish::Pause, Interrupted, Some(true), true, Err(20033)),
            (Wish::Resume, Suspend, Some(true), false, Ok(Enable)),
            (Wish::Resume, Suspending, Some(true), false, Ok(Wait)),
            (Wish::Resume, Beginning, Some(true), true, Ok(Wait)),
            (Wish::Resume, Doing, Some(true), true, Ok(Nothing)),
            (Wish::Resume, Stop, Some(false), true, Err(20031)),
            (Wish::Resume, Interrupted, Some(true), true, Err(20031)),
        ];
        for (wish, status, mode_on, enabled, expected) in cases {
            let step = next_step(wish, &round(status, mode_on, enabled)).map_err(|problem| problem.code);
            assert_eq!(step, expected, "{wish:?} {status:?} {mode_on:?} {enabled}");
        }
    }

    #[test]
    fn an_interruption_is_reported_in_the_databases_words() {
        let problem = next_step(Wish::Start, &round(Interrupted, Some(true), true)).expect_err("refused");
        assert_eq!(problem.text.raw.as_deref(), Some("log stream 1001 interrupted"));
    }

    #[test]
    fn a_destination_changes_only_where_nothing_runs() {
        let free = [Never, Stop];
        for status in
            [Never, Stop, Prepare, Beginning, Doing, Suspending, Suspend, Stopping, Interrupted, Other]
        {
            assert_eq!(status.lets_destination_change(), free.contains(&status), "{status:?}");
        }
    }
}
