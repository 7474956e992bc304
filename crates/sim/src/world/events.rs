//! The event history of the root service.

use serde::Serialize;

use super::Cluster;

/// How many events are kept.
const KEPT: usize = 2_000;

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Event {
    pub(crate) at_us: i64,
    pub(crate) module: &'static str,
    pub(crate) event: String,
    pub(crate) pairs: Vec<(&'static str, String)>,
}

impl Cluster {
    pub(crate) fn event(&mut self, module: &'static str, event: &str, pairs: &[(&'static str, String)]) {
        if self.events.len() == KEPT {
            self.events.remove(0);
        }
        self.events.push(Event {
            at_us: self.now_us,
            module,
            event: event.to_owned(),
            pairs: pairs.to_vec(),
        });
    }
}
