//! The handle of a server.

use std::path::PathBuf;
use std::sync::Arc;

use engine::worker::{Wake, Worker};
use metadata::Metadata;
use tokio::sync::watch;

use super::order_table::OrderTable;
use super::seen::Seen;
use super::shared::Context;

/// A server that was opened.
pub struct Opened {
    /// The shared state of the use cases.
    pub control: Control,
    /// The file with the initial password, until that is changed.
    pub initial_password: Option<PathBuf>,
}

/// Everything that the use cases need. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    pub(crate) context: Arc<Context>,
    worker: Arc<Worker<Metadata>>,
    orders: Arc<OrderTable>,
    newest_event: Arc<watch::Sender<i64>>,
    alarms: Arc<watch::Sender<Seen>>,
}

impl Control {
    /// Returns the handle of a server whose workers and orders have their flows registered; `newest` is the number of
    /// the newest event.
    pub(crate) fn new(
        context: Arc<Context>,
        worker: Worker<Metadata>,
        orders: OrderTable,
        newest: i64,
    ) -> Self {
        Self {
            context,
            worker: Arc::new(worker),
            orders: Arc::new(orders),
            newest_event: Arc::new(watch::Sender::new(newest)),
            alarms: Arc::new(watch::Sender::new(Seen::default())),
        }
    }

    /// For tests: advances the clock of this server's metadata, and with it that of its schedules.
    #[doc(hidden)]
    pub async fn pass(&self, time: std::time::Duration) -> Result<(), super::Error> {
        Ok(engine::testkit::Timed::pass(&self.context.metadata, time).await?)
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.context.metadata
    }

    /// Returns the handle that wakes the workers.
    pub(crate) fn wake(&self) -> Wake {
        self.worker.wake()
    }

    pub(crate) fn worker(&self) -> &Worker<Metadata> {
        &self.worker
    }

    /// Returns the flow of each order.
    pub(crate) fn orders(&self) -> &OrderTable {
        &self.orders
    }

    pub(crate) fn alarms(&self) -> &watch::Sender<Seen> {
        &self.alarms
    }

    pub(crate) fn newest_event(&self) -> watch::Receiver<i64> {
        self.newest_event.subscribe()
    }

    pub(crate) fn newest_event_sender(&self) -> &watch::Sender<i64> {
        &self.newest_event
    }
}
