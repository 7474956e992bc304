//! `lifeboat check`: for Nagios, Icinga and other programs that run plug-ins of this kind.
//!
//! It prints one line on standard output, with performance data after the bar, and ends with the exit status that these
//! programs expect.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use model::text::Text;
use model::visible::visible_line;
use model::{Problem, size};
use serde_json::{Value, json};

use super::names::{cluster, tenant};
use super::reach::Reach;
use crate::failure::Failure;
use crate::language::language;
use crate::rows::{ProtectedRow, read_all};

/// The maximum number of object names in the output line.
const NAMED_MAX: usize = 5;

#[derive(Args)]
#[command(
    after_help = "Exit status: 0 OK; 1 WARNING; 2 CRITICAL; 3 UNKNOWN: an object has no known successful backup, no object \
    matches, or the server is unavailable. The worst state wins, in the order CRITICAL, UNKNOWN, WARNING."
)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Warn when the last successful backup is older than this: seconds, or a number with m, h, d or w
    #[arg(long, value_name = "AGE", default_value = "26h")]
    warning: String,
    /// Report CRITICAL when the last successful backup is older than this
    #[arg(long, value_name = "AGE", default_value = "50h")]
    critical: String,
    /// Check only this cluster. Defaults to all
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Check only this tenant of the cluster. Defaults to all
    #[arg(long, value_name = "NAME", requires = "cluster")]
    tenant: Option<String>,
    /// Check only this database of the tenant, if it has backups of its own
    #[arg(long, value_name = "NAME", requires = "tenant")]
    database: Option<String>,
    /// The backup that must be recent: any data backup, a full backup, or log backup
    #[arg(long, value_name = "KIND", default_value = "data")]
    of: Kind,
    /// The timeout in seconds
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    timeout: u64,
}

/// What must be recent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    // Plain comments: documented values would blow the help text up.
    // A full or incremental data backup.
    Data,
    // A full data backup.
    Full,
    // Log backup.
    Log,
}

/// The state in the words of Nagios.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        })
    }
}

/// Runs the check and prints its state; a check that cannot run is UNKNOWN.
pub(crate) async fn run(args: CheckArgs) -> ExitCode {
    let screen = args.reach.screen();
    match check(&args).await {
        Ok(found) => {
            screen.show(&found.json(), |screen| screen.line(&found.line()));
            found.status().exit_code()
        }
        Err(failure) => unknown(&failure.line()),
    }
}

/// Reports wrong usage as UNKNOWN, as monitoring programs expect, instead of clap's exit status 2.
pub(crate) fn misused(error: &clap::Error) -> ExitCode {
    let shown = error.to_string();
    unknown(shown.lines().next().unwrap_or_default())
}

fn unknown(why: &str) -> ExitCode {
    println!("{}", status_line(Status::Unknown, why));
    Status::Unknown.exit_code()
}

async fn check(args: &CheckArgs) -> Result<Found, Failure> {
    let (warning_s, critical_s) = (read_age(&args.warning)?, read_age(&args.critical)?);
    if critical_s < warning_s {
        let problem = Problem::invalid("check-limits-swapped");
        return Err(problem.with("warning", &args.warning).with("critical", &args.critical).into());
    }
    let limit = Duration::from_secs(args.timeout);
    let rows = tokio::time::timeout(limit, read(args)).await.map_err(|_| {
        let problem = Problem::outside("check-timed-out");
        problem.with("seconds", args.timeout)
    })??;
    let objects = rows.into_iter().filter(|row| row.database_name == args.database);
    let objects = objects.map(|row| (row.name(), age_s(&row, args.of))).collect();
    Ok(Found { objects, warning_s, critical_s })
}

async fn read(args: &CheckArgs) -> Result<Vec<ProtectedRow>, Failure> {
    let client = args.reach.client()?;
    let mut query = Vec::new();
    if let Some(name) = &args.cluster {
        let found = cluster(&client, name).await?;
        query.push(("clusterId", found.id.to_string()));
        if let Some(name) = &args.tenant {
            query.push(("tenantId", tenant(&client, &found, Some(name)).await?.to_string()));
        }
    }
    read_all(&client.list("/backup/objects", &query).await?)
}

fn age_s(row: &ProtectedRow, kind: Kind) -> Option<u64> {
    let full_s = row.full.as_ref().map(|last| last.age_seconds);
    let incremental_s = row.incremental.as_ref().map(|last| last.age_seconds);
    match kind {
        Kind::Data => full_s.into_iter().chain(incremental_s).min(),
        Kind::Full => full_s,
        Kind::Log => row.log.as_ref().and_then(|log| log.age_seconds),
    }
}

/// Reads an age: seconds, or a number with `s`, `m`, `h`, `d` or `w` after it.
fn read_age(text: &str) -> Result<u64, Problem> {
    let malformed = || Problem::invalid("age-malformed").with("age", text);
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit_s = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err(malformed()),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let count = digits.parse::<u64>().ok().filter(|_| is_number);
    count.and_then(|count| count.checked_mul(unit_s)).ok_or_else(malformed)
}

/// The result: the name of each object and the age of its last successful backup, if known.
struct Found {
    objects: Vec<(String, Option<u64>)>,
    warning_s: u64,
    critical_s: u64,
}

impl Found {
    fn status(&self) -> Status {
        let is_older = |limit_s| self.ages().any(|(_, age_s)| age_s > limit_s);
        if is_older(self.critical_s) {
            Status::Critical
        } else if self.objects.is_empty() || self.objects.iter().any(|(_, age_s)| age_s.is_none()) {
            Status::Unknown
        } else if is_older(self.warning_s) {
            Status::Warning
        } else {
            Status::Ok
        }
    }

    /// Returns the known ages.
    fn ages(&self) -> impl Iterator<Item = (&str, u64)> {
        self.objects.iter().filter_map(|(name, age_s)| Some((name.as_str(), (*age_s)?)))
    }

    fn oldest(&self) -> Option<(&str, u64)> {
        self.ages().max_by_key(|(_, age_s)| *age_s)
    }

    /// Returns the objects that are older than the warning limit, oldest first.
    fn late(&self) -> Vec<(&str, u64)> {
        let mut late: Vec<_> = self.ages().filter(|(_, age_s)| *age_s > self.warning_s).collect();
        late.sort_by_key(|(_, age_s)| std::cmp::Reverse(*age_s));
        late
    }

    fn without(&self) -> Vec<&str> {
        self.objects.iter().filter(|(_, age_s)| age_s.is_none()).map(|(name, _)| name.as_str()).collect()
    }

    fn json(&self) -> Value {
        json!({
            "status": self.status().word(),
            "objects": self.objects.len(),
            "oldestAgeSeconds": self.oldest().map(|(_, age_s)| age_s),
            "late": self.late().iter().map(|(name, age_s)| json!({ "name": name, "ageSeconds": age_s })).collect::<Vec<_>>(),
            "unknown": self.without(),
        })
    }

    fn line(&self) -> String {
        let (late, without) = (self.late(), self.without());
        let objects = self.objects.len();
        let mut said = Vec::new();
        if objects == 0 {
            said.push(Text::new("cli-check-nothing"));
        }
        if !late.is_empty() {
            let names = late.iter().map(|(name, age_s)| format!("{name} ({})", span(*age_s)));
            let text = Text::new("cli-check-late").with("late", late.len()).with("objects", objects);
            said.push(text.with("limit", span(self.warning_s)).with("names", some(names.collect())));
        }
        if !without.is_empty() {
            let names = without.iter().map(|name| (*name).to_owned()).collect();
            let text = Text::new("cli-check-unknown").with("unknown", without.len());
            said.push(text.with("objects", objects).with("names", some(names)));
        }
        if let (true, Some((name, age_s))) = (said.is_empty(), self.oldest()) {
            let text = Text::new("cli-check-ok").with("objects", objects).with("limit", span(self.warning_s));
            said.push(text.with("age", span(age_s)).with("object", name));
        }
        let said: Vec<String> = said.iter().map(|text| text.message(language())).collect();
        let Self { warning_s, critical_s, .. } = self;
        let oldest =
            self.oldest().map(|(_, age_s)| format!("oldest_age={age_s}s;{warning_s};{critical_s};0 "));
        let (late, without) = (late.len(), without.len());
        format!(
            "{} | {}objects={objects};;;0 late={late};;;0 unknown={without};;;0",
            status_line(self.status(), &said.join("; ")),
            oldest.unwrap_or_default()
        )
    }
}

/// Returns the line up to the performance data. A bar separates the two, so bars in names are replaced.
fn status_line(status: Status, said: &str) -> String {
    format!("LIFEBOAT {} - {}", status.word(), visible_line(said).replace('|', "/"))
}

/// Returns the first names, and the number of the others.
fn some(names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED_MAX);
    let mut shown: Vec<String> = names.into_iter().take(NAMED_MAX).collect();
    if more > 0 {
        shown.push(Text::new("cli-check-more").with("more", more).message(language()));
    }
    shown.join(", ")
}

fn span(seconds: u64) -> String {
    size::span(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::{Found, Status, read_age};

    fn found(ages_s: &[Option<u64>]) -> Found {
        let object = |(number, age_s): (usize, &Option<u64>)| (format!("prod/t{number}"), *age_s);
        Found { objects: ages_s.iter().enumerate().map(object).collect(), warning_s: 100, critical_s: 200 }
    }

    #[test]
    fn the_worst_object_decides_and_what_is_unknown_is_never_well() {
        let cases: [(&[Option<u64>], Status); 8] = [
            (&[], Status::Unknown),
            (&[Some(0), Some(100)], Status::Ok),
            (&[Some(0), Some(101)], Status::Warning),
            (&[Some(200)], Status::Warning),
            (&[Some(0), Some(201)], Status::Critical),
            (&[Some(0), None], Status::Unknown),
            (&[Some(150), None], Status::Unknown),
            (&[Some(201), None], Status::Critical),
        ];
        for (ages_s, expected) in cases {
            assert_eq!(found(ages_s).status(), expected, "{ages_s:?}");
        }
    }

    #[test]
    fn a_line_names_the_oldest_first_and_ends_with_performance_data() {
        let all = [Some(150), Some(5), Some(4_000), None];
        let line = found(&all).line();
        let (said, numbers) = line.split_once(" | ").expect("performance data");
        assert!(said.starts_with("LIFEBOAT CRITICAL - "), "{line}");
        assert!(said.find("prod/t2") < said.find("prod/t0") && said.contains("prod/t3"), "{line}");
        assert_eq!(numbers, "oldest_age=4000s;100;200;0 objects=4;;;0 late=2;;;0 unknown=1;;;0");
        assert!(!found(&[None]).line().contains("oldest_age"), "an age that is unknown is not 0");
        let mut named = found(&[Some(1)]);
        named.objects[0].0 = "prod/a|b\nc".to_owned();
        let line = named.line();
        assert_eq!((line.matches('|').count(), line.lines().count()), (1, 1), "{line}");
    }

    #[test]
    fn an_age_has_one_unit() {
        for (text, seconds) in
            [("90", 90), ("90s", 90), ("5m", 300), ("26h", 93_600), ("7d", 604_800), ("1w", 604_800)]
        {
            assert_eq!(read_age(text).ok(), Some(seconds), "{text}");
        }
        for wrong in ["", "h", "1.5h", "-1h", "+1h", "1 h", "1h30m", "1y", "99999999999999999w"] {
            assert!(read_age(wrong).is_err(), "{wrong}");
        }
    }
}
