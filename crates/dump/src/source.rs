//! The server that is dumped or loaded into.

use std::sync::Arc;

use model::version::Product;
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
        let mut session = opened.during(|| "connect to the server".to_owned())?;
        for sql in settings(session.server().product) {
            session.run(&Statement::read(*sql)).await.during(|| "set up the connection".to_owned())?;
        }
        Ok(session)
    }

    /// Opens a connection that reads definitions, as bytes: MySQL and MariaDB would put `?` for what is no text, such
    /// as the default of a binary column.
    ///
    /// # Errors
    /// Fails when the server can't be reached or refuses the user.
    pub async fn open_for_definitions(&self) -> Result<Session> {
        let mut session = self.open().await?;
        if !session.server().product.is_oceanbase() {
            let raw = Statement::read("SET SESSION character_set_results = NULL");
            session.run(&raw).await.during(|| "set up the connection".to_owned())?;
        }
        Ok(session)
    }

    /// Opens a connection that reads rows.
    pub(crate) async fn open_for_reading(&self) -> Result<Session> {
        let mut session = self.open().await?;
        ready_for_reading(&mut session).await?;
        Ok(session)
    }
}

/// What MySQL and MariaDB are told at once, since it may be set otherwise there: how names and texts are quoted in
/// definitions, that a connection may be idle for days and a reader slow, and that no statement has a limit.
fn settings(product: Product) -> &'static [&'static str] {
    const COMMON: &str = "SET SESSION sql_mode = '', sql_quote_show_create = 1, wait_timeout = 604800, \
                          net_write_timeout = 3600, net_read_timeout = 3600";
    match product {
        Product::Oceanbase | Product::Seekdb => &[],
        Product::Mariadb => &[COMMON, "SET SESSION max_statement_time = 0"],
        Product::Mysql => &[COMMON, "SET SESSION max_execution_time = 0"],
    }
}

/// Readies a connection to read rows by keys. Without this mode a key such as the date 2024-02-30, or 0000-00-00, is
/// silently compared as if it were NULL, and the wrong rows come back.
pub(crate) async fn ready_for_reading(session: &mut Session) -> Result<()> {
    let mode = Statement::read("SET SESSION sql_mode = 'ALLOW_INVALID_DATES'");
    session.run(&mode).await.during(|| "set up the connection".to_owned()).map(drop)
}
