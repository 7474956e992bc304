//! The fixed words of the wire format, each beside the noun that it stands for.

/// Defines an enumeration with the words of the wire, and turns it from and into the noun it stands for. The
/// spelling is a `tt`: utoipa does not see through what a macro wraps around a `literal`.
macro_rules! words {
    ($(#[$about:meta])* $name:ident for $noun:path { $($word:ident = $spelling:tt,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub(crate) enum $name {
            $(#[serde(rename = $spelling)] $word,)+
        }

        impl From<$noun> for $name {
            fn from(noun: $noun) -> Self {
                match noun { $(<$noun>::$word => Self::$word,)+ }
            }
        }

        impl From<$name> for $noun {
            fn from(word: $name) -> Self {
                match word { $($name::$word => Self::$word,)+ }
            }
        }
    };
}

words! {
    /// The method of a backup.
    BackupMode for model::backup::BackupMethod {
        Physical = "PHYSICAL_BACKUP",
        Logical = "LOGICAL_BACKUP",
    }
}

words! {
    /// The mode of a backup.
    DataBackupMode for model::backup::DataBackupMode {
        Full = "FULL_BACKUP",
        Incremental = "INCREMENTAL_BACKUP",
    }
}

words! {
    /// What is done about the delete policy of a tenant.
    PolicyChange for model::physical::delete_policy::PolicyChange {
        Add = "ADD",
        Replace = "REPLACE",
        TakeOver = "TAKE_OVER",
        Drop = "DROP",
        Nothing = "NOTHING",
    }
}

words! {
    /// The available methods of a cluster.
    BackupAbility for model::ability::BackupAbility {
        LogicalBackup = "LOGICAL_BACKUP",
        PhysicalBackup = "PHYSICAL_BACKUP",
        LogicalAndPhysical = "LOGICAL_AND_PHYSICAL",
    }
}

words! {
    /// The protocol of a cluster's connections.
    Generation for model::ability::Generation {
        Gen3 = "GEN3",
        Gen4 = "GEN4",
        Seekdb = "SEEKDB",
    }
}

words! {
    /// The reachability and status of a cluster at the last refresh.
    ClusterStatus for model::cluster::ClusterStatus {
        Running = "RUNNING",
        Upgrading = "UPGRADING",
        Unavailable = "UNAVAILABLE",
    }
}

words! {
    /// The role of a cluster.
    ClusterType for model::cluster::ClusterRole {
        Primary = "PRIMARY",
        Standby = "STANDBY",
    }
}

words! {
    /// The SQL mode of a tenant.
    TenantMode for model::tenant::TenantMode {
        Mysql = "MYSQL",
        Oracle = "ORACLE",
    }
}

words! {
    /// A kind of storage.
    StorageType for model::storage::StorageType {
        File = "BACKUP_STORAGE_FILE",
        Oss = "BACKUP_STORAGE_OSS",
        Cos = "BACKUP_STORAGE_COS",
        S3 = "BACKUP_STORAGE_S3",
        Obs = "BACKUP_STORAGE_OBS",
        Gcs = "BACKUP_STORAGE_GCS",
        Azblob = "BACKUP_STORAGE_AZBLOB",
    }
}

words! {
    /// The result of one line of a test.
    TestOutcome for model::storage::TestOutcome {
        Passed = "PASSED",
        Failed = "FAILED",
        NotChecked = "NOT_CHECKED",
    }
}

words! {
    /// The status of a backup set.
    BackupSetStatus for model::backup_set::BackupSetStatus {
        Available = "AVAILABLE",
        Unverified = "UNVERIFIED",
        Partial = "PARTIAL",
        Foreign = "FOREIGN",
        Deleting = "DELETING",
        Deleted = "DELETED",
    }
}

words! {
    /// A kind of object on a server.
    ObjectKind for model::inventory::ObjectKind {
        Databases = "databases",
        Tables = "tables",
        Views = "views",
        Routines = "routines",
        Triggers = "triggers",
        Events = "events",
        Sequences = "sequences",
        Users = "users",
        Grants = "grants",
        Outlines = "outlines",
        History = "history",
        Packages = "packages",
        Types = "types",
        Synonyms = "synonyms",
        TableGroups = "table-groups",
        ExternalTables = "external-tables",
        TemporaryTables = "temporary-tables",
        MaterializedViews = "materialized-views",
        LoadableFunctions = "loadable-functions",
        Servers = "servers",
        Plugins = "plugins",
        RecycleBin = "recycle-bin",
        AiModels = "ai-models",
        Jobs = "jobs",
        MemberNames = "member-names",
        GeneratedValues = "generated-values",
    }
}

words! {
    /// The initiator of a backup: a user of Lifeboat, a backup strategy, or another client on the cluster itself.
    BackupSource for control::backups::BackupSource {
        Manual = "MANUAL",
        Scheduled = "SCHEDULED",
        Other = "OTHER",
    }
}

words! {
    /// A kind of object that a recovery creates.
    PartKind for model::not_made::PartKind {
        Tables = "tables",
        GeneratedValues = "generated-values",
        Sequences = "sequences",
        Indexes = "indexes",
        ForeignKeys = "foreign-keys",
        Views = "views",
        Routines = "routines",
        Triggers = "triggers",
        Events = "events",
        Outlines = "outlines",
        Users = "users",
        Grants = "grants",
    }
}

words! {
    /// Why a storage configuration is the default: it belongs to the backup strategy, was used last, or is the only
    /// one.
    StorageSource for control::backups::StorageSource {
        Strategy = "STRATEGY",
        LastUsed = "LAST_USED",
        OnlyOne = "ONLY_ONE",
    }
}

words! {
    /// The status of a run of a backup strategy.
    StrategyRunStatus for control::strategies::RunStatus {
        Waiting = "WAITING",
        Running = "RUNNING",
        Successful = "SUCCESSFUL",
        Partial = "PARTIAL",
        Failed = "FAILED",
        Missed = "MISSED",
    }
}

words! {
    /// The status of a backup schedule.
    BackupScheduleStatus for control::strategies::ScheduleStatus {
        None = "NONE",
        Normal = "NORMAL",
        Paused = "PAUSED",
        Waiting = "WAITING",
        Abnormal = "ABNORMAL",
    }
}

words! {
    /// The types of alarms: OCP's names, and our own in its style where it has none.
    AlarmType for model::alarm::AlarmKind {
        LifeboatDisk = "lifeboat_disk_unavailable",
        ClusterUnavailable = "cluster_unavailable",
        StorageCapacity = "backup_storage_capacity_over_threshold",
        BaseBackupFail = "base_backup_fail",
        BackupPartial = "backup_partial",
        BaseBackupTimeout = "base_backup_timeout",
        NoSuccessfulBackup = "base_backup_too_long_time_no_one_success_task",
        LogBackupInterrupted = "log_backup_interrupted",
        IncBackupDelay = "inc_backup_delay",
        BackupRunMissed = "backup_run_missed",
        StrategyOwnerInvalid = "backup_strategy_owner_invalid",
        StrategyUnreadable = "backup_strategy_unreadable",
        CleanUpFailing = "backup_clean_up_failing",
        ChannelFailing = "channel_failing",
    }
}

words! {
    /// The change of an alarm.
    AlarmState for model::alarm::AlarmState {
        Raised = "RAISED",
        Changed = "CHANGED",
        Closed = "CLOSED",
    }
}

words! {
    /// The state of an alarm.
    AlarmHandling for model::alarm::kept::Handling {
        New = "NEW",
        Acknowledged = "ACKNOWLEDGED",
        Silenced = "SILENCED",
        Recovered = "RECOVERED",
    }
}

words! {
    /// The language of a channel's notices.
    ChannelLanguage for model::text::Language {
        En = "en-US",
        Zh = "zh-CN",
    }
}

words! {
    /// The kind of a channel.
    ChannelKind for model::channel::ChannelKind {
        Webhook = "WEBHOOK",
        Email = "EMAIL",
    }
}

words! {
    /// How the connection to a mail server is encrypted.
    MailTls for model::channel::MailTls {
        StartTls = "STARTTLS",
        Implicit = "IMPLICIT",
        None = "NONE",
    }
}

words! {
    /// What a notice is about.
    NoticeEvent for model::channel::NoticeEvent {
        Raised = "RAISED",
        Recovered = "RECOVERED",
        Test = "TEST",
    }
}

words! {
    /// The fate of a notice.
    NoticeStatus for model::channel::NoticeStatus {
        Waiting = "WAITING",
        Delivered = "DELIVERED",
        Failed = "FAILED",
        Skipped = "SKIPPED",
    }
}

words! {
    /// The status of a major compaction.
    CompactionStatus for model::compaction::CompactionStatus {
        Idle = "IDLE",
        Compacting = "COMPACTING",
        Error = "ERROR",
    }
}

words! {
    /// The status of a round of log backup.
    ArchiveStatus for model::archive::ArchiveStatus {
        Never = "NEVER",
        Stop = "STOP",
        Prepare = "PREPARE",
        Beginning = "BEGINNING",
        Doing = "DOING",
        Suspending = "SUSPENDING",
        Suspend = "SUSPEND",
        Stopping = "STOPPING",
        Interrupted = "INTERRUPTED",
        Other = "OTHER",
    }
}

words! {
    /// The state of a task.
    TaskStatus for model::task::TaskStatus {
        Running = "RUNNING",
        Failed = "FAILED",
        Successful = "SUCCESSFUL",
    }
}

words! {
    /// The current or last requested operation of a task.
    TaskOperation for model::task::TaskOperation {
        Execute = "EXECUTE",
        Retry = "RETRY",
        Rollback = "ROLLBACK",
        Skip = "SKIP",
        Cancel = "CANCEL",
    }
}

words! {
    /// The state of a subtask.
    SubtaskStatus for model::task::SubtaskStatus {
        Pending = "PENDING",
        Ready = "READY",
        Running = "RUNNING",
        Canceling = "CANCELING",
        Failed = "FAILED",
        Successful = "SUCCESSFUL",
    }
}

words! {
    /// The unit of a progress.
    ProgressUnit for model::task::ProgressUnit {
        Bytes = "bytes",
        Rows = "rows",
        Items = "items",
    }
}

words! {
    /// The role of a user.
    Role for model::user::Role {
        Admin = "ADMIN",
        BackupManager = "BACKUP_MANAGER",
        ClusterViewer = "CLUSTER_VIEWER",
    }
}

words! {
    /// A permission.
    Permission for model::user::Permission {
        Read = "READ",
        Backup = "BACKUP",
        ManageClusters = "MANAGE_CLUSTERS",
        ManageUsers = "MANAGE_USERS",
    }
}

words! {
    /// The order of a list of tasks. An id is given in the order of creation, so both words sort alike.
    TaskSort for control::tasks::TaskOrder {
        NewestFirst = "id,desc",
        OldestFirst = "id,asc",
    }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema as _;

    use super::{AlarmType, BackupMode, DataBackupMode, StorageType};

    #[test]
    fn the_description_spells_as_the_wire_does() {
        let described = serde_json::to_value(StorageType::schema()).expect("json");
        assert_eq!(described["enum"][0], "BACKUP_STORAGE_FILE", "{described}");
    }

    #[test]
    fn the_wire_spells_as_the_stored_form_does() {
        for kind in model::storage::StorageType::ALL {
            let (wire, stored) = (serde_json::to_value(StorageType::from(kind)), serde_json::to_value(kind));
            assert_eq!(wire.expect("json"), stored.expect("json"));
        }
        let physical = serde_json::to_value(BackupMode::Physical).expect("json");
        assert_eq!(physical, serde_json::to_value(model::backup::BackupMethod::Physical).expect("json"));
        for kind in model::alarm::AlarmKind::ALL {
            let wire = serde_json::to_value(AlarmType::from(kind)).expect("json");
            assert_eq!(wire, kind.name());
        }
        let full = serde_json::to_value(DataBackupMode::Full).expect("json");
        assert_eq!(full, serde_json::to_value(model::backup::DataBackupMode::Full).expect("json"));
    }
}
