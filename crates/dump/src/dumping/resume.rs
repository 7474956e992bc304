//! Whether an interrupted dump is resumed with its original options.

use std::collections::BTreeSet;

use model::Problem;
use model::backup::BackupObject;
use model::inventory::Consent;
use model::version::ServerVersion;
use oceanbase::{Session, identity};

use crate::dumping::Options;
use crate::encryption::Recipient;
use crate::error::{DuringSql as _, Error, Result};
use crate::plan::{Compression, Plan};
use crate::source::Source;

/// Returns the identity of the server, if it shows one.
pub(super) async fn origin(source: &Source, session: &mut Session) -> Result<Option<String>> {
    let found = identity::of_server(session, &source.endpoint.user).await;
    found.during(|| "ask which server this is".to_owned())
}

/// Refuses a plan of another server or of other options, whose names are those of the server, as in the plan.
pub(super) fn refuse_other(
    plan: &Plan,
    server: &ServerVersion,
    origin: Option<&str>,
    options: &Options,
) -> Result<()> {
    let differences = differences(plan, server, origin, options);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(Error::ResumeDiffers { dump: plan.dump.clone(), differences })
    }
}

fn differences(plan: &Plan, server: &ServerVersion, origin: Option<&str>, options: &Options) -> Vec<Problem> {
    let differs = |is_other: bool, id: &str, before: String, now: String| {
        let problem =
            || Problem::conflict(id).with("dump", &plan.dump).with("before", before).with("now", now);
        is_other.then(problem)
    };
    let changed = |id: &str, before: String, now: String| differs(before != now, id, before, now);
    let recipients = |all: &[Recipient]| in_words(all.iter().map(ToString::to_string));
    let before = plan.origin.as_deref();
    [
        differs(
            is_other(&plan.server, before, server, origin),
            "dump-resume-server",
            named(&plan.server, before),
            named(server, origin),
        ),
        changed("dump-resume-selection", selected(&plan.selection.0), selected(&options.selection.0)),
        changed("dump-resume-exclude", selected(&plan.consent.exclude), selected(&options.consent.exclude)),
        changed("dump-resume-without", kinds(&plan.consent), kinds(&options.consent)),
        changed("dump-resume-compression", compressed(plan.compression), compressed(options.compression)),
        changed("dump-resume-recipients", recipients(&plan.recipients), recipients(&options.recipients)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Distinguishes two servers: by their own numbers, which an upgraded one keeps, or by their versions if one of the
/// numbers is unknown.
fn is_other(
    before: &ServerVersion,
    number: Option<&str>,
    now: &ServerVersion,
    number_now: Option<&str>,
) -> bool {
    match (number, number_now) {
        (Some(number), Some(number_now)) => number != number_now || before.product != now.product,
        _ => before != now,
    }
}

fn named(server: &ServerVersion, origin: Option<&str>) -> String {
    format!("{server} ({})", origin.unwrap_or("-"))
}

fn selected(objects: &[BackupObject]) -> String {
    in_words(objects.iter().map(|object| match object {
        BackupObject::Database(database) => database.clone(),
        BackupObject::Table(database, table) => format!("{database}.{table}"),
    }))
}

fn kinds(consent: &Consent) -> String {
    in_words(consent.without.iter().map(ToString::to_string))
}

fn compressed(compression: Compression) -> String {
    match compression {
        Compression::None => "none".to_owned(),
        Compression::Lz4 => "lz4".to_owned(),
        Compression::Zstd { level } => format!("zstd:{level}"),
    }
}

/// Joins names, whose order makes no difference; `-` for none.
fn in_words(names: impl Iterator<Item = String>) -> String {
    let names: BTreeSet<String> = names.collect();
    if names.is_empty() { "-".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use model::backup::BackupObject;
    use model::inventory::{Consent, ObjectKind};
    use model::version::ServerVersion;

    use super::differences;
    use crate::dumping::Options;
    use crate::plan::{Compression, Plan, Selection};

    fn chosen(names: &[&str]) -> Selection {
        Selection(names.iter().map(|&name| BackupObject::Database(name.to_owned())).collect())
    }

    fn server(version: &str, comment: &str) -> ServerVersion {
        ServerVersion::identify(version, comment).expect("a server")
    }

    #[test]
    fn a_plan_is_followed_only_with_what_it_was_made_of() {
        let seekdb = server("5.7.25-OceanBase seekdb-v1.4.0.0", "OceanBase 4.3.5.3 seekdb (r1.4.0.0)");
        let maria = server("10.11.19-MariaDB", "Debian 12");
        let plan = Plan {
            format: crate::FORMAT,
            dump: "x".parse().expect("an id"),
            server: seekdb.clone(),
            origin: Some("one".to_owned()),
            owner: None,
            scn: 1,
            selection: chosen(&["a", "b"]),
            consent: Consent::default(),
            compression: Compression::Lz4,
            recipients: Vec::new(),
            databases: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
        };
        let same = Options {
            selection: chosen(&["b", "a"]),
            compression: Compression::Lz4,
            connections: 9,
            ..Options::default()
        };
        let other = |options: Options| differences(&plan, &seekdb, Some("one"), &options);
        let found = |problems: Vec<model::Problem>| -> Vec<String> {
            problems.into_iter().map(|problem| problem.text.id).collect()
        };
        assert_eq!(found(other(same.clone())), [""; 0]);
        assert_eq!(
            found(other(Options { selection: chosen(&["a"]), ..same.clone() })),
            ["dump-resume-selection"]
        );
        let consent = Consent { exclude: chosen(&["c"]).0, without: vec![ObjectKind::Events] };
        assert_eq!(
            found(other(Options { consent, ..same.clone() })),
            ["dump-resume-exclude", "dump-resume-without"]
        );
        let secret: crate::Recipient =
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".parse().expect("a key");
        assert_eq!(
            found(other(Options {
                compression: Compression::None,
                recipients: vec![secret],
                ..same.clone()
            })),
            ["dump-resume-compression", "dump-resume-recipients"]
        );
        for (now, origin, is_other) in [
            (&seekdb, Some("one"), false),
            (&seekdb, Some("two"), true),
            (&seekdb, None, false),
            (&maria, Some("one"), true),
            (&maria, None, true),
        ] {
            let differs = differences(&plan, now, origin, &same);
            assert_eq!(!differs.is_empty(), is_other, "{now} {origin:?}: {differs:?}");
        }
    }
}
