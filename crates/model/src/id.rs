//! Identities. Each is a number of our own metadata, except those that the database assigned, as noted.

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
    /// A tenant, by the number that OceanBase gave it; unique within its cluster. seekdb's only one is 1.
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
    /// A token that a program logs on with in a user's name.
    TokenId
);
identity!(
    /// A backup strategy.
    StrategyId
);
