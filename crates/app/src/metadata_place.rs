//! The location of the metadata: in the data directory, or on a server.

use std::path::PathBuf;

use clap::Args;
use control::MetadataServer;
use model::{Problem, Secret};

use crate::failure::Failure;
use crate::secrets;

/// The text for metadata in the data directory.
pub(crate) const IN_DATA_DIRECTORY: &str = "sqlite";

/// The location of a server's metadata, for commands that work on them without the server.
#[derive(Args)]
pub(crate) struct MetadataArgs {
    /// The server's data directory
    #[arg(
        long,
        value_name = "DIR",
        env = "LIFEBOAT_DATA_DIR",
        hide_env_values = true,
        default_value = "./lifeboat-data"
    )]
    pub(crate) data_dir: PathBuf,
    /// The database server with the metadata. The password comes from LIFEBOAT_METADATA_PASSWORD or
    /// LIFEBOAT_METADATA_PASSWORD_FILE
    #[arg(
        long,
        value_name = "mysql://USER@HOST/DB",
        env = "LIFEBOAT_METADATA",
        hide_env_values = true,
        default_value = IN_DATA_DIRECTORY,
        hide_default_value = true
    )]
    metadata: String,
}

impl MetadataArgs {
    /// Returns the database server of the metadata; none if they are in the data directory.
    pub(crate) fn server(&self) -> Result<Option<MetadataServer>, Failure> {
        url(&self.metadata)?.as_deref().map(server).transpose()
    }
}

/// Checks the setting; returns the URL of a database server, or none for the data directory.
pub(crate) fn url(text: &str) -> Result<Option<String>, Problem> {
    if text == IN_DATA_DIRECTORY {
        return Ok(None);
    }
    MetadataServer::from_url(text, Secret::new("")).map_err(|error| error.problem())?;
    Ok(Some(text.to_owned()))
}

/// Returns the server of that URL, with its password.
pub(crate) fn server(url: &str) -> Result<MetadataServer, Failure> {
    let password = secrets::from_environment("LIFEBOAT_METADATA_PASSWORD")?;
    let password = password.unwrap_or_else(|| Secret::new(""));
    Ok(MetadataServer::from_url(url, password).map_err(|error| error.problem())?)
}
