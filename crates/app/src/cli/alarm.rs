//! `lifeboat alarm`.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand, ValueEnum};
use model::Timestamp;
use model::text::Text;
use serde_json::{Value, json};

use super::names::{cluster, short, short_or_none};
use super::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{AlarmRow, read, read_all};
use crate::screen::Screen;

#[derive(Args)]
pub(crate) struct AlarmArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List current alarms, the most severe first
    List {
        /// List recovered alarms instead, the last first
        #[arg(long)]
        history: bool,
        /// Show alarms of this cluster only
        #[arg(long, value_name = "NAME")]
        cluster: Option<String>,
        /// Show this level only: 1 is Stopped, 2 is Critical
        #[arg(long, value_name = "NUMBER")]
        level: Option<u8>,
        /// Show alarms in this state only
        #[arg(long, value_name = "STATE", conflicts_with = "history")]
        state: Option<State>,
    },
    /// Show an alarm, its cause and its fix
    Show {
        /// The number of the alarm
        alarm: i64,
    },
    /// Acknowledge an alarm: you take care of it
    Ack {
        /// The number of the alarm
        alarm: i64,
        /// What is done about it
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        comment: String,
    },
    /// Silence an alarm for some time, also if it returns
    Silence {
        /// The number of the alarm
        alarm: i64,
        /// Why it is silenced
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// When the silence ends, such as 2027-01-31T00:00:00+08:00
        #[arg(long, value_name = "TIME", required_unless_present = "hours")]
        until: Option<String>,
        /// For how many hours it is silenced
        #[arg(long, value_name = "NUMBER", conflicts_with = "until")]
        hours: Option<u16>,
    },
    /// End the silence of an alarm
    Unsilence {
        /// The number of the alarm
        alarm: i64,
    },
}

/// The state of a current alarm.
#[derive(Clone, Copy, ValueEnum)]
enum State {
    New,
    Acknowledged,
    Silenced,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Silenced => "SILENCED",
        }
    }
}

pub(crate) async fn run(args: AlarmArgs) -> Result<(), Failure> {
    let AlarmArgs { reach, verb } = args;
    let (client, screen) = (reach.client()?, reach.screen());
    match verb {
        Verb::List { history, cluster, level, state } => {
            let query = query(&client, history, cluster, level, state).await?;
            list(&client, screen, &query, history).await
        }
        Verb::Show { alarm } => {
            let data = client.get(&format!("/alarm/alarms/{alarm}"), &[]).await?;
            let row: AlarmRow = read(&data)?;
            screen.show(&data, |screen| show(screen, &row));
            Ok(())
        }
        Verb::Ack { alarm, comment } => {
            let path = format!("/alarm/alarms/{alarm}/acknowledge");
            let data = client.post(&path, Some(&json!({ "comment": comment }))).await?;
            screen
                .show(&data, |screen| screen.say(&Text::new("cli-alarm-acknowledged").with("alarm", alarm)));
            Ok(())
        }
        Verb::Silence { alarm, reason, until, hours } => {
            let until = until.unwrap_or_else(|| after(hours.unwrap_or_default()));
            let body = json!({ "reason": reason, "endTime": until });
            let data = client.put(&format!("/alarm/alarms/{alarm}/silence"), &body).await?;
            let row: AlarmRow = read(&data)?;
            let until = row.silenced.map_or(until, |silenced| silenced.end_time);
            let text = Text::new("cli-alarm-silenced").with("alarm", alarm).with("until", short(&until));
            screen.show(&data, |screen| screen.say(&text));
            Ok(())
        }
        Verb::Unsilence { alarm } => {
            let data = client.delete(&format!("/alarm/alarms/{alarm}/silence")).await?;
            screen.show(&data, |screen| screen.say(&Text::new("cli-alarm-unsilenced").with("alarm", alarm)));
            Ok(())
        }
    }
}

/// Returns the time after this many hours, by the clock of this machine.
fn after(hours: u16) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    Timestamp(now_us.saturating_add(i64::from(hours) * 3_600_000_000)).to_rfc3339()
}

async fn query(
    client: &Client,
    is_history: bool,
    name: Option<String>,
    level: Option<u8>,
    state: Option<State>,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut query = Vec::new();
    if is_history {
        query.push(("status", "HISTORY".to_owned()));
    }
    if let Some(name) = name {
        query.push(("clusterId", cluster(client, &name).await?.id.to_string()));
    }
    query.extend(level.map(|level| ("level", level.to_string())));
    query.extend(state.map(|state| ("state", state.word().to_owned())));
    Ok(query)
}

async fn list(
    client: &Client,
    screen: Screen,
    query: &[(&'static str, String)],
    is_history: bool,
) -> Result<(), Failure> {
    let data = client.list("/alarm/alarms", query).await?;
    let alarms: Vec<AlarmRow> = read_all(&data)?;
    screen.show(&Value::Array(data), |screen| {
        let row = |alarm: &AlarmRow| {
            let time = if is_history { alarm.recovered_at.clone() } else { alarm.state_time() };
            vec![
                alarm.alarm_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
                alarm.level_word().to_owned(),
                alarm.state.clone(),
                short_or_none(alarm.active_at.as_ref().or(alarm.raised_at.as_ref())),
                short_or_none(time.as_ref()),
                alarm.target.clone(),
                alarm.name.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = alarms.iter().map(row).collect();
        let time = if is_history { "RECOVERED" } else { "UNTIL" };
        screen.table(&["ALARM", "LEVEL", "STATE", "SINCE", time, "TARGET", "NAME"], &rows);
    });
    Ok(())
}

fn show(screen: Screen, alarm: &AlarmRow) {
    let number = alarm.alarm_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let mut facts = vec![
        ("alarm", number),
        ("name", alarm.name.clone()),
        ("level", alarm.level_word().to_owned()),
        ("state", alarm.state.clone()),
        ("target", alarm.target.clone()),
        ("since", short_or_none(alarm.active_at.as_ref())),
        ("raised", short_or_none(alarm.raised_at.as_ref())),
        ("last seen", short_or_none(alarm.last_seen_at.as_ref())),
        ("recovered", short_or_none(alarm.recovered_at.as_ref())),
        ("problem", alarm.details.message.clone()),
    ];
    facts.extend(alarm.details.cause.clone().map(|cause| ("cause", cause)));
    facts.extend(alarm.details.raw.clone().map(|raw| ("server said", raw)));
    facts.extend(alarm.details.action.clone().map(|action| ("fix", action)));
    facts.extend(alarm.reason.as_ref().map(|reason| ("reason", reason.message.clone())));
    facts.extend(alarm.task_id.map(|task| ("task", task.to_string())));
    if let Some(done) = &alarm.acknowledged {
        let text = format!("{} {} {}", short(&done.time), done.user, done.comment);
        facts.push(("acknowledged", text.trim_end().to_owned()));
    }
    if let Some(silence) = &alarm.silenced {
        facts.push((
            "silenced until",
            format!("{} {} {}", short(&silence.end_time), silence.user, silence.reason),
        ));
    }
    screen.facts(&facts);
}
