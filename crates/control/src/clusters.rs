//! Clusters: take over, look at, let go of.

use model::Secret;
use model::cluster::Address;

/// A cluster to be taken over.
#[derive(Debug, Clone)]
pub struct NewCluster {
    /// The name it gets here.
    pub name: String,
    /// Its servers' addresses, tried in this order.
    pub addresses: Vec<Address>,
    /// A user of the sys tenant, such as `root@sys`; on seekdb `root`.
    pub user: String,
    /// That user's password.
    pub password: Secret,
}

/// A database of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// Its name.
    pub name: String,
    /// How many tables it has.
    pub tables: u64,
    /// About how many bytes it takes.
    pub bytes: u64,
}

/// A table of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFacts {
    /// Its name.
    pub name: String,
    /// About how many rows it has.
    pub rows: u64,
    /// About how many bytes it takes.
    pub bytes: u64,
}
