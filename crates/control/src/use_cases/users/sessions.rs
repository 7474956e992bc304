//! Browser sessions: a token identifies the user until log-off or a long idle time.

use std::time::Duration;

use metadata::sessions::Session;
use model::{Secret, Timestamp};

use crate::actor::{Actor, Means};
use crate::context::Attempt;
use crate::context::Control;
use crate::error::Error;
use crate::users::{authenticate, log_on_over};

/// How long a session lasts without being used.
pub const IDLE_MAX: Duration = Duration::from_secs(30 * 60);

/// The minimum interval between two recorded uses of a session: not every request has to write.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// The number of characters of a token: 32 random bytes in hexadecimal. Anything else is not a valid token.
const TOKEN_LENGTH: usize = 64;

/// A session that was started.
pub struct Begun {
    /// The user.
    pub actor: Actor,
    /// The token that identifies the session from now on. It is returned here and not stored.
    pub token: Secret,
}

/// Logs on with name and password.
///
/// # Errors
/// As [`authenticate`].
pub async fn begin(control: &Control, name: &str, password: &Secret, address: &str) -> Result<Begun, Error> {
    let known = authenticate(control, name, password, address).await?;
    let token = random_token();
    let actor = Actor { means: Means::Session(hash(&token)), ..known };
    let mut writer = control.metadata().begin().await?;
    let now = writer.now().await?;
    writer.session_sweep(before(now, IDLE_MAX)).await?;
    writer.session_insert(&hash(&token), actor.user).await?;
    Attempt::new(&actor, "log-on", format!("user/{}", actor.name)).done(&mut writer).await?;
    writer.commit().await?;
    Ok(Begun { actor, token: Secret::new(token) })
}

/// Returns the owner of a session token.
///
/// # Errors
/// When the session has ended: logged off, idle for too long, or started with an earlier password.
pub async fn resume(control: &Control, token: &Secret, address: &str) -> Result<Actor, Error> {
    if token.expose().len() != TOKEN_LENGTH {
        return Err(log_on_over().into());
    }
    let hash = hash(token.expose());
    let Some(session) = control.metadata().session_get(&hash).await? else {
        return Err(log_on_over().into());
    };
    match state(&session) {
        State::Over => return Err(log_on_over().into()),
        State::Noted => {}
        State::ToBeNoted => {
            let mut writer = control.metadata().begin().await?;
            writer.session_touch(&hash).await?;
            writer.commit().await?;
        }
    }
    Ok(Actor::of(session.user, address, Means::Session(hash))?)
}

/// Returns the owner of the session with that hash. This does not count as a use of the session.
pub(super) async fn of_hash(control: &Control, hash: &str, address: &str) -> Result<Actor, Error> {
    let session = control.metadata().session_get(hash).await?;
    let session = session.filter(|session| state(session) != State::Over).ok_or_else(log_on_over)?;
    Ok(Actor::of(session.user, address, Means::Session(hash.to_owned()))?)
}

/// Logs off. Succeeds also for a session that has ended.
///
/// # Errors
/// When the metadata database fails.
pub async fn end(control: &Control, token: &Secret) -> Result<(), Error> {
    let mut writer = control.metadata().begin().await?;
    writer.session_remove(&hash(token.expose())).await?;
    writer.commit().await?;
    control.context.log_on.ended();
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Over,
    /// Used recently, and recorded.
    Noted,
    ToBeNoted,
}

fn state(session: &Session) -> State {
    let idle = Duration::from_micros(session.now.since(session.used));
    if idle >= IDLE_MAX {
        State::Over
    } else if idle >= NOTED_EVERY {
        State::ToBeNoted
    } else {
        State::Noted
    }
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(time.as_micros()).unwrap_or(i64::MAX)))
}

/// Returns the hash of a token. A token has 256 random bits, so a fast hash protects it as well as a slow one.
pub(super) fn hash(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

/// Returns a new token: 32 random bytes in hexadecimal.
pub(super) fn random_token() -> String {
    hex(&rand::random::<[u8; TOKEN_LENGTH / 2]>())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use metadata::sessions::Session;
    use model::id::UserId;
    use model::user::{Role, User};
    use model::{Secret, Timestamp};

    use super::{IDLE_MAX, NOTED_EVERY, State, begin, end, resume, state};
    use crate::context::{Control, Settings};
    use crate::users::change_password;

    async fn control(directory: &std::path::Path) -> Control {
        let settings =
            Settings { admin_password: Some(Secret::new("first one")), ..Settings::new(directory) };
        Control::open(settings).await.expect("opens").control
    }

    #[test]
    fn thirty_idle_minutes_end_a_session_and_an_active_one_continues() {
        let created = Timestamp(0);
        let user = User {
            id: UserId(1),
            name: "eva".into(),
            role: Role::Admin,
            must_change_password: false,
            disabled: false,
            created,
        };
        let after = |idle: Duration| {
            let now = Timestamp(i64::try_from(idle.as_micros()).expect("small"));
            state(&Session { user: user.clone(), used: created, now })
        };
        assert_eq!(after(Duration::ZERO), State::Noted);
        assert_eq!(after(NOTED_EVERY), State::ToBeNoted);
        assert_eq!(after(IDLE_MAX - Duration::from_secs(1)), State::ToBeNoted);
        assert_eq!(after(IDLE_MAX), State::Over);
    }

    #[tokio::test]
    async fn a_token_is_known_until_log_off_and_no_other_is() {
        let directory = tempfile::tempdir().expect("a directory");
        let control = control(directory.path()).await;
        let begun = begin(&control, "admin", &Secret::new("first one"), "a").await.expect("logged on");
        let actor = resume(&control, &begun.token, "b").await.expect("known");
        assert_eq!((actor.name.as_str(), actor.address.as_str()), ("admin", "b"));
        for stranger in ["", "admin", &"0".repeat(64)] {
            let refusal = resume(&control, &Secret::new(stranger), "a").await.expect_err("a stranger");
            assert_eq!(refusal.problem().text.id, "session-over");
        }
        end(&control, &begun.token).await.expect("logged off");
        end(&control, &begun.token).await.expect("twice is no fault");
        resume(&control, &begun.token, "a").await.expect_err("logged off");
    }

    #[tokio::test]
    async fn another_password_ends_every_session() {
        let directory = tempfile::tempdir().expect("a directory");
        let control = control(directory.path()).await;
        let (old, new) = (Secret::new("first one"), Secret::new("second one"));
        let begun = begin(&control, "admin", &old, "a").await.expect("logged on");
        change_password(&control, &begun.actor, &old, &new).await.expect("changed");
        resume(&control, &begun.token, "a").await.expect_err("begun with the old password");
        let again = begin(&control, "admin", &new, "a").await.expect("logged on");
        resume(&control, &again.token, "a").await.expect("known");
    }
}
