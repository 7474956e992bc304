//! The actions on a failed subtask, as calls of this API that a program can make unchanged.

use model::id::{ClusterId, TaskId};
use model::task::{FullBackup, NextAction, NextStep};
use model::text;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::call;

/// An action.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NextActionView {
    /// The ID of the action, the same in every language.
    #[schema(example = "compact")]
    id: String,
    /// Its label.
    text: String,
    /// The call's method.
    #[schema(example = "POST")]
    method: &'static str,
    /// The call's path.
    #[schema(example = "/api/v2/ob/clusters/1/compaction/start")]
    path: String,
    /// The call's body, if it has one.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    /// Whether `encryption.password` must be added to the body: the first backup was encrypted.
    needs_password: bool,
}

impl NextActionView {
    /// Describes what can be pressed on a subtask of that task.
    pub(crate) fn of(task: TaskId, action: NextAction) -> Self {
        let NextAction { button, step } = action;
        let cluster = |id: ClusterId, rest: &str| format!("/api/v2/ob/clusters/{id}/{rest}");
        let needs_password = matches!(&step, NextStep::BackUpInFull(full) if full.needs_password);
        let (path, body) = match step {
            NextStep::RetryTask => (format!("/api/v2/tasks/instances/{task}/retry"), None),
            NextStep::SkipSubtask(id) => (format!("/api/v2/tasks/instances/{task}/subtasks/{id}/skip"), None),
            NextStep::Compact(id) => (cluster(id, "compaction/start"), Some(json!({}))),
            NextStep::ClearExceptions(id) => (cluster(id, "compaction/clearExceptions"), Some(json!({}))),
            NextStep::StopLogBackup(id, None) => (cluster(id, "backup/logBackup/stop"), Some(json!({}))),
            NextStep::StopLogBackup(id, Some(tenant)) => {
                (cluster(id, &format!("tenants/{tenant}/backup/logBackup/stop")), None)
            }
            NextStep::BackUpInFull(full) => (cluster(full.cluster, "backup/backupNow"), Some(in_full(&full))),
        };
        let text = text::button(call::language(), &button);
        Self { id: button, text, method: "POST", path, body, needs_password }
    }
}

fn in_full(full: &FullBackup) -> Value {
    let mut body = json!({
        "backupMode": "PHYSICAL_BACKUP",
        "dataBackupMode": "FULL_BACKUP",
        "autoCompaction": full.auto_compaction,
        "plusArchivelog": full.plus_archivelog,
        "acceptDeletions": full.accept_deletions,
    });
    if let Some(storage) = full.storage {
        body["obBackupServiceStorageConfig"] = json!({ "storageId": storage.0 });
    }
    let tenant = |id: &model::id::TenantId| json!({ "backupDimension": "TENANT", "tenantId": id.0 });
    if !full.tenants.is_empty() {
        body["obBackupObjectList"] = full.tenants.iter().map(tenant).collect();
    }
    body
}

#[cfg(test)]
mod tests {
    use model::id::{ClusterId, StorageId, TenantId};
    use model::task::FullBackup;

    use super::in_full;
    use crate::views::backup_now::BackupNowBody;

    #[test]
    fn the_body_of_a_full_backup_is_one_that_back_up_now_takes() {
        for (storage, tenants) in [(None, vec![]), (Some(StorageId(3)), vec![TenantId(1002), TenantId(1004)])]
        {
            let full = FullBackup {
                cluster: ClusterId(1),
                storage,
                tenants: tenants.clone(),
                auto_compaction: false,
                accept_deletions: true,
                plus_archivelog: false,
                needs_password: false,
            };
            let body: BackupNowBody = serde_json::from_value(in_full(&full)).expect("it is taken");
            let ask = body.read(ClusterId(1), None).expect("it can be read").ask;
            assert!(ask.accept_deletions && !ask.auto_compaction);
            assert_eq!((ask.wish.tenants, ask.storage.is_some()), (tenants, storage.is_some()));
        }
    }
}
