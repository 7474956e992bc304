//! The server that is dumped or loaded into.

use std::sync::Arc;

use oceanbase::{Endpoint, Session, Statement, Witness};

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

    /// Opens a connection that reads rows.
    pub(crate) async fn open_for_reading(&self) -> Result<Session> {
        let mut session = self.open().await?;
        ready_for_reading(&mut session).await?;
        Ok(session)
    }
}

/// Readies a connection to read rows by keys. Without this mode a key such as the date 2024-02-30, or 0000-00-00, is
/// silently compared as if it were NULL, and the wrong rows come back.
pub(crate) async fn ready_for_reading(session: &mut Session) -> Result<()> {
    let mode = Statement::read("SET SESSION sql_mode = 'ALLOW_INVALID_DATES'");
    session.run(&mode).await.during(|| "set up the connection".to_owned()).map(drop)
}
