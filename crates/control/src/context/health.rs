//! Whether this server could do its work at the last check.

use std::time::Instant;

use model::Problem;
use tokio::sync::Mutex;

/// The last answer and its time. The lock makes concurrent requests wait for the same check.
#[derive(Default)]
pub(crate) struct Health(pub(crate) Mutex<Option<(Instant, Vec<Problem>)>>);
