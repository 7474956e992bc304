//! `lifeboat cluster`.

use clap::{Args, Subcommand};
use model::Problem;
use model::problem::codes;
use model::size;
use model::text::Text;
use serde_json::{Value, json};

use super::names::{check_no_password, cluster, short, tenants};
use super::reach::Reach;
use crate::failure::Failure;
use crate::rows::{ClusterRow, TestRows, read, read_all};
use crate::screen::Screen;
use crate::secrets;

#[derive(Args)]
pub(crate) struct ClusterArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Take over a cluster
    Add(AddArgs),
    /// List the clusters
    List,
    /// Show a cluster with its tenants
    Show {
        /// The name of the cluster
        name: String,
        /// Refresh the information from the cluster first
        #[arg(long)]
        refresh: bool,
    },
    /// Update the saved password of a cluster, after you changed it on the cluster
    ///
    /// The password comes from LIFEBOAT_CLUSTER_PASSWORD, LIFEBOAT_CLUSTER_PASSWORD_FILE, a prompt or standard input.
    SetPassword {
        /// The name of the cluster
        name: String,
    },
    /// Remove a cluster; its backups stay where they are
    Remove {
        /// The name of the cluster
        name: String,
        /// Leave the delete policies that Lifeboat has set in the cluster: OceanBase continues to delete backups by them.
        /// Without this option, the command names them, and fails
        #[arg(long)]
        leave_delete_policies: bool,
    },
}

#[derive(Args)]
struct AddArgs {
    /// The name of the cluster in Lifeboat
    name: String,
    /// The servers of the cluster, tried in this order
    #[arg(long, required = true, value_name = "HOST[:PORT]", value_delimiter = ',')]
    host: Vec<String>,
    /// The user in the sys tenant. The password comes from LIFEBOAT_CLUSTER_PASSWORD, LIFEBOAT_CLUSTER_PASSWORD_FILE, a
    /// prompt or standard input
    #[arg(long, value_name = "USER", default_value = "root@sys")]
    user: String,
    /// Test the cluster without taking it over
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(args: ClusterArgs) -> Result<(), Failure> {
    let ClusterArgs { reach, verb } = args;
    match verb {
        Verb::Add(args) => add(&reach, args).await,
        Verb::List => list(&reach).await,
        Verb::Show { name, refresh } => show(&reach, &name, refresh).await,
        Verb::SetPassword { name } => set_password(&reach, &name).await,
        Verb::Remove { name, leave_delete_policies } => remove(&reach, &name, leave_delete_policies).await,
    }
}

async fn add(reach: &Reach, args: AddArgs) -> Result<(), Failure> {
    let AddArgs { name, host, user, dry_run } = args;
    for host in &host {
        check_no_password(host)?;
    }
    let (client, screen) = (reach.client()?, reach.screen());
    let password = secrets::read("LIFEBOAT_CLUSTER_PASSWORD", "cli-prompt-cluster-password")?;
    let body = json!({ "name": name, "addresses": host, "user": user, "password": password.expose() });
    if dry_run {
        let data = client.post("/ob/clusters/precheck", Some(&body)).await?;
        return test(screen, &data);
    }
    let data = client.post("/ob/clusters", Some(&body)).await?;
    let added: ClusterRow = read(&data)?;
    screen.show(&data, |screen| {
        let said =
            Text::new("cli-cluster-added").with("cluster", &added.name).with("version", &added.ob_version);
        screen.say(&said);
        facts(screen, &added);
    });
    Ok(())
}

/// Shows the lines of a test; a failed line is an error.
pub(crate) fn test(screen: Screen, data: &Value) -> Result<(), Failure> {
    let found: TestRows = read(data)?;
    screen.show(data, |screen| {
        for line in &found.lines {
            let took = size::span(std::time::Duration::from_micros(line.latency_us));
            screen.line(&format!("{:<11}  {}  ({took})", line.outcome, line.name));
            if let Some(error) = &line.error {
                let more =
                    [Some(&error.message), error.cause.as_ref(), error.raw.as_ref(), error.action.as_ref()];
                for said in more.into_iter().flatten() {
                    screen.line(&format!("             {said}"));
                }
            }
        }
    });
    passed(&found)
}

/// Turns a failed test into an error.
pub(crate) fn passed(found: &TestRows) -> Result<(), Failure> {
    if found.passed {
        return Ok(());
    }
    Err(Problem::outside("test-not-passed").coded(codes::PRECHECK_FAILED).into())
}

async fn list(reach: &Reach) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let rows = client.list("/ob/clusters", &[]).await?;
    let clusters: Vec<ClusterRow> = read_all(&rows)?;
    screen.show(&Value::Array(rows), |screen| {
        let rows: Vec<Vec<String>> = clusters
            .into_iter()
            .map(|cluster| {
                vec![
                    cluster.id.to_string(),
                    cluster.name,
                    cluster.ob_version,
                    cluster.deployment_mode,
                    cluster.status,
                    cluster.ob_backup_ability,
                    short(&cluster.create_time),
                ]
            })
            .collect();
        screen.table(&["ID", "NAME", "VERSION", "MODE", "STATUS", "BACKUP", "CREATED"], &rows);
    });
    Ok(())
}

async fn show(reach: &Reach, name: &str, refresh: bool) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let id = cluster(&client, name).await?.id;
    let mut data = if refresh {
        client.post(&format!("/ob/clusters/{id}/refresh"), None).await?
    } else {
        client.get(&format!("/ob/clusters/{id}"), &[]).await?
    };
    let shown: ClusterRow = read(&data)?;
    let tenants = tenants(&client, id).await?;
    data["tenants"] = client.get(&format!("/ob/clusters/{id}/tenants"), &[]).await?["contents"].take();
    screen.show(&data, |screen| {
        facts(screen, &shown);
        screen.line("");
        let rows: Vec<Vec<String>> = tenants
            .into_iter()
            .map(|tenant| vec![tenant.id.to_string(), tenant.name, tenant.mode, tenant.status, tenant.role])
            .collect();
        screen.table(&["TENANT", "NAME", "MODE", "STATUS", "ROLE"], &rows);
    });
    Ok(())
}

fn facts(screen: Screen, cluster: &ClusterRow) {
    screen.facts(&[
        ("ID", cluster.id.to_string()),
        ("Name", cluster.name.clone()),
        ("OceanBase name and ID", format!("{}:{}", cluster.ob_cluster_name, cluster.ob_cluster_id)),
        ("Version", cluster.ob_version.clone()),
        ("Deployment mode", cluster.deployment_mode.clone()),
        ("Status", cluster.status.clone()),
        ("Backup", cluster.ob_backup_ability.clone()),
        ("Addresses", cluster.addresses.join(", ")),
        ("User", cluster.user.clone()),
        ("Taken over", short(&cluster.create_time)),
        ("Last asked", short(&cluster.update_time)),
    ]);
}

async fn set_password(reach: &Reach, name: &str) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let id = cluster(&client, name).await?.id;
    let password = secrets::read("LIFEBOAT_CLUSTER_PASSWORD", "cli-prompt-cluster-password")?;
    let body = json!({ "password": password.expose() });
    let data = client.patch(&format!("/ob/clusters/{id}"), &body).await?;
    screen.show(&data, |screen| screen.say(&Text::new("cli-cluster-password-set").with("cluster", name)));
    Ok(())
}

async fn remove(reach: &Reach, name: &str, leave_delete_policies: bool) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let id = cluster(&client, name).await?.id;
    let query = leave_delete_policies.then(|| ("leaveDeletePolicies", "true".to_owned()));
    let data = client.delete_with(&format!("/ob/clusters/{id}"), query.as_slice()).await?;
    screen.show(&data, |screen| screen.say(&Text::new("cli-cluster-removed").with("cluster", name)));
    Ok(())
}
