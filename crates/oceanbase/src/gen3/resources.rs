//! Units, pools, and the free resources of servers. These versions have no separate log disk.

use std::collections::BTreeMap;

use model::id::TenantId;
use model::physical::resources::{ClusterResources, ResourcePool, ServerRoom};
use model::physical::unit::{OldLimits, UnitSpec, cpus};

use crate::answer::Row;
use crate::error::Error;
use crate::gen4::resources::unit_names;
use crate::session::Session;
use crate::statement::{Statement, identifier};

/// The resources that a unit reserves on a server; it may use more if available.
const UNITS: &str = "SELECT unit_config_id, name, min_cpu, max_cpu, min_memory, max_memory, min_iops, max_iops, \
                     max_disk_size, max_session_num FROM oceanbase.__all_unit_config ORDER BY name";

const POOLS: &str = "SELECT name, tenant_id, unit_count, unit_config_id, zone_list \
                     FROM oceanbase.__all_resource_pool ORDER BY name";

const SERVERS: &str = "SELECT svr_ip, svr_port, zone, cpu_total, cpu_assigned, mem_total, mem_assigned \
                       FROM oceanbase.__all_virtual_server_stat ORDER BY zone, svr_ip, svr_port";

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
    let mut text = format!("CREATE RESOURCE UNIT {} MIN_CPU {}", identifier(name), cpus(like.cpu_hundredths));
    text.push_str(&format!(", MIN_MEMORY {}", like.memory_bytes));
    if let Some(old) = &like.old {
        let most = cpus(old.max_cpu_hundredths);
        text.push_str(&format!(", MAX_CPU {most}, MAX_MEMORY {}", old.max_memory_bytes));
        text.push_str(&format!(", MIN_IOPS {}, MAX_IOPS {}", old.min_iops, old.max_iops));
        text.push_str(&format!(", MAX_DISK_SIZE {}", old.max_disk_bytes));
        text.push_str(&format!(", MAX_SESSION_NUM {}", old.max_sessions));
    }
    Statement::act(text)
}

fn unit(row: &Row) -> Result<UnitSpec, Error> {
    Ok(UnitSpec {
        name: row.str("name")?.to_owned(),
        cpu_hundredths: cpu(row, "min_cpu")?,
        min_cpu_hundredths: cpu(row, "min_cpu")?,
        memory_bytes: row.u64("min_memory")?,
        log_disk_bytes: 0,
        old: Some(OldLimits {
            max_cpu_hundredths: cpu(row, "max_cpu")?,
            max_memory_bytes: row.u64("max_memory")?,
            max_iops: row.u64("max_iops")?,
            min_iops: row.u64("min_iops")?,
            max_disk_bytes: row.u64("max_disk_size")?,
            max_sessions: row.u64("max_session_num")?,
        }),
    })
}

/// The tenant ID of a free pool is -1.
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
    Ok(ServerRoom {
        server: format!("{}:{}", row.str("svr_ip")?, row.u64("svr_port")?),
        zone: row.str("zone")?.to_owned(),
        cpu_hundredths: cpu(row, "cpu_total")?.saturating_sub(cpu(row, "cpu_assigned")?),
        memory_bytes: row.u64("mem_total")?.saturating_sub(row.u64("mem_assigned")?),
        log_disk_bytes: 0,
    })
}

fn cpu(row: &Row, column: &'static str) -> Result<u64, Error> {
    let cpus: f64 = row.number(column, "a number of CPUs")?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    Ok((cpus * 100.0).round() as u64)
}
