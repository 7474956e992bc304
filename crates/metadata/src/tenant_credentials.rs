//! The logical backup accounts of tenants: one user of each tenant, with a sealed password. A tenant that is
//! temporarily missing in a refresh keeps its account.

use std::collections::BTreeMap;

use model::Secret;
use model::id::{ClusterId, TenantId};

use crate::database::{Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::seal::Place;
use crate::sql::statement;

const NOUN: &str = "tenant credential";

/// A user of a tenant, with the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantCredential {
    /// The user's bare name, without tenant and cluster.
    pub user: String,
    /// The user's password.
    pub password: Secret,
}

impl Metadata {
    /// Returns the users of a cluster's tenants that have a credential.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tenant_credential_users(
        &self,
        cluster: ClusterId,
    ) -> Result<BTreeMap<TenantId, String>, Error> {
        let list = statement(
            "list tenant credentials",
            "SELECT tenant_id, user_name FROM tenant_credentials WHERE cluster_id = ?",
        );
        let rows = self.read().await?.rows(list.bind(cluster.0)).await?;
        rows.iter().map(|row| Ok((TenantId(row.integer("tenant_id")?), row.text("user_name")?))).collect()
    }

    /// Returns a tenant's credential, if it has one.
    ///
    /// # Errors
    /// When the secret does not open, or the database fails.
    pub async fn tenant_credential_get(
        &self,
        cluster: ClusterId,
        tenant: TenantId,
    ) -> Result<Option<TenantCredential>, Error> {
        let get = statement(
            "read a tenant credential",
            "SELECT id, user_name, password FROM tenant_credentials WHERE cluster_id = ? AND tenant_id = ?",
        );
        let Some(row) = self.read().await?.row(get.bind(cluster.0).bind(tenant.0)).await? else {
            return Ok(None);
        };
        let password = self.sealer.open(password_place(row.integer("id")?), &row.text("password")?)?;
        Ok(Some(TenantCredential { user: row.text("user_name")?, password }))
    }
}

impl Transaction {
    /// Stores a tenant's credential, replacing an earlier one.
    ///
    /// # Errors
    /// When there is no such cluster, or the database fails.
    pub async fn tenant_credential_set(
        &mut self,
        cluster: ClusterId,
        tenant: TenantId,
        credential: &TenantCredential,
    ) -> Result<(), Error> {
        self.tenant_credential_delete(cluster, tenant).await?;
        let now = self.now().await?;
        let id = self.connection.take_numbers("tenant_credentials", 1).await?;
        let insert = statement(
            "keep a tenant credential",
            "INSERT INTO tenant_credentials (id, cluster_id, tenant_id, user_name, password, created_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(id).bind(cluster.0).bind(tenant.0).bind(&credential.user);
        let insert = insert.bind(self.sealer.seal(password_place(id), &credential.password)).bind(now);
        self.connection.execute(insert).await.map(drop)
    }

    /// Forgets a tenant's credential.
    ///
    /// # Errors
    /// When it has none, or the database fails.
    pub async fn tenant_credential_remove(
        &mut self,
        cluster: ClusterId,
        tenant: TenantId,
    ) -> Result<(), Error> {
        exactly_one(self.tenant_credential_delete(cluster, tenant).await?, NOUN, tenant.0)
    }

    async fn tenant_credential_delete(&mut self, cluster: ClusterId, tenant: TenantId) -> Result<u64, Error> {
        let delete = statement(
            "forget a tenant credential",
            "DELETE FROM tenant_credentials WHERE cluster_id = ? AND tenant_id = ?",
        );
        self.connection.execute(delete.bind(cluster.0).bind(tenant.0)).await
    }
}

fn password_place(row: i64) -> Place {
    Place { table: "tenant_credentials", row, column: "password" }
}
