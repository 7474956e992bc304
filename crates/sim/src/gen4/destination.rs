//! Destinations of 4.x: LOG_ARCHIVE_DEST, its state, DATA_BACKUP_DEST, and the checks of setting them.

use serde::Serialize;

use super::restore_views::version_number;
use super::{Backups, archive, job};
use crate::civil;
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::media::{Uri, layout4};
use crate::profile::Profile;
use crate::world::{Cluster, TenantId};

/// Where a tenant's backups or logs go.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Destination {
    pub(crate) id: u64,
    /// With credentials, as some views show it.
    pub(crate) full: String,
    /// Without them.
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

/// `SET LOG_ARCHIVE_DEST = '…'`.
pub(crate) fn set_archive(cluster: &mut Cluster, id: TenantId, value: &str) -> Result<(), SqlError> {
    let profile = cluster.profile;
    if id == TenantId::SYS {
        return Err(SqlError::plain(4007));
    }
    if archive::is_running(cluster, id) {
        return Err(SqlError::not_supported("change archive dest when archive is running is"));
    }
    if value.trim().is_empty() {
        cluster.four.of(id).archive.destination = None;
        return Ok(());
    }
    let attributes = read_attributes(value, profile)?;
    let uri = Uri::parse(&attributes.location)?;
    let tenant = cluster.tenants.get(&id).ok_or_else(|| SqlError::plain(5157))?;
    if uri.is_s3() && tenant.parameters.duration_us("archive_lag_target") < 60 * civil::SECOND {
        return Err(SqlError::not_allowed(
            "archive_lag_target is smaller than 60s, set log_archive_dest to S3 is",
        ));
    }
    check_data_version(cluster, id)?;
    let place = probe(cluster, id, &uri, "archive_log", profile)?;
    let backups = cluster.four.of(id);
    // An attribute that is left out returns to its default, but a pause stays a pause.
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

fn read_attributes(value: &str, profile: Profile) -> Result<Attributes, SqlError> {
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
            // The newest kernels read no such word any more.
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
    if !(civil::DAY..=7 * civil::DAY).contains(&interval_us) {
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
    if id == TenantId::SYS {
        return Err(SqlError::plain(4007));
    }
    if job::has_current(cluster.four.of(id)) {
        return Err(SqlError::plain(9036));
    }
    if value.trim().is_empty() {
        cluster.four.of(id).data = None;
        return Ok(());
    }
    let uri = Uri::parse(value.trim())?;
    let profile = cluster.profile;
    check_data_version(cluster, id)?;
    let place = probe(cluster, id, &uri, "backup_data", profile)?;
    cluster.four.of(id).data = Some(place);
    Ok(())
}

/// From 4.4.1 on the kernel sets destinations only of tenants whose data have come that far.
fn check_data_version(cluster: &Cluster, id: TenantId) -> Result<(), SqlError> {
    let Some(tenant) = cluster.tenants.get(&id).filter(|_| cluster.profile >= Profile::V4_4) else {
        return Ok(());
    };
    if version_number(&tenant.compatible) < version_number("4.4.1.0") {
        return Err(SqlError::not_supported("set backup dest during upgrade is not supported"));
    }
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

/// Writes a probe file, then reads or creates the format file that says whose destination this is.
fn probe(
    cluster: &mut Cluster,
    id: TenantId,
    uri: &Uri,
    kind: &'static str,
    profile: Profile,
) -> Result<Destination, SqlError> {
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
        extension: uri.extension.clone(),
        check_file,
        checked_us: now_us,
    };
    backups.storage.retain(|known| known.id != number);
    backups.storage.push(row);
    Ok(Destination { id: number, full: uri.full.clone(), bare: uri.bare.clone() })
}

/// A place keeps its number; a new one gets the next, from 1001 on.
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
