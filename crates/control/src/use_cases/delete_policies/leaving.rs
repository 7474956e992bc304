//! The delete policies that stay in a cluster when it is removed: the database continues to delete by them, and no alarm
//! tells when it does not.

use std::collections::BTreeMap;

use model::Problem;
use model::cluster::Cluster;
use model::id::TenantId;
use model::physical::delete_policy::{DeletePolicy, PolicyWish};

use crate::asking;
use crate::context::Control;
use crate::error::Error;
use crate::flows::delete_policy::{self, Owners};

/// Refuses to leave delete policies that Lifeboat has set in a cluster, and names them. A cluster that does not answer may
/// have them as Lifeboat left them.
///
/// # Errors
/// When there are such policies, or the metadata database fails.
pub(crate) async fn refuse_leaving(control: &Control, cluster: &Cluster) -> Result<(), Error> {
    if delete_policy::check_offered(cluster).is_err() {
        return Ok(());
    }
    let owners = Owners::read(&control.context, cluster.id).await?;
    let set = owners.set_policies();
    if set.is_empty() {
        return Ok(());
    }
    let tenants = control.metadata().tenant_list(cluster.id).await?;
    let names: BTreeMap<TenantId, String> =
        tenants.into_iter().map(|tenant| (tenant.id, tenant.name)).collect();
    let name = |tenant: &TenantId| names.get(tenant).cloned().unwrap_or_else(|| tenant.to_string());
    let question = async {
        let mut driver = asking::open(&control.context, cluster).await?;
        driver.delete_policies().await.map_err(Error::from)
    };
    let (refusal, policies): (_, Vec<String>) = match asking::within_limit(cluster, question).await {
        Ok(found) => {
            let mut found: Vec<DeletePolicy> = found;
            found.retain(|policy| !owners.is_foreign(policy));
            found.sort_by_key(|policy| policy.tenant);
            let words = found.iter().map(|policy| format!("{}: {}", name(&policy.tenant), policy.words()));
            ("cluster-remove-leaves-policies", words.collect())
        }
        Err(error) => {
            tracing::debug!(cluster = cluster.name, ?error, "delete policies cannot be read");
            let living = set.iter().filter(|(tenant, _)| names.contains_key(tenant));
            let words = living.map(|(tenant, wish)| words(&name(tenant), *wish));
            ("cluster-remove-may-leave-policies", words.collect())
        }
    };
    if policies.is_empty() {
        return Ok(());
    }
    let refusal = Problem::conflict(refusal).with("cluster", &cluster.name);
    Err(refusal.with("policies", policies.join(", ")).into())
}

fn words(tenant: &str, wish: PolicyWish) -> String {
    match wish {
        PolicyWish::Set { rule, days } => format!("{tenant}: {} ({days}d)", rule.name()),
        PolicyWish::Drop => format!("{tenant}: -"),
    }
}
