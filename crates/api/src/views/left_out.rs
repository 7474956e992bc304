//! The objects that a backup leaves out: in its set, in its task, and in a plan.

use model::inventory::{Agreement, Missing};
use serde::Serialize;
use utoipa::ToSchema;

use super::backup_now::ObjectBody;
use super::words;
use crate::call;

/// An object that the backup of a tenant leaves out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MissingObjectView {
    /// The tenant's name.
    tenant_name: String,
    /// Its kind.
    kind: words::ObjectKind,
    /// Its name, or that of the database with these objects; `*` for the whole server.
    name: String,
    /// The reason, in the reader's language.
    reason: String,
    /// Whether the request has consent for it, by name.
    agreed: bool,
    /// The consent for it in a request; absent if only a privilege helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<AgreementView>,
}

/// The consent that a request needs for an object that is left out: one of the two.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgreementView {
    /// An element of `without`.
    #[serde(skip_serializing_if = "Option::is_none")]
    without: Option<words::ObjectKind>,
    /// An element of `exclude`.
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude: Option<ObjectBody>,
}

impl From<Missing> for MissingObjectView {
    fn from(missing: Missing) -> Self {
        let Missing { tenant, object } = missing;
        let agreement = object.agreement().map(Into::into);
        Self {
            tenant_name: tenant,
            kind: object.kind.into(),
            name: object.name,
            reason: object.reason.message(call::language()),
            agreed: object.agreed,
            agreement,
        }
    }
}

impl From<Agreement> for AgreementView {
    fn from(agreement: Agreement) -> Self {
        match agreement {
            Agreement::Without(kind) => Self { without: Some(kind.into()), exclude: None },
            Agreement::Exclude(object) => Self { without: None, exclude: Some(ObjectBody::of_part(object)) },
        }
    }
}
