//! The objects of a dump that a load does not create because nobody requested them.

use model::inventory::ObjectKind;
use model::not_made::{NotMade, PartKind};
use model::text::Text;

use crate::load::{Made, Options};
use crate::manifest::Manifest;
use crate::plan::full_name;

/// Returns what a load with these options leaves out on purpose, of the code of whole databases and the users of a
/// whole dump: kinds that the request agrees to leave out are notes; other objects that were not requested are missing
/// and make the load partial.
#[must_use]
pub fn not_requested(manifest: &Manifest, options: &Options) -> Made {
    let Options { databases, selection, with_code, without, .. } = options;
    let mut left = Made::default();
    for entry in manifest.databases.iter().filter(|entry| selection.has_whole_database(&entry.name)) {
        let own = databases.is_empty().then_some(&entry.name);
        let Some(database) = databases.get(&entry.name).or(own) else { continue };
        for code in &entry.code {
            let (kind, part, text) = kind_of(&code.kind);
            if without.contains(&kind) {
                agree(&mut left, kind);
            } else if !with_code {
                let name = full_name(database, &code.name);
                let reason = Text::new(text).with("what", &name);
                left.not_made.push(NotMade::new(part, name, reason));
            }
        }
    }
    if !selection.is_all() || manifest.accounts.is_empty() {
        return left;
    }
    let kinds = [ObjectKind::Users, ObjectKind::Grants];
    kinds.into_iter().filter(|kind| without.contains(kind)).for_each(|kind| agree(&mut left, kind));
    if !with_code && !without.contains(&ObjectKind::Users) {
        let account = |account: &String| {
            let reason = Text::new("not-requested-account").with("what", account);
            NotMade::new(PartKind::Users, account, reason)
        };
        left.not_made.extend(manifest.accounts.iter().map(account));
    }
    // Privileges come with the accounts that a load creates: without these, nobody gets them.
    if without.contains(&ObjectKind::Users) && !without.contains(&ObjectKind::Grants) {
        let grants = |account: &String| {
            let reason = Text::new("not-requested-grants").with("what", account);
            NotMade::new(PartKind::Grants, account, reason)
        };
        left.not_made.extend(manifest.accounts.iter().map(grants));
    }
    left
}

fn agree(left: &mut Made, kind: ObjectKind) {
    let note = Text::new("left-out-kind").with("kind", kind);
    if !left.notes.contains(&note) {
        left.notes.push(note);
    }
}

/// Returns the kind of code by its word in the manifest, and the text for code that was not requested.
pub(super) fn kind_of(word: &str) -> (ObjectKind, PartKind, &'static str) {
    match word {
        "procedure" => (ObjectKind::Routines, PartKind::Routines, "not-requested-procedure"),
        "function" => (ObjectKind::Routines, PartKind::Routines, "not-requested-function"),
        "trigger" => (ObjectKind::Triggers, PartKind::Triggers, "not-requested-trigger"),
        "event" => (ObjectKind::Events, PartKind::Events, "not-requested-event"),
        "outline" => (ObjectKind::Outlines, PartKind::Outlines, "not-requested-outline"),
        _ => (ObjectKind::Routines, PartKind::Routines, "not-requested-code"),
    }
}

#[cfg(test)]
mod tests {
    use model::text::has_line;

    use super::kind_of;

    #[test]
    fn every_kind_of_code_has_a_text_for_a_missing_request() {
        for word in ["procedure", "function", "trigger", "event", "outline", "something new"] {
            assert!(has_line(kind_of(word).2), "{word}");
        }
        assert!(has_line("not-requested-account") && has_line("not-requested-grants"));
    }
}
