//! The command line: one file per noun.

mod account;
pub(crate) mod admin;
mod audit;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod cluster;
pub(crate) mod compaction;
mod consent;
pub(crate) mod dump;
mod left_out;
pub(crate) mod load;
mod local;
pub(crate) mod log_backup;
pub(crate) mod names;
mod own_key;
pub(crate) mod restore;
pub(crate) mod retention;
pub(crate) mod serve;
mod signing_key;
pub(crate) mod storage;
pub(crate) mod strategy;
mod strategy_apply;
mod strategy_settings;
pub(crate) mod task;
mod tenant;
mod token;
pub(crate) mod verify;
mod wish;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{Form, Screen};

/// Backup and recovery for OceanBase.
#[derive(Parser)]
#[command(name = "lifeboat", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 done, 1 failed, 2 bad usage, 3 refused by a rule, 4 done but for what was left out."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server: REST API, task workers, watchers
    Serve(serve::ServeArgs),
    /// Take clusters over, look at them, let go of them
    Cluster(cluster::ClusterArgs),
    /// List tenants, and keep who reads their data
    Tenant(tenant::TenantArgs),
    /// Keep storage configurations
    Storage(storage::StorageArgs),
    /// Back up now, and list what was backed up
    Backup(backup::BackupArgs),
    /// Back up regularly: strategies, their runs and what comes next
    Strategy(strategy::StrategyArgs),
    /// Log backup: start, stop, pause, resume, and how it stands
    LogBackup(log_backup::LogBackupArgs),
    /// Major compaction: start, and how it stands
    Compaction(compaction::CompactionArgs),
    /// Recover backups
    Restore(restore::RestoreArgs),
    /// Show which backup sets are kept, delete expired ones, hold and release
    Retention(retention::RetentionArgs),
    /// Follow and steer tasks
    Task(task::TaskArgs),
    /// Check for Nagios or Icinga that every object has a recent backup
    Check(check::CheckArgs),
    /// Keep accounts and API tokens, and show the audit log
    Admin(admin::AdminArgs),
    /// Dump a server into a directory, without a Lifeboat server
    Dump(dump::DumpArgs),
    /// Load a dump into a server, without a Lifeboat server
    Load(load::LoadArgs),
    /// Check that a dump is whole, and that a server holds what it holds
    Verify(verify::VerifyArgs),
    /// Create a key that dumps are signed with
    Keygen(signing_key::KeygenArgs),
    /// Print the REST API's description
    #[command(hide = true)]
    Openapi,
}

/// Where options that every command has stand in help texts.
const HEADING: &str = "Server and answer";

/// How to reach a server, and in which form it answers.
#[derive(Args)]
pub(crate) struct Reach {
    /// The server
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:8180")]
    #[arg(env = "LIFEBOAT_SERVER", hide_env_values = true, help_heading = HEADING)]
    server: String,
    /// The account; its password is taken from LIFEBOAT_PASSWORD, LIFEBOAT_PASSWORD_FILE, a prompt or standard input. An API
    /// token in LIFEBOAT_TOKEN or LIFEBOAT_TOKEN_FILE takes the place of both
    #[arg(long, global = true, value_name = "NAME", default_value = "admin")]
    #[arg(env = "LIFEBOAT_USER", hide_env_values = true, help_heading = HEADING)]
    account: String,
    /// The form of the answer
    #[arg(short, long, global = true, value_name = "FORM", default_value = "table", help_heading = HEADING)]
    output: Form,
}

impl Reach {
    /// Returns a user of the server.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.server, &self.account)
    }

    /// Returns what answers are shown on.
    pub(crate) fn screen(&self) -> Screen {
        Screen { form: self.output }
    }
}

impl Command {
    /// Tells whether failures are read by programs.
    pub(crate) fn is_json(&self) -> bool {
        let reach = match self {
            Self::Serve(_) | Self::Openapi => return false,
            Self::Admin(args) => return args.is_json(),
            Self::Dump(args) => return args.answer.screen().is_json(),
            Self::Load(args) => return args.answer.screen().is_json(),
            Self::Verify(args) => return args.answer.screen().is_json(),
            Self::Keygen(args) => return args.answer.screen().is_json(),
            Self::Cluster(args) => &args.reach,
            Self::Tenant(args) => &args.reach,
            Self::Storage(args) => &args.reach,
            Self::Backup(args) => &args.reach,
            Self::Strategy(args) => &args.reach,
            Self::LogBackup(args) => &args.reach,
            Self::Compaction(args) => &args.reach,
            Self::Restore(args) => &args.reach,
            Self::Retention(args) => &args.reach,
            Self::Task(args) => &args.reach,
            Self::Check(args) => &args.reach,
        };
        reach.screen().is_json()
    }

    /// Does what was asked; returns the exit status of what went well.
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        let done = match self {
            Self::Check(args) => return Ok(check::run(args).await),
            Self::Serve(args) => serve::run(args).await,
            Self::Cluster(args) => cluster::run(args).await,
            Self::Tenant(args) => tenant::run(args).await,
            Self::Storage(args) => storage::run(args).await,
            Self::Backup(args) => backup::run(args).await,
            Self::Strategy(args) => strategy::run(args).await,
            Self::LogBackup(args) => log_backup::run(args).await,
            Self::Compaction(args) => compaction::run(args).await,
            Self::Restore(args) => restore::run(args).await,
            Self::Retention(args) => retention::run(args).await,
            Self::Task(args) => task::run(args).await,
            Self::Admin(args) => admin::run(args).await,
            Self::Dump(args) => dump::run(args).await,
            Self::Load(args) => load::run(args).await,
            Self::Verify(args) => verify::run(args).await,
            Self::Keygen(args) => signing_key::keygen(&args),
            Self::Openapi => {
                print!("{}", api::document());
                Ok(())
            }
        };
        done.map(|()| ExitCode::SUCCESS)
    }
}
