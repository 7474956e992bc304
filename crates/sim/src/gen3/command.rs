//! The ALTER SYSTEM statements of 3.x as values, and their execution.

use super::{archive, backup, cleanup, compaction, destination, restore};
use crate::error::SqlError;
use crate::gen4::command::Ties;
use crate::media::Uri;
use crate::profile::Profile;
use crate::world::{Caller, Cluster};

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Set(Vec<(String, String)>),
    Archive {
        on: bool,
    },
    Backup(backup::Request),
    CancelBackup,
    CancelAll,
    Delete {
        kind: cleanup::Kind,
        number: u64,
    },
    CancelDelete,
    Compaction(compaction::Verb),
    Restore(restore::Request),
    /// Parsed, but not supported by the simulator.
    Gap(&'static str),
}

/// Executes a command.
pub(crate) fn execute(
    cluster: &mut Cluster,
    caller: Caller,
    command: &Command,
    ties: &Ties,
) -> Result<(), SqlError> {
    if !caller.is_sys() {
        return Err(SqlError::access_denied("ALTER SYSTEM"));
    }
    match command {
        Command::Set(items) => items.iter().try_for_each(|(name, value)| set(cluster, caller, name, value)),
        Command::Archive { on: true } => archive::start(cluster),
        Command::Archive { on: false } => archive::stop(cluster),
        Command::Backup(request) => backup::start(cluster, request, ties.encryption.as_deref()),
        Command::CancelBackup => backup::cancel(cluster),
        Command::CancelAll => {
            cancel_all(cluster);
            Ok(())
        }
        Command::Delete { kind, .. }
            if matches!(kind, cleanup::Kind::Piece | cleanup::Kind::Round)
                && cluster.profile == Profile::V2_2_77 =>
        {
            Err(SqlError::plain(4007))
        }
        Command::Delete { kind, number } => cleanup::start(cluster, *kind, *number),
        Command::CancelDelete => cleanup::cancel(cluster),
        Command::Compaction(verb) => compaction::execute(cluster, *verb),
        Command::Restore(request) => restore::start(cluster, request, &ties.decryption, ties.zone_s),
        Command::Gap(what) => Err(SqlError::gap(*what)),
    }
}

fn set(cluster: &mut Cluster, caller: Caller, name: &str, value: &str) -> Result<(), SqlError> {
    if name.eq_ignore_ascii_case("backup_dest") {
        let is_running = cluster.three.backups.phase != backup::Phase::Stop
            || cluster.three.archive.status != archive::Status::Stop;
        if is_running {
            return Err(SqlError::plain(9036));
        }
        if !value.is_empty() {
            let uri = Uri::parse(value)?;
            cluster.destination_trouble(&uri.bare)?;
        }
    }
    cluster.set_parameter(caller, name, value, None)
}

/// Stops everything without touching the medium; afterwards the destination must be set again.
fn cancel_all(cluster: &mut Cluster) {
    backup::stop_at_once(cluster);
    cluster.three.archive.status = archive::Status::Stop;
    cluster.three.archive.due = None;
    cluster.parameters.put("enable_log_archive", "False");
    cluster.parameters.put("backup_dest", "");
    // It is not an error if there is nothing to cancel.
    let _ = cleanup::cancel(cluster);
    debug_assert!(destination(cluster).is_none(), "the destination is forgotten");
}
