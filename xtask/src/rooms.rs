//! The layers of a crate ("rooms"), and cycles between files ("circles"): no import goes to a higher room, and no files
//! import each other in a circle.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::imports::Imports;

/// The rooms of the crates that have some, from bottom to top; each room uses only those before it. A room is a folder,
/// or a file of that name.
const ROOMS: &[(&str, &[&str])] =
    &[("control", &["context", "orders", "flows", "use_cases", "watchers", "server"])];

/// The known circles: the crate, its files below `src`, and the reason. A circle of only these files is allowed. A
/// circle with any other file is a finding, and so is a line whose files no longer form a circle.
const KNOWN_CIRCLES: &[(&str, &[&str], &str)] = &[
    (
        "dump",
        &["blocks.rs", "manifest.rs", "moment.rs", "plan.rs"],
        "the manifest, the plan and the hashes of blocks name each other's entries",
    ),
    (
        "dump",
        &["ddl/form/mod.rs", "schema_file.rs"],
        "a schema file is checked by the forms of the kinds of objects that it defines",
    ),
    (
        "dump",
        &[
            "dumping/catalogue.rs",
            "dumping/definition.rs",
            "dumping/planning.rs",
            "dumping/preflight.rs",
            "dumping/restless.rs",
            "dumping/schema.rs",
            "dumping/snapshot.rs",
            "dumping/survey.rs",
        ],
        "the survey and the steps that read by it share its types",
    ),
    ("engine", &["testkit/contract.rs", "testkit/contract/queue.rs"], "the part shares its parent's flow"),
    (
        "metadata",
        &[
            "database.rs",
            "error.rs",
            "journal/decision.rs",
            "journal/events.rs",
            "journal/hold.rs",
            "journal/mod.rs",
            "open.rs",
            "room.rs",
            "schema.rs",
            "seal.rs",
            "server.rs",
            "sql.rs",
            "task_queue.rs",
            "tasks/mod.rs",
            "tasks/stored.rs",
        ],
        "an error names the server that it came from, and everything returns errors; `Metadata` stands beside its opening",
    ),
    ("model", &["recovery_window.rs", "recovery_window/logs.rs"], "the part shares its parent's types"),
    ("model", &["retention.rs", "retention/calendar.rs"], "the part shares its parent's types"),
    ("oceanbase", &["answer.rs", "channel.rs"], "an answer reads on from its channel"),
    ("oceanbase", &["catalog/inner.rs", "catalog/innodb.rs"], "the two dictionaries share one row"),
    (
        "oceanbase",
        &["error.rs", "mask.rs", "statement.rs"],
        "a statement carries its masked form, and an error the masked statement",
    ),
    (
        "oceanbase",
        &[
            "gen3/backup.rs",
            "gen3/restore.rs",
            "gen3/sets.rs",
            "gen4/backup.rs",
            "gen4/restore.rs",
            "physical/restores.rs",
            "physical/verbs.rs",
        ],
        "the verbs choose a generation, whose statements are methods of the verbs",
    ),
    (
        "oceanbase",
        &["precheck.rs", "precheck/foreign.rs", "precheck/privileges.rs"],
        "the parts of the check return its lines",
    ),
    (
        "oceanbase",
        &["probe.rs", "probe/gen3.rs", "probe/gen4.rs", "probe/seekdb.rs"],
        "the generations' probes share the questions of the probe",
    ),
    (
        "oceanbase",
        &["wire/inbox.rs", "wire/mod.rs", "wire/row.rs"],
        "a connection reads rows out of its inbox",
    ),
    (
        "sim",
        &[
            "gen3/archive.rs",
            "gen3/backup.rs",
            "gen3/cleanup.rs",
            "gen3/compaction.rs",
            "gen3/mod.rs",
            "gen3/restore.rs",
            "gen4/archive.rs",
            "gen4/archive_copy.rs",
            "gen4/backup.rs",
            "gen4/cleanup.rs",
            "gen4/compaction.rs",
            "gen4/deletion.rs",
            "gen4/destination.rs",
            "gen4/features.rs",
            "gen4/job.rs",
            "gen4/mod.rs",
            "gen4/recovery.rs",
            "gen4/restore.rs",
            "gen4/standby.rs",
            "gen4/table_recovery.rs",
            "gen4/validation.rs",
            "world/events.rs",
            "world/mod.rs",
            "world/parameters.rs",
            "world/resources.rs",
            "world/tenant.rs",
            "world/topology.rs",
            "world/unit_views.rs",
        ],
        "the world holds the state of each generation, and each generation changes the world",
    ),
    (
        "sim",
        &["gen4/command.rs", "gen4/grammar.rs", "gen4/restore_grammar.rs", "gen4/validate_statement.rs"],
        "a command is read by a grammar that is cut into files",
    ),
    (
        "sim",
        &["session/mod.rs", "session/variables.rs", "wire/connection.rs", "wire/prepared.rs"],
        "a connection has a session, which answers over it",
    ),
    (
        "sim",
        &["sql/engine.rs", "sql/functions.rs", "sql/rewrite.rs"],
        "the engine calls functions that evaluate by the engine",
    ),
    (
        "storage",
        &[
            "client.rs",
            "local/mod.rs",
            "object.rs",
            "remote/mod.rs",
            "remote/reading.rs",
            "remote/writing.rs",
        ],
        "a client chooses a back-end, whose objects are the client's",
    ),
    (
        "storage",
        &["remote/service.rs", "remote/uploads.rs"],
        "uploads are requests of the service that lists them",
    ),
];

/// Checks the rooms and the circles of every crate.
pub(crate) fn check(root: &Path, findings: &mut Vec<String>) {
    let mut is_met = vec![false; KNOWN_CIRCLES.len()];
    for (crate_name, folder) in crates(root) {
        for start in ["lib.rs", "main.rs"].into_iter().filter(|name| folder.join(name).exists()) {
            let text = |file: &str| fs::read_to_string(folder.parent()?.join(file)).ok();
            let imports = Imports::read(&format!("src/{start}"), text);
            rooms(&crate_name, &imports, findings);
            for circle in imports.circles() {
                let known = KNOWN_CIRCLES.iter().position(|(of, files, _)| {
                    *of == crate_name && circle.iter().all(|file| files.contains(&below(file)))
                });
                match known {
                    Some(known) => is_met[known] = true,
                    None => findings.push(round(&crate_name, &imports, &circle)),
                }
            }
        }
    }
    for (_, (crate_name, files, _)) in is_met.iter().zip(KNOWN_CIRCLES).filter(|(is_met, _)| !**is_met) {
        let files = files.join(", ");
        findings.push(format!(
            "crates/{crate_name}: {files}: no circle any more; delete its line in xtask/src/rooms.rs"
        ));
    }
}

/// Returns the crates with their source folders, by name.
fn crates(root: &Path) -> Vec<(String, std::path::PathBuf)> {
    let mut crates = vec![("xtask".to_owned(), root.join("xtask/src"))];
    for entry in fs::read_dir(root.join("crates")).into_iter().flatten().flatten() {
        crates.push((entry.file_name().to_string_lossy().into_owned(), entry.path().join("src")));
    }
    crates.sort();
    crates
}

fn below(file: &str) -> &str {
    file.strip_prefix("src/").unwrap_or(file)
}

/// Returns the room of a file; none for the root file, which only lists the rooms.
fn room(file: &str) -> Option<&str> {
    let first = below(file).split('/').next().unwrap_or_default();
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!["lib", "main"].contains(&name)).then_some(name)
}

fn rooms(crate_name: &str, imports: &Imports, findings: &mut Vec<String>) {
    let Some((_, rooms)) = ROOMS.iter().find(|(of, _)| *of == crate_name) else { return };
    let floor = |file: &str| rooms.iter().position(|name| Some(*name) == room(file));
    for (file, imported) in imports.of.iter().filter(|(file, _)| room(file).is_some()) {
        let Some(own) = floor(file) else {
            findings.push(format!(
                "crates/{crate_name}/{file}: lies in no room; the rooms are {}",
                rooms.join(", ")
            ));
            continue;
        };
        for other in imported.iter().filter(|other| floor(other).is_some_and(|other| other > own)) {
            findings.push(format!(
                "crates/{crate_name}/{file}: imports {other}, but `{}` stands below `{}`",
                rooms[own],
                room(other).unwrap_or_default()
            ));
        }
    }
}

/// Returns a text with the imports in a circle.
fn round(crate_name: &str, imports: &Imports, circle: &BTreeSet<String>) -> String {
    let mut text = format!("crates/{crate_name}: files import each other in a circle:");
    for file in circle {
        let others: Vec<&str> = imports.of[file]
            .iter()
            .filter(|other| circle.contains(*other))
            .map(|other| below(other))
            .collect();
        text.push_str(&format!("\n    {} -> {}", below(file), others.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::rooms;
    use crate::imports::Imports;

    fn found(files: &'static [(&str, &str)]) -> Vec<String> {
        let text =
            |file: &str| files.iter().find(|(name, _)| *name == file).map(|(_, text)| (*text).to_owned());
        let mut findings = Vec::new();
        rooms("control", &Imports::read("src/lib.rs", text), &mut findings);
        findings
    }

    #[test]
    fn an_import_upwards_is_found_also_through_a_re_export_and_one_downwards_is_not() {
        let up = found(&[
            ("src/lib.rs", "mod context; mod flows; use flows::go;"),
            ("src/context.rs", "fn f() { crate::go() }"),
            ("src/flows.rs", "pub fn go() {}"),
        ]);
        assert_eq!(
            up,
            ["crates/control/src/context.rs: imports src/flows.rs, but `context` stands below `flows`"]
        );
        let down = found(&[
            ("src/lib.rs", "mod context; mod flows;"),
            ("src/context.rs", "pub fn f() {}"),
            ("src/flows.rs", "use crate::context::f; fn go() { f() }"),
        ]);
        assert!(down.is_empty(), "{down:?}");
    }

    #[test]
    fn a_file_outside_of_every_room_is_found() {
        let findings = found(&[("src/lib.rs", "mod helpers;"), ("src/helpers.rs", "")]);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].contains("lies in no room"), "{findings:?}");
    }
}
