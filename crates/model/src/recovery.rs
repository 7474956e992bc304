//! Recovering a logical backup.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{BackupSetId, ClusterId, TenantId};
use crate::problem::{Problem, codes};

/// What is to be recovered, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryRequest {
    /// The backup set to recover from.
    pub backup_set: BackupSetId,
    /// The cluster to recover into.
    pub cluster: ClusterId,
    /// The tenant to recover into.
    pub tenant: TenantId,
    /// The databases to recover; none means all of the set.
    pub databases: Vec<String>,
    /// New names of databases, by the old ones. A database that is not listed keeps its name.
    pub rename: BTreeMap<String, String>,
}

/// Settles under which name each database is recovered.
///
/// # Errors
/// Names the database that the set does not hold, the rename of a database that is not recovered, or the two
/// databases that would become one.
pub fn targets(held: &[String], request: &RecoveryRequest) -> Result<BTreeMap<String, String>, Problem> {
    let chosen: Vec<&String> =
        if request.databases.is_empty() { held.iter().collect() } else { request.databases.iter().collect() };
    if let Some(missing) = chosen.iter().find(|name| !held.contains(name)) {
        return Err(Problem::invalid("database-not-in-set")
            .with("database", missing)
            .with("held", held.join(", ")));
    }
    if let Some(stray) = request.rename.keys().find(|name| !chosen.contains(name)) {
        return Err(Problem::invalid("rename-without-database").with("database", stray));
    }
    let mut targets = BTreeMap::new();
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for old in chosen {
        let new = request.rename.get(old).unwrap_or(old).clone();
        check_database_name(&new)?;
        if let Some(other) = taken.insert(new.to_lowercase(), old.clone()) {
            return Err(Problem::invalid("rename-collides")
                .with("first", other)
                .with("second", old)
                .with("target", new)
                .coded(codes::NAME_EXISTS));
        }
        targets.insert(old.clone(), new);
    }
    Ok(targets)
}

/// Checks the name of a database that is to be created. The length is OceanBase's limit (128 bytes).
fn check_database_name(name: &str) -> Result<(), Problem> {
    const RESERVED: [&str; 5] = ["oceanbase", "information_schema", "mysql", "sys", "performance_schema"];
    let wrong =
        name.is_empty() || name.len() > 128 || name.contains(['\0', '/', '\\']) || name.ends_with(' ');
    if wrong || RESERVED.contains(&name.to_lowercase().as_str()) {
        return Err(Problem::invalid("database-name-malformed").with("database", name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{RecoveryRequest, targets};
    use crate::id::{BackupSetId, ClusterId, TenantId};

    fn request(databases: &[&str], rename: &[(&str, &str)]) -> RecoveryRequest {
        RecoveryRequest {
            backup_set: BackupSetId(1),
            cluster: ClusterId(1),
            tenant: TenantId(1),
            databases: databases.iter().map(|&name| name.to_owned()).collect(),
            rename: rename.iter().map(|&(old, new)| (old.to_owned(), new.to_owned())).collect(),
        }
    }

    #[test]
    fn each_database_goes_where_the_request_says_or_nowhere() {
        let held = ["shop".to_owned(), "hr".to_owned()];
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|&(old, new)| (old.to_owned(), new.to_owned())).collect()
        };
        type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], Result<BTreeMap<String, String>, &'a str>);
        let cases: &[Case<'_>] = &[
            (&[], &[], Ok(map(&[("shop", "shop"), ("hr", "hr")]))),
            (&["shop"], &[("shop", "shop_2")], Ok(map(&[("shop", "shop_2")]))),
            (&["gone"], &[], Err("database-not-in-set")),
            (&["shop"], &[("hr", "x")], Err("rename-without-database")),
            (&[], &[("shop", "HR")], Err("rename-collides")),
            (&[], &[("shop", "oceanbase")], Err("database-name-malformed")),
            (&[], &[("shop", "")], Err("database-name-malformed")),
        ];
        for (databases, rename, expected) in cases {
            let found = targets(&held, &request(databases, rename)).map_err(|problem| problem.text.id);
            assert_eq!(found, expected.clone().map_err(str::to_owned), "{databases:?} {rename:?}");
        }
    }
}
