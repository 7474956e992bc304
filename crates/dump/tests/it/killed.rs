//! If the engine or the database is killed at any time, no row is lost or duplicated, and no partial dump counts as
//! complete.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dump::{ChunkAim, DumpId, Meter, Options, Source, load};
use oceanbase::Session;
use tokio_util::sync::CancellationToken;
use xtask::seekdb::Instance;

use crate::bed::{Bed, create_schema, load_options, query, run, selection};

const ROWS: usize = 20_000;

/// What a child process does: `dump` or `load`.
const TASK: &str = "LIFEBOAT_TEST_TASK";
/// The directory for the child.
const DIRECTORY: &str = "LIFEBOAT_TEST_DIRECTORY";
/// The server for the child.
const SERVER: &str = "LIFEBOAT_TEST_SERVER";
/// The number of pieces, of all runs together, after which the child dies.
const PIECES: &str = "LIFEBOAT_TEST_PIECES";

/// The timeout of a call: after its restart, a killed server may never finish a statement. Lifeboat itself waits
/// longer, because it can't know whether a slow server will answer.
const PATIENCE: Duration = Duration::from_secs(40);

fn options(name: &str) -> Options {
    let chunk = ChunkAim { rows: Some(500), ..ChunkAim::default() };
    Options { selection: selection(&[name]), chunk, ..Options::default() }
}

async fn database(bed: &Bed, name: &str) {
    let rows: Vec<String> = (0..ROWS).map(|i| format!("({i},'row {i} {}')", "x".repeat(60))).collect();
    let rows = rows.join(",");
    bed.database(
        name,
        &[
            "CREATE TABLE keyed (id INT PRIMARY KEY, t VARCHAR(90), KEY kt (t))",
            "CREATE TABLE keyless (id INT, t VARCHAR(90))",
            &format!("INSERT INTO keyed VALUES {rows}"),
            &format!("INSERT INTO keyless VALUES {rows}"),
        ],
    )
    .await;
}

/// Not a test: the process that is killed. It works until it is done, or dies after a number of pieces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by its parents"]
async fn victim() {
    let told = |name| std::env::var(name).ok();
    let (Some(task), Some(directory), Some(server)) = (told(TASK), told(DIRECTORY), told(SERVER)) else {
        return;
    };
    let bed = Bed::on_in(serde_json::from_str(&server).expect("a server"), Path::new(&directory));
    let (dump, source): (DumpId, _) = ("killed".parse().expect("an id"), bed.source());
    let meter = Meter::new();
    if let Some(most) = told(PIECES).and_then(|most| most.parse().ok()) {
        tokio::spawn(die_after(most, meter.clone()));
    }
    if task == "dump" {
        bed.dump_metered(&dump, &options("d_killed_dump"), &meter).await.expect("a dump");
    } else {
        let load = load_options(&[("d_killed_load", "d_killed_load_2")]);
        whole_load(&bed, &source, &dump, &load, &meter).await.expect("a load");
    }
}

/// Ends this process immediately, without cleanup, as SIGKILL would.
async fn die_after(most: u64, meter: Meter) {
    let _ = meter.subscribe().wait_for(|progress| progress.pieces_done >= most).await;
    std::process::abort();
}

async fn whole_load(
    bed: &Bed,
    target: &Source,
    dump: &DumpId,
    load: &load::Options,
    meter: &Meter,
) -> dump::Result<()> {
    let never = CancellationToken::new();
    create_schema(target, &bed.client, dump, load).await?;
    load::load_data(target, &bed.client, dump, load, 3, meter, &never).await?;
    load::create_indexes(target, &bed.client, dump, load, 3, &never).await.map(drop)
}

/// Repeats a call after transient failures, as a task does: a killed server may hang at first.
async fn persistently<T, F: Future<Output = dump::Result<T>>>(call: impl Fn() -> F) -> dump::Result<T> {
    for _ in 0..4 {
        match tokio::time::timeout(PATIENCE, call()).await {
            Ok(Err(error)) if error.is_transient() => {}
            Ok(outcome) => return outcome,
            Err(_) => eprintln!("the server has kept a statement for {PATIENCE:?}"),
        }
    }
    call().await
}

fn start(task: &str, bed: &Bed, pieces: Option<u64>) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "killed::victim", "--ignored"])
        .env(TASK, task)
        .env(DIRECTORY, bed.dir.path())
        .env(SERVER, serde_json::to_string(&bed.server).expect("json"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(pieces) = pieces {
        command.env(PIECES, pieces.to_string());
    }
    command.spawn().expect("a child")
}

/// Starts the child repeatedly and kills it, first while it starts, then each time some pieces later, until it
/// completes. Returns how often it died while it processed rows.
fn kill_until_done(task: &str, bed: &Bed) -> u64 {
    for moment in [20, 45, 70, 95].map(Duration::from_millis) {
        let mut child = start(task, bed, None);
        std::thread::sleep(moment); // the time of the kill
        child.kill().expect("killed");
        child.wait().expect("gone");
    }
    for kills in 0..40 {
        let status = start(task, bed, Some((kills + 1) * 8)).wait().expect("gone");
        if status.success() {
            return kills;
        }
        assert!(status.signal().is_some(), "after {kills} kills: {status}");
    }
    panic!("it never came to its end");
}

#[tokio::test]
async fn a_dump_whose_process_is_killed_again_and_again_ends_whole() {
    let bed = Bed::shared();
    database(&bed, "d_killed_dump").await;
    let kills = kill_until_done("dump", &bed);
    assert!(kills > 3, "it was killed {kills} times");
    let dump = "killed".parse().expect("an id");
    let manifest = dump::read_manifest(&bed.client, &dump).await.expect("a manifest");
    assert_eq!(manifest.totals.rows, 2 * ROWS as u64);
    assert_eq!(bed.verify("killed").await.findings, []);
    assert_eq!(bed.compare("killed", &[]).await.findings, []);
}

/// A load of two tables, killed until it ends.
async fn a_killed_load_doubles_nothing(bed: Bed) {
    database(&bed, "d_killed_load").await;
    bed.no_database("d_killed_load_2");
    bed.dump_with(&"killed".parse().expect("an id"), &options("d_killed_load")).await.expect("a dump");
    let kills = kill_until_done("load", &bed);
    assert!(kills > 3, "it was killed {kills} times");
    assert_eq!(bed.compare("killed", &[("d_killed_load", "d_killed_load_2")]).await.findings, []);
    let mut session = bed.session().await;
    for table in ["keyed", "keyless"] {
        let rows = query(&mut session, &format!("SELECT COUNT(*) FROM d_killed_load_2.{table}")).await;
        assert_eq!(rows, [[ROWS.to_string()]]);
    }
    session.close().await;
}

#[tokio::test]
async fn a_load_whose_process_is_killed_again_and_again_doubles_nothing() {
    a_killed_load_doubles_nothing(Bed::shared()).await;
}

#[tokio::test]
async fn a_load_into_mariadb_whose_process_is_killed_again_and_again_doubles_nothing() {
    a_killed_load_doubles_nothing(Bed::mariadb()).await;
}

/// Starts a server that may be killed. Below a folder whose name begins with a dot, seekdb starts once and never again
/// (-4006).
fn mortal() -> (tempfile::TempDir, Instance) {
    let folder = tempfile::Builder::new().prefix("seekdb-").tempdir().expect("a folder");
    let instance = Instance::start_in(&folder.path().join("seekdb")).expect("a seekdb");
    (folder, instance)
}

/// The same, once it has set itself up: some seconds after its first start it writes its packages.
async fn settled_mortal() -> (tempfile::TempDir, Instance) {
    let (folder, instance) = mortal();
    let mut session = Bed::on(instance.server.clone()).session().await;
    let open =
        "SELECT (SELECT COUNT(*) FROM oceanbase.__all_package) = 0 OR COUNT(*) > 0 FROM oceanbase.V$OB_LOCKS";
    for _ in 0..4 {
        until(&mut session, open, "0").await; // a pause between two packages is not the end
    }
    session.close().await;
    (folder, instance)
}

/// Repeats a query until it returns the answer.
async fn until(session: &mut Session, question: &str, answer: &str) {
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if query(session, question).await == [[answer]] {
            return;
        }
    }
    panic!("{question} was never answered by {answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seekdb_that_was_killed_during_its_setup_takes_a_load_or_fails_it_for_good() {
    let (_folder, mut instance) = mortal();
    let bed = Bed::on(instance.server.clone());
    database(&bed, "d_early").await;
    let (dump, source): (DumpId, _) = ("early".parse().expect("an id"), bed.source());
    bed.dump_with(&dump, &options("d_early")).await.expect("a dump");
    let mut session = bed.session().await;
    // 1026 is `__all_routine`, 1030 is `__all_package`.
    let at_it = "SELECT COUNT(*) > 0 FROM oceanbase.V$OB_LOCKS WHERE ID3 IN ('1026', '1030')";
    until(&mut session, at_it, "1").await;
    instance.kill();
    instance.start_again().expect("it starts again");

    tokio::time::sleep(Duration::from_secs(11)).await; // a transaction may be active for this long
    let load = load_options(&[("d_early", "d_early_2")]);
    match load::check_target(&source, &bed.client, &dump, &load).await {
        Err(dump::Error::TargetLocked { tables }) => {
            assert!(tables.iter().all(|table| table.starts_with("`oceanbase`.")), "{tables:?}");
        }
        free => {
            free.expect("a target");
            let meter = Meter::new();
            persistently(|| whole_load(&bed, &source, &dump, &load, &meter)).await.expect("a load");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_costs_a_dump_only_time() {
    let (_folder, mut instance) = settled_mortal().await;
    let bed = Bed::on(instance.server.clone());
    database(&bed, "d_dies").await;
    let (dump, source, never): (DumpId, _, _) =
        ("dies".parse().expect("an id"), bed.source(), CancellationToken::new());
    for pieces in [5, 40] {
        let chosen = options("d_dies");
        let snapshot = persistently(|| dump::take_or_resume_snapshot(&source, &bed.client, &dump, &chosen))
            .await
            .expect("a moment");
        persistently(|| dump::dump_schema(&source, &bed.client, &snapshot)).await.expect("a schema");
        let meter = Meter::new();
        let dumping = dump::dump_data(&source, &bed.client, &snapshot, 3, &meter, &never);
        let error =
            killed_while(dumping, &meter, pieces, &mut instance).await.expect_err("the server is dead");
        assert!(error.is_transient(), "{error:?}");
        drop(snapshot);
        instance.start_again().expect("it starts again");
        let mut session = bed.session().await;
        run(&mut session, &format!("UPDATE d_dies.keyed SET t = 'changed' WHERE id % {pieces} = 0")).await;
        session.close().await;
    }
    let chosen = options("d_dies");
    let manifest = persistently(|| bed.dump_with(&dump, &chosen)).await.expect("a dump"); // the SCN is still readable
    assert_eq!(manifest.totals.rows, 2 * ROWS as u64);

    let elsewhere = Bed::shared(); // a killed seekdb may refuse to create databases
    elsewhere.no_database("d_dies_2");
    let (target, load, meter) = (elsewhere.source(), load_options(&[("d_dies", "d_dies_2")]), Meter::new());
    whole_load(&bed, &target, &dump, &load, &meter).await.expect("a load");
    let mut session = elsewhere.session().await;
    let changed = query(&mut session, "SELECT COUNT(*) FROM d_dies_2.keyed WHERE t = 'changed'").await;
    assert_eq!(changed, [["0"]], "all rows are of the first moment");
    session.close().await;
    instance.stop().expect("it stops");
}

/// A seekdb that is killed during a transaction may keep its locks forever: then the load reports it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_costs_a_load_only_time_or_is_named() {
    let (_folder, mut instance) = settled_mortal().await;
    let bed = Bed::on(instance.server.clone());
    database(&bed, "d_dies").await;
    let (dump, source, never): (DumpId, _, _) =
        ("dies".parse().expect("an id"), bed.source(), CancellationToken::new());
    bed.dump_with(&dump, &options("d_dies")).await.expect("a dump");
    let load = load_options(&[("d_dies", "d_dies_2")]);
    for pieces in [2, 30] {
        match persistently(|| create_schema(&source, &bed.client, &dump, &load)).await {
            Err(dump::Error::TargetLocked { .. }) => break, // because it was killed before
            made => made.map(drop).expect("a schema"),
        }
        let meter = Meter::new();
        let loading = load::load_data(&source, &bed.client, &dump, &load, 3, &meter, &never);
        let outcome = Box::pin(killed_while(loading, &meter, pieces, &mut instance)).await;
        instance.start_again().expect("it starts again");
        match outcome.expect_err("the server is dead") {
            dump::Error::TargetLocked { .. } => break, // because it was killed before
            error => assert!(error.is_transient(), "{error:?}"),
        }
    }
    let ended = loop {
        match whole_load(&bed, &source, &dump, &load, &Meter::new()).await {
            Err(error) if error.is_transient() => {}
            ended => break ended,
        }
    };
    match ended {
        Err(dump::Error::TargetLocked { tables }) => assert!(!tables.is_empty()),
        ended => {
            ended.expect("a load");
            assert_eq!(bed.compare("dies", &[("d_dies", "d_dies_2")]).await.findings, []);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_names_the_tables_that_a_killed_seekdb_keeps_locked() {
    let (_folder, mut instance) = settled_mortal().await;
    let bed = Bed::on(instance.server.clone());
    database(&bed, "d_locked").await;
    let (dump, source): (DumpId, _) = ("locked".parse().expect("an id"), bed.source());
    bed.dump_with(&dump, &options("d_locked")).await.expect("a dump");
    let load = load_options(&[("d_locked", "d_locked_2")]);
    create_schema(&source, &bed.client, &dump, &load).await.expect("a schema");
    let mut session = bed.session().await;
    run(&mut session, "START TRANSACTION").await;
    // Enough for the server to write a part of the transaction's log.
    run(&mut session, "INSERT INTO d_locked_2.keyed SELECT id, t FROM d_locked.keyed").await;
    instance.kill();
    drop(session);
    instance.start_again().expect("it starts again");

    let ended = loop {
        match whole_load(&bed, &source, &dump, &load, &Meter::new()).await {
            Err(error) if error.is_transient() => {}
            ended => break ended,
        }
    };
    let Err(dump::Error::TargetLocked { tables }) = ended else { panic!("{ended:?}") };
    assert_eq!(tables, ["`d_locked_2`.`keyed`"]);
    let elsewhere = load_options(&[("d_locked", "d_locked_3")]);
    let before = load::check_target(&source, &bed.client, &dump, &elsewhere).await;
    assert!(matches!(before, Err(dump::Error::TargetLocked { .. })), "{before:?}");
    bed.dump_with(&"rescued".parse().expect("an id"), &options("d_locked"))
        .await
        .expect("it can still be read");
}

/// Kills the server once this many pieces are done.
async fn killed_while<T>(
    work: impl Future<Output = T>,
    meter: &Meter,
    pieces: u64,
    instance: &mut Instance,
) -> T {
    let mut progress = meter.subscribe();
    let ended = CancellationToken::new();
    let killing = async {
        either(&ended, progress.wait_for(|progress| progress.pieces_done >= pieces)).await;
        instance.kill();
    };
    tokio::join!(telling(&ended, work), killing).0
}

/// Does the work and then reports its end, even after a failure: a server that has just restarted may refuse it.
async fn telling<T>(ended: &CancellationToken, work: impl Future<Output = T>) -> T {
    let outcome = work.await;
    ended.cancel();
    outcome
}

/// Waits for the progress, for the end of the work that would make it, or long enough.
async fn either(ended: &CancellationToken, progress: impl Future) {
    tokio::select! {
        _ = progress => {}
        () = ended.cancelled() => {}
        () = tokio::time::sleep(PATIENCE) => {}
    }
}
