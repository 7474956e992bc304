//! Verifies without a database that a dump is complete: every object exists and is unchanged.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt as _;
use storage::Client;
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::blocks::{self, BlockProof};
use crate::encryption::Identities;
use crate::error::{DuringIo as _, Error, Result};
use crate::id::DumpId;
use crate::layout::{ObjectKey, receipts_folder};
use crate::manifest::{Manifest, ObjectEntry};
use crate::progress::{Meter, Progress};
use crate::verify::{Finding, Report};

/// Reads every object of a finished dump and compares its size and hash; also finds missing and foreign objects.
///
/// The result is only as trustworthy as the manifest: `expected_manifest` is the BLAKE3 hash of the one whose origin
/// was checked.
///
/// # Errors
/// Fails if there is no readable manifest, if it is not the expected one, or if the storage fails. The report lists
/// problems of objects.
pub async fn verify(
    client: &Client,
    dump: &DumpId,
    expected_manifest: Option<&str>,
    at_once: usize,
    meter: &Meter,
    cancel: &CancellationToken,
) -> Result<Report> {
    let (archive, manifest) = Archive::open(client, dump, &Identities::default(), expected_manifest).await?;
    let mut findings = contradictions(&manifest);
    let mut sizes = listed(&archive).await?;
    let mut to_read = Vec::new();
    for object in manifest.objects() {
        match sizes.remove(&object.path) {
            None => findings.push(Finding::Missing { path: object.path.clone() }),
            Some(size) if size != object.bytes => {
                let why = format!("it has {size} bytes, not {}", object.bytes);
                findings.push(Finding::Damaged { path: object.path.clone(), why });
            }
            Some(_) => to_read.push(object.clone()),
        }
    }
    let receipts = receipts_folder(&archive.dump)[archive.dump.as_str().len() + 1..].to_owned() + "/";
    let belongs = |path: &String| *path == ObjectKey::Manifest.path() || path.starts_with(&receipts);
    findings.extend(sizes.into_keys().filter(|path| !belongs(path)).map(|path| Finding::Foreign { path }));

    let checked = to_read.len() as u64;
    meter.change(|progress| *progress = Progress { pieces: checked, ..Progress::default() });
    let archive = Arc::new(archive);
    let reads = to_read.into_iter().map(|object| {
        let (archive, meter) = (Arc::clone(&archive), meter.clone());
        async move { check_object(&archive, &object, &meter).await }
    });
    let mut reads = futures::stream::iter(reads).buffer_unordered(at_once.max(1));
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Error::Cancelled),
            read = reads.next() => match read {
                Some(finding) => findings.extend(finding?),
                None => break,
            },
        }
    }
    drop(reads);
    findings.sort();
    Ok(Report { findings, checked, tables: 0, bytes: meter.now().bytes, rows: manifest.totals.rows })
}

/// Returns contradictions within the manifest.
pub(crate) fn contradictions(manifest: &Manifest) -> Vec<Finding> {
    let path = ObjectKey::Manifest.path();
    let mut findings = Vec::new();
    for (database, table) in manifest.tables() {
        let sum = crate::manifest::TableEntry::of(&table.name, table.pieces.clone());
        if sum != *table {
            let why = format!("the pieces of `{database}`.`{}` do not add up", table.name);
            findings.push(Finding::Damaged { path: path.clone(), why });
        }
    }
    for object in manifest.objects().filter(|object| blocks::are_named(object)) {
        if let Err(why) = BlockProof::of(object) {
            findings.push(Finding::Damaged { path: object.path.clone(), why: why.to_owned() });
        }
    }
    if manifest.add_up() != manifest.totals {
        findings.push(Finding::Damaged { path, why: "its totals do not add up".to_owned() });
    }
    findings
}

/// Returns the sizes of all objects by their paths below the dump.
async fn listed(archive: &Archive) -> Result<HashMap<String, u64>> {
    let listed =
        archive.client.list(archive.dump.as_str()).await.during(|| "list the dump's objects".to_owned())?;
    let below = |key: &str| key.get(archive.dump.as_str().len() + 1..).unwrap_or_default().to_owned();
    Ok(listed.into_iter().map(|entry| (below(&entry.key), entry.size_bytes)).collect())
}

async fn check_object(archive: &Archive, object: &ObjectEntry, meter: &Meter) -> Result<Option<Finding>> {
    let reading = || format!("read {}", object.path);
    let key = format!("{}/{}", archive.dump, object.path);
    let mut reader = archive.client.reader(&key).await.during(reading)?;
    let mut hasher = blake3::Hasher::new();
    while let Some(bytes) = reader.next().await.during(reading)? {
        hasher.update(&bytes);
        meter.change(|progress| progress.bytes += bytes.len() as u64);
    }
    meter.change(|progress| progress.pieces_done += 1);
    if hasher.finalize().to_hex().as_str() == object.blake3 {
        return Ok(None);
    }
    let why = "its bytes do not fit its checksum".to_owned();
    Ok(Some(Finding::Damaged { path: object.path.clone(), why }))
}
