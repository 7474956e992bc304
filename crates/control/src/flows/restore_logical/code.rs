//! The permission to recover procedures, functions, triggers, users and privileges.

use model::Problem;
use model::id::BackupSetId;
use model::problem::{ProblemKind, codes};
use model::user::Permission;

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

#[cfg(test)]
mod tests {
    use model::id::{BackupSetId, UserId};
    use model::user::Role;

    use super::check;
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
}
