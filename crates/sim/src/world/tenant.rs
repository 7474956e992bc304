//! Tenants: their identity, state and amount of data.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::parameters::Parameters;
use super::{Cluster, TenantId};
use crate::error::SqlError;

/// An unlimited recovery point.
pub(crate) const UNLIMITED_SCN: i64 = 4_611_686_018_427_387_903;

/// The kind of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum TenantKind {
    Sys,
    User,
    Meta,
}

/// The role of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Role {
    Primary,
    Standby,
    Restore,
}

impl Role {
    /// Returns the role as in views and error texts.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Standby => "STANDBY",
            Self::Restore => "RESTORE",
        }
    }
}

/// A data version, for comparisons; 4.4.1.0 is `[4, 4, 1, 0]`.
pub(crate) type DataVersion = [u32; 4];

/// A user of a tenant.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct User {
    #[serde(skip)]
    pub(crate) password: String,
    /// The granted privileges, in upper case, such as `ALTER SYSTEM ON *.*`.
    pub(crate) grants: Vec<String>,
}

impl User {
    /// Returns whether a grant includes this privilege.
    pub(crate) fn may(&self, privilege: &str) -> bool {
        self.grants.iter().any(|grant| grant.starts_with("ALL") || grant.contains(privilege))
    }
}

/// The origin of a table.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Imported {
    /// Its name in the backup that it was recovered from; `None` for an original table.
    pub(crate) from: Option<String>,
    /// The SCN of its data.
    pub(crate) data_scn: Option<i64>,
}

/// A tenant.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) name: String,
    pub(crate) kind: TenantKind,
    pub(crate) mode: String,
    pub(crate) role: Role,
    /// NORMAL, CREATING, RESTORE, DROPPING.
    pub(crate) status: String,
    pub(crate) created_us: i64,
    pub(crate) is_locked: bool,
    pub(crate) in_recyclebin: bool,
    /// The name before it went to the recycle bin.
    pub(crate) original_name: Option<String>,
    pub(crate) archives: bool,
    pub(crate) locality: String,
    pub(crate) compatible: String,
    pub(crate) recovery_until_scn: i64,
    /// The SCN of the restored data; `None` for a tenant that was created empty. The rows of a tenant are simulated,
    /// so a test detects a wrong restore time by this number.
    pub(crate) data_scn: Option<i64>,
    /// Its databases, as far as table recoveries use them.
    pub(crate) databases: BTreeSet<String>,
    /// Its tables, as `database.table`.
    pub(crate) tables: BTreeMap<String, Imported>,
    /// Tables that cannot be imported, as `database.table`.
    pub(crate) refused_imports: Vec<String>,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) parameters: Parameters,
    pub(crate) base_bytes: i64,
    pub(crate) hourly_bytes: i64,
    /// The log streams; on a real cluster, their number depends on the zones, but two are enough here.
    pub(crate) log_streams: Vec<u64>,
}

impl Tenant {
    pub(crate) fn new(id: TenantId, name: &str, kind: TenantKind, now_us: i64) -> Self {
        let root = User { password: String::new(), grants: vec!["ALL PRIVILEGES ON *.*".to_owned()] };
        Self {
            id,
            name: name.to_owned(),
            kind,
            mode: "MYSQL".to_owned(),
            role: Role::Primary,
            status: "NORMAL".to_owned(),
            created_us: now_us,
            is_locked: false,
            in_recyclebin: false,
            original_name: None,
            archives: false,
            locality: String::new(),
            compatible: String::new(),
            recovery_until_scn: UNLIMITED_SCN,
            data_scn: None,
            databases: BTreeSet::from(["test".to_owned()]),
            tables: BTreeMap::new(),
            refused_imports: Vec::new(),
            users: BTreeMap::from([("root".to_owned(), root)]),
            parameters: Parameters::default(),
            base_bytes: 64 << 20,
            hourly_bytes: 1 << 20,
            log_streams: if kind == TenantKind::User { vec![1, 1001] } else { vec![1] },
        }
    }

    /// Adds a table, `database.table`.
    pub(crate) fn add_table(&mut self, name: &str) {
        let database = name.split('.').next().unwrap_or_default();
        self.databases.insert(database.to_owned());
        self.tables.insert(name.to_owned(), Imported::default());
    }

    /// Returns its tables, as `database.table`.
    pub(crate) fn table_names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    pub(crate) fn set_password(&mut self, password: &str) {
        if let Some(root) = self.users.get_mut("root") {
            password.clone_into(&mut root.password);
        }
    }

    /// Returns the size of the tenant's data at a given time: the initial size plus half of all changes.
    pub(crate) fn data_bytes(&self, now_us: i64) -> i64 {
        self.base_bytes + self.changed_bytes(self.created_us, now_us) / 2
    }

    /// Returns how many bytes have changed between two times.
    pub(crate) fn changed_bytes(&self, from_us: i64, to_us: i64) -> i64 {
        let hours = (to_us - from_us).max(0) as f64 / 3.6e9;
        (hours * self.hourly_bytes as f64) as i64
    }

    /// Returns its data version, which determines the supported features.
    pub(crate) fn data_version(&self) -> DataVersion {
        let mut numbers = self.compatible.split('.').map(|number| number.parse().unwrap_or_default());
        std::array::from_fn(|_| numbers.next().unwrap_or_default())
    }

    /// `ALTER SYSTEM SET compatible`. A lower version is accepted and changes nothing. Source: seekdb 2ab098bd (the line of
    /// 4.3.5), `inner_update_tenant_config_for_compatible_` in `ob_system_admin_util.cpp`. That 4.0 and 4.1 do the same
    /// is a guess.
    pub(crate) fn raise_compatible(&mut self, version: &str) {
        let newer = Self { compatible: version.to_owned(), ..self.clone() };
        if newer.data_version() > self.data_version() {
            version.clone_into(&mut self.compatible);
        }
    }

    pub(crate) fn is_normal(&self) -> bool {
        self.status == "NORMAL" && !self.in_recyclebin
    }
}

impl Cluster {
    /// `CREATE TENANT t RESOURCE_POOL_LIST = ('p')`.
    pub(crate) fn create_tenant(&mut self, name: &str, pools: &[String]) -> Result<(), SqlError> {
        if self.tenant_named(name).is_some() {
            return Err(SqlError::new(5156, format!("tenant '{name}' already exist")));
        }
        self.resources.check_free(pools)?;
        let id = self.next_tenant_id();
        let tenant = Tenant::new(id, name, TenantKind::User, self.now_us);
        self.resources.grant(pools, id);
        self.add_tenant(tenant);
        Ok(())
    }

    /// `DROP TENANT [IF EXISTS] t [FORCE]`; without FORCE it waits in the recycle bin.
    pub(crate) fn drop_tenant(&mut self, name: &str, if_exists: bool, force: bool) -> Result<(), SqlError> {
        let id = match self.expect_tenant(name) {
            Ok(TenantId::SYS) => return Err(SqlError::plain(4179)),
            Ok(id) => id,
            Err(_) if if_exists => return Ok(()),
            Err(error) => return Err(error),
        };
        if force {
            self.remove_tenant(id);
        } else if let Some(tenant) = self.tenants.get_mut(&id) {
            let recycled = format!("__recycle_$_{}_{}", id.0, tenant.created_us);
            tenant.original_name = Some(std::mem::replace(&mut tenant.name, recycled));
            tenant.in_recyclebin = true;
        }
        Ok(())
    }

    /// `ALTER TENANT t LOCK | UNLOCK`.
    pub(crate) fn lock_tenant(&mut self, name: &str, locked: bool) -> Result<(), SqlError> {
        let id = self.expect_tenant(name)?;
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.is_locked = locked;
        }
        Ok(())
    }
}
