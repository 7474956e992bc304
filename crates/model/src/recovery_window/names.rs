//! Reads the names in a storage of 4.x into sets, rounds and pieces, for a tenant whose cluster is gone.
//!
//! Names contain less than views: times to the second, in the tenant's time zone, and only the beginning of the piece
//! that is being written. Every time is interpreted cautiously, so that the result never promises too much, and
//! PREVIEW must confirm it. Layout: reference §8.2 and §8.3.
//!
//! ```text
//! backup_sets/backup_set_1_full_end_success_20240409T160154.obbak    it is complete
//! backup_set_1_full/backup_set_1_full_20240409T155954_20240409T160154.obbak    from where, to where
//! backup_set_1_full/complement_log/…    the logs up to its end are in it
//! pieces/piece_d1002r1p1_start_20240409T155954.obarc    a piece, and with _end_ and its checkpoint it is frozen
//! rounds/round_d1002r1_start.obarc    a round, and with _end it was stopped
//! ```

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use super::{Piece, PieceFile, Round, RoundEnd, Set, Timeline, windows};
use crate::backup::DataBackupMode;
use crate::schedule::Zone;

/// The content of the names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The sets.
    pub sets: Vec<Set>,
    /// The rounds.
    pub rounds: Vec<Round>,
    /// The pieces.
    pub pieces: Vec<Piece>,
    /// Names of the kernel's form with a number or time that can't be read.
    pub unread: Vec<String>,
}

impl Reading {
    /// Returns the presumably recoverable times of the tenant.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        Timeline { is_estimated: true, ..windows(&self.sets, &self.rounds, &self.pieces) }
    }
}

/// One second of SCN.
const SECOND: u64 = 1_000_000_000;

#[derive(Default)]
struct SetNames {
    mode: Option<DataBackupMode>,
    span: Option<(u64, u64)>,
    succeeded: bool,
    complement: bool,
}

#[derive(Default)]
struct PieceNames {
    start: Option<u64>,
    end: Option<u64>,
}

/// Reads the names below a tenant's data and log directories, with their folders, in any order. `zone` is the time
/// zone of the times in the names: the tenant's.
#[must_use]
pub fn read<'n>(names: impl IntoIterator<Item = &'n str>, zone: Zone) -> Reading {
    let mut sets: BTreeMap<i64, SetNames> = BTreeMap::new();
    let mut pieces: BTreeMap<(i64, i64, i64), PieceNames> = BTreeMap::new();
    let mut rounds: BTreeMap<(i64, i64), bool> = BTreeMap::new();
    let mut unread = Vec::new();
    for name in names {
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
        // This folder contains copies of pieces, with only the logs that the set needs.
        let complement = parts.iter().position(|&part| part == "complement_log");
        let read = parts[..complement.unwrap_or(parts.len())].iter().try_for_each(|part| {
            if let Some(rest) = part.strip_prefix("backup_set_") {
                set_name(rest, complement.is_some(), zone, &mut sets)
            } else if let Some(rest) = part.strip_prefix("piece_d") {
                piece_name(rest, zone, &mut pieces)
            } else if let Some(rest) = part.strip_prefix("round_d") {
                round_name(rest, &mut rounds)
            } else {
                Some(()) // data of a set or a piece, or not ours
            }
        });
        if read.is_none() {
            unread.push(name.to_owned());
        }
    }
    let pieces = pieces.iter().filter_map(|(&key, names)| piece(key, names, &pieces)).collect::<Vec<_>>();
    let round = |(&(dest, id), &is_over): (&(i64, i64), &bool)| {
        let own = pieces.iter().filter(|piece| piece.dest == dest && piece.round == id);
        let (start, checkpoint) = own.fold((u64::MAX, 0), |(start, checkpoint), piece| {
            (start.min(piece.start_scn), checkpoint.max(piece.checkpoint_scn))
        });
        let end = if is_over { RoundEnd::Stopped } else { RoundEnd::Running };
        // A round without remaining pieces contains no logs.
        Round { dest, id, start_scn: start, checkpoint_scn: checkpoint, end }
    };
    Reading { sets: chained(sets), rounds: rounds.iter().map(round).collect(), pieces, unread }
}

/// Reads the part after `backup_set_`: `1_full`, `1_full_start`, `1_inc_end_success_<time>`, `1_full_<time>_<time>`,
/// each with or without an extension.
fn set_name(rest: &str, is_complement: bool, zone: Zone, sets: &mut BTreeMap<i64, SetNames>) -> Option<()> {
    let mut words = stem(rest).split('_');
    let Some(number) = words.next().and_then(|word| word.parse().ok()) else {
        return rest.starts_with("info").then_some(()); // `backup_set_infos` and the like
    };
    let mode = match words.next()? {
        "full" => DataBackupMode::Full,
        "inc" => DataBackupMode::Incremental,
        _ => return None,
    };
    let set = sets.entry(number).or_default();
    set.mode = Some(mode);
    set.complement |= is_complement;
    match (words.next(), words.next(), words.next()) {
        (None | Some("start"), None, None) | (Some("end"), Some("failed"), _) => (),
        (Some("end"), Some("success"), Some(time)) => {
            moment(time, zone)?;
            set.succeeded = true;
        }
        (Some(start), Some(end), None) => set.span = Some((moment(start, zone)?, moment(end, zone)?)),
        _ => return None,
    }
    Some(())
}

/// Reads the part after `piece_d`: `1002r1p1`, `1002r1p1_start_<time>`, `1002r1p1_end_<time>`,
/// `1002r1p1_<time>_<time>`.
fn piece_name(rest: &str, zone: Zone, pieces: &mut BTreeMap<(i64, i64, i64), PieceNames>) -> Option<()> {
    let mut words = stem(rest).split('_');
    let (dest, tail) = words.next()?.split_once('r')?;
    let (round, id) = tail.split_once('p')?;
    let piece = pieces.entry((dest.parse().ok()?, round.parse().ok()?, id.parse().ok()?)).or_default();
    match (words.next(), words.next()) {
        (None, None) => (),
        (Some("start"), Some(time)) => piece.start = Some(moment(time, zone)?),
        (Some("end"), Some(time)) => piece.end = Some(moment(time, zone)?),
        (Some(start), Some(end)) => {
            piece.start = Some(moment(start, zone)?);
            piece.end = Some(moment(end, zone)?);
        }
        (Some(_), None) | (None, Some(_)) => return None,
    }
    Some(())
}

/// Reads the part after `round_d`: `1002r1_start` or `1002r1_end`.
fn round_name(rest: &str, rounds: &mut BTreeMap<(i64, i64), bool>) -> Option<()> {
    let (numbers, word) = stem(rest).split_once('_')?;
    let (dest, round) = numbers.split_once('r')?;
    let is_over = match word {
        "start" => false,
        "end" => true,
        _ => return None,
    };
    *rounds.entry((dest.parse().ok()?, round.parse().ok()?)).or_default() |= is_over;
    Some(())
}

fn piece(
    (dest, round, id): (i64, i64, i64),
    names: &PieceNames,
    all: &BTreeMap<(i64, i64, i64), PieceNames>,
) -> Option<Piece> {
    let start_scn = names.start?;
    // For the piece that is being written, only its start is certain.
    let checkpoint_scn = names.end.unwrap_or(start_scn);
    // The name contains the checkpoint. END_SCN is later: it is the start of the next piece of the round.
    let next = all.get(&(dest, round, id + 1)).and_then(|next| next.start);
    let end_scn = names.end.map(|end| next.unwrap_or(end));
    Some(Piece { dest, round, id, start_scn, checkpoint_scn, end_scn, file: PieceFile::Available })
}

/// Finds the base of each incremental set: the newest complete set before it.
fn chained(names: BTreeMap<i64, SetNames>) -> Vec<Set> {
    let mut sets: Vec<Set> = Vec::new();
    let mut newest = None;
    for (id, names) in names {
        let (Some(mode), Some((start, end))) = (names.mode, names.span) else { continue };
        sets.push(Set {
            id,
            mode,
            previous: newest.filter(|_| mode == DataBackupMode::Incremental),
            // An incremental set without its base is not usable.
            is_complete: names.succeeded && (mode == DataBackupMode::Full || newest.is_some()),
            // The name omits fractions of a second. Logs may be needed from a piece that ends in this second.
            replay_scn: start.saturating_sub(SECOND),
            restore_scn: end.saturating_add(SECOND),
            plus_archivelog: names.complement,
            // All names are from one directory.
            root: String::new(),
        });
        if names.succeeded {
            newest = Some(id);
        }
    }
    sets
}

/// Returns a name without its extension.
fn stem(name: &str) -> &str {
    name.strip_suffix(".obbak").or_else(|| name.strip_suffix(".obarc")).unwrap_or(name)
}

/// Reads `20240409T155954` as an SCN.
fn moment(text: &str, zone: Zone) -> Option<u64> {
    let wall = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok()?;
    u64::try_from(zone.moment(wall).0).ok()?.checked_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::{Reading, SECOND, read};
    use crate::recovery_window::RoundEnd;
    use crate::schedule::Zone;
    use crate::time::Timestamp;

    const STORAGE: &str = "
        format.obbak
        check_file/1002_connect_file_20240409T155000.obbak
        backup_sets/backup_set_1_full_start.obbak
        backup_sets/backup_set_1_full_end_success_20240409T160200.obbak
        backup_sets/backup_set_2_inc_start.obbak
        backup_sets/backup_set_2_inc_end_success_20240410T160200.obbak
        backup_sets/backup_set_3_inc_start.obbak
        backup_set_1_full/backup_set_1_full_20240409T155954_20240409T160154.obbak
        backup_set_1_full/single_backup_set_info.obbak
        backup_set_1_full/logstream_1/major_data_turn_1_retry_0/macro_block_data.0.obbak
        backup_set_2_inc/backup_set_2_inc_20240410T155954_20240410T160154.obbak
        backup_set_2_inc/complement_log/piece_d1002r1p2/piece_d1002r1p2_20240410T120000_20240410T160154.obarc
        backup_set_3_inc/infos/diagnose_info.obbak
        rounds/round_d1002r1_start.obarc
        pieces/piece_d1002r1p1_start_20240409T120000.obarc
        pieces/piece_d1002r1p1_end_20240410T120000.obarc
        pieces/piece_d1002r1p2_start_20240410T120000.obarc
        piece_d1002r1p1/piece_d1002r1p1_20240409T120000_20240410T120000.obarc
        piece_d1002r1p1/logstream_1001/log/1.obarc
        piece_d1002r1p2/checkpoint/checkpoint_info.0.obarc
    ";

    fn shanghai(names: &str) -> Reading {
        read(names.split_whitespace(), "+08:00".parse::<Zone>().expect("a zone"))
    }

    fn scn(text: &str) -> u64 {
        u64::try_from(Timestamp::from_rfc3339(text).expect("a moment").0).expect("after 1970") * 1_000
    }

    #[test]
    fn the_names_of_a_storage_promise_no_more_than_they_prove() {
        let reading = shanghai(STORAGE);
        assert_eq!(reading.unread, Vec::<String>::new());
        let sets: Vec<_> = reading
            .sets
            .iter()
            .map(|set| (set.id, set.previous, set.is_complete, set.plus_archivelog))
            .collect();
        assert_eq!(sets, [(1, None, true, false), (2, Some(1), true, true)], "set 3 was never finished");
        assert_eq!(reading.rounds[0].end, RoundEnd::Running);
        let timeline = reading.timeline();
        assert!(timeline.is_estimated);
        let found: Vec<_> =
            timeline.intervals.iter().map(|interval| (interval.from_scn, interval.until_scn)).collect();
        let first = scn("2024-04-09T16:01:54+08:00") + SECOND;
        let second = scn("2024-04-10T16:01:54+08:00") + SECOND;
        // The logs of the second set are in the piece that is being written, whose name does not contain its end.
        assert_eq!(found, [(first, scn("2024-04-10T12:00:00+08:00")), (second, second)]);
    }

    #[test]
    fn a_round_holds_together_and_its_stop_is_a_gap() {
        let reading = shanghai(
            "backup_sets/backup_set_1_full_end_success_20240409T160200.obbak
             backup_set_1_full/backup_set_1_full_20240409T155954_20240409T160154.obbak
             pieces/piece_d1002r1p1_start_20240409T120000.obarc pieces/piece_d1002r1p1_end_20240410T115500.obarc
             pieces/piece_d1002r1p2_start_20240410T120000.obarc pieces/piece_d1002r1p2_end_20240410T180000.obarc
             rounds/round_d1002r1_start.obarc rounds/round_d1002r1_end.obarc
             pieces/piece_d1002r2p3_start_20240410T180000.obarc pieces/piece_d1002r2p3_end_20240411T180000.obarc",
        );
        let found = reading.timeline().intervals;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            found[0].until_scn,
            scn("2024-04-10T18:00:00+08:00"),
            "the second piece continues the first"
        );
    }

    #[test]
    fn a_name_that_cannot_be_read_is_listed_and_the_rest_is_read() {
        let reading = shanghai(
            "backup_set_x_full/a backup_set_1_half backup_sets/backup_set_1_full_end_success_yesterday.obbak
             pieces/piece_d1002r1_start_20240409T120000.obarc rounds/round_d1002r1_middle.obarc
             pieces/piece_d1002r1p1_start_20240409T120000.obarc pieces/piece_d1002r1p1_end_20240410T120000.obarc
             a/stranger.txt backup_set_infos.obbak",
        );
        assert_eq!(reading.unread.len(), 5, "{:?}", reading.unread);
        assert_eq!(reading.pieces.len(), 1);
    }

    #[test]
    fn a_set_that_failed_and_what_would_be_built_on_it_are_not_counted_on() {
        let reading = shanghai(
            "backup_sets/backup_set_1_full_end_failed_20240409T160200.obbak
             backup_set_1_full/backup_set_1_full_20240409T155954_20240409T160154.obbak
             backup_sets/backup_set_2_inc_end_success_20240410T160200.obbak
             backup_set_2_inc/backup_set_2_inc_20240410T155954_20240410T160154.obbak",
        );
        assert!(reading.sets.iter().all(|set| !set.is_complete), "{:?}", reading.sets);
    }
}
