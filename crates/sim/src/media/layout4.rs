//! Files of 4.x destinations, at the paths of real backups. The content of the files is the simulator's own.

use serde::{Deserialize, Serialize};

use super::Media;
use crate::error::SqlError;

/// The owner and kind of a destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Format {
    pub(crate) cluster: String,
    pub(crate) cluster_id: u64,
    pub(crate) tenant: u64,
    /// `archive_log` or `backup_data`.
    pub(crate) kind: String,
}

/// A backup set, as described in its directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SetManifest {
    pub(crate) cluster: String,
    pub(crate) cluster_id: u64,
    pub(crate) tenant: u64,
    pub(crate) tenant_name: String,
    pub(crate) mode: String,
    pub(crate) version: String,
    pub(crate) set: u64,
    pub(crate) is_incremental: bool,
    pub(crate) full_set: u64,
    pub(crate) previous_set: u64,
    pub(crate) start_replay_scn: i64,
    pub(crate) min_restore_scn: i64,
    pub(crate) plus_archivelog: bool,
    pub(crate) password: String,
    pub(crate) data_bytes: i64,
    pub(crate) tablets: i64,
    /// The databases and names of the tables in it.
    #[serde(default)]
    pub(crate) tables: Vec<(String, String)>,
    /// Data files with their sizes, relative to the set.
    pub(crate) files: Vec<(String, u64)>,
}

/// A piece, as described in its directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PieceManifest {
    pub(crate) cluster: String,
    pub(crate) cluster_id: u64,
    pub(crate) tenant: u64,
    pub(crate) tenant_name: String,
    pub(crate) destination: u64,
    pub(crate) round: u64,
    pub(crate) piece: u64,
    pub(crate) start_scn: i64,
    pub(crate) checkpoint_scn: i64,
    pub(crate) end_scn: i64,
    pub(crate) is_frozen: bool,
    pub(crate) log_streams: Vec<u64>,
    pub(crate) bytes: i64,
}

pub(crate) fn read_format(media: &Media, base: &str) -> Option<Format> {
    serde_json::from_slice(&media.get(&format!("{base}/format.obbak"))?).ok()
}

/// Returns whether a destination contains only probe files.
pub(crate) fn is_vacant(media: &Media, base: &str) -> bool {
    media.list(base).iter().all(|name| name == "check_file")
}

pub(crate) fn write_format(media: &Media, base: &str, format: &Format) -> Result<(), SqlError> {
    media.put(&format!("{base}/format.obbak"), &json(format))
}

/// Writes a probe file; returns its name.
pub(crate) fn write_probe(media: &Media, base: &str, tenant: u64, stamp: &str) -> Result<String, SqlError> {
    let name = format!("{tenant}_connect_file_{stamp}.obbak");
    media.put(&format!("{base}/check_file/{name}"), b"connect")?;
    Ok(name)
}

pub(crate) fn set_name(set: u64, is_incremental: bool) -> String {
    format!("backup_set_{set}_{}", if is_incremental { "inc" } else { "full" })
}

pub(crate) fn piece_name(destination: u64, round: u64, piece: u64) -> String {
    format!("piece_d{destination}r{round}p{piece}")
}

/// Writes the mark of a set that has started.
pub(crate) fn write_set_start(media: &Media, base: &str, name: &str) -> Result<(), SqlError> {
    media.put(&format!("{base}/backup_sets/{name}_start.obbak"), b"start")
}

/// Returns the data files of a set with their sizes. The last log stream contains the data.
pub(crate) fn data_files(log_streams: &[u64], bytes: i64, merged_data: bool) -> Vec<(String, u64)> {
    let mut files = Vec::new();
    let last = log_streams.last().copied().unwrap_or(1);
    for log_stream in log_streams {
        let base = format!("logstream_{log_stream}");
        files.push((format!("{base}/meta_info_turn_1_retry_0/ls_meta_info.obbak"), 4_096));
        files.push((format!("{base}/meta_info_turn_1_retry_0/tablet_info.1.obbak"), 16_384));
        files.push((format!("{base}/sys_data_turn_1_retry_0/macro_block_data.0.obbak"), 65_536));
        let data: &[&str] = if merged_data { &["user_data"] } else { &["minor_data", "major_data"] };
        for (at, kind) in data.iter().enumerate() {
            let directory = format!("{base}/{kind}_turn_1_retry_0");
            let is_largest = *log_stream == last && at + 1 == data.len();
            let size = if is_largest { bytes.max(65_536) as u64 } else { 65_536 };
            files.push((format!("{directory}/macro_block_data.0.obbak"), size));
            for index in ["macro_range_index", "meta_index", "sec_meta_index"] {
                files.push((format!("{directory}/{index}.obbak"), 8_192));
            }
        }
    }
    files
}

/// Writes the data of a set; returns its size in bytes.
pub(crate) fn write_set_data(
    media: &Media,
    base: &str,
    name: &str,
    files: &[(String, u64)],
) -> Result<i64, SqlError> {
    for (file, size) in files {
        media.put_data(&format!("{base}/{name}/{file}"), *size)?;
    }
    Ok(files.iter().map(|(_, size)| *size as i64).sum())
}

/// Writes the mark of a complete set.
pub(crate) fn write_set_end(
    media: &Media,
    base: &str,
    name: &str,
    manifest: &SetManifest,
    (start, end): (&str, &str),
) -> Result<(), SqlError> {
    let set = format!("{base}/{name}");
    for info in ["diagnose_info", "tenant_parameter", "locality_info"] {
        media.put(&format!("{set}/infos/{info}.obbak"), b"{}")?;
    }
    for info in ["ls_attr_info.1", "ls_meta_infos"] {
        media.put(&format!("{set}/infos/meta_info/{info}.obbak"), b"{}")?;
    }
    for list in ["major_data_info_turn_1/tablet_to_ls_info.1", "minor_data_info_turn_1/tablet_to_ls_info.1"] {
        media.put(&format!("{set}/infos/{list}.obbak"), b"{}")?;
    }
    media.put(&format!("{set}/{name}_{start}_{end}.obbak"), b"period")?;
    media.put(&format!("{set}/tenant_backup_set_infos.obbak"), &json(manifest))?;
    media.put(&format!("{set}/single_backup_set_info.obbak"), &json(manifest))?;
    media.put(&format!("{base}/backup_sets/{name}_end_success_{end}.obbak"), b"end")
}

/// Removes a set with its marks.
pub(crate) fn remove_set(media: &Media, base: &str, name: &str) {
    media.remove(&format!("{base}/{name}"));
    for mark in media.list(&format!("{base}/backup_sets")) {
        if mark.starts_with(&format!("{name}_")) {
            media.remove(&format!("{base}/backup_sets/{mark}"));
        }
    }
}

/// Removes a piece with its marks.
pub(crate) fn remove_piece(media: &Media, base: &str, name: &str) {
    media.remove(&format!("{base}/{name}"));
    for mark in media.list(&format!("{base}/pieces")) {
        if mark.starts_with(&format!("{name}_")) {
            media.remove(&format!("{base}/pieces/{mark}"));
        }
    }
}

/// Makes the logs of a piece unreadable.
pub(crate) fn lose_piece(media: &Media, base: &str, name: &str) {
    media.remove(&format!("{base}/{name}/single_piece_info.obarc"));
}

pub(crate) fn write_round(
    media: &Media,
    base: &str,
    destination: u64,
    round: u64,
    edge: &str,
) -> Result<(), SqlError> {
    media.put(&format!("{base}/rounds/round_d{destination}r{round}_{edge}.obarc"), edge.as_bytes())
}

pub(crate) fn write_piece(
    media: &Media,
    base: &str,
    manifest: &PieceManifest,
    start: &str,
    end: &str,
) -> Result<(), SqlError> {
    let name = piece_name(manifest.destination, manifest.round, manifest.piece);
    let piece = format!("{base}/{name}");
    media.put(&format!("{base}/pieces/{name}_start_{start}.obarc"), b"start")?;
    let last = manifest.log_streams.last().copied().unwrap_or(1);
    for log_stream in &manifest.log_streams {
        let size = if *log_stream == last { manifest.bytes.max(4_096) as u64 } else { 4_096 };
        media.put_data(&format!("{piece}/logstream_{log_stream}/log/1.obarc"), size)?;
        media.put(&format!("{piece}/logstream_{log_stream}/file_info.obarc"), b"{}")?;
    }
    media.put(&format!("{piece}/checkpoint/checkpoint_info.0.obarc"), &json(&manifest.checkpoint_scn))?;
    media.put(&format!("{piece}/single_piece_info.obarc"), &json(manifest))?;
    if manifest.is_frozen {
        media.put(&format!("{piece}/{name}_{start}_{end}.obarc"), b"period")?;
        media.put(&format!("{piece}/tenant_archive_piece_infos.obarc"), &json(manifest))?;
        media.put(&format!("{piece}/file_info.obarc"), b"{}")?;
        media.put(&format!("{base}/pieces/{name}_end_{end}.obarc"), b"end")?;
    }
    Ok(())
}

/// Returns the complete sets at an address: a destination's root, or a single set's directory.
pub(crate) fn read_sets(media: &Media, base: &str) -> Vec<(String, SetManifest)> {
    read(media, base, "backup_set_", "single_backup_set_info.obbak")
}

/// Returns the pieces at an address: a destination's root, or a single piece's directory.
pub(crate) fn read_pieces(media: &Media, base: &str) -> Vec<(String, PieceManifest)> {
    read(media, base, "piece_d", "single_piece_info.obarc")
}

fn read<T: for<'a> Deserialize<'a>>(media: &Media, base: &str, prefix: &str, info: &str) -> Vec<(String, T)> {
    let parse = |address: &str| {
        let manifest = serde_json::from_slice(&media.get(&format!("{address}/{info}"))?).ok()?;
        Some((address.to_owned(), manifest))
    };
    if let Some(itself) = parse(base) {
        return vec![itself];
    }
    let names = media.list(base);
    names
        .iter()
        .filter(|name| name.starts_with(prefix))
        .filter_map(|name| parse(&format!("{base}/{name}")))
        .collect()
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain structs always become JSON")
}
