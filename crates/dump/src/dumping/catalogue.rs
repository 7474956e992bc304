//! The server's catalogue of the tables of a database.

use std::collections::BTreeMap;
use std::sync::Arc;

use oceanbase::catalog::{self, Column, KeyColumn, Table};
use oceanbase::{Error as SqlError, Session};

use crate::dumping::definition::Definitions;

/// The catalogue of the tables of a database, by table.
pub(super) struct Catalogue {
    pub(super) definitions: Arc<Definitions>,
    pub(super) tables: Vec<Table>,
    pub(super) columns: BTreeMap<String, Vec<Column>>,
    pub(super) keys: BTreeMap<String, Vec<KeyColumn>>,
    pub(super) partitions: BTreeMap<String, Vec<String>>,
    /// The tables whose engine does not support snapshots.
    pub(super) unfit: BTreeMap<String, String>,
}

impl Catalogue {
    /// Reads it, and queries the keys on `aside` if there is such a connection: with a cold cache, that query takes
    /// the server as long as all others together.
    pub(super) async fn read(
        session: &mut Session,
        aside: Option<&mut Session>,
        database: &str,
    ) -> Result<Self, SqlError> {
        let Some(aside) = aside else {
            let rest = Self::without_keys(session, database).await?;
            return Ok(Self { keys: catalog::primary_keys(session, database).await?, ..rest });
        };
        let rest = Self::without_keys(session, database);
        let (rest, keys) = tokio::try_join!(rest, catalog::primary_keys(aside, database))?;
        Ok(Self { keys, ..rest })
    }

    async fn without_keys(session: &mut Session, database: &str) -> Result<Self, SqlError> {
        Ok(Self {
            definitions: Arc::new(Definitions::read(session, database).await?),
            tables: catalog::tables(session, database).await?,
            columns: catalog::columns(session, database).await?,
            keys: BTreeMap::new(),
            partitions: catalog::partitions(session, database).await?,
            unfit: catalog::engines_without_snapshot(session, database).await?,
        })
    }
}
