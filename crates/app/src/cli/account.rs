//! `lifeboat admin account`.

use clap::{Args, Subcommand, ValueEnum};
use model::Problem;
use model::text::Text;
use serde::Deserialize;
use serde_json::{Value, json};

use super::names::short;
use super::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{read, read_all};
use crate::secrets;

#[derive(Args)]
pub(crate) struct AccountArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the accounts
    List,
    /// Create an account
    ///
    /// The initial password comes from LIFEBOAT_NEW_PASSWORD, LIFEBOAT_NEW_PASSWORD_FILE, a prompt or standard input.
    /// It must be changed at the first log-on.
    Create {
        /// The name to log on with
        name: String,
        /// The role of the account
        #[arg(long)]
        role: RoleName,
    },
    /// Change the role of an account; its sessions and tokens end
    Edit {
        /// The name of the account
        name: String,
        /// The new role
        #[arg(long)]
        role: RoleName,
    },
    /// Disable an account; its sessions and tokens end
    Disable {
        /// The name of the account
        name: String,
    },
    /// Enable a disabled account
    Enable {
        /// The name of the account
        name: String,
    },
    /// Set the password of another account; its sessions and tokens end
    ///
    /// The password comes from LIFEBOAT_NEW_PASSWORD, LIFEBOAT_NEW_PASSWORD_FILE, a prompt or standard input. It must
    /// be changed at the next log-on.
    SetPassword {
        /// The name of the account
        name: String,
    },
    /// Remove an account; its entries stay in the audit log
    Remove {
        /// The name of the account
        name: String,
    },
}

/// The role of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleName {
    // Everything.
    Admin,
    // Backup and recovery of all clusters; reads the rest.
    BackupManager,
    // Reads clusters, backups and tasks.
    ClusterViewer,
}

impl RoleName {
    fn word(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::BackupManager => "BACKUP_MANAGER",
            Self::ClusterViewer => "CLUSTER_VIEWER",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountRow {
    id: i64,
    name: String,
    role: String,
    enabled: bool,
    must_change_password: bool,
    create_time: String,
}

pub(crate) async fn run(args: AccountArgs) -> Result<(), Failure> {
    let AccountArgs { reach, verb } = args;
    let (client, screen) = (reach.client()?, reach.screen());
    let (data, said, name) = match verb {
        Verb::List => return list(&reach, &client).await,
        Verb::Create { name, role } => {
            let password = new_password()?;
            let body = json!({ "name": name, "role": role.word(), "password": password.expose() });
            (client.post("/users", Some(&body)).await?, "cli-account-created", name)
        }
        Verb::Edit { name, role } => {
            let body = json!({ "role": role.word() });
            (change(&client, &name, &body).await?, "cli-account-changed", name)
        }
        Verb::Disable { name } => {
            (change(&client, &name, &json!({ "enabled": false })).await?, "cli-account-disabled", name)
        }
        Verb::Enable { name } => {
            (change(&client, &name, &json!({ "enabled": true })).await?, "cli-account-enabled", name)
        }
        Verb::SetPassword { name } => {
            let id = find(&client, &name).await?;
            let body = json!({ "password": new_password()?.expose() });
            let data = client.post(&format!("/users/{id}/password"), Some(&body)).await?;
            (data, "cli-account-password-set", name)
        }
        Verb::Remove { name } => {
            let id = find(&client, &name).await?;
            (client.delete(&format!("/users/{id}")).await?, "cli-account-removed", name)
        }
    };
    screen.show(&data, |screen| screen.say(&Text::new(said).with("account", name)));
    Ok(())
}

async fn list(reach: &Reach, client: &Client) -> Result<(), Failure> {
    let rows = client.list("/users", &[]).await?;
    let accounts: Vec<AccountRow> = read_all(&rows)?;
    reach.screen().show(&Value::Array(rows), |screen| {
        let yes_or_no = |value: bool| if value { "yes" } else { "no" }.to_owned();
        let rows: Vec<Vec<String>> = accounts
            .into_iter()
            .map(|account| {
                vec![
                    account.id.to_string(),
                    account.name,
                    account.role,
                    yes_or_no(account.enabled),
                    yes_or_no(account.must_change_password),
                    short(&account.create_time),
                ]
            })
            .collect();
        screen.table(&["ID", "NAME", "ROLE", "ENABLED", "MUST CHANGE PASSWORD", "CREATED"], &rows);
    });
    Ok(())
}

async fn change(client: &Client, name: &str, body: &Value) -> Result<Value, Failure> {
    let id = find(client, name).await?;
    client.patch(&format!("/users/{id}"), body).await
}

/// Returns the ID of the account of that name.
async fn find(client: &Client, name: &str) -> Result<i64, Failure> {
    for row in client.list("/users", &[]).await? {
        let account: AccountRow = read(&row)?;
        if account.name == name {
            return Ok(account.id);
        }
    }
    Err(Problem::not_found("account-unknown").with("user", name).into())
}

fn new_password() -> Result<model::Secret, Failure> {
    secrets::read_new("LIFEBOAT_NEW_PASSWORD", "cli-prompt-new-password", "cli-prompt-again")
}
