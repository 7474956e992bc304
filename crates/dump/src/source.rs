//! The server of a dump or load.

use std::sync::Arc;

use oceanbase::{Endpoint, Purpose, Session, Witness};

use crate::error::{CONNECTING, DuringSql as _, Result};

/// A server, and a witness that sees the statements sent to it.
#[derive(Clone)]
pub struct Source {
    /// The server.
    pub endpoint: Endpoint,
    /// Receives each statement.
    pub witness: Arc<dyn Witness>,
}

/// The same, as the target of a load.
pub type Target = Source;

impl Source {
    /// Opens a connection.
    pub(crate) async fn open(&self) -> Result<Session> {
        let opened = Session::open(&self.endpoint, Arc::clone(&self.witness)).await;
        opened.during(|| CONNECTING.to_owned())
    }

    /// Opens a connection that reads definitions, as bytes.
    ///
    /// # Errors
    /// Fails when the server can't be reached or refuses the user.
    pub async fn open_for_definitions(&self) -> Result<Session> {
        let mut session = self.open().await?;
        prepare(&mut session, Purpose::Definitions).await?;
        Ok(session)
    }

    /// Opens a connection that reads rows.
    pub(crate) async fn open_for_reading(&self) -> Result<Session> {
        let mut session = self.open().await?;
        ready_for_reading(&mut session).await?;
        Ok(session)
    }
}

/// Prepares a connection for a purpose.
pub(crate) async fn prepare(session: &mut Session, purpose: Purpose) -> Result<()> {
    session.prepare(purpose).await.during(|| "set up the connection".to_owned())
}

/// Prepares a connection to read rows by key.
pub(crate) async fn ready_for_reading(session: &mut Session) -> Result<()> {
    prepare(session, Purpose::Rows).await
}
