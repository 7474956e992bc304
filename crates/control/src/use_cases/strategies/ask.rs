//! Requests about a strategy, and the details of a strategy.

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

use super::due::why_waits;
use super::found;
use super::runs::{ScheduleStanding, standing};
use crate::actor::Actor;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::page::{Page, PageAsk};

/// A storage, and the name under which a typed-in one is saved.
#[derive(Debug, Clone)]
pub struct NamedStorage {
    /// The storage.
    pub choice: StorageChoice,
    /// Its name. Defaults to the names of the cluster and the tenant.
    pub name: Option<String>,
}

/// A new strategy.
#[derive(Debug, Clone)]
pub struct StrategyAsk {
    /// The backup method. Defaults to the preferred one of the cluster.
    pub method: Option<BackupMethod>,
    /// The storage. Defaults to that of the cluster's strategy for a tenant, then to the last one used for the cluster,
    /// otherwise to the only saved one.
    pub storage: Option<NamedStorage>,
    /// The schedule.
    pub schedule: ScheduleConfig,
    /// Its alarm thresholds.
    pub thresholds: ThresholdConfig,
    /// Whether a copy in a second storage is requested.
    pub secondary_backup: bool,
    /// Whether delete policies of the database may be replaced that need consent.
    pub take_over_policies: bool,
    /// The digest of the delete policies, and of what the database would delete, that the sender has seen.
    pub seen_policies: Option<String>,
}

/// The changes of a strategy; `None` keeps a setting.
#[derive(Debug, Clone, Default)]
pub struct StrategyChange {
    /// The backup method.
    pub method: Option<BackupMethod>,
    /// The storage.
    pub storage: Option<NamedStorage>,
    /// The schedule; `enabled` starts and pauses it.
    pub schedule: Option<ScheduleConfig>,
    /// Whether the schedule runs.
    pub enabled: Option<bool>,
    /// The alarm thresholds; omitted ones stay the same.
    pub thresholds: ThresholdConfig,
    /// Whether a copy in a second storage is requested.
    pub secondary_backup: bool,
    /// Whether a physical strategy may move to another storage.
    pub accept_storage_move: bool,
    /// Whether delete policies of the database may be replaced that need consent.
    pub take_over_policies: bool,
    /// The digest of the delete policies, and of what the database would delete, that the sender has seen.
    pub seen_policies: Option<String>,
}

/// The details of a strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// The strategy.
    pub strategy: Strategy,
    /// The cluster's name.
    pub cluster_name: String,
    /// The tenant's name; none for a strategy of the cluster, and for a tenant that is gone.
    pub tenant_name: Option<String>,
    /// Its storage.
    pub storage: Storage,
    /// The owner's name; none if the account was removed.
    pub owner: Option<String>,
    /// When the newest good data backup of its object finished, even if the strategy did not order it.
    pub last_data_backup: Option<Timestamp>,
    /// The status of its schedule, with its next and its newest run.
    pub standing: ScheduleStanding,
    /// A run that is due and has no task.
    pub waiting: Option<WaitingRun>,
    /// The rule that it breaks, if an earlier version without this rule saved it. Its runs start all the same.
    pub invalid: Option<Text>,
}

/// A run that is due and has no task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRun {
    /// When it was due.
    pub due: Timestamp,
    /// Why it waits; none if it starts within seconds.
    pub reason: Option<Text>,
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
    /// Why it cannot be read, and what to do about it.
    pub reason: Text,
}

/// Returns the strategy of exactly that scope.
///
/// # Errors
/// 20106 when there is none.
pub async fn get(control: &Control, actor: &Actor, scope: Scope) -> Result<Detail, Error> {
    actor.must(Permission::Read)?;
    control.context.cluster(scope.cluster()).await?;
    let work = Box::pin(async {
        let strategies = control.metadata().strategy_list_whole(Some(scope.cluster())).await?;
        detail(&control.context, found::find(&strategies, scope)?.clone()).await
    });
    found::named(&control.context, scope, work).await
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
    let standing = standing(context, &strategy, now).await?;
    let waiting = match standing.overdue {
        Some(due) => Some(WaitingRun { due, reason: why_waits(context, &strategy).await? }),
        None => None,
    };
    Ok(Detail {
        cluster_name: cluster.name,
        tenant_name: tenant.map(|tenant| tenant.name),
        storage: context.storage(strategy.settings.storage).await?,
        owner: context.metadata.user_get(strategy.owner).await?.map(|owner| owner.name),
        last_data_backup: context.metadata.backup_set_newest_of(cluster.id, strategy.scope.tenant()).await?,
        standing,
        waiting,
        invalid: strategy.settings.schedule.check().err().map(|problem| problem.text),
        strategy,
    })
}

/// Returns the given thresholds, completed with the old ones, in the form of a request.
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
