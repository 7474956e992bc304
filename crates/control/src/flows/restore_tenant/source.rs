//! 1. The time is recoverable, and the servers of the target can read the required backups.
//!
//! For the latest moment the database is left to choose when the restore starts: the views are ahead of the storage.

use std::sync::Arc;

use engine::Next;
use engine::flow::Answer;
use model::id::StorageId;
use model::order::TenantRecovery;
use model::physical::address;
use model::physical::restore::check_versions;
use model::problem::codes;
use model::recovery_window::expected::{Expected, Seen};
use model::recovery_window::record::BackupRecord;
use model::recovery_window::{GapReason, Timeline};
use model::storage::StorageLocation;
use model::text::Text;
use model::version::{ServerVersion, Version};
use model::{Problem, Secret, size};
use oceanbase::physical::Previewed;
use oceanbase::{Driver, Witness};

use super::keys::Keys;
use super::state::{Here, Place, Source, State, shown};
use crate::context::Context;
use crate::error::Error;
use crate::flows::step_log::StepLog;
use crate::words;

/// The server's number for a statement that its version does not know. What it knows and refuses with 1235, as
/// backups of two tenants, is about the backups.
const NOT_KNOWN: u16 = 1064;

/// The nanoseconds after which archived logs are in the storage, too.
const WRITTEN_WITHIN: u64 = 120_000_000_000;

/// What was settled about the source.
pub(super) struct Settled {
    /// The moment; nothing for the latest one, which the database chooses when the restore starts.
    pub(super) scn: Option<u64>,
    /// A moment that the target's servers are asked about.
    pub(super) look_scn: Option<u64>,
    pub(super) places: Vec<Place>,
    pub(super) bytes: u64,
    /// The SCN for which the views are read; none for a storage alone.
    pub(super) expected: Option<Expected>,
    /// Notes.
    pub(super) notes: Vec<Text>,
}

impl Settled {
    /// Writes down what the next steps need.
    pub(super) fn keep(&self, state: &mut State) {
        (state.scn, state.places, state.source_bytes) = (self.scn, self.places.clone(), self.bytes);
        // The recoverable times must include at least those of the first check.
        state.floor_scn = self.look_scn.filter(|_| self.scn.is_none());
    }
}

pub(super) async fn check_recovery_source(at: &Here, state: &mut State) -> Answer {
    let context = at.context();
    let witness = Arc::new(StepLog::new(at));
    let passwords = state.open_passwords(context)?;
    let settled = settle(context, state, witness.clone(), !passwords.is_empty()).await?;
    settled.keep(state);
    let mut driver = super::open(context, state, witness).await?;
    let from = written(context, &state.places, driver.server()).await?;
    let (_, found) = look_from_target(&mut driver, &from, &passwords, &settled, state).await?;
    for note in settled.notes.into_iter().chain(found) {
        at.log(words::note(note));
    }
    Ok(Next::Done)
}

/// Determines the time and the location of the backups. It only reads.
pub(super) async fn settle(
    context: &Context,
    state: &State,
    witness: Arc<dyn Witness>,
    has_passwords: bool,
) -> Result<Settled, Error> {
    match &state.source {
        Source::Cluster => of_cluster(context, state, witness, has_passwords).await,
        Source::Storage { storage, .. } => {
            Ok(of_storage(state, *storage, &context.storage(*storage).await?.location))
        }
    }
}

/// Determines the location of the backups in a storage alone. Only the target's servers know whether they cover the
/// time.
pub(super) fn of_storage(state: &State, storage: StorageId, location: &StorageLocation) -> Settled {
    let folders: &[&String] = match &state.source {
        Source::Cluster => &[],
        Source::Storage { data_folder, log_folder, .. } => &[data_folder, log_folder],
    };
    let place = |folder: &&String| {
        let below = if folder.is_empty() { location.clone() } else { location.below(folder) };
        Place { storage: Some(storage), uri: address::shown(&below) }
    };
    Settled {
        scn: state.until.scn(),
        look_scn: state.until.scn(),
        places: folders.iter().map(place).collect(),
        bytes: 0,
        expected: None,
        notes: vec![Text::new("recovery-from-storage").with("place", location)],
    }
}

async fn of_cluster(
    context: &Context,
    state: &State,
    witness: Arc<dyn Witness>,
    has_passwords: bool,
) -> Result<Settled, Error> {
    let id = state.backup_cluster.unwrap_or(state.cluster);
    let cluster = context.cluster(id).await?;
    let endpoint = context.endpoint(&cluster).await?;
    let mut driver = Driver::open(&endpoint, witness).await?;
    let record = driver.backup_records(Some(state.backup_tenant)).await?.pop();
    let record = record.unwrap_or_else(|| BackupRecord::new(state.backup_tenant));
    let timeline = record.timeline();
    let outside = |scn| outside(&timeline, &state.backup_tenant_name, scn);
    let latest = timeline.intervals.last().copied();
    // For logs after a gap, the database would choose the end, and find no set that is old enough.
    let cut = latest.and_then(|last| timeline.gaps.iter().find(|gap| gap.after_scn == last.until_scn));
    let cut = cut.filter(|_| state.until.scn().is_none());
    let (scn, look_scn) = match (state.until.scn(), latest) {
        (Some(scn), _) => (scn, scn),
        (None, None) => return Err(outside(None).into()),
        (None, Some(last)) if cut.is_some() => (last.until_scn, last.until_scn),
        // The state in the views is written to the storage a little later.
        (None, Some(last)) => {
            (last.until_scn, last.until_scn.saturating_sub(WRITTEN_WITHIN).max(last.from_scn))
        }
    };
    let sources = record.sources(scn).ok_or_else(|| outside(Some(scn)))?;
    let target = context.cluster(state.cluster).await?.facts.server;
    let newest = sources.sets.last().and_then(|set| set.compatible.parse::<Version>().ok());
    check_versions(newest.as_ref().unwrap_or(&driver.server().version), &target.version)?;
    if sources.are_encrypted() && !has_passwords {
        let missing = Problem::refused(codes::RECOVERY_FAILED, "recovery-password-missing");
        return Err(missing.with("tenant", &state.backup_tenant_name).into());
    }
    let (data, log) = sources.roots();
    let keys = Keys::of(context, id, state.backup_tenant).await?;
    let places = data.iter().chain(&log).map(|root| keys.place(root)).collect::<Result<_, _>>()?;
    let sets: Vec<String> = sources.sets.iter().map(|set| set.set.id.to_string()).collect();
    let (set_bytes, piece_bytes) = sources.bytes();
    let note = Text::new("recovery-sources")
        .with("moment", shown(scn))
        .with("sets", sets.join(", "))
        .with("pieces", sources.pieces.len())
        .with("bytes", size::bytes(set_bytes.saturating_add(piece_bytes)));
    let is_proven = timeline.holding(scn).is_none_or(|interval| interval.is_proven);
    let doubt = (!is_proven).then(|| Text::new("recovery-rests-on-copies"));
    let last = cut.map(|gap| [Text::new("recovery-latest-is").with("moment", shown(scn)), gap.reason.text()]);
    Ok(Settled {
        scn: state.until.scn().or(cut.map(|_| scn)),
        look_scn: Some(look_scn),
        places,
        bytes: set_bytes.saturating_add(piece_bytes),
        expected: record.sources(look_scn).map(|sources| Expected::of(&sources)),
        notes: last.into_iter().flatten().chain([note]).chain(doubt).collect(),
    })
}

/// Asks the target's own servers what they would read; a version without a preview finds out when the restore starts.
pub(super) async fn look_from_target(
    driver: &mut Driver,
    from: &[Secret],
    passwords: &[Secret],
    settled: &Settled,
    state: &State,
) -> Result<(Vec<Previewed>, Vec<Text>), Error> {
    let Some(scn) = settled.look_scn else {
        return Ok((Vec::new(), vec![Text::new("recovery-preview-needs-moment")]));
    };
    if !passwords.is_empty() {
        let statement = driver.verbs().set_restore_passwords(passwords);
        driver.act(&statement).await?;
    }
    match driver.preview_restore(from, scn).await {
        Ok(items) => {
            check_expected(settled, state, &items)?;
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
        Err(error) => Err(error.into()),
    }
}

/// Checks that the target's servers see the backups of the cluster's views.
fn check_expected(settled: &Settled, state: &State, items: &[Previewed]) -> Result<(), Problem> {
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
        .with("cluster", &state.cluster_name)
        .with("source", &state.backup_cluster_name)
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

/// Returns what a recovery would read, as the target's servers see it. It only reads.
pub(crate) async fn previewed(context: &Context, order: TenantRecovery) -> Result<Vec<Previewed>, Error> {
    super::plan::looked(context, order).await.map(|looked| looked.items)
}

/// Writes the addresses with their keys, for a statement.
pub(super) async fn written(
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
pub(super) fn written_at(
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

/// Reports why a time is not recoverable, and the nearest ones that are.
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
    };
    problem.with("moment", shown(scn)).with("nearest", nearest.join(" / "))
}
