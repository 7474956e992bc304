//! Which backup sets are kept, and why; requests to clean up; holds.

use control::retention::{PlannedSet, RetentionAsk, StoragePlan, TenantPlan};
use model::id::{BackupSetId, ClusterId, StorageId, TenantId};
use model::retention::{Calendar, Policy, SetHold, Verdict};
use model::schedule::Zone;
use model::{Problem, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{whole, words};
use crate::call;

/// Which logical backup sets are meant, and what is kept of them.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RetentionBody {
    /// The tenants; all when left out.
    #[serde(default, deserialize_with = "whole::list")]
    tenant_id_list: Vec<i64>,
    /// Where the sets lie; in all storages when left out.
    #[serde(default, deserialize_with = "whole::optional")]
    storage_id: Option<i64>,
    /// What is kept. When left out, each tenant's backup strategy says it; where none does, everything is kept.
    policy: Option<PolicyBody>,
}

/// What is kept: at least one rule besides `minimumSets` and `zone`. Rules combine: a set that any of them keeps is kept.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PolicyBody {
    /// For how many days back there is a set of every moment that has one now.
    #[schema(minimum = 1, maximum = 3660)]
    #[serde(default, deserialize_with = "whole::optional")]
    retention_days: Option<u32>,
    /// How many of the newest sets are kept.
    #[schema(minimum = 1, maximum = 10000)]
    #[serde(default, deserialize_with = "whole::optional")]
    keep_last: Option<u32>,
    /// For how many days, of those that have a set, the newest one is kept.
    #[schema(minimum = 0, maximum = 10000)]
    #[serde(default, deserialize_with = "whole::optional")]
    keep_daily: Option<u32>,
    /// For how many weeks, which begin on Monday.
    #[schema(minimum = 0, maximum = 10000)]
    #[serde(default, deserialize_with = "whole::optional")]
    keep_weekly: Option<u32>,
    /// For how many months.
    #[schema(minimum = 0, maximum = 10000)]
    #[serde(default, deserialize_with = "whole::optional")]
    keep_monthly: Option<u32>,
    /// For how many years.
    #[schema(minimum = 0, maximum = 10000)]
    #[serde(default, deserialize_with = "whole::optional")]
    keep_yearly: Option<u32>,
    /// How many bytes the sets of a tenant may take; the oldest are deleted first, but never below `minimumSets`.
    #[serde(default, deserialize_with = "whole::optional")]
    cap_bytes: Option<u64>,
    /// How many good sets always stay, whatever the other rules say; 1 when left out.
    #[schema(minimum = 1, maximum = 10000)]
    #[serde(default, deserialize_with = "whole::optional")]
    minimum_sets: Option<u32>,
    /// The time zone of days, weeks, months and years; UTC when left out.
    #[schema(example = "Asia/Shanghai")]
    zone: Option<String>,
}

impl PolicyBody {
    /// Reads the rules.
    pub(super) fn read(self) -> Result<Policy, Problem> {
        let Self { retention_days, keep_last, keep_daily, keep_weekly, keep_monthly, keep_yearly, .. } = self;
        let Self { cap_bytes, minimum_sets, zone, .. } = self;
        let counts = [keep_daily, keep_weekly, keep_monthly, keep_yearly];
        let [daily, weekly, monthly, yearly] = counts.map(Option::unwrap_or_default);
        let has_calendar = counts.iter().any(Option::is_some);
        let policy = Policy {
            window_days: retention_days,
            last: keep_last,
            calendar: has_calendar.then_some(Calendar { daily, weekly, monthly, yearly }),
            cap_bytes,
            minimum: minimum_sets.unwrap_or(1),
            zone: zone.as_deref().map(str::parse).transpose()?.unwrap_or(Zone::UTC),
        };
        if policy.is_bounded() { Ok(policy) } else { Err(Problem::invalid("retention-rule-missing")) }
    }
}

impl RetentionBody {
    /// Reads the request.
    pub(crate) fn read(self, cluster: ClusterId) -> Result<RetentionAsk, Problem> {
        let Self { tenant_id_list, storage_id, policy } = self;
        Ok(RetentionAsk {
            cluster,
            tenants: tenant_id_list.into_iter().map(TenantId).collect(),
            storage: storage_id.map(StorageId),
            policy: policy.map(PolicyBody::read).transpose()?,
        })
    }
}

/// A request to delete expired sets.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CleanUpBody {
    /// The tenants; all when left out.
    #[serde(default, deserialize_with = "whole::list")]
    tenant_id_list: Vec<i64>,
    /// Where the sets lie; must be named when they lie in several storages.
    #[serde(default, deserialize_with = "whole::optional")]
    storage_id: Option<i64>,
    /// The only sets that may be deleted; all that have expired when left out. One that is kept is refused.
    #[serde(default, deserialize_with = "whole::list")]
    backup_set_id_list: Vec<i64>,
    /// What is kept. When left out, each tenant's backup strategy says it; where none does, everything is kept.
    policy: Option<PolicyBody>,
}

impl CleanUpBody {
    /// Reads the request, with the sets that it names.
    pub(crate) fn read(self, cluster: ClusterId) -> Result<(RetentionAsk, Vec<BackupSetId>), Problem> {
        let Self { tenant_id_list, storage_id, backup_set_id_list, policy } = self;
        let ask = RetentionBody { tenant_id_list, storage_id, policy }.read(cluster)?;
        Ok((ask, backup_set_id_list.into_iter().map(BackupSetId).collect()))
    }
}

/// What becomes of the logical backup sets of a cluster.
#[derive(Serialize, ToSchema)]
pub(crate) struct RetentionPlanView {
    /// The tenants, storage by storage.
    contents: Vec<TenantRetentionView>,
}

/// What becomes of the sets of a tenant in a storage.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantRetentionView {
    /// The storage.
    storage_id: i64,
    /// The storage's name; none for one that was typed in for a single task.
    storage_name: Option<String>,
    /// Its location.
    storage_uri: String,
    /// The tenant.
    tenant_id: i64,
    /// Its name when its newest set was taken.
    tenant_name: String,
    /// What is kept.
    policy: PolicyView,
    /// How many sets are deleted.
    delete_count: u64,
    /// The bytes that they take.
    delete_bytes: u64,
    /// The sets, the newest first.
    sets: Vec<PlannedSetView>,
}

/// What is kept; a rule that is absent keeps nothing. Without any rule everything is kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyView {
    /// For how many days back there is a set of every moment.
    retention_days: Option<u32>,
    /// How many of the newest sets are kept.
    keep_last: Option<u32>,
    /// For how many days with a set.
    keep_daily: Option<u32>,
    /// For how many weeks.
    keep_weekly: Option<u32>,
    /// For how many months.
    keep_monthly: Option<u32>,
    /// For how many years.
    keep_yearly: Option<u32>,
    /// How many bytes the sets may take.
    #[serde(default, deserialize_with = "whole::optional")]
    cap_bytes: Option<u64>,
    /// How many good sets always stay.
    minimum_sets: u32,
    /// The time zone of days, weeks, months and years.
    zone: String,
}

impl From<Policy> for PolicyView {
    fn from(policy: Policy) -> Self {
        let Policy { window_days, last, calendar, cap_bytes, minimum, zone } = policy;
        Self {
            retention_days: window_days,
            keep_last: last,
            keep_daily: calendar.map(|calendar| calendar.daily),
            keep_weekly: calendar.map(|calendar| calendar.weekly),
            keep_monthly: calendar.map(|calendar| calendar.monthly),
            keep_yearly: calendar.map(|calendar| calendar.yearly),
            cap_bytes,
            minimum_sets: minimum.max(1),
            zone: zone.to_string(),
        }
    }
}

/// The fate of a set.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RetentionAction {
    /// It stays.
    Keep,
    /// It is deleted.
    Delete,
}

/// Why a set is kept or deleted.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReasonView {
    /// The ID of the reason; the same in every language.
    #[schema(example = "retention-keep-window")]
    id: String,
    /// The reason in words.
    message: String,
}

/// The fate of a set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedSetView {
    /// The set.
    backup_set_id: i64,
    /// The time of its snapshot.
    #[schema(format = DateTime)]
    consistent_time: String,
    /// When it was completed.
    #[schema(format = DateTime)]
    finish_time: String,
    /// Its size in bytes.
    bytes: u64,
    /// What it is good for.
    status: words::BackupSetStatus,
    /// Whether it is kept.
    action: RetentionAction,
    /// Why: all reasons to keep it, or the one to delete it.
    reasons: Vec<ReasonView>,
    /// What its files do not show; then no rule counts it, and it is not deleted.
    doubt: Option<String>,
    /// The hold on it.
    hold: Option<HoldView>,
    /// The task that reads it, or that recorded it and is not finished.
    task_id: Option<i64>,
}

impl From<PlannedSet> for PlannedSetView {
    fn from(planned: PlannedSet) -> Self {
        let PlannedSet { set, verdict, hold, task, doubt } = planned;
        let language = call::language();
        let reason = |text: model::text::Text| ReasonView { message: text.message(language), id: text.id };
        Self {
            backup_set_id: set.id.0,
            consistent_time: Timestamp::from_scn(set.scn).to_rfc3339(),
            finish_time: set.finished.to_rfc3339(),
            bytes: set.bytes,
            status: set.status.into(),
            action: match verdict {
                Verdict::Keep(_) => RetentionAction::Keep,
                Verdict::Delete(_) => RetentionAction::Delete,
            },
            reasons: verdict.texts().into_iter().map(reason).collect(),
            doubt: doubt.map(|text| text.message(language)),
            hold: hold.map(HoldView::from),
            task_id: task.map(|task| task.0),
        }
    }
}

impl From<Vec<StoragePlan>> for RetentionPlanView {
    fn from(plans: Vec<StoragePlan>) -> Self {
        let mut contents = Vec::new();
        for StoragePlan { storage, tenants } in plans {
            for TenantPlan { tenant, tenant_name, policy, sets } in tenants {
                let deleted = || sets.iter().filter(|planned| !planned.verdict.is_kept());
                contents.push(TenantRetentionView {
                    storage_id: storage.id.0,
                    storage_name: storage.name.clone(),
                    storage_uri: storage.location.uri(),
                    tenant_id: tenant.0,
                    tenant_name,
                    policy: policy.into(),
                    delete_count: deleted().count() as u64,
                    delete_bytes: deleted().map(|planned| planned.set.bytes).sum(),
                    sets: sets.into_iter().map(PlannedSetView::from).collect(),
                });
            }
        }
        Self { contents }
    }
}

/// A request to hold a set.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HoldBody {
    /// Why it is held.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
    /// When the hold ends; without end when left out.
    #[schema(format = DateTime)]
    end_time: Option<String>,
}

impl HoldBody {
    /// Reads when the hold ends.
    pub(crate) fn until(&self) -> Result<Option<Timestamp>, Problem> {
        crate::queries::moment("endTime", self.end_time.as_deref())
    }
}

/// A hold on a set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoldView {
    /// The set.
    backup_set_id: i64,
    /// Why it is held.
    reason: String,
    /// The account that holds it.
    owner: String,
    /// When the hold was placed.
    #[schema(format = DateTime)]
    start_time: String,
    /// When it ends; none where it has no end.
    #[schema(format = DateTime)]
    end_time: Option<String>,
}

impl From<SetHold> for HoldView {
    fn from(hold: SetHold) -> Self {
        let SetHold { set, reason, owner, until, since } = hold;
        Self {
            backup_set_id: set.0,
            reason,
            owner,
            start_time: since.to_rfc3339(),
            end_time: until.map(Timestamp::to_rfc3339),
        }
    }
}
