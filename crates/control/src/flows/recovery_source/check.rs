//! The check of a source: the time is recoverable, and the servers of the target can read the required backups.
//!
//! For the latest time, a database of 4.x chooses the SCN when the restore starts: the views are ahead of the storage.

use std::sync::Arc;

use engine::flow::Answer;
use engine::{At, Flow, Next};
use model::ability::Generation;
use model::cluster::Cluster;
use model::id::StorageId;
use model::order::RecoverUntil;
use model::physical::address;
use model::physical::restore::check_versions;
use model::problem::codes;
use model::recovery_window::expected::{Expected, Seen};
use model::recovery_window::names::Reading;
use model::recovery_window::record::{BackupRecord, RecordedSet};
use model::recovery_window::{GapReason, Timeline};
use model::storage::{StorageLocation, StorageType, tenant_folder};
use model::text::Text;
use model::version::{ServerVersion, Version};
use model::{Problem, Secret, size};
use oceanbase::physical::Previewed;
use oceanbase::{Driver, Witness};
use storage::Client;

use super::folder::{self, Sight};
use super::keys::Keys;
use super::origin::{Origin, Place, Source, shown};
use super::session::open;
use crate::context::Context;
use crate::error::Error;
use crate::flows::step_log::StepLog;
use crate::words;

/// The server's error number for a statement that its version does not support. A version that supports the statement
/// returns 1235 for the backups themselves, such as backups of two tenants.
const NOT_KNOWN: u16 = 1064;

/// The time in nanoseconds after which archived logs are certainly in the storage.
const WRITTEN_WITHIN: u64 = 120_000_000_000;

/// The decisions about the source.
pub(crate) struct Settled {
    /// The SCN to restore to; none for the latest one, which the database chooses when the restore starts.
    scn: Option<u64>,
    /// The SCN for which the target's servers preview the restore.
    look_scn: Option<u64>,
    /// Whether that SCN is only estimated, from the names in a storage.
    is_estimated: bool,
    pub(crate) places: Vec<Place>,
    bytes: u64,
    /// The sets and pieces that a restore to `look_scn` reads according to the views; none for a storage alone.
    expected: Option<Expected>,
    /// The sets that a restore reads according to the views, for versions without a preview.
    items: Vec<Previewed>,
    pub(crate) notes: Vec<Text>,
}

impl Settled {
    /// Saves what the next steps need.
    pub(crate) fn keep(&self, origin: &mut Origin) {
        (origin.scn, origin.places, origin.source_bytes) = (self.scn, self.places.clone(), self.bytes);
        // A restore to the latest time must not end before the SCN that was recoverable at this check.
        origin.floor_scn = self.look_scn.filter(|_| self.scn.is_none() && !self.is_estimated);
    }
}

/// Checks the source, and saves the findings.
pub(crate) async fn check_recovery_source<F>(at: &At<F>, origin: &mut Origin) -> Answer
where
    F: Flow<Context = Context>,
{
    let passwords = origin.open_passwords(at.context())?;
    for note in survey(at.context(), origin, &passwords, Arc::new(StepLog::new(at))).await? {
        at.log(words::note(note));
    }
    Ok(Next::Done)
}

/// The undo of the check, which changed nothing: removes the passwords, because a task that was rolled back is never
/// retried.
pub(crate) async fn forget_passwords(origin: &mut Origin) -> Answer {
    origin.passwords = None;
    Ok(Next::Done)
}

/// Checks a source, and puts the findings into `origin`.
pub(crate) async fn survey(
    context: &Context,
    origin: &mut Origin,
    passwords: &[Secret],
    witness: Arc<dyn Witness>,
) -> Result<Vec<Text>, Error> {
    let settled = settle(context, origin, witness.clone(), !passwords.is_empty()).await?;
    settled.keep(origin);
    let mut driver = open(context, origin.cluster, witness).await?;
    let from = written(context, &origin.places, driver.server()).await?;
    let (_, found) = look_from_target(&mut driver, &from, passwords, &settled, origin).await?;
    Ok(settled.notes.into_iter().chain(found).collect())
}

/// Determines the time and the location of the backups. It only reads.
pub(crate) async fn settle(
    context: &Context,
    origin: &Origin,
    witness: Arc<dyn Witness>,
    has_passwords: bool,
) -> Result<Settled, Error> {
    match &origin.source {
        Source::Cluster => of_cluster(context, origin, witness, has_passwords).await,
        Source::Storage { storage, .. } => {
            let client = context.client(*storage).await;
            of_storage(origin, *storage, &context.storage(*storage).await?.location, client).await
        }
    }
}

/// Determines the location of the backups in a storage alone, and reads the names there if `client` can. Only the
/// target's servers can check whether the backups cover the time.
pub(crate) async fn of_storage(
    origin: &Origin,
    storage: StorageId,
    location: &StorageLocation,
    client: Result<Client, Error>,
) -> Result<Settled, Error> {
    let folders: &[&String] = match &origin.source {
        Source::Cluster => &[],
        Source::Storage { data_folder, .. } if origin.generation == Generation::Gen3 => &[data_folder],
        Source::Storage { data_folder, log_folder, .. } => &[data_folder, log_folder],
    };
    let place = |folder: &&String| {
        let below = if folder.is_empty() { location.clone() } else { location.below(folder) };
        Place { storage: Some(storage), uri: address::shown(&below) }
    };
    let mut notes = vec![Text::new("recovery-from-storage").with("place", location)];
    let mut latest = None;
    if let [data, log] = folders {
        let sight = folder::look(client, data, log).await;
        if let Sight::Names(reading) = &sight {
            latest = reading.timeline().latest();
        }
        notes.extend(told_of(sight, location, data)?);
    }
    let asked = origin.asked_scn();
    Ok(Settled {
        scn: asked,
        look_scn: asked.or(latest),
        is_estimated: asked.is_none(),
        places: folders.iter().map(place).collect(),
        bytes: 0,
        expected: None,
        items: Vec::new(),
        notes,
    })
}

/// Tells what Lifeboat sees in the folder of a tenant, and refuses an empty one. An empty directory is no proof: the
/// servers of the target may have another file system mounted there.
fn told_of(sight: Sight, location: &StorageLocation, data: &str) -> Result<Vec<Text>, Problem> {
    let place = address::shown(&location.below(data));
    match sight {
        Sight::Hidden(why) => Ok(vec![Text::new("recovery-folder-hidden").with("place", place), *why]),
        Sight::Names(reading) if reading != Reading::default() => Ok(folder::told(&reading)),
        Sight::Names(_) if location.kind == StorageType::File => {
            Ok(vec![Text::new("recovery-folder-unseen").with("place", place)])
        }
        Sight::Names(_) => {
            let problem = Problem::refused(codes::MOMENT_OUTSIDE, "recovery-folder-empty");
            Err(problem.with("place", place))
        }
    }
}

async fn of_cluster(
    context: &Context,
    origin: &Origin,
    witness: Arc<dyn Witness>,
    has_passwords: bool,
) -> Result<Settled, Error> {
    let id = origin.backup_cluster.unwrap_or(origin.cluster);
    let cluster = context.cluster(id).await?;
    let endpoint = context.endpoint(&cluster).await?;
    let mut driver = Driver::open(&endpoint, witness).await?;
    let record = driver.backup_records(Some(origin.backup_tenant)).await?.pop();
    let Some(record) = record else {
        let is_known = driver.tenants().await?.iter().any(|tenant| tenant.id == origin.backup_tenant);
        return Err(without_backups(origin, &cluster, is_known).into());
    };
    let timeline = record.timeline();
    let outside = |scn| outside(&timeline, &origin.backup_tenant_name, scn);
    let latest = timeline.intervals.last().copied();
    // If logs continue after a gap, the database would choose their end, for which no set is old enough.
    let cut = latest.and_then(|last| timeline.gaps.iter().find(|gap| gap.after_scn == last.until_scn));
    let asked = match origin.until {
        RecoverUntil::Set(set) => Some(end_of(&record, set, &origin.backup_tenant_name)?),
        _ => origin.asked_scn(),
    };
    // Before 4.0 the statement must contain a time: the latest one in the views.
    let is_old = origin.generation == Generation::Gen3;
    let cut = cut.filter(|_| asked.is_none());
    let (scn, look_scn) = match (asked, latest) {
        (Some(scn), _) => (scn, scn),
        (None, None) => return Err(outside(None).into()),
        (None, Some(last)) if is_old || cut.is_some() => (last.until_scn, last.until_scn),
        // The storage reaches the state in the views a little later.
        (None, Some(last)) => {
            (last.until_scn, last.until_scn.saturating_sub(WRITTEN_WITHIN).max(last.from_scn))
        }
    };
    let sources = record.sources(scn).ok_or_else(|| outside(Some(scn)))?;
    let target = context.cluster(origin.cluster).await?.facts.server;
    let newest = sources.sets.last().and_then(|set| set.compatible.parse::<Version>().ok());
    check_versions(newest.as_ref().unwrap_or(&driver.server().version), &target.version)?;
    if sources.are_encrypted() && !has_passwords {
        let missing = Problem::refused(codes::RECOVERY_FAILED, "recovery-password-missing");
        return Err(missing.with("tenant", &origin.backup_tenant_name).into());
    }
    let keys = Keys::of(context, id, origin.backup_tenant).await?;
    let places = match sources.sets.last().filter(|_| is_old) {
        Some(newest) => vec![keys.place_of_3(newest.set.id, &driver.cluster_destinations().await?)?],
        None => {
            let (data, log) = sources.roots();
            data.iter().chain(&log).map(|root| keys.place(root)).collect::<Result<Vec<_>, _>>()?
        }
    };
    let item = |set: &&RecordedSet| Previewed {
        kind: "BACKUP_SET".to_owned(),
        id: set.set.id,
        address: places.first().map(|place| place.uri.clone()).unwrap_or_default(),
        description: String::new(),
    };
    let items = sources.sets.iter().filter(|_| is_old).map(item).collect();
    let sets: Vec<String> = sources.sets.iter().map(|set| set.set.id.to_string()).collect();
    let (set_bytes, piece_bytes) = sources.bytes();
    let id = if is_old { "recovery-sources-and-logs" } else { "recovery-sources" };
    let note = Text::new(id)
        .with("moment", shown(scn))
        .with("sets", sets.join(", "))
        .with("pieces", sources.pieces.len())
        .with("bytes", size::bytes(set_bytes.saturating_add(piece_bytes)));
    let is_proven = timeline.holding(scn).is_none_or(|interval| interval.is_proven);
    let doubt = (!is_proven).then(|| Text::new("recovery-rests-on-copies"));
    let last = cut.map(|gap| [Text::new("recovery-latest-is").with("moment", shown(scn)), gap.reason.text()]);
    Ok(Settled {
        scn: asked.or(cut.map(|_| scn)).or(is_old.then_some(scn)),
        look_scn: Some(look_scn),
        is_estimated: false,
        places,
        bytes: set_bytes.saturating_add(piece_bytes),
        expected: record.sources(look_scn).map(|sources| Expected::of(&sources)),
        items,
        notes: last.into_iter().flatten().chain([note]).chain(doubt).collect(),
    })
}

/// Previews the restore on the target's servers. In a version without a preview, unreadable backups fail only when the
/// restore starts.
pub(crate) async fn look_from_target(
    driver: &mut Driver,
    from: &[Secret],
    passwords: &[Secret],
    settled: &Settled,
    origin: &Origin,
) -> Result<(Vec<Previewed>, Vec<Text>), Error> {
    if !driver.verbs().can_preview_restore() {
        return Ok((settled.items.clone(), vec![Text::new("recovery-preview-unknown")]));
    }
    let Some(scn) = settled.look_scn else {
        return Ok((Vec::new(), vec![Text::new("recovery-preview-needs-moment")]));
    };
    if !passwords.is_empty() {
        let statement = driver.verbs().set_restore_passwords(passwords);
        driver.act(&statement).await?;
    }
    match driver.preview_restore(from, scn).await {
        Ok(items) => {
            check_expected(settled, origin, &items)?;
            let note = |item: &Previewed| {
                let text = Text::new("recovery-previewed").with("kind", &item.kind);
                text.with("id", item.id).with("address", &item.address)
            };
            let notes = items.iter().map(note).collect();
            Ok((items, notes))
        }
        Err(error) if error.number() == Some(NOT_KNOWN) => {
            Ok((Vec::new(), vec![Text::new("recovery-preview-unknown")]))
        }
        // The names do not contain their time zone, so the estimate may be too late.
        Err(error) if settled.is_estimated && error.number().is_some() => {
            let note = Text::new("recovery-preview-of-estimate").with("moment", shown(scn));
            Ok((Vec::new(), vec![note, Error::from(error).text()]))
        }
        Err(error) => Err(error.into()),
    }
}

/// Checks that the target's servers see the same backups as the views of the source cluster.
fn check_expected(settled: &Settled, origin: &Origin, items: &[Previewed]) -> Result<(), Problem> {
    let Some(expected) = &settled.expected else { return Ok(()) };
    if expected.is_met_by(&items.iter().map(seen).collect::<Vec<_>>()) {
        return Ok(());
    }
    let numbers =
        |sets: &mut dyn Iterator<Item = i64>| sets.map(|set| set.to_string()).collect::<Vec<_>>().join(", ");
    let mut found = items.iter().filter(|item| item.kind == "BACKUP_SET").map(|item| item.id);
    let addresses: Vec<&str> = settled.places.iter().map(|place| place.uri.as_str()).collect();
    let problem = Problem::refused(codes::RECOVERY_FAILED, "recovery-backups-differ");
    Err(problem
        .with("cluster", &origin.cluster_name)
        .with("source", &origin.backup_cluster_name)
        .with("addresses", addresses.join(", "))
        .with("found", numbers(&mut found))
        .with("wanted", numbers(&mut expected.sets.iter().copied())))
}

fn seen(item: &Previewed) -> Seen<'_> {
    match item.kind.as_str() {
        "BACKUP_SET" => Seen::Set { id: item.id },
        _ => Seen::Piece { id: item.id, description: &item.description },
    }
}

/// Writes the addresses with their keys, for a statement.
pub(crate) async fn written(
    context: &Context,
    places: &[Place],
    server: &ServerVersion,
) -> Result<Vec<Secret>, Error> {
    let mut addresses = Vec::new();
    for place in places {
        match place.storage {
            None => {
                let location = StorageLocation::from_uri(&place.uri)?;
                addresses.push(address::written(&location, None, server)?);
            }
            Some(id) => {
                let base = context.storage(id).await?.location;
                let secret = context.metadata.storage_secret(id).await?;
                let place = std::slice::from_ref(place);
                addresses.extend(written_at(&base, secret.as_ref(), place, server)?);
            }
        }
    }
    Ok(addresses)
}

/// Writes addresses below a storage with its keys.
pub(crate) fn written_at(
    base: &StorageLocation,
    secret: Option<&Secret>,
    places: &[Place],
    server: &ServerVersion,
) -> Result<Vec<Secret>, Error> {
    let location = |place: &Place| {
        let path = place.uri.split_once("://").map_or(place.uri.as_str(), |(_, path)| path);
        StorageLocation { path: path.to_owned(), ..base.clone() }
    };
    places.iter().map(|place| Ok(address::written(&location(place), secret, server)?)).collect()
}

/// Reports that the views show no backup of a tenant: of a dropped one, only the storage has some.
fn without_backups(origin: &Origin, cluster: &Cluster, is_known: bool) -> Problem {
    let refused =
        |id: &str| Problem::refused(codes::MOMENT_OUTSIDE, id).with("tenant", &origin.backup_tenant_name);
    if is_known || origin.generation == Generation::Gen3 {
        return refused("recovery-without-moments");
    }
    let facts = &cluster.facts;
    let folder = tenant_folder(&facts.ob_name, facts.ob_cluster_id, origin.backup_tenant);
    refused("recovery-source-dropped").with("cluster", &cluster.name).with("folder", folder)
}

/// Returns the earliest SCN that a set can be restored to.
fn end_of(record: &BackupRecord, set: i64, tenant: &str) -> Result<u64, Problem> {
    let found = record.sets.iter().find(|recorded| recorded.set.id == set);
    if let Some(found) = found.filter(|recorded| recorded.set.is_complete) {
        return Ok(found.set.restore_scn);
    }
    let complete = record.sets.iter().filter(|recorded| recorded.set.is_complete);
    let known: Vec<String> = complete.map(|recorded| recorded.set.id.to_string()).collect();
    let problem = Problem::refused(codes::MOMENT_OUTSIDE, "recovery-set-unknown");
    Err(problem.with("set", set).with("tenant", tenant).with("sets", known.join(", ")))
}

/// Reports why a time is not recoverable, and the nearest recoverable times.
fn outside(timeline: &Timeline, tenant: &str, scn: Option<u64>) -> Problem {
    let refused = |id: &str| Problem::refused(codes::MOMENT_OUTSIDE, id).with("tenant", tenant);
    let Some(scn) = scn.filter(|_| !timeline.intervals.is_empty()) else {
        return refused("recovery-without-moments");
    };
    let (before, after) = timeline.nearest(scn);
    let nearest: Vec<String> = before.into_iter().chain(after).map(shown).collect();
    let problem = match timeline.gap_at(scn).map(|gap| gap.reason) {
        None => refused("recovery-moment-outside"),
        Some(GapReason::NoSet) => refused("recovery-moment-before-sets"),
        Some(GapReason::NoLogs) => refused("recovery-moment-without-logs"),
        Some(GapReason::RoundInterrupted { round }) => {
            refused("recovery-moment-interrupted").with("round", round)
        }
        Some(GapReason::RoundStopped { round }) => refused("recovery-moment-stopped").with("round", round),
        Some(GapReason::PieceDeleted { round, piece }) => {
            refused("recovery-moment-deleted").with("round", round).with("piece", piece)
        }
        Some(GapReason::ChainSplit { set }) => refused("recovery-moment-split").with("set", set),
    };
    problem.with("moment", shown(scn)).with("nearest", nearest.join(" / "))
}
