//! `lifeboat admin`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use metadata::Metadata;
use metadata::copy::{self, CopySummary};
use model::size;
use model::text::Text;
use serde_json::json;

use super::{account, audit, diagnose, history, signing_key, token};
use crate::client::Client;
use crate::failure::Failure;
use crate::metadata_place::MetadataArgs;
use crate::screen::{Form, Screen};
use crate::secrets;

#[derive(Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Manage accounts and their roles
    Account(account::AccountArgs),
    /// Manage your own API tokens
    Token(token::TokenArgs),
    /// Show the audit log, newest entries first
    Audit(audit::AuditArgs),
    /// Show how many tasks, logs, due times and audit entries are stored, and for how long
    History(history::HistoryArgs),
    /// Collect what the support needs into a zip file: versions, configuration, alarms, failed tasks and their logs
    Diagnose(diagnose::DiagnoseArgs),
    /// Show the public signing keys of this installation and the trusted keys
    SigningKey(signing_key::SigningKeyArgs),
    /// Trust the signing key of another installation, so that its backup sets can be recovered here
    TrustKey(signing_key::TrustKeyArgs),
    /// Remove a trusted key
    DistrustKey(signing_key::DistrustKeyArgs),
    /// Reset the password of the account `admin`; stop the server first
    ///
    /// The new password comes from LIFEBOAT_NEW_PASSWORD, LIFEBOAT_NEW_PASSWORD_FILE, a prompt or standard input.
    ResetPassword(MetadataArgs),
    /// Copy the metadata to a new file; the server may keep running
    ///
    /// Secrets in the copy stay encrypted with the key file, <data-dir>/secret.key. The key file is not part of the
    /// copy: store both, in different places.
    BackupMetadata {
        /// The file to create
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[command(flatten)]
        place: MetadataArgs,
    },
    /// Restore a copy of the metadata into an empty database, or into an empty data directory that holds the key file
    /// of the copy
    RestoreMetadata {
        /// The copy to restore
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        #[command(flatten)]
        place: MetadataArgs,
    },
    /// Change your own password on a running server
    ///
    /// The current password comes from the same sources as for other commands. The new password comes from
    /// LIFEBOAT_NEW_PASSWORD, LIFEBOAT_NEW_PASSWORD_FILE, a prompt or standard input.
    ChangePassword {
        /// The address of the Lifeboat server
        #[arg(
            long,
            value_name = "URL",
            env = "LIFEBOAT_SERVER",
            hide_env_values = true,
            default_value = "http://127.0.0.1:8180"
        )]
        server: String,
        /// The account to log on with
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
    /// Returns whether programs read the errors.
    pub(crate) fn is_json(&self) -> bool {
        let reach = match &self.verb {
            Verb::Account(args) => &args.reach,
            Verb::Token(args) => &args.reach,
            Verb::Audit(args) => &args.reach,
            Verb::History(args) => &args.reach,
            Verb::Diagnose(args) => &args.reach,
            Verb::SigningKey(args) => &args.reach,
            Verb::TrustKey(args) => &args.reach,
            Verb::DistrustKey(args) => &args.reach,
            Verb::ResetPassword(_)
            | Verb::BackupMetadata { .. }
            | Verb::RestoreMetadata { .. }
            | Verb::ChangePassword { .. } => return false,
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
        Verb::History(args) => return history::run(args).await,
        Verb::Diagnose(args) => return diagnose::run(args).await,
        Verb::SigningKey(args) => return signing_key::show(&args).await,
        Verb::TrustKey(args) => return signing_key::trust(&args).await,
        Verb::DistrustKey(args) => return signing_key::distrust(&args).await,
        Verb::ResetPassword(place) => {
            let new = new_password()?;
            control::users::reset_admin_password(&place.data_dir, place.server()?.as_ref(), &new)
                .await
                .map_err(control::Error::into_problem)?;
        }
        Verb::BackupMetadata { to, place } => {
            let copied = Metadata::copy(&place.data_dir, place.server()?.as_ref(), &to).await;
            return said(screen, "cli-metadata-copied", &to, copied);
        }
        Verb::RestoreMetadata { from, place } => {
            let read = copy::restore(&from, &place.data_dir, place.server()?.as_ref()).await;
            return said(screen, "cli-metadata-restored", &from, read);
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

fn said(
    screen: Screen,
    id: &str,
    file: &Path,
    done: Result<CopySummary, metadata::Error>,
) -> Result<(), Failure> {
    let CopySummary { rows, bytes } = done.map_err(|error| error.problem())?;
    screen
        .say(&Text::new(id).with("path", file.display()).with("rows", rows).with("size", size::bytes(bytes)));
    Ok(())
}

fn new_password() -> Result<model::Secret, Failure> {
    secrets::read_new("LIFEBOAT_NEW_PASSWORD", "cli-prompt-new-password", "cli-prompt-again")
}
