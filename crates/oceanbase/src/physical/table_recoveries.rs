//! Recovering tables: the statements and the views. Only 4.2.1 and later have them.

use model::id::TenantId;
use model::physical::table_recovery::{ImportedTable, TableImport, TableJob};

use super::Verbs;
use crate::driver::Driver;
use crate::error::Error;
use crate::gen4;
pub use crate::gen4::table_recovery::NewTables;
use crate::statement::Statement;

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
