//! The endpoints of clusters, their tenants and storages.

use std::sync::Arc;

use metadata::tenant_credentials::TenantCredential;
use model::ability::Generation;
use model::cluster::{Address, Cluster};
use model::id::{ClusterId, StorageId, TenantId};
use model::problem::codes;
use model::storage::{StorageLocation, StorageType};
use model::tenant::check_readable;
use model::{Problem, Secret};
use oceanbase::precheck::tenant::log_on_problem;
use oceanbase::{Endpoint, NoWitness, Session, Witness, login};
use storage::Client;

use super::error::Error;
use super::shared::Context;

impl Context {
    /// Returns the endpoint of a database, with the limits of this server.
    pub(crate) fn reach(
        &self,
        addresses: Vec<Address>,
        user: impl Into<String>,
        password: Secret,
    ) -> Endpoint {
        let (egress, limits) = (Arc::clone(&self.egress), self.limits);
        Endpoint { egress, limits, ..Endpoint::new(addresses, user, password) }
    }

    /// Returns the endpoint of the cluster itself.
    pub(crate) async fn endpoint(&self, cluster: &Cluster) -> Result<Endpoint, Error> {
        let password = self.metadata.cluster_password(cluster.id).await?;
        Ok(self.reach(cluster.addresses.clone(), cluster.user.clone(), password))
    }

    /// Opens a session on a tenant, if it can be read.
    pub(crate) async fn open_tenant(&self, cluster: ClusterId, tenant: TenantId) -> Result<Session, Error> {
        let cluster = self.cluster(cluster).await?;
        let tenant = self.tenant(cluster.id, tenant).await?;
        let has_credential =
            self.metadata.tenant_credential_users(cluster.id).await?.contains_key(&tenant.id);
        check_readable(cluster.facts.generation, &tenant, has_credential, &cluster.name)?;
        self.enter_tenant(&cluster, tenant.id, &tenant.name, Arc::new(NoWitness)).await
    }

    /// Returns the endpoint of a tenant: seekdb is its own only tenant; others need the tenant credential.
    pub(crate) async fn tenant_endpoint(
        &self,
        cluster: &Cluster,
        id: TenantId,
        tenant: &str,
    ) -> Result<Endpoint, Error> {
        if cluster.facts.generation == Generation::Seekdb {
            return self.endpoint(cluster).await;
        }
        let Some(credential) = self.metadata.tenant_credential_get(cluster.id, id).await? else {
            let missing = Problem::refused(codes::PRECHECK_FAILED, "tenant-credential-missing");
            return Err(missing.with("tenant", tenant).with("cluster", &cluster.name).into());
        };
        Ok(self.reach_tenant(cluster, tenant, credential))
    }

    /// Logs on to a tenant. Errors name the tenant.
    pub(crate) async fn enter_tenant(
        &self,
        cluster: &Cluster,
        id: TenantId,
        tenant: &str,
        witness: Arc<dyn Witness>,
    ) -> Result<Session, Error> {
        let endpoint = self.tenant_endpoint(cluster, id, tenant).await?;
        let opened = Session::open(&endpoint, witness).await;
        opened.map_err(|error| match cluster.facts.generation {
            Generation::Gen4 => Error::of_server(log_on_problem(&error, &endpoint.user), error),
            Generation::Gen3 | Generation::Seekdb => error.into(),
        })
    }

    /// Opens a storage, without sending a request.
    pub(crate) async fn client(&self, id: StorageId) -> Result<Client, Error> {
        let storage = self.storage(id).await?;
        let secret = self.metadata.storage_secret(id).await?;
        Ok(Client::open(&storage.location, secret.as_ref(), &self.rules)?)
    }

    /// Checks that a location is complete, and that connections to an object store's address are allowed.
    ///
    /// A directory may be outside this server's roots: the OBServers write physical backups themselves.
    pub(crate) fn usable(
        &self,
        location: StorageLocation,
        secret: Option<&Secret>,
    ) -> Result<StorageLocation, Error> {
        let location = location.checked()?;
        if location.kind != StorageType::File && secret.is_none_or(Secret::is_empty) {
            let missing = Problem::invalid("storage-key-secret-missing");
            return Err(missing.coded(codes::STORAGE_KEY_SECRET_MISSING).into());
        }
        if location.kind != StorageType::File {
            Client::open(&location, secret, &self.rules)?;
        }
        Ok(location)
    }

    /// Returns the endpoint of a tenant: that of its cluster, through OBProxy if the cluster uses it.
    pub(crate) fn reach_tenant(
        &self,
        cluster: &Cluster,
        tenant: &str,
        credential: TenantCredential,
    ) -> Endpoint {
        let TenantCredential { user, password } = credential;
        self.reach(cluster.addresses.clone(), login::of_tenant(&user, tenant, &cluster.user), password)
    }
}
