//! What a server does by itself now and then. Each watcher is woken by its timer or by a signal, takes no input and
//! reads what it needs: the code that runs after a restart is the code that always runs.

pub(crate) mod alarms;
pub(crate) mod clusters;
pub(crate) mod events;
pub(crate) mod snapshots;
pub(crate) mod troubles;
