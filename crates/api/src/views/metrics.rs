//! The metrics of a server: their names, labels and meanings.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use control::metrics::{Metrics, Process, RunKind, RunOutcome};
use control::protection::{ProtectedObject, SetTotals};
use model::backup::{BackupMethod, DataBackupMode};
use model::measure::{ANSWER_BOUNDS_S, RUN_BOUNDS_S, Timing};
use prometheus_client::registry::Unit;

use super::exposition::{Family, Labels, write};
use crate::measure::RequestKind;

/// What the text is.
pub(crate) const CONTENT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes the metrics at one time.
///
/// # Errors
/// Never: a text takes all that is written into it.
pub(crate) fn text(
    metrics: &Metrics,
    requests: &[(RequestKind, Timing)],
    server: &str,
) -> Result<String, fmt::Error> {
    let mut families = of_server(metrics, server);
    families.extend(of_objects(metrics));
    families.extend(of_backup_sets(&metrics.sets));
    families.extend(of_tasks(metrics, server));
    families.extend(of_statements(metrics));
    families.extend(of_requests(requests));
    families.extend(metrics.process.iter().flat_map(of_process));
    write(families)
}

fn of_server(metrics: &Metrics, server: &str) -> Vec<Family> {
    let version = env!("CARGO_PKG_VERSION");
    let watcher = |name: &str| vec![("watcher", name.to_owned())];
    let alarms = metrics.alarms.iter().map(|(kind, count)| {
        let labels = vec![("alarm", kind.name().to_owned()), ("level", kind.level().number().to_string())];
        (labels, number(*count))
    });
    vec![
        Family::info(
            "server",
            "The server that was scraped.",
            vec![("server", server.to_owned()), ("version", version.to_owned())],
        ),
        Family::gauge(
            "alarms",
            "Current alarms, by kind and OCP's level (1 is the most severe).",
            alarms.collect(),
        ),
        Family::counter(
            "watcher_runs",
            "Rounds of the watchers of this server.",
            metrics.watchers.iter().map(|watched| (watcher(watched.name), number(watched.runs))).collect(),
        ),
        Family::gauge(
            "watcher_failing",
            "1 if the last round of the watcher failed, else 0.",
            metrics
                .watchers
                .iter()
                .map(|watched| (watcher(watched.name), flag(watched.last_error.is_some())))
                .collect(),
        ),
    ]
}

fn of_objects(metrics: &Metrics) -> Vec<Family> {
    let objects = &metrics.objects;
    let listed = objects.len() as u64;
    let whole = |count| vec![(Labels::new(), number(count))];
    let has_backup = |object: &ProtectedObject| object.full.is_some() || object.incremental.is_some();
    let ages = objects.iter().flat_map(|object| {
        let modes = [("full", object.full), ("incremental", object.incremental)];
        modes.into_iter().filter_map(move |(mode, last)| {
            let mut labels = labels(object);
            labels.push(("mode", mode.to_owned()));
            Some((labels, last?.age.as_secs_f64()))
        })
    });
    // The results of a cluster's refresh are reported for tenants only.
    let logs = || {
        let tenants = objects.iter().filter(|object| object.database.is_none());
        tenants.filter_map(|object| Some((object, object.logs?)))
    };
    vec![
        Family::gauge(
            "objects",
            "Tenants, and databases that were backed up by themselves.",
            whole(listed + metrics.objects_left_out),
        ),
        Family::gauge(
            "objects_left_out",
            "Objects without series of their own, because there are more than 10000.",
            whole(metrics.objects_left_out),
        ),
        Family::gauge(
            "object_backed_up",
            "1 if a data backup of the object can be restored, else 0.",
            objects.iter().map(|object| (labels(object), flag(has_backup(object)))).collect(),
        ),
        Family::gauge(
            "object_backup_age",
            "Time since the last successful data backup of the object was complete; absent if there is none.",
            ages.collect(),
        )
        .in_unit(Unit::Seconds),
        Family::gauge(
            "object_log_checkpoint_age",
            "Age of the time up to which logs are backed up, when the cluster was last read; absent if unknown.",
            logs().filter_map(|(object, logs)| Some((labels(object), logs.age?.as_secs_f64()))).collect(),
        )
        .in_unit(Unit::Seconds),
        Family::gauge(
            "object_log_backup_running",
            "1 if log backup ran when the cluster was last read, else 0; absent if unknown.",
            logs().map(|(object, logs)| (labels(object), flag(logs.is_running))).collect(),
        ),
    ]
}

fn of_backup_sets(sets: &[((BackupMethod, DataBackupMode), SetTotals)]) -> Vec<Family> {
    let each = |value: fn(&SetTotals) -> u64| -> Vec<(Labels, f64)> {
        let series = sets.iter().map(|((method, mode), totals)| {
            let method = match method {
                BackupMethod::Logical => "logical",
                BackupMethod::Physical => "physical",
            };
            let mode = match mode {
                DataBackupMode::Full => "full",
                DataBackupMode::Incremental => "incremental",
            };
            (vec![("method", method.to_owned()), ("mode", mode.to_owned())], number(value(totals)))
        });
        series.collect()
    };
    vec![
        Family::gauge("backup_sets", "Backup sets in the catalogue.", each(|totals| totals.count)),
        Family::gauge(
            "backup_set",
            "Bytes of the backup sets in the catalogue.",
            each(|totals| totals.bytes),
        )
        .in_unit(Unit::Bytes),
        Family::counter(
            "backup_recorded",
            "Bytes of all backup sets that were ever in the catalogue, including deleted ones.",
            each(|totals| totals.recorded_bytes),
        )
        .in_unit(Unit::Bytes),
    ]
}

fn of_tasks(metrics: &Metrics, server: &str) -> Vec<Family> {
    let mut runs: BTreeMap<Labels, Timing> = BTreeMap::new();
    for kind in BACKUPS.iter().flat_map(|(kind, mode)| OUTCOMES.map(|outcome| (kind, mode, outcome))) {
        let (kind, mode, outcome) = kind;
        let run = RunKind { kind: (*kind).to_owned(), mode: mode.map(str::to_owned), outcome };
        // What never happened is known to be 0, so that the first time counts as an increase.
        runs.insert(run_labels(&run), Timing { within: vec![0; RUN_BOUNDS_S.len()], ..Timing::default() });
    }
    for (kind, timing) in &metrics.runs {
        runs.entry(run_labels(kind)).or_default().add(timing);
    }
    let mut leases: BTreeMap<&str, u64> = [(server, 0)].into();
    leases.extend(metrics.leases.iter().map(|(server, count)| (server.as_str(), *count)));
    let states = metrics.tasks.iter();
    let states = states.map(|(state, count)| (vec![("state", state.to_lowercase())], number(*count)));
    let leases =
        leases.into_iter().map(|(server, count)| (vec![("server", server.to_owned())], number(count)));
    vec![
        Family::histogram(
            "run_duration",
            "Duration of the tasks whose end this server recorded, including waiting.",
            RUN_BOUNDS_S,
            runs.into_iter().collect(),
        ),
        Family::gauge("tasks", "Tasks by state.", states.collect()),
        Family::gauge("leases", "Unfinished tasks that each server runs.", leases.collect()),
    ]
}

/// The kinds of backups, with their mode where the task has one.
const BACKUPS: [(&str, Option<&str>); 3] = [
    ("backup-logical", None),
    ("backup-physical", Some("FULL_BACKUP")),
    ("backup-physical", Some("INCREMENTAL_BACKUP")),
];

/// How a run may end.
const OUTCOMES: [RunOutcome; 4] =
    [RunOutcome::Successful, RunOutcome::Failed, RunOutcome::Cancelled, RunOutcome::RolledBack];

/// Parts a kind such as `backup-physical` into what is done and by which method.
fn run_labels(run: &RunKind) -> Labels {
    let parts = run.kind.rsplit_once('-').filter(|(_, method)| ["logical", "physical"].contains(method));
    let (kind, method) = parts.map_or((run.kind.as_str(), None), |(kind, method)| (kind, Some(method)));
    let mode = match run.mode.as_deref() {
        Some("FULL_BACKUP") => Some("full"),
        Some("INCREMENTAL_BACKUP") => Some("incremental"),
        // A logical backup has no other mode.
        _ if run.kind == "backup-logical" => Some("full"),
        _ => None,
    };
    let outcome = match run.outcome {
        RunOutcome::Successful => "successful",
        RunOutcome::Failed => "failed",
        RunOutcome::Cancelled => "cancelled",
        RunOutcome::RolledBack => "rolled_back",
    };
    let labels = [("kind", Some(kind)), ("method", method), ("mode", mode), ("outcome", Some(outcome))];
    labels.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect()
}

fn of_statements(metrics: &Metrics) -> Vec<Family> {
    let (ours, clusters) = (&metrics.metadata_statements, &metrics.cluster_statements);
    vec![
        Family::histogram(
            "metadata_statement_duration",
            "Duration of statements on the metadata database, by action.",
            ANSWER_BOUNDS_S,
            durations("statement", ours),
        ),
        Family::counter(
            "metadata_statement_failures",
            "Statements on the metadata database that failed, by action.",
            failures("statement", ours),
        ),
        Family::histogram(
            "oceanbase_statement_duration",
            "Duration of statements on clusters, by verb; until the last row where rows are read one by one.",
            ANSWER_BOUNDS_S,
            durations("verb", clusters),
        ),
        Family::counter(
            "oceanbase_statement_failures",
            "Statements on clusters that failed, by verb.",
            failures("verb", clusters),
        ),
    ]
}

fn durations(label: &'static str, timings: &[(&'static str, Timing)]) -> Vec<(Labels, Timing)> {
    timings.iter().map(|(kind, timing)| (vec![(label, (*kind).to_owned())], timing.clone())).collect()
}

fn failures(label: &'static str, timings: &[(&'static str, Timing)]) -> Vec<(Labels, f64)> {
    timings.iter().map(|(kind, timing)| (vec![(label, (*kind).to_owned())], number(timing.failed))).collect()
}

fn of_requests(requests: &[(RequestKind, Timing)]) -> Vec<Family> {
    let route =
        |kind: &RequestKind| vec![("route", kind.route.to_string()), ("method", kind.method.to_owned())];
    let mut by_route: BTreeMap<(Arc<str>, &'static str), (Labels, Timing)> = BTreeMap::new();
    for (kind, timing) in requests {
        let key = (kind.route.clone(), kind.method);
        by_route.entry(key).or_insert_with(|| (route(kind), Timing::default())).1.add(timing);
    }
    let counts = requests.iter().map(|(kind, timing)| {
        let mut labels = route(kind);
        labels.push(("status", kind.status.to_string()));
        (labels, number(timing.count))
    });
    vec![
        Family::histogram(
            "http_request_duration",
            "Time from a request to the start of its answer, by route and method.",
            ANSWER_BOUNDS_S,
            by_route.into_values().collect(),
        ),
        Family::counter("http_requests", "Requests by route, method and status.", counts.collect()),
    ]
}

fn of_process(process: &Process) -> [Family; 4] {
    let Process { resident_bytes, cpu_s, open_files, started_s } = *process;
    let whole = |value: f64| vec![(Labels::new(), value)];
    [
        Family::gauge(
            "process_resident_memory",
            "Memory that the server uses.",
            whole(number(resident_bytes)),
        )
        .in_unit(Unit::Bytes),
        Family::counter("process_cpu", "Processor time that the server has used.", whole(cpu_s))
            .in_unit(Unit::Seconds),
        Family::gauge(
            "process_open_files",
            "Files and connections that the server has open.",
            whole(number(open_files)),
        ),
        Family::gauge("process_start_time", "When the server was started, since 1970.", whole(started_s))
            .in_unit(Unit::Seconds),
    ]
}

fn labels(object: &ProtectedObject) -> Labels {
    let mut labels = vec![("cluster", object.cluster_name.clone()), ("tenant", object.tenant_name.clone())];
    labels.extend(object.database.clone().map(|database| ("database", database)));
    labels
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn number(count: u64) -> f64 {
    count as f64
}

fn flag(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use control::metrics::{RunKind, RunOutcome};

    use super::run_labels;

    #[test]
    fn a_run_is_labeled_by_kind_method_mode_and_outcome() {
        let cases = [
            (("backup-logical", None, RunOutcome::Failed), "backup logical full failed"),
            (
                ("backup-physical", Some("INCREMENTAL_BACKUP"), RunOutcome::Successful),
                "backup physical incremental successful",
            ),
            (("restore-logical", None, RunOutcome::RolledBack), "restore logical rolled_back"),
            (("log-backup", None, RunOutcome::Cancelled), "log-backup cancelled"),
        ];
        for ((kind, mode, outcome), expected) in cases {
            let run = RunKind { kind: kind.to_owned(), mode: mode.map(str::to_owned), outcome };
            let values: Vec<String> = run_labels(&run).into_iter().map(|(_, value)| value).collect();
            assert_eq!(values.join(" "), expected);
        }
    }
}
