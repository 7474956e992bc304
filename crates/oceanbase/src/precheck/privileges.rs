//! The required privileges of a cluster's user.

use model::ability::Generation;
use model::problem::Problem;

use super::Finding;
use crate::grants::Grants;
use crate::login::Login;
use crate::statement::literal;

const SYS: &str = "sys";

/// One required privilege.
struct Need {
    /// The privilege, as spelled in `GRANT`.
    grant: &'static str,
    /// The object, as spelled in `GRANT`.
    on: &'static str,
    /// Whether the user has it.
    met: fn(&Grants) -> bool,
}

const STEER: Need = Need {
    grant: "ALTER SYSTEM",
    on: "*.*",
    met: |grants| grants.has_everywhere("ALTER SYSTEM") || grants.has_everywhere("SUPER"),
};

/// On a cluster, this user controls and reads the cluster; separate users read the data of its tenants.
const OF_A_CLUSTER: &[Need] =
    &[STEER, Need { grant: "SELECT", on: "oceanbase.*", met: |grants| grants.has_on("oceanbase", "SELECT") }];

/// On seekdb, the same user reads the data. Without TRIGGER, the server shows no triggers and reports no error.
const OF_SEEKDB: &[Need] = &[
    STEER,
    Need { grant: "SELECT", on: "*.*", met: |grants| grants.has_everywhere("SELECT") },
    Need { grant: "SHOW VIEW", on: "*.*", met: |grants| grants.has_everywhere("SHOW VIEW") },
    Need { grant: "TRIGGER", on: "*.*", met: |grants| grants.has_everywhere("TRIGGER") },
];

/// Returns the missing privileges, and the statements that grant them.
pub(super) fn judge(grants: &Grants, user: &str, generation: Generation) -> Finding {
    let needs = if generation == Generation::Seekdb { OF_SEEKDB } else { OF_A_CLUSTER };
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.met)(grants)).collect();
    if missing.is_empty() {
        return Finding::Well;
    }
    let name = Login::read(user).user;
    let list = |text: fn(&Need, &str) -> String, between: &str| {
        missing.iter().map(|need| text(need, name)).collect::<Vec<_>>().join(between)
    };
    let names = list(|need, _| format!("{} ON {}", need.grant, need.on), ", ");
    if grants.has_roles() {
        let unseen = Problem::outside("takeover-privileges-unseen").with("user", user).with("missing", names);
        return Finding::Warning(unseen);
    }
    let statements =
        list(|need, name| format!("GRANT {} ON {} TO {};", need.grant, need.on, literal(name)), " ");
    let problem = Problem::outside("takeover-privileges-missing")
        .with("user", user)
        .with("missing", names)
        .with("grants", statements);
    Finding::Obstacle(problem)
}

/// Refuses a user of another tenant than `sys`: only the sys tenant sees and controls the whole cluster.
pub(super) fn wrong_tenant(user: &str, generation: Generation) -> Option<Problem> {
    match Login::read(user).tenant {
        Some(tenant) if tenant != SYS && generation != Generation::Seekdb => {
            Some(Problem::invalid("takeover-tenant-not-sys").with("user", user).with("tenant", tenant))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use model::ability::Generation;

    use super::wrong_tenant;

    #[test]
    fn only_users_of_the_sys_tenant_take_a_cluster_over() {
        assert!(wrong_tenant("root@shop", Generation::Gen4).is_some());
        for user in ["root", "root@sys", "root@sys#prod"] {
            assert!(wrong_tenant(user, Generation::Gen3).is_none(), "{user}");
        }
    }
}
