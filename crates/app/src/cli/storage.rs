//! `lifeboat storage`.

use clap::{Args, Subcommand};
use model::Problem;
use model::storage::{StorageLocation, StorageType};
use model::text::Text;
use serde_json::{Value, json};

use super::Reach;
use super::cluster::test as show_test;
use super::names::{check_no_password, short, storage};
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{StorageRow, read, read_all};
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
    /// Keep a storage configuration
    Add {
        /// The name it gets
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
    /// Remove a storage configuration; what lies in the storage stays
    Remove {
        /// The storage configuration's name
        name: String,
    },
}

/// A storage that is typed in.
#[derive(Args)]
pub(crate) struct PlaceArgs {
    /// Where it is, such as file:///backup or s3://bucket/dir
    uri: String,
    #[command(flatten)]
    key: KeyArgs,
}

/// The key of an object storage. Its secret is taken from LIFEBOAT_STORAGE_SECRET, LIFEBOAT_STORAGE_SECRET_FILE, a prompt
/// or standard input.
#[derive(Args)]
struct KeyArgs {
    /// The address of an object storage's service
    #[arg(long, value_name = "HOST")]
    endpoint: Option<String>,
    /// The id of an object storage's key; its secret is taken from LIFEBOAT_STORAGE_SECRET, LIFEBOAT_STORAGE_SECRET_FILE, a
    /// prompt or standard input
    #[arg(long, value_name = "ID")]
    access_key_id: Option<String>,
    /// The number of the account, for cos://
    #[arg(long, value_name = "NUMBER")]
    app_id: Option<String>,
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
        Verb::Remove { name } => {
            let client = reach.client()?;
            let id = storage(&client, &name).await?.storage_id;
            let data = client.delete(&format!("/backup/storages/{id}")).await?;
            screen.show(&data, |screen| screen.say(&Text::new("cli-storage-removed").with("storage", &name)));
            Ok(())
        }
    }
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

/// Reads a URI that was typed; one with keys in it is refused.
pub(crate) fn read_uri(uri: &str) -> Result<StorageLocation, Failure> {
    check_no_password(uri)?;
    Ok(StorageLocation::from_uri(uri)?)
}

/// Returns a typed-in directory, which needs no key, as the API takes it.
pub(crate) fn directory_base(location: &StorageLocation) -> Result<Value, Failure> {
    if location.kind == StorageType::File {
        return Ok(json!({ "backupStorageType": location.kind, "storageUrl": location.path }));
    }
    Err(Problem::invalid("storage-needs-library").with("uri", location.uri()).into())
}

/// Returns a typed-in storage as the API takes it.
fn base(location: &StorageLocation, key: &KeyArgs) -> Result<Value, Failure> {
    let KeyArgs { endpoint, access_key_id, app_id } = key;
    let field = match location.kind {
        StorageType::File => return directory_base(location),
        StorageType::Oss => "ossAccessKey",
        StorageType::Cos => "cosAccessKey",
        StorageType::S3 | StorageType::Obs | StorageType::Gcs | StorageType::Azblob => "s3AccessKey",
    };
    let secret = secrets::read("LIFEBOAT_STORAGE_SECRET", "cli-prompt-storage-secret")?;
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
