//! Resource units and pools.

use serde::Serialize;

use super::{Cluster, TenantId};
use crate::error::SqlError;

/// A unit: the resources that a tenant may use on one server.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Unit {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) created_us: i64,
    pub(crate) max_cpu: f64,
    pub(crate) memory_bytes: i64,
    /// Unused before 4.0.
    pub(crate) log_disk_bytes: i64,
}

/// The sizes in a statement about a unit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    pub(crate) max_cpu: Option<f64>,
    pub(crate) memory_bytes: Option<i64>,
    pub(crate) log_disk_bytes: Option<i64>,
}

/// The smallest values of a unit since 4.0.
const LEAST_CPU: f64 = 1.0;
const LEAST_MEMORY_BYTES: i64 = 1 << 30;
const LEAST_LOG_DISK_BYTES: i64 = 2 << 30;

impl Sizes {
    fn check(self) -> Result<(), SqlError> {
        let below = |name: &str, least: &str| {
            SqlError::new(4659, format!("invalid {name} value, min value is {least}"))
        };
        if self.max_cpu.is_some_and(|cpu| cpu < LEAST_CPU) {
            return Err(below("MAX_CPU", "1"));
        }
        if self.memory_bytes.is_some_and(|memory| memory < LEAST_MEMORY_BYTES) {
            return Err(below("MEMORY_SIZE", "1GB"));
        }
        if self.log_disk_bytes.is_some_and(|log_disk| log_disk < LEAST_LOG_DISK_BYTES) {
            return Err(below("LOG_DISK_SIZE", "2GB"));
        }
        Ok(())
    }
}

/// A pool of units.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Pool {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) created_us: i64,
    pub(crate) unit_count: i64,
    pub(crate) unit: u64,
    pub(crate) zones: Vec<String>,
}

/// All units and pools.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Resources {
    pub(crate) units: Vec<Unit>,
    pub(crate) pools: Vec<Pool>,
    used: u64,
}

impl Resources {
    fn next_id(&mut self) -> u64 {
        self.used += 1;
        1_000 + self.used
    }

    /// Creates a pool for a tenant.
    pub(crate) fn grant_new(&mut self, pool: &str, tenant: TenantId, zones: &[String], now_us: i64) {
        let unit = format!("unit_{}", tenant.0);
        self.add_unit(&unit, 2.0, 4 << 30, None, now_us);
        let unit_id = self.used + 1_000;
        let id = self.next_id();
        self.pools.push(Pool {
            id,
            name: pool.to_owned(),
            tenant: Some(tenant),
            created_us: now_us,
            unit_count: 1,
            unit: unit_id,
            zones: zones.to_vec(),
        });
    }

    /// Without a size, the log disk is three times as large as the memory.
    fn add_unit(&mut self, name: &str, max_cpu: f64, memory_bytes: i64, log_disk: Option<i64>, now_us: i64) {
        let id = self.next_id();
        let log_disk_bytes = log_disk.unwrap_or((memory_bytes * 3).max(LEAST_LOG_DISK_BYTES));
        let (name, created_us) = (name.to_owned(), now_us);
        self.units.push(Unit { id, name, created_us, max_cpu, memory_bytes, log_disk_bytes });
    }

    /// Refuses pools that do not exist or belong to a tenant.
    pub(crate) fn check_free(&self, pools: &[String]) -> Result<(), SqlError> {
        if pools.is_empty() {
            return Err(SqlError::arguments("resource pool list"));
        }
        for name in pools {
            let pool = self.pools.iter().find(|pool| pool.name == *name);
            let pool =
                pool.ok_or_else(|| SqlError::new(4650, format!("resource pool '{name}' not exist")))?;
            if pool.tenant.is_some() {
                let text = format!("resource pool '{name}' has already been granted to a tenant");
                return Err(SqlError::new(4626, text));
            }
        }
        Ok(())
    }

    pub(crate) fn grant(&mut self, pools: &[String], tenant: TenantId) {
        for pool in self.pools.iter_mut().filter(|pool| pools.contains(&pool.name)) {
            pool.tenant = Some(tenant);
        }
    }

    pub(crate) fn release(&mut self, tenant: TenantId) {
        for pool in self.pools.iter_mut().filter(|pool| pool.tenant == Some(tenant)) {
            pool.tenant = None;
        }
    }
}

impl Cluster {
    /// `CREATE RESOURCE UNIT [IF NOT EXISTS] u …`.
    pub(crate) fn create_unit(
        &mut self,
        name: &str,
        if_not_exists: bool,
        sizes: Sizes,
    ) -> Result<(), SqlError> {
        let max_cpu = sizes.max_cpu.ok_or_else(|| SqlError::arguments("MAX_CPU"))?;
        let memory_bytes = sizes.memory_bytes.ok_or_else(|| SqlError::arguments("MEMORY_SIZE"))?;
        if self.profile.is_tenant_level() {
            sizes.check()?;
        }
        if self.resources.units.iter().any(|unit| unit.name == name) {
            if if_not_exists {
                return Ok(());
            }
            return Err(SqlError::new(4649, format!("resource unit '{name}' already exist")));
        }
        self.resources.add_unit(name, max_cpu, memory_bytes, sizes.log_disk_bytes, self.now_us);
        Ok(())
    }

    /// `CREATE RESOURCE POOL [IF NOT EXISTS] p UNIT = u, UNIT_NUM = n, ZONE_LIST = (…)`.
    pub(crate) fn create_pool(
        &mut self,
        name: &str,
        if_not_exists: bool,
        unit: &str,
        unit_count: i64,
        zones: Vec<String>,
    ) -> Result<(), SqlError> {
        if self.resources.pools.iter().any(|pool| pool.name == name) {
            if if_not_exists {
                return Ok(());
            }
            return Err(SqlError::new(4651, format!("resource pool '{name}' exist")));
        }
        let found = self.resources.units.iter().find(|known| known.name == unit).map(|known| known.id);
        let unit = found.ok_or_else(|| SqlError::new(4648, format!("resource unit '{unit}' not exist")))?;
        let known = self.zone_names();
        if let Some(zone) = zones.iter().find(|zone| !known.contains(zone)) {
            return Err(SqlError::new(4530, format!("zone '{zone}' not exist")));
        }
        let zones = if zones.is_empty() { known } else { zones };
        super::unit_views::check_room(self, unit, unit_count, &zones)?;
        let id = self.resources.next_id();
        let created_us = self.now_us;
        let pool = Pool { id, name: name.to_owned(), tenant: None, created_us, unit_count, unit, zones };
        self.resources.pools.push(pool);
        Ok(())
    }

    /// `ALTER RESOURCE UNIT u …`.
    pub(crate) fn alter_unit(&mut self, name: &str, sizes: Sizes) -> Result<(), SqlError> {
        let unit = self.resources.units.iter_mut().find(|unit| unit.name == name);
        let unit = unit.ok_or_else(|| SqlError::new(4648, format!("resource unit '{name}' not exist")))?;
        unit.max_cpu = sizes.max_cpu.unwrap_or(unit.max_cpu);
        unit.memory_bytes = sizes.memory_bytes.unwrap_or(unit.memory_bytes);
        unit.log_disk_bytes = sizes.log_disk_bytes.unwrap_or(unit.log_disk_bytes);
        Ok(())
    }

    /// `ALTER RESOURCE POOL p UNIT = u, UNIT_NUM = n`.
    pub(crate) fn alter_pool(
        &mut self,
        name: &str,
        unit: Option<&str>,
        count: Option<i64>,
    ) -> Result<(), SqlError> {
        let id_of = |wanted: &str| {
            let found = self.resources.units.iter().find(|known| known.name == wanted).map(|known| known.id);
            found.ok_or_else(|| SqlError::new(4648, format!("resource unit '{wanted}' not exist")))
        };
        let unit = unit.map(id_of).transpose()?;
        let pool = self.resources.pools.iter_mut().find(|pool| pool.name == name);
        let pool = pool.ok_or_else(|| SqlError::new(4650, format!("resource pool '{name}' not exist")))?;
        pool.unit = unit.unwrap_or(pool.unit);
        pool.unit_count = count.unwrap_or(pool.unit_count);
        Ok(())
    }

    /// `DROP RESOURCE POOL [IF EXISTS] p`.
    pub(crate) fn drop_pool(&mut self, name: &str, if_exists: bool) -> Result<(), SqlError> {
        let Some(at) = self.resources.pools.iter().position(|pool| pool.name == name) else {
            let error = SqlError::new(4650, format!("resource pool '{name}' not exist"));
            return if if_exists { Ok(()) } else { Err(error) };
        };
        if self.resources.pools[at].tenant.is_some() {
            let text = format!("resource pool '{name}' has already been granted to a tenant");
            return Err(SqlError::new(4626, text));
        }
        self.resources.pools.remove(at);
        Ok(())
    }

    /// `DROP RESOURCE UNIT [IF EXISTS] u`.
    pub(crate) fn drop_unit(&mut self, name: &str, if_exists: bool) -> Result<(), SqlError> {
        let Some(at) = self.resources.units.iter().position(|unit| unit.name == name) else {
            let error = SqlError::new(4648, format!("resource unit '{name}' not exist"));
            return if if_exists { Ok(()) } else { Err(error) };
        };
        let id = self.resources.units[at].id;
        if self.resources.pools.iter().any(|pool| pool.unit == id) {
            return Err(SqlError::new(
                4634,
                format!("resource unit '{name}' is referenced by some resource pool"),
            ));
        }
        self.resources.units.remove(at);
        Ok(())
    }
}
