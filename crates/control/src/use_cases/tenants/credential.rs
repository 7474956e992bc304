//! The tenant credential: saves, tests and removes it. Each tenant has at most one, with a sealed password.

use std::sync::Arc;

use metadata::tenant_credentials::TenantCredential;
use model::ability::Generation;
use model::cluster::Cluster;
use model::id::{ClusterId, TenantId};
use model::problem::codes;
use model::storage::TestLine;
use model::tenant::{Tenant, TenantMode, read_user, takes_credential};
use model::user::Permission;
use model::version::ServerVersion;
use model::{Problem, Secret};
use oceanbase::NoWitness;
use oceanbase::precheck::tenant::{TenantCheck, precheck_tenant};

use crate::actor::Actor;
use crate::clusters::test_line;
use crate::context::{Attempt, Context, Control};
use crate::error::Error;

/// A new tenant credential.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// A user of the tenant, with or without the tenant after the name.
    pub user: String,
    /// That user's password.
    pub password: Secret,
}

/// The result of a credential test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialTest {
    /// The user's name without the tenant.
    pub user: String,
    /// The SQL mode of the tenant.
    pub mode: TenantMode,
    /// The version of the server; none if the log-on failed.
    pub server: Option<ServerVersion>,
    /// The lines of the test. A line that passed with a problem is a warning.
    pub lines: Vec<TestLine>,
}

/// Saves the credential of a tenant after a test, replacing an earlier one.
///
/// # Errors
/// With the first problem that [`test`] finds; and like [`test`], for a tenant that takes no credential.
pub async fn set(
    control: &Control,
    actor: &Actor,
    cluster: ClusterId,
    tenant: TenantId,
    new: NewCredential,
) -> Result<CredentialTest, Error> {
    let attempt = Attempt::new(actor, "tenant-credential-set", target(cluster, tenant));
    let work = async {
        actor.must(Permission::ManageClusters)?;
        let place = Place::find(&control.context, cluster, tenant).await?;
        let credential = place.read(new)?;
        let found = Box::pin(place.check(&control.context, &credential)).await?;
        if let Some(obstacle) = found.obstacle() {
            return Err(obstacle.clone().into());
        }
        let mut writer = control.metadata().begin().await?;
        writer.tenant_credential_set(cluster, tenant, &credential).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(place.told(credential, found))
    };
    attempt.watch(&control.context, work).await
}

/// Tests a typed-in credential, or without one the saved credential, line by line. It changes nothing.
///
/// # Errors
/// When the actor may not manage clusters, when there is no such tenant or it has no credential, and for a tenant
/// that takes none: seekdb's, the sys tenant, one in Oracle mode, a locked one.
pub async fn test(
    control: &Control,
    actor: &Actor,
    cluster: ClusterId,
    tenant: TenantId,
    typed: Option<NewCredential>,
) -> Result<CredentialTest, Error> {
    actor.must(Permission::ManageClusters)?;
    let place = Place::find(&control.context, cluster, tenant).await?;
    let credential = match typed {
        Some(new) => place.read(new)?,
        None => {
            let kept = control.metadata().tenant_credential_get(cluster, tenant).await?;
            kept.ok_or_else(|| place.unset())?
        }
    };
    let found = place.check(&control.context, &credential).await?;
    Ok(place.told(credential, found))
}

/// Removes the credential of a tenant. Tasks that still have to read the tenant's data fail.
///
/// # Errors
/// When there is no such cluster, or the tenant has no credential.
pub async fn remove(
    control: &Control,
    actor: &Actor,
    cluster: ClusterId,
    tenant: TenantId,
) -> Result<(), Error> {
    let attempt = Attempt::new(actor, "tenant-credential-remove", target(cluster, tenant));
    let work = async {
        actor.must(Permission::ManageClusters)?;
        let context = &control.context;
        let found = context.cluster(cluster).await?;
        if !context.metadata.tenant_credential_users(cluster).await?.contains_key(&tenant) {
            let tenant = context.tenant(cluster, tenant).await?;
            return Err(unset(&found, &tenant.name).into());
        }
        let mut writer = control.metadata().begin().await?;
        writer.tenant_credential_remove(cluster, tenant).await?;
        attempt.done(&mut writer).await?;
        Ok(writer.commit().await?)
    };
    attempt.watch(&control.context, work).await
}

fn target(cluster: ClusterId, tenant: TenantId) -> String {
    format!("cluster/{cluster}/tenant/{tenant}")
}

fn unset(cluster: &Cluster, tenant: &str) -> Problem {
    Problem::not_found("tenant-credential-unset").with("tenant", tenant).with("cluster", &cluster.name)
}

/// A tenant that takes a credential.
struct Place {
    cluster: Cluster,
    tenant: Tenant,
}

impl Place {
    /// Finds the tenant as it is now, or if the cluster does not answer, as it was at the last refresh.
    async fn find(context: &Context, cluster: ClusterId, tenant: TenantId) -> Result<Self, Error> {
        let known = context.cluster(cluster).await?;
        if known.facts.generation == Generation::Gen4
            && let Err(error) = context.look_at(cluster).await
        {
            tracing::debug!(%error, %cluster, "the tenant is taken for what it was when last seen");
        }
        let (cluster, tenant) = (context.cluster(cluster).await?, context.tenant(cluster, tenant).await?);
        takes_credential(cluster.facts.generation, &tenant)?;
        Ok(Self { cluster, tenant })
    }

    fn read(&self, new: NewCredential) -> Result<TenantCredential, Problem> {
        let NewCredential { user, password } = new;
        Ok(TenantCredential { user: read_user(user.trim(), &self.tenant.name)?, password })
    }

    async fn check(&self, context: &Context, credential: &TenantCredential) -> Result<TenantCheck, Problem> {
        if self.tenant.locked {
            let refusal = Problem::refused(codes::PRECHECK_FAILED, "tenant-locked");
            return Err(refusal.with("tenant", &self.tenant.name).with("user", &credential.user));
        }
        let endpoint = context.reach_tenant(&self.cluster, &self.tenant.name, credential.clone());
        Ok(precheck_tenant(&endpoint, Arc::new(NoWitness)).await)
    }

    fn told(&self, credential: TenantCredential, found: TenantCheck) -> CredentialTest {
        CredentialTest {
            user: credential.user,
            mode: found.mode.unwrap_or(self.tenant.mode),
            server: found.server,
            lines: found.lines.into_iter().map(test_line).collect(),
        }
    }

    fn unset(&self) -> Problem {
        unset(&self.cluster, &self.tenant.name)
    }
}
