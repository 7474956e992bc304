//! Requests about a strategy, and a strategy as it is shown.

use metadata::strategies::Unreadable;
use model::backup::BackupMethod;
use model::id::{ClusterId, StrategyId};
use model::order::StorageChoice;
use model::storage::Storage;
use model::strategy::draft::{ScheduleConfig, ThresholdConfig};
use model::strategy::{Scope, Strategy, Thresholds};
use model::text::Text;
use model::time::Timestamp;
use model::user::Permission;

use super::found;
use super::runs::{ScheduleStanding, standing};
use crate::actor::Actor;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::page::{Page, PageAsk};

/// A storage, and the name that one gets in the library which is typed in.
#[derive(Debug, Clone)]
pub struct NamedStorage {
    /// Which storage.
    pub choice: StorageChoice,
    /// Its name; after the cluster and tenant by default.
    pub name: Option<String>,
}

/// A new strategy.
#[derive(Debug, Clone)]
pub struct StrategyAsk {
    /// How it backs up; the cluster's first choice by default.
    pub method: Option<BackupMethod>,
    /// Where to; the one used last for the cluster by default, else the only one in the library.
    pub storage: Option<NamedStorage>,
    /// When.
    pub schedule: ScheduleConfig,
    /// Its alarm thresholds.
    pub thresholds: ThresholdConfig,
    /// Whether a copy in a second storage is asked for.
    pub secondary_backup: bool,
}

/// The changes of a strategy; `None` keeps a setting.
#[derive(Debug, Clone, Default)]
pub struct StrategyChange {
    /// Its method.
    pub method: Option<BackupMethod>,
    /// Where to.
    pub storage: Option<NamedStorage>,
    /// When; whether it runs is `enabled`.
    pub schedule: Option<ScheduleConfig>,
    /// Whether its schedule runs.
    pub enabled: Option<bool>,
    /// When it raises an alarm; what is left out stays.
    pub thresholds: ThresholdConfig,
    /// Whether a copy in a second storage is asked for.
    pub secondary_backup: bool,
    /// Whether a physical strategy may move to another storage.
    pub accept_storage_move: bool,
}

/// A strategy as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// The strategy.
    pub strategy: Strategy,
    /// The cluster's name.
    pub cluster_name: String,
    /// The tenant's name; none for a strategy of the cluster, and for a tenant that is gone.
    pub tenant_name: Option<String>,
    /// Where it backs up to.
    pub storage: Storage,
    /// The owner's name; none when the account is gone.
    pub owner: Option<String>,
    /// When the newest good data backup of its object finished, also one that it did not order.
    pub last_data_backup: Option<Timestamp>,
    /// How its schedule stands, with its next run and what became of its newest due time.
    pub standing: ScheduleStanding,
}

/// A strategy whose settings this version cannot read: none of its runs start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableStrategy {
    /// Its identity.
    pub id: StrategyId,
    /// What it backs up.
    pub scope: Scope,
    /// The cluster's name.
    pub cluster_name: String,
    /// The tenant's name; none for a strategy of the cluster, and for a tenant that is gone.
    pub tenant_name: Option<String>,
    /// Why it cannot be read, and what is to be done.
    pub reason: Text,
}

/// Returns the strategy of exactly that scope.
///
/// # Errors
/// 20106 when there is none.
pub async fn get(control: &Control, actor: &Actor, scope: Scope) -> Result<Detail, Error> {
    actor.must(Permission::Read)?;
    control.context.cluster(scope.cluster()).await?;
    let strategies = control.metadata().strategy_list_whole(Some(scope.cluster())).await?;
    detail(&control.context, found::find(&strategies, scope)?.clone()).await
}

/// Returns the strategies of one cluster or of all that this version cannot read.
///
/// # Errors
/// When the actor may not read them, or there is no such cluster.
pub async fn list_unreadable(
    control: &Control,
    actor: &Actor,
    cluster: Option<ClusterId>,
) -> Result<Vec<UnreadableStrategy>, Error> {
    actor.must(Permission::Read)?;
    let mut found = Vec::new();
    for Unreadable { id, scope, cause } in control.metadata().strategy_list_whole(cluster).await?.unreadable {
        let cluster = control.context.cluster(scope.cluster()).await?;
        let tenant = match scope.tenant() {
            Some(tenant) => control.metadata().tenant_get(cluster.id, tenant).await?,
            None => None,
        };
        found.push(UnreadableStrategy {
            id,
            scope,
            cluster_name: cluster.name,
            tenant_name: tenant.map(|tenant| tenant.name),
            reason: found::unreadable_problem(id, &cause).text,
        });
    }
    Ok(found)
}

/// Returns the strategies of one cluster or of all, without those that cannot be read: [`list_unreadable`] returns
/// these.
///
/// # Errors
/// When the actor may not read them, or there is no such cluster.
pub async fn list(
    control: &Control,
    actor: &Actor,
    cluster: Option<ClusterId>,
    page: PageAsk,
) -> Result<Page<Detail>, Error> {
    actor.must(Permission::Read)?;
    if let Some(cluster) = cluster {
        control.context.cluster(cluster).await?;
    }
    let page = page.of(control.metadata().strategy_list(cluster).await?);
    let Page { contents, number, size, total_elements } = page;
    let mut details = Vec::with_capacity(contents.len());
    for strategy in contents {
        details.push(detail(&control.context, strategy).await?);
    }
    Ok(Page { contents: details, number, size, total_elements })
}

async fn detail(context: &Context, strategy: Strategy) -> Result<Detail, Error> {
    let cluster = context.cluster(strategy.scope.cluster()).await?;
    let tenant = match strategy.scope.tenant() {
        Some(tenant) => context.metadata.tenant_get(cluster.id, tenant).await?,
        None => None,
    };
    let now = context.metadata.now().await?;
    Ok(Detail {
        cluster_name: cluster.name,
        tenant_name: tenant.map(|tenant| tenant.name),
        storage: context.storage(strategy.settings.storage).await?,
        owner: context.metadata.user_get(strategy.owner).await?.map(|owner| owner.name),
        last_data_backup: context.metadata.backup_set_newest_of(cluster.id, strategy.scope.tenant()).await?,
        standing: standing(context, &strategy, now).await?,
        strategy,
    })
}

/// Returns thresholds as a request would write them: those that are given, and the others as they are.
pub(super) fn merged(given: ThresholdConfig, old: Thresholds) -> ThresholdConfig {
    let Thresholds {
        data_backup_timeout_minutes,
        no_successful_data_backup_alarm_days,
        log_backup_delay_s,
        storage_percent,
    } = old;
    ThresholdConfig {
        data_backup_timeout_minutes: given.data_backup_timeout_minutes.or(data_backup_timeout_minutes),
        no_successful_data_backup_alarm_days: given
            .no_successful_data_backup_alarm_days
            .or(Some(no_successful_data_backup_alarm_days)),
        log_backup_delay_seconds: given.log_backup_delay_seconds.or(Some(log_backup_delay_s)),
        alarm_storage_percentage_threshold: given
            .alarm_storage_percentage_threshold
            .or(Some(storage_percent)),
    }
}
