//! Personal API tokens: programs log on with them in a user's name, without a password.

use std::time::Duration;

use metadata::tokens::Holder;
use model::id::TokenId;
use model::problem::{ProblemKind, codes};
use model::user::{Permission, Token, check_token_name};
use model::{Problem, Secret, Timestamp};

use super::sessions::{hash, random_token};
use crate::actor::{Actor, Means};
use crate::context::Attempt;
use crate::context::Control;
use crate::error::Error;

/// The prefix of every token, so that people and code scanners recognize one.
pub const PREFIX: &str = "lifeboat_";

/// The maximum number of days that an expiring token is valid.
pub const DAYS_MAX: u32 = 3650;

/// The maximum number of tokens of one account.
pub const TOKENS_MAX: usize = 100;

/// The minimum interval between two recorded uses of a token.
const NOTED_EVERY: Duration = Duration::from_secs(60);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A created token.
pub struct Created {
    /// The stored data about the token.
    pub token: Token,
    /// The token itself. It is returned here and not stored.
    pub secret: Secret,
}

/// Creates a token of the actor's own account, valid for this many days, or until it is revoked. A token that was
/// created with another token ends with it: it expires no later, and is revoked with it.
///
/// # Errors
/// When the name is not valid or taken, the days are out of range, or there are too many tokens.
pub async fn create(
    control: &Control,
    actor: &Actor,
    name: &str,
    days: Option<u32>,
) -> Result<Created, Error> {
    let attempt = Attempt::new(actor, "token-create", format!("user/{}", actor.name));
    let work = async {
        actor.must(Permission::Read)?;
        check_token_name(name)?;
        if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            return Err(Problem::invalid("token-days-out-of-range").with("most", DAYS_MAX).into());
        }
        if control.metadata().token_list(actor.user).await?.len() >= TOKENS_MAX {
            return Err(Problem::conflict("token-too-many").with("most", TOKENS_MAX).into());
        }
        let secret = format!("{PREFIX}{}", random_token());
        let mut writer = control.metadata().begin().await?;
        let now = writer.now().await?;
        let wish = days.map(|days| after(now, DAY * days));
        let (parent, expires) = match actor.means {
            Means::Token { id, expires, .. } => (Some(id), wish.into_iter().chain(expires).min()),
            _ => (None, wish),
        };
        let token = writer.token_insert(actor.user, name.trim(), &hash(&secret), expires).await?;
        if let Some(parent) = parent {
            writer.token_set_parent(token.id, parent).await?;
        }
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(Created { token, secret: Secret::new(secret) })
    };
    attempt.watch(&control.context, work).await
}

/// Returns the tokens of the actor's own account, by name.
///
/// # Errors
/// When an initial password was not changed yet, or the metadata database fails.
pub async fn list(control: &Control, actor: &Actor) -> Result<Vec<Token>, Error> {
    actor.must(Permission::Read)?;
    Ok(control.metadata().token_list(actor.user).await?)
}

/// Revokes a token of the actor's own account, and the tokens that were created with it.
///
/// # Errors
/// When the account has no such token.
pub async fn revoke(control: &Control, actor: &Actor, id: TokenId) -> Result<(), Error> {
    let attempt = Attempt::new(actor, "token-revoke", format!("user/{}", actor.name));
    let work = async {
        actor.must(Permission::Read)?;
        let mut writer = control.metadata().begin().await?;
        writer.token_remove(actor.user, id).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.log_on.ended();
        Ok(())
    };
    attempt.watch(&control.context, work).await
}

/// Returns the owner of a token.
///
/// # Errors
/// When there is no such token, it has expired, or its account is disabled.
pub async fn resume(control: &Control, token: &Secret, address: &str) -> Result<Actor, Error> {
    let (actor, holder) = of_hash(control, &hash(token.expose()), address).await?;
    let noted = holder.token.used.is_some_and(|used| idle(&holder, used) < NOTED_EVERY);
    if !noted {
        let mut writer = control.metadata().begin().await?;
        writer.token_touch(holder.token.id).await?;
        writer.commit().await?;
    }
    Ok(actor)
}

/// Returns the owner of the token with that hash. This does not count as a use.
pub(super) async fn of_hash(control: &Control, hash: &str, address: &str) -> Result<(Actor, Holder), Error> {
    let refused = |id| Problem::new(ProblemKind::Unauthenticated, codes::UNAUTHENTICATED, id);
    let holder = control.metadata().token_get(hash).await?.ok_or_else(|| refused("token-unknown"))?;
    if is_over(&holder) {
        return Err(refused("token-expired").with("token", &holder.token.name).into());
    }
    let Token { id, expires, .. } = holder.token;
    let means = Means::Token { id, hash: hash.to_owned(), expires };
    Ok((Actor::of(holder.user.clone(), address, means)?, holder))
}

fn is_over(holder: &Holder) -> bool {
    holder.token.expires.is_some_and(|expires| holder.now >= expires)
}

fn idle(holder: &Holder, used: Timestamp) -> Duration {
    Duration::from_micros(holder.now.since(used))
}

fn after(now: Timestamp, time: Duration) -> Timestamp {
    Timestamp(now.0.saturating_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use metadata::tokens::Holder;
    use model::Timestamp;
    use model::id::{TokenId, UserId};
    use model::user::{Role, Token, User};

    use super::{DAY, after, is_over};

    #[test]
    fn a_token_ends_on_its_day_and_one_without_an_end_never() {
        let created = Timestamp(0);
        let user = User {
            id: UserId(1),
            name: "eva".into(),
            role: Role::Admin,
            must_change_password: false,
            disabled: false,
            created,
        };
        let over = |expires, now| {
            let token = Token { id: TokenId(1), name: "ci".into(), created, expires, used: None };
            is_over(&Holder { user: user.clone(), token, now })
        };
        let end = after(created, DAY);
        assert!(!over(Some(end), Timestamp(end.0 - 1)));
        assert!(over(Some(end), end));
        assert!(!over(None, Timestamp(i64::MAX)));
    }
}
