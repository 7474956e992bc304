//! Destinations of 4.x: LOG_ARCHIVE_DEST, its state, DATA_BACKUP_DEST, and their checks.

use serde::Serialize;

use super::{Backups, archive, cleanup, features, job};
use crate::civil;
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::media::{Uri, layout4};
use crate::profile::Profile;
use crate::world::{Caller, Cluster, TenantId};

/// The destination of a tenant's backups or logs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Destination {
    pub(crate) id: u64,
    /// With credentials, as some views show it.
    pub(crate) full: String,
    /// Without credentials.
    pub(crate) bare: String,
}

/// The archive's destination with its attributes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ArchiveDestination {
    pub(crate) place: Destination,
    pub(crate) binding: String,
    pub(crate) interval: String,
    pub(crate) is_enabled: bool,
    pub(crate) compression: String,
}

impl ArchiveDestination {
    pub(crate) fn interval_us(&self) -> i64 {
        civil::parse_duration(&self.interval).unwrap_or(civil::DAY)
    }
}

/// A row of the storage table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StorageInfo {
    pub(crate) tenant: TenantId,
    pub(crate) path: String,
    pub(crate) endpoint: String,
    pub(crate) id: u64,
    pub(crate) kind: &'static str,
    pub(crate) authorization: String,
    pub(crate) extension: String,
    pub(crate) check_file: String,
    pub(crate) checked_us: i64,
}

/// `LOCATION=… BINDING=… PIECE_SWITCH_INTERVAL=… COMPRESSION=…`, each optional.
struct Attributes {
    location: String,
    binding: String,
    interval: String,
    compression: String,
}

/// OB_BACKUP_DEST_NOT_ALLOWED_TO_SET. Its number and text are guesses.
const DATA_NOT_ALLOWED: u16 = 9_151;

/// Only user tenants have destinations; since 4.4, their data version must also be new enough.
fn check_target(cluster: &Cluster, id: TenantId) -> Result<(), SqlError> {
    let is_newer = cluster.profile >= Profile::V4_4;
    if id == TenantId::SYS {
        return Err(if is_newer {
            SqlError::not_supported("backup config only support user tenant")
        } else {
            SqlError::plain(4007)
        });
    }
    if is_newer && !features::has(cluster, id, features::MANUAL_DELETION) {
        return Err(SqlError::not_supported("set backup dest during upgrade is not supported"));
    }
    Ok(())
}

fn check_cleaning(backups: &Backups, uri: &Uri) -> Result<(), SqlError> {
    if cleanup::is_cleaning(backups, &uri.bare) {
        return Err(SqlError::not_supported("cleaning of this backup dest is in progress, set it again "));
    }
    Ok(())
}

/// Returns the LOCATION of a setting with attributes; empty if there is none.
pub(super) fn read_location(value: &str) -> String {
    let mut attributes = value.split(' ').filter_map(|attribute| attribute.split_once('='));
    let found = attributes.find(|(name, _)| name.eq_ignore_ascii_case("LOCATION"));
    found.map_or(String::new(), |(_, location)| location.to_owned())
}

/// `SET LOG_ARCHIVE_DEST = '…'`.
pub(crate) fn set_archive(cluster: &mut Cluster, id: TenantId, value: &str) -> Result<(), SqlError> {
    check_target(cluster, id)?;
    if archive::is_running(cluster, id) {
        return Err(SqlError::not_supported("change archive dest when archive is running is"));
    }
    if value.trim().is_empty() {
        cluster.four.of(id).archive.destination = None;
        return Ok(());
    }
    let attributes = read_attributes(cluster.profile, value)?;
    let uri = Uri::parse(&attributes.location)?;
    let tenant = cluster.tenants.get(&id).ok_or_else(|| SqlError::plain(5157))?;
    if uri.is_s3() && tenant.parameters.duration_us("archive_lag_target") < 60 * civil::SECOND {
        return Err(SqlError::not_allowed(
            "archive_lag_target is smaller than 60s, set log_archive_dest to S3 is",
        ));
    }
    let backups = cluster.four.of(id);
    if backups.copies.as_ref().is_some_and(|copies| copies.bare == uri.bare) {
        return Err(SqlError::not_allowed("log archive dest must differ from backup archive dest"));
    }
    check_cleaning(backups, &uri)?;
    let place = probe(cluster, id, &uri, "archive_log")?;
    let backups = cluster.four.of(id);
    // An omitted attribute returns to its default, but the state ENABLE or DEFER is kept.
    let is_enabled = backups.archive.destination.as_ref().is_none_or(|destination| destination.is_enabled);
    backups.archive.destination = Some(ArchiveDestination {
        place,
        binding: attributes.binding,
        interval: attributes.interval,
        is_enabled,
        compression: attributes.compression,
    });
    archive::wake(cluster, id);
    Ok(())
}

fn read_attributes(profile: Profile, value: &str) -> Result<Attributes, SqlError> {
    let mut attributes = Attributes {
        location: String::new(),
        binding: "OPTIONAL".to_owned(),
        interval: "1d".to_owned(),
        compression: "none".to_owned(),
    };
    for token in value.split(' ').filter(|token| !token.is_empty()) {
        let (name, text) = token.split_once('=').ok_or_else(|| SqlError::arguments("log_archive_dest"))?;
        match name.to_ascii_uppercase().as_str() {
            "LOCATION" => text.clone_into(&mut attributes.location),
            "BINDING" => {
                let binding = text.to_ascii_uppercase();
                if binding != "OPTIONAL" && binding != "MANDATORY" {
                    return Err(SqlError::arguments("log_archive_dest"));
                }
                attributes.binding = binding;
            }
            "PIECE_SWITCH_INTERVAL" => text.clone_into(&mut attributes.interval),
            // The newest kernels no longer accept it.
            "COMPRESSION" if profile < Profile::V4_4 && ["enable", "disable"].contains(&text) => {
                text.clone_into(&mut attributes.compression);
            }
            "COMPRESSION" => return Err(SqlError::plain(4007)),
            _ => return Err(SqlError::arguments("log_archive_dest")),
        }
    }
    if attributes.location.is_empty() {
        return Err(SqlError::not_supported("set archive dest without location is"));
    }
    let interval_us = civil::parse_duration(&attributes.interval).unwrap_or_default();
    // Since 4.4, one hour is allowed, although the error text says otherwise.
    let shortest_us = if profile >= Profile::V4_4 { 3_600 * civil::SECOND } else { civil::DAY };
    if !(shortest_us..=7 * civil::DAY).contains(&interval_us) {
        return Err(SqlError::not_supported("invalid piece_switch_interval out of range [1d,7d] is"));
    }
    Ok(attributes)
}

/// `SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' | 'DEFER'`.
pub(crate) fn set_archive_state(cluster: &mut Cluster, id: TenantId, value: &str) -> Result<(), SqlError> {
    let is_enabled = match value.to_ascii_uppercase().as_str() {
        "ENABLE" => true,
        "DEFER" => false,
        _ => return Err(SqlError::arguments("log_archive_dest_state")),
    };
    let Some(destination) = cluster.four.of(id).archive.destination.as_mut() else {
        return Err(SqlError::not_allowed(
            "log_archive_dest has not been set, set log_archive_dest_state is",
        ));
    };
    destination.is_enabled = is_enabled;
    archive::switch(cluster, id, is_enabled);
    Ok(())
}

/// `SET DATA_BACKUP_DEST = '…'`.
pub(crate) fn set_data(cluster: &mut Cluster, id: TenantId, value: &str) -> Result<(), SqlError> {
    check_target(cluster, id)?;
    if job::has_current(cluster.four.of(id)) {
        return Err(SqlError::plain(9036));
    }
    if value.trim().is_empty() {
        cluster.four.of(id).data = None;
        return Ok(());
    }
    let uri = Uri::parse(value.trim())?;
    let backups = cluster.four.of(id);
    if backups.cleanup.policy.as_ref().is_some_and(|policy| policy.name == "log_only") {
        return Err(SqlError::new(
            DATA_NOT_ALLOWED,
            "data_backup_dest is not allowed to set, because the delete policy is log_only",
        ));
    }
    check_cleaning(backups, &uri)?;
    let place = probe(cluster, id, &uri, "backup_data")?;
    cluster.four.of(id).data = Some(place);
    Ok(())
}

/// `SET archive_lag_target = '…'`.
pub(crate) fn check_lag_target(cluster: &Cluster, id: TenantId, value: &str) -> Result<(), SqlError> {
    let destination = cluster.four.tenants.get(&id).and_then(|backups| backups.archive.destination.as_ref());
    let Some(destination) = destination else {
        return Err(SqlError::not_allowed("log_archive_dest has not been set, set archive_lag_target is"));
    };
    let lag_us = civil::parse_duration(value).ok_or_else(|| SqlError::new(4147, "Invalid config"))?;
    if lag_us > 7_200 * civil::SECOND {
        return Err(SqlError::new(4147, "Invalid config"));
    }
    if destination.place.bare.starts_with("s3://") && lag_us < 60 * civil::SECOND {
        return Err(SqlError::not_allowed(
            "log_archive_dest is S3, set archive_lag_target smaller than 60s is",
        ));
    }
    Ok(())
}

/// Returns the options that the storage table shows; since 4.4, object checksums use md5 by default.
fn extension(profile: Profile, uri: &Uri) -> String {
    let sums = !uri.is_file() && profile >= Profile::V4_4 && !uri.extension.contains("checksum_type=");
    let nodes = uri.nodes.iter().map(|(option, names)| format!("{option}={names}"));
    let options = Some(uri.extension.clone()).filter(|options| !options.is_empty()).into_iter();
    let sums = sums.then(|| "checksum_type=md5".to_owned());
    options.chain(sums).chain(nodes).collect::<Vec<_>>().join("&")
}

/// Writes a probe file, then reads or creates the format file that names the owner of the destination.
pub(super) fn probe(
    cluster: &mut Cluster,
    id: TenantId,
    uri: &Uri,
    kind: &'static str,
) -> Result<Destination, SqlError> {
    let profile = cluster.profile;
    check_nodes(cluster, uri)?;
    cluster.destination_trouble(&uri.bare)?;
    let media = cluster.media.clone();
    let format = layout4::Format {
        cluster: cluster.name.clone(),
        cluster_id: cluster.id,
        tenant: id.0,
        kind: kind.to_owned(),
    };
    let is_foreign = cluster.faults.hit(FaultName::DestinationForeign, &uri.bare).is_some();
    match layout4::read_format(&media, &uri.bare) {
        Some(found) if found != format || is_foreign => return Err(mismatch(profile)),
        None if is_foreign => return Err(mismatch(profile)),
        None if !layout4::is_vacant(&media, &uri.bare) => {
            return Err(SqlError::new(9080, "format file does not exist, try to set a new directory."));
        }
        _ => {}
    }
    let stamp = civil::compact(cluster.now_us, cluster.zone_s);
    let check_file = layout4::write_probe(&media, &uri.bare, id.0, &stamp)?;
    layout4::write_format(&media, &uri.bare, &format)?;
    let now_us = cluster.now_us;
    let backups = cluster.four.of(id);
    let number = destination_number(backups, uri, kind);
    let row = StorageInfo {
        tenant: id,
        path: uri.bare.clone(),
        endpoint: uri.host.clone(),
        id: number,
        kind,
        authorization: if uri.access_id.is_empty() {
            String::new()
        } else {
            format!("access_id={}&encrypt_key=*", uri.access_id)
        },
        extension: extension(profile, uri),
        check_file,
        checked_us: now_us,
    };
    backups.storage.retain(|known| known.id != number);
    backups.storage.push(row);
    Ok(Destination { id: number, full: uri.full.clone(), bare: uri.bare.clone() })
}

/// Checks that the nodes for the backup exist; before 4.2, nodes could not be chosen.
fn check_nodes(cluster: &Cluster, uri: &Uri) -> Result<(), SqlError> {
    if !uri.nodes.is_empty() && cluster.profile < Profile::V4_2_5 {
        return Err(SqlError::plain(9026));
    }
    for (option, names) in &uri.nodes {
        let is_known = |name: &str| {
            cluster.zones.iter().any(|zone| {
                name == match option.as_str() {
                    "zone" => &zone.name,
                    "idc" => &zone.idc,
                    _ => &zone.region,
                }
            })
        };
        if !names.split([',', ';']).all(is_known) {
            return Err(SqlError::new(9133, "backup zone or backup idc or backup region invalid"));
        }
    }
    Ok(())
}

/// Returns the ID of a destination; a new one gets the next ID, from 1001 on.
fn destination_number(backups: &mut Backups, uri: &Uri, kind: &str) -> u64 {
    let known = backups.storage.iter().find(|known| known.path == uri.bare && known.kind == kind);
    known.map(|known| known.id).unwrap_or_else(|| {
        backups.last_destination += 1;
        1_000 + backups.last_destination
    })
}

/// The text of 9081 differs between versions.
pub(crate) fn mismatch(profile: Profile) -> SqlError {
    SqlError::new(
        9081,
        if profile <= Profile::V4_1 {
            "the content of the format file at the destination does not match"
        } else {
            "format file does not match, try to set a new directory."
        },
    )
}

/// `CHANGE EXTERNAL_STORAGE_DEST`: other keys or limits for a path that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) access: Option<String>,
    pub(crate) attributes: Option<String>,
}

/// Changes the keys of a path everywhere it is stored.
pub(crate) fn change(cluster: &mut Cluster, caller: Caller, change: &Change) -> Result<(), SqlError> {
    if cluster.profile < Profile::V4_3_5 {
        return Err(SqlError::plain(4007));
    }
    if caller.is_sys() {
        return Err(SqlError::not_supported("change external storage dest in sys tenant is")); // A guess at the text.
    }
    let bare = change.path.split('?').next().unwrap_or_default().trim_end_matches('/').to_owned();
    let trouble = cluster.destination_trouble(&bare);
    let backups = cluster.four.of(caller.tenant);
    let Some(known) = backups.storage.iter_mut().find(|known| known.path == bare) else {
        return Err(SqlError::new(4018, "the path does not exist"));
    };
    if let Some(access) = &change.access {
        if bare.starts_with("file://") {
            return Err(SqlError::not_supported("reset ak/sk of nfs path"));
        }
        if known.extension.contains("role_arn=") {
            return Err(SqlError::not_supported("reset ak/sk of path with assume role mode "));
        }
        let value = |name: &str| {
            let mut options = access.split('&').filter_map(|option| option.split_once('='));
            options.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        };
        let (Some(id), Some(key)) = (value("access_id"), value("access_key")) else {
            return Err(SqlError::new(9116, "access_info is not valid")); // A guess at the text.
        };
        if id.is_empty() || key.is_empty() {
            return Err(SqlError::arguments("reset ak/sk, access_id or access_key is null"));
        }
        trouble?;
        known.authorization = format!("access_id={id}&encrypt_key=*");
        let archive = backups.archive.destination.as_mut().map(|destination| &mut destination.place);
        for place in backups.data.iter_mut().chain(archive).filter(|place| place.bare == bare) {
            place.full = with_keys(&place.full, &id, &key);
        }
    }
    if let Some(attributes) = &change.attributes {
        let named = |option: &&str| {
            attributes.split('&').any(|new| new.split('=').next() == option.split('=').next())
        };
        let kept: Vec<&str> =
            known.extension.split('&').filter(|option| !option.is_empty() && !named(option)).collect();
        known.extension = kept.into_iter().chain(attributes.split('&')).collect::<Vec<_>>().join("&");
    }
    Ok(())
}

fn with_keys(full: &str, id: &str, key: &str) -> String {
    let Some((path, options)) = full.split_once('?') else { return full.to_owned() };
    let options = options.split('&').map(|option| match option.split_once('=') {
        Some(("access_id", _)) => format!("access_id={id}"),
        Some(("access_key", _)) => format!("access_key={key}"),
        _ => option.to_owned(),
    });
    format!("{path}?{}", options.collect::<Vec<_>>().join("&"))
}
