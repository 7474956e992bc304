//! What every action on backups answers: tasks that were made, or, for a dry run, what they would do.

use control::backups::{Plan, PlannedStep};
use model::id::{ClusterId, TaskId};
use model::strategy::Scope;
use model::text;
use serde::Serialize;
use utoipa::ToSchema;

use super::backup_now::{BackupDimension, ObjectBody};
use super::left_out::MissingObjectView;
use super::not_made::NotMadeView;
use super::words;
use crate::call;

/// What an action on backups answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionView {
    /// What was asked for.
    ob_backup_task_type: ActionType,
    /// What came of it; nothing in a dry run.
    backup_object_ops_result_list: Vec<ActionResultView>,
    /// What it would do; only in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanView>,
}

/// A kind of action on backups.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ActionType {
    /// Back up now.
    DataBackupNow,
    /// Let log backup run.
    StartLogBackup,
    /// Stop log backup.
    StopLogBackup,
    /// Let log backup stand still.
    PauseLogBackup,
    /// Let log backup go on.
    ResumeLogBackup,
    /// Perform a major compaction.
    MajorCompaction,
    /// Recover.
    Restore,
    /// Delete expired backup sets.
    CleanUp,
    /// Create a backup strategy.
    CreateBackupStrategy,
    /// Change a backup strategy.
    UpdateBackupStrategy,
    /// Delete a backup strategy.
    DeleteBackupStrategy,
    /// Resume the schedule of a strategy.
    StartBackupSchedule,
    /// Pause the schedule of a strategy.
    StopBackupSchedule,
}

/// What came of an action for some objects.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionResultView {
    /// The objects.
    ob_backup_object_list: Vec<ObjectBody>,
    /// Whether a task was made.
    be_successful: bool,
    /// The tasks.
    task_id_list: Vec<i64>,
    /// Why no task was made.
    error_code: Option<u32>,
    /// What to know about it.
    hint: Option<String>,
}

impl ActionView {
    /// Says that a task was made for these objects; without any it is for the whole cluster.
    pub(crate) fn accepted(
        kind: ActionType,
        cluster: ClusterId,
        objects: Vec<ObjectBody>,
        task: TaskId,
    ) -> Self {
        let whole = || vec![ObjectBody::of_cluster(cluster, BackupDimension::Cluster)];
        let result = ActionResultView {
            ob_backup_object_list: if objects.is_empty() { whole() } else { objects },
            be_successful: true,
            task_id_list: vec![task.0],
            error_code: None,
            hint: None,
        };
        Self { ob_backup_task_type: kind, backup_object_ops_result_list: vec![result], plan: None }
    }

    /// Says that something was done with the strategy of a cluster or tenant, without a task.
    pub(crate) fn done(kind: ActionType, scope: Scope) -> Self {
        let result = ActionResultView {
            ob_backup_object_list: vec![ObjectBody::of_scope(scope)],
            be_successful: true,
            task_id_list: Vec::new(),
            error_code: None,
            hint: None,
        };
        Self { ob_backup_task_type: kind, backup_object_ops_result_list: vec![result], plan: None }
    }

    /// Says what would be done.
    pub(crate) fn planned(kind: ActionType, plan: Plan) -> Self {
        Self { ob_backup_task_type: kind, backup_object_ops_result_list: Vec::new(), plan: Some(plan.into()) }
    }
}

/// What a task would do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanView {
    /// The kind of the task.
    #[schema(example = "backup-logical")]
    task_definition_id: String,
    /// How the backup is, or was, taken.
    backup_mode: words::BackupMode,
    /// How much it holds.
    data_backup_mode: words::DataBackupMode,
    /// Where it lies, or will lie.
    backup_uri: String,
    /// The tenants it is about.
    tenants: Vec<String>,
    /// What the backup would lack, as far as that is seen now. What is not agreed to makes it partial.
    left_out: Vec<MissingObjectView>,
    /// What of the backup set a recovery would not make, as far as that is seen now. Any of it makes the recovery partial.
    not_made: Vec<NotMadeView>,
    /// The steps in running order.
    steps: Vec<PlannedStepView>,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        let Plan { kind, method, mode, storage, tenants, left_out, not_made, steps } = plan;
        Self {
            task_definition_id: kind,
            backup_mode: method.into(),
            data_backup_mode: mode.into(),
            backup_uri: storage,
            tenants,
            left_out: left_out.into_iter().map(Into::into).collect(),
            not_made: not_made.into_iter().map(Into::into).collect(),
            steps: steps.into_iter().map(PlannedStepView::from).collect(),
        }
    }
}

/// A step that a task would take.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedStepView {
    /// Names the step; the same in every language.
    step: String,
    /// Its name.
    name: String,
    /// What it finds, or would do.
    notes: Vec<String>,
    /// What it would send to the cluster, secrets masked.
    statements: Vec<String>,
}

impl From<PlannedStep> for PlannedStepView {
    fn from(planned: PlannedStep) -> Self {
        let PlannedStep { step, notes, statements } = planned;
        let language = call::language();
        Self {
            name: text::step_name(language, &step),
            step,
            notes: notes.iter().map(|note| note.message(language)).collect(),
            statements,
        }
    }
}
