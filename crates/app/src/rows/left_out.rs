//! The objects that a backup left out.

use model::backup::BackupObject;
use model::inventory::{Agreement, ObjectKind};
use serde::Deserialize;

/// An object that a backup left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MissingRow {
    pub(crate) reason: String,
    pub(crate) agreed: bool,
    pub(crate) agreement: Option<AgreementRow>,
}

/// How a request agrees to leave an object out: one of the two.
#[derive(Deserialize)]
pub(crate) struct AgreementRow {
    without: Option<ObjectKind>,
    exclude: Option<ExcludedRow>,
}

/// An excluded database or table.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExcludedRow {
    database_name: Option<String>,
    table_name: Option<String>,
}

impl AgreementRow {
    /// Returns the agreement; `None` if this version does not know its kind.
    pub(crate) fn read(&self) -> Option<Agreement> {
        if let Some(kind) = self.without {
            return Some(Agreement::Without(kind));
        }
        let ExcludedRow { database_name, table_name } = self.exclude.as_ref()?;
        let database = database_name.clone()?;
        Some(Agreement::Exclude(match table_name {
            Some(table) => BackupObject::Table(database, table.clone()),
            None => BackupObject::Database(database),
        }))
    }
}
