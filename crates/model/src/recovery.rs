//! Recovering a logical backup.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::backup::BackupObject;
use crate::id::{BackupSetId, ClusterId, TenantId};
use crate::inventory::ObjectKind;
use crate::naming::{self, Held, Unresolved};
use crate::problem::{Problem, codes};

/// A request to recover from a logical backup set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryRequest {
    /// The backup set to recover from.
    pub backup_set: BackupSetId,
    /// The cluster to recover into.
    pub cluster: ClusterId,
    /// The tenant to recover into.
    pub tenant: TenantId,
    /// The databases and tables to recover; none means all of the set.
    #[serde(default)]
    pub objects: Vec<BackupObject>,
    /// New names of databases, by the old ones. A database that is not listed keeps its name.
    pub rename: BTreeMap<String, String>,
    /// Whether the requester accepts a set that no trusted key signed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_foreign: bool,
    /// Whether procedures, functions, triggers, users and privileges are recovered too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_code: bool,
    /// Kinds of code, users and privileges that the requester agrees to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<ObjectKind>,
}

/// The kinds that a recovery creates only on request. The requester can agree to leave them out.
pub const ON_REQUEST: [ObjectKind; 6] = [
    ObjectKind::Routines,
    ObjectKind::Triggers,
    ObjectKind::Events,
    ObjectKind::Outlines,
    ObjectKind::Users,
    ObjectKind::Grants,
];

/// Refuses kinds that a recovery cannot leave out by agreement.
///
/// # Errors
/// Names the first one.
pub fn check_without(kinds: &[ObjectKind]) -> Result<(), Problem> {
    match kinds.iter().find(|kind| !ON_REQUEST.contains(kind)) {
        None => Ok(()),
        Some(kind) => {
            let words = ON_REQUEST.map(ObjectKind::word).join(", ");
            Err(Problem::invalid("recovery-without-kind").with("kind", kind).with("kinds", words))
        }
    }
}

/// The objects to recover, by their names in the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The new name of each database that is recovered, whole or in part.
    pub databases: BTreeMap<String, String>,
    /// The databases and tables without duplicates, and without tables of a database that is recovered completely;
    /// none means all.
    pub objects: Vec<BackupObject>,
}

/// Determines the objects to recover, and the new name of each database.
///
/// # Errors
/// Names a database or table that the set does not contain, a renamed database that is not recovered, or two
/// databases that would get the same name.
pub fn choose(held: &Held, request: &RecoveryRequest) -> Result<Chosen, Problem> {
    let objects = objects(held, &request.objects)?;
    let mut chosen: Vec<&String> = held.keys().collect();
    if !objects.is_empty() {
        chosen.retain(|name| objects.iter().any(|object| object.database() == name.as_str()));
    }
    let mut rename = BTreeMap::new();
    for (typed, new) in &request.rename {
        let old = naming::database(typed, chosen.iter().map(|name| name.as_str()));
        let old = old.map_err(|why| match why {
            Unresolved::Several(several) => several.problem(),
            _ => Problem::invalid("rename-without-database").with("database", typed),
        })?;
        rename.insert(old.to_owned(), new.clone());
    }
    let mut databases = BTreeMap::new();
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for old in chosen {
        let new = rename.get(old).unwrap_or(old).clone();
        check_database_name(&new)?;
        if let Some(other) = taken.insert(new.to_lowercase(), old.clone()) {
            return Err(Problem::invalid("rename-collides")
                .with("first", other)
                .with("second", old)
                .with("target", new)
                .coded(codes::NAME_EXISTS));
        }
        databases.insert(old.clone(), new);
    }
    Ok(Chosen { databases, objects })
}

/// Finds the requested objects in the set.
fn objects(held: &Held, asked: &[BackupObject]) -> Result<Vec<BackupObject>, Problem> {
    let find = |object: &BackupObject| naming::resolve(held, object).map_err(|why| not_held(held, why));
    let mut found = asked.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    found.sort();
    found.dedup();
    let is_whole = |name: &str| found.iter().any(|object| *object == BackupObject::Database(name.to_owned()));
    let is_left = |object: &BackupObject| match object {
        BackupObject::Database(_) => true,
        BackupObject::Table(database, _) => !is_whole(database),
    };
    Ok(found.iter().filter(|object| is_left(object)).cloned().collect())
}

fn not_held(held: &Held, why: Unresolved) -> Problem {
    match why {
        Unresolved::NoDatabase { typed } => {
            let names: Vec<&str> = held.keys().map(String::as_str).collect();
            Problem::invalid("database-not-in-set").with("database", typed).with("held", names.join(", "))
        }
        Unresolved::NoTable { database, typed } => {
            let tables = held.get(&database).map_or(&[][..], Vec::as_slice);
            Problem::invalid("table-not-in-set")
                .with("table", typed)
                .with("database", &database)
                .with("held", shown(tables))
        }
        Unresolved::Several(several) => several.problem(),
    }
}

/// The maximum number of tables that an error lists.
const SHOWN: usize = 20;

fn shown(tables: &[String]) -> String {
    let names = tables.iter().take(SHOWN).map(String::as_str);
    names.chain((tables.len() > SHOWN).then_some("…")).collect::<Vec<_>>().join(", ")
}

/// Checks the name of a new database. The length is OceanBase's limit (128 bytes).
pub(crate) fn check_database_name(name: &str) -> Result<(), Problem> {
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

    use super::{Chosen, Held, RecoveryRequest, check_without, choose};
    use crate::backup::BackupObject;
    use crate::id::{BackupSetId, ClusterId, TenantId};
    use crate::inventory::ObjectKind;

    /// Reads `database` or `database.table`.
    fn objects(names: &[&str]) -> Vec<BackupObject> {
        let object = |name: &&str| match name.split_once('.') {
            Some((database, table)) => BackupObject::Table(database.to_owned(), table.to_owned()),
            None => BackupObject::Database((*name).to_owned()),
        };
        names.iter().map(object).collect()
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|&(old, new)| (old.to_owned(), new.to_owned())).collect()
    }

    #[test]
    fn each_database_and_table_goes_to_the_requested_target_or_nowhere() {
        let tables = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let held: Held = BTreeMap::from([
            ("shop".to_owned(), tables(&["orders", "Items", "items"])),
            ("hr".to_owned(), tables(&["people"])),
        ]);
        type Names<'a> = &'a [&'a str];
        type Renames<'a> = &'a [(&'a str, &'a str)];
        type Case<'a> = (Names<'a>, Renames<'a>, Result<(Renames<'a>, Names<'a>), &'a str>);
        let cases: &[Case<'_>] = &[
            (&[], &[], Ok((&[("shop", "shop"), ("hr", "hr")], &[]))),
            (&["shop"], &[("shop", "shop_2")], Ok((&[("shop", "shop_2")], &["shop"]))),
            (&["shop.orders"], &[("shop", "x")], Ok((&[("shop", "x")], &["shop.orders"]))),
            (&["SHOP.Orders", "shop.orders"], &[("Shop", "x")], Ok((&[("shop", "x")], &["shop.orders"]))),
            (&["shop.Items"], &[], Ok((&[("shop", "shop")], &["shop.Items"]))),
            (&["shop.ITEMS"], &[], Err("name-ambiguous")),
            (&["shop.orders", "shop", "hr.people"], &[], {
                Ok((&[("shop", "shop"), ("hr", "hr")], &["shop", "hr.people"]))
            }),
            (&["gone"], &[], Err("database-not-in-set")),
            (&["gone.orders"], &[], Err("database-not-in-set")),
            (&["hr.orders"], &[], Err("table-not-in-set")),
            (&["shop.orders"], &[("hr", "x")], Err("rename-without-database")),
            (&[], &[("shop", "HR")], Err("rename-collides")),
            (&["shop.orders", "hr.people"], &[("shop", "hr")], Err("rename-collides")),
            (&[], &[("shop", "oceanbase")], Err("database-name-malformed")),
            (&[], &[("shop", "")], Err("database-name-malformed")),
        ];
        for (names, rename, expected) in cases {
            let request = RecoveryRequest {
                backup_set: BackupSetId(1),
                cluster: ClusterId(1),
                tenant: TenantId(1),
                objects: objects(names),
                rename: map(rename),
                accept_foreign: false,
                with_code: false,
                without: Vec::new(),
            };
            let found = choose(&held, &request).map_err(|problem| problem.text.id);
            let expected = match expected {
                Ok((databases, chosen)) => Ok(Chosen { databases: map(databases), objects: objects(chosen) }),
                Err(id) => Err((*id).to_owned()),
            };
            assert_eq!(found, expected, "{names:?} {rename:?}");
        }
    }

    #[test]
    fn only_kinds_that_need_a_request_are_left_out_by_agreement() {
        assert_eq!(check_without(&[ObjectKind::Routines, ObjectKind::Grants]), Ok(()));
        let refused =
            check_without(&[ObjectKind::Events, ObjectKind::Sequences]).expect_err("tables need them");
        assert_eq!(
            (refused.text.id.as_str(), refused.text.args["kind"].as_str()),
            ("recovery-without-kind", "sequences")
        );
    }
}
