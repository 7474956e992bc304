//! Recovering tables: the statements and the views. Only 4.2.1 and later have them.

use model::Secret;
use model::id::TenantId;
use model::physical::table_recovery::{ImportedTable, RecoveredObject, TableImport, TableJob};

use super::Verbs;
use crate::driver::Driver;
use crate::error::Error;
use crate::gen4;
use crate::statement::Statement;

/// Tables to be recovered.
#[derive(Debug, Clone, Copy)]
pub struct NewTables<'a> {
    /// The tables and databases.
    pub objects: &'a [RecoveredObject],
    /// The tenant to recover into.
    pub tenant: &'a str,
    /// The locations of the data and log backups.
    pub from: &'a [Secret],
    /// The SCN to recover to; `None` means as late as possible.
    pub scn: Option<u64>,
    /// The resource pools of the auxiliary tenant.
    pub pools: &'a [String],
    /// The description that identifies the job later.
    pub tag: &'a str,
}

impl Verbs {
    /// Returns the statement that starts a recovery of tables. It returns when the job is recorded.
    #[must_use]
    pub fn recover_tables(&self, new: &NewTables<'_>) -> Statement {
        gen4::table_recovery::recover(new)
    }

    /// Returns the statement that cancels every running recovery of tables into a tenant, including foreign ones, so
    /// check them first.
    #[must_use]
    pub fn cancel_table_recovery(&self, tenant: &str) -> Statement {
        gen4::table_recovery::cancel(tenant)
    }
}

impl Driver {
    /// Reads the recoveries of tables into tenants of that name, including finished and foreign ones.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn table_jobs(&mut self, tenant: &str) -> Result<Vec<TableJob>, Error> {
        gen4::table_recovery::jobs(self.session(), tenant).await
    }

    /// Reads the import of a job; `None` until there is one.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn table_import(&mut self, job: &TableJob) -> Result<Option<TableImport>, Error> {
        match job.own {
            Some(own) => gen4::table_recovery::import(self.session(), own).await,
            None => Ok(None),
        }
    }

    /// Reads the tables of an import, each with its outcome.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn imported_tables(
        &mut self,
        tenant: TenantId,
        import: &TableImport,
    ) -> Result<Vec<ImportedTable>, Error> {
        gen4::table_recovery::imported(self.session(), tenant, import.id).await
    }
}
