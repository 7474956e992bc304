//! Accounts and their roles. One active administrator always remains, so that accounts can be managed.

use metadata::{Transaction, passwords};
use model::id::UserId;
use model::user::{Permission, Role, User, check_name, check_password};
use model::{Problem, Secret};

use crate::actor::Actor;
use crate::context::Attempt;
use crate::context::Control;
use crate::error::Error;
use crate::page::{Page, PageAsk};

/// A new account. Its password is an initial one, which must be changed at the first log-on.
pub struct NewAccount {
    /// The name to log on with.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// The first password.
    pub password: Secret,
}

/// The changes of an account; `None` keeps a setting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Its role.
    pub role: Option<Role>,
    /// Whether log-on is disabled.
    pub disabled: Option<bool>,
}

/// Returns the accounts, by name.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
pub async fn list(control: &Control, actor: &Actor, page: PageAsk) -> Result<Page<User>, Error> {
    actor.must(Permission::ManageUsers)?;
    Ok(page.of(control.metadata().user_list().await?))
}

/// Returns an account.
///
/// # Errors
/// When the actor may not read it, or there is none.
pub async fn get(control: &Control, actor: &Actor, id: UserId) -> Result<User, Error> {
    actor.must(Permission::ManageUsers)?;
    Ok(control.metadata().user_get(id).await?.ok_or_else(|| unknown(id))?)
}

/// Creates an account.
///
/// # Errors
/// When the actor lacks the permission, the name is not valid or taken, or the password is not valid.
pub async fn create(control: &Control, actor: &Actor, new: NewAccount) -> Result<User, Error> {
    let NewAccount { name, role, password } = new;
    let attempt = Attempt::new(actor, "account-create", target(&name));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        check_name(&name)?;
        check_password(password.expose())?;
        let hash = passwords::hash(&password).await?;
        let mut writer = control.metadata().begin().await?;
        let user = writer.user_insert(&name, role, &hash, true).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(user)
    };
    attempt.watch(&control.context, work).await
}

/// Changes the role of an account, disables or enables it. Its sessions and tokens end immediately.
///
/// # Errors
/// When the actor lacks the permission, there is no such account, or no active administrator would be left.
pub async fn change(
    control: &Control,
    actor: &Actor,
    id: UserId,
    change: AccountChange,
) -> Result<User, Error> {
    let name = name_for_log(control, id).await?;
    let attempt = Attempt::new(actor, deed(change), target(&name));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        let mut writer = control.metadata().begin().await?;
        let before = writer.user_now(id).await?.ok_or_else(|| unknown(id))?;
        let role = change.role.filter(|role| *role != before.role);
        let disabled = change.disabled.filter(|disabled| *disabled != before.disabled);
        if let Some(role) = role {
            writer.user_set_role(id, role).await?;
        }
        if let Some(disabled) = disabled {
            writer.user_set_disabled(id, disabled).await?;
        }
        if role.is_some() || disabled.is_some() {
            writer.user_log_off(id).await?;
        }
        check_an_admin_is_left(&mut writer, &before).await?;
        let after = writer.user_now(id).await?.ok_or_else(|| unknown(id))?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.log_on.ended();
        Ok(after)
    };
    attempt.watch(&control.context, work).await
}

/// Sets the password of another account; it must be changed at the next log-on.
///
/// # Errors
/// When the actor lacks the permission, there is no such account, it is the actor's own, or the password is not valid.
pub async fn set_password(
    control: &Control,
    actor: &Actor,
    id: UserId,
    password: &Secret,
) -> Result<(), Error> {
    let name = name_for_log(control, id).await?;
    let attempt = Attempt::new(actor, "account-set-password", target(&name));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        control.metadata().user_get(id).await?.ok_or_else(|| unknown(id))?;
        if id == actor.user {
            return Err(Problem::conflict("account-own-password").into());
        }
        check_password(password.expose())?;
        let hash = passwords::hash(password).await?;
        let mut writer = control.metadata().begin().await?;
        writer.user_set_password(id, &hash, true).await?;
        writer.user_log_off(id).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.log_on.ended();
        Ok(())
    };
    attempt.watch(&control.context, work).await
}

/// Removes an account. Its actions stay in the audit log.
///
/// # Errors
/// When the actor lacks the permission, there is no such account, or no active administrator would be left.
pub async fn remove(control: &Control, actor: &Actor, id: UserId) -> Result<(), Error> {
    let name = name_for_log(control, id).await?;
    let attempt = Attempt::new(actor, "account-remove", target(&name));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        let mut writer = control.metadata().begin().await?;
        let before = writer.user_now(id).await?.ok_or_else(|| unknown(id))?;
        writer.user_remove(id).await?;
        check_an_admin_is_left(&mut writer, &before).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.log_on.ended();
        Ok(())
    };
    attempt.watch(&control.context, work).await
}

/// Fails if this transaction would leave no active administrator. Only one transaction writes at a time, so two
/// administrators can't disable each other at the same time.
async fn check_an_admin_is_left(writer: &mut Transaction, before: &User) -> Result<(), Error> {
    if writer.user_count_active(Role::Admin).await? == 0 {
        return Err(Problem::conflict("account-last-admin").with("user", &before.name).into());
    }
    Ok(())
}

/// The action of a change in the audit log.
fn deed(change: AccountChange) -> &'static str {
    match (change.role, change.disabled) {
        (None, Some(true)) => "account-disable",
        (None, Some(false)) => "account-enable",
        _ => "account-change",
    }
}

/// Returns the name of an account for the audit log, or the requested ID if there is no such account.
async fn name_for_log(control: &Control, id: UserId) -> Result<String, Error> {
    let known = control.metadata().user_get(id).await?;
    Ok(known.map_or_else(|| id.to_string(), |user| user.name))
}

fn target(name: &str) -> String {
    let name: String = name.chars().take(128).collect();
    format!("user/{name}")
}

fn unknown(id: UserId) -> Problem {
    Problem::not_found("account-unknown").with("user", id)
}
