//! The simulated cluster: a state machine that has no clock of its own.

mod catalogue;
mod event_views;
pub(crate) mod events;
pub(crate) mod internal_views;
pub(crate) mod parameters;
pub(crate) mod resources;
pub(crate) mod system_variables;
pub(crate) mod tenant;
pub(crate) mod topology;
pub(crate) mod trouble;
pub(crate) mod unit_views;
pub(crate) mod views;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::civil;
use crate::config::ClusterConfig;
use crate::error::SqlError;
use crate::faults::Faults;
use crate::media::Media;
use crate::profile::Profile;
use crate::{gen3, gen4};
use events::Event;
use parameters::Parameters;
use resources::Resources;
use tenant::{Tenant, TenantKind};
use topology::{Server, Zone};

/// The due time of something that is not due.
pub(crate) const NEVER: i64 = i64::MAX;
/// More steps than this in one move of the clock indicate a bug in the simulator.
const STEP_LIMIT: u32 = 2_000_000;

/// A tenant's ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct TenantId(pub(crate) u64);

impl TenantId {
    /// The system tenant.
    pub(crate) const SYS: Self = Self(1);

    /// Returns the META tenant of a user tenant of 4.x.
    pub(crate) fn meta(self) -> Self {
        Self(self.0 - 1)
    }
}

impl From<TenantId> for crate::sql::Value {
    fn from(id: TenantId) -> Self {
        Self::from(id.0)
    }
}

/// The sender of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) tenant: TenantId,
}

impl Caller {
    pub(crate) fn is_sys(self) -> bool {
        self.tenant == TenantId::SYS
    }
}

/// A warning of a successful statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) code: u16,
    pub(crate) message: String,
}

/// One simulated cluster.
#[derive(Debug, Serialize)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) id: u64,
    #[serde(skip)]
    pub(crate) profile: Profile,
    /// Seconds east of Greenwich.
    pub(crate) zone_s: i32,
    /// A standby cluster of 3.x.
    pub(crate) is_standby: bool,
    /// How many standby clusters of 3.x follow it.
    pub(crate) standbys: u32,
    pub(crate) now_us: i64,
    /// The time of the next daily major freeze.
    daily_freeze_us: i64,
    pub(crate) zones: Vec<Zone>,
    pub(crate) servers: Vec<Server>,
    pub(crate) tenants: BTreeMap<TenantId, Tenant>,
    /// The highest tenant ID so far: an ID is never reused.
    #[serde(skip)]
    highest_tenant: u64,
    pub(crate) resources: Resources,
    pub(crate) parameters: Parameters,
    pub(crate) events: Vec<Event>,
    pub(crate) three: gen3::State,
    pub(crate) four: gen4::State,
    #[serde(skip)]
    pub(crate) faults: Faults,
    #[serde(skip)]
    pub(crate) media: Arc<Media>,
}

impl Cluster {
    /// Builds a cluster as configured.
    pub(crate) fn new(
        config: &ClusterConfig,
        profile: Profile,
        zone_s: i32,
        now_us: i64,
        seed: u64,
        media: Arc<Media>,
    ) -> Self {
        let mut cluster = Self {
            name: config.name.clone(),
            id: config.id,
            profile,
            zone_s,
            is_standby: config.standby,
            standbys: config.standbys,
            now_us,
            daily_freeze_us: NEVER,
            zones: topology::zones(config.zones),
            servers: topology::servers(config.zones, config.servers_per_zone, now_us),
            tenants: BTreeMap::new(),
            highest_tenant: 1_000,
            resources: Resources::default(),
            parameters: Parameters::default(),
            events: Vec::new(),
            three: gen3::State::new(now_us),
            four: gen4::State::default(),
            faults: Faults::new(seed),
            media,
        };
        cluster.parameters.put("cluster", &config.name);
        cluster.parameters.put("cluster_id", &config.id.to_string());
        cluster.parameters.put("min_observer_version", profile.version());
        cluster.parameters.put("major_freeze_duty_time", &config.major_freeze_duty_time);
        cluster.plan_daily_freeze();
        let mut sys = Tenant::new(TenantId::SYS, "sys", TenantKind::Sys, now_us);
        sys.set_password(&config.sys_password);
        sys.compatible = config.compatible.clone().unwrap_or_default();
        cluster.add_tenant(sys);
        for tenant in &config.tenants {
            let id = cluster.next_tenant_id();
            let mut user = Tenant::new(id, &tenant.name, TenantKind::User, now_us);
            user.set_password(&tenant.password);
            user.mode.clone_from(&tenant.mode);
            user.is_locked = tenant.locked;
            user.compatible.clone_from(&tenant.compatible);
            if user.compatible.is_empty() {
                user.compatible = config.compatible.clone().unwrap_or_default();
            }
            user.base_bytes = (tenant.data_mib << 20) as i64;
            user.hourly_bytes = (tenant.changes_mib_per_hour << 20) as i64;
            if tenant.role == "STANDBY" {
                user.role = tenant::Role::Standby;
            }
            tenant.databases.iter().for_each(|name| {
                user.databases.insert(name.clone());
            });
            tenant.tables.iter().for_each(|name| user.add_table(name));
            user.refused_imports.clone_from(&tenant.refused_imports);
            cluster.add_tenant(user);
            let zones = cluster.zone_names();
            cluster.resources.grant_new(&format!("pool_{}", tenant.name), id, &zones, now_us);
        }
        cluster
    }

    /// Executes everything that is due by that time.
    pub(crate) fn advance_to(&mut self, target_us: i64) {
        self.watch();
        for _ in 0..STEP_LIMIT {
            let due =
                if self.profile.is_tenant_level() { gen4::next_due(self) } else { gen3::next_due(self) };
            let due = due.min(self.daily_freeze_us);
            if due > target_us {
                break;
            }
            self.now_us = self.now_us.max(due);
            if self.daily_freeze_us <= self.now_us {
                self.freeze_daily();
            }
            if self.profile.is_tenant_level() { gen4::step(self) } else { gen3::step(self) }
        }
        self.now_us = self.now_us.max(target_us);
        if self.profile.is_tenant_level() { gen4::settle(self) } else { gen3::settle(self) }
    }

    /// The freeze at `major_freeze_duty_time`; after a refusal, the next attempt is on the next day.
    fn freeze_daily(&mut self) {
        self.plan_daily_freeze();
        if self.is_upgrading() {
            return;
        }
        if self.profile.is_tenant_level() {
            gen4::compaction::freeze_daily(self);
        } else {
            gen3::compaction::freeze_daily(self);
        }
    }

    /// Determines the time of the next daily freeze; the parameter may have changed.
    pub(super) fn plan_daily_freeze(&mut self) {
        let time = self.parameters.get("major_freeze_duty_time").unwrap_or_default();
        self.daily_freeze_us = civil::next_time_of_day(self.now_us, time, self.zone_s).unwrap_or(NEVER);
    }

    /// Stops everything that cannot continue under the current circumstances.
    pub(crate) fn watch(&mut self) {
        if self.profile.is_tenant_level() {
            gen4::watch(self);
        }
    }

    /// Adds a tenant, and on 4.x its META tenant.
    pub(crate) fn add_tenant(&mut self, mut tenant: Tenant) {
        if tenant.compatible.is_empty() {
            self.profile.version().clone_into(&mut tenant.compatible);
        }
        tenant.locality = topology::locality(&self.zones);
        let (id, kind) = (tenant.id, tenant.kind);
        self.highest_tenant = self.highest_tenant.max(id.0);
        if self.profile.is_tenant_level() {
            if kind == TenantKind::User {
                let mut meta =
                    Tenant::new(id.meta(), &format!("META${}", id.0), TenantKind::Meta, tenant.created_us);
                meta.locality.clone_from(&tenant.locality);
                meta.status.clone_from(&tenant.status);
                meta.compatible.clone_from(&tenant.compatible);
                self.tenants.insert(meta.id, meta);
                gen4::tenant_added(self, id.meta());
            }
            gen4::tenant_added(self, id);
        }
        self.tenants.insert(id, tenant);
    }

    /// Removes a tenant with everything that belongs to it.
    pub(crate) fn remove_tenant(&mut self, id: TenantId) {
        self.tenants.remove(&id);
        self.resources.release(id);
        if self.profile.is_tenant_level() {
            self.tenants.remove(&id.meta());
            gen4::tenant_removed(self, id);
        } else {
            gen3::tenant_removed(self, id);
        }
    }

    /// Returns the ID of the next user tenant: consecutive on 3.x, even on 4.x.
    pub(crate) fn next_tenant_id(&self) -> TenantId {
        let highest = self.highest_tenant;
        TenantId(if self.profile.is_tenant_level() { highest + 2 } else { highest + 1 })
    }

    pub(crate) fn tenant_named(&self, name: &str) -> Option<&Tenant> {
        self.tenants.values().find(|tenant| tenant.name.eq_ignore_ascii_case(name))
    }

    /// Returns the tenant with a name; for META tenants and unknown names, the error of an unknown tenant.
    pub(crate) fn expect_tenant(&self, name: &str) -> Result<TenantId, SqlError> {
        self.tenant_named(name)
            .filter(|tenant| tenant.kind != TenantKind::Meta)
            .map(|tenant| tenant.id)
            .ok_or_else(|| SqlError::unknown_tenant(name))
    }

    /// Returns the IDs of all user tenants.
    pub(crate) fn user_tenants(&self) -> Vec<TenantId> {
        self.tenants
            .values()
            .filter(|tenant| tenant.kind == TenantKind::User)
            .map(|tenant| tenant.id)
            .collect()
    }

    pub(crate) fn zone_names(&self) -> Vec<String> {
        self.zones.iter().map(|zone| zone.name.clone()).collect()
    }

    /// Returns whether `enable_upgrade_mode` is on.
    pub(crate) fn is_upgrading(&self) -> bool {
        self.parameters.is_true("enable_upgrade_mode")
    }

    /// Returns the leader: the first active server.
    pub(crate) fn leader(&self) -> &Server {
        self.servers.iter().find(|server| server.is_active).unwrap_or(&self.servers[0])
    }

    pub(crate) fn address(&self) -> String {
        let leader = self.leader();
        format!("{}:{}", leader.ip, leader.rpc_port)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::config::TenantConfig;

    /// Returns a cluster with the tenants `t1` and `t2` and storage in memory, starting at a round time.
    pub(crate) fn cluster(profile: Profile) -> Cluster {
        let config = ClusterConfig {
            version: profile.to_string(),
            tenants: vec![TenantConfig::named("t1"), TenantConfig::named("t2")],
            ..ClusterConfig::default()
        };
        Cluster::new(&config, profile, 8 * 3_600, 1_700_000_000_000_000, 1, Arc::default())
    }

    /// Advances the cluster by seconds.
    pub(crate) fn pass(cluster: &mut Cluster, seconds: i64) {
        cluster.advance_to(cluster.now_us + seconds * 1_000_000);
    }

    #[test]
    fn user_tenants_of_4x_are_even_and_have_meta_tenants() {
        let names =
            |profile| cluster(profile).tenants.values().map(|t| (t.id.0, t.name.clone())).collect::<Vec<_>>();
        let expected = [(1, "sys"), (1001, "META$1002"), (1002, "t1"), (1003, "META$1004"), (1004, "t2")];
        assert_eq!(names(Profile::V4_2_5), expected.map(|(id, name)| (id, name.to_owned())));
        let expected = [(1, "sys"), (1001, "t1"), (1002, "t2")];
        assert_eq!(names(Profile::V3_1_5), expected.map(|(id, name)| (id, name.to_owned())));
    }
}
