//! The definitions of a database's tables, mended where the server prints them broken.

use std::collections::BTreeMap;

use oceanbase::catalog::{self, MemberColumn, PartitionValues, TableIdentity};
use oceanbase::{Error as SqlError, Session};

use crate::ddl::repair::repair;
use crate::ddl::table::TableDefinition;
use crate::plan::Identity;

/// What is known of the tables of a database beside what SHOW CREATE TABLE says.
pub(super) struct Definitions {
    database: String,
    identities: Option<BTreeMap<String, TableIdentity>>,
    /// Whether every change of a table has a number of its own: InnoDB knows only the second of the last one.
    counts_changes: bool,
    members: BTreeMap<String, Vec<MemberColumn>>,
    partitions: BTreeMap<String, Vec<PartitionValues>>,
}

impl Definitions {
    /// Reads it.
    pub(super) async fn read(session: &mut Session, database: &str) -> Result<Self, SqlError> {
        Ok(Self {
            database: database.to_owned(),
            identities: catalog::table_identities(session, database).await?,
            counts_changes: session.server().product.is_oceanbase(),
            members: catalog::member_columns(session, database).await?.unwrap_or_default(),
            partitions: catalog::partition_values(session, database).await?.unwrap_or_default(),
        })
    }

    /// Reads the definition of a table; nothing when it is of a form that is not understood.
    pub(super) async fn table(
        &self,
        session: &mut Session,
        table: &str,
    ) -> Result<Option<TableDefinition>, SqlError> {
        let text = catalog::table_definition(session, &self.database, table).await?;
        let members = self.members.get(table).map_or(&[][..], Vec::as_slice);
        let partitions = self.partitions.get(table).map_or(&[][..], Vec::as_slice);
        Ok(repair(&text, members, partitions).and_then(|text| TableDefinition::read(&text)))
    }

    /// Describes what tells the table from a changed one.
    pub(super) fn identity(&self, table: &str, definition: &TableDefinition) -> Identity {
        let numbers = self.numbers(table);
        Identity {
            id: numbers.map(|numbers| numbers.id),
            columns: numbers.map(|numbers| numbers.columns.clone()).unwrap_or_default(),
            essence: blake3::hash(&definition.essence()).to_hex().to_string(),
            version: numbers.filter(|_| self.counts_changes).map(|numbers| numbers.version),
        }
    }

    /// Tells whether nothing at all was changed about a table since it was described so, without asking for its definition.
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
