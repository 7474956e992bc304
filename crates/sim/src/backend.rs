//! A bridge to a real server: the data statements of a tenant are answered there, packet for packet.

use crate::config::Backend;
use crate::error::SqlError;

/// A tenant's connection to its real server, made when it is first needed.
pub(crate) struct Bridge {
    backend: Backend,
}

impl Bridge {
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend }
    }

    /// Runs a statement there; answers the packets of its result.
    pub(crate) async fn query(&mut self, _sql: &str, _database: &str) -> Result<Vec<Vec<u8>>, SqlError> {
        Err(SqlError::gap(format!("backend {}", self.backend.address)))
    }
}
