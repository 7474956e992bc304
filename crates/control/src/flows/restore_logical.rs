//! Recovers a logical backup set: databases of one tenant, or single tables of them, under the same or other names.
//!
//! 1. `check-recovery-source`  the set's manifest and every required object are in the storage
//! 2. `check-destination`      the cluster can take the load, the user has the privileges, and no name is in use
//! 3. `create-schema`          databases and tables exist, each database with the mark of this load
//! 4. `load-data`              the rows are loaded
//! 5. `create-indexes`         routines, indexes, foreign keys and views exist
//! 6. `verify-data`            every row matches the dump
//! 7. `record-recovery`        triggers and privileges exist, the marks are removed, and the recovery is recorded
//!
//! Routines, triggers, users and privileges are created only at the request of an administrator. The state records the
//! objects that are not created, because nobody requested them or because the target refuses them: such a recovery is
//! partial.
//!
//! The cluster changes from step 3 on. A rollback removes only what this recovery created. A new database that still
//! carries the load's mark is dropped; a database that existed and was empty is emptied again. If a database contains
//! other objects, the rollback does not touch it. If single tables are recovered into an existing database, other
//! tables may exist beside them, and only the recovered ones are dropped. Created users and roles are dropped too.

mod cleanup;
mod code;
mod loading;
pub(crate) mod plan;
mod request;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dump::load::Made;
use dump::{Manifest, Meter, load};
use engine::flow::Answer;
use engine::{Flow, Next, Note, Step, StepError};
use metadata::restores::Restore;
use model::ability::Generation;
use model::backup::BackupMethod;
use model::cluster::refuse_upgrading;
use model::id::{TaskId, TenantId};
use model::problem::codes;
use model::tenant::Tenant;
use model::version::{Product, Version};
use model::{Problem, size};
use oceanbase::catalog::Account;
use oceanbase::grants::Grants;
use oceanbase::{Driver, Session, catalog};
use storage::Client;

use self::loading::{Loading, checked_manifest, client, open, options};
use self::state::{Here, Holds, STATEMENT_LIMIT};
use super::metered::{Gauge, metered};
use super::step_log::StepLog;
use crate::context::{Context, signing};
use crate::error::Error;
use crate::words;

pub(crate) use request::{TAKER, open_set};
pub(crate) use state::{RestoreLogical, State, not_made, set_read_by};

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(30 * 60);

/// How long the schema may take, with very many tables.
const SCHEMA_LIMIT: Duration = Duration::from_secs(6 * 60 * 60);

/// How long loading the rows, creating the indexes and comparing the rows may each take.
const DATA_LIMIT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How many findings of a verification are written to the log.
const FINDINGS_SHOWN: usize = 50;

/// The privileges that a user needs on a database to create and fill it.
const PRIVILEGES: [&str; 8] =
    ["CREATE", "CREATE VIEW", "SELECT", "INSERT", "UPDATE", "ALTER", "INDEX", "DROP"];

/// The additional privilege for foreign keys, if the kernel supports it.
const REFERENCES: &str = "REFERENCES";

/// The oldest OceanBase that is known to require [`REFERENCES`]: the version of seekdb's kernel.
const ASKS_REFERENCES_SINCE: Version = Version::new(4, 3, 5);

impl Flow for RestoreLogical {
    const KIND: &'static str = "restore-logical"; // stored; never renamed once released
    /// Version 2 added single tables: a program of version 1 would recover the whole database. Version 3 added code: a
    /// program of version 2 would leave it out.
    const VERSION: u32 = 3;
    const READS_SINCE: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = ();

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-recovery-source", |at, s| Box::pin(check_recovery_source(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("check-destination", |at, s| Box::pin(check_destination(at, s))).timeout(CHECK_LIMIT),
        Step::one("create-schema", |at, s| Box::pin(create_schema(at, s)))
            .undo(|at, s| Box::pin(cleanup::remove_what_was_made(at, s)))
            .timeout(SCHEMA_LIMIT),
        Step::one("load-data", |at, s| Box::pin(load_data(at, s))).timeout(DATA_LIMIT),
        Step::one("create-indexes", |at, s| Box::pin(create_indexes(at, s))).timeout(DATA_LIMIT),
        Step::one("verify-data", |at, s| Box::pin(verify_data(at, s))).skippable().timeout(DATA_LIMIT),
        Step::one("record-recovery", |at, s| Box::pin(record_recovery(at, s))),
    ];
}

/// 1. The set's manifest and every required object are in the storage, with the right sizes. Their contents are checked
///    while they are loaded.
async fn check_recovery_source(at: &Here, state: &mut State) -> Answer {
    let client = client(at, state).await?;
    let manifest = checked_manifest(at, state, &client).await?.manifest;
    if let Some(origin) = &state.origin {
        at.log(words::note(signing::described(origin)));
    }
    check_objects(&client, state, &manifest).await?;
    for note in &manifest.notes {
        at.log(words::note(note.clone()));
    }
    let found = options(&state.databases, &state.selection, state.with_code, &state.without, "");
    made(at, state, "check-recovery-source", load::not_requested(&manifest, &found));
    at.log(
        Note::new("recovery-source")
            .arg("set", state.backup_set)
            .arg("dump", &state.dump)
            .arg("tables", state.holds.tables)
            .arg("rows", state.holds.rows)
            .arg("bytes", size::bytes(state.holds.bytes)),
    );
    Ok(Next::Done)
}

async fn check_objects(client: &Client, state: &State, manifest: &Manifest) -> Result<(), StepError> {
    let listed = client.list(state.dump.as_str()).await.map_err(Error::from)?;
    let prefix = format!("{}/", state.dump);
    let sizes: BTreeMap<&str, u64> = listed
        .iter()
        .filter_map(|entry| Some((entry.key.strip_prefix(&prefix)?, entry.size_bytes)))
        .collect();
    for object in manifest.objects_of(&state.selection) {
        let damage = match sizes.get(object.path.as_str()) {
            None => dump::Finding::Missing { path: object.path.clone() },
            Some(size) if *size != object.bytes => dump::Finding::Damaged {
                path: object.path.clone(),
                why: format!("it has {size} bytes, not {}", object.bytes),
            },
            Some(_) => continue,
        };
        return Err(words::refused(damage.problem()));
    }
    Ok(())
}

/// 2. The cluster can take the load, the user has the privileges, and no name is in use. This is the last check before
///    the cluster changes.
async fn check_destination(at: &Here, state: &mut State) -> Answer {
    let context = at.context();
    let mut cluster = context.cluster(state.cluster).await?;
    let endpoint = context.endpoint(&cluster).await?;
    let mut driver = Driver::open(&endpoint, Arc::new(StepLog::new(at))).await.map_err(Error::from)?;
    cluster.facts = driver.probe().await.map_err(Error::from)?;
    refuse_upgrading(&cluster).map_err(words::refused)?;
    if !cluster.facts.ability.offers(BackupMethod::Logical) {
        return Err(words::refused(Problem::refused(codes::METHOD_UNSUPPORTED, "logical-not-offered")));
    }
    if cluster.facts.generation == Generation::Gen4 {
        let tenants = driver.tenants().await.map_err(Error::from)?;
        check_destination_tenant(state.tenant, &tenants).map_err(words::refused)?;
        let witness = Arc::new(StepLog::new(at));
        context.enter_tenant(&cluster, state.tenant, &state.tenant_name, witness).await?.close().await;
    }
    let loading = Loading::open(at, state).await?;
    let Loading { target, client, options } = &loading;
    let found = load::check_target(target, client, &state.dump, options).await.map_err(Error::from)?;
    if found.resumes {
        // Our own load has not started, so the marks belong to another one.
        let problem = Problem::refused(codes::NAME_EXISTS, "recovery-left-unfinished");
        return Err(words::refused(problem.with("databases", joined(state))));
    }
    let privileged = load::privileged(client, &state.dump, options, &target.endpoint.user).await;
    for note in found.notes.into_iter().chain(privileged.map_err(Error::from)?) {
        at.log(words::note(note));
    }
    let mut session = open(target).await?;
    check_privileges(&mut session, state).await?;
    if state.with_code {
        let there = catalog::accounts(&mut session).await.map_err(Error::from)?;
        state.accounts_existed = there.map(|there| there.iter().map(Account::spelled).collect());
    }
    let there = catalog::databases(&mut session).await.map_err(Error::from)?;
    session.close().await;
    let existed = |name: &&String| there.iter().any(|other| other.eq_ignore_ascii_case(name));
    state.existed = Some(state.databases.values().filter(existed).cloned().collect());
    at.log(Note::new("cluster-is").arg("cluster", &cluster.name).arg("server", &cluster.facts.server));
    Ok(Next::Done)
}

/// Refuses a tenant that is not NORMAL, and a standby, which accepts only the changes of its primary.
fn check_destination_tenant(id: TenantId, tenants: &[Tenant]) -> Result<(), Problem> {
    let refused = |id, tenant: &Tenant| {
        let refusal = Problem::refused(codes::PRECHECK_FAILED, id).with("tenant", &tenant.name);
        Err(refusal.with("status", &tenant.status).with("role", &tenant.role))
    };
    match tenants.iter().find(|tenant| tenant.id == id) {
        None => Err(Problem::not_found("tenant-unknown").with("tenant", id)),
        Some(tenant) if tenant.status != "NORMAL" => refused("tenant-not-normal", tenant),
        Some(tenant) if tenant.role != "PRIMARY" => refused("recovery-into-standby", tenant),
        Some(_) => Ok(()),
    }
}

/// Refuses a user without the required privileges. The privileges of roles are not read: a user with roles passes, and
/// the server decides.
async fn check_privileges(session: &mut Session, state: &State) -> Result<(), StepError> {
    let grants = Grants::read(session).await.map_err(Error::from)?;
    let server = session.server();
    let asks_references = server.product == Product::Seekdb || server.version >= ASKS_REFERENCES_SINCE;
    for database in state.databases.values() {
        let needed = PRIVILEGES.into_iter().chain(asks_references.then_some(REFERENCES));
        let lacking: Vec<&str> = needed.filter(|name| !grants.has_on(database, name)).collect();
        if !lacking.is_empty() && !grants.has_roles() {
            let problem = Problem::refused(codes::PRECHECK_FAILED, "recovery-privilege-missing");
            return Err(words::refused(
                problem.with("database", database).with("privileges", lacking.join(", ")),
            ));
        }
    }
    Ok(())
}

/// 3. Databases and tables exist, each database with the mark of this load.
async fn create_schema(at: &Here, state: &mut State) -> Answer {
    let Loading { target, client, options } = Loading::open(at, state).await?;
    at.may_act(STATEMENT_LIMIT).await?;
    let schema =
        load::create_schema(&target, &client, &state.dump, &options, state.connections, at.cancelled());
    let mut created = schema.await.map_err(Error::from)?;
    // Step 2 has logged the others.
    created.notes.retain(|note| note.id.starts_with("load-database-"));
    made(at, state, "create-schema", created);
    at.log(Note::new("recovery-schema").arg("databases", joined(state)).arg("tables", state.holds.tables));
    Ok(Next::Done)
}

/// 4. The rows are loaded.
async fn load_data(at: &Here, state: &mut State) -> Answer {
    let Loading { target, client, options } = Loading::open(at, state).await?;
    at.may_act(STATEMENT_LIMIT).await?;
    let (meter, gauge) = (Meter::new(), Gauge::bytes(state.holds.bytes));
    let work =
        load::load_data(&target, &client, &state.dump, &options, state.connections, &meter, at.cancelled());
    let loaded = metered(at, &meter, &gauge, work).await.map_err(Error::from)?;
    let rows = if loaded.not_made.is_empty() { state.holds.rows } else { meter.now().rows };
    made(at, state, "load-data", loaded);
    at.log(Note::new("recovery-rows").arg("rows", rows));
    Ok(Next::Done)
}

/// 5. Routines, indexes, foreign keys and views exist. Routines come first: views may call them.
async fn create_indexes(at: &Here, state: &mut State) -> Answer {
    let Loading { target, client, options } = Loading::open(at, state).await?;
    at.may_act(STATEMENT_LIMIT).await?;
    let mut all = Made::default();
    if state.with_code {
        let routines = load::create_routines(&target, &client, &state.dump, &options);
        all.add(routines.await.map_err(Error::from)?);
        at.may_act(STATEMENT_LIMIT).await?;
    }
    let indexes =
        load::create_indexes(&target, &client, &state.dump, &options, state.connections, at.cancelled());
    all.add(indexes.await.map_err(Error::from)?);
    made(at, state, "create-indexes", all);
    Ok(Next::Done)
}

/// 6. Every row matches the dump.
async fn verify_data(at: &Here, state: &mut State) -> Answer {
    let Loading { target, client, options } = Loading::open(at, state).await?;
    let (meter, gauge) = (Meter::new(), Gauge::rows(state.holds.rows));
    let work =
        load::verify_data(&target, &client, &state.dump, &options, state.connections, &meter, at.cancelled());
    let report = metered(at, &meter, &gauge, work).await.map_err(Error::from)?;
    for finding in report.findings.iter().take(FINDINGS_SHOWN) {
        at.log(words::note(finding.problem().text));
    }
    // If this step is skipped, these tables are named as not restored completely, and the rest is created.
    made(at, state, "verify-data", load::differing(&report).unwrap_or_default());
    if let Some(first) = report.findings.first() {
        let problem = Problem::outside("recovery-differs").coded(codes::RECOVERY_FAILED);
        return Err(words::refused(problem.with("findings", report.findings.len()).raw(first.problem())));
    }
    at.log(Note::new("recovery-verified").arg("rows", report.rows));
    Ok(Next::Done)
}

/// 7. Triggers and privileges exist; earlier, triggers would have changed the rows. Then the marks are removed, and
///    last the recovery is recorded: a recorded recovery is complete.
async fn record_recovery(at: &Here, state: &mut State) -> Answer {
    let Loading { target, client, options } = Loading::open(at, state).await?;
    at.may_act(STATEMENT_LIMIT).await?;
    if state.with_code && !state.has_triggers {
        let triggers = load::create_triggers(&target, &client, &state.dump, &options);
        made(at, state, "record-recovery", triggers.await.map_err(Error::from)?);
        state.has_triggers = true;
        return Ok(Next::again(Duration::ZERO)); // save before the marks go: they show which privileges are granted
    }
    load::finish(&target, &client, &state.dump, &options).await.map_err(Error::from)?;
    let mut writer = at.context().metadata.begin().await.map_err(Error::from)?;
    let restore = Restore {
        task: TaskId(at.task().0),
        backup_set: state.backup_set,
        cluster: state.cluster,
        tenant: state.tenant,
        databases: state.databases.clone(),
        bytes: state.holds.bytes,
        rows: state.holds.rows,
        tables: state.holds.tables,
        started: state.requested,
        finished: writer.now().await.map_err(Error::from)?,
    };
    writer.restore_record(&restore).await.map_err(Error::from)?;
    writer.commit().await.map_err(Error::from)?;
    at.log(Note::new("recovery-recorded").arg("databases", joined(state)));
    let lost = state.not_made().count();
    if lost > 0 {
        at.log(Note::new("recovery-partial").arg("count", lost));
    }
    Ok(Next::Done)
}

/// Logs the report of one part of a load, and saves the objects that were not created.
fn made(at: &Here, state: &mut State, step: &str, made: Made) {
    for text in made.texts() {
        at.log(words::note(text));
    }
    state.not_made.insert(step.to_owned(), made.not_made);
}

fn joined(state: &State) -> String {
    state.databases.values().cloned().collect::<Vec<_>>().join(", ")
}
