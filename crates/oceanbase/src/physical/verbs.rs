//! The operations of physical backup on a cluster, as statements.

use model::Secret;
use model::ability::Generation;
use model::archive::ArchiveStep;
use model::backup::DataBackupMode;
use model::physical::Scope;
use model::physical::destination::LogAttributes;
use model::retention::kernel::KernelPolicy;
use model::version::Version;

use crate::error::Error;
use crate::statement::Statement;
use crate::{gen3, gen4};

/// The operations that a cluster's version supports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verbs {
    pub(super) generation: Generation,
    pub(super) version: Version,
}

/// The options of a backup besides its scope.
#[derive(Debug, Clone, Copy)]
pub struct BackupOptions<'a> {
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// Whether the set includes the logs that it needs.
    pub plus_archivelog: bool,
    /// The description that identifies the job later; ignored if the version does not keep descriptions.
    pub tag: Option<&'a str>,
    /// The destination of single tenants on 3.x.
    pub to: Option<&'a Secret>,
}

/// The backups that a tenant is restored from.
#[derive(Debug, Clone, Copy)]
pub struct RestoreSource<'a> {
    /// The tenant that was backed up.
    pub tenant: &'a str,
    /// The cluster's name, as the cluster reports it.
    pub cluster: &'a str,
    /// The cluster's ID, as the cluster reports it.
    pub cluster_id: i64,
    /// The location of the data; on 3.x, also of the logs.
    pub data: &'a Secret,
    /// The location of the logs, on 4.x.
    pub log: &'a Secret,
    /// The time to restore to: nanoseconds since 1970.
    pub scn: u64,
}

/// The tenant that is created by a restore.
#[derive(Debug, Clone, Copy)]
pub struct RestoreTarget<'a> {
    /// The name of the new tenant.
    pub tenant: &'a str,
    /// Its resource pools, separated by commas.
    pub pools: &'a str,
}

impl Verbs {
    /// Returns the operations for a cluster of that version.
    #[must_use]
    pub fn new(generation: Generation, version: Version) -> Self {
        Self { generation, version }
    }

    /// Returns the statement of a step of log archiving; `None` for a step that only waits, and for a pause on 3.x.
    #[must_use]
    pub fn archive_step(&self, scope: &Scope, step: ArchiveStep) -> Option<Statement> {
        match scope {
            Scope::Tenant { name, .. } => gen4::archive::step(name, step),
            Scope::Cluster | Scope::Tenants { .. } => gen3::archive::step(step),
        }
    }

    /// Returns whether the error means that log archiving is already in the requested state: the statement was
    /// repeated, or another client was faster.
    #[must_use]
    pub fn is_so_already(&self, error: &Error) -> bool {
        match self.generation {
            Generation::Gen4 => gen4::archive::is_so_already(error),
            Generation::Gen3 | Generation::Seekdb => gen3::archive::is_so_already(error),
        }
    }

    /// Returns whether log archiving can pause without ending its round.
    #[must_use]
    pub fn can_pause(&self) -> bool {
        self.generation == Generation::Gen4
    }

    /// Returns whether a set can include the logs that it needs.
    #[must_use]
    pub fn can_include_logs(&self) -> bool {
        self.generation == Generation::Gen4 && self.version >= gen4::since::PLUS_ARCHIVELOG
    }

    /// Returns the statement that sets the destination of data; on 3.x, also of logs.
    #[must_use]
    pub fn set_data_destination(&self, scope: &Scope, address: &Secret) -> Statement {
        match scope {
            Scope::Tenant { name, .. } => gen4::destination::set_data(name, address),
            Scope::Cluster | Scope::Tenants { .. } => gen3::destination::set(address),
        }
    }

    /// Returns the statement that sets the destination of a tenant's logs.
    #[must_use]
    pub fn set_log_destination(
        &self,
        tenant: &str,
        address: &Secret,
        attributes: &LogAttributes,
    ) -> Statement {
        let mut attributes = attributes.clone();
        attributes.compression.take_if(|_| self.version >= gen4::since::NO_LOG_COMPRESSION);
        gen4::destination::set_log(tenant, address, &attributes)
    }

    /// Returns the statement that sets the password of the next backup on the same connection.
    #[must_use]
    pub fn set_backup_password(&self, password: &Secret) -> Statement {
        gen4::backup::set_password(password)
    }

    /// Returns the statement that starts a backup.
    #[must_use]
    pub fn start_backup(&self, scope: &Scope, options: BackupOptions<'_>) -> Statement {
        match (scope, options.to) {
            (Scope::Tenant { name, .. }, _) => {
                let plus_archivelog = options.plus_archivelog && self.can_include_logs();
                gen4::backup::start(name, options.mode, plus_archivelog, options.tag)
            }
            (Scope::Tenants { names }, Some(address)) => gen3::backup::start_tenants(names, address),
            (Scope::Cluster | Scope::Tenants { .. }, _) => gen3::backup::start(options.mode),
        }
    }

    /// Returns the statements that restore a tenant from a backup, to be sent manually on one connection.
    #[must_use]
    pub fn restore(&self, from: &RestoreSource<'_>, into: &RestoreTarget<'_>) -> Vec<Statement> {
        match self.generation {
            Generation::Gen4 => vec![gen4::backup::restore(from, into)],
            Generation::Gen3 | Generation::Seekdb => gen3::restore::by_hand(from, into),
        }
    }

    /// Returns the statement that cancels every running backup of the scope, including foreign ones, so check them
    /// first.
    #[must_use]
    pub fn cancel_backup(&self, scope: &Scope) -> Statement {
        match scope {
            Scope::Tenant { name, .. } => gen4::backup::cancel(name),
            Scope::Cluster | Scope::Tenants { .. } => gen3::backup::cancel(),
        }
    }

    /// Returns the statement that adds a delete policy to a tenant of 4.x, with a window in days. The database deletes
    /// expired backups at once, and refuses a tenant that has a policy.
    #[must_use]
    pub fn add_delete_policy(&self, tenant: &str, rule: KernelPolicy, days: u32) -> Statement {
        gen4::delete_policy::add(tenant, rule, days)
    }

    /// Returns the statement that drops a delete policy of a tenant of 4.x. It also succeeds if there is none.
    #[must_use]
    pub fn drop_delete_policy(&self, tenant: &str, rule: KernelPolicy) -> Statement {
        gen4::delete_policy::drop(tenant, rule)
    }

    /// Returns whether a delete policy was refused because the tenant has one.
    #[must_use]
    pub fn has_delete_policy_already(&self, error: &Error) -> bool {
        gen4::delete_policy::exists(error)
    }

    /// Returns the statement that starts a major compaction: of that tenant on 4.x, otherwise of everything.
    #[must_use]
    pub fn major_freeze(&self, tenant: &str) -> Statement {
        match self.generation {
            Generation::Gen4 => gen4::compaction::freeze(tenant),
            Generation::Gen3 | Generation::Seekdb => gen3::compaction::freeze(),
        }
    }

    /// Returns the statement that clears the error of a stopped major compaction.
    #[must_use]
    pub fn clear_merge_error(&self, tenant: &str) -> Statement {
        match self.generation {
            Generation::Gen4 => gen4::compaction::clear_error(tenant),
            Generation::Gen3 | Generation::Seekdb => gen3::compaction::clear_error(),
        }
    }
}
