//! A logical backup: one dump per tenant, each tenant a lane.
//!
//! 1. `check-cluster-status`   the cluster answers, offers logical backup, and is not being upgraded
//! 2. `check-backup-storage`   this server can write, read, list and delete in the storage
//! 3. `check-ready`            the selected objects exist, and a dump can contain them
//! 4. `take-snapshot`          a snapshot is kept readable, and the dump's plan is in the storage
//! 5. `dump-schema`            the definitions are in the storage
//! 6. `dump-data`              the rows are in the storage, and then the manifest: the dump is complete
//! 7. `verify-backup-set`      every object reads back as it was written
//! 8. `record-backup-set`      the catalogue has the set
//!
//! Lifeboat reads a tenant of OceanBase 4.x with the tenant credential, and the only tenant of seekdb as the cluster's
//! own user.
//!
//! The flow only reads from the cluster. Between two steps a transaction stays open to keep the snapshot readable; it
//! ends with the dump, a cancel, or this process.
//!
//! If the snapshot of a dump is gone, its tables have changed, or its plan was signed with another key, the dump starts
//! over under another ID: two snapshots are never mixed. A rollback deletes an incomplete dump. A complete dump is a
//! backup, recorded or not, and a backup task never deletes it.

mod dumping;
pub(crate) mod plan;
mod request;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use dump::{Manifest, Meter};
use engine::flow::Answer;
use engine::{Flow, Next, Note, Step, StepError};
use model::Problem;
use model::ability::Generation;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::cluster::refuse_upgrading;
use model::id::{BackupSetId, TaskId, TenantId};
use model::inventory::is_partial;
use model::problem::codes;
use model::size;
use model::storage::TestOutcome;
use model::tenant::Tenant;
use oceanbase::Driver;

use self::dumping::{Dumping, client, delete_unless_complete, dump_id, folder, id_of, source};
use self::state::{Complete, Here};
use super::metered::{Gauge, metered};
use super::step_log::StepLog;
use super::until::unless_cancelled;
use crate::context::Context;
use crate::error::Error;
use crate::orders;
use crate::words;

pub(crate) use dumping::place;
pub(crate) use request::TAKER;
pub(crate) use state::{BackupLogical, Lane, State, left_out};

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long planning and the schema may take, with very many tables.
const SCHEMA_LIMIT: Duration = Duration::from_secs(6 * 60 * 60);

/// How long dumping the rows may take, and how long reading them back may take.
const DATA_LIMIT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long writing the manifest may take.
const FINISH_LIMIT: Duration = Duration::from_secs(60);

/// How many findings of a verification are written to the log.
const FINDINGS_SHOWN: usize = 50;

impl Flow for BackupLogical {
    const KIND: &'static str = orders::BACKUP_LOGICAL;
    const VERSION: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = Lane;

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-cluster-status", |at, s| Box::pin(check_cluster_status(at, s))).timeout(CHECK_LIMIT),
        Step::one("check-backup-storage", |at, s| Box::pin(check_backup_storage(at, s))).timeout(CHECK_LIMIT),
        Step::one("check-ready", |at, s| Box::pin(check_ready(at, s))).timeout(CHECK_LIMIT),
        Step::each("take-snapshot", |at, s, l| Box::pin(take_snapshot(at, s, l)))
            .stop_each(|at, s, l| Box::pin(let_go(at, s, l)))
            .undo_each(|at, s, l| Box::pin(delete_unfinished(at, s, l)))
            .timeout(SCHEMA_LIMIT),
        Step::each("dump-schema", |at, s, l| Box::pin(dump_schema(at, s, l)))
            .stop_each(|at, s, l| Box::pin(let_go(at, s, l)))
            .timeout(SCHEMA_LIMIT),
        Step::each("dump-data", |at, s, l| Box::pin(dump_data(at, s, l)))
            .stop_each(|at, s, l| Box::pin(let_go(at, s, l)))
            .timeout(DATA_LIMIT),
        Step::each("verify-backup-set", |at, s, l| Box::pin(verify_backup_set(at, s, l)))
            .skippable()
            .timeout(DATA_LIMIT),
        Step::one("record-backup-set", |at, s| Box::pin(record_backup_set(at, s))),
    ];
}

/// 1. The cluster answers, offers logical backup, and is not being upgraded.
async fn check_cluster_status(at: &Here, state: &mut State) -> Answer {
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

/// Fails only if none of the tenants can be read: each must exist and be NORMAL. A single missing or abnormal tenant
/// fails its own lane later.
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

/// 2. This server can write, read, list and delete in the storage.
async fn check_backup_storage(at: &Here, state: &mut State) -> Answer {
    let context = at.context();
    let storage = context.storage(state.storage).await?;
    let secret = context.metadata.storage_secret(state.storage).await.map_err(Error::from)?;
    for line in storage::probe(&storage.location, secret.as_ref(), &context.rules).await {
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

/// 3. The selected objects exist, and a dump can contain them. Fails only if no tenant is ready.
async fn check_ready(at: &Here, state: &mut State) -> Answer {
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
    let cluster = at.context().cluster(state.cluster).await?;
    if cluster.facts.generation == Generation::Gen4 {
        let witness = Arc::new(StepLog::new(at));
        let entered = at.context().enter_tenant(&cluster, id_of(state, tenant), tenant, witness).await?;
        entered.close().await;
    }
    let source = source(at, state, tenant).await?;
    let found = dump::preflight(&source, &state.selection, &state.consent, state.connections)
        .await
        .map_err(Error::from)?;
    for object in found.left_out {
        at.log(words::note(object.reason));
    }
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

/// 4. A snapshot is kept readable, and the dump's plan is in the storage.
async fn take_snapshot(at: &Here, state: &State, lane: &mut Lane) -> Answer {
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
    dumping.done_or_restart(lane, taken).await
}

/// 5. The definitions are in the storage.
async fn dump_schema(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let dumping = Dumping::open(at, state, lane).await?;
    let dumped = schema(at, &dumping).await;
    dumping.done_or_restart(lane, dumped).await
}

async fn schema(at: &Here, dumping: &Dumping<'_>) -> dump::Result<()> {
    let snapshot = dumping.snapshot().await?;
    let dumped = dump::dump_schema(&dumping.source, &dumping.client, &snapshot);
    let dumped = unless_cancelled(at, dumped).await;
    dumping.keep(snapshot);
    dumped
}

/// 6. The rows are in the storage, and then the manifest: the dump is complete.
async fn dump_data(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let dumping = Dumping::open(at, state, lane).await?;
    if let Some(opened) = dumping.manifest().await? {
        completed(at, lane, &opened.manifest); // complete since before a crash; its receipts are deleted
        return Ok(Next::Done);
    }
    let mut dumped = rows(at, state, &dumping).await;
    if dumped.is_ok() {
        // The manifest makes the dump a backup: only the worker that holds the task may write it.
        at.may_act(FINISH_LIMIT).await?;
        let manifest = match dumping.finish().await {
            Ok(manifest) => manifest,
            Err(error @ dump::Error::NotOurs { .. }) => {
                dumped = Err(error); // the signing key was replaced meanwhile
                return dumping.done_or_restart(lane, dumped).await;
            }
            Err(error) => return Err(Error::from(error).into()),
        };
        at.context().snapshots.release(&dumping.dump).await;
        completed(at, lane, &manifest);
    }
    dumping.done_or_restart(lane, dumped).await
}

/// Saves the contents of a complete dump, and logs them with the objects that were left out and the dump's notes.
fn completed(at: &Here, lane: &mut Lane, manifest: &Manifest) {
    let complete = Complete::of(manifest);
    at.log(
        Note::new("dump-complete")
            .arg("dump", &complete.dump)
            .arg("tables", complete.tables)
            .arg("rows", complete.rows)
            .arg("bytes", size::bytes(complete.bytes)),
    );
    let reasons = complete.left_out.iter().map(|object| &object.reason);
    for text in reasons.chain(&manifest.notes) {
        at.log(words::note(text.clone()));
    }
    lane.complete = Some(complete);
}

async fn rows(at: &Here, state: &State, dumping: &Dumping<'_>) -> dump::Result<()> {
    let Dumping { source, client, .. } = dumping;
    // The schema needs no more work, unless the dump starts over.
    schema(at, dumping).await?;
    let snapshot = dumping.snapshot().await?;
    let meter = Meter::new();
    let work = dump::dump_data(source, client, &snapshot, state.connections, &meter, at.cancelled());
    let dumped = metered(at, &meter, &Gauge::dumping(), work).await;
    dumping.keep(snapshot);
    dumped
}

/// 7. Every object reads back as it was written.
async fn verify_backup_set(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let dumping = Dumping::open(at, state, lane).await?;
    let complete = lane.complete.as_ref().ok_or_else(|| {
        words::refused(Problem::internal("backup-not-complete").with("dump", &dumping.dump))
    })?;
    // Another program may have replaced the manifest: only one that this installation signed is accepted.
    let opened = dumping.manifest().await?;
    let no_manifest = || dump::Error::NotFinished { dump: complete.dump.clone(), missing: "manifest.json" };
    let expected = opened.ok_or_else(no_manifest).map_err(Error::from)?.blake3;
    let (meter, gauge) = (Meter::new(), Gauge::bytes(complete.bytes));
    let work = dump::verify(
        &dumping.client,
        &complete.dump,
        Some(&expected),
        state.connections,
        &meter,
        at.cancelled(),
    );
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

/// 8. The catalogue has the set. A set is identified by its task and tenant, so recording it again changes nothing.
async fn record_backup_set(at: &Here, state: &mut State) -> Answer {
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
            status: match lane.state.verified {
                _ if is_partial(&complete.left_out) => BackupSetStatus::Partial,
                true => BackupSetStatus::Available,
                false => BackupSetStatus::Unverified,
            },
            left_out: complete.left_out.clone(),
        };
        let id = writer.backup_set_record(&set).await.map_err(Error::from)?;
        at.log(Note::new("backup-set-recorded").arg("set", id).arg("tenant", &lane.key));
        if set.status == BackupSetStatus::Partial {
            let lost = set.left_out.iter().filter(|object| !object.agreed).count();
            at.log(Note::new("backup-set-partial").arg("set", id).arg("count", lost));
        }
    }
    writer.commit().await.map_err(Error::from)?;
    Ok(Next::Done)
}

/// Ends the open transaction after a cancel; the body of the step has already ended its statements.
async fn let_go(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    at.context().snapshots.release(&dump_id(at.task(), state, lane)).await;
    Ok(Next::Done)
}

/// Deletes the incomplete dumps of this lane, and nothing else.
async fn delete_unfinished(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let_go(at, state, lane).await?;
    let client = client(at, state, at.lane()).await?;
    let current = dump_id(at.task(), state, lane);
    for dump in lane.abandoned.iter().chain([&current]) {
        at.may_act(FINISH_LIMIT).await?;
        delete_unless_complete(at, &client, dump).await?;
    }
    Ok(Next::Done)
}
