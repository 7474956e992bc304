//! The errors as messages for users.

use model::Problem;
use model::problem::codes;

use super::{CONNECTING, Error};

impl Error {
    /// Returns the error as a message for users.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Database { what, source } => database_problem(what, source),
            Self::Storage { source, .. } => source.problem(),
            Self::SnapshotGone { scn, what, source, .. } => {
                Problem::outside("dump-snapshot-gone").with("scn", scn).with("what", what).raw(source)
            }
            Self::SnapshotLost { dump } => Problem::outside("dump-snapshot-lost").with("dump", dump),
            Self::SchemaChanged { tables, .. } => {
                Problem::refused(codes::DATA_BACKUP_FAILED, "dump-schema-changed")
                    .with("tables", tables.join(", "))
            }
            Self::RowsMiscut { table, expected, found } => Problem::outside("dump-rows-miscut")
                .with("table", table)
                .with("expected", expected)
                .with("found", found),
            Self::ValueUnwritable { column, row, why, number } => {
                let problem = Problem::refused(codes::PRECHECK_FAILED, why);
                let problem = problem.with("column", column).with("row", row);
                if number.is_empty() { problem } else { problem.with("number", number) }
            }
            Self::SchemaRestless { tables, .. } => {
                let id =
                    if tables.is_empty() { "dump-schema-restless-unnamed" } else { "dump-schema-restless" };
                let problem = Problem::refused(codes::DATA_BACKUP_FAILED, id);
                if tables.is_empty() { problem } else { problem.with("tables", shortened(tables)) }
            }
            Self::CannotCarry { problems } => cannot_carry(problems),
            Self::NothingThere { what } => {
                Problem::refused(codes::NO_BACKUP_OBJECT, "dump-nothing-there").with("what", what)
            }
            Self::SystemDatabase { database } => {
                Problem::refused(codes::NO_BACKUP_OBJECT, "dump-system-database").with("database", database)
            }
            Self::NothingToExclude { what, near } => {
                let id = if near.is_empty() { "exclude-nothing-there" } else { "exclude-nothing-near" };
                let problem = Problem::refused(codes::NO_BACKUP_OBJECT, id).with("what", what);
                if near.is_empty() { problem } else { problem.with("near", near.join(", ")) }
            }
            Self::NameAmbiguous(several) => several.problem(),
            Self::SourceUnsupported { server } => {
                Problem::refused(codes::METHOD_UNSUPPORTED, "dump-source-unsupported").with("server", server)
            }
            Self::NotFinished { dump, missing } => {
                unreadable("dump-not-finished").with("dump", dump).with("missing", missing)
            }
            Self::Damaged { path, why } => unreadable("dump-damaged").with("path", path).with("why", why),
            Self::Altered { path } => unreadable("dump-altered").with("path", path),
            Self::NotOurs { dump, path } => unreadable("dump-not-ours").with("dump", dump).with("path", path),
            Self::Locked { path } => unreadable("dump-locked").with("path", path),
            Self::FormatTooNew { dump, format } => {
                unreadable("dump-format-too-new").with("dump", dump).with("format", format)
            }
            Self::IdTaken { dump } => Problem::conflict("dump-id-taken").with("dump", dump),
            Self::NothingToResume { dump } => Problem::not_found("dump-nothing-to-resume").with("dump", dump),
            Self::AlreadyComplete { dump } => Problem::conflict("dump-already-complete").with("dump", dump),
            Self::ResumeDiffers { differences, .. } => {
                differences.first().cloned().unwrap_or_else(|| Problem::internal("dump-resume-server"))
            }
            Self::AnotherDump { dump } => Problem::conflict("dump-another").with("dump", dump),
            Self::StatementRefused { object, why } => {
                unreadable("load-statement-refused").with("object", object).with("why", why)
            }
            Self::TargetUnfit { source_server, target } => {
                Problem::refused(codes::METHOD_UNSUPPORTED, "load-target-unfit")
                    .with("source", source_server)
                    .with("target", target)
            }
            Self::TargetNotEmpty { found, same_names } => {
                let id = if *same_names { "load-objects-exist" } else { "load-target-not-empty" };
                Problem::refused(codes::NAME_EXISTS, id).with("found", shortened(found))
            }
            Self::LoadInterrupted { database, other } => {
                Problem::conflict("load-interrupted").with("database", database).with("dump", other)
            }
            Self::PacketTooSmall { what, limit, longest } => {
                Problem::refused(codes::RECOVERY_FAILED, "load-packet-too-small")
                    .during(what)
                    .with("limit", limit)
                    .with("longest", longest)
                    .with("needed", longest.next_power_of_two().saturating_mul(2))
            }
            Self::NamesFold { value, names } => Problem::refused(codes::NAME_EXISTS, "load-names-fold")
                .with("value", value)
                .with("names", shortened(names)),
            Self::LockWaited { seconds, holder: None } => {
                Problem::outside("dump-lock-waited-unseen").with("seconds", seconds)
            }
            Self::LockWaited { seconds, holder: Some(holder) } => Problem::outside("dump-lock-waited")
                .with("seconds", seconds)
                .with("id", holder.id)
                .with("user", &holder.user)
                .with("statement", &holder.statement)
                .with("running", holder.running_s),
            Self::TargetChanged { database, why } => {
                Problem::conflict("load-target-changed").with("database", database).with("why", why)
            }
            Self::TargetLocked { tables } => {
                Problem::outside("load-target-locked").with("tables", shortened(tables))
            }
            Self::Cancelled => Problem::refused(codes::CONFLICT, "dump-cancelled"),
        }
    }
}

/// Reports the server's error with the attempted action. A failed connection needs no action.
fn database_problem(what: &str, source: &oceanbase::Error) -> Problem {
    let mut problem = source.problem();
    if problem.text.id == "database-privilege-missing" {
        "dump-privilege-refused".clone_into(&mut problem.text.id);
    }
    if what == CONNECTING { problem } else { problem.during(what) }
}

fn unreadable(id: &str) -> Problem {
    Problem::outside(id).coded(codes::BACKUP_UNREADABLE)
}

/// A single problem is reported as it is; of several, the first are listed.
fn cannot_carry(problems: &[Problem]) -> Problem {
    match problems {
        [problem] => problem.clone(),
        _ => {
            let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Problem::refused(codes::PRECHECK_FAILED, "dump-cannot-carry").with("things", shortened(&messages))
        }
    }
}

/// Joins the first few and counts the rest.
fn shortened(all: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if all.len() > SHOWN {
        text.push_str(&format!(" … (+{})", all.len() - SHOWN));
    }
    text
}
