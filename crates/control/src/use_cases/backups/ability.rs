//! What can be backed up of a cluster or one of its tenants, and the defaults.

use model::Problem;
use model::ability::BackupAbility;
use model::backup::{BackupMethod, DataBackupMode};
use model::cluster::{Cluster, refuse_upgrading};
use model::id::{ClusterId, StorageId, StrategyId, TenantId};
use model::physical::scope::lanes;
use model::tenant::Tenant;
use model::text::Text;
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::orders::{StorageSource, has_full_sets, readable, strategy_of, usual_storage};

/// What can be backed up, and the defaults of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ability {
    /// The available methods.
    pub ability: BackupAbility,
    /// The default method.
    pub preferred: BackupMethod,
    /// Whether a full backup can be chosen.
    pub full_enabled: bool,
    /// Whether an incremental backup can be chosen.
    pub incremental_enabled: bool,
    /// Whether an incremental backup would find a full set to build on, according to the catalogue.
    pub can_do_incremental: bool,
    /// Notes on the choice.
    pub hint: Option<Text>,
    /// Why no backup is possible now.
    pub disabled: Option<Problem>,
    /// Why no logical backup is possible; for a cluster, only if it is possible for none of its tenants.
    pub logical_disabled: Option<Problem>,
    /// The default storage, and why: the strategy's, otherwise the last one used for the cluster, otherwise the only
    /// saved one.
    pub storage: Option<(StorageId, StorageSource)>,
    /// The strategy whose method and storage are the defaults.
    pub strategy: Option<StrategyId>,
}

/// Returns what can be backed up of a cluster, or of one tenant.
///
/// # Errors
/// When there is no such cluster or tenant.
pub async fn ability(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenant: Option<TenantId>,
) -> Result<Ability, Error> {
    actor.must(Permission::Read)?;
    let context = &control.context;
    let cluster = context.cluster(id).await?;
    let mut tenants = context.metadata.tenant_list(id).await?;
    if let Some(chosen) = tenant {
        tenants = vec![context.tenant(id, chosen).await?];
    }
    let ability = cluster.facts.ability;
    let (physical, incremental) = physical(&cluster, &tenants, tenant.is_none());
    let logical = readable(context, &cluster, &tenants).await?;
    let upgrading = refuse_upgrading(&cluster).err();
    // The defaults are both the method and the storage of the strategy, or neither.
    let strategy = strategy_of(context, id, tenant.as_slice()).await?;
    let strategy = strategy.filter(|strategy| match strategy.settings.method {
        BackupMethod::Physical => physical.is_ok(),
        BackupMethod::Logical => logical.is_ok(),
    });
    let storage = match &strategy {
        Some(strategy) => Some((strategy.settings.storage, StorageSource::Strategy)),
        None => usual_storage(context, &cluster).await?.map(|(storage, source)| (storage.id, source)),
    };
    Ok(Ability {
        ability,
        preferred: match (&strategy, &physical) {
            (Some(strategy), _) => strategy.settings.method,
            (None, Ok(())) => BackupMethod::Physical,
            (None, Err(_)) if logical.is_ok() => BackupMethod::Logical,
            (None, Err(_)) => ability.preferred(),
        },
        full_enabled: physical.is_ok() || logical.is_ok(),
        incremental_enabled: incremental.is_ok(),
        can_do_incremental: incremental.is_ok() && has_full_sets(context, &cluster, &tenants).await?,
        hint: Some(match &incremental {
            Ok(()) => Text::new("ability-incremental-needs-full"),
            Err(why) if ability.offers(BackupMethod::Physical) => why.text.clone(),
            Err(_) => Text::new("ability-logical-only"),
        }),
        disabled: upgrading.or_else(|| physical.err().filter(|_| logical.is_err())),
        logical_disabled: logical.err(),
        storage,
        strategy: strategy.map(|strategy| strategy.id),
    })
}

/// Returns whether a full and an incremental physical backup can be chosen, or why not.
fn physical(
    cluster: &Cluster,
    tenants: &[Tenant],
    is_whole: bool,
) -> (Result<(), Problem>, Result<(), Problem>) {
    let facts = &cluster.facts;
    let can = |mode| lanes(&facts.server, facts.generation, tenants, is_whole, mode).map(drop);
    (can(DataBackupMode::Full), can(DataBackupMode::Incremental))
}
