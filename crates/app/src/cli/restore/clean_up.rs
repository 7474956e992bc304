//! `lifeboat restore clean-up`: removes the remains of a failed recovery, after a confirmation of its tenant, or of the
//! target cluster.

use std::io::{IsTerminal as _, Write as _};

use model::Problem;
use model::problem::codes;
use model::text::Text;
use serde_json::Value;

use crate::cli::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::follow;
use crate::language::words_of;
use crate::rows::{RestoreTaskRow, read_all};

/// The kind of task that recovers the tenants of a cluster.
const WHOLE: &str = "restore-cluster";

/// The kinds of task that recover into one tenant.
const KINDS: [&str; 3] = ["restore-tenant", "recover-tables", "restore-logical"];

/// The texts that ask for the name.
struct Texts {
    prompt: &'static str,
    other: &'static str,
}

const OF_TENANT: Texts = Texts { prompt: "cli-prompt-clean-up", other: "cli-clean-up-other-tenant" };
const OF_CLUSTER: Texts =
    Texts { prompt: "cli-prompt-clean-up-cluster", other: "cli-clean-up-other-cluster" };

pub(super) async fn run(reach: &Reach, task: i64, given: Option<&str>, wait: bool) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let stored = client.get(&format!("/tasks/instances/{task}"), &[]).await?;
    let is_whole = stored["taskDefinitionId"] == WHOLE;
    let name = match stored["cluster"]["name"].as_str().filter(|_| is_whole) {
        Some(cluster) => cluster.to_owned(),
        None => tenant_of(&client, task, &stored).await?,
    };
    let texts = if is_whole { &OF_CLUSTER } else { &OF_TENANT };
    confirm(given, task, &name, texts)?;
    let data = client.post(&format!("/tasks/instances/{task}/rollback"), None).await?;
    let said = Text::new("cli-recovery-cleaned-up").with("task", task);
    if !wait {
        screen.show(&data, |screen| screen.say(&said));
        return Ok(());
    }
    screen.say(&said);
    let ended = follow::to_rolled_back(&client, screen, task).await?;
    screen.show(&ended, |_| {});
    Ok(())
}

/// Returns the name of the tenant that a recovery creates; other tasks are an error.
async fn tenant_of(client: &Client, task: i64, stored: &Value) -> Result<String, Failure> {
    let kind = stored["taskDefinitionId"].as_str().unwrap_or_default();
    let cluster = stored["cluster"]["id"].as_i64().filter(|_| KINDS.contains(&kind));
    let Some(cluster) = cluster else {
        let problem = Problem::refused(codes::NOTHING_TO_CLEAN_UP, "cli-clean-up-no-recovery");
        let name = stored["name"].as_str().unwrap_or_default();
        return Err(problem.with("task", task).with("name", name).into());
    };
    let rows = client.list(&format!("/ob/clusters/{cluster}/backup/task/restoreTasks"), &[]).await?;
    let restores: Vec<RestoreTaskRow> = read_all(&rows)?;
    let found = restores.into_iter().find(|restore| restore.id == task);
    let missing = || Problem::not_found("task-unknown").with("task", task);
    Ok(found.ok_or_else(missing)?.restore_tenant_name)
}

/// Requires the name of the tenant or cluster, from the option or a prompt.
fn confirm(given: Option<&str>, task: i64, tenant: &str, texts: &Texts) -> Result<(), Failure> {
    let about = |problem: Problem| problem.with("task", task).with("tenant", tenant);
    let name = match given {
        Some(name) => name.to_owned(),
        None if std::io::stdin().is_terminal() => typed(task, tenant, texts)
            .map_err(|cause| Failure::from(about(Problem::invalid("cli-clean-up-unconfirmed")).raw(cause)))?,
        None => return Err(about(Problem::invalid("cli-clean-up-unconfirmed")).into()),
    };
    if name == tenant {
        return Ok(());
    }
    let problem = Problem::refused(codes::NOTHING_TO_CLEAN_UP, texts.other);
    Err(about(problem).with("name", name).into())
}

fn typed(task: i64, tenant: &str, texts: &Texts) -> std::io::Result<String> {
    let prompt = Text::new(texts.prompt).with("task", task).with("tenant", tenant);
    let mut out = std::io::stderr().lock();
    write!(out, "{} ", words_of(&prompt))?;
    out.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
