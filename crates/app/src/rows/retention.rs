//! Which backup sets are kept.

use serde::Deserialize;

/// The clean-up plan for the sets of a tenant in a storage.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantRetentionRow {
    pub(crate) storage_id: i64,
    pub(crate) storage_name: Option<String>,
    pub(crate) storage_uri: String,
    pub(crate) tenant_name: String,
    pub(crate) delete_count: u64,
    pub(crate) delete_bytes: u64,
    pub(crate) sets: Vec<PlannedSetRow>,
}

/// A set, and whether it is kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedSetRow {
    pub(crate) backup_set_id: i64,
    pub(crate) consistent_time: String,
    pub(crate) bytes: u64,
    pub(crate) status: String,
    pub(crate) action: String,
    pub(crate) reasons: Vec<ReasonRow>,
    pub(crate) doubt: Option<String>,
    pub(crate) hold: Option<HoldRow>,
}

/// Why a set is kept or deleted.
#[derive(Deserialize)]
pub(crate) struct ReasonRow {
    pub(crate) message: String,
}

/// A hold on a set.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoldRow {
    pub(crate) reason: String,
    pub(crate) owner: String,
    pub(crate) end_time: Option<String>,
}

impl PlannedSetRow {
    /// Returns whether the set is deleted.
    pub(crate) fn is_deleted(&self) -> bool {
        self.action == "DELETE"
    }

    /// Returns all reasons and the hold of the set as text.
    pub(crate) fn why(&self) -> String {
        let hold = self.hold.as_ref().map(|hold| format!("{} ({})", hold.reason, hold.owner));
        let reasons = self.reasons.iter().map(|reason| reason.message.clone());
        reasons.chain(hold).chain(self.doubt.clone()).collect::<Vec<_>>().join("; ")
    }
}

/// The delete policy of a tenant.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletePolicyRow {
    pub(crate) tenant_name: String,
    pub(crate) policy_name: Option<String>,
    pub(crate) recovery_window: Option<String>,
    pub(crate) set_by_lifeboat: bool,
    pub(crate) expiring: Option<ExpiringRow>,
}

/// What the database deletes.
#[derive(Deserialize)]
pub(crate) struct ExpiringRow {
    pub(crate) sets: Vec<ExpiringSetRow>,
    pub(crate) pieces: u64,
    pub(crate) bytes: u64,
}

/// A set that the database deletes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpiringSetRow {
    pub(crate) ob_backup_set_id: i64,
}

impl ExpiringRow {
    /// Returns the IDs of the sets as text.
    pub(crate) fn set_ids(&self) -> String {
        let ids = self.sets.iter().map(|set| set.ob_backup_set_id.to_string());
        ids.collect::<Vec<_>>().join(", ")
    }
}

/// The plan for a change of delete policies.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyPlanRow {
    pub(crate) plan_hash: String,
    pub(crate) contents: Vec<PlannedPolicyRow>,
}

/// The plan for the delete policy of a tenant.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedPolicyRow {
    #[serde(flatten)]
    pub(crate) policy: DeletePolicyRow,
    pub(crate) action: String,
}
