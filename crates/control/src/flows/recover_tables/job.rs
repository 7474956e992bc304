//! 3. A view shows our job. The intention is saved before the statement is sent.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note};
use model::Problem;
use model::physical::sent::{Sending, Sent};
use model::physical::table_recovery::{TableStart, next_start};
use model::problem::codes;
use model::time::Timestamp;
use oceanbase::Driver;
use oceanbase::physical::NewTables;

use super::state::{Here, State};
use crate::error::Error;
use crate::flows::recovery_source::{driver, leaves_open, written};
use crate::words;

/// The interval between two polls for the job.
const LOOK: Duration = Duration::from_secs(5);

pub(super) async fn start_table_recovery(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    begin(at, state, &mut driver).await
}

/// Starts our job, unless it exists.
pub(super) async fn begin(at: &Here, state: &mut State, driver: &mut Driver) -> Answer {
    let jobs = driver.table_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let now = driver.database_now().await.map_err(Error::from)?;
    match next_start(&jobs, &state.description(at), state.sent, at.context().run, now) {
        TableStart::Found(job) => {
            let id = if state.sent.is_some_and(|sent| sent.is_open) {
                "table-job-started"
            } else {
                "table-job-found"
            };
            at.log(Note::new(id).arg("job", job.id).arg("tenant", &state.tenant_name));
            state.remember(job);
            Ok(Next::Done)
        }
        TableStart::Foreign(job) => {
            let problem = Problem::refused(codes::RECOVERY_RUNS_ALREADY, "table-recovery-job-foreign");
            Err(words::refused(problem.with("tenant", &state.tenant_name).with("job", job)))
        }
        TableStart::Not(Sending::Look) => Ok(Next::again(LOOK)),
        TableStart::Not(Sending::Save) => {
            state.sent = Some(Sent::intended(now, at.context().run));
            Ok(Next::again(Duration::ZERO)) // saved before anything is sent
        }
        TableStart::Not(Sending::Send) => send(at, state, driver).await,
    }
}

/// Sends the statement. Whatever the answer is, the views then show whether there is a job.
async fn send(at: &Here, state: &mut State, driver: &mut Driver) -> Answer {
    let context = at.context();
    let passwords = state.origin.open_passwords(context)?;
    if !passwords.is_empty() {
        // The passwords apply to this connection only.
        let statement = driver.verbs().set_restore_passwords(&passwords);
        driver.act(&statement).await.map_err(Error::from)?;
    }
    let from = written(context, &state.origin.places, driver.server()).await?;
    let statement = driver.verbs().recover_tables(&NewTables {
        objects: &state.objects,
        tenant: &state.tenant_name,
        from: &from,
        scn: state.origin.scn,
        pools: &state.pools,
        tag: &state.description(at),
    });
    state.check_name(driver).await?;
    at.may_act(statement.timeout).await?;
    let answer = tokio::select! {
        biased;
        answer = driver.act(&statement) => Some(answer),
        () = at.cancelled().cancelled() => None,
    };
    match answer {
        Some(Ok(())) => state.sent = state.sent.map(Sent::opened),
        Some(Err(error)) if leaves_open(&error) => {
            at.log(Note::new("table-answer-lost"));
            state.sent = state.sent.map(Sent::opened);
            if let Some(now) = now_again(at, state).await {
                state.sent = Some(Sent::intended(now, at.context().run).opened());
            }
        }
        Some(Err(error)) => {
            state.sent = None; // a refusal proves that no job will come
            return Err(Error::from(error).into());
        }
        // The next body must not take this for a statement that was never sent.
        None => {
            state.sent = state.sent.map(Sent::opened);
            return Ok(Next::again(LOOK));
        }
    }
    Ok(Next::again(Duration::ZERO))
}

/// Returns the database's time over a new connection, if it answers: the one of the lost answer may be gone.
async fn now_again(at: &Here, state: &State) -> Option<Timestamp> {
    let mut driver = driver(at, state.origin.cluster).await.ok()?;
    driver.database_now().await.ok()
}
