//! `lifeboat admin history`.

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use super::reach::Reach;
use crate::failure::Failure;
use crate::rows::read_all;

#[derive(Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
}

#[derive(Deserialize)]
struct HistoryRow {
    part: String,
    rows: u64,
    days: Option<u32>,
}

pub(crate) async fn run(args: HistoryArgs) -> Result<(), Failure> {
    let data = args.reach.client()?.get("/history", &[]).await?;
    let rows: &[Value] = data["parts"].as_array().map_or(&[], Vec::as_slice);
    let parts: Vec<HistoryRow> = read_all(rows)?;
    args.reach.screen().show(&data["parts"], |screen| {
        let rows: Vec<Vec<String>> = parts
            .into_iter()
            .map(|part| {
                let days = part.days.map_or_else(|| "unlimited".to_owned(), |days| days.to_string());
                vec![part.part, part.rows.to_string(), days]
            })
            .collect();
        screen.table(&["PART", "ROWS", "KEPT DAYS"], &rows);
    });
    Ok(())
}
