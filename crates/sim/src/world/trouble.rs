//! Faults that affect the world: destinations that fail, tenants and servers that change.

use super::{Cluster, TenantId};
use crate::error::SqlError;
use crate::faults::{Fault, FaultName};
use crate::{gen3, gen4};

impl Cluster {
    /// Starts a fault; some change the world immediately, the others take effect when something triggers them.
    pub(crate) fn start_fault(&mut self, fault: Fault) {
        match fault.name {
            FaultName::UpgradeMode => self.upgrade_half(true),
            FaultName::ObserverLost => self.lose_server(fault.server.as_deref(), true),
            FaultName::TenantNotNormal => self.each_tenant(&fault, |tenant| {
                tenant.status = "CREATING".to_owned();
            }),
            FaultName::ArchiveInterrupted => self.interrupt(&fault, false),
            FaultName::LogGap => self.interrupt(&fault, true),
            FaultName::MergeError => self.merge_error(&fault, true),
            // The clock belongs to the process, which has already moved it.
            FaultName::ClockJump => return,
            _ => {}
        }
        if !matches!(fault.name, FaultName::ArchiveInterrupted | FaultName::LogGap) {
            self.faults.set(fault);
        }
        self.watch();
    }

    /// Ends the faults of a kind, or all.
    pub(crate) fn end_faults(&mut self, name: Option<FaultName>) {
        for fault in self.faults.clear(name) {
            match fault.name {
                FaultName::UpgradeMode => self.upgrade_half(false),
                FaultName::ObserverLost => self.lose_server(fault.server.as_deref(), false),
                FaultName::TenantNotNormal => {
                    self.each_tenant(&fault, |tenant| tenant.status = "NORMAL".to_owned());
                }
                FaultName::MergeError => self.merge_error(&fault, false),
                _ => {}
            }
        }
    }

    /// Returns the error of a write to a destination, if a fault hits.
    pub(crate) fn destination_trouble(&mut self, address: &str) -> Result<(), SqlError> {
        let codes = [
            (FaultName::DestinationUnreachable, 9070),
            (FaultName::DestinationDenied, 9071),
            (FaultName::DestinationFull, 9082),
        ];
        for (name, code) in codes {
            if self.faults.hit(name, address).is_some() {
                return Err(SqlError::plain(code));
            }
        }
        Ok(())
    }

    /// Starts or ends a partial upgrade: if there are several servers, the last one has a newer build.
    fn upgrade_half(&mut self, begins: bool) {
        self.parameters.put("enable_upgrade_mode", if begins { "True" } else { "False" });
        let build = self.profile.build_version().replacen('_', "_9", 1);
        if self.servers.len() > 1
            && let Some(server) = self.servers.last_mut()
        {
            server.build = begins.then_some(build);
        }
    }

    fn each_tenant(&mut self, fault: &Fault, change: impl Fn(&mut super::tenant::Tenant)) {
        for id in self.victims(fault) {
            if let Some(tenant) = self.tenants.get_mut(&id) {
                change(tenant);
            }
        }
    }

    fn interrupt(&mut self, fault: &Fault, with_gap: bool) {
        if self.profile.is_tenant_level() {
            for id in self.victims(fault) {
                gen4::archive::interrupt(self, id, with_gap);
            }
        } else {
            gen3::archive::interrupt(self, with_gap);
        }
    }

    fn merge_error(&mut self, fault: &Fault, is_error: bool) {
        if self.profile.is_tenant_level() {
            for id in self.victims(fault) {
                gen4::compaction::set_error(self, id, is_error);
            }
        } else {
            gen3::compaction::set_error(self, is_error);
        }
    }

    fn victims(&self, fault: &Fault) -> Vec<TenantId> {
        self.user_tenants()
            .into_iter()
            .filter(|id| fault.tenant.as_ref().is_none_or(|name| self.tenants[id].name == *name))
            .collect()
    }
}
