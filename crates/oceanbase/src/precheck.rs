//! The check before a cluster is taken over: one line per check, with what is missing and how to fix it.
//!
//! It only reads. After a failed check, the later ones are skipped; after a warning, they run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::cluster::ClusterFacts;
use model::problem::Problem;
use model::tenant::Tenant;

use crate::connect::Endpoint;
use crate::driver::Driver;
use crate::error::Error;
use crate::grants::Grants;
use crate::statement::Witness;

mod foreign;
mod privileges;
pub mod tenant;

/// The IDs of the checks in the texts, in their order.
pub mod checks {
    /// Something accepts connections.
    pub const CONNECT: &str = "takeover-connect";
    /// The user may log on.
    pub const LOG_ON: &str = "takeover-log-on";
    /// The server is an OceanBase version with backup.
    pub const VERSION: &str = "takeover-version";
    /// The user has the privileges.
    pub const PRIVILEGES: &str = "takeover-privileges";
    /// Servers and tenants can be read.
    pub const READ: &str = "takeover-read";
    /// No destinations are set.
    pub const DESTINATIONS: &str = "takeover-destinations";
    /// The cluster has no delete policies of its own.
    pub const POLICIES: &str = "takeover-policies";
    /// No backup is running.
    pub const JOBS: &str = "takeover-jobs";

    /// The checks of every generation.
    pub(super) const ALWAYS: [&str; 5] = [CONNECT, LOG_ON, VERSION, PRIVILEGES, READ];
}

/// One line of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What was checked, see [`checks`].
    pub check: &'static str,
    /// The result.
    pub verdict: Verdict,
    /// How long it took; `None` if the check was part of another step.
    pub latency: Option<Duration>,
    /// What is wrong, or why it was not checked.
    pub problem: Option<Problem>,
}

impl Line {
    fn found(check: &'static str, latency: Option<Duration>, finding: Finding) -> Self {
        let (verdict, problem) = match finding {
            Finding::Well => (Verdict::Passed, None),
            Finding::Warning(problem) => (Verdict::Warned, Some(problem)),
            Finding::Obstacle(problem) => (Verdict::Failed, Some(problem)),
        };
        Self { check, verdict, latency, problem }
    }

    fn unchecked(check: &'static str) -> Self {
        let problem = Some(Problem::outside("takeover-not-checked"));
        Self { check, verdict: Verdict::NotChecked, latency: None, problem }
    }
}

/// The result of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The check passed.
    Passed,
    /// It does not prevent the takeover, but the operator should know.
    Warned,
    /// The cluster cannot be taken over in this state.
    Failed,
    /// An earlier check failed.
    NotChecked,
}

/// The results of all checks.
#[derive(Debug)]
pub struct Precheck {
    /// The lines, in the order of [`checks`].
    pub lines: Vec<Line>,
    /// The cluster's facts and its tenants, if the checks got that far.
    pub cluster: Option<(ClusterFacts, Vec<Tenant>)>,
}

impl Precheck {
    /// Returns whether the cluster can be taken over.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.lines.iter().all(|line| matches!(line.verdict, Verdict::Passed | Verdict::Warned))
    }

    /// Returns the first problem that prevents the takeover.
    #[must_use]
    pub fn obstacle(&self) -> Option<&Problem> {
        self.lines.iter().find(|line| line.verdict == Verdict::Failed)?.problem.as_ref()
    }

    fn add(&mut self, check: &'static str, latency: Option<Duration>, finding: Finding) {
        self.lines.push(Line::found(check, latency, finding));
    }

    /// Adds the checks that were not reached.
    fn close(mut self) -> Self {
        for check in checks::ALWAYS {
            if !self.lines.iter().any(|line| line.check == check) {
                self.lines.push(Line::unchecked(check));
            }
        }
        self
    }
}

/// The finding of one check.
enum Finding {
    Well,
    Warning(Problem),
    Obstacle(Problem),
}

impl From<&Error> for Finding {
    fn from(error: &Error) -> Self {
        Self::Obstacle(error.problem())
    }
}

/// Checks whether the cluster at that endpoint can be taken over.
pub async fn precheck(endpoint: &Endpoint, witness: Arc<dyn Witness>) -> Precheck {
    let mut found = Precheck { lines: Vec::new(), cluster: None };
    if let Some(mut driver) = reach(endpoint, witness, &mut found).await
        && may(&mut driver, endpoint, &mut found).await
        && read(&mut driver, &mut found).await
    {
        look_around(&mut driver, &mut found).await;
    }
    found.close()
}

/// Connects, logs on and determines the version: one step for the driver, three lines for the user.
async fn reach(endpoint: &Endpoint, witness: Arc<dyn Witness>, found: &mut Precheck) -> Option<Driver> {
    let begun = Instant::now();
    let opened = match Driver::open(endpoint, witness).await {
        Ok(driver) => match privileges::wrong_tenant(&endpoint.user, driver.generation()) {
            Some(problem) => Err((checks::LOG_ON, problem)),
            None => Ok(driver),
        },
        Err(error) => Err((stumbling_line(&error), error.problem())),
    };
    let latency = begun.elapsed();
    for check in [checks::CONNECT, checks::LOG_ON, checks::VERSION] {
        match &opened {
            Err((at, problem)) if *at == check => {
                found.add(check, Some(latency), Finding::Obstacle(problem.clone()));
                return None;
            }
            _ => found.add(check, (check == checks::LOG_ON).then_some(latency), Finding::Well),
        }
    }
    opened.ok()
}

/// Returns the check at which a log-on failed.
fn stumbling_line(error: &Error) -> &'static str {
    match error {
        Error::UnknownHost { .. }
        | Error::AddressRefused { .. }
        | Error::Unreachable { .. }
        | Error::Silent { .. }
        | Error::NotMysql { .. }
        | Error::NoneAnswered { .. } => checks::CONNECT,
        Error::UnknownServer { .. } | Error::NotSupported { .. } => checks::VERSION,
        _ => checks::LOG_ON,
    }
}

/// Checks the user's privileges.
async fn may(driver: &mut Driver, endpoint: &Endpoint, found: &mut Precheck) -> bool {
    let begun = Instant::now();
    let generation = driver.generation();
    let finding = match Grants::read(driver.session()).await {
        Ok(grants) => privileges::judge(&grants, &endpoint.user, generation),
        Err(error) => Finding::from(&error),
    };
    let allowed = !matches!(finding, Finding::Obstacle(_));
    found.add(checks::PRIVILEGES, Some(begun.elapsed()), finding);
    allowed
}

/// Reads the cluster's facts and tenants.
async fn read(driver: &mut Driver, found: &mut Precheck) -> bool {
    let begun = Instant::now();
    let read = async { Ok::<_, Error>((driver.probe().await?, driver.tenants().await?)) }.await;
    let (finding, cluster) = match read {
        Ok(cluster) => (Finding::Well, Some(cluster)),
        Err(error) => (Finding::from(&error), None),
    };
    found.add(checks::READ, Some(begun.elapsed()), finding);
    found.cluster = cluster;
    found.cluster.is_some()
}

/// Looks for other tools that back up the cluster.
async fn look_around(driver: &mut Driver, found: &mut Precheck) {
    let generation = driver.generation();
    for (check, text, question) in foreign::QUESTIONS {
        let begun = Instant::now();
        let finding = match foreign::ask(driver.session(), generation, question).await {
            Ok(None) => continue, // this generation does not have it
            Ok(Some(names)) if names.is_empty() => Finding::Well,
            Ok(Some(names)) => Finding::Warning(Problem::conflict(text).with("found", names.join(", "))),
            Err(error) => Finding::from(&error),
        };
        found.add(check, Some(begun.elapsed()), finding);
    }
}
