//! Restoring tenants on 4.x: the statements and the views.

use model::Secret;
use model::id::TenantId;
use model::physical::resources::{ClusterResources, ZoneUnits};
use model::physical::restore::RestoreJob;

use super::Verbs;
use crate::driver::Driver;
use crate::error::Error;
use crate::gen4;
use crate::statement::Statement;

/// A tenant that is to be restored.
#[derive(Debug, Clone, Copy)]
pub struct NewTenant<'a> {
    /// Its name.
    pub name: &'a str,
    /// The locations of the backups of data and logs.
    pub from: &'a [Secret],
    /// The time: nanoseconds since 1970; as late as possible when `None`.
    pub scn: Option<u64>,
    /// Its resource pools.
    pub pools: &'a [String],
    /// Its locality; the pools' when `None`.
    pub locality: Option<&'a str>,
    /// Its primary zone; the cluster's choice when `None`.
    pub primary_zone: Option<&'a str>,
    /// The description by which the job is known again; left out where the version keeps none.
    pub tag: &'a str,
}

/// A set or piece that a restore would read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previewed {
    /// `BACKUP_SET` or `BACKUP_PIECE`.
    pub kind: String,
    /// Its number.
    pub id: i64,
    /// Its location, without keys.
    pub address: String,
    /// The server's comment, such as the beginning of a piece; empty for most.
    pub description: String,
}

impl Verbs {
    /// Returns the statement that lets the next ones on the same connection read encrypted sets.
    #[must_use]
    pub fn set_restore_passwords(&self, passwords: &[Secret]) -> Statement {
        gen4::restore::set_passwords(passwords)
    }

    /// Returns the statements that show, on one connection, what a restore would read.
    #[must_use]
    pub fn preview(&self, from: &[Secret], scn: u64) -> [Statement; 2] {
        [gen4::restore::preview(from, scn), Statement::read(gen4::restore::SHOW_PREVIEW)]
    }

    /// Returns the statement that starts the restore of a tenant. It answers late, and the restore does not depend on
    /// it.
    #[must_use]
    pub fn start_restore(&self, new: &NewTenant<'_>) -> Statement {
        gen4::restore::restore(new, self.keeps_restore_tag().then_some(new.tag))
    }

    /// Returns whether the version keeps the description of a restore.
    #[must_use]
    pub fn keeps_restore_tag(&self) -> bool {
        self.version >= gen4::since::PLUS_ARCHIVELOG
    }

    /// Returns the statement that ends a restore and takes its half tenant away: look before whose it is.
    #[must_use]
    pub fn cancel_restore(&self, tenant: &str) -> Statement {
        gen4::restore::cancel(tenant)
    }

    /// Returns the statement that makes a standby tenant a primary one.
    #[must_use]
    pub fn activate(&self, tenant: &str) -> Statement {
        gen4::restore::activate(tenant)
    }

    /// Returns the statement that raises the version of a tenant's data to that of the cluster.
    #[must_use]
    pub fn upgrade_tenant(&self, tenant: &str) -> Statement {
        gen4::restore::upgrade(tenant)
    }

    /// Returns the statement that drops a tenant for good: look before which one it is.
    #[must_use]
    pub fn drop_tenant(&self, tenant: &str) -> Statement {
        gen4::restore::drop_tenant(tenant)
    }

    /// Returns the statement that creates a resource pool in one zone.
    #[must_use]
    pub fn create_pool(&self, name: &str, zone: &ZoneUnits) -> Statement {
        gen4::restore::create_pool(name, zone)
    }

    /// Returns the statement that drops a resource pool that no tenant has.
    #[must_use]
    pub fn drop_pool(&self, name: &str) -> Statement {
        gen4::restore::drop_pool(name)
    }
}

impl Driver {
    /// Reads the restores into tenants of that name, those that are over and foreign ones too.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn restore_jobs(&mut self, tenant: &str) -> Result<Vec<RestoreJob>, Error> {
        gen4::restore::jobs(self.session(), tenant).await
    }

    /// Previews on the cluster's own servers which backups a restore to a given time would read.
    ///
    /// # Errors
    /// Fails when the time is not recoverable, a server cannot read the storage, or the version has no preview.
    pub async fn preview_restore(&mut self, from: &[Secret], scn: u64) -> Result<Vec<Previewed>, Error> {
        let [note, _] = self.verbs().preview(from, scn);
        self.session().run(&note).await?;
        gen4::restore::previewed(self.session()).await
    }

    /// Reads the units, pools and room of the cluster.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn resources(&mut self) -> Result<ClusterResources, Error> {
        gen4::resources::resources(self.session()).await
    }

    /// Reads the state of the newest upgrade of a tenant, such as `INPROGRESS`; nothing when there was none.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn upgrade_state(&mut self, tenant: TenantId) -> Result<Option<String>, Error> {
        gen4::restore::upgrade_state(self.session(), tenant).await
    }
}
