//! Tenants and their logical backup accounts.

use control::tenants::credential::{CredentialTest, NewCredential};
use control::tenants::{PlacedTenant, ReadableTenant};
use model::tenant::Tenant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::clusters::TestView;
use super::secret::SecretText;
use super::words;
use crate::call;
use crate::error::ErrorView;

/// A tenant of a cluster.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantView {
    /// Its number within its cluster.
    id: i64,
    /// The number that OceanBase gave it: the same.
    ob_tenant_id: i64,
    /// Its name.
    name: String,
    /// Its SQL mode.
    mode: words::TenantMode,
    /// As the cluster reports it.
    #[schema(example = "NORMAL")]
    status: String,
    /// As the cluster reports it.
    #[schema(example = "PRIMARY")]
    role: String,
    /// Whether it is locked.
    locked: bool,
    /// As the cluster reports it.
    primary_zone: String,
    /// As the cluster reports it.
    locality: String,
    /// The logical backup account, if one is saved; the password is never returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_user: Option<String>,
}

impl TenantView {
    fn of(tenant: Tenant, credential_user: Option<String>) -> Self {
        let Tenant { id, name, mode, status, role, locked, primary_zone, locality, data_version: _ } = tenant;
        Self {
            id: id.0,
            ob_tenant_id: id.0,
            name,
            mode: mode.into(),
            status,
            role,
            locked,
            primary_zone,
            locality,
            credential_user,
        }
    }
}

/// A tenant and its cluster.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlacedTenantView {
    /// The cluster.
    cluster_id: i64,
    /// The name of the cluster.
    cluster_name: String,
    #[serde(flatten)]
    tenant: TenantView,
}

impl From<PlacedTenant> for PlacedTenantView {
    fn from(placed: PlacedTenant) -> Self {
        let PlacedTenant { cluster, cluster_name, tenant, credential } = placed;
        Self { cluster_id: cluster.0, cluster_name, tenant: TenantView::of(tenant, credential) }
    }
}

/// A tenant, and whether Lifeboat can read its data.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadableTenantView {
    #[serde(flatten)]
    tenant: TenantView,
    /// Why it can't be backed up logically, if it can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_disabled: Option<ErrorView>,
    /// Why it can't be chosen for a physical backup, if it can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_disabled: Option<ErrorView>,
}

impl From<ReadableTenant> for ReadableTenantView {
    fn from(readable: ReadableTenant) -> Self {
        let ReadableTenant { tenant, credential, logical_disabled, physical_disabled } = readable;
        let language = call::language();
        Self {
            tenant: TenantView::of(tenant, credential),
            logical_disabled: logical_disabled.map(|problem| ErrorView::of(&problem, language)),
            physical_disabled: physical_disabled.map(|problem| ErrorView::of(&problem, language)),
        }
    }
}

/// The logical backup account of a tenant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialBody {
    /// A user of the tenant, with or without the tenant after the name.
    #[schema(min_length = 1, max_length = 64, example = "lifeboat")]
    user: String,
    /// That user's password.
    password: SecretText,
}

impl CredentialBody {
    /// Reads the request.
    pub(crate) fn read(self) -> NewCredential {
        let Self { user, password } = self;
        NewCredential { user, password: password.0 }
    }
}

/// An account to test; defaults to the saved one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialTestBody {
    /// The account.
    pub(crate) credential: Option<CredentialBody>,
}

/// The result of an account test.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CredentialTestView {
    /// The user, without the tenant.
    user: String,
    /// Which SQL the tenant speaks.
    tenant_mode: words::TenantMode,
    /// Product and version, once the user has logged on.
    #[serde(skip_serializing_if = "Option::is_none")]
    ob_version: Option<String>,
    /// The checks, line by line; one that passed with an error is a warning.
    test: TestView,
}

impl From<CredentialTest> for CredentialTestView {
    fn from(found: CredentialTest) -> Self {
        let CredentialTest { user, mode, server, lines } = found;
        Self {
            user,
            tenant_mode: mode.into(),
            ob_version: server.map(|server| server.to_string()),
            test: lines.into(),
        }
    }
}
