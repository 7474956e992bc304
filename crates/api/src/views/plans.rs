//! The answer of every action on backups: the created tasks, or, for a dry run, the plan.

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

/// The answer of an action on backups.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionView {
    /// The request.
    ob_backup_task_type: ActionType,
    /// The results; none in a dry run.
    backup_object_ops_result_list: Vec<ActionResultView>,
    /// The plan; only in the dry run of a task.
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
    /// Resume log backup.
    ResumeLogBackup,
    /// Perform a major compaction.
    MajorCompaction,
    /// Recover.
    Restore,
    /// Delete expired backup sets.
    CleanUp,
    /// Set or change delete policies of the database.
    SetDeletePolicy,
    /// Drop delete policies of the database.
    DropDeletePolicy,
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

/// The result of an action for some objects.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionResultView {
    /// The objects.
    ob_backup_object_list: Vec<ObjectBody>,
    /// Whether a task was created.
    be_successful: bool,
    /// The tasks.
    task_id_list: Vec<i64>,
    /// Why no task was created.
    error_code: Option<u32>,
    /// Notes.
    hint: Option<String>,
}

impl ActionView {
    /// Reports that a task was created for these objects; without any, it is for the whole cluster.
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

    /// Reports that something was done with the strategy of a cluster or tenant, without a task.
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

    /// Reports that a dry run found nothing to refuse.
    pub(crate) fn checked(kind: ActionType) -> Self {
        Self { ob_backup_task_type: kind, backup_object_ops_result_list: Vec::new(), plan: None }
    }

    /// Names the task that belongs to it, if there is one.
    pub(crate) fn with_task(mut self, task: Option<TaskId>) -> Self {
        for result in &mut self.backup_object_ops_result_list {
            result.task_id_list.extend(task.map(|task| task.0));
        }
        self
    }

    /// Reports what would be done.
    pub(crate) fn planned(kind: ActionType, plan: Plan) -> Self {
        Self { ob_backup_task_type: kind, backup_object_ops_result_list: Vec::new(), plan: Some(plan.into()) }
    }
}

/// The plan of a task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanView {
    /// The kind of the task.
    #[schema(example = "backup-logical")]
    task_definition_id: String,
    /// The method of the backup.
    backup_mode: words::BackupMode,
    /// Its mode.
    data_backup_mode: words::DataBackupMode,
    /// Its location.
    backup_uri: String,
    /// Its tenants.
    tenants: Vec<String>,
    /// The objects that the backup would leave out, as far as known now. Without consent, they make it partial.
    left_out: Vec<MissingObjectView>,
    /// The objects of the backup set that a recovery would not create, as far as known now. Any of them makes the
    /// recovery partial.
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

/// A step of a plan.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedStepView {
    /// The ID of the step; the same in every language.
    step: String,
    /// Its name.
    name: String,
    /// Its finding or action.
    notes: Vec<String>,
    /// The statements to the cluster, with masked secrets.
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
