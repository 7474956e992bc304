//! What a backup lacks: in its set, in its task, and in a plan.

use model::inventory::{Agreement, Missing};
use serde::Serialize;
use utoipa::ToSchema;

use super::backup_now::ObjectBody;
use super::words;
use crate::call;

/// Something that the backup of a tenant lacks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MissingObjectView {
    /// The tenant's name.
    tenant_name: String,
    /// What it is.
    kind: words::ObjectKind,
    /// Its name, or that of the database whose objects of this kind are meant; `*` for the whole server.
    name: String,
    /// Why, in the reader's language.
    reason: String,
    /// Whether the request agreed to it by name.
    agreed: bool,
    /// How a request agrees to it; absent where only a privilege helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<AgreementView>,
}

/// What a request must hold to agree to something that is left out: one of the two.
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
