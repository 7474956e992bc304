//! The test of a storage location: can this server write, read, list and delete there?
//!
//! Everything happens in a separate folder, `.lifeboat-probe/<random>`, which is removed at the end. Existing objects
//! of the storage are not opened, and a cluster's own backup destination is not written to.

use std::future::Future;
use std::time::{Duration, Instant};

use bytes::Bytes;
use model::storage::{StorageLocation, StorageType, TestLine, TestOutcome};
use model::{Problem, Secret};
use tokio::time::timeout;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::rules::Rules;

/// The folder in which tests happen.
const PROBE_FOLDER: &str = ".lifeboat-probe";

/// The lines of a test in their order: ids of texts. Only an object store has the second one.
const LINES: [&str; 6] = [
    "storage-test-shape",
    REACH,
    "storage-test-write",
    "storage-test-read",
    "storage-test-list",
    "storage-test-delete",
];

/// The line that tests address, key and bucket.
const REACH: &str = "storage-test-reach";

/// The timeout of one line: an unreachable file server would block forever.
const LINE_LIMIT: Duration = Duration::from_secs(30);

/// More than one piece of a stream, so that a storage that truncates objects is detected.
const SAMPLE_BYTES: usize = 300 * 1024;

/// Tests a location line by line. After a line that failed the others are not checked.
pub async fn probe(
    location: &StorageLocation,
    secret: Option<&Secret>,
    rules: impl Into<Rules>,
) -> Vec<TestLine> {
    let rules = rules.into();
    let is_remote = location.kind != StorageType::File;
    let checks = LINES.iter().copied().filter(|check| is_remote || *check != REACH).collect();
    let mut test = Test { checks, lines: Vec::new() };
    let Some((client, stood)) = begin(&mut test, location, secret, &rules).await else {
        return test.finished();
    };
    let folder = format!("{PROBE_FOLDER}/{:032x}", rand::random::<u128>());
    run(&mut test, &client, &folder).await;
    // Clean up after a failed line, too: a storage that can be written but not read must not keep our file.
    if let Ok(Err(error)) = timeout(LINE_LIMIT, clear(&client, &folder, stood)).await {
        tracing::debug!(%folder, %error, "the test's folder stays behind");
    }
    test.finished()
}

async fn clear(client: &Client, folder: &str, stood: usize) -> Result<(), Error> {
    client.delete_below(folder).await?;
    client.trim(PROBE_FOLDER, stood).await
}

async fn run(test: &mut Test, client: &Client, folder: &str) -> Option<()> {
    let (key, sample) = (format!("{folder}/sample"), Bytes::from(sample()));
    test.line(client.put(&key, sample.clone())).await?;
    test.line(async {
        let found = client.get(&key, sample.len() as u64).await?;
        if found == sample { Ok(()) } else { Err(Error::new(ErrorKind::Altered, "read", &key)) }
    })
    .await?;
    test.line(async {
        let listed = client.list(folder).await?;
        let seen = listed.iter().any(|entry| entry.key == key && entry.size_bytes == sample.len() as u64);
        if seen { Ok(()) } else { Err(Error::new(ErrorKind::Missing, "list", &key)) }
    })
    .await?;
    test.line(async {
        client.delete_below(folder).await?;
        if client.exists(&key).await? { Err(Error::new(ErrorKind::Altered, "delete", &key)) } else { Ok(()) }
    })
    .await
}

/// Returns the client, and how many folders of the location already exist.
async fn begin(
    test: &mut Test,
    location: &StorageLocation,
    secret: Option<&Secret>,
    rules: &Rules,
) -> Option<(Client, usize)> {
    if location.kind == StorageType::File {
        return test.line(async { look(Client::open(location, secret, rules)?).await }).await;
    }
    let client = test.line(async { Client::open(location, secret, rules) }).await?;
    test.line(async {
        client.reach().await?;
        look(client).await
    })
    .await
}

/// Checks that the location is not inside a cluster's own backup destination.
async fn look(client: Client) -> Result<(Client, usize), Error> {
    match client.find_destination().await? {
        Some(place) => Err(Error::new(ErrorKind::InsideDestination, "test", &place)),
        None => {
            let stood = client.standing().await?;
            Ok((client, stood))
        }
    }
}

/// The lines so far.
struct Test {
    /// All checks of the test.
    checks: Vec<&'static str>,
    lines: Vec<TestLine>,
}

impl Test {
    /// Runs the next line; returns `None` if it failed.
    async fn line<T>(&mut self, work: impl Future<Output = Result<T, Error>>) -> Option<T> {
        let begun = Instant::now();
        let done = match timeout(LINE_LIMIT, work).await {
            Ok(done) => done.map_err(|error| error.problem()),
            Err(_) => Err(Problem::outside("storage-test-too-slow").with("limit_s", LINE_LIMIT.as_secs())),
        };
        let (done, problem) = match done {
            Ok(value) => (Some(value), None),
            Err(problem) => (None, Some(problem)),
        };
        self.lines.push(TestLine {
            check: self.checks[self.lines.len()].to_owned(),
            outcome: if problem.is_none() { TestOutcome::Passed } else { TestOutcome::Failed },
            latency_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            problem,
        });
        done
    }

    /// Adds the lines that were not reached.
    fn finished(mut self) -> Vec<TestLine> {
        for check in &self.checks[self.lines.len()..] {
            let check = (*check).to_owned();
            self.lines.push(TestLine {
                check,
                outcome: TestOutcome::NotChecked,
                latency_us: 0,
                problem: None,
            });
        }
        self.lines
    }
}

/// Returns bytes that differ from piece to piece.
fn sample() -> Vec<u8> {
    (0..SAMPLE_BYTES).map(|place| (place % 251) as u8).collect()
}
