//! Log-on and one's own password. Accounts, sessions and tokens have files of their own.

pub mod accounts;
pub mod sessions;
pub mod tokens;

use std::path::Path;
use std::time::Instant;

use metadata::passwords;
use metadata::users::Account;
use model::problem::{ProblemKind, codes};
use model::user::{ADMIN, Role, check_name, check_password};
use model::{Problem, Secret};
use tokio::sync::watch;

use crate::actor::{Actor, Means};
use crate::context::log_on::{self, Credential, Verdict};
use crate::context::{Attempt, Control, open_metadata};
use crate::error::Error;
use crate::use_cases::first_start;

/// Wrong passwords in a row, of one account from one address, before there is a wait.
pub const ATTEMPTS: u32 = log_on::ATTEMPTS;

/// Finds out who asks.
///
/// A wrong password is counted against the account from that address, and against the address; after [`ATTEMPTS`] of them
/// each makes the next wait longer. Nobody else waits for it. A password that was verified from the same address within
/// five minutes is taken as it is.
///
/// # Errors
/// When name and password do not fit, saying how many attempts are free; when it is too early for the next; when the account
/// is disabled; when too many others are logging on.
pub async fn authenticate(
    control: &Control,
    name: &str,
    password: &Secret,
    address: &str,
) -> Result<Actor, Error> {
    let log_on = &control.context.log_on;
    if let Some(left) = log_on.wait(name, address, Instant::now()) {
        let seconds = left.as_secs() + 1;
        return Err(Problem::new(ProblemKind::LockedOut, codes::LOCKED_OUT, "log-on-locked")
            .with("seconds", seconds)
            .into());
    }
    let account = control.metadata().user_account(name).await?;
    let stored = account.as_ref().map(|account| &account.password);
    let credential = Credential { account: name, password: password.expose(), address };
    match log_on.verify(&credential, stored, password).await {
        Verdict::Right => {}
        Verdict::Busy => {
            return Err(Problem::new(ProblemKind::LockedOut, codes::LOCKED_OUT, "log-on-busy").into());
        }
        Verdict::Wrong { attempts_left } => {
            let refusal = Problem::new(ProblemKind::Unauthenticated, codes::UNAUTHENTICATED, "log-on-wrong")
                .with("attempts", attempts_left);
            return Err(refused(control, name, address, refusal).await);
        }
    }
    let Account { user, password } = account.expect("a password without an account is wrong");
    match Actor::of(user, address, Means::Password(password)) {
        Ok(actor) => Ok(actor),
        Err(refusal) => Err(refused(control, name, address, refusal).await),
    }
}

/// Checks that what somebody logged on by is still good: that the session was not ended, the token not revoked, the
/// password not changed, and the account has the same role and is not disabled.
///
/// # Errors
/// When it is not, or the metadata fail.
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

fn log_on_over() -> Problem {
    Problem::new(ProblemKind::Unauthenticated, codes::UNAUTHENTICATED, "session-over")
}

/// What the audit log calls a name that was tried and that no account can have.
const NO_NAME: &str = "(not a valid name)";

/// Writes a refused log-on into the audit log, under the name that was tried.
async fn refused(control: &Control, name: &str, address: &str, refusal: Problem) -> Error {
    // What cannot be the name of an account may be anything, and is not repeated.
    let name = if check_name(name).is_ok() { name } else { NO_NAME };
    let attempt = Attempt::of(name, address, "log-on", format!("user/{name}"));
    match attempt.watch(&control.context, async { Err::<(), Error>(refusal.into()) }).await {
        Err(error) => error,
        Ok(()) => unreachable!("the work ends with the refusal"),
    }
}

/// Changes the actor's own password. It is the only thing that can be done while a given one stands. Whatever else the
/// account was logged on by ends: sessions, and tokens.
///
/// # Errors
/// When the old password is wrong, which counts as a wrong log-on, or the new one is no good.
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

/// Gives the administrator another password, with the server stopped. The account is an active administrator's again,
/// whatever was made of it: this is the way back in.
///
/// # Errors
/// When a server uses the data directory, or the password is no good.
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
