//! The ALTER SYSTEM statements of 4.x as values, and their execution.

use super::cleanup::Policy;
use super::compaction::{Scope, Verb};
use super::recovery::Until;
use super::{
    archive, archive_copy, backup, cleanup, compaction, deletion, destination, recovery, restore, standby,
    table_recovery, validate_statement,
};
use crate::error::SqlError;
use crate::profile::Profile;
use crate::world::tenant::Role;
use crate::world::{Caller, Cluster, TenantId, Warning};

/// Tenants after `TENANT =`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Targets {
    Own,
    All,
    AllUser,
    AllMeta,
    Named(Vec<String>),
}

/// One setting of a SET statement; each names its own tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) targets: Targets,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Set(Vec<Item>),
    Archive {
        on: bool,
        targets: Targets,
    },
    Backup(backup::Request),
    CancelBackup {
        tenants: Option<Vec<String>>,
    },
    CancelDelete {
        tenants: Option<Vec<String>>,
    },
    AddPolicy(Policy),
    DropPolicy(Policy),
    Delete(deletion::Request),
    CopyArchive(archive_copy::Request),
    ChangeStorage(destination::Change),
    Validate(validate_statement::Request),
    CancelValidate {
        tenants: Option<Vec<String>>,
    },
    Compaction {
        verb: Verb,
        scope: Scope,
    },
    Restore(restore::Request),
    Preview {
        from: Option<String>,
        until: Option<Until>,
    },
    AddSource(Vec<String>),
    ClearSource,
    CancelRestore {
        tenant: String,
    },
    RecoverTables(table_recovery::Request),
    CancelRecoverTables {
        tenant: String,
    },
    Activate {
        tenant: Option<String>,
        only_verify: bool,
    },
    Recover {
        tenant: Option<String>,
        until: Option<Until>,
    },
    Switchover {
        to: Role,
        tenant: Option<String>,
        only_verify: bool,
    },
    Upgrade {
        kind: String,
        tenants: Vec<String>,
    },
    /// Accepted, without a simulated effect.
    Accepted,
    /// Parsed and refused, as in the kernel.
    Refused(&'static str),
}

/// The state of the connection that sends a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ties {
    /// `SET ENCRYPTION ON IDENTIFIED BY … ONLY`.
    pub(crate) encryption: Option<String>,
    /// `SET DECRYPTION IDENTIFIED BY …`.
    pub(crate) decryption: Vec<String>,
    /// `ADD RESTORE SOURCE`.
    pub(crate) sources: Vec<String>,
    /// The sources and target of `SHOW RESTORE PREVIEW`.
    pub(crate) preview: Option<(Vec<String>, Until)>,
    pub(crate) zone_s: i32,
}

/// The outcome of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done(Vec<Warning>),
    /// The statement waits until the tenant of this restore exists.
    AwaitRestore(u64),
}

/// Executes a command.
pub(crate) fn execute(
    cluster: &mut Cluster,
    caller: Caller,
    command: &Command,
    ties: &mut Ties,
) -> Result<Outcome, SqlError> {
    let done = |result: Result<(), SqlError>| result.map(|()| Outcome::Done(Vec::new()));
    match command {
        Command::Set(items) => done(set(cluster, caller, items)),
        Command::Archive { on, targets } => done(switch_archive(cluster, caller, *on, targets)),
        Command::Backup(request) => done(backup::start(cluster, caller, request, ties.encryption.as_deref())),
        Command::CancelBackup { tenants } => done(backup::cancel(cluster, caller, tenants.as_deref())),
        Command::CancelDelete { tenants } => done(cleanup::cancel(cluster, caller, tenants.as_deref())),
        Command::AddPolicy(policy) => done(cleanup::add_policy(cluster, caller, policy)),
        Command::DropPolicy(policy) => done(cleanup::drop_policy(cluster, caller, policy)),
        Command::Delete(request) => done(deletion::start(cluster, caller, request)),
        Command::CopyArchive(request) => done(archive_copy::start(cluster, caller, request)),
        Command::ChangeStorage(change) => done(destination::change(cluster, caller, change)),
        Command::Validate(request) => done(validate_statement::start(cluster, caller, request)),
        Command::CancelValidate { tenants } => {
            done(validate_statement::cancel(cluster, caller, tenants.as_deref()))
        }
        Command::Compaction { verb, scope } => {
            compaction::execute(cluster, caller, *verb, scope).map(Outcome::Done)
        }
        Command::Restore(request) => {
            restore::start(cluster, caller, request, &ties.sources, &ties.decryption, ties.zone_s)
                .map(Outcome::AwaitRestore)
        }
        Command::Preview { from, until } => done(set_preview(from.as_deref(), until.as_ref(), ties)),
        Command::AddSource(_) if !caller.is_sys() => Err(SqlError::plain(4007)),
        Command::AddSource(sources) => {
            ties.sources.extend(sources.iter().cloned());
            done(Ok(()))
        }
        Command::ClearSource => {
            ties.sources.clear();
            done(Ok(()))
        }
        Command::CancelRestore { tenant } => done(restore::cancel(cluster, caller, tenant)),
        Command::RecoverTables(_) | Command::CancelRecoverTables { .. }
            if !table_recovery::is_known(cluster.profile) =>
        {
            Err(SqlError::syntax("RECOVER TABLE"))
        }
        Command::RecoverTables(request) => {
            let (sources, passwords) = (&ties.sources, &ties.decryption);
            done(table_recovery::start(cluster, caller, request, sources, passwords, ties.zone_s))
        }
        Command::CancelRecoverTables { tenant } => done(table_recovery::cancel(cluster, caller, tenant)),
        Command::Activate { tenant, only_verify } => {
            done(standby::activate(cluster, caller, tenant.as_deref(), *only_verify))
        }
        Command::Recover { tenant, until } => {
            done(standby::recover(cluster, caller, tenant.as_deref(), until.as_ref(), ties.zone_s))
        }
        Command::Switchover { to, tenant, only_verify } => {
            done(standby::switch_over(cluster, caller, *to, tenant.as_deref(), *only_verify))
        }
        Command::Upgrade { kind, tenants } => done(standby::upgrade(cluster, caller, kind, tenants)),
        Command::Accepted => done(Ok(())),
        Command::Refused(text) => Err(SqlError::new(4007, *text)),
    }
}

/// The rows of `SHOW RESTORE PREVIEW`.
pub(crate) fn preview(cluster: &Cluster, ties: &Ties) -> Result<Vec<Vec<String>>, SqlError> {
    let Some((sources, until)) = &ties.preview else {
        return Err(SqlError::not_allowed("restore preview must have a scn or timestamp, otherwise"));
    };
    let plan =
        recovery::plan(&cluster.media, sources, until, &ties.decryption, cluster.profile, ties.zone_s)?;
    Ok(restore::preview(&plan, ties.zone_s))
}

fn set_preview(from: Option<&str>, until: Option<&Until>, ties: &mut Ties) -> Result<(), SqlError> {
    let Some(until) = until else {
        return Err(SqlError::not_allowed("restore preview must have a scn or timestamp, otherwise"));
    };
    let sources =
        from.map_or_else(|| ties.sources.clone(), |from| from.split(',').map(str::to_owned).collect());
    ties.preview = Some((sources, until.clone()));
    Ok(())
}

/// Returns the tenants of a statement; if none are named, the caller's own.
fn resolve(cluster: &Cluster, caller: Caller, targets: &Targets) -> Result<Vec<TenantId>, SqlError> {
    match targets {
        Targets::Own => Ok(vec![caller.tenant]),
        _ if !caller.is_sys() => Err(SqlError::access_denied("sys tenant")),
        Targets::All | Targets::AllUser => Ok(cluster.user_tenants()),
        Targets::AllMeta => Ok(cluster.user_tenants().into_iter().map(TenantId::meta).collect()),
        Targets::Named(names) => names.iter().map(|name| cluster.expect_tenant(name)).collect(),
    }
}

const BACKUP_ITEMS: [&str; 6] = [
    "backup_archive_dest",
    "log_archive_dest",
    "log_archive_dest_state",
    "data_backup_dest",
    "backup_key_dest",
    "log_restore_source",
];

fn set(cluster: &mut Cluster, caller: Caller, items: &[Item]) -> Result<(), SqlError> {
    let is_backup_item = |item: &&Item| BACKUP_ITEMS.contains(&item.name.to_lowercase().as_str());
    let count = items.iter().filter(is_backup_item).count();
    if count > 0 && count < items.len() {
        return Err(SqlError::not_supported(
            "backup configuration items cannot be set together with non data backup configuration items",
        ));
    }
    for Item { name, value, targets } in items {
        let lower = name.to_lowercase();
        for id in &resolve(cluster, caller, targets)? {
            match lower.as_str() {
                "log_archive_dest" => destination::set_archive(cluster, *id, value)?,
                "log_archive_dest_state" => destination::set_archive_state(cluster, *id, value)?,
                "backup_archive_dest" if cluster.profile >= Profile::V4_4_2 => {
                    archive_copy::set_destination(cluster, *id, value)?;
                }
                "data_backup_dest" => destination::set_data(cluster, *id, value)?,
                "archive_lag_target" => {
                    destination::check_lag_target(cluster, *id, value)?;
                    cluster.set_parameter(caller, &lower, value, Some(&[*id]))?;
                }
                "log_restore_source" => {
                    standby::check_source(cluster, *id, value)?;
                    cluster.four.of(*id).log_source = Some(value.clone()).filter(|value| !value.is_empty());
                }
                "backup_key_dest" => {}
                _ if *targets == Targets::Own => cluster.set_parameter(caller, &lower, value, None)?,
                _ => cluster.set_parameter(caller, &lower, value, Some(&[*id]))?,
            }
        }
    }
    Ok(())
}

fn switch_archive(
    cluster: &mut Cluster,
    caller: Caller,
    on: bool,
    targets: &Targets,
) -> Result<(), SqlError> {
    // Source: seekdb 2ab098bd (the line of 4.3.5), `ObArchiveLogResolver::resolve`: `all` is accepted and means all user
    // tenants.
    if matches!(targets, Targets::AllUser | Targets::AllMeta) {
        // The kernel's text names this statement for both ARCHIVELOG and NOARCHIVELOG.
        return Err(SqlError::not_supported("use all_user/all_meta in 'ALTER SYSTEM ARCHIVELOG' syntax is"));
    }
    let ids = match targets {
        Targets::Own => archive::default_tenants(cluster, caller),
        Targets::Named(names) if names.is_empty() => {
            return Err(SqlError::not_supported("No valid tenant name given"));
        }
        other => resolve(cluster, caller, other)?,
    };
    if ids.is_empty() || ids == [TenantId::SYS] {
        return Err(SqlError::not_supported("No valid tenant name given"));
    }
    let mut last_error = None;
    for id in &ids {
        let result = if on { archive::open(cluster, *id) } else { archive::close(cluster, *id) };
        last_error = result.err().or(last_error);
    }
    let is_single = ids.len() == 1 && matches!(targets, Targets::Named(_) | Targets::Own);
    // Newer kernels ignore the errors of ARCHIVELOG for a list of tenants.
    let swallowed = on && !is_single && cluster.profile >= Profile::V4_2_5;
    match last_error {
        Some(error) if !swallowed => Err(error),
        _ => Ok(()),
    }
}
