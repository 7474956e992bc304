//! Unit specifications: how much a unit may use of one server, and the size of a new one.

use serde::{Deserialize, Serialize};

use crate::ability::Generation;
use crate::problem::Problem;
use crate::size;

/// The smallest unit that 4.x creates, in hundredths of a CPU.
const LEAST_CPU: u64 = 100;

/// The smallest memory of a unit of 4.x. The parameter `__min_full_resource_pool_memory` may require more.
const LEAST_MEMORY: u64 = 1 << 30;

/// The smallest log disk of a unit of 4.x.
const LEAST_LOG_DISK: u64 = 2 << 30;

/// The log disk of a unit of 4.x is this many times its memory, unless the order says otherwise.
const LOG_DISKS_PER_MEMORY: u64 = 3;

/// A unit specification: how much a tenant may use of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitSpec {
    /// Its name.
    pub name: String,
    /// Hundredths of a CPU: the maximum, before 4.0 the reserved part.
    pub cpu_hundredths: u64,
    /// The reserved hundredths of a CPU.
    #[serde(default)]
    pub min_cpu_hundredths: u64,
    /// Memory; before 4.0 the reserved part.
    pub memory_bytes: u64,
    /// Log disk; 0 before 4.0.
    pub log_disk_bytes: u64,
    /// What only 2.2.77 and 3.x have.
    #[serde(default)]
    pub old: Option<OldLimits>,
}

/// The further limits of a unit of 2.2.77 and 3.x.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldLimits {
    /// The most hundredths of a CPU.
    pub max_cpu_hundredths: u64,
    /// The most memory.
    pub max_memory_bytes: u64,
    /// The most I/O operations per second.
    pub max_iops: u64,
    /// The reserved I/O operations per second.
    pub min_iops: u64,
    /// The most data.
    pub max_disk_bytes: u64,
    /// The most sessions.
    pub max_sessions: u64,
}

impl UnitSpec {
    /// Returns whether another specification has the same limits.
    #[must_use]
    pub fn is_as_large_as(&self, other: &Self) -> bool {
        Self { name: String::new(), ..self.clone() } == Self { name: String::new(), ..other.clone() }
    }

    /// Writes what one unit takes from a server, such as `2 CPU, 4 GB memory`.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(self.cpu_hundredths, self.memory_bytes, self.log_disk_bytes)
    }
}

/// The size of a new unit specification, as an order gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitSize {
    /// Hundredths of a CPU, all of them reserved.
    pub cpu_hundredths: u64,
    /// Memory.
    pub memory_bytes: u64,
    /// Log disk; `None` for three times the memory, and before 4.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_disk_bytes: Option<u64>,
}

/// The unit specification of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)] // orders were stored as names only
pub enum UnitChoice {
    /// An existing one.
    Named(String),
    /// A new one.
    New(UnitSize),
}

impl UnitChoice {
    /// Returns the name of an existing one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::New(_) => None,
        }
    }

    /// Returns the size of a new one.
    #[must_use]
    pub const fn size(&self) -> Option<&UnitSize> {
        match self {
            Self::Named(_) => None,
            Self::New(size) => Some(size),
        }
    }
}

impl UnitSize {
    /// Returns the limits of a specification of this size, without a name.
    ///
    /// # Errors
    /// If it is smaller than the least that a generation accepts, or has a log disk before 4.0.
    pub fn spec(&self, generation: Generation) -> Result<UnitSpec, Problem> {
        let &Self { cpu_hundredths, memory_bytes, log_disk_bytes } = self;
        let is_old = generation == Generation::Gen3;
        if is_old && log_disk_bytes.is_some() {
            return Err(Problem::invalid("recovery-unit-log-disk-not-offered"));
        }
        let log_disk_bytes = match log_disk_bytes {
            _ if is_old => 0,
            Some(bytes) => bytes,
            None => memory_bytes.saturating_mul(LOG_DISKS_PER_MEMORY).max(LEAST_LOG_DISK),
        };
        let least = if is_old { (1, 1, 0) } else { (LEAST_CPU, LEAST_MEMORY, LEAST_LOG_DISK) };
        if cpu_hundredths < least.0 || memory_bytes < least.1 || log_disk_bytes < least.2 {
            let problem = Problem::invalid("recovery-unit-too-small");
            let size = shown(cpu_hundredths, memory_bytes, log_disk_bytes);
            return Err(problem.with("size", size).with("least", shown(least.0, least.1, least.2)));
        }
        Ok(UnitSpec {
            name: String::new(),
            cpu_hundredths,
            min_cpu_hundredths: cpu_hundredths,
            memory_bytes,
            log_disk_bytes,
            old: is_old.then(|| OldLimits::of(cpu_hundredths, memory_bytes)),
        })
    }
}

impl OldLimits {
    /// Returns the further limits of a new unit: CPU and memory are all reserved. The statement requires the other
    /// limits, which have fixed values.
    const fn of(cpu_hundredths: u64, memory_bytes: u64) -> Self {
        Self {
            max_cpu_hundredths: cpu_hundredths,
            max_memory_bytes: memory_bytes,
            max_iops: 10_000,
            min_iops: 1_000,
            max_disk_bytes: 512 << 30,
            max_sessions: 10_000,
        }
    }
}

/// Writes an amount of resources, such as `2 CPU, 4 GB memory`.
pub(super) fn shown(cpu_hundredths: u64, memory_bytes: u64, log_disk_bytes: u64) -> String {
    let cpu = cpus(cpu_hundredths);
    let memory = size::bytes(memory_bytes);
    match log_disk_bytes {
        0 => format!("{cpu} CPU, {memory} memory"), // before 4.0, logs have no separate disk quota
        log_disk => format!("{cpu} CPU, {memory} memory, {} log disk", size::bytes(log_disk)),
    }
}

/// Writes a number of CPUs, such as `2` or `1.50`.
#[must_use]
pub fn cpus(hundredths: u64) -> String {
    match hundredths % 100 {
        0 => (hundredths / 100).to_string(),
        rest => format!("{}.{rest:02}", hundredths / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::{UnitChoice, UnitSize};
    use crate::ability::Generation::{Gen3, Gen4};

    const GB: u64 = 1 << 30;

    fn size(cpu_hundredths: u64, memory_bytes: u64, log_disk_bytes: Option<u64>) -> UnitSize {
        UnitSize { cpu_hundredths, memory_bytes, log_disk_bytes }
    }

    #[test]
    fn a_size_becomes_the_limits_of_its_generation_or_is_refused() {
        let cases = [
            (size(250, 4 * GB, Some(8 * GB)), Gen4, Ok(8 * GB)),
            (size(250, 4 * GB, None), Gen4, Ok(12 * GB)),
            (size(100, GB, Some(2 * GB)), Gen4, Ok(2 * GB)),
            (size(99, GB, None), Gen4, Err("recovery-unit-too-small")),
            (size(100, GB - 1, None), Gen4, Err("recovery-unit-too-small")),
            (size(100, GB, Some(2 * GB - 1)), Gen4, Err("recovery-unit-too-small")),
            (size(50, GB, None), Gen3, Ok(0)),
            (size(0, GB, None), Gen3, Err("recovery-unit-too-small")),
            (size(100, 0, None), Gen3, Err("recovery-unit-too-small")),
            (size(100, GB, Some(GB)), Gen3, Err("recovery-unit-log-disk-not-offered")),
        ];
        for (size, generation, expected) in cases {
            let found = size.spec(generation);
            let log_disk = found.as_ref().map(|spec| spec.log_disk_bytes);
            assert_eq!(log_disk.map_err(|problem| problem.text.id.as_str()), expected, "{size:?}");
            let Ok(spec) = found else { continue };
            assert_eq!((spec.cpu_hundredths, spec.memory_bytes), (size.cpu_hundredths, size.memory_bytes));
            assert_eq!(spec.min_cpu_hundredths, size.cpu_hundredths, "all of it is reserved");
            let old = spec.old.map(|old| (old.max_cpu_hundredths, old.max_memory_bytes));
            assert_eq!(old, (generation == Gen3).then_some((size.cpu_hundredths, size.memory_bytes)));
        }
    }

    #[test]
    fn a_stored_order_of_an_older_version_names_a_unit() {
        let stored = |text: &str| serde_json::from_str::<UnitChoice>(text).expect("a unit");
        assert_eq!(stored("\"small\""), UnitChoice::Named("small".into()));
        let new = UnitChoice::New(size(100, GB, None));
        let text = serde_json::to_string(&new).expect("JSON");
        assert_eq!(stored(&text), new);
        assert_eq!(serde_json::to_string(&stored("\"small\"")).expect("JSON"), "\"small\"");
    }
}
