//! The resources of a new tenant in the request of a recovery: existing pools, or new ones in each zone, with an
//! existing or a new unit specification.

use model::Problem;
use model::physical::resources::{ReplicaType, TargetResources, ZoneUnits};
use model::physical::unit::{UnitChoice, UnitSize};
use serde::Deserialize;
use utoipa::ToSchema;

use super::whole;

/// The most CPUs of a unit.
const CPUS_MAX: f64 = 10_000.0;

/// The resources of a tenant in one zone.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ZoneBody {
    /// The zone.
    #[schema(example = "zone1")]
    name: String,
    /// The kind of its replicas; defaults to full ones.
    #[serde(default)]
    replica_type: ReplicaTypeBody,
    /// Its resource pool.
    resource_pool: PoolBody,
}

/// A kind of replica.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
pub(crate) enum ReplicaTypeBody {
    /// Data and logs, and it votes.
    #[default]
    #[serde(rename = "FULL")]
    Full,
    /// Logs only.
    #[serde(rename = "LOGONLY")]
    LogOnly,
    /// Data to be read; it does not vote.
    #[serde(rename = "READONLY")]
    ReadOnly,
}

/// A resource pool to create. It has either `unitSpecName` or `unitSpec`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PoolBody {
    /// An existing unit specification.
    #[schema(example = "small")]
    unit_spec_name: Option<String>,
    /// The size of a new unit specification. An existing one with this CPU, memory
    /// and log disk is used; otherwise the recovery creates one.
    unit_spec: Option<UnitSpecBody>,
    /// The number of units; defaults to 1. From OceanBase 4.0 on it is the same in all zones.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = 1)]
    unit_count: Option<u32>,
}

/// The size of a new unit specification.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UnitSpecBody {
    /// CPUs, with at most two decimals.
    #[schema(exclusive_minimum = 0, example = 2)]
    cpu: f64,
    /// Memory.
    #[serde(deserialize_with = "whole::required")]
    #[schema(minimum = 1, example = 8_589_934_592_u64)]
    memory_bytes: u64,
    /// Log disk; defaults to three times the memory. Omit it before OceanBase 4.0.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = 1, example = 25_769_803_776_u64)]
    log_disk_bytes: Option<u64>,
}

/// Reads the resources of a new tenant; `None` if there are none.
pub(super) fn resources(
    zones: Vec<ZoneBody>,
    pools: Vec<String>,
) -> Result<Option<TargetResources>, Problem> {
    match (zones.is_empty(), pools.is_empty()) {
        (false, false) => Err(Problem::invalid("recovery-resources-twice")),
        (true, true) => Ok(None),
        (true, false) => Ok(Some(TargetResources::Pools(pools))),
        (false, true) => {
            let zones = zones.into_iter().map(ZoneBody::read).collect::<Result<_, _>>()?;
            Ok(Some(TargetResources::Zones(zones)))
        }
    }
}

impl ZoneBody {
    fn read(self) -> Result<ZoneUnits, Problem> {
        let Self { name, replica_type, resource_pool } = self;
        let PoolBody { unit_spec_name, unit_spec, unit_count } = resource_pool;
        let unit = match (unit_spec_name, unit_spec) {
            (Some(name), None) => UnitChoice::Named(name),
            (None, Some(size)) => UnitChoice::New(size.read()?),
            (Some(_), Some(_)) => return Err(Problem::invalid("recovery-unit-twice").with("zone", name)),
            (None, None) => return Err(Problem::invalid("recovery-unit-missing").with("zone", name)),
        };
        let replica = match replica_type {
            ReplicaTypeBody::Full => ReplicaType::Full,
            ReplicaTypeBody::LogOnly => ReplicaType::LogOnly,
            ReplicaTypeBody::ReadOnly => ReplicaType::ReadOnly,
        };
        let count = unit_count.unwrap_or(1);
        Ok(ZoneUnits { zone: name, replica, replicas: Vec::new(), unit, count })
    }
}

impl UnitSpecBody {
    fn read(self) -> Result<UnitSize, Problem> {
        let Self { cpu, memory_bytes, log_disk_bytes } = self;
        let hundredths = (cpu * 100.0).round();
        let is_exact = (cpu * 100.0 - hundredths).abs() < 1e-6;
        if !(is_exact && cpu > 0.0 && cpu <= CPUS_MAX) {
            return Err(Problem::invalid("recovery-unit-cpu-malformed").with("cpu", cpu));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just checked")]
        let cpu_hundredths = hundredths as u64;
        Ok(UnitSize { cpu_hundredths, memory_bytes, log_disk_bytes })
    }
}

#[cfg(test)]
mod tests {
    use model::physical::resources::TargetResources;
    use model::physical::unit::{UnitChoice, UnitSize};
    use serde_json::{Value, json};

    use super::{ZoneBody, resources};

    fn read(pool: &Value) -> Result<UnitChoice, String> {
        let zone = json!({ "name": "z1", "resourcePool": pool });
        let zone: ZoneBody = serde_json::from_value(zone).map_err(|error| error.to_string())?;
        match resources(vec![zone], Vec::new()).map_err(|problem| problem.text.id)? {
            Some(TargetResources::Zones(mut zones)) => Ok(zones.remove(0).unit),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_pool_has_an_existing_specification_or_the_size_of_a_new_one() {
        let size =
            |cpu_hundredths, log_disk_bytes| UnitSize { cpu_hundredths, memory_bytes: 4096, log_disk_bytes };
        for (pool, unit) in [
            (json!({ "unitSpecName": "small" }), UnitChoice::Named("small".into())),
            (json!({ "unitSpec": { "cpu": 2, "memoryBytes": 4096 } }), UnitChoice::New(size(200, None))),
            (
                json!({ "unitSpec": { "cpu": 1.15, "memoryBytes": 4096, "logDiskBytes": 7 }, "unitCount": 2 }),
                UnitChoice::New(size(115, Some(7))),
            ),
        ] {
            assert_eq!(read(&pool), Ok(unit), "{pool}");
        }
        let spec = json!({ "cpu": 2, "memoryBytes": 4096 });
        for (pool, why) in [
            (json!({}), "recovery-unit-missing"),
            (json!({ "unitSpecName": "small", "unitSpec": spec }), "recovery-unit-twice"),
            (json!({ "unitSpec": { "cpu": 0, "memoryBytes": 4096 } }), "recovery-unit-cpu-malformed"),
            (json!({ "unitSpec": { "cpu": 1.005, "memoryBytes": 4096 } }), "recovery-unit-cpu-malformed"),
            (json!({ "unitSpec": { "cpu": 1e9, "memoryBytes": 4096 } }), "recovery-unit-cpu-malformed"),
        ] {
            assert_eq!(read(&pool), Err(why.to_owned()), "{pool}");
        }
        assert!(read(&json!({ "unitSpec": { "cpu": 2 } })).is_err(), "memory is needed");
        assert!(read(&json!({ "unitSpec": { "cpu": 2, "memoryBytes": -1 } })).is_err(), "no amount");
    }
}
