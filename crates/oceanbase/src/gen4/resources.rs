//! Units, pools, and the free resources of servers.

use std::collections::BTreeMap;

use model::id::TenantId;
use model::physical::resources::{ClusterResources, ResourcePool, ServerRoom};
use model::physical::unit::{UnitSpec, cpus};

use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier};

const UNITS: &str = "SELECT unit_config_id, name, max_cpu, min_cpu, memory_size, log_disk_size \
                     FROM oceanbase.DBA_OB_UNIT_CONFIGS ORDER BY name";

const POOLS: &str = "SELECT name, tenant_id, unit_count, unit_config_id, zone_list \
                     FROM oceanbase.DBA_OB_RESOURCE_POOLS ORDER BY name";

const SERVERS: &str = "SELECT svr_ip, svr_port, zone, cpu_capacity_max, cpu_assigned_max, mem_capacity, mem_assigned, \
                       log_disk_capacity, log_disk_assigned FROM oceanbase.GV$OB_SERVERS \
                       ORDER BY zone, svr_ip, svr_port";

/// Reads the units, pools and free resources of a cluster.
pub(crate) async fn resources(session: &mut Session) -> Result<ClusterResources, Error> {
    let units = session.rows(&Statement::read(UNITS)).await?;
    let pools = session.rows(&Statement::read(POOLS)).await?;
    let servers = session.rows(&Statement::read(SERVERS)).await?;
    let names = unit_names(&units)?;
    Ok(ClusterResources {
        units: units.iter().map(unit).collect::<Result<_, _>>()?,
        pools: pools.iter().map(|row| pool(row, &names)).collect::<Result<_, _>>()?,
        servers: servers.iter().map(room).collect::<Result<_, _>>()?,
    })
}

/// Creates a unit specification with the limits of another one.
pub(crate) fn create_unit(name: &str, like: &UnitSpec) -> Statement {
    Statement::act(format!(
        "CREATE RESOURCE UNIT {} MAX_CPU {}, MIN_CPU {}, MEMORY_SIZE {}, LOG_DISK_SIZE {}",
        identifier(name),
        cpus(like.cpu_hundredths),
        cpus(like.min_cpu_hundredths),
        like.memory_bytes,
        like.log_disk_bytes,
    ))
}

/// Drops a unit specification that no pool uses.
pub(crate) fn drop_unit(name: &str) -> Statement {
    Statement::act(format!("DROP RESOURCE UNIT IF EXISTS {}", identifier(name)))
}

/// Returns the name of each unit specification by its ID, which pools refer to.
pub(crate) fn unit_names(units: &[Row]) -> Result<BTreeMap<u64, String>, Error> {
    units.iter().map(|row| Ok((row.u64("unit_config_id")?, row.str("name")?.to_owned()))).collect()
}

fn unit(row: &Row) -> Result<UnitSpec, Error> {
    Ok(UnitSpec {
        name: row.str("name")?.to_owned(),
        cpu_hundredths: cpu(row, "max_cpu")?,
        min_cpu_hundredths: cpu(row, "min_cpu")?,
        memory_bytes: row.u64("memory_size")?,
        log_disk_bytes: row.u64("log_disk_size")?,
        old: None,
    })
}

/// The tenant ID of a free pool is NULL.
fn pool(row: &Row, names: &BTreeMap<u64, String>) -> Result<ResourcePool, Error> {
    let tenant = row.maybe_str("tenant_id")?.and_then(|id| id.trim().parse().ok());
    let zones = row.maybe_str("zone_list")?.unwrap_or_default().split(';');
    Ok(ResourcePool {
        name: row.str("name")?.to_owned(),
        tenant: tenant.filter(|id: &i64| *id > 0).map(TenantId),
        unit: names.get(&row.u64("unit_config_id")?).cloned().unwrap_or_default(),
        units: row.u64("unit_count")?,
        zones: zones.map(str::trim).filter(|zone| !zone.is_empty()).map(str::to_owned).collect(),
    })
}

fn room(row: &Row) -> Result<ServerRoom, Error> {
    let left = |capacity: &'static str, assigned: &'static str| {
        Ok::<_, Error>(row.u64(capacity)?.saturating_sub(row.u64(assigned)?))
    };
    Ok(ServerRoom {
        server: format!("{}:{}", row.str("svr_ip")?, row.u64("svr_port")?),
        zone: row.str("zone")?.to_owned(),
        cpu_hundredths: cpu(row, "cpu_capacity_max")?.saturating_sub(cpu(row, "cpu_assigned_max")?),
        memory_bytes: left("mem_capacity", "mem_assigned")?,
        log_disk_bytes: left("log_disk_capacity", "log_disk_assigned")?,
    })
}

fn cpu(row: &Row, column: &'static str) -> Result<u64, Error> {
    let cpus: f64 = row.number(column, "a number of CPUs")?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    Ok((cpus * 100.0).round() as u64)
}
