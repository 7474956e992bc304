//! The decisions before a recovery of tables becomes a task.

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use metadata::tasks::subject;
use model::order::{TableRecovery, takes_tables};
use model::problem::codes;
use model::tenant::Tenant;
use model::time::Timestamp;
use model::{Problem, Secret};

use super::state::{RecoverTables, State};
use crate::context::{Conflict, Context, Taker};
use crate::error::Error;
use crate::flows::recovery_source::{self, Chosen, Origin, choose, draft};

/// The checked order, and the objects that it names.
pub(super) struct Decided {
    pub(super) order: TableRecovery,
    pub(super) chosen: Chosen,
    tenant: Tenant,
}

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<Box<TableRecovery>> = Taker {
    draft: draft::<Decided>,
    conflict: Conflict { text: "table-recovery-runs-already", code: Some(codes::RECOVERY_RUNS_ALREADY) },
};

impl recovery_source::Decided for Decided {
    type Flow = RecoverTables;
    type Order = TableRecovery;

    async fn decide(context: &Context, order: TableRecovery) -> Result<Self, Error> {
        let order = order.checked()?;
        let chosen = choose(context, &order.source, order.until, order.cluster).await?;
        let target = &chosen.target;
        takes_tables(target.facts.generation, &target.facts.server)?;
        let tenants = context.metadata.tenant_list(target.id).await?;
        let tenant = tenants.into_iter().find(|tenant| tenant.name.eq_ignore_ascii_case(&order.tenant));
        let unknown = || {
            let problem = Problem::not_found("table-recovery-tenant-unknown");
            problem.with("cluster", &target.name).with("tenant", &order.tenant)
        };
        let tenant = tenant.ok_or_else(unknown)?;
        Ok(Self { order, chosen, tenant })
    }

    fn chosen(&self) -> &Chosen {
        &self.chosen
    }

    fn passwords(&self) -> &[Secret] {
        &self.order.passwords
    }

    fn state(&self, origin: Origin, requested: Timestamp) -> State {
        State {
            origin,
            tenant: self.tenant.id,
            tenant_name: self.tenant.name.clone(),
            objects: self.order.objects.clone(),
            pools: self.order.pools.clone(),
            requested,
            tag: format!("{:08x}", rand::random::<u32>()),
            failed_jobs: 0,
            sent: None,
            job: None,
            recovered_scn: 0,
            unseen: 0,
            moved: None,
            tables: 0,
            not_made: Vec::new(),
            clean_up_looks: 0,
        }
    }

    fn task(state: &State) -> Result<NewTask, Error> {
        let name = Note::new(RecoverTables::KIND).arg("count", state.objects.len());
        let task =
            recovery_source::new_task::<RecoverTables>(name, state, &state.origin, &state.tenant_name)?;
        Ok(task.subject(subject::TENANT, state.tenant.to_string()))
    }
}
