//! The objects that a dump left out: the report, and the exit status.

use dump::Manifest;
use model::Problem;
use model::inventory::{Agreement, LeftOut};
use model::problem::codes;
use model::text::Text;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::language::language;

/// Returns `PARTIAL` for a dump that lacks objects without consent.
pub(super) fn status(manifest: &Manifest) -> &'static str {
    if manifest.is_partial() { "PARTIAL" } else { "COMPLETE" }
}

/// Returns all objects that the dump left out, in the reader's language.
pub(super) fn described(manifest: &Manifest) -> Vec<Value> {
    let object = |object: &LeftOut| {
        json!({
            "kind": object.kind, "name": object.name, "agreed": object.agreed,
            "reason": object.reason.message(language()),
        })
    };
    manifest.left_out.iter().map(object).collect()
}

/// Returns notes on the dump, such as values that a load restores in another form.
pub(super) fn notes(manifest: &Manifest) -> Vec<String> {
    manifest.notes.iter().map(|note| note.message(language())).collect()
}

/// Returns a line for each object that the dump left out, with the option that agrees to it.
pub(super) fn lines(manifest: &Manifest) -> Vec<Text> {
    let object = |object: &LeftOut| {
        line(&object.reason.message(language()), object.agreed, object.agreement().as_ref())
    };
    manifest.left_out.iter().map(object).collect()
}

/// Describes an object that a backup left out, with the option that agrees to it.
pub(super) fn line(reason: &str, agreed: bool, agreement: Option<&Agreement>) -> Text {
    let line = match (agreed, agreement) {
        (true, _) => Text::new("cli-left-out-agreed"),
        (false, None) => Text::new("cli-left-out"),
        (false, Some(agreement)) => Text::new("cli-left-out-option").with("option", agreement.option()),
    };
    line.with("what", reason)
}

/// Fails for a dump that lacks objects without consent.
pub(super) fn refused(manifest: &Manifest) -> Result<(), Failure> {
    if !manifest.is_partial() {
        return Ok(());
    }
    let lost = manifest.left_out.iter().filter(|object| !object.agreed).count();
    let partial = Problem::refused(codes::DATA_BACKUP_FAILED, "dump-partial").with("count", lost);
    Err(Failure::partial(partial))
}
