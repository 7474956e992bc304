//! The steps' bodies, in running order. Each looks before it acts: it may run again after a crash.

use std::sync::Arc;
use std::time::Duration;

use dump::{Manifest, Meter};
use engine::flow::Answer;
use engine::{At, Next, Note, StepError};
use model::Problem;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{BackupSetId, TaskId, TenantId};
use model::problem::codes;
use model::size;
use model::storage::TestOutcome;
use model::tenant::Tenant;
use oceanbase::Driver;

use super::dumping::{Dumping, client, delete_unless_complete, dump_id, folder, source};
use super::request::refuse_upgrading;
use super::{BackupLogical, Complete, Lane, State};
use crate::error::Error;
use crate::flows::metered::{Gauge, metered};
use crate::flows::step_log::StepLog;
use crate::words;

type Here = At<BackupLogical>;

/// How long writing the manifest may take.
const FINISH_LIMIT: Duration = Duration::from_secs(60);

/// How many findings of a verification are written to the log.
const FINDINGS_SHOWN: usize = 50;

/// 1. It answers, offers logical backup, and is not being upgraded.
pub(super) async fn check_cluster_status(at: &Here, state: &mut State) -> Answer {
    let context = at.context();
    let mut cluster = context.cluster(state.cluster).await?;
    let endpoint = context.endpoint(&cluster).await?;
    let mut driver = Driver::open(&endpoint, Arc::new(StepLog::new(at))).await.map_err(Error::from)?;
    cluster.facts = driver.probe().await.map_err(Error::from)?;
    let tenants = driver.tenants().await.map_err(Error::from)?;
    refuse_upgrading(&cluster).map_err(words::refused)?;
    if !cluster.facts.ability.offers(BackupMethod::Logical) {
        return Err(words::refused(Problem::refused(codes::METHOD_UNSUPPORTED, "logical-not-offered")));
    }
    at.log(Note::new("cluster-is").arg("cluster", &cluster.name).arg("server", &cluster.facts.server));
    check_tenants(at, state, &tenants)?;
    Ok(Next::Done)
}

/// A tenant that is not NORMAL can't be read. One that is gone or out of order fails its own lane, later; here the
/// task fails when none is left.
fn check_tenants(at: &Here, state: &State, tenants: &[Tenant]) -> Result<(), StepError> {
    let mut last = None;
    for id in state.tenants.values() {
        match check_tenant(*id, tenants) {
            Ok(()) => return Ok(()),
            Err(problem) => {
                at.log(words::note(problem.text.clone()));
                last = Some(problem);
            }
        }
    }
    Err(words::refused(
        last.unwrap_or_else(|| Problem::refused(codes::NO_BACKUP_OBJECT, "backup-without-tenant")),
    ))
}

fn check_tenant(id: TenantId, tenants: &[Tenant]) -> Result<(), Problem> {
    match tenants.iter().find(|tenant| tenant.id == id) {
        None => Err(Problem::not_found("tenant-unknown").with("tenant", id)),
        Some(tenant) if tenant.status != "NORMAL" => {
            let refusal = Problem::refused(codes::PRECHECK_FAILED, "tenant-not-normal");
            Err(refusal.with("tenant", &tenant.name).with("status", &tenant.status))
        }
        Some(_) => Ok(()),
    }
}

/// 2. This server can write, read, list and delete there.
pub(super) async fn check_backup_storage(at: &Here, state: &mut State) -> Answer {
    let context = at.context();
    let storage = context.storage(state.storage).await?;
    let secret = context.metadata.storage_secret(state.storage).await.map_err(Error::from)?;
    for line in storage::probe(&storage.location, secret.as_ref(), &context.roots).await {
        let latency = size::span(Duration::from_micros(line.latency_us));
        match (line.outcome, line.problem) {
            (TestOutcome::Failed, Some(problem)) => return Err(words::refused(problem)),
            (outcome, _) => {
                debug_assert_eq!(outcome, TestOutcome::Passed, "what follows a failed line is not come to");
                at.log(Note::new(line.check).arg("latency", latency));
            }
        }
    }
    Ok(Next::Done)
}

/// 3. What was chosen exists, and a dump can carry it.
pub(super) async fn check_ready(at: &Here, state: &mut State) -> Answer {
    let mut refusal = None;
    let mut is_any_ready = false;
    for tenant in state.tenants.keys() {
        match check_tenant_ready(at, state, tenant).await {
            Ok(()) => is_any_ready = true,
            Err(error) if error.kind == engine::flow::ErrorKind::Transient => return Err(error),
            Err(error) => {
                at.log(error.note.clone());
                refusal = Some(error);
            }
        }
    }
    match refusal {
        Some(refusal) if !is_any_ready => Err(refusal),
        _ => Ok(Next::Done),
    }
}

async fn check_tenant_ready(at: &Here, state: &State, tenant: &str) -> Result<(), StepError> {
    let source = source(at, state, tenant).await?;
    let found = dump::preflight(&source, &state.selection).await.map_err(Error::from)?;
    for note in found.notes {
        at.log(words::note(note));
    }
    if !found.problems.is_empty() {
        return Err(Error::from(dump::Error::CannotCarry { problems: found.problems }).into());
    }
    at.log(
        Note::new("backup-holds")
            .arg("tenant", tenant)
            .arg("databases", found.databases.len())
            .arg("tables", found.tables)
            .arg("views", found.views)
            .arg("bytes", size::bytes(found.bytes_guess)),
    );
    Ok(())
}

/// 4. One moment is kept readable, and the dump's plan lies in the storage.
pub(super) async fn take_snapshot(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let dumping = Dumping::open(at, state, lane).await?;
    let taken = dumping.snapshot().await.map(|snapshot| {
        let plan = snapshot.plan();
        at.log(
            Note::new("snapshot-taken")
                .arg("dump", &plan.dump)
                .arg("scn", plan.scn)
                .arg("tables", plan.tables())
                .arg("pieces", plan.pieces()),
        );
        dumping.keep(snapshot);
    });
    dumping.done_or_anew(lane, taken).await
}

/// 5. The definitions lie in the storage.
pub(super) async fn dump_schema(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let dumping = Dumping::open(at, state, lane).await?;
    let dumped = schema(&dumping).await;
    dumping.done_or_anew(lane, dumped).await
}

async fn schema(dumping: &Dumping<'_>) -> dump::Result<()> {
    let snapshot = dumping.snapshot().await?;
    let dumped = dump::dump_schema(&dumping.source, &dumping.client, &snapshot).await;
    dumping.keep(snapshot);
    dumped
}

/// 6. The rows do, and then the manifest: the dump is complete.
pub(super) async fn dump_data(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let dumping = Dumping::open(at, state, lane).await?;
    if let Some(manifest) = dumping.manifest().await? {
        lane.complete = Some(Complete::of(&manifest)); // since before a crash; its receipts are gone
        return Ok(Next::Done);
    }
    let dumped = rows(at, state, &dumping).await;
    if dumped.is_ok() {
        // From here on it will be taken for a backup: only who still holds the task may say that it is one.
        at.may_act(FINISH_LIMIT).await?;
        let manifest = dump::finish(&dumping.client, &dumping.dump).await.map_err(Error::from)?;
        at.context().snapshots.release(&dumping.dump).await;
        let complete = Complete::of(&manifest);
        at.log(
            Note::new("dump-complete")
                .arg("dump", &complete.dump)
                .arg("tables", complete.tables)
                .arg("rows", complete.rows)
                .arg("bytes", size::bytes(complete.bytes)),
        );
        lane.complete = Some(complete);
    }
    dumping.done_or_anew(lane, dumped).await
}

async fn rows(at: &Here, state: &State, dumping: &Dumping<'_>) -> dump::Result<()> {
    let Dumping { source, client, .. } = dumping;
    // Nothing is left to do of the schema, unless the dump was begun anew.
    schema(dumping).await?;
    let snapshot = dumping.snapshot().await?;
    let meter = Meter::new();
    let work = dump::dump_data(source, client, &snapshot, state.connections, &meter, at.cancelled());
    let dumped = metered(at, &meter, &Gauge::dumping(), work).await;
    dumping.keep(snapshot);
    dumped
}

/// 7. Every object reads back as it was written.
pub(super) async fn verify_backup_set(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let dumping = Dumping::open(at, state, lane).await?;
    let complete = lane.complete.as_ref().ok_or_else(|| {
        words::refused(Problem::internal("backup-not-complete").with("dump", &dumping.dump))
    })?;
    let (meter, gauge) = (Meter::new(), Gauge::bytes(complete.bytes));
    let work = dump::verify(&dumping.client, &complete.dump, state.connections, &meter, at.cancelled());
    let report = metered(at, &meter, &gauge, work).await.map_err(Error::from)?;
    for finding in report.findings.iter().take(FINDINGS_SHOWN) {
        at.log(words::note(finding.problem().text));
    }
    if let Some(first) = report.findings.first() {
        let problem = Problem::outside("backup-set-damaged").coded(codes::DATA_BACKUP_FAILED);
        let problem = problem.with("findings", report.findings.len()).raw(first.problem());
        return Err(words::refused(problem));
    }
    at.log(
        Note::new("backup-set-verified")
            .arg("objects", report.checked)
            .arg("bytes", size::bytes(report.bytes)),
    );
    lane.verified = true;
    Ok(Next::Done)
}

/// 8. The catalogue knows it. A set is known by its task and tenant: recorded again, it is still one.
pub(super) async fn record_backup_set(at: &Here, state: &mut State) -> Answer {
    let mut writer = at.context().metadata.begin().await.map_err(Error::from)?;
    for lane in at.lanes().iter().filter(|lane| lane.succeeded()) {
        let (Some(complete), Some(tenant)) = (&lane.state.complete, state.tenants.get(&lane.key)) else {
            continue;
        };
        let set = BackupSet {
            id: BackupSetId(0),
            task: TaskId(at.task().0),
            cluster: state.cluster,
            cluster_name: state.cluster_name.clone(),
            tenant: *tenant,
            tenant_name: lane.key.clone(),
            method: BackupMethod::Logical,
            mode: DataBackupMode::Full,
            storage: state.storage,
            path: format!("{}/{}", folder(state, *tenant), complete.dump),
            scn: complete.scn,
            bytes: complete.bytes,
            rows: complete.rows,
            tables: complete.tables,
            started: state.requested,
            finished: complete.finished,
            status: if lane.state.verified {
                BackupSetStatus::Available
            } else {
                BackupSetStatus::Unverified
            },
        };
        let id = writer.backup_set_record(&set).await.map_err(Error::from)?;
        at.log(Note::new("backup-set-recorded").arg("set", id).arg("tenant", &lane.key));
    }
    writer.commit().await.map_err(Error::from)?;
    Ok(Next::Done)
}

/// After a cancel: the body has ended its statements; what is left is the open transaction.
pub(super) async fn let_go(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    at.context().snapshots.release(&dump_id(at.task(), state, lane)).await;
    Ok(Next::Done)
}

/// Deletes this lane's dumps that are not complete, and nothing else.
pub(super) async fn delete_unfinished(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let_go(at, state, lane).await?;
    let client = client(at, state, at.lane()).await?;
    let current = dump_id(at.task(), state, lane);
    for dump in lane.abandoned.iter().chain([&current]) {
        at.may_act(FINISH_LIMIT).await?;
        delete_unless_complete(at, &client, dump).await?;
    }
    Ok(Next::Done)
}

impl Complete {
    fn of(manifest: &Manifest) -> Self {
        Self {
            dump: manifest.dump.clone(),
            scn: manifest.scn,
            bytes: manifest.totals.bytes,
            rows: manifest.totals.rows,
            tables: manifest.totals.tables,
            finished: manifest.finished,
        }
    }
}
