//! The destinations to keep, set or refuse. A running archive is never stopped or moved.

use serde::{Deserialize, Serialize};

use super::bare;
use crate::archive::ArchiveStatus;
use crate::id::TenantId;
use crate::problem::{Problem, codes};
use crate::storage::{StorageLocation, tenant_folder};

/// The destinations of one tenant of 4.x, without keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TenantDestinations {
    /// The data destination.
    pub data: Option<String>,
    /// The log destination.
    pub log: Option<LogDestination>,
}

/// The log destination of a tenant, with its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDestination {
    /// The location, without keys.
    pub path: String,
    /// `OPTIONAL` or `MANDATORY`.
    pub binding: String,
    /// The duration of a piece, such as `1d`.
    pub piece_switch_interval: String,
    /// How logs are compressed; empty if the version does not show it.
    pub compression: String,
    /// Whether it is enabled; a pause defers it.
    pub enabled: bool,
}

/// The decision about one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// It stays unchanged.
    Keep {
        /// The location, without keys.
        at: String,
    },
    /// It is set.
    Set {
        /// The location, without keys.
        to: String,
        /// The previous location, if any.
        from: Option<String>,
    },
}

impl Destination {
    /// Returns whether a statement sets it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        matches!(self, Self::Set { .. })
    }

    /// Returns the resulting location.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Self::Keep { at } => at,
            Self::Set { to, .. } => to,
        }
    }
}

/// The decision about the destinations of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantPlan {
    /// The data.
    pub data: Destination,
    /// The logs.
    pub log: Destination,
    /// The attributes that the logs' destination is set with. A statement that omits one resets it.
    pub log_attributes: LogAttributes,
}

impl TenantPlan {
    /// Returns whether a destination is set.
    #[must_use]
    pub fn moves(&self) -> bool {
        [&self.data, &self.log].into_iter().any(|to| matches!(to, Destination::Set { .. }))
    }
}

/// The attributes of a log destination besides its location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogAttributes {
    /// The duration of a piece, such as `1d`.
    pub piece_switch_interval: String,
    /// `enable` if logs are compressed; `None` leaves it to the version.
    pub compression: Option<String>,
    /// Whether it was MANDATORY, which Lifeboat never sets: if the archive stopped, users' writes would stop, too.
    pub was_mandatory: bool,
}

impl Default for LogAttributes {
    fn default() -> Self {
        Self { piece_switch_interval: "1d".to_owned(), compression: None, was_mandatory: false }
    }
}

/// Returns the folders of a tenant's data and logs below a storage: `<base>/<cluster>/<id>/<tenant>/{data,clog}`.
#[must_use]
pub fn tenant_places(
    base: &StorageLocation,
    ob_name: &str,
    ob_cluster_id: i64,
    tenant: TenantId,
) -> (StorageLocation, StorageLocation) {
    let folder = tenant_folder(ob_name, ob_cluster_id, tenant);
    (base.below(&format!("{folder}/data")), base.below(&format!("{folder}/clog")))
}

/// The requested destinations of a tenant, without keys.
#[derive(Debug, Clone, Copy)]
pub struct TenantWish<'a> {
    /// The base location of the storage.
    pub base: &'a str,
    /// The requested data destination.
    pub data: &'a str,
    /// The requested log destination.
    pub log: &'a str,
}

/// Decides on the destinations of a tenant. Without a request, the existing ones are kept.
///
/// # Errors
/// Refuses a missing destination, and one folder for data and logs, which the database would refuse.
pub fn for_tenant(
    wish: Option<TenantWish<'_>>,
    found: &TenantDestinations,
    archive: ArchiveStatus,
) -> Result<TenantPlan, Problem> {
    let data_found = found.data.as_deref().filter(|path| !path.is_empty());
    let log_found = found.log.as_ref().filter(|log| !log.path.is_empty());
    let missing = || Problem::invalid("storage-not-chosen").coded(codes::STORAGE_URI_MISSING);
    let data = match (wish, data_found) {
        (None, None) => return Err(missing()),
        (None, Some(at)) => keep(at),
        (Some(wish), Some(at)) if is_below(at, wish.base) => keep(at),
        (Some(wish), from) => set(wish.data, from),
    };
    let log = match (wish, log_found) {
        (None, None) => return Err(missing()),
        (None, Some(log)) => keep(&log.path),
        (Some(wish), Some(log)) if is_below(&log.path, wish.base) => keep(&log.path),
        (Some(_), Some(log)) if !archive.lets_destination_change() => keep(&log.path),
        (Some(wish), from) => set(wish.log, from.map(|log| log.path.as_str())),
    };
    if bare(data.place()) == bare(log.place()) {
        return Err(
            Problem::refused(codes::PATH_NOT_SET, "destinations-are-one").with("path", bare(data.place()))
        );
    }
    Ok(TenantPlan {
        data,
        log,
        log_attributes: log_found.map_or_else(LogAttributes::default, kept_attributes),
    })
}

fn kept_attributes(log: &LogDestination) -> LogAttributes {
    let or_default = |text: &String, default: String| if text.is_empty() { default } else { text.clone() };
    LogAttributes {
        piece_switch_interval: or_default(
            &log.piece_switch_interval,
            LogAttributes::default().piece_switch_interval,
        ),
        compression: Some(log.compression.clone()).filter(|word| word == "enable"),
        was_mandatory: log.binding.eq_ignore_ascii_case("MANDATORY"),
    }
}

/// Decides on the one destination of a cluster of 3.x.
///
/// # Errors
/// 20151 for another location while it archives; also fails if the servers disagree, and names them.
pub fn for_cluster(
    wish: Option<&str>,
    found: &[String],
    archive: ArchiveStatus,
) -> Result<Destination, Problem> {
    let mut places: Vec<&str> = found.iter().map(|place| bare(place)).collect();
    places.sort_unstable();
    places.dedup();
    if places.len() > 1 {
        return Err(Problem::outside("destinations-differ").with("paths", places.join(", ")));
    }
    let at = places.pop().filter(|place| !place.is_empty());
    match (wish.map(bare), at) {
        (None, None) => Err(Problem::invalid("storage-not-chosen").coded(codes::STORAGE_URI_MISSING)),
        (None, Some(at)) => Ok(keep(at)),
        (Some(wish), Some(at)) if wish == at => Ok(keep(at)),
        (Some(wish), Some(at)) if !archive.lets_destination_change() => {
            let refusal = Problem::refused(codes::PATH_IN_USE, "destination-in-use");
            Err(refusal.with("path", at).with("wish", wish))
        }
        (Some(wish), from) => Ok(set(wish, from)),
    }
}

/// Refuses a directory for single tenants of 3.x that overlaps with the cluster's own.
///
/// # Errors
/// 20303.
pub fn for_tenants_of_3(wish: &str, found: &[String]) -> Result<(), Problem> {
    let clash = found
        .iter()
        .map(|place| bare(place))
        .find(|place| !place.is_empty() && (is_below(wish, place) || is_below(place, wish)));
    match clash {
        None => Ok(()),
        Some(place) => {
            let refusal =
                Problem::refused(codes::TENANT_BACKUP_BELOW_CLUSTERS, "tenant-backup-below-clusters");
            Err(refusal.with("path", bare(wish)).with("cluster_path", place))
        }
    }
}

fn keep(at: &str) -> Destination {
    Destination::Keep { at: bare(at).to_owned() }
}

fn set(to: &str, from: Option<&str>) -> Destination {
    Destination::Set { to: bare(to).to_owned(), from: from.map(|from| bare(from).to_owned()) }
}

/// Returns whether a location is the same as another or below it.
#[must_use]
pub fn is_below(place: &str, base: &str) -> bool {
    let (place, base) = (bare(place), bare(base));
    place.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{
        Destination, LogDestination, TenantDestinations, TenantWish, for_cluster, for_tenant,
        for_tenants_of_3, tenant_places,
    };
    use crate::archive::ArchiveStatus::{self, Doing, Interrupted, Never, Stop, Suspend};
    use crate::id::TenantId;
    use crate::storage::StorageLocation;

    const WISH: TenantWish<'static> =
        TenantWish { base: "file:///b", data: "file:///b/c/1/1002/data", log: "file:///b/c/1/1002/clog" };

    fn found(data: Option<&str>, log: Option<&str>) -> TenantDestinations {
        TenantDestinations {
            data: data.map(str::to_owned),
            log: log.map(|path| LogDestination {
                path: path.to_owned(),
                binding: "MANDATORY".to_owned(),
                piece_switch_interval: "3d".to_owned(),
                compression: String::new(),
                enabled: true,
            }),
        }
    }

    fn show(destination: &Destination) -> String {
        match destination {
            Destination::Keep { at } => format!("keep {at}"),
            Destination::Set { to, from: None } => format!("set {to}"),
            Destination::Set { to, from: Some(from) } => format!("move {from} to {to}"),
        }
    }

    type Case =
        (bool, Option<&'static str>, Option<&'static str>, ArchiveStatus, Result<[&'static str; 2], u32>);

    #[test]
    fn a_tenants_destinations_are_kept_or_set_by_the_table() {
        let set_data = "set file:///b/c/1/1002/data";
        let set_log = "set file:///b/c/1/1002/clog";
        let cases: [Case; 11] = [
            (true, None, None, Never, Ok([set_data, set_log])),
            // An existing location in the selected storage is kept, regardless of its folder.
            (
                true,
                Some("file:///b/t1_data"),
                Some("file:///b/t1_clog"),
                Doing,
                Ok(["keep file:///b/t1_data", "keep file:///b/t1_clog"]),
            ),
            (
                true,
                Some("oss://x/d?host=h&access_key=SK"),
                Some("oss://x/l?host=h"),
                Doing,
                Ok(["move oss://x/d to file:///b/c/1/1002/data", "keep oss://x/l"]),
            ),
            (true, None, Some("oss://x/l?host=h"), Interrupted, Ok([set_data, "keep oss://x/l"])),
            (true, None, Some("oss://x/l?host=h"), Suspend, Ok([set_data, "keep oss://x/l"])),
            (
                true,
                None,
                Some("oss://x/l?host=h"),
                Stop,
                Ok([set_data, "move oss://x/l to file:///b/c/1/1002/clog"]),
            ),
            (
                false,
                Some("oss://x/d?host=h"),
                Some("oss://x/l"),
                Doing,
                Ok(["keep oss://x/d", "keep oss://x/l"]),
            ),
            (false, None, Some("oss://x/l"), Doing, Err(20010)),
            (false, Some("oss://x/d"), None, Never, Err(20010)),
            // One folder for both is never allowed.
            (true, None, Some("file:///b/c/1/1002/data"), Doing, Err(20150)),
            // A name with the same prefix is another location.
            (
                true,
                Some("file:///backup"),
                None,
                Never,
                Ok(["move file:///backup to file:///b/c/1/1002/data", set_log]),
            ),
        ];
        for (has_wish, data, log, archive, expected) in cases {
            let plan = for_tenant(has_wish.then_some(WISH), &found(data, log), archive);
            let shown = plan.map(|plan| [show(&plan.data), show(&plan.log)]).map_err(|problem| problem.code);
            assert_eq!(shown, expected.map(|words| words.map(str::to_owned)), "{data:?} {log:?} {archive:?}");
        }
    }

    #[test]
    fn attributes_of_a_destination_stay_but_mandatory_does_not() {
        let plan = for_tenant(Some(WISH), &found(None, Some("oss://x/l")), Stop).expect("it can be set");
        assert_eq!(plan.log_attributes.piece_switch_interval, "3d");
        assert!(plan.log_attributes.was_mandatory);
        let fresh = for_tenant(Some(WISH), &found(None, None), Never).expect("it can be set");
        assert_eq!(
            (fresh.log_attributes.piece_switch_interval.as_str(), fresh.log_attributes.was_mandatory),
            ("1d", false)
        );
    }

    #[test]
    fn a_cluster_that_archives_keeps_its_destination() {
        let cases = [
            (Some("file:///b"), vec![""], Stop, Ok("set file:///b")),
            (Some("file:///b/"), vec!["file:///b", "file:///b"], Doing, Ok("keep file:///b")),
            (Some("file:///b"), vec!["oss://x?host=h"], Stop, Ok("move oss://x to file:///b")),
            (Some("file:///b"), vec!["oss://x?host=h"], Doing, Err(20151)),
            (Some("file:///b"), vec!["oss://x?host=h"], Interrupted, Err(20151)),
            (None, vec!["oss://x?host=h"], Doing, Ok("keep oss://x")),
            (None, vec![""], Stop, Err(20010)),
            (Some("file:///b"), vec!["file:///b", "file:///c"], Stop, Err(502)),
        ];
        for (wish, found, archive, expected) in cases {
            let found: Vec<_> = found.into_iter().map(str::to_owned).collect();
            let plan = for_cluster(wish, &found, archive);
            let shown = plan.map(|plan| show(&plan)).map_err(|problem| problem.code);
            assert_eq!(shown, expected.map(str::to_owned), "{wish:?} {found:?} {archive:?}");
        }
    }

    #[test]
    fn single_tenants_of_3_go_beside_the_clusters_directory() {
        let found = ["file:///b/cluster".to_owned()];
        for (wish, fits) in [
            ("file:///b/tenants", true),
            ("file:///b/cluster/t", false),
            ("file:///b", false),
            ("file:///b/cluster2", true),
        ] {
            assert_eq!(for_tenants_of_3(wish, &found).is_ok(), fits, "{wish}");
        }
        assert!(for_tenants_of_3("file:///b", &[String::new()]).is_ok());
    }

    #[test]
    fn each_tenant_has_folders_of_its_own() {
        let base = StorageLocation::directory("/backup").expect("a directory");
        let (data, log) = tenant_places(&base, "obcluster", 7, TenantId(1002));
        assert_eq!(data.uri(), "file:///backup/obcluster/7/1002/data");
        assert_eq!(log.uri(), "file:///backup/obcluster/7/1002/clog");
    }
}
