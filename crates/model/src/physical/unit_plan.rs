//! The unit specifications that new tenants need on a cluster: existing ones, and those to create.

use super::capacity::{ZoneNeed, same_size};
use super::resources::{ClusterResources, ZoneUnits, spec_of};
use super::unit::{UnitChoice, UnitSpec};
use crate::ability::Generation;
use crate::problem::Problem;

/// Collects the unit specifications to create. Each size is created once.
#[derive(Debug)]
pub struct UnitPlan<'h, N> {
    have: &'h ClusterResources,
    generation: Generation,
    name: N,
    new: Vec<UnitSpec>,
}

impl<'h, N: Fn(usize) -> String> UnitPlan<'h, N> {
    /// Returns a plan without new specifications, for a cluster. `name` names the n-th new one, from 1.
    pub const fn new(have: &'h ClusterResources, generation: Generation, name: N) -> Self {
        Self { have, generation, name, new: Vec::new() }
    }

    /// Returns the name of a specification with these limits: an existing one, or one to create.
    pub fn unit_for(&mut self, spec: &UnitSpec) -> String {
        if let Some(known) = same_size(spec, self.have) {
            return known.name.clone();
        }
        if let Some(planned) = self.new.iter().find(|planned| planned.is_as_large_as(spec)) {
            return planned.name.clone();
        }
        let name = (self.name)(self.new.len() + 1);
        self.new.push(UnitSpec { name: name.clone(), ..spec.clone() });
        name
    }

    /// Returns the units that an order requests, with the names of their specifications.
    ///
    /// # Errors
    /// Names a unit specification that the cluster does not have, or a size that it does not accept.
    pub fn needs(&mut self, zones: &[ZoneUnits]) -> Result<Vec<ZoneNeed>, Problem> {
        let mut needs = Vec::new();
        for zone in zones {
            let spec = match &zone.unit {
                UnitChoice::Named(name) => spec_of(name, self.have)?.clone(),
                UnitChoice::New(size) => {
                    let spec = size.spec(self.generation)?;
                    UnitSpec { name: self.unit_for(&spec), ..spec }
                }
            };
            needs.push(ZoneNeed {
                zone: zone.zone.clone(),
                replica: zone.replica,
                replicas: zone.replicas.clone(),
                spec,
                count: zone.count,
            });
        }
        Ok(needs)
    }

    /// Returns the specifications to create.
    pub fn into_new(self) -> Vec<UnitSpec> {
        self.new
    }
}

#[cfg(test)]
mod tests {
    use super::UnitPlan;
    use crate::ability::Generation::{Gen3, Gen4};
    use crate::physical::capacity::ZoneNeed;
    use crate::physical::resources::{ClusterResources, ReplicaType, ZoneUnits};
    use crate::physical::unit::{UnitChoice, UnitSize, UnitSpec};

    const GB: u64 = 1 << 30;

    fn size(cpus: u64, memory: u64) -> UnitSize {
        UnitSize { cpu_hundredths: cpus * 100, memory_bytes: memory * GB, log_disk_bytes: None }
    }

    fn zone(zone: &str, unit: UnitChoice) -> ZoneUnits {
        ZoneUnits { zone: zone.into(), replica: ReplicaType::Full, replicas: Vec::new(), unit, count: 2 }
    }

    #[test]
    fn each_zone_gets_an_existing_specification_or_one_new_one_per_size() {
        for generation in [Gen3, Gen4] {
            let known = |name: &str, size: &UnitSize| {
                let spec = size.spec(generation).expect("a size");
                UnitSpec { name: name.into(), ..spec }
            };
            let units = vec![known("lifeboat_b_9_unit_1", &size(4, 8)), known("small", &size(1, 2))];
            let have = ClusterResources { units, ..ClusterResources::default() };
            let mut plan = UnitPlan::new(&have, generation, |number| format!("lifeboat_a_7_unit_{number}"));
            let needs = plan.needs(&[
                zone("z1", UnitChoice::Named("SMALL".into())),
                zone("z2", UnitChoice::New(size(4, 8))),
                zone("z3", UnitChoice::New(size(1, 2))),
                zone("z4", UnitChoice::New(size(2, 4))),
                zone("z5", UnitChoice::New(size(4, 8))),
            ]);
            let zones: Vec<ZoneUnits> = needs.expect("decided").iter().map(ZoneNeed::units).collect();
            let names: Vec<&str> = zones.iter().map(|zone| zone.unit_name().expect("decided")).collect();
            // The specification of another recovery is not used: that recovery may drop it.
            let (first, second) = ("lifeboat_a_7_unit_1", "lifeboat_a_7_unit_2");
            assert_eq!(names, ["small", first, "small", second, first], "{generation:?}");
            assert_eq!((zones[1].zone.as_str(), zones[1].count), ("z2", 2));
            let new = plan.into_new();
            assert_eq!(new, [known(first, &size(4, 8)), known(second, &size(2, 4))], "{generation:?}");
        }
    }

    #[test]
    fn an_unknown_name_and_an_unfit_size_are_refused() {
        let have = ClusterResources::default();
        for (unit, why) in [
            (UnitChoice::Named("huge".into()), "recovery-unit-unknown"),
            (UnitChoice::New(UnitSize { cpu_hundredths: 50, ..size(1, 2) }), "recovery-unit-too-small"),
        ] {
            let mut plan = UnitPlan::new(&have, Gen4, |number| number.to_string());
            let refusal = plan.needs(&[zone("z1", unit)]).expect_err("refused");
            assert_eq!(refusal.text.id, why);
            assert!(plan.into_new().is_empty());
        }
    }
}
