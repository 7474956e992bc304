//! The location of backups: kinds of storage, locations, and the layout below a storage's base.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{StorageId, TenantId};
use crate::problem::{Problem, codes};
use crate::time::Timestamp;

/// A kind of storage. The names are OCP's, or in the same style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StorageType {
    /// A directory that every server mounts at the same path, such as NFS.
    #[serde(rename = "BACKUP_STORAGE_FILE")]
    File,
    /// Alibaba Cloud OSS.
    #[serde(rename = "BACKUP_STORAGE_OSS")]
    Oss,
    /// Tencent Cloud COS.
    #[serde(rename = "BACKUP_STORAGE_COS")]
    Cos,
    /// S3 and compatible services.
    #[serde(rename = "BACKUP_STORAGE_S3")]
    S3,
    /// Huawei Cloud OBS.
    #[serde(rename = "BACKUP_STORAGE_OBS")]
    Obs,
    /// Google Cloud Storage.
    #[serde(rename = "BACKUP_STORAGE_GCS")]
    Gcs,
    /// Azure Blob Storage.
    #[serde(rename = "BACKUP_STORAGE_AZBLOB")]
    Azblob,
}

impl StorageType {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::File, Self::Oss, Self::Cos, Self::S3, Self::Obs, Self::Gcs, Self::Azblob];

    /// Returns the scheme of its URIs, without `://`.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Oss => "oss",
            Self::Cos => "cos",
            Self::S3 => "s3",
            Self::Obs => "obs",
            Self::Gcs => "gcs",
            Self::Azblob => "azblob",
        }
    }
}

/// The location of a storage, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StorageLocation {
    /// Its kind.
    pub kind: StorageType,
    /// The directory (`/obbackup`), or bucket and directory (`bucket/dir`); without scheme and trailing slash.
    pub path: String,
    /// The service's address; `None` for a directory.
    pub endpoint: Option<String>,
    /// The access key ID; `None` for a directory.
    pub access_key_id: Option<String>,
    /// The app ID of a COS account.
    pub app_id: Option<String>,
}

impl StorageLocation {
    /// Returns the location of a directory.
    ///
    /// # Errors
    /// Refuses an empty or relative path, and one that contains `.` or `..`.
    pub fn directory(path: &str) -> Result<Self, Problem> {
        Self {
            kind: StorageType::File,
            path: path.to_owned(),
            endpoint: None,
            access_key_id: None,
            app_id: None,
        }
        .checked()
    }

    /// Reads `file:///backup/x`, `/backup/x` or `s3://bucket/dir`, and trims it. The endpoint and keys of an object
    /// store are not part of it.
    ///
    /// # Errors
    /// Names an unknown scheme, or what is wrong with the path. A URI with a user or a password is refused.
    pub fn from_uri(uri: &str) -> Result<Self, Problem> {
        let malformed = |id| Problem::invalid(id).with("uri", mask_uri(uri));
        let uri = uri.trim();
        if uri.starts_with('/') {
            return Self::directory(uri);
        }
        let (scheme, path) = uri.split_once("://").ok_or_else(|| malformed("storage-uri-without-scheme"))?;
        let kind = StorageType::ALL
            .into_iter()
            .find(|kind| kind.scheme().eq_ignore_ascii_case(scheme))
            .ok_or_else(|| malformed("storage-scheme-unknown"))?;
        if path.contains('?') || path.contains('@') && kind != StorageType::File {
            return Err(malformed("storage-uri-with-options"));
        }
        let location =
            Self { kind, path: path.to_owned(), endpoint: None, access_key_id: None, app_id: None };
        location.checked_path()
    }

    /// Checks everything except the secret: path, endpoint, access key id (20010 to 20012).
    ///
    /// # Errors
    /// Names what is missing or malformed.
    pub fn checked(self) -> Result<Self, Problem> {
        let location = self.checked_path()?;
        if location.kind == StorageType::File {
            return Ok(location);
        }
        let missing = |value: &Option<String>| value.as_deref().is_none_or(|text| text.trim().is_empty());
        if missing(&location.endpoint) {
            return Err(Problem::invalid("storage-endpoint-missing").coded(codes::STORAGE_ENDPOINT_MISSING));
        }
        if missing(&location.access_key_id) {
            return Err(Problem::invalid("storage-key-id-missing").coded(codes::STORAGE_KEY_ID_MISSING));
        }
        Ok(location)
    }

    fn checked_path(mut self) -> Result<Self, Problem> {
        let malformed =
            |id, path: &str| Problem::invalid(id).with("path", path).coded(codes::STORAGE_URI_MISSING);
        let scheme = format!("{}://", self.kind.scheme());
        let path = self.path.trim();
        let path = path.strip_prefix(&scheme).unwrap_or(path).trim_end_matches('/');
        if path.is_empty() {
            return Err(malformed("storage-path-missing", &self.path));
        }
        let absolute = path.starts_with('/');
        if absolute != (self.kind == StorageType::File) {
            let id = if absolute { "storage-bucket-missing" } else { "storage-path-relative" };
            return Err(malformed(id, &self.path));
        }
        let dots = path.split('/').any(|part| part == "." || part == "..");
        if dots || path.contains(['\0', '\n']) {
            return Err(malformed("storage-path-malformed", &self.path));
        }
        self.path = path.to_owned();
        Ok(self)
    }

    /// Returns the location as a URI without secrets.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{}://{}", self.kind.scheme(), self.path)
    }

    /// Returns the location of a folder below this one.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        Self { path: format!("{}/{folder}", self.path), ..self.clone() }
    }
}

impl fmt::Display for StorageLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri())
    }
}

/// Returns a URI with the password of its user part hidden, for messages about URIs that people typed.
#[must_use]
pub fn mask_uri(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let (path, options) = rest.split_once('?').map_or((rest, ""), |(path, _)| (path, "?***"));
    match path.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}:***@{host}{options}")
        }
        None => format!("{scheme}://{path}{options}"),
    }
}

/// A storage configuration. The secret of its key is stored encrypted in the metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Its ID; 0 until the metadata assigns one.
    pub id: StorageId,
    /// Its name in the list of configurations; `None` for one that a request entered for a single task.
    pub name: Option<String>,
    /// Its location.
    pub location: StorageLocation,
    /// When it was created.
    pub created: Timestamp,
}

/// Returns the folder of a tenant's backups below a storage's base:
/// `<cluster name>/<cluster id>/<tenant id>`. Physical ones use `data` and `clog` in it, logical ones `logical`.
#[must_use]
pub fn tenant_folder(cluster_name: &str, ob_cluster_id: i64, tenant: TenantId) -> String {
    format!("{cluster_name}/{ob_cluster_id}/{tenant}")
}

/// Returns the folder of a tenant's logical dumps below a storage's base.
#[must_use]
pub fn logical_folder(cluster_name: &str, ob_cluster_id: i64, tenant: TenantId) -> String {
    format!("{}/logical", tenant_folder(cluster_name, ob_cluster_id, tenant))
}

/// The owner of the logical dumps in a folder, by its name: `<cluster name>/<cluster id>/<tenant id>/logical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogicalFolder<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The cluster's ID in OceanBase.
    pub ob_cluster_id: i64,
    /// The tenant.
    pub tenant: TenantId,
}

impl<'a> LogicalFolder<'a> {
    /// Reads the path of a dump, and returns the folder and the dump's name; `None` for any other path.
    #[must_use]
    pub fn of_dump(path: &'a str) -> Option<(Self, &'a str)> {
        let (folder, dump) = path.rsplit_once('/')?;
        let mut parts = folder.rsplitn(4, '/').skip(1);
        let tenant = TenantId(parts.next()?.parse().ok()?);
        let ob_cluster_id = parts.next()?.parse().ok()?;
        let cluster = parts.next()?;
        let is_ours = folder == logical_folder(cluster, ob_cluster_id, tenant);
        is_ours.then_some((Self { cluster, ob_cluster_id, tenant }, dump))
    }
}

/// Returns the owner of a tenant's dump, as the signed manifest names it. A cluster's name can change.
#[must_use]
pub fn dump_owner(ob_cluster_id: i64, tenant: TenantId) -> String {
    format!("{ob_cluster_id}/{tenant}")
}

/// One line of a storage's test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestLine {
    /// What was tested: a line in the texts.
    pub check: String,
    /// The result.
    pub outcome: TestOutcome,
    /// How long it took, in microseconds.
    pub latency_us: u64,
    /// The error, or why it was not tested.
    pub problem: Option<Problem>,
}

/// The result of one line of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TestOutcome {
    /// It works.
    Passed,
    /// It does not work.
    Failed,
    /// It can't be tested from this server, or a previous line failed.
    NotChecked,
}

#[cfg(test)]
mod tests {
    use super::{StorageLocation, StorageType, logical_folder, mask_uri};
    use crate::id::TenantId;

    #[test]
    fn uris_are_read_or_refused_by_what_is_wrong() {
        let cases = [
            ("file:///backup/x/", Ok("file:///backup/x")),
            ("s3://bucket/dir", Ok("s3://bucket/dir")),
            ("/backup/", Ok("file:///backup")),
            (" FILE:///backup ", Ok("file:///backup")),
            ("backup", Err("storage-uri-without-scheme")),
            ("ftp://host/x", Err("storage-scheme-unknown")),
            ("file://backup", Err("storage-path-relative")),
            ("file:///", Err("storage-path-missing")),
            ("file:///a/../b", Err("storage-path-malformed")),
            ("s3:///dir", Err("storage-bucket-missing")),
            ("s3://key:secret@bucket/dir", Err("storage-uri-with-options")),
            ("oss://b/d?access_key=x", Err("storage-uri-with-options")),
        ];
        for (uri, expected) in cases {
            let read = StorageLocation::from_uri(uri);
            let read = read.map(|location| location.uri()).map_err(|problem| problem.text.id);
            assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned), "{uri}");
        }
    }

    #[test]
    fn a_directory_is_read_in_every_usual_spelling() {
        for spelling in ["/backup/x", "/backup/x/", " /backup/x ", "file:///backup/x", "file:///backup/x/ "] {
            let location = StorageLocation::directory(spelling).expect(spelling);
            assert_eq!(location.uri(), "file:///backup/x", "{spelling:?}");
        }
    }

    #[test]
    fn what_an_object_storage_lacks_is_named_by_its_number() {
        let bare = StorageLocation::from_uri("oss://b/d").expect("a location");
        let with_endpoint = StorageLocation { endpoint: Some("oss.example".into()), ..bare.clone() };
        assert_eq!(bare.checked().map_err(|problem| problem.code), Err(20011));
        assert_eq!(with_endpoint.checked().map_err(|problem| problem.code), Err(20012));
    }

    #[test]
    fn a_password_in_a_uri_is_hidden_in_messages() {
        assert_eq!(mask_uri("mysql://root:hunter2@db:2881/x?password=y"), "mysql://root:***@db:2881/x?***");
        let problem = StorageLocation::from_uri("s3://key:hunter2@bucket/dir").expect_err("refused");
        assert!(!format!("{problem:?} {problem}").contains("hunter2"));
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        assert_eq!(logical_folder("obdemo", 1, TenantId(1002)), "obdemo/1/1002/logical");
        let base = StorageLocation::directory("/backup").expect("a location");
        assert_eq!(base.below("obdemo/1/1002/logical").uri(), "file:///backup/obdemo/1/1002/logical");
        assert_eq!(serde_json::to_string(&StorageType::Oss).expect("json"), "\"BACKUP_STORAGE_OSS\"");
    }
}
