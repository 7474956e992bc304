//! Log-on and changes of one's own password. Accounts, sessions and tokens have their own files.

pub mod accounts;
mod authenticate;
pub mod sessions;
pub mod tokens;

use std::path::Path;

use metadata::passwords;
use model::user::{ADMIN, Role, check_password};
use model::{Problem, Secret};
use tokio::sync::watch;

use crate::actor::{Actor, Means};
use crate::context::{Attempt, Control, open_metadata};
use crate::error::Error;
use crate::use_cases::first_start;
use authenticate::log_on_over;
pub use authenticate::{ATTEMPTS, authenticate};

/// Checks that a log-on is still valid: the session has not ended, the token is not revoked, the password has not
/// changed, and the account has the same role and is not disabled.
///
/// # Errors
/// When it is not, or the metadata database fails.
pub async fn check_still_logged_on(control: &Control, actor: &Actor) -> Result<(), Error> {
    let now = match &actor.means {
        Means::Program => return Ok(()),
        Means::Session(hash) => sessions::of_hash(control, hash, &actor.address).await?,
        Means::Token { hash, .. } => tokens::of_hash(control, hash, &actor.address).await?.0,
        Means::Password(stored) => {
            let account = control.metadata().user_account(&actor.name).await?;
            let account = account.filter(|account| account.password == *stored).ok_or_else(log_on_over)?;
            Actor::of(account.user, &actor.address, actor.means.clone())?
        }
    };
    if now == *actor { Ok(()) } else { Err(log_on_over().into()) }
}

/// Returns a count that rises whenever a log-on may have ended on this server.
pub fn log_ons_ended(control: &Control) -> watch::Receiver<u64> {
    control.context.log_on.ends()
}

/// Changes the actor's own password. It is the only allowed action while an initial one is set. All sessions and tokens
/// of the account end, including the one that the actor is using.
///
/// # Errors
/// When the old password is wrong, which counts as a failed log-on, or the new one is not valid or is the old one.
pub async fn change_password(
    control: &Control,
    actor: &Actor,
    old: &Secret,
    new: &Secret,
) -> Result<(), Error> {
    let attempt = Attempt::new(actor, "change-password", format!("user/{}", actor.name));
    let work = async {
        let known = authenticate(control, &actor.name, old, &actor.address).await?;
        check_password(new.expose())?;
        if old == new {
            return Err(Problem::invalid("password-unchanged").into());
        }
        let hash = passwords::hash(new).await?;
        let mut writer = control.metadata().begin().await?;
        writer.user_set_password(known.user, &hash, false).await?;
        writer.user_log_off(known.user).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.log_on.ended();
        if known.name == ADMIN {
            first_start::forget_password(&control.context.data_dir).await;
        }
        Ok(())
    };
    attempt.watch(&control.context, work).await
}

/// Resets the password of the administrator while the server is stopped. The account becomes an active administrator
/// again, whatever its state was, so that log-on is always possible again.
///
/// # Errors
/// When a server uses the data directory, or the password is not valid.
pub async fn reset_admin_password(
    data_dir: &Path,
    server: Option<&metadata::Server>,
    new: &Secret,
) -> Result<(), Error> {
    check_password(new.expose())?;
    let metadata = open_metadata(data_dir, server).await?;
    let hash = passwords::hash(new).await?;
    let account = metadata.user_account(ADMIN).await?;
    let mut writer = metadata.begin().await?;
    match account {
        Some(account) => {
            let id = account.user.id;
            writer.user_set_password(id, &hash, false).await?;
            writer.user_set_disabled(id, false).await?;
            if account.user.role != Role::Admin {
                writer.user_set_role(id, Role::Admin).await?;
            }
            writer.user_log_off(id).await?;
        }
        None => drop(writer.user_insert(ADMIN, Role::Admin, &hash, false).await?),
    }
    Attempt::of(ADMIN, "offline", "reset-password", format!("user/{ADMIN}")).done(&mut writer).await?;
    writer.commit().await?;
    metadata.close().await;
    first_start::forget_password(data_dir).await;
    Ok(())
}
