//! `lifeboat admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::text::Text;
use serde_json::json;

use super::{account, audit, token};
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{Form, Screen};
use crate::secrets;

#[derive(Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Keep accounts: who may log on, and as what
    Account(account::AccountArgs),
    /// Keep one's own API tokens
    Token(token::TokenArgs),
    /// Show who did what, the newest first
    Audit(audit::AuditArgs),
    /// Give the account `admin` a new password, while no server runs on its data
    ///
    /// The new password is taken from LIFEBOAT_NEW_PASSWORD, LIFEBOAT_NEW_PASSWORD_FILE, a prompt or standard input.
    ResetPassword {
        /// The server's data directory
        #[arg(
            long,
            value_name = "DIR",
            env = "LIFEBOAT_DATA_DIR",
            hide_env_values = true,
            default_value = "./lifeboat-data"
        )]
        data_dir: PathBuf,
    },
    /// Change one's own password on a running server
    ///
    /// The present password is taken from where every command takes it; the new one from LIFEBOAT_NEW_PASSWORD,
    /// LIFEBOAT_NEW_PASSWORD_FILE, a prompt or standard input.
    ChangePassword {
        /// The server
        #[arg(
            long,
            value_name = "URL",
            env = "LIFEBOAT_SERVER",
            hide_env_values = true,
            default_value = "http://127.0.0.1:8180"
        )]
        server: String,
        /// The account
        #[arg(
            long,
            value_name = "NAME",
            env = "LIFEBOAT_USER",
            hide_env_values = true,
            default_value = "admin"
        )]
        account: String,
    },
}

impl AdminArgs {
    /// Tells whether failures are read by programs.
    pub(crate) fn is_json(&self) -> bool {
        let reach = match &self.verb {
            Verb::Account(args) => &args.reach,
            Verb::Token(args) => &args.reach,
            Verb::Audit(args) => &args.reach,
            Verb::ResetPassword { .. } | Verb::ChangePassword { .. } => return false,
        };
        reach.screen().is_json()
    }
}

pub(crate) async fn run(args: AdminArgs) -> Result<(), Failure> {
    let screen = Screen { form: Form::Table };
    match args.verb {
        Verb::Account(args) => return account::run(args).await,
        Verb::Token(args) => return token::run(args).await,
        Verb::Audit(args) => return audit::run(args).await,
        Verb::ResetPassword { data_dir } => {
            let new = new_password()?;
            control::users::reset_admin_password(&data_dir, &new)
                .await
                .map_err(control::Error::into_problem)?;
        }
        Verb::ChangePassword { server, account } => {
            let old = secrets::read("LIFEBOAT_PASSWORD", "cli-prompt-password")?;
            let client = Client::with_password(&server, &account, old.clone())?;
            let new = new_password()?;
            let body = json!({ "oldPassword": old.expose(), "newPassword": new.expose() });
            client.post("/users/me/password", Some(&body)).await?;
        }
    }
    screen.say(&Text::new("cli-password-changed"));
    Ok(())
}

fn new_password() -> Result<model::Secret, Failure> {
    secrets::read_new("LIFEBOAT_NEW_PASSWORD", "cli-prompt-new-password", "cli-prompt-again")
}
