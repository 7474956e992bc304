//! N connections that process a list of jobs, and leave no statement running when they stop.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use model::cluster::Address;
use oceanbase::Session;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::error::{Error, Result};
use crate::source::Source;

/// How long stopping may take on the server's side.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// The action for each job.
pub(crate) trait Work: Send + Sync + 'static {
    /// One job.
    type Job: Send + 'static;

    /// Opens a connection for the jobs.
    fn open(&self, source: &Source) -> impl Future<Output = Result<Session>> + Send {
        source.open()
    }

    /// Ends a connection that worked through the jobs.
    fn close(&self, session: Session) -> impl Future<Output = ()> + Send {
        session.close()
    }

    /// Readies a connection for the jobs.
    fn prepare(&self, session: &mut Session) -> impl Future<Output = Result<()>> + Send;

    /// Does one job.
    fn work(&self, session: &mut Session, job: Self::Job) -> impl Future<Output = Result<()>> + Send;
}

/// Processes the jobs on this many connections. The first failure, or the token, stops all.
///
/// If the future is dropped early, the connections are closed, and the server ends their statements when it notices.
pub(crate) async fn run<W: Work>(
    source: &Source,
    connections: usize,
    jobs: Vec<W::Job>,
    work: W,
    cancel: &CancellationToken,
) -> Result<()> {
    let connections = connections.clamp(1, jobs.len().max(1));
    let shared = Arc::new(Shared {
        jobs: Mutex::new(VecDeque::from(jobs)),
        busy: Mutex::new(Vec::new()),
        source: source.clone(),
        work,
    });
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        workers.spawn(Arc::clone(&shared).worker().in_current_span());
    }
    let outcome = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::Cancelled),
        outcome = all(&mut workers) => outcome,
    };
    if outcome.is_err() {
        workers.shutdown().await; // closes each connection immediately
        shared.kill_statements().await;
    }
    outcome
}

async fn all(workers: &mut JoinSet<Result<()>>) -> Result<()> {
    while let Some(ended) = workers.join_next().await {
        match ended {
            Ok(outcome) => outcome?,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return Err(Error::Cancelled),
        }
    }
    Ok(())
}

struct Shared<W: Work> {
    jobs: Mutex<VecDeque<W::Job>>,
    /// Connections on which a statement may run.
    busy: Mutex<Vec<(Address, u32)>>,
    source: Source,
    work: W,
}

impl<W: Work> Shared<W> {
    async fn worker(self: Arc<Self>) -> Result<()> {
        if self.jobs.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return Ok(());
        }
        let mut session = self.work.open(&self.source).await?;
        let this = (session.address().clone(), session.connection_id());
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).push(this.clone());
        self.work.prepare(&mut session).await?;
        while let Some(job) = self.next_job() {
            self.work.work(&mut session, job).await?;
        }
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| *other != this);
        self.work.close(session).await;
        Ok(())
    }

    fn next_job(&self) -> Option<W::Job> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Ends the statements of the closed connections: a server notices a closed connection only when it next writes.
    async fn kill_statements(&self) {
        let busy = std::mem::take(&mut *self.busy.lock().unwrap_or_else(PoisonError::into_inner));
        // All at once: one that takes long to end must not keep the others running.
        let kills = join_all(busy.iter().map(async |(address, id)| {
            if let Err(error) = oceanbase::kill_query(&self.source.endpoint, address, *id).await {
                tracing::warn!(%address, id, %error, "a statement may still be running");
            }
        }));
        if tokio::time::timeout(KILL_LIMIT, kills).await.is_err() {
            tracing::warn!("statements may still be running: the server does not answer");
        }
    }
}
