//! The rules for saving, changing and deleting a strategy.

use super::{CleanUp, Draft, Scope, Settings, Strategy, TakeOver};
use crate::ability::{BackupAbility, Generation};
use crate::backup::{BackupMethod, DataBackupMode};
use crate::physical::SYS;
use crate::problem::{Problem, codes};
use crate::schedule::{Form, Rule, Saved, Schedule};

/// The facts about a strategy's cluster.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    /// The protocol of its connections.
    pub generation: Generation,
    /// The available methods.
    pub ability: BackupAbility,
}

/// The effect of a strategy's change on storages.
#[derive(Debug, Clone, Copy, Default)]
pub struct StorageEdit {
    /// Whether the name or key of its own storage changes.
    pub is_edited: bool,
    /// Whether the user accepts the effect of a move to another storage on recovery.
    pub accept_move: bool,
}

/// The parts of a change that are not in the settings of a draft.
#[derive(Debug, Clone, Default)]
pub struct Besides {
    /// Its effect on storages.
    pub storage: StorageEdit,
    /// A new consent to replace delete policies of the database, in place of the old one.
    pub take_over: Option<TakeOver>,
}

/// Checks a new strategy.
///
/// # Errors
/// 20100 or 20101 if the cluster or the tenant has one; otherwise as [`settings`].
pub fn create(
    draft: &Draft,
    scope: Scope,
    ground: Ground,
    strategies: &[Strategy],
) -> Result<Settings, Problem> {
    check_vacant(scope, strategies)?;
    settings(draft, scope, ground, None)
}

/// Checks that the scope has no strategy yet.
///
/// # Errors
/// 20100 or 20101 if the cluster or the tenant has one.
fn check_vacant(scope: Scope, strategies: &[Strategy]) -> Result<(), Problem> {
    if strategies.iter().all(|strategy| strategy.scope != scope) {
        return Ok(());
    }
    let refusal = match scope {
        Scope::Cluster(_) => Problem::refused(codes::CLUSTER_HAS_STRATEGY, "strategy-of-cluster-exists"),
        Scope::Tenant(..) => Problem::refused(codes::TENANT_HAS_STRATEGY, "strategy-of-tenant-exists"),
    };
    Err(refusal.with("object", scope))
}

/// Checks the change of a strategy.
///
/// # Errors
/// 20112 if it would become logical, 20116 if nothing changes; an explanation if a physical strategy would move to
/// another storage without consent; otherwise as [`settings`].
pub fn change(
    draft: &Draft,
    strategy: &Strategy,
    ground: Ground,
    besides: Besides,
) -> Result<Settings, Problem> {
    let Besides { storage, take_over } = besides;
    let method = draft.method.unwrap_or_else(|| ground.ability.preferred());
    // The first reason to name: any other would be about a logical strategy that it cannot become.
    if (strategy.settings.method, method) == (BackupMethod::Physical, BackupMethod::Logical) {
        return Err(Problem::refused(codes::METHOD_CHANGE_REFUSED, "strategy-stays-physical"));
    }
    let mut settings = settings(draft, strategy.scope, ground, Some(&strategy.settings.schedule))?;
    if let (Some(new), Some(old)) = (&mut settings.clean_up, strategy.settings.clean_up) {
        new.stops_in_pause = old.stops_in_pause;
        if (new.retention_days, new.time) == (old.retention_days, old.time) {
            new.since = old.since;
        }
    }
    let is_kernels = settings.kernel_window_days().is_some();
    let take_over = take_over.or_else(|| strategy.settings.take_over.clone());
    settings.take_over = take_over.filter(|agreed| is_kernels && !agreed.consents.is_empty());
    let is_same = settings == strategy.settings && draft.schedule.backup_schedule_enabled != strategy.paused;
    if is_same && !storage.is_edited {
        return Err(Problem::refused(codes::NOTHING_CHANGED, "strategy-unchanged"));
    }
    let moves = settings.method == strategy.settings.method && settings.storage != strategy.settings.storage;
    if moves && settings.method == BackupMethod::Physical && !storage.accept_move {
        return Err(Problem::conflict(match ground.generation {
            Generation::Gen3 => "strategy-storage-move-of-3",
            Generation::Gen4 | Generation::Seekdb => "strategy-storage-move",
        }));
    }
    Ok(settings)
}

/// Finds the strategy of exactly that scope.
///
/// # Errors
/// 20106 if there is none.
pub fn find(strategies: &[Strategy], scope: Scope) -> Result<&Strategy, Problem> {
    let missing = || Problem::not_found("strategy-missing").coded(codes::NO_STRATEGY).with("object", scope);
    strategies.iter().find(|strategy| strategy.scope == scope).ok_or_else(missing)
}

/// Checks the requested settings of a strategy, and fills in omitted ones. The `saved` schedule may stay, even if it
/// breaks a rule that is newer.
///
/// # Errors
/// 20108 for a method that the cluster or tenant does not offer, 20110 for incremental logical backups, 20300 for a
/// tenant of 3.x, 20113 for secondary backup. Clean-up of physical backups is refused before 4.0, where nothing carries
/// it out. Names a schedule or threshold that is malformed.
pub fn settings(
    draft: &Draft,
    scope: Scope,
    ground: Ground,
    saved: Option<&Schedule>,
) -> Result<Settings, Problem> {
    let method = draft.method.unwrap_or_else(|| ground.ability.preferred());
    check_scope(scope, method, ground)?;
    let schedule = schedule(&draft.schedule.schedule, saved)?;
    let is_physical = method == BackupMethod::Physical;
    if !is_physical && has_incremental(&schedule) {
        return Err(Problem::refused(codes::LOGICAL_IS_FULL_ONLY, "logical-is-full-only"));
    }
    if saved != Some(&schedule) && has_useless_full_days(&schedule) {
        return Err(Problem::invalid("schedule-full-days-of-full").with("field", "fullOnDays"));
    }
    let start_log_backup = draft.schedule.start_log_backup.unwrap_or(is_physical);
    let restarts = draft.schedule.restart_interrupted_log_backup;
    let of_logs = [("startLogBackup", start_log_backup), ("restartInterruptedLogBackup", restarts)];
    if let Some((field, _)) = of_logs.into_iter().find(|(_, is_on)| *is_on && !is_physical) {
        let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "strategy-logical-without-logs");
        return Err(refusal.with("field", field));
    }
    if draft.secondary_backup {
        return Err(Problem::refused(codes::SECONDARY_BACKUP_UNSUPPORTED, "secondary-backup-unsupported"));
    }
    let clean_up = draft.schedule.clean_up()?;
    if is_physical {
        check_kernel(draft, clean_up, ground)?;
    }
    Ok(Settings {
        method,
        storage: draft.storage,
        schedule,
        start_log_backup,
        restart_interrupted_log_backup: restarts,
        clean_up,
        take_over: None,
        thresholds: draft.thresholds.checked()?,
    })
}

/// Checks that the database can carry out the clean-up of a physical strategy.
fn check_kernel(draft: &Draft, clean_up: Option<CleanUp>, ground: Ground) -> Result<(), Problem> {
    if clean_up.is_none() {
        return Ok(());
    }
    if ground.generation != Generation::Gen4 {
        // A strategy that claims "cleaned up after 7 days" while the storage fills up would mislead users.
        return Err(Problem::refused(codes::INVALID, "strategy-clean-up-not-offered"));
    }
    match draft.schedule.clean_schedule_time {
        Some(_) => Err(Problem::invalid("strategy-clean-time-physical").with("field", "cleanScheduleTime")),
        None => Ok(()),
    }
}

/// Checks a requested schedule. The `saved` one may stay, even if it breaks a rule that is newer.
///
/// # Errors
/// Names what is malformed, or the rule that it breaks.
pub fn schedule(form: &Form, saved: Option<&Schedule>) -> Result<Schedule, Problem> {
    match Schedule::try_from(Saved(form.clone())) {
        Ok(schedule) if saved == Some(&schedule) => Ok(schedule),
        _ => Schedule::try_from(form.clone()),
    }
}

fn check_scope(scope: Scope, method: BackupMethod, ground: Ground) -> Result<(), Problem> {
    if !ground.ability.offers(method) {
        let id = match method {
            BackupMethod::Physical => "physical-not-offered",
            BackupMethod::Logical => "logical-not-offered",
        };
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, id));
    }
    let Some(tenant) = scope.tenant() else { return Ok(()) };
    let of_sys = match method {
        BackupMethod::Physical => "physical-not-of-sys",
        BackupMethod::Logical => "logical-not-of-sys",
    };
    match ground.generation {
        // Before 4.0, a backup of single tenants is always full and needs an empty directory, so a strategy is
        // impossible.
        Generation::Gen3 => {
            Err(Problem::refused(codes::TENANT_BACKUP_UNSUPPORTED, "strategy-of-tenant-unsupported"))
        }
        Generation::Gen4 if tenant == SYS => {
            Err(Problem::refused(codes::METHOD_UNSUPPORTED, of_sys).with("tenant", "sys"))
        }
        Generation::Gen4 | Generation::Seekdb => Ok(()),
    }
}

/// Returns whether a schedule names days of full backups, although all its backups are full.
fn has_useless_full_days(schedule: &Schedule) -> bool {
    let Rule::Cron(cron) = schedule.rule() else { return false };
    cron.kinds().kind == DataBackupMode::Full && cron.kinds().full_on.is_some()
}

/// Returns whether some run of a schedule is incremental.
fn has_incremental(schedule: &Schedule) -> bool {
    let kinds: Vec<DataBackupMode> = match schedule.rule() {
        Rule::Grid(grid) => grid.days().values().copied().collect(),
        Rule::Cron(cron) => vec![cron.kinds().kind],
    };
    kinds.contains(&DataBackupMode::Incremental)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Besides, Ground, Settings, StorageEdit, create, find};
    use crate::Problem;
    use crate::ability::{BackupAbility, Generation};
    use crate::backup::BackupMethod::{self, Logical, Physical};
    use crate::id::{ClusterId, StorageId, StrategyId, TenantId, UserId};
    use crate::schedule::{Saved, Schedule};
    use crate::strategy::draft::{ScheduleConfig, ThresholdConfig};
    use crate::strategy::{CleanUp, Draft, Scope, Strategy};
    use crate::text::Language;
    use crate::time::Timestamp;

    const CLUSTER: Scope = Scope::Cluster(ClusterId(1));
    const SHOP: Scope = Scope::Tenant(ClusterId(1), TenantId(1002));
    const GEN4: Ground = Ground { generation: Generation::Gen4, ability: BackupAbility::LogicalAndPhysical };

    fn change(draft: &Draft, strategy: &Strategy, ground: Ground) -> Result<Settings, Problem> {
        super::change(draft, strategy, ground, Besides::default())
    }

    fn draft(method: Option<BackupMethod>, kind: &str, more: &Value) -> Draft {
        let mut json = json!({"backupScheduleMode": "WEEK", "backupScheduleTime": "02:00:00.000+08:00",
                              "dayAndDataBackupModelMap": {"2": "FULL_BACKUP", "6": kind}});
        for (key, value) in more.as_object().expect("an object") {
            json[key] = value.clone();
        }
        let schedule: ScheduleConfig = serde_json::from_value(json).expect("a configuration");
        let thresholds = ThresholdConfig::default();
        Draft { method, storage: StorageId(1), schedule, thresholds, secondary_backup: false }
    }

    fn saved(draft: &Draft, scope: Scope) -> Strategy {
        Strategy {
            id: StrategyId(1),
            scope,
            owner: UserId(1),
            settings: create(draft, scope, GEN4, &[]).expect("settings"),
            paused: false,
            since: Timestamp(0),
        }
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, Problem>) -> (u32, String) {
        let problem = result.expect_err("refused");
        for language in [Language::En, Language::Zh] {
            let words = problem.text.message(language);
            assert!(words != problem.text.id && !words.contains('{'), "{words}");
        }
        (problem.code, problem.text.id)
    }

    #[test]
    fn a_new_strategy_is_refused_by_the_table() {
        let gen3 = Ground { generation: Generation::Gen3, ability: BackupAbility::PhysicalBackup };
        let seekdb = Ground { generation: Generation::Seekdb, ability: BackupAbility::LogicalBackup };
        let sys = Scope::Tenant(ClusterId(1), TenantId(1));
        let (full, incremental, none) = ("FULL_BACKUP", "INCREMENTAL_BACKUP", json!({}));
        let clean = json!({"cleanEnabled": true, "backupDataRetentionDays": 7});
        let at =
            |time| json!({"cleanEnabled": true, "backupDataRetentionDays": 7, "cleanScheduleTime": time});
        let cases = [
            (draft(None, incremental, &none), CLUSTER, GEN4, Ok(Physical)),
            (draft(None, incremental, &none), SHOP, GEN4, Ok(Physical)),
            (draft(None, incremental, &none), CLUSTER, gen3, Ok(Physical)),
            (draft(None, full, &none), CLUSTER, seekdb, Ok(Logical)),
            (draft(Some(Logical), full, &none), SHOP, GEN4, Ok(Logical)),
            (draft(Some(Logical), incremental, &none), CLUSTER, GEN4, Err(20110)),
            (draft(None, incremental, &none), CLUSTER, seekdb, Err(20110)),
            (draft(Some(Physical), full, &none), CLUSTER, seekdb, Err(20108)),
            (draft(Some(Logical), full, &none), CLUSTER, gen3, Err(20108)),
            (draft(Some(Logical), full, &json!({"startLogBackup": true})), CLUSTER, GEN4, Err(20108)),
            (
                draft(Some(Logical), full, &json!({"restartInterruptedLogBackup": true})),
                CLUSTER,
                GEN4,
                Err(20108),
            ),
            (draft(None, full, &none), sys, GEN4, Err(20108)),
            (draft(Some(Logical), full, &none), sys, GEN4, Err(20108)),
            (draft(None, full, &none), SHOP, gen3, Err(20300)),
            (Draft { secondary_backup: true, ..draft(None, full, &none) }, CLUSTER, GEN4, Err(20113)),
            (draft(None, full, &clean), CLUSTER, GEN4, Ok(Physical)),
            (draft(None, full, &clean), SHOP, GEN4, Ok(Physical)),
            (draft(None, full, &clean), CLUSTER, gen3, Err(400)),
            (draft(None, full, &at("03:00")), CLUSTER, GEN4, Err(400)),
            (draft(Some(Logical), full, &clean), CLUSTER, GEN4, Ok(Logical)),
            (draft(None, full, &clean), CLUSTER, seekdb, Ok(Logical)),
            (draft(None, full, &at("25:00")), CLUSTER, seekdb, Err(400)),
            (draft(None, full, &json!({"cleanEnabled": true})), CLUSTER, GEN4, Err(400)),
            (draft(None, full, &json!({"backupDataRetentionDays": 7})), CLUSTER, GEN4, Err(400)),
            (draft(None, full, &json!({"cleanScheduleTime": "03:00"})), CLUSTER, GEN4, Err(400)),
            (
                draft(None, full, &json!({"cleanEnabled": true, "backupDataRetentionDays": 0})),
                CLUSTER,
                GEN4,
                Err(400),
            ),
        ];
        for (draft, scope, ground, expected) in cases {
            match (create(&draft, scope, ground, &[]), expected) {
                (Ok(settings), Ok(method)) => {
                    assert_eq!(settings.method, method);
                    assert_eq!(settings.start_log_backup, method == Physical, "{draft:?}");
                }
                (result, Err(code)) => assert_eq!(refusal(result).0, code, "{draft:?} {scope:?}"),
                (result, expected) => panic!("{result:?} instead of {expected:?} for {draft:?}"),
            }
        }
        let cron = |more: Value| {
            let mut cron = json!({"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *",
                "scheduleZone": "UTC", "fullOnCycle": "WEEK", "fullOnDays": ["7"],
                "backupScheduleTime": null, "dayAndDataBackupModelMap": {}});
            cron.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            create(&draft(None, full, &cron), CLUSTER, GEN4, &[])
        };
        let useless = refusal(cron(json!({"dataBackupMode": "FULL_BACKUP"}))).1;
        assert_eq!(useless, "schedule-full-days-of-full");
        assert_eq!(cron(json!({})), cron(json!({"dataBackupMode": "INCREMENTAL_BACKUP"})));
        let why = refusal(create(&draft(None, full, &clean), CLUSTER, gen3, &[])).1;
        assert_eq!(why, "strategy-clean-up-not-offered", "clean-up that nothing carries out is not promised");
        let why = refusal(create(&draft(None, full, &at("03:00")), CLUSTER, GEN4, &[])).1;
        assert_eq!(why, "strategy-clean-time-physical", "the database decides when it deletes");
    }

    #[test]
    fn a_scope_has_one_strategy_and_a_tenant_may_have_one_beside_the_clusters() {
        let draft = draft(None, "FULL_BACKUP", &json!({}));
        let all = [saved(&draft, CLUSTER)];
        assert_eq!(refusal(create(&draft, CLUSTER, GEN4, &all)).0, 20100);
        let all = [saved(&draft, CLUSTER), saved(&draft, SHOP)];
        assert_eq!(refusal(create(&draft, SHOP, GEN4, &all)).0, 20101);
        assert!(create(&draft, SHOP, GEN4, &all[..1]).is_ok());
        assert_eq!(refusal(find(&all[..1], SHOP)).0, 20106);
        assert_eq!(find(&all, SHOP).map(|strategy| strategy.scope), Ok(SHOP));
    }

    #[test]
    fn a_change_is_refused_when_it_changes_nothing_or_becomes_logical() {
        let full = draft(None, "FULL_BACKUP", &json!({}));
        let mut strategy = saved(&full, CLUSTER);
        assert_eq!(refusal(change(&full, &strategy, GEN4)).0, 20116);
        assert_eq!(
            refusal(change(&Draft { method: Some(Logical), ..full.clone() }, &strategy, GEN4)).0,
            20112
        );
        let incremental = draft(Some(Logical), "INCREMENTAL_BACKUP", &json!({}));
        assert_eq!(refusal(change(&incremental, &strategy, GEN4)).0, 20112, "the reason that counts");
        assert!(change(&draft(None, "INCREMENTAL_BACKUP", &json!({})), &strategy, GEN4).is_ok());
        assert!(
            change(&draft(None, "FULL_BACKUP", &json!({"backupScheduleEnabled": false})), &strategy, GEN4)
                .is_ok()
        );
        strategy.paused = true;
        assert!(change(&full, &strategy, GEN4).is_ok(), "it is resumed");
        let logical = Draft { method: Some(Logical), ..full.clone() };
        let strategy = saved(&logical, CLUSTER);
        assert!(change(&full, &strategy, GEN4).is_ok(), "a logical one may become physical");
    }

    #[test]
    fn a_saved_schedule_that_breaks_a_newer_rule_may_stay_but_not_be_chosen() {
        let quiet = |until| json!({"quietWindow": {"from": "09:00:00", "until": until}});
        let short = draft(None, "FULL_BACKUP", &quiet("09:00:30"));
        assert_eq!(refusal(create(&short, CLUSTER, GEN4, &[])).1, "schedule-window-too-short");
        let mut strategy = saved(&draft(None, "FULL_BACKUP", &quiet("09:02:00")), CLUSTER);
        assert_eq!(refusal(change(&short, &strategy, GEN4)).1, "schedule-window-too-short");
        strategy.settings.schedule =
            Schedule::try_from(Saved(short.schedule.schedule.clone())).expect("read");
        assert_eq!(refusal(change(&short, &strategy, GEN4)).0, 20116, "nothing changes");
        let thresholds = ThresholdConfig { log_backup_delay_seconds: Some(60), ..ThresholdConfig::default() };
        let changed = change(&Draft { thresholds, ..short }, &strategy, GEN4).expect("the rest may change");
        assert_eq!(changed.schedule, strategy.settings.schedule);
        let shorter = draft(None, "FULL_BACKUP", &quiet("09:00:10"));
        assert_eq!(refusal(change(&shorter, &strategy, GEN4)).1, "schedule-window-too-short");
        assert!(change(&draft(None, "FULL_BACKUP", &quiet("10:00:00")), &strategy, GEN4).is_ok());
    }

    #[test]
    fn a_change_of_something_else_leaves_since_when_backups_are_cleaned_up() {
        let clean = |days: u32, cron: &str| {
            let more =
                json!({"cleanEnabled": true, "backupDataRetentionDays": days, "cleanScheduleTime": cron});
            draft(Some(Logical), "FULL_BACKUP", &more)
        };
        let mut strategy = saved(&clean(7, "03:00"), CLUSTER);
        let since = Timestamp(17);
        strategy.settings.clean_up =
            strategy.settings.clean_up.map(|old| CleanUp { since, stops_in_pause: true, ..old });
        assert_eq!(refusal(change(&clean(7, "03:00"), &strategy, GEN4)).0, 20116, "nothing changes");
        let since_of = |draft: &Draft| {
            let changed = change(draft, &strategy, GEN4).expect("it changes");
            changed.clean_up.map(|clean_up| clean_up.since)
        };
        let elsewhere = Draft { storage: StorageId(2), ..clean(7, "03:00") };
        assert_eq!(since_of(&elsewhere), Some(since));
        assert_eq!([since_of(&clean(8, "03:00")), since_of(&clean(7, "04:00"))], [Some(Timestamp(0)); 2]);
        assert_eq!(since_of(&draft(Some(Logical), "FULL_BACKUP", &json!({}))), None, "it is turned off");
    }

    #[test]
    fn a_physical_strategy_moves_its_storage_only_when_that_is_accepted() {
        let gen3 = Ground { generation: Generation::Gen3, ability: BackupAbility::PhysicalBackup };
        let here = draft(None, "FULL_BACKUP", &json!({}));
        let there = Draft { storage: StorageId(2), ..here.clone() };
        let strategy = saved(&here, CLUSTER);
        for (ground, id) in [(GEN4, "strategy-storage-move"), (gen3, "strategy-storage-move-of-3")] {
            assert_eq!(refusal(change(&there, &strategy, ground)), (409, id.to_owned()));
            let storage = StorageEdit { accept_move: true, ..StorageEdit::default() };
            let accepted = Besides { storage, take_over: None };
            let moved = super::change(&there, &strategy, ground, accepted).map(|settings| settings.storage);
            assert_eq!(moved, Ok(StorageId(2)));
        }
        let logical = |draft: &Draft| Draft { method: Some(Logical), ..draft.clone() };
        let strategy = saved(&logical(&here), CLUSTER);
        assert!(change(&logical(&there), &strategy, GEN4).is_ok(), "a logical backup leaves nothing behind");
        let storage = StorageEdit { is_edited: true, ..StorageEdit::default() };
        let edited = Besides { storage, take_over: None };
        assert!(super::change(&logical(&here), &strategy, GEN4, edited).is_ok(), "only its key changes");
    }

    #[test]
    fn thresholds_have_defaults_and_ranges() {
        let none = ThresholdConfig::default();
        let usual = none.checked().expect("thresholds");
        assert_eq!((usual.log_backup_delay_s, usual.storage_percent), (3_600, 80));
        let never = ThresholdConfig { data_backup_timeout_minutes: Some(0), ..none };
        assert_eq!(never.checked().expect("thresholds").data_backup_timeout_minutes, None);
        for config in [
            ThresholdConfig { data_backup_timeout_minutes: Some(10_081), ..none },
            ThresholdConfig { no_successful_data_backup_alarm_days: Some(367), ..none },
            ThresholdConfig { log_backup_delay_seconds: Some(0), ..none },
            ThresholdConfig { alarm_storage_percentage_threshold: Some(101), ..none },
        ] {
            assert_eq!(refusal(config.checked()).1, "strategy-threshold-out-of-range", "{config:?}");
        }
    }
}
