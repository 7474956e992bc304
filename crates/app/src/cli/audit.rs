//! `lifeboat admin audit`.

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use super::names::short;
use super::reach::Reach;
use crate::failure::Failure;
use crate::rows::read_all;

#[derive(Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Show entries since this time, such as 2026-11-22T10:00:00+08:00
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show entries before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Show entries of this account only
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Show this action only, such as backup-now
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// Show entries whose object contains this text, such as cluster/prod
    #[arg(long, value_name = "TEXT")]
    object: Option<String>,
    /// The maximum number of entries, 1 to 2000
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: u32,
}

#[derive(Deserialize)]
struct AuditRow {
    time: String,
    user: String,
    address: String,
    action: String,
    object: String,
    outcome: String,
}

pub(crate) async fn run(args: AuditArgs) -> Result<(), Failure> {
    let AuditArgs { reach, since, until, by, action, object, limit } = args;
    let filters =
        [("startTime", since), ("endTime", until), ("user", by), ("action", action), ("object", object)];
    let mut query: Vec<(&str, String)> =
        filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    query.push(("size", limit.to_string()));
    let data = reach.client()?.get("/audit", &query).await?;
    let rows: &[Value] = data["contents"].as_array().map_or(&[], Vec::as_slice);
    let lines: Vec<AuditRow> = read_all(rows)?;
    reach.screen().show(&data["contents"], |screen| {
        let rows: Vec<Vec<String>> = lines
            .into_iter()
            .map(|line| {
                vec![short(&line.time), line.user, line.address, line.action, line.object, line.outcome]
            })
            .collect();
        screen.table(&["TIME", "USER", "ADDRESS", "ACTION", "OBJECT", "OUTCOME"], &rows);
    });
    Ok(())
}
