//! The transcript: every statement with its answer, for the tests that read it.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde::Serialize;

/// How many statements are kept.
const KEPT: usize = 20_000;

/// A statement and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The sequence number, from 1, across all clusters.
    pub sequence: u64,
    /// Simulated time, microseconds since 1970.
    pub at_us: i64,
    /// The cluster's name.
    pub cluster: String,
    /// The connection's ID.
    pub connection: u32,
    /// The user.
    pub user: String,
    /// The tenant.
    pub tenant: String,
    /// The statement as received.
    pub sql: String,
    /// `ok`, `rows 3` or `error 9036 (HY000) Backup is in progress`.
    pub answer: String,
    /// Whether the simulator lacks the requested feature.
    pub gap: bool,
}

/// The whole transcript.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    entries: Mutex<(u64, VecDeque<Entry>)>,
}

impl Transcript {
    pub(crate) fn add(&self, mut entry: Entry) {
        if entry.gap {
            tracing::warn!(
                cluster = entry.cluster,
                answer = entry.answer,
                "gap: the simulator cannot do this"
            );
        }
        let mut entries = self.entries.lock().expect("nothing panics while it writes the transcript");
        entries.0 += 1;
        entry.sequence = entries.0;
        if entries.1.len() == KEPT {
            entries.1.pop_front();
        }
        entries.1.push_back(entry);
    }

    /// Returns all entries after a sequence number.
    pub(crate) fn after(&self, sequence: u64) -> Vec<Entry> {
        let entries = self.entries.lock().expect("nothing panics while it writes the transcript");
        entries.1.iter().filter(|entry| entry.sequence > sequence).cloned().collect()
    }
}
