//! The decisions before a recovery of a tenant becomes a task.

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use model::Secret;
use model::order::{TenantRecovery, takes_table_list};
use model::problem::codes;
use model::time::Timestamp;

use super::state::{RestoreTenant, State};
use crate::context::{Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::flows::recovery_source::{self, Chosen, Origin, choose, draft};

/// The checked order, and the objects that it names.
pub(super) struct Decided {
    pub(super) order: TenantRecovery,
    pub(super) chosen: Chosen,
}

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<Box<TenantRecovery>> = Taker {
    draft: draft::<Decided>,
    conflict: Conflict { text: "tenant-recovery-runs-already", code: Some(codes::RECOVERY_RUNS_ALREADY) },
};

/// Drafts the task of a recovery that belongs to a greater one.
pub(crate) async fn drafted(context: &Context, order: TenantRecovery) -> Result<Draft, Error> {
    recovery_source::drafted::<Decided>(context, order).await
}

impl recovery_source::Decided for Decided {
    type Flow = RestoreTenant;
    type Order = TenantRecovery;

    async fn decide(context: &Context, order: TenantRecovery) -> Result<Self, Error> {
        let order = order.checked()?;
        let chosen = choose(context, &order.source, order.until, order.cluster).await?;
        order.resources.check_sizes(chosen.target.facts.generation)?;
        if !order.tables.is_empty() {
            takes_table_list(chosen.target.facts.generation, &chosen.target.facts.server)?;
        }
        Ok(Self { order, chosen })
    }

    fn chosen(&self) -> &Chosen {
        &self.chosen
    }

    fn passwords(&self) -> &[Secret] {
        &self.order.passwords
    }

    fn state(&self, origin: Origin, requested: Timestamp) -> State {
        let order = &self.order;
        State {
            origin,
            tenant_name: order.tenant.clone(),
            resources: order.resources.clone(),
            primary_zone: order.primary_zone.clone(),
            role: order.role,
            tables: order.tables.clone(),
            requested,
            tag: format!("{:08x}", rand::random::<u32>()),
            made_pools: Vec::new(),
            made_units: Vec::new(),
            mark: None,
            sent: None,
            sent_by: 0,
            doubts: 0,
            waits_for_logs: 0,
            job: None,
            tenant: None,
            restored_scn: 0,
            unseen: 0,
            sample: None,
            upgrade_asked: false,
            clean_up_looks: 0,
        }
    }

    fn task(state: &State) -> Result<NewTask, Error> {
        let name = Note::new(RestoreTenant::KIND);
        recovery_source::new_task::<RestoreTenant>(name, state, &state.origin, &state.tenant_name)
    }
}
