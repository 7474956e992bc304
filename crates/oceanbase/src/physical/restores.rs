//! Restoring tenants: the statements and the views.

use model::Secret;
use model::ability::Generation;
use model::id::TenantId;
use model::physical::resources::ClusterResources;
use model::physical::restore::{RestoreJob, TableName};
use model::physical::unit::UnitSpec;

use super::Verbs;
use crate::driver::Driver;
use crate::error::Error;
use crate::statement::Statement;
use crate::{gen3, gen4};

/// A tenant to be restored.
#[derive(Debug, Clone, Copy)]
pub struct NewTenant<'a> {
    /// Its name.
    pub name: &'a str,
    /// The tenant whose backups are restored.
    pub old: OldTenant<'a>,
    /// The locations of the data and log backups; before 4.0, the one location of the cluster's backups.
    pub from: &'a [Secret],
    /// The time to restore to, in the version's unit: nanoseconds since 1970 from 4.0 on, microseconds before. `None`
    /// means as late as possible, which only 4.0 and later support.
    pub scn: Option<u64>,
    /// Its resource pools.
    pub pools: &'a [String],
    /// Its locality; `None` means that of the pools.
    pub locality: Option<&'a str>,
    /// Its primary zone; `None` means the cluster's choice.
    pub primary_zone: Option<&'a str>,
    /// Only these tables; empty means everything. Only before 4.0.
    pub tables: &'a [TableName],
    /// The description that identifies the job later; omitted if the version does not keep descriptions.
    pub tag: &'a str,
}

/// The tenant whose backups are restored. Before 4.0 the statement names it; later versions find it in the storage.
#[derive(Debug, Clone, Copy)]
pub struct OldTenant<'a> {
    /// Its name.
    pub name: &'a str,
    /// The name of its cluster, as the cluster reports it.
    pub cluster: &'a str,
    /// The ID of its cluster, as the cluster reports it.
    pub cluster_id: i64,
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
    /// Returns the statement that sets the passwords with which the next ones on the same connection decrypt sets.
    #[must_use]
    pub fn set_restore_passwords(&self, passwords: &[Secret]) -> Statement {
        gen4::restore::set_passwords(passwords)
    }

    /// Returns the statements that show, on one connection, the backups that a restore would read.
    #[must_use]
    pub fn preview(&self, from: &[Secret], scn: u64) -> [Statement; 2] {
        [gen4::restore::preview(from, scn), Statement::read(gen4::restore::SHOW_PREVIEW)]
    }

    /// Returns the statement that starts the restore of a tenant. It returns late; the restore continues without it.
    #[must_use]
    pub fn start_restore(&self, new: &NewTenant<'_>) -> Statement {
        match self.generation {
            Generation::Gen3 => gen3::restore::restore(new),
            Generation::Gen4 | Generation::Seekdb => {
                gen4::restore::restore(new, self.keeps_restore_tag().then_some(new.tag))
            }
        }
    }

    /// Returns the statement that enables restores on a cluster; `None` if they are always enabled.
    #[must_use]
    pub fn allow_restore(&self) -> Option<Statement> {
        (self.generation == Generation::Gen3).then(gen3::restore::allow)
    }

    /// Returns whether the cluster can preview the backups that a restore would read.
    #[must_use]
    pub fn can_preview_restore(&self) -> bool {
        self.generation != Generation::Gen3
    }

    /// Returns whether the version keeps the description of a restore.
    #[must_use]
    pub fn keeps_restore_tag(&self) -> bool {
        self.version >= gen4::since::PLUS_ARCHIVELOG
    }

    /// Returns the statement that cancels a restore and drops its partly restored tenant; check first that the
    /// restore is ours. `None` if only dropping the tenant ends it.
    #[must_use]
    pub fn cancel_restore(&self, tenant: &str) -> Option<Statement> {
        (self.generation != Generation::Gen3).then(|| gen4::restore::cancel(tenant))
    }

    /// Returns the statement that turns a standby tenant into a primary.
    #[must_use]
    pub fn activate(&self, tenant: &str) -> Statement {
        gen4::restore::activate(tenant)
    }

    /// Returns the statement that raises the version of a tenant's data to that of the cluster.
    #[must_use]
    pub fn upgrade_tenant(&self, tenant: &str) -> Statement {
        gen4::restore::upgrade(tenant)
    }

    /// Returns the statement that drops a tenant permanently; check the tenant first.
    #[must_use]
    pub fn drop_tenant(&self, tenant: &str) -> Statement {
        gen4::restore::drop_tenant(tenant)
    }

    /// Returns the statement that creates a resource pool in one zone, with units of a specification.
    #[must_use]
    pub fn create_pool(&self, name: &str, zone: &str, unit: &str, count: u32) -> Statement {
        gen4::restore::create_pool(name, zone, unit, count)
    }

    /// Returns the statement that creates a unit specification with the limits of another one.
    #[must_use]
    pub fn create_unit(&self, name: &str, like: &UnitSpec) -> Statement {
        match self.generation {
            Generation::Gen3 => gen3::resources::create_unit(name, like),
            Generation::Gen4 | Generation::Seekdb => gen4::resources::create_unit(name, like),
        }
    }

    /// Returns the statement that drops a unit specification that no pool uses.
    #[must_use]
    pub fn drop_unit(&self, name: &str) -> Statement {
        gen4::resources::drop_unit(name)
    }

    /// Returns the statement that drops a resource pool that no tenant uses.
    #[must_use]
    pub fn drop_pool(&self, name: &str) -> Statement {
        gen4::restore::drop_pool(name)
    }
}

impl Driver {
    /// Reads the restores into tenants of that name, including finished and foreign ones.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn restore_jobs(&mut self, tenant: &str) -> Result<Vec<RestoreJob>, Error> {
        match self.generation() {
            Generation::Gen3 => gen3::restore::jobs(self.session(), tenant).await,
            Generation::Gen4 | Generation::Seekdb => gen4::restore::jobs(self.session(), tenant).await,
        }
    }

    /// Reads whether restores are enabled on every server; before 4.0, a parameter controls that.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn is_restore_allowed(&mut self) -> Result<bool, Error> {
        match self.generation() {
            Generation::Gen3 => gen3::restore::is_allowed(self.session()).await,
            Generation::Gen4 | Generation::Seekdb => Ok(true),
        }
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

    /// Reads the units, pools and free resources of the cluster.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn resources(&mut self) -> Result<ClusterResources, Error> {
        match self.generation() {
            Generation::Gen3 => gen3::resources::resources(self.session()).await,
            Generation::Gen4 | Generation::Seekdb => gen4::resources::resources(self.session()).await,
        }
    }

    /// Reads the state of the newest upgrade of a tenant, such as `INPROGRESS`; `None` if there was none.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn upgrade_state(&mut self, tenant: TenantId) -> Result<Option<String>, Error> {
        gen4::restore::upgrade_state(self.session(), tenant).await
    }
}
