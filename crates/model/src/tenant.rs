//! A tenant of a cluster, and whether its data can be read.

use serde::{Deserialize, Serialize};

use crate::ability::Generation;
use crate::id::TenantId;
use crate::physical::SYS;
use crate::problem::{Problem, codes};
use crate::version::Version;

/// The SQL mode of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TenantMode {
    /// MySQL's.
    Mysql,
    /// Oracle's.
    Oracle,
}

/// A tenant, as its cluster describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its ID in OceanBase.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// Its SQL mode.
    pub mode: TenantMode,
    /// `NORMAL`, `CREATING`, `RESTORE`, …, as the cluster reports it.
    pub status: String,
    /// `PRIMARY`, `STANDBY` or `RESTORE`, as the cluster reports it; `PRIMARY` before 4.2.
    pub role: String,
    /// Whether it is locked.
    pub locked: bool,
    /// The primary zone, as the cluster spells it.
    pub primary_zone: String,
    /// The locality, as the cluster spells it.
    pub locality: String,
    /// Its data version, which an upgrade raises after the version of the program; `None` if the cluster does not
    /// show it.
    #[serde(default)]
    pub data_version: Option<Version>,
}

/// The most characters of a user's name.
pub const LONGEST_USER: usize = 64;

/// Checks that a tenant needs its own credential, and that its data can be read with one.
///
/// # Errors
/// 20108 for seekdb, where the cluster's own user reads the data, for a generation without logical backup, for the
/// sys tenant, and for a tenant in Oracle mode.
pub fn takes_credential(generation: Generation, tenant: &Tenant) -> Result<(), Problem> {
    let refused = |id| Err(Problem::refused(codes::METHOD_UNSUPPORTED, id).with("tenant", &tenant.name));
    match generation {
        Generation::Seekdb => refused("tenant-credential-not-needed"),
        Generation::Gen3 => refused("logical-not-offered"),
        Generation::Gen4 if tenant.id == SYS => refused("logical-not-of-sys"),
        Generation::Gen4 if tenant.mode == TenantMode::Oracle => refused("logical-needs-mysql-mode"),
        Generation::Gen4 => Ok(()),
    }
}

/// Checks that a tenant can be backed up logically, or recovered into.
///
/// # Errors
/// As [`takes_credential`], except for seekdb, which needs none; 20036 for a tenant without a credential.
pub fn check_readable(
    generation: Generation,
    tenant: &Tenant,
    has_credential: bool,
    cluster_name: &str,
) -> Result<(), Problem> {
    if generation == Generation::Seekdb {
        return Ok(());
    }
    takes_credential(generation, tenant)?;
    if has_credential {
        return Ok(());
    }
    let missing = Problem::refused(codes::PRECHECK_FAILED, "tenant-credential-missing");
    Err(missing.with("tenant", &tenant.name).with("cluster", cluster_name))
}

/// Reads the name of a tenant's user, which may be followed by the tenant: `backup` or `backup@shop`.
///
/// # Errors
/// Refuses the user of another tenant, an empty name, and characters that separate the parts of a login name.
pub fn read_user(name: &str, tenant: &str) -> Result<String, Problem> {
    let malformed = || {
        let problem = Problem::invalid("tenant-user-malformed");
        problem.with("user", name).with("tenant", tenant).with("most", LONGEST_USER)
    };
    let user = match name.split_once('@') {
        None => name,
        Some((user, rest)) if rest.split('#').next() == Some(tenant) => user,
        Some(_) => return Err(malformed()),
    };
    let is_good = |letter: char| !letter.is_control() && !letter.is_whitespace() && !"@#:".contains(letter);
    if (1..=LONGEST_USER).contains(&user.chars().count()) && user.chars().all(is_good) {
        Ok(user.to_owned())
    } else {
        Err(malformed())
    }
}

#[cfg(test)]
mod tests {
    use super::{Tenant, TenantMode, check_readable, read_user, takes_credential};
    use crate::ability::Generation::{self, Gen3, Gen4, Seekdb};
    use crate::id::TenantId;

    fn tenant(id: i64, mode: TenantMode) -> Tenant {
        let text = String::new;
        Tenant {
            id: TenantId(id),
            name: "shop".into(),
            mode,
            status: "NORMAL".into(),
            role: "PRIMARY".into(),
            locked: false,
            primary_zone: text(),
            locality: text(),
            data_version: None,
        }
    }

    #[test]
    fn which_tenants_are_read_and_by_whom_follows_the_table() {
        use TenantMode::{Mysql, Oracle};
        type Case =
            (Generation, i64, TenantMode, Option<&'static str>, Option<&'static str>, Option<&'static str>);
        // The rules for a credential, a backup without one, and a backup with one.
        let cases: [Case; 5] = [
            (Seekdb, 1, Mysql, Some("tenant-credential-not-needed"), None, None),
            (
                Gen3,
                1001,
                Mysql,
                Some("logical-not-offered"),
                Some("logical-not-offered"),
                Some("logical-not-offered"),
            ),
            (
                Gen4,
                1,
                Mysql,
                Some("logical-not-of-sys"),
                Some("logical-not-of-sys"),
                Some("logical-not-of-sys"),
            ),
            (
                Gen4,
                1002,
                Oracle,
                Some("logical-needs-mysql-mode"),
                Some("logical-needs-mysql-mode"),
                Some("logical-needs-mysql-mode"),
            ),
            (Gen4, 1002, Mysql, None, Some("tenant-credential-missing"), None),
        ];
        for (generation, id, mode, credential, without, with) in cases {
            let tenant = tenant(id, mode);
            let id = |checked: Result<(), crate::Problem>| checked.err().map(|problem| problem.text.id);
            let found = [
                id(takes_credential(generation, &tenant)),
                id(check_readable(generation, &tenant, false, "prod")),
                id(check_readable(generation, &tenant, true, "prod")),
            ];
            let expected = [credential, without, with].map(|id| id.map(str::to_owned));
            assert_eq!(found, expected, "{generation:?} {tenant:?}");
        }
    }

    #[test]
    fn a_user_is_read_with_and_without_its_own_tenant() {
        for good in ["backup", "backup@shop", "backup@shop#prod"] {
            assert_eq!(read_user(good, "shop").expect("a user"), "backup", "{good}");
        }
        for wrong in ["", "@shop", "backup@hr", "a@b@shop", "prod:shop:backup", "a b", "a\n", &"x".repeat(65)]
        {
            assert!(read_user(wrong, "shop").is_err(), "{wrong:?}");
        }
    }
}
