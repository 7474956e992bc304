//! What the definitions of a dump came to: the files that were written, and what is left out.

use std::collections::BTreeMap;

use model::inventory::LeftOut;
use model::text::Text;
use serde::{Deserialize, Serialize};

use crate::manifest::{CodeEntry, ObjectEntry};

/// Reports that the schema is finished.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct SchemaReceipt {
    pub(crate) objects: Vec<ObjectEntry>,
    pub(crate) notes: Vec<Text>,
    /// Objects that the server does not show, or shows in a form that is refused.
    #[serde(default)]
    pub(crate) left_out: Vec<LeftOut>,
    /// The code of each database, by its name.
    #[serde(default)]
    pub(crate) code: BTreeMap<String, Vec<CodeEntry>>,
    /// The users and roles.
    #[serde(default)]
    pub(crate) accounts: Vec<String>,
}
