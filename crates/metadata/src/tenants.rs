//! A cluster's tenants at the last refresh.

use std::collections::BTreeMap;

use model::id::{ClusterId, TenantId};
use model::tenant::Tenant;

use crate::database::{Listing, Slice, Transaction};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, json, statement};

/// A tenant with its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedTenant {
    /// The cluster.
    pub cluster: ClusterId,
    /// The name of the cluster.
    pub cluster_name: String,
    /// The tenant.
    pub tenant: Tenant,
    /// The user of its logical backup account, if there is one.
    pub credential: Option<String>,
}

impl Metadata {
    /// Returns a part of all clusters' tenants, by cluster and number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tenant_list_all(&self, slice: Slice) -> Result<Listing<PlacedTenant>, Error> {
        let mut reader = self.read().await?;
        let total = reader.count(statement("count tenants", "SELECT COUNT(*) AS total FROM tenants")).await?;
        let list = slice.cut(statement(
            "list tenants",
            "SELECT tenants.facts, tenants.cluster_id, clusters.name AS cluster_name,
                    tenant_credentials.user_name AS credential
             FROM tenants JOIN clusters ON clusters.id = tenants.cluster_id
             LEFT JOIN tenant_credentials ON tenant_credentials.cluster_id = tenants.cluster_id
                    AND tenant_credentials.tenant_id = tenants.tenant_id
             ORDER BY tenants.cluster_id, tenants.tenant_id",
        ));
        let placed = |row: &Row| {
            Ok(PlacedTenant {
                cluster: ClusterId(row.integer("cluster_id")?),
                cluster_name: row.text("cluster_name")?,
                tenant: row.json("facts")?,
                credential: row.text_or_none("credential")?,
            })
        };
        let items = reader.rows(list).await?.iter().map(placed).collect::<Result<_, Error>>()?;
        Ok(Listing { items, total })
    }

    /// Returns a cluster's tenants, by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tenant_list(&self, cluster: ClusterId) -> Result<Vec<Tenant>, Error> {
        let list =
            statement("list tenants", "SELECT facts FROM tenants WHERE cluster_id = ? ORDER BY tenant_id");
        self.read().await?.rows(list.bind(cluster.0)).await?.iter().map(|row| row.json("facts")).collect()
    }

    /// Returns the tenants of these clusters, by number. Clusters without tenants are omitted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tenant_list_of(
        &self,
        clusters: &[ClusterId],
    ) -> Result<BTreeMap<ClusterId, Vec<Tenant>>, Error> {
        let mut tenants: BTreeMap<ClusterId, Vec<Tenant>> = BTreeMap::new();
        if clusters.is_empty() {
            return Ok(tenants);
        }
        let list = statement("list tenants", "SELECT cluster_id, facts FROM tenants WHERE 1 = 1");
        let list = list.and_one_of("cluster_id", clusters.iter().map(|id| id.0));
        for row in self.read().await?.rows(list.push(" ORDER BY cluster_id, tenant_id")).await? {
            tenants.entry(ClusterId(row.integer("cluster_id")?)).or_default().push(row.json("facts")?);
        }
        Ok(tenants)
    }

    /// Returns a tenant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tenant_get(&self, cluster: ClusterId, tenant: TenantId) -> Result<Option<Tenant>, Error> {
        let get =
            statement("read a tenant", "SELECT facts FROM tenants WHERE cluster_id = ? AND tenant_id = ?");
        let row = self.read().await?.row(get.bind(cluster.0).bind(tenant.0)).await?;
        row.map(|row| row.json("facts")).transpose()
    }
}

impl Transaction {
    /// Replaces the known tenants of a cluster.
    ///
    /// # Errors
    /// When there is no such cluster, or the database fails.
    pub async fn tenants_probed(&mut self, cluster: ClusterId, tenants: &[Tenant]) -> Result<(), Error> {
        let delete = statement("keep tenants", "DELETE FROM tenants WHERE cluster_id = ?").bind(cluster.0);
        self.connection.execute(delete).await?;
        for tenant in tenants {
            let insert = statement(
                "keep tenants",
                "INSERT INTO tenants (cluster_id, tenant_id, name, facts) VALUES (?, ?, ?, ?)",
            );
            let insert = insert.bind(cluster.0).bind(tenant.id.0).bind(&tenant.name).bind(json(tenant));
            self.connection.execute(insert).await?;
        }
        Ok(())
    }
}
