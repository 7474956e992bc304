//! `lifeboat tenant`.

use clap::{Args, Subcommand};
use model::text::Text;
use serde_json::{Value, json};

use super::cluster::{passed, test};
use super::names::{cluster, tenant};
use super::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{CredentialTestRow, PlacedTenantRow, TenantRow, read, read_all};
use crate::secrets;

#[derive(Args)]
pub(crate) struct TenantArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the tenants and their logical backup accounts
    List {
        /// Show only this cluster, with the reason when a tenant cannot be backed up logically
        #[arg(long, value_name = "NAME")]
        cluster: Option<String>,
    },
    /// Manage the logical backup account of a tenant, a database user of that tenant (OceanBase 4.x)
    #[command(subcommand)]
    Credential(CredentialVerb),
}

#[derive(Subcommand)]
enum CredentialVerb {
    /// Set the logical backup account of a tenant, after a test
    ///
    /// The password comes from LIFEBOAT_TENANT_PASSWORD, LIFEBOAT_TENANT_PASSWORD_FILE, a prompt or standard input.
    Set {
        #[command(flatten)]
        place: Place,
        /// The user of the tenant
        #[arg(long, value_name = "USER", default_value = "root")]
        user: String,
    },
    /// Test the saved account or another one, without changing anything
    Test {
        #[command(flatten)]
        place: Place,
        /// Test this user instead of the saved one; the password comes from the same sources as for `set`
        #[arg(long, value_name = "USER")]
        user: Option<String>,
    },
    /// Remove the account from Lifeboat; the database user stays
    Remove {
        #[command(flatten)]
        place: Place,
    },
}

/// A tenant of a cluster.
#[derive(Args)]
struct Place {
    /// The name of the cluster
    cluster: String,
    /// The name of the tenant
    tenant: String,
}

impl Place {
    /// Returns the path of the tenant's credential.
    async fn credential(&self, client: &Client) -> Result<String, Failure> {
        let found = cluster(client, &self.cluster).await?;
        let id = tenant(client, &found, Some(&self.tenant)).await?;
        Ok(format!("/ob/clusters/{}/tenants/{id}/credential", found.id))
    }

    /// Returns a text about the tenant.
    fn text(&self, id: &str) -> Text {
        Text::new(id).with("cluster", &self.cluster).with("tenant", &self.tenant)
    }
}

pub(crate) async fn run(args: TenantArgs) -> Result<(), Failure> {
    let TenantArgs { reach, verb } = args;
    match verb {
        Verb::List { cluster: None } => list(&reach).await,
        Verb::List { cluster: Some(name) } => list_of(&reach, &name).await,
        Verb::Credential(CredentialVerb::Set { place, user }) => set(&reach, &place, &user).await,
        Verb::Credential(CredentialVerb::Test { place, user }) => {
            try_out(&reach, &place, user.as_deref()).await
        }
        Verb::Credential(CredentialVerb::Remove { place }) => remove(&reach, &place).await,
    }
}

async fn list(reach: &Reach) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let rows = client.list("/ob/tenants", &[]).await?;
    let tenants: Vec<PlacedTenantRow> = read_all(&rows)?;
    screen.show(&Value::Array(rows), |screen| {
        let rows: Vec<Vec<String>> = tenants
            .into_iter()
            .map(|placed| [vec![placed.cluster_name], cells(placed.tenant)].concat())
            .collect();
        screen.table(&["CLUSTER", "TENANT", "NAME", "MODE", "STATUS", "ROLE", "READ AS"], &rows);
    });
    Ok(())
}

async fn list_of(reach: &Reach, name: &str) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let id = cluster(&client, name).await?.id;
    let mut data = client.get(&format!("/ob/clusters/{id}/tenants"), &[]).await?;
    let rows = data["contents"].take();
    let tenants: Vec<TenantRow> = read_all(rows.as_array().map_or(&[], Vec::as_slice))?;
    screen.show(&rows, |screen| {
        let rows: Vec<Vec<String>> = tenants
            .into_iter()
            .map(|tenant| {
                let logical = tenant.logical_disabled.as_ref().map(|why| why.message.clone());
                [cells(tenant), vec![logical.unwrap_or_else(|| "yes".to_owned())]].concat()
            })
            .collect();
        screen.table(&["TENANT", "NAME", "MODE", "STATUS", "ROLE", "READ AS", "LOGICAL BACKUP"], &rows);
    });
    Ok(())
}

fn cells(tenant: TenantRow) -> Vec<String> {
    let TenantRow { id, name, mode, status, role, credential_user, logical_disabled: _ } = tenant;
    vec![id.to_string(), name, mode, status, role, credential_user.unwrap_or_else(|| "-".to_owned())]
}

/// Reads the password of a user, and returns both in the API's format.
fn typed(user: &str) -> Result<Value, Failure> {
    let password = secrets::read("LIFEBOAT_TENANT_PASSWORD", "cli-prompt-tenant-password")?;
    Ok(json!({ "user": user, "password": password.expose() }))
}

async fn set(reach: &Reach, place: &Place, user: &str) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let path = place.credential(&client).await?;
    let data = client.put(&path, &typed(user)?).await?;
    let kept: CredentialTestRow = read(&data)?;
    screen.show(&data, |screen| screen.say(&place.text("cli-tenant-credential-set").with("user", kept.user)));
    if screen.is_json() { Ok(()) } else { test(screen, &data["test"]) }
}

async fn try_out(reach: &Reach, place: &Place, user: Option<&str>) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let path = place.credential(&client).await?;
    let body = match user {
        Some(user) => json!({ "credential": typed(user)? }),
        None => json!({}),
    };
    let data = client.post(&format!("{path}/test"), Some(&body)).await?;
    let told: CredentialTestRow = read(&data)?;
    if screen.is_json() {
        screen.show(&data, |_| ());
        return passed(&read(&data["test"])?);
    }
    test(screen, &data["test"])?;
    let works = place.text("cli-tenant-credential-works").with("user", told.user);
    let works = works.with("mode", told.tenant_mode).with("version", told.ob_version.unwrap_or_default());
    screen.say(&works);
    Ok(())
}

async fn remove(reach: &Reach, place: &Place) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let path = place.credential(&client).await?;
    let data = client.delete(&path).await?;
    screen.show(&data, |screen| screen.say(&place.text("cli-tenant-credential-removed")));
    Ok(())
}
