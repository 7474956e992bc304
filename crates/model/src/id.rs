//! Typed IDs. Lifeboat's metadata assigns them, unless noted otherwise.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! identity {
    ($(#[$document:meta])* $name:ident) => {
        $(#[$document])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

identity!(
    /// A cluster that was taken over.
    ClusterId
);
identity!(
    /// A tenant, by the ID that OceanBase assigned; unique within its cluster. 1 for seekdb's only tenant.
    TenantId
);
identity!(
    /// A storage configuration.
    StorageId
);
identity!(
    /// A backup set in our catalogue.
    BackupSetId
);
identity!(
    /// A task: one run of a flow.
    TaskId
);
identity!(
    /// A subtask: one step of a task in one lane.
    SubtaskId
);
identity!(
    /// A user of Lifeboat.
    UserId
);
identity!(
    /// A token with which a program logs on as a user.
    TokenId
);
identity!(
    /// A backup strategy.
    StrategyId
);
identity!(
    /// A recorded alarm.
    AlarmId
);
identity!(
    /// A channel for notices of alarms.
    ChannelId
);
identity!(
    /// A notice in the outbox.
    NoticeId
);
