//! `lifeboat storage`.

use clap::{Args, Subcommand};
use model::storage::{StorageLocation, StorageType};
use model::text::Text;
use model::{Problem, Secret};
use serde_json::{Value, json};

use super::cluster::test as show_test;
use super::names::{check_no_password, short, storage};
use super::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{ScanRow, ScannedRow, StorageRow, read, read_all};
use crate::screen::Screen;
use crate::secrets;

#[derive(Args)]
pub(crate) struct StorageArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Add a storage configuration
    Add {
        /// The name of the storage configuration
        name: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the storage configurations
    List,
    /// Test a storage by writing, reading, listing and deleting a file
    Test {
        /// The name of a storage configuration, or a URI
        #[arg(value_name = "NAME|URI")]
        target: String,
        #[command(flatten)]
        key: KeyArgs,
    },
    /// Change a storage configuration; omitted settings stay unchanged
    Edit {
        /// The name of the storage configuration
        name: String,
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Scan a storage for logical backup sets and add them to the catalogue, for example after a loss of the metadata
    Scan {
        /// The name of the storage configuration
        name: String,
    },
    /// Remove a storage configuration; the files in the storage stay
    Remove {
        /// The name of the storage configuration
        name: String,
    },
}

/// A storage that is given on the command line.
#[derive(Args)]
pub(crate) struct PlaceArgs {
    /// The location, such as file:///backup or s3://bucket/dir
    uri: String,
    #[command(flatten)]
    key: KeyArgs,
}

/// The changes of a storage configuration.
#[derive(Args)]
#[group(required = true, multiple = true)]
struct ChangeArgs {
    /// The new name
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// The new location. Refused while the storage contains backup sets
    #[arg(long, value_name = "URI")]
    uri: Option<String>,
    /// The new endpoint of the object store
    #[arg(long, value_name = "HOST")]
    endpoint: Option<String>,
    /// The new access key ID. The secret comes from LIFEBOAT_STORAGE_SECRET, LIFEBOAT_STORAGE_SECRET_FILE, a prompt or
    /// standard input
    #[arg(long, value_name = "ID")]
    access_key_id: Option<String>,
    /// The COS app ID, for cos://
    #[arg(long, value_name = "NUMBER")]
    app_id: Option<String>,
    /// Change the secret of the current access key; it comes from the same sources as for a new key
    #[arg(long)]
    secret: bool,
}

/// The access key of an object store. The secret comes from LIFEBOAT_STORAGE_SECRET, LIFEBOAT_STORAGE_SECRET_FILE, a
/// prompt or standard input.
#[derive(Args)]
pub(crate) struct KeyArgs {
    /// The endpoint of the object store
    #[arg(long, value_name = "HOST", env = "LIFEBOAT_STORAGE_ENDPOINT", hide_env_values = true)]
    endpoint: Option<String>,
    /// The access key ID of the object store. The secret comes from LIFEBOAT_STORAGE_SECRET,
    /// LIFEBOAT_STORAGE_SECRET_FILE, a prompt or standard input
    #[arg(long, value_name = "ID", env = "LIFEBOAT_STORAGE_ACCESS_KEY_ID", hide_env_values = true)]
    access_key_id: Option<String>,
    /// The COS app ID, for cos://
    #[arg(long, value_name = "NUMBER", env = "LIFEBOAT_STORAGE_APP_ID", hide_env_values = true)]
    app_id: Option<String>,
}

impl KeyArgs {
    /// Returns the location of a storage with the secret of its key; a directory has none.
    pub(crate) fn complete(
        &self,
        bare: StorageLocation,
    ) -> Result<(StorageLocation, Option<Secret>), Failure> {
        if bare.kind == StorageType::File {
            return Ok((bare, None));
        }
        let Self { endpoint, access_key_id, app_id } = self;
        let location = StorageLocation {
            endpoint: endpoint.clone(),
            access_key_id: access_key_id.clone(),
            app_id: app_id.clone(),
            ..bare
        };
        Ok((location.checked()?, Some(read_secret()?)))
    }
}

pub(crate) async fn run(args: StorageArgs) -> Result<(), Failure> {
    let StorageArgs { reach, verb } = args;
    let screen = reach.screen();
    match verb {
        Verb::Add { name, place } => {
            let location = read_uri(&place.uri)?;
            let client = reach.client()?;
            let base = base(&location, &place.key)?;
            let body = json!({ "configName": name, "obBackupStorageBaseInfo": base });
            let data = client.post("/backup/storages", Some(&body)).await?;
            let added: StorageRow = read(&data)?;
            screen.show(&data, |screen| {
                let said = Text::new("cli-storage-added").with("storage", &name).with("uri", &added.uri);
                screen.say(&said);
            });
            Ok(())
        }
        Verb::List => list(&reach).await,
        Verb::Test { target, key } => {
            let location = target.contains("://").then(|| read_uri(&target)).transpose()?;
            let client = reach.client()?;
            let data = match location {
                Some(location) => {
                    let body = json!({ "obBackupStorageBaseInfo": base(&location, &key)? });
                    client.post("/backup/storages/test", Some(&body)).await?
                }
                None => test_saved(&client, &target).await?,
            };
            show_test(screen, &data)
        }
        Verb::Edit { name, change } => {
            let client = reach.client()?;
            let (id, body) = changed(&client, &name, change).await?;
            let data = client.patch(&format!("/backup/storages/{id}"), &body).await?;
            let kept: StorageRow = read(&data)?;
            screen.show(&data, |screen| {
                let name = kept.config_name.as_deref().unwrap_or(&name);
                screen.say(&Text::new("cli-storage-changed").with("storage", name).with("uri", &kept.uri));
            });
            Ok(())
        }
        Verb::Scan { name } => {
            let client = reach.client()?;
            let id = storage(&client, &name).await?.storage_id;
            let data = client.post(&format!("/backup/storages/{id}/scan"), None).await?;
            let scan: ScanRow = read(&data)?;
            screen.show(&data, |screen| show_scan(screen, &scan));
            Ok(())
        }
        Verb::Remove { name } => {
            let client = reach.client()?;
            let id = storage(&client, &name).await?.storage_id;
            let data = client.delete(&format!("/backup/storages/{id}")).await?;
            screen.show(&data, |screen| screen.say(&Text::new("cli-storage-removed").with("storage", &name)));
            Ok(())
        }
    }
}

/// Returns the ID of a storage configuration, and the body of the change.
async fn changed(client: &Client, name: &str, change: ChangeArgs) -> Result<(i64, Value), Failure> {
    let ChangeArgs { rename, uri, endpoint, access_key_id, app_id, secret } = change;
    let is_moved = uri.is_some() || endpoint.is_some() || app_id.is_some();
    let new_secret = (secret || access_key_id.is_some()).then(read_secret).transpose()?;
    let kept = storage(client, name).await?;
    let mut body = json!({});
    if let Some(rename) = rename {
        body["configName"] = rename.into();
    }
    if is_moved || new_secret.is_some() {
        let location = read_uri(uri.as_deref().unwrap_or(&kept.uri))?;
        let mut base = kept.ob_backup_storage_base_info;
        base["backupStorageType"] = json!(location.kind);
        base["storageUrl"] = location.path.into();
        if let Some(field) = key_field(location.kind) {
            let texts = [("endpoint", endpoint), ("accessKeyId", access_key_id), ("appId", app_id)];
            for (part, text) in texts {
                if let Some(text) = text {
                    base[field][part] = text.into();
                }
            }
            if let Some(secret) = new_secret {
                base[field]["accessKeySecret"] = secret.expose().into();
            }
        }
        body["obBackupStorageBaseInfo"] = base;
    }
    Ok((kept.storage_id, body))
}

fn show_scan(screen: Screen, scan: &ScanRow) {
    let ScanRow { found, known, added, left_out } = scan;
    let text = Text::new("cli-storage-scanned").with("found", found).with("known", known);
    screen.say(&text.with("added", added.len()).with("left_out", left_out.len()));
    let row = |set: &ScannedRow| {
        vec![set.backup_set_id.to_string(), set.path.clone(), set.origin.signature.clone()]
    };
    if !added.is_empty() {
        screen.table(&["SET", "FOLDER", "SIGNATURE"], &added.iter().map(row).collect::<Vec<_>>());
        let strange = added.iter().filter(|set| !matches!(set.origin.signature.as_str(), "OWN" | "TRUSTED"));
        strange.for_each(|set| screen.line(&format!("{}: {}", set.path, set.origin.message)));
    }
    for dump in left_out {
        screen.line(&format!("{}: {}", dump.path, dump.error.message));
        dump.error.action.iter().for_each(|action| screen.line(&format!("  {action}")));
    }
}

fn read_secret() -> Result<Secret, Failure> {
    secrets::read("LIFEBOAT_STORAGE_SECRET", "cli-prompt-storage-secret")
}

async fn test_saved(client: &Client, name: &str) -> Result<Value, Failure> {
    let id = storage(client, name).await?.storage_id;
    client.post(&format!("/backup/storages/{id}/test"), None).await
}

async fn list(reach: &Reach) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let rows = client.list("/backup/storages", &[]).await?;
    let storages: Vec<StorageRow> = read_all(&rows)?;
    screen.show(&Value::Array(rows), |screen| {
        let rows: Vec<Vec<String>> = storages
            .into_iter()
            .map(|storage| {
                vec![
                    storage.storage_id.to_string(),
                    storage.config_name.unwrap_or_else(|| "-".to_owned()),
                    storage.uri,
                    short(&storage.create_time),
                ]
            })
            .collect();
        screen.table(&["ID", "NAME", "URI", "CREATED"], &rows);
    });
    Ok(())
}

/// Reads a URI; a URI that contains keys is refused.
pub(crate) fn read_uri(uri: &str) -> Result<StorageLocation, Failure> {
    check_no_password(uri)?;
    Ok(StorageLocation::from_uri(uri)?)
}

/// Returns the storage for a request in the API's format: a saved storage configuration by its name, or a typed-in
/// directory.
pub(super) async fn choice(client: &Client, wanted: &str) -> Result<Value, Failure> {
    if wanted.contains("://") {
        return Ok(json!({ "obBackupStorageBaseInfo": directory_base(&read_uri(wanted)?)? }));
    }
    Ok(json!({ "storageId": storage(client, wanted).await?.storage_id }))
}

/// Returns a directory, which needs no key, in the API's format.
pub(crate) fn directory_base(location: &StorageLocation) -> Result<Value, Failure> {
    if location.kind == StorageType::File {
        return Ok(json!({ "backupStorageType": location.kind, "storageUrl": location.path }));
    }
    Err(Problem::invalid("storage-needs-library").with("uri", location.uri()).into())
}

/// Returns a storage in the API's format.
fn base(location: &StorageLocation, key: &KeyArgs) -> Result<Value, Failure> {
    let KeyArgs { endpoint, access_key_id, app_id } = key;
    let Some(field) = key_field(location.kind) else { return directory_base(location) };
    let secret = read_secret()?;
    Ok(json!({
        "backupStorageType": location.kind,
        "storageUrl": location.path,
        field: {
            "endpoint": endpoint,
            "accessKeyId": access_key_id,
            "appId": app_id,
            "accessKeySecret": secret.expose(),
        },
    }))
}

/// Returns the API's field for the key of this kind of storage; none for a directory.
fn key_field(kind: StorageType) -> Option<&'static str> {
    match kind {
        StorageType::File => None,
        StorageType::Oss => Some("ossAccessKey"),
        StorageType::Cos => Some("cosAccessKey"),
        StorageType::S3 | StorageType::Obs | StorageType::Gcs | StorageType::Azblob => Some("s3AccessKey"),
    }
}
