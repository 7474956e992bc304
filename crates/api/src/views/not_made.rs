//! The objects that a recovery does not create: in its task, in the list of recoveries, and in a plan.

use model::not_made::NotMade;
use serde::Serialize;
use utoipa::ToSchema;

use super::words;
use crate::call;

/// An object of a backup set that its recovery does not create.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotMadeView {
    /// Its kind.
    kind: words::PartKind,
    /// Its name in the target, such as `` `orders`.`totals` `` or `'eva'@'%'`.
    name: String,
    /// The reason, in the reader's language.
    reason: String,
}

impl From<NotMade> for NotMadeView {
    fn from(part: NotMade) -> Self {
        let NotMade { kind, name, reason } = part;
        Self { kind: kind.into(), name, reason: reason.message(call::language()) }
    }
}
