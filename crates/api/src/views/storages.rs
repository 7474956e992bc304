//! Storage configurations, in OCP's shape: a base of type and URL, and one key named after the type.

use control::storage_scan::{Adopted, Scan};
use control::storages::{NewStorage, StorageChange, StorageChoice};
use model::id::StorageId;
use model::problem::codes;
use model::storage::{Storage, StorageLocation, StorageType};
use model::{Problem, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::secret::SecretText;
use super::signing::OriginView;
use super::{whole, words};
use crate::call;
use crate::error::ErrorView;

/// A storage that is typed in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StorageBaseBody {
    /// Its kind.
    backup_storage_type: words::StorageType,
    /// A directory (`/obbackup/`), or a bucket and a directory (`bucket/dir`); without a scheme.
    #[schema(min_length = 1, example = "/obbackup/")]
    storage_url: String,
    /// The key of a `BACKUP_STORAGE_OSS`.
    oss_access_key: Option<AccessKeyBody>,
    /// The key of a `BACKUP_STORAGE_COS`.
    cos_access_key: Option<AccessKeyBody>,
    /// The key of every other kind of object storage.
    s3_access_key: Option<AccessKeyBody>,
}

/// The access key of an object store.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccessKeyBody {
    /// The endpoint of the service.
    #[schema(example = "oss-cn-hangzhou.aliyuncs.com")]
    endpoint: Option<String>,
    /// The access key ID.
    access_key_id: Option<String>,
    /// The secret; omit it to keep a stored one.
    access_key_secret: Option<SecretText>,
    /// The COS app ID.
    app_id: Option<String>,
}

impl StorageBaseBody {
    /// Takes the location and the secret apart.
    pub(crate) fn read(self) -> Result<(StorageLocation, Option<Secret>), Problem> {
        let Self { backup_storage_type, storage_url, oss_access_key, cos_access_key, s3_access_key } = self;
        let kind = StorageType::from(backup_storage_type);
        let own = own_key(kind);
        let mut key = None;
        for (name, given) in [
            ("ossAccessKey", oss_access_key),
            ("cosAccessKey", cos_access_key),
            ("s3AccessKey", s3_access_key),
        ] {
            match given {
                Some(_) if own != Some(name) => {
                    return Err(Problem::invalid("storage-key-of-other-kind")
                        .with("key", name)
                        .with("kind", kind.scheme()));
                }
                Some(given) => key = Some(given),
                None => {}
            }
        }
        let bare =
            StorageLocation { kind, path: storage_url, endpoint: None, access_key_id: None, app_id: None };
        let Some(AccessKeyBody { endpoint, access_key_id, access_key_secret, app_id }) = key else {
            return Ok((bare.checked()?, None));
        };
        let location = StorageLocation { endpoint, access_key_id, app_id, ..bare }.checked()?;
        Ok((location, access_key_secret.map(|secret| secret.0)))
    }
}

/// Returns the field that holds the key of that kind; a directory has none.
fn own_key(kind: StorageType) -> Option<&'static str> {
    match kind {
        StorageType::File => None,
        StorageType::Oss => Some("ossAccessKey"),
        StorageType::Cos => Some("cosAccessKey"),
        StorageType::S3 | StorageType::Obs | StorageType::Gcs | StorageType::Azblob => Some("s3AccessKey"),
    }
}

/// A storage to use or test: a saved configuration, or a location.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StorageChoiceBody {
    /// A saved configuration.
    #[serde(default, deserialize_with = "whole::optional")]
    storage_id: Option<i64>,
    /// A location.
    ob_backup_storage_base_info: Option<StorageBaseBody>,
    /// The name for a new storage of a strategy; the storage of a single backup stays unnamed.
    pub(super) config_name: Option<String>,
    /// Accepted because OCP sends it; it belongs to strategies.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = 0, maximum = 100)]
    pub(super) alarm_storage_percentage_threshold: Option<u8>,
}

impl StorageChoiceBody {
    /// Returns a choice of one of the library, or of one that is typed in.
    pub(super) fn of(storage_id: Option<i64>, ob_backup_storage_base_info: Option<StorageBaseBody>) -> Self {
        let (config_name, alarm_storage_percentage_threshold) = (None, None);
        Self { storage_id, ob_backup_storage_base_info, config_name, alarm_storage_percentage_threshold }
    }

    /// Returns whether neither of the two is given.
    pub(super) fn names_none(&self) -> bool {
        self.storage_id.is_none() && self.ob_backup_storage_base_info.is_none()
    }

    /// Reads which of the two it is.
    pub(crate) fn read(self) -> Result<StorageChoice, Problem> {
        let Self {
            storage_id,
            ob_backup_storage_base_info,
            config_name: _,
            alarm_storage_percentage_threshold: threshold,
        } = self;
        if let Some(percent) = threshold.filter(|percent| *percent > 100) {
            return Err(Problem::invalid("percentage-out-of-range").with("percent", percent));
        }
        match (storage_id, ob_backup_storage_base_info) {
            (Some(id), None) => Ok(StorageChoice::Saved(StorageId(id))),
            (None, Some(base)) => {
                let (location, secret) = base.read()?;
                Ok(StorageChoice::Typed { location, secret })
            }
            (Some(_), Some(_)) => Err(Problem::invalid("storage-chosen-twice")),
            (None, None) => Err(Problem::invalid("storage-left-out").coded(codes::STORAGE_URI_MISSING)),
        }
    }
}

/// A new storage configuration.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewStorageBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 64, example = "nightly")]
    config_name: String,
    /// Its location.
    ob_backup_storage_base_info: StorageBaseBody,
}

impl NewStorageBody {
    /// Reads the configuration.
    pub(crate) fn read(self) -> Result<NewStorage, Problem> {
        let (location, secret) = self.ob_backup_storage_base_info.read()?;
        Ok(NewStorage { name: self.config_name, location, secret })
    }
}

/// A change of a storage configuration; omitted fields stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StorageChangeBody {
    /// Its new name.
    #[schema(min_length = 1, max_length = 64)]
    config_name: Option<String>,
    /// Its new location; an omitted secret stays unchanged.
    ob_backup_storage_base_info: Option<StorageBaseBody>,
}

impl StorageChangeBody {
    /// Reads the change.
    pub(crate) fn read(self) -> Result<StorageChange, Problem> {
        let (location, secret) = match self.ob_backup_storage_base_info {
            Some(base) => base.read().map(|(location, secret)| (Some(location), secret))?,
            None => (None, None),
        };
        Ok(StorageChange { name: self.config_name, location, secret })
    }
}

/// A storage configuration, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageView {
    /// Its identity.
    storage_id: i64,
    /// Its name; none for the storage of a single task.
    config_name: Option<String>,
    /// Where it is, as a URI.
    #[schema(example = "file:///obbackup")]
    uri: String,
    /// Its location.
    ob_backup_storage_base_info: StorageBaseView,
    /// When it was created.
    #[schema(format = DateTime)]
    create_time: String,
}

/// The location of a storage.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageBaseView {
    /// Its kind.
    backup_storage_type: words::StorageType,
    /// The directory, or bucket and directory.
    storage_url: String,
    /// The key of a `BACKUP_STORAGE_OSS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    oss_access_key: Option<AccessKeyView>,
    /// The key of a `BACKUP_STORAGE_COS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cos_access_key: Option<AccessKeyView>,
    /// The key of every other kind of object storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_access_key: Option<AccessKeyView>,
}

/// The access key of an object store, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessKeyView {
    /// The endpoint of the service.
    endpoint: Option<String>,
    /// The access key ID.
    access_key_id: Option<String>,
    /// The COS app ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
}

impl From<Storage> for StorageView {
    fn from(storage: Storage) -> Self {
        let Storage { id, name, location, created } = storage;
        let uri = location.uri();
        let StorageLocation { kind, path, endpoint, access_key_id, app_id } = location;
        let mut key = Some(AccessKeyView { endpoint, access_key_id, app_id });
        let mut key_of = |name| if own_key(kind) == Some(name) { key.take() } else { None };
        Self {
            storage_id: id.0,
            config_name: name,
            uri,
            ob_backup_storage_base_info: StorageBaseView {
                backup_storage_type: kind.into(),
                storage_url: path,
                oss_access_key: key_of("ossAccessKey"),
                cos_access_key: key_of("cosAccessKey"),
                s3_access_key: key_of("s3AccessKey"),
            },
            create_time: created.to_rfc3339(),
        }
    }
}

/// The content of a storage.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageScanView {
    /// The number of complete logical dumps.
    found: u64,
    /// The number of dumps that were already in the catalogue.
    known: u64,
    /// The known backup sets.
    added: Vec<ScannedSetView>,
    /// The dumps that are left out.
    left_out: Vec<LeftOutView>,
}

/// A backup set that was found in a storage.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScannedSetView {
    /// Its identity in the catalogue.
    backup_set_id: i64,
    /// Its folder below the storage's base.
    path: String,
    /// Its origin.
    origin: OriginView,
}

/// A dump that was found in a storage and is not in the catalogue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeftOutView {
    /// Its folder below the storage's base.
    path: String,
    /// Why it is left out.
    error: ErrorView,
}

impl From<Scan> for StorageScanView {
    fn from(scan: Scan) -> Self {
        let Scan { found, known, added, left_out } = scan;
        let language = call::language();
        let added = added.into_iter().map(|Adopted { id, path, origin }| ScannedSetView {
            backup_set_id: id.0,
            path,
            origin: OriginView::of(&origin, language),
        });
        let left_out = left_out
            .into_iter()
            .map(|(path, problem)| LeftOutView { path, error: ErrorView::of(&problem, language) });
        Self { found, known, added: added.collect(), left_out: left_out.collect() }
    }
}

#[cfg(test)]
mod tests {
    use control::storages::StorageChoice;
    use model::id::StorageId;
    use serde_json::json;

    use super::StorageChoiceBody;

    fn read(body: serde_json::Value) -> Result<StorageChoice, String> {
        let body: StorageChoiceBody = serde_json::from_value(body).map_err(|error| error.to_string())?;
        body.read().map_err(|problem| problem.text.id)
    }

    #[test]
    fn a_storage_is_one_of_the_library_or_typed_in_and_never_both() {
        let base = json!({"backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": "/obbackup/"});
        assert!(matches!(read(json!({"storageId": 3})), Ok(StorageChoice::Saved(StorageId(3)))));
        assert!(matches!(
            read(json!({"obBackupStorageBaseInfo": base})),
            Ok(StorageChoice::Typed { location, secret: None }) if location.uri() == "file:///obbackup"
        ));
        let both = read(json!({"storageId": 3, "obBackupStorageBaseInfo": base}));
        assert_eq!(both.err().as_deref(), Some("storage-chosen-twice"));
        assert_eq!(read(json!({})).err().as_deref(), Some("storage-left-out"));
    }

    #[test]
    fn a_key_belongs_to_its_kind_of_storage() {
        let key = json!({"endpoint": "e", "accessKeyId": "a", "accessKeySecret": "s"});
        let typed = |kind: &str, field: &str| {
            let base = json!({"backupStorageType": kind, "storageUrl": "b/d", field: key});
            read(json!({"obBackupStorageBaseInfo": base}))
        };
        assert!(matches!(
            typed("BACKUP_STORAGE_OSS", "ossAccessKey"),
            Ok(StorageChoice::Typed { secret: Some(_), .. })
        ));
        assert!(typed("BACKUP_STORAGE_OBS", "s3AccessKey").is_ok());
        let stray = typed("BACKUP_STORAGE_OSS", "cosAccessKey");
        assert_eq!(stray.err().as_deref(), Some("storage-key-of-other-kind"));
    }
}
