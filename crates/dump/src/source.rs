//! The server that is dumped or loaded into.

use std::sync::Arc;

use oceanbase::{Endpoint, Session, Witness};

use crate::error::{DuringSql as _, Result};

/// A server, and who looks on while we speak with it.
#[derive(Clone)]
pub struct Source {
    /// The server.
    pub endpoint: Endpoint,
    /// Sees each statement.
    pub witness: Arc<dyn Witness>,
}

/// The same, where rows go to.
pub type Target = Source;

impl Source {
    /// Opens a connection.
    pub(crate) async fn open(&self) -> Result<Session> {
        let opened = Session::open(&self.endpoint, Arc::clone(&self.witness)).await;
        opened.during(|| "connect to the server".to_owned())
    }
}
