//! Whatever is killed when, the engine or the database: nothing is lost, doubled, or half taken for whole.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dump::{ChunkAim, DumpId, Meter, Options, Source, load};
use tokio_util::sync::CancellationToken;
use xtask::seekdb::Instance;

use crate::bed::{Bed, load_options, query, run, selection};

const ROWS: usize = 20_000;

/// Tells a child process what to do: `dump` or `load`.
const TASK: &str = "LIFEBOAT_TEST_TASK";
/// Tells it in which directory.
const DIRECTORY: &str = "LIFEBOAT_TEST_DIRECTORY";

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

/// Not a test: the process that is killed. It works until it is done.
#[tokio::test]
#[ignore = "run by its parents"]
async fn victim() {
    let (Ok(task), Ok(directory)) = (std::env::var(TASK), std::env::var(DIRECTORY)) else { return };
    let bed = Bed::shared_in(Path::new(&directory));
    let (dump, source): (DumpId, _) = ("killed".parse().expect("an id"), bed.source());
    if task == "dump" {
        bed.dump_with(&dump, &options("d_killed_dump")).await.expect("a dump");
    } else {
        let load = load_options(&[("d_killed_load", "d_killed_load_2")]);
        whole_load(&bed, &source, &dump, &load).await.expect("a load");
    }
}

async fn whole_load(bed: &Bed, target: &Source, dump: &DumpId, load: &load::Options) -> dump::Result<()> {
    let never = CancellationToken::new();
    load::create_schema(target, &bed.client, dump, load).await?;
    load::load_data(target, &bed.client, dump, load, 3, &Meter::new(), &never).await?;
    load::create_indexes(target, &bed.client, dump, load, 3, &never).await.map(drop)
}

/// Makes a call again after passing failures, as a task does: a server that was killed may hang at first.
async fn persistently<T, F: Future<Output = dump::Result<T>>>(call: impl Fn() -> F) -> T {
    for _ in 0..4 {
        match call().await {
            Ok(done) => return done,
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
    call().await.expect("at last")
}

fn start(task: &str, directory: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "killed::victim", "--ignored"])
        .env(TASK, task)
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child")
}

/// Starts the child again and again, killing it each time a little later, until it comes to its end.
fn kill_until_done(task: &str, directory: &Path) -> u32 {
    for kills in 0..40 {
        let mut child = start(task, directory);
        std::thread::sleep(Duration::from_millis(60 + u64::from(kills) * 35)); // the moment of the kill
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.success(), "after {kills} kills: {status}");
            return kills;
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
    }
    let status = start(task, directory).wait().expect("gone");
    assert!(status.success(), "{status}");
    40
}

#[tokio::test]
async fn a_dump_whose_process_is_killed_again_and_again_ends_whole() {
    let bed = Bed::shared();
    database(&bed, "d_killed_dump").await;
    let kills = kill_until_done("dump", bed.dir.path());
    assert!(kills > 3, "it was killed {kills} times");
    let dump = "killed".parse().expect("an id");
    let manifest = dump::read_manifest(&bed.client, &dump).await.expect("a manifest");
    assert_eq!(manifest.totals.rows, 2 * ROWS as u64);
    assert_eq!(bed.verify("killed").await.findings, []);
    assert_eq!(bed.compare("killed", &[]).await.findings, []);
}

#[tokio::test]
async fn a_load_whose_process_is_killed_again_and_again_doubles_nothing() {
    let bed = Bed::shared();
    database(&bed, "d_killed_load").await;
    bed.no_database("d_killed_load_2");
    bed.dump_with(&"killed".parse().expect("an id"), &options("d_killed_load")).await.expect("a dump");
    let kills = kill_until_done("load", bed.dir.path());
    assert!(kills > 3, "it was killed {kills} times");
    assert_eq!(bed.compare("killed", &[("d_killed_load", "d_killed_load_2")]).await.findings, []);
    let mut session = bed.session().await;
    for table in ["keyed", "keyless"] {
        let rows = query(&mut session, &format!("SELECT COUNT(*) FROM d_killed_load_2.{table}")).await;
        assert_eq!(rows, [[ROWS.to_string()]]);
    }
    session.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_costs_a_dump_and_a_load_only_time() {
    // Below a folder whose name begins with a dot, seekdb starts once and never again (-4006).
    let folder = tempfile::Builder::new().prefix("seekdb-").tempdir().expect("a folder");
    let mut instance = Instance::start_in(&folder.path().join("seekdb")).expect("a seekdb");
    let bed = Bed::on(instance.server.clone());
    database(&bed, "d_dies").await;
    let (dump, source, never): (DumpId, _, _) =
        ("dies".parse().expect("an id"), bed.source(), CancellationToken::new());
    for pieces in [5, 40] {
        let chosen = options("d_dies");
        let snapshot = persistently(|| dump::take_snapshot(&source, &bed.client, &dump, &chosen)).await;
        persistently(|| dump::dump_schema(&source, &bed.client, &snapshot)).await;
        let meter = Meter::new();
        let mut progress = meter.subscribe();
        let (outcome, ()) =
            tokio::join!(dump::dump_data(&source, &bed.client, &snapshot, 3, &meter, &never), async {
                progress.wait_for(|progress| progress.pieces_done >= pieces).await.expect("a meter");
                instance.kill();
            });
        let error = outcome.expect_err("the server is dead");
        assert!(error.is_transient(), "{error:?}");
        drop(snapshot);
        instance.start_again().expect("it starts again");
        let mut session = bed.session().await;
        run(&mut session, &format!("UPDATE d_dies.keyed SET t = 'changed' WHERE id % {pieces} = 0")).await;
        session.close().await;
    }
    let chosen = options("d_dies");
    let manifest = persistently(|| bed.dump_with(&dump, &chosen)).await; // the moment outlives the server
    assert_eq!(manifest.totals.rows, 2 * ROWS as u64);

    let load = load_options(&[("d_dies", "d_dies_2")]);
    persistently(|| load::create_schema(&source, &bed.client, &dump, &load)).await;
    for pieces in [2, 30] {
        let meter = Meter::new();
        let mut progress = meter.subscribe();
        let (outcome, ()) =
            tokio::join!(load::load_data(&source, &bed.client, &dump, &load, 3, &meter, &never), async {
                progress.wait_for(|progress| progress.pieces_done >= pieces).await.expect("a meter");
                instance.kill();
            });
        assert!(outcome.expect_err("the server is dead").is_transient());
        instance.start_again().expect("it starts again");
    }
    persistently(|| whole_load(&bed, &source, &dump, &load)).await;
    assert_eq!(bed.compare("dies", &[("d_dies", "d_dies_2")]).await.findings, []);
    let mut session = bed.session().await;
    let changed = query(&mut session, "SELECT COUNT(*) FROM d_dies_2.keyed WHERE t = 'changed'").await;
    assert_eq!(changed, [["0"]], "all rows are of the first moment");
    session.close().await;
    instance.stop().expect("it stops");
}
