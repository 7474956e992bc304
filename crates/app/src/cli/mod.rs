//! The command line: one file per noun.

mod account;
pub(crate) mod admin;
mod alarm;
mod audit;
pub(crate) mod backup;
mod channel;
pub(crate) mod check;
pub(crate) mod cluster;
pub(crate) mod compaction;
mod consent;
pub(crate) mod diagnose;
mod dump;
mod history;
mod interrupt;
mod left_out;
pub(crate) mod load;
mod local;
pub(crate) mod log_backup;
pub(crate) mod names;
mod own_key;
pub(crate) mod reach;
pub(crate) mod restore;
pub(crate) mod retention;
pub(crate) mod serve;
mod signing_key;
pub(crate) mod storage;
pub(crate) mod strategy;
mod strategy_apply;
mod strategy_settings;
mod strategy_show;
pub(crate) mod task;
mod tenant;
mod token;
pub(crate) mod verify;
mod wish;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Back up and recover OceanBase clusters.
#[derive(Parser)]
#[command(name = "lifeboat", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 success, 1 failure, 2 wrong usage, 3 refused by a rule, 4 partial success"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server: REST API, task workers, watchers
    Serve(serve::ServeArgs),
    /// Take over, show and remove clusters
    Cluster(cluster::ClusterArgs),
    /// List tenants and manage their logical backup accounts
    Tenant(tenant::TenantArgs),
    /// Manage storage configurations
    Storage(storage::StorageArgs),
    /// Start a backup now, and list backup sets
    Backup(backup::BackupArgs),
    /// Manage backup strategies, their schedules and their runs
    Strategy(strategy::StrategyArgs),
    /// Start, stop, pause and resume log backup, and show its status
    LogBackup(log_backup::LogBackupArgs),
    /// Start a major compaction, and show its status
    Compaction(compaction::CompactionArgs),
    /// Recover backups
    Restore(restore::RestoreArgs),
    /// Show which backup sets are kept, delete expired ones, and hold or release sets
    Retention(retention::RetentionArgs),
    /// Watch, retry, skip, cancel and roll back tasks
    Task(task::TaskArgs),
    /// Show, acknowledge and silence alarms
    Alarm(alarm::AlarmArgs),
    /// Manage the channels that receive notices of alarms, and show their outbox
    Channel(channel::ChannelArgs),
    /// Check that every object has a recent backup (for Nagios or Icinga)
    Check(check::CheckArgs),
    /// Manage accounts, API tokens and keys, and show the audit log
    Admin(admin::AdminArgs),
    /// Dump a database server to a storage, without a Lifeboat server
    Dump(dump::DumpArgs),
    /// Load a dump into a database server, without a Lifeboat server
    Load(load::LoadArgs),
    /// Verify a dump, and compare it with a database server
    Verify(verify::VerifyArgs),
    /// Create a signing key for dumps
    Keygen(signing_key::KeygenArgs),
    /// Print the OpenAPI description of the REST API
    #[command(hide = true)]
    Openapi,
}

impl Command {
    /// Returns whether programs read the errors.
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
            Self::Alarm(args) => &args.reach,
            Self::Channel(args) => &args.reach,
            Self::Check(args) => &args.reach,
        };
        reach.screen().is_json()
    }

    /// Runs the command; returns the exit status on success.
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
            Self::Alarm(args) => alarm::run(args).await,
            Self::Channel(args) => channel::run(args).await,
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
