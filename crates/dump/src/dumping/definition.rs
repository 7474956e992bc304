//! The definitions of a database's tables, repaired where the server prints them broken.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use oceanbase::catalog::{self, MemberColumn, PartitionNames, PartitionValues, Recorded, TableIdentity};
use oceanbase::{Error as SqlError, Session};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::crew::{self, Work};
use crate::ddl::repair::{has_doubtful_backslash, repair};
use crate::ddl::table::TableDefinition;
use crate::dumping::question_marks::with_true_defaults;
use crate::dumping::survey::Readers;
use crate::error::{DuringSql as _, Result};
use crate::plan::{Identity, full_name};
use crate::refusal::is_refusal;

/// How many bytes of statements are kept: those of ten thousand tables of common width.
const KEPT_MOST_BYTES: usize = 16 << 20;

/// The statements that create tables, read when the snapshot was taken, by database and table. Reading one takes the
/// server longer than the rows of a small table.
#[derive(Default)]
pub(super) struct Kept {
    texts: HashMap<(String, String), Vec<u8>>,
    bytes: usize,
}

impl Kept {
    /// Keeps a statement if there is room.
    pub(super) fn keep(&mut self, database: &str, table: &str, text: Vec<u8>) {
        if self.bytes + text.len() <= KEPT_MOST_BYTES {
            self.bytes += text.len();
            self.texts.insert((database.to_owned(), table.to_owned()), text);
        }
    }

    /// Adds the statements of another database, as far as there is room.
    pub(super) fn add(&mut self, other: Self) {
        for ((database, table), text) in other.texts {
            self.keep(&database, &table, text);
        }
    }

    /// Removes and returns the statement of a table.
    pub(super) fn take(&mut self, database: &str, table: &str) -> Option<Vec<u8>> {
        self.texts.remove(&(database.to_owned(), table.to_owned()))
    }
}

/// Information about the tables of a database that SHOW CREATE TABLE does not show.
pub(super) struct Definitions {
    database: String,
    identities: Option<BTreeMap<String, TableIdentity>>,
    /// Whether every change of a table has its own number. InnoDB records only the second of the last change.
    counts_changes: bool,
    /// The inputs for repairing definitions; read with the first definition.
    mending: OnceCell<Mending>,
}

/// The inputs for repairing definitions, by table.
struct Mending {
    /// Whether the server hides them from this user.
    hidden: bool,
    members: BTreeMap<String, Vec<MemberColumn>>,
    partitions: BTreeMap<String, Vec<PartitionValues>>,
    names: BTreeMap<String, PartitionNames>,
    recorded: BTreeMap<String, Recorded>,
}

impl Mending {
    async fn read(session: &mut Session, database: &str) -> std::result::Result<Self, SqlError> {
        let members = catalog::member_columns(session, database).await?;
        let partitions = catalog::partition_values(session, database).await?;
        let names = catalog::crooked_partition_names(session, database).await?;
        let whole = members.is_some() && partitions.is_some() && names.is_some();
        Ok(Self {
            hidden: session.server().product.is_oceanbase() && !whole,
            members: members.unwrap_or_default(),
            partitions: partitions.unwrap_or_default(),
            names: names.unwrap_or_default(),
            recorded: catalog::recorded(session, database).await?.unwrap_or_default(),
        })
    }
}

impl Definitions {
    /// Reads it.
    pub(super) async fn read(session: &mut Session, database: &str) -> std::result::Result<Self, SqlError> {
        Ok(Self {
            database: database.to_owned(),
            identities: catalog::table_identities(session, database).await?,
            counts_changes: session.server().product.is_oceanbase(),
            mending: OnceCell::new(),
        })
    }

    /// Reads the definition of a table; `None` if its form is unknown.
    pub(super) async fn table(
        &self,
        session: &mut Session,
        table: &str,
    ) -> std::result::Result<Option<TableDefinition>, SqlError> {
        Ok(self.text(session, table).await?.and_then(|text| TableDefinition::read(&text)))
    }

    /// Reads the statement that creates a table; `None` if it cannot be repaired.
    pub(super) async fn text(
        &self,
        session: &mut Session,
        table: &str,
    ) -> std::result::Result<Option<Vec<u8>>, SqlError> {
        let mending = self.mending.get_or_try_init(|| Mending::read(session, &self.database)).await?;
        let mut text = catalog::table_definition(session, &self.database, table).await?;
        if !session.server().product.is_oceanbase() {
            let mended = with_true_defaults(session, &self.database, table, text).await?;
            let Some(mended) = mended else { return Ok(None) };
            text = mended;
        }
        let members = mending.members.get(table).map_or(&[][..], Vec::as_slice);
        let partitions = mending.partitions.get(table).map_or(&[][..], Vec::as_slice);
        Ok(repair(&text, members, partitions, mending.names.get(table)))
    }

    /// Returns the session variables that the server has recorded with the generated columns of a table, if any.
    pub(super) async fn recorded(
        &self,
        session: &mut Session,
        table: &str,
    ) -> std::result::Result<Option<&Recorded>, SqlError> {
        let mending = self.mending.get_or_try_init(|| Mending::read(session, &self.database)).await?;
        Ok(mending.recorded.get(table))
    }

    /// Returns whether the server hides from this user under which settings generated columns were created.
    pub(super) fn hides_settings(&self) -> bool {
        self.mending.get().is_some_and(|mending| mending.hidden)
    }

    /// Returns whether a text that was read may differ from the true definition, or could not be read, because the
    /// server hides its inner tables from this user.
    pub(super) fn is_doubtful(&self, text: Option<&[u8]>) -> bool {
        let hidden = self.mending.get().is_some_and(|mending| mending.hidden);
        hidden && text.is_none_or(has_doubtful_backslash)
    }

    /// Reads the statements that create tables, by table, on several connections.
    pub(super) async fn texts(
        self: &Arc<Self>,
        readers: Readers<'_>,
        tables: Vec<String>,
    ) -> Result<HashMap<String, Option<Vec<u8>>>> {
        let found = Arc::new(Mutex::new(HashMap::with_capacity(tables.len())));
        let work = Reading { definitions: Arc::clone(self), found: Arc::clone(&found) };
        crew::run(readers.source, readers.connections, tables, work, &CancellationToken::new()).await?;
        Ok(std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Describes the version of the table, to detect a change.
    pub(super) fn identity(&self, table: &str, definition: &TableDefinition) -> Identity {
        let numbers = self.numbers(table);
        Identity {
            id: numbers.map(|numbers| numbers.id),
            columns: numbers.map(|numbers| numbers.columns.clone()).unwrap_or_default(),
            essence: blake3::hash(&definition.essence()).to_hex().to_string(),
            version: numbers.filter(|_| self.counts_changes).map(|numbers| numbers.version),
        }
    }

    /// Returns whether a table still has this identity, without reading its definition.
    pub(super) fn is_untouched(&self, table: &str, known: &Identity) -> bool {
        let same = |numbers: &TableIdentity| {
            (Some(numbers.id), Some(numbers.version), &numbers.columns)
                == (known.id, known.version, &known.columns)
        };
        self.counts_changes && self.numbers(table).is_some_and(same)
    }

    fn numbers(&self, table: &str) -> Option<&TableIdentity> {
        self.identities.as_ref()?.get(table)
    }
}

/// Reads the statements that create tables.
struct Reading {
    definitions: Arc<Definitions>,
    found: Arc<Mutex<HashMap<String, Option<Vec<u8>>>>>,
}

impl Work for Reading {
    type Job = String;

    async fn prepare(&self, _: &mut Session) -> Result<()> {
        Ok(())
    }

    async fn work(&self, session: &mut Session, table: String) -> Result<()> {
        let what = || format!("read the definition of {}", full_name(&self.definitions.database, &table));
        let text = match self.definitions.text(session, &table).await {
            Err(error) if is_refusal(&error) => return Ok(()), // it is queried again, alone
            text => text.during(what)?,
        };
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(table, text);
        Ok(())
    }
}
