//! The server of a dump or load.

use std::sync::Arc;

use oceanbase::{Endpoint, Purpose, Session, Witness};

use crate::error::{CONNECTING, DuringSql as _, Result};

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

/// Readies a connection for a purpose.
pub(crate) async fn prepare(session: &mut Session, purpose: Purpose) -> Result<()> {
    session.prepare(purpose).await.during(|| "set up the connection".to_owned())
}

/// Readies a connection to read rows by keys.
pub(crate) async fn ready_for_reading(session: &mut Session) -> Result<()> {
    prepare(session, Purpose::Rows).await
}
