//! The background checks of a server: a table of watchers. To add one, add a file and a row.

pub(crate) mod alarms;
mod clean_ups;
mod clusters;
mod delete_policies;
mod events;
mod heartbeat;
mod history;
mod log_backups;
mod notices;
mod room;
mod snapshots;
mod storage_uses;
mod strategies;
mod watcher;

use tokio_util::sync::CancellationToken;

use self::watcher::Watcher;
use crate::context::Control;

/// Every watcher.
const WATCHERS: &[Watcher] = &[
    alarms::WATCHER,
    clean_ups::WATCHER,
    clusters::WATCHER,
    delete_policies::WATCHER,
    events::WATCHER,
    heartbeat::WATCHER,
    history::WATCHER,
    log_backups::WATCHER,
    notices::WATCHER,
    room::WATCHER,
    snapshots::WATCHER,
    storage_uses::WATCHER,
    strategies::WATCHER,
];

/// Adds every watcher to the log of watcher runs.
pub(crate) fn enter(control: &Control) {
    for watcher in WATCHERS {
        watcher.enter(control);
    }
}

/// Runs every watcher until the server stops.
pub(crate) async fn run(control: &Control, shutdown: &CancellationToken) {
    futures::future::join_all(WATCHERS.iter().map(|watcher| watcher.run(control, shutdown))).await;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::WATCHERS;

    #[test]
    fn every_watcher_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = WATCHERS.iter().map(|watcher| watcher.name).collect();
        assert_eq!(names.len(), WATCHERS.len());
    }
}
