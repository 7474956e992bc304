//! The possible orders. Each becomes a task. A user, a program or a strategy gives it.

use serde::Serialize;

use crate::Secret;
use crate::ability::BackupAbility;
use crate::archive::LogBackupWish;
use crate::backup::{BackupMethod, BackupObject, BackupWish, DataBackupMode};
use crate::id::{ClusterId, TenantId};
use crate::inventory::Consent;
use crate::method::settle;
use crate::physical::delete_policy::PolicyWish;
use crate::problem::Problem;
use crate::recovery::RecoveryRequest;
use crate::schedule::decide::{Promotion, RunKey};

mod clean_up;
mod cluster_recovery;
mod delete_policy;
mod storage_choice;
mod table_recovery;
mod tenant_recovery;

pub use clean_up::CleanUpOrder;
pub use cluster_recovery::{ClusterRecovery, PARALLEL, PARALLEL_MAX, TenantWish};
pub use delete_policy::DeletePolicyOrder;
pub use storage_choice::StorageChoice;
pub use table_recovery::{TableRecovery, takes_tables};
pub use tenant_recovery::{
    BackupOwner, RecoverUntil, RecoveredRole, RecoverySource, TenantRecovery, takes_table_list,
};

/// An order. Its JSON form has no secrets.
#[derive(Debug, Clone, Serialize)]
pub enum Order {
    /// Back up now.
    Backup(BackupOrder),
    /// Change the log backup of a cluster.
    LogBackup(LogBackupOrder),
    /// Start a major compaction.
    Compaction(CompactionOrder),
    /// Recover.
    Recovery(RecoveryOrder),
    /// Delete expired backup sets.
    CleanUp(CleanUpOrder),
    /// Change the delete policies of tenants of 4.x.
    DeletePolicy(DeletePolicyOrder),
}

/// A backup, by its method.
#[derive(Debug, Clone, Serialize)]
pub enum BackupOrder {
    /// Lifeboat reads the rows and writes a dump.
    Logical(LogicalBackup),
    /// The cluster writes to the storage.
    Physical(PhysicalBackup),
}

/// A logical backup.
#[derive(Debug, Clone, Serialize)]
pub struct LogicalBackup {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenants; none means the whole cluster.
    pub tenants: Vec<TenantId>,
    /// The databases and tables; none means all.
    pub objects: Vec<BackupObject>,
    /// What the backup may omit.
    pub consent: Consent,
    /// Where to.
    pub storage: Option<StorageChoice>,
    /// The number of concurrent read connections.
    pub threads: Option<u32>,
    /// The compression: `zstd:1` to `zstd:19`, `lz4` or `none`.
    pub compression: Option<String>,
}

/// A physical backup.
#[derive(Debug, Clone, Serialize)]
pub struct PhysicalBackup {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenants; none means the whole cluster.
    pub tenants: Vec<TenantId>,
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// Where to.
    pub storage: Option<StorageChoice>,
    /// Whether a major compaction may be started when one is needed.
    pub auto_compaction: bool,
    /// Whether the database may delete backups in the new storage by a delete policy that a user or another tool has set.
    pub accept_deletions: bool,
    /// Whether the set includes the logs that it needs, so that it can be restored alone: 4.1 and later.
    pub plus_archivelog: bool,
    /// The password that the backup is encrypted with. Without it nothing can be restored.
    #[serde(skip)]
    pub encryption: Option<Secret>,
    /// Whether log backup is started if it does not run. Otherwise, such a tenant is refused.
    pub start_log_backup: bool,
    /// The reason why it is full although its strategy plans an incremental one.
    #[serde(skip)]
    pub promotion: Option<Promotion>,
    /// The run of a strategy, if it is one. An incremental run takes full backups of tenants without a usable full
    /// set, instead of being refused.
    #[serde(skip)]
    pub run: Option<RunKey>,
}

/// A change of log backup.
#[derive(Debug, Clone, Serialize)]
pub struct LogBackupOrder {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenants; none means all. On 3.x, it always affects the whole cluster.
    pub tenants: Vec<TenantId>,
    /// The requested state.
    pub wish: LogBackupWish,
}

/// A major compaction.
#[derive(Debug, Clone, Serialize)]
pub struct CompactionOrder {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenants; none means all user tenants. Before 4.0 and on seekdb, it always affects the whole cluster.
    pub tenants: Vec<TenantId>,
}

/// A recovery, by its content.
#[derive(Debug, Clone, Serialize)]
pub enum RecoveryOrder {
    /// Databases and tables of a logical backup set.
    Databases(RecoveryRequest),
    /// A tenant, from a physical backup.
    Tenant(Box<TenantRecovery>),
    /// Tables and databases, from a physical backup into an existing tenant.
    Tables(Box<TableRecovery>),
    /// The tenants of a cluster, each from its physical backups.
    Cluster(Box<ClusterRecovery>),
}

/// A request to back up now. The rules fill in omitted fields.
#[derive(Debug, Clone)]
pub struct BackupNow {
    /// The cluster.
    pub cluster: ClusterId,
    /// The parts of the cluster, and the method.
    pub wish: BackupWish,
    /// What a logical backup may omit.
    pub consent: Consent,
    /// Where to.
    pub storage: Option<StorageChoice>,
    /// Whether a major compaction may be started when one is needed.
    pub auto_compaction: bool,
    /// Whether the database may delete backups in the new storage by a delete policy that a user or another tool has set.
    pub accept_deletions: bool,
    /// Whether a physical set includes the logs that it needs, so that it can be restored alone; 4.1 and later.
    pub plus_archivelog: bool,
    /// The password that a physical backup is encrypted with. Without it, nothing can be restored.
    pub encryption: Option<Secret>,
    /// The number of concurrent read connections.
    pub threads: Option<u32>,
    /// The compression: `zstd:1` to `zstd:19`, `lz4` or `none`.
    pub compression: Option<String>,
}

impl BackupNow {
    /// Determines the method from the abilities of the cluster, and refuses options of the other method, because
    /// ignoring one would change the request.
    ///
    /// # Errors
    /// Fails as [`settle`] does, for an option of the other method, and for an empty password.
    pub fn settled(self, ability: BackupAbility) -> Result<BackupOrder, Problem> {
        let (method, mode) = settle(&self.wish, ability)?;
        let Self { cluster, wish, consent, storage, auto_compaction, plus_archivelog, .. } = self;
        let Self { accept_deletions, encryption, threads, compression, .. } = self;
        let refuse = |given: &[(&str, bool)], refusal: &str| match given.iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(Problem::invalid(refusal).with("option", option)),
            None => Ok(()),
        };
        let BackupWish { tenants, objects, .. } = wish;
        match method {
            BackupMethod::Logical => {
                let physical = [
                    ("plusArchivelog", plus_archivelog),
                    ("encryption", encryption.is_some()),
                    ("acceptDeletions", accept_deletions),
                ];
                refuse(&physical, "option-of-physical-backup")?;
                let order =
                    LogicalBackup { cluster, tenants, objects, consent, storage, threads, compression };
                Ok(BackupOrder::Logical(order))
            }
            BackupMethod::Physical => {
                let logical = [
                    ("threads", threads.is_some()),
                    ("compression", compression.is_some()),
                    ("exclude", !consent.exclude.is_empty()),
                    ("without", !consent.without.is_empty()),
                ];
                refuse(&logical, "option-of-logical-backup")?;
                if encryption.as_ref().is_some_and(Secret::is_empty) {
                    return Err(Problem::invalid("backup-password-empty"));
                }
                Ok(BackupOrder::Physical(PhysicalBackup {
                    cluster,
                    tenants,
                    mode,
                    storage,
                    auto_compaction,
                    accept_deletions,
                    plus_archivelog,
                    encryption,
                    start_log_backup: true,
                    promotion: None,
                    run: None,
                }))
            }
        }
    }
}

impl Order {
    /// Returns the name of the order in the audit log.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::Backup(_) => BACKUP_NOW,
            Self::LogBackup(order) => match order.wish {
                LogBackupWish::Start => "log-backup-start",
                LogBackupWish::Stop => "log-backup-stop",
                LogBackupWish::Pause => "log-backup-pause",
                LogBackupWish::Resume => "log-backup-resume",
            },
            Self::Compaction(_) => "compaction-start",
            Self::Recovery(_) => "restore",
            Self::CleanUp(_) => "clean-up",
            Self::DeletePolicy(order) => match order.wish {
                PolicyWish::Set { .. } => "delete-policy-set",
                PolicyWish::Drop => "delete-policy-drop",
            },
        }
    }

    /// Returns the name of the order's target in the audit log.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::Backup(BackupOrder::Logical(order)) => format!("cluster/{}", order.cluster),
            Self::Backup(BackupOrder::Physical(order)) => format!("cluster/{}", order.cluster),
            Self::LogBackup(order) => format!("cluster/{}", order.cluster),
            Self::Compaction(order) => format!("cluster/{}", order.cluster),
            Self::CleanUp(order) => format!("cluster/{}", order.cluster),
            Self::DeletePolicy(order) => format!("cluster/{}", order.cluster),
            Self::Recovery(RecoveryOrder::Databases(order)) => format!("backup-set/{}", order.backup_set),
            Self::Recovery(RecoveryOrder::Tenant(order)) => format!("cluster/{}", order.cluster),
            Self::Recovery(RecoveryOrder::Tables(order)) => format!("cluster/{}", order.cluster),
            Self::Recovery(RecoveryOrder::Cluster(order)) => format!("cluster/{}", order.cluster),
        }
    }

    /// Returns the complete order with its secrets: two orders are equal if these texts are.
    #[must_use]
    pub fn in_full(&self) -> Secret {
        let storage = match self {
            Self::Backup(BackupOrder::Logical(order)) => &order.storage,
            Self::Backup(BackupOrder::Physical(order)) => &order.storage,
            Self::LogBackup(_)
            | Self::Compaction(_)
            | Self::Recovery(_)
            | Self::CleanUp(_)
            | Self::DeletePolicy(_) => &None,
        };
        let key = match storage {
            Some(StorageChoice::Typed { secret, .. }) => secret.as_ref(),
            Some(StorageChoice::Saved(_)) | None => None,
        };
        let password = match self {
            Self::Backup(BackupOrder::Physical(order)) => order.encryption.as_ref(),
            _ => None,
        };
        let secrets = [key, password].map(|secret| secret.map(Secret::expose));
        match self {
            Self::Recovery(RecoveryOrder::Tenant(order)) => {
                Secret::new(serde_json::json!([self, order.secrets()]).to_string())
            }
            Self::Recovery(RecoveryOrder::Tables(order)) => {
                Secret::new(serde_json::json!([self, order.secrets()]).to_string())
            }
            Self::Recovery(RecoveryOrder::Cluster(order)) => {
                Secret::new(serde_json::json!([self, order.secrets()]).to_string())
            }
            _ => Secret::new(serde_json::json!([self, secrets]).to_string()),
        }
    }
}

/// The name of a backup in the audit log.
pub const BACKUP_NOW: &str = "backup-now";

/// The longest idempotency key, in characters.
pub const KEY_MAX: usize = 255;

/// A key with which a sender can repeat an order without a second task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Takes the sender's key.
    ///
    /// # Errors
    /// Refuses an empty key, one longer than [`KEY_MAX`], and characters other than visible ASCII.
    pub fn new(text: &str) -> Result<Self, Problem> {
        let is_plain = text.chars().all(|c| c.is_ascii_graphic());
        if is_plain && (1..=KEY_MAX).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Problem::invalid("idempotency-key-malformed").with("most", KEY_MAX))
        }
    }

    /// Returns the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{BackupNow, BackupOrder, IdempotencyKey, KEY_MAX, Order, StorageChoice};
    use crate::Secret;
    use crate::ability::BackupAbility;
    use crate::backup::{BackupMethod, BackupObject, BackupWish};
    use crate::id::ClusterId;
    use crate::inventory::{Consent, ObjectKind};
    use crate::storage::StorageLocation;

    fn now(method: BackupMethod) -> BackupNow {
        BackupNow {
            cluster: ClusterId(1),
            wish: BackupWish { method: Some(method), ..BackupWish::default() },
            consent: Consent::default(),
            storage: None,
            auto_compaction: true,
            accept_deletions: false,
            plus_archivelog: false,
            encryption: None,
            threads: None,
            compression: None,
        }
    }

    #[test]
    fn an_option_of_the_other_method_is_refused_and_named() {
        use BackupMethod::{Logical, Physical};
        type Change = fn(&mut BackupNow);
        let cases: [(BackupMethod, Change, Option<&str>); 11] = [
            (Logical, |_| {}, None),
            (Logical, |now| now.plus_archivelog = true, Some("option-of-physical-backup")),
            (Logical, |now| now.encryption = Some(Secret::new("x")), Some("option-of-physical-backup")),
            (Logical, |now| now.threads = Some(3), None),
            (Physical, |now| now.threads = Some(3), Some("option-of-logical-backup")),
            (Physical, |now| now.compression = Some("none".into()), Some("option-of-logical-backup")),
            (Logical, |now| now.consent.without.push(ObjectKind::Events), None),
            (Physical, |now| now.consent.without.push(ObjectKind::Events), Some("option-of-logical-backup")),
            (
                Physical,
                |now| now.consent.exclude.push(BackupObject::Database("shop".to_owned())),
                Some("option-of-logical-backup"),
            ),
            (Physical, |now| now.encryption = Some(Secret::new("")), Some("backup-password-empty")),
            (Physical, |now| now.encryption = Some(Secret::new("x")), None),
        ];
        for (place, (method, change, refusal)) in cases.into_iter().enumerate() {
            let mut wish = now(method);
            change(&mut wish);
            let settled = wish.settled(BackupAbility::LogicalAndPhysical);
            assert_eq!(settled.as_ref().err().map(|problem| problem.text.id.as_str()), refusal, "{place}");
            if let Ok(order) = settled {
                assert_eq!(matches!(order, BackupOrder::Logical(_)), method == Logical, "{place}");
            }
        }
    }

    #[test]
    fn orders_that_differ_only_in_a_secret_are_distinguished_and_no_json_shows_it() {
        let order = |password: &str, key: &str| {
            let location = StorageLocation::directory("/backup").expect("a path");
            let wish = BackupNow {
                encryption: Some(Secret::new(password)),
                storage: Some(StorageChoice::Typed { location, secret: Some(Secret::new(key)) }),
                ..now(BackupMethod::Physical)
            };
            Order::Backup(wish.settled(BackupAbility::LogicalAndPhysical).expect("settled"))
        };
        let one = order("hunter2", "s3cr3t");
        assert_eq!(one.in_full(), order("hunter2", "s3cr3t").in_full());
        assert_ne!(one.in_full(), order("hunter3", "s3cr3t").in_full());
        assert_ne!(one.in_full(), order("hunter2", "other").in_full());
        let shown = format!("{one:?} {}", serde_json::to_string(&one).expect("JSON"));
        assert!(!shown.contains("hunter2") && !shown.contains("s3cr3t"), "{shown}");
    }

    #[test]
    fn a_key_is_visible_ascii_of_a_bounded_length() {
        for (text, is_good) in [
            ("a", true),
            ("01H2-x_y.z:7", true),
            (&*"k".repeat(KEY_MAX), true),
            (&*"k".repeat(KEY_MAX + 1), false),
            ("", false),
            ("two words", false),
            ("umläut", false),
            ("tab\t", false),
        ] {
            assert_eq!(IdempotencyKey::new(text).is_ok(), is_good, "{text:?}");
        }
    }
}
