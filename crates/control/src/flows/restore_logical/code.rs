//! Procedures, functions, triggers, users and privileges: the permission to recover them, and the report if they were
//! not requested.

use std::collections::BTreeMap;

use dump::{Manifest, Selection};
use model::Problem;
use model::id::BackupSetId;
use model::not_made::{NotMade, PartKind};
use model::problem::{ProblemKind, codes};
use model::text::Text;
use model::user::Permission;
use oceanbase::statement::identifier;

use crate::context::Actor;

/// Allows a recovery with code only to administrators: code runs with the privileges of its definer, and recovered
/// users can log on.
pub(super) fn check(actor: &Actor, with_code: bool, set: BackupSetId) -> Result<(), Problem> {
    if !with_code || actor.role.allows(Permission::ManageUsers) {
        return Ok(());
    }
    let problem = Problem::new(ProblemKind::Forbidden, codes::FORBIDDEN, "recovery-with-code");
    Err(problem.with("set", set).with("user", &actor.name))
}

/// Lists what a recovery without code leaves out: the code of whole databases, and the users of a whole set.
pub(super) fn not_requested(
    manifest: &Manifest,
    databases: &BTreeMap<String, String>,
    selection: &Selection,
) -> Vec<NotMade> {
    let mut all = Vec::new();
    for entry in &manifest.databases {
        let Some(database) = databases.get(&entry.name) else { continue };
        if !selection.has_whole_database(&entry.name) {
            continue;
        }
        for code in &entry.code {
            let name = format!("{}.{}", identifier(database), identifier(&code.name));
            let (kind, text) = kind_of(&code.kind);
            let reason = Text::new(text).with("what", &name);
            all.push(NotMade::new(kind, name, reason));
        }
    }
    if selection.is_all() {
        for account in &manifest.accounts {
            let reason = Text::new("not-requested-account").with("what", account);
            all.push(NotMade::new(PartKind::Users, account, reason));
        }
    }
    all
}

/// Returns the kind of code for a word in the manifest, and the text for code that was not requested.
fn kind_of(word: &str) -> (PartKind, &'static str) {
    match word {
        "procedure" => (PartKind::Routines, "not-requested-procedure"),
        "function" => (PartKind::Routines, "not-requested-function"),
        "trigger" => (PartKind::Triggers, "not-requested-trigger"),
        "event" => (PartKind::Events, "not-requested-event"),
        "outline" => (PartKind::Outlines, "not-requested-outline"),
        _ => (PartKind::Routines, "not-requested-code"),
    }
}

#[cfg(test)]
mod tests {
    use model::id::{BackupSetId, UserId};
    use model::text::has_line;
    use model::user::Role;

    use super::{check, kind_of};
    use crate::context::{Actor, Means};

    #[test]
    fn code_is_for_administrators_only() {
        let asked = |role, with_code| {
            let (name, address) = ("eva".into(), "192.0.2.1".into());
            let (must_change_password, means) = (false, Means::Program);
            let actor = Actor { user: UserId(1), name, role, address, must_change_password, means };
            check(&actor, with_code, BackupSetId(7)).err().map(|problem| problem.text.id)
        };
        assert_eq!(asked(Role::Admin, true), None);
        assert_eq!(asked(Role::BackupManager, false), None);
        for role in [Role::BackupManager, Role::ClusterViewer] {
            assert_eq!(asked(role, true).as_deref(), Some("recovery-with-code"), "{role:?}");
        }
    }

    #[test]
    fn every_kind_of_code_has_a_text_for_a_missing_request() {
        for word in ["procedure", "function", "trigger", "event", "outline", "something new"] {
            assert!(has_line(kind_of(word).1), "{word}");
        }
        assert!(has_line("not-requested-account"));
    }
}
