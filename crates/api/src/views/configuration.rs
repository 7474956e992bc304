//! The configuration of a server.

use control::configuration::ConfigurationValue;
use serde::Serialize;
use utoipa::ToSchema;

/// The configuration of the server that answered.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConfigurationView {
    /// Each value.
    values: Vec<ConfigurationValueView>,
}

/// A value of a server's configuration.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConfigurationValueView {
    /// Its key, as in the configuration file.
    #[schema(example = "log.format")]
    key: &'static str,
    /// The value as text. The values of a list are separated by commas.
    value: String,
    /// Its source: `flag`, the name of an environment variable, the path of a file, or `built in`.
    source: String,
}

impl From<Vec<ConfigurationValue>> for ConfigurationView {
    fn from(values: Vec<ConfigurationValue>) -> Self {
        let value = |ConfigurationValue { key, value, source }| ConfigurationValueView { key, value, source };
        Self { values: values.into_iter().map(value).collect() }
    }
}
