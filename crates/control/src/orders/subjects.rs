//! The subjects of a task, in addition to those in [`metadata::tasks::subject`].

/// The cluster's name when the task was created.
pub(crate) const CLUSTER_NAME: &str = "cluster-name";

/// The tenant's name when the task was created.
pub(crate) const TENANT_NAME: &str = "tenant-name";
