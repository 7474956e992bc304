//! Determines the SCN that a restore can reach from the files at the given addresses; changes nothing.

use super::SCN;
use crate::civil;
use crate::error::SqlError;
use crate::media::layout4::{self, PieceManifest, SetManifest};
use crate::media::{Media, Uri};
use crate::profile::Profile;

/// The target time of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Newest,
    Scn(i64),
    Time(String),
}

impl Until {
    /// Checks that need only the statement, before the state of the cluster is read.
    pub(super) fn check(&self) -> Result<(), SqlError> {
        match self {
            Self::Scn(scn) if *scn <= 0 => {
                Err(SqlError::arguments("until scn, it should be positive integer"))
            }
            _ => Ok(()),
        }
    }
}

/// The backups that a restore uses.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) scn: i64,
    /// From the full set to the last incremental one, with their addresses.
    pub(crate) sets: Vec<(String, SetManifest)>,
    pub(crate) pieces: Vec<(String, PieceManifest)>,
}

/// Everything readable at the sources.
struct Sources {
    /// The single directory of sets; `None` if single sets are named.
    data: Option<String>,
    sets: Vec<(String, SetManifest)>,
    pieces: Vec<(String, PieceManifest)>,
}

/// Finds the sets and pieces for a target time.
pub(crate) fn plan(
    media: &Media,
    sources: &[String],
    until: &Until,
    passwords: &[String],
    profile: Profile,
    zone_s: i32,
) -> Result<Plan, SqlError> {
    until.check()?;
    let sources = read(media, sources)?;
    let until_scn = match until {
        Until::Newest => None,
        Until::Scn(scn) => Some(*scn),
        Until::Time(text) => {
            let us = civil::parse(text, zone_s)
                .ok_or_else(|| SqlError::new(5241, format!("Incorrect TIMESTAMP value: '{text}'")))?;
            Some(us.saturating_mul(SCN))
        }
    };
    let plan = choose(&sources, until_scn, profile, zone_s)?;
    check_version(&plan, profile)?;
    for (_, set) in plan.sets.iter().filter(|(_, set)| !set.password.is_empty()) {
        if !passwords.iter().any(|password| super::backup::digest(password) == set.password) {
            return Err(SqlError::plain(9047));
        }
    }
    Ok(plan)
}

/// Reads the addresses; an error names the bad address.
fn read(media: &Media, addresses: &[String]) -> Result<Sources, SqlError> {
    let mut sources = Sources { data: None, sets: Vec::new(), pieces: Vec::new() };
    for address in addresses {
        let uri =
            Uri::parse(address).map_err(|_| SqlError::new(9026, format!("{address} is not a valid uri")))?;
        let sets = layout4::read_sets(media, &uri.bare);
        let holds_sets = sets.first().is_some_and(|(known, _)| *known != uri.bare);
        if holds_sets && sources.data.as_ref().is_some_and(|data| *data != uri.bare) {
            return Err(several_paths());
        }
        if holds_sets {
            sources.data = Some(uri.bare.clone());
        }
        for set in sets {
            if !sources.sets.iter().any(|(known, _)| *known == set.0) {
                sources.sets.push(set);
            }
        }
        for piece in layout4::read_pieces(media, &uri.bare) {
            if !sources.pieces.iter().any(|(known, _)| *known == piece.0) {
                sources.pieces.push(piece);
            }
        }
    }
    if sources.sets.is_empty() && sources.pieces.is_empty() {
        return Err(SqlError::new(4018, "no backup set path or log piece can be used to restore"));
    }
    let owner = |cluster: u64, tenant: u64| (cluster, tenant);
    let sets = sources.sets.iter().map(|(_, set)| owner(set.cluster_id, set.tenant));
    let pieces = sources.pieces.iter().map(|(_, piece)| owner(piece.cluster_id, piece.tenant));
    let mut owners: Vec<(u64, u64)> = sets.chain(pieces).collect();
    owners.dedup();
    if owners.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(several_paths());
    }
    sources.sets.sort_by_key(|(_, set)| set.set);
    sources.pieces.sort_by_key(|(_, piece)| (piece.destination, piece.round, piece.piece));
    Ok(sources)
}

/// Returns the error for several set directories: the kernel reads sets from one directory only
/// (`ObRestoreUtil::get_restore_backup_set_array_`).
fn several_paths() -> SqlError {
    let text = "It is not support to restore from multiple tenant backup paths. not supported";
    SqlError::new(4007, text)
}

fn choose(sources: &Sources, until: Option<i64>, profile: Profile, zone_s: i32) -> Result<Plan, SqlError> {
    let not_enough = |text: String| {
        // Before 9119 existed, there was only this error.
        if profile <= Profile::V4_1 {
            SqlError::new(4018, "No enough log for restore")
        } else {
            SqlError::new(9119, text)
        }
    };
    let chains: Vec<Vec<&(String, SetManifest)>> =
        sources.sets.iter().filter_map(|set| chain(&sources.sets, set)).collect();
    if chains.is_empty() {
        return Err(not_enough("no full backup set exists".to_owned()));
    }
    let first = chains.iter().filter_map(|chain| chain.last()).map(|(_, set)| set.min_restore_scn).min();
    let first = first.unwrap_or_default();
    if until.is_some_and(|scn| scn < first) {
        return Err(not_enough(format!(
            "no full backup set can be used to restore to given time, minimum restorable time is {}",
            civil::format(first / SCN, zone_s)
        )));
    }
    // Without separate logs, a restore can only use the logs inside a set.
    let newest = chains.iter().filter_map(|chain| chain.last()).max_by_key(|(_, set)| set.set);
    let last = sources.pieces.iter().map(|(_, piece)| piece.checkpoint_scn).max();
    let furthest = last.or_else(|| newest.map(|(_, set)| set.min_restore_scn)).unwrap_or_default();
    let scn = until.unwrap_or(furthest);
    let fits = chains.iter().filter(|chain| chain.last().is_some_and(|(_, set)| set.min_restore_scn <= scn));
    let Some(chain) = fits.max_by_key(|chain| chain.last().map(|(_, set)| set.set)) else {
        return Err(not_enough("No enough log for restore".to_owned()));
    };
    let set = &chain[chain.len() - 1].1;
    let pieces = logs(sources, set, scn).ok_or_else(|| match until {
        Some(scn) if scn > furthest => not_enough(format!(
            "no enough log, maximum restorable time is {}",
            civil::format(furthest / SCN, zone_s)
        )),
        _ => not_enough("No enough log for restore".to_owned()),
    })?;
    Ok(Plan { scn, sets: chain.iter().map(|set| (*set).clone()).collect(), pieces })
}

/// Returns the pieces for rolling a set forward. Each directory of logs must reach the target SCN on its own.
fn logs(sources: &Sources, set: &SetManifest, scn: i64) -> Option<Vec<(String, PieceManifest)>> {
    if sources.pieces.is_empty() {
        return (set.plus_archivelog && scn == set.min_restore_scn).then(Vec::new);
    }
    let above = |address: &str| address.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
    let mut places: Vec<String> = sources.pieces.iter().map(|(address, _)| above(address)).collect();
    places.sort();
    places.dedup();
    let mut used = Vec::new();
    for place in places {
        let pieces = sources.pieces.iter().filter(|(address, _)| above(address) == place);
        used.extend(joined(pieces, set.start_replay_scn, scn)?);
    }
    Some(used)
}

/// Returns a set and all sets that it builds on, oldest first; `None` if one is missing.
fn chain<'a>(
    sets: &'a [(String, SetManifest)],
    last: &'a (String, SetManifest),
) -> Option<Vec<&'a (String, SetManifest)>> {
    let mut chain = vec![last];
    while chain.last()?.1.is_incremental {
        let previous = chain.last()?.1.previous_set;
        // A set builds on an older one; anything else would be a cycle.
        chain.push(sets.iter().find(|(_, set)| set.set == previous && set.set < last.1.set)?);
        if chain.len() > sets.len() {
            return None;
        }
    }
    chain.reverse();
    Some(chain)
}

/// Returns the pieces of one directory from one SCN to another, if they have no gap. A piece is only followed by one
/// that starts at its END_SCN; after the last piece of a stopped round, no piece starts there.
fn joined<'a>(
    pieces: impl Iterator<Item = &'a (String, PieceManifest)>,
    from: i64,
    to: i64,
) -> Option<Vec<(String, PieceManifest)>> {
    let mut used: Vec<(String, PieceManifest)> = Vec::new();
    for entry in pieces.filter(|(_, piece)| piece.end_scn > from) {
        let piece = &entry.1;
        let joins =
            |last: &PieceManifest| last.destination == piece.destination && last.end_scn == piece.start_scn;
        if piece.start_scn >= to {
            if used.last().is_some_and(|(_, last)| joins(last) && last.checkpoint_scn < to) {
                used.push(entry.clone());
            }
            break;
        }
        if used.last().is_some_and(|(_, last)| !joins(last)) {
            used.clear();
        }
        if used.is_empty() && piece.start_scn > from {
            return None;
        }
        used.push(entry.clone());
    }
    (used.last()?.1.checkpoint_scn >= to).then_some(used)
}

fn check_version(plan: &Plan, profile: Profile) -> Result<(), SqlError> {
    let Some((_, set)) = plan.sets.last() else { return Ok(()) };
    let number =
        |version: &str| -> Vec<u32> { version.split('.').filter_map(|part| part.parse().ok()).collect() };
    let (backup, here) = (number(&set.version), number(profile.version()));
    if backup > here {
        return Err(SqlError::not_allowed("restore from higher cluster version is"));
    }
    if backup.starts_with(&[4, 0]) && profile > Profile::V4_0 {
        return Err(SqlError::not_allowed("restore from backup with unsupported data version is"));
    }
    Ok(())
}
