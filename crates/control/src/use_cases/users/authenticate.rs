//! Authentication: name and password against the stored account, with a wait after wrong passwords.

use std::time::Instant;

use metadata::users::Account;
use model::problem::{ProblemKind, codes};
use model::user::check_name;
use model::{Problem, Secret};

use crate::actor::{Actor, Means};
use crate::context::log_on::{self, Credential, Verdict};
use crate::context::{Attempt, Control};
use crate::error::Error;

/// The number of wrong passwords in a row, for one account from one address, before a wait starts.
pub const ATTEMPTS: u32 = log_on::ATTEMPTS;

/// Identifies the caller by name and password.
///
/// A wrong password is counted for the account from that address, and for the address; after [`ATTEMPTS`] of them,
/// each makes the next wait longer. Other users do not wait. A password that was verified from the same address
/// within the last five minutes is not verified again.
///
/// # Errors
/// When name or password is wrong, with the number of attempts left without a wait; when it is too early for the next
/// attempt; when the account is disabled; when too many others are logging on.
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

/// Reports that the session or token of a log-on has ended.
pub(super) fn log_on_over() -> Problem {
    Problem::new(ProblemKind::Unauthenticated, codes::UNAUTHENTICATED, "session-over")
}

/// The placeholder in the audit log for an attempted name that no account can have.
const NO_NAME: &str = "(not a valid name)";

/// Writes a refused log-on into the audit log, under the attempted name.
async fn refused(control: &Control, name: &str, address: &str, refusal: Problem) -> Error {
    // A name that no account can have may be anything, such as a password: it is not written.
    let name = if check_name(name).is_ok() { name } else { NO_NAME };
    let attempt = Attempt::of(name, address, "log-on", format!("user/{name}"));
    match attempt.watch(&control.context, async { Err::<(), Error>(refusal.into()) }).await {
        Err(error) => error,
        Ok(()) => unreachable!("the work ends with the refusal"),
    }
}
