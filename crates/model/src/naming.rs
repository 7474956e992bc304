//! The objects that typed names stand for. Some servers distinguish upper and lower case, and others do not: an equal
//! name always comes first.

use std::collections::BTreeMap;

use crate::backup::BackupObject;
use crate::problem::Problem;

/// The names of the tables and views of each database.
pub type Held = BTreeMap<String, Vec<String>>;

/// A typed name that stands for no object, or for several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// There is no such database.
    NoDatabase {
        /// The typed name.
        typed: String,
    },
    /// The database has no such table.
    NoTable {
        /// The database, as it is spelled.
        database: String,
        /// The typed name of the table.
        typed: String,
    },
    /// No name is equal, and several differ only in upper and lower case.
    Several(Ambiguous),
}

/// A typed name that several names match except for upper and lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguous {
    /// The typed name.
    pub typed: BackupObject,
    /// The objects that it may stand for.
    pub names: Vec<BackupObject>,
}

impl Ambiguous {
    /// Returns the refusal, which lists the names.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let names: Vec<String> = self.names.iter().map(ToString::to_string).collect();
        Problem::invalid("name-ambiguous").with("name", &self.typed).with("names", names.join(", "))
    }
}

/// Finds the name that a typed name stands for: the equal one, or else the only one that differs in upper and lower
/// case.
///
/// # Errors
/// The names, if several differ from the typed one only in upper and lower case.
pub fn named<'a>(
    typed: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<Option<&'a str>, Vec<&'a str>> {
    let folded = typed.to_lowercase();
    let mut alike = Vec::new();
    for name in names {
        if name == typed {
            return Ok(Some(name));
        }
        if name.to_lowercase() == folded {
            alike.push(name);
        }
    }
    if alike.len() > 1 { Err(alike) } else { Ok(alike.pop()) }
}

/// Finds a database by its typed name.
///
/// # Errors
/// Fails if there is none, or if it may be one of several.
pub fn database<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Result<&'a str, Unresolved> {
    let object = |name: &str| BackupObject::Database(name.to_owned());
    match named(typed, names) {
        Ok(Some(name)) => Ok(name),
        Ok(None) => Err(Unresolved::NoDatabase { typed: typed.to_owned() }),
        Err(names) => Err(Unresolved::Several(Ambiguous {
            typed: object(typed),
            names: names.into_iter().map(object).collect(),
        })),
    }
}

/// Finds an object by its typed name, and returns it as it is spelled.
///
/// # Errors
/// Fails if there is none, or if it may be one of several.
pub fn resolve(held: &Held, typed: &BackupObject) -> Result<BackupObject, Unresolved> {
    let database = database(typed.database(), held.keys().map(String::as_str))?;
    let BackupObject::Table(_, table) = typed else {
        return Ok(BackupObject::Database(database.to_owned()));
    };
    let full = |name: &str| BackupObject::Table(database.to_owned(), name.to_owned());
    let tables = held.get(database).map_or(&[][..], Vec::as_slice);
    match named(table, tables.iter().map(String::as_str)) {
        Ok(Some(name)) => Ok(full(name)),
        Ok(None) => Err(Unresolved::NoTable { database: database.to_owned(), typed: table.clone() }),
        Err(names) => Err(Unresolved::Several(Ambiguous {
            typed: full(table),
            names: names.into_iter().map(full).collect(),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, Unresolved, named, resolve};

    #[test]
    fn an_equal_name_wins_and_one_in_another_case_counts_only_if_it_is_the_only_one() {
        type Case<'a> = (&'a str, &'a [&'a str], Result<Option<&'a str>, Vec<&'a str>>);
        let cases: [Case<'_>; 8] = [
            ("T1", &["T1", "t1"], Ok(Some("T1"))),
            ("t1", &["T1", "t1"], Ok(Some("t1"))),
            ("T1", &["t1"], Ok(Some("t1"))),
            ("t1", &["T1"], Ok(Some("T1"))),
            ("ÄB", &["äb"], Ok(Some("äb"))),
            ("Ab", &["ab", "AB"], Err(vec!["ab", "AB"])),
            ("t2", &["T1", "t1"], Ok(None)),
            ("t1", &[], Ok(None)),
        ];
        for (typed, names, expected) in cases {
            assert_eq!(named(typed, names.iter().copied()), expected, "{typed} {names:?}");
        }
    }

    #[test]
    fn a_typed_object_is_one_that_exists_or_is_refused_by_name() {
        let held: Held = [("L", vec!["T1", "t1", "only"]), ("l", vec!["x"]), ("Shop", vec!["orders"])]
            .into_iter()
            .map(|(name, tables)| (name.to_owned(), tables.into_iter().map(str::to_owned).collect()))
            .collect();
        let cases = [
            ("L", Ok("`L`")),
            ("l", Ok("`l`")),
            ("SHOP", Ok("`Shop`")),
            ("shop.ORDERS", Ok("`Shop`.`orders`")),
            ("L.T1", Ok("`L`.`T1`")),
            ("L.t1", Ok("`L`.`t1`")),
            ("L.ONLY", Ok("`L`.`only`")),
            ("l.only", Err("no table `l`.`only`")),
            ("hr.x", Err("no database hr")),
        ];
        for (typed, expected) in cases {
            let object = typed.parse().expect("a name");
            let found = match resolve(&held, &object) {
                Ok(found) => Ok(found.to_string()),
                Err(Unresolved::NoDatabase { typed }) => Err(format!("no database {typed}")),
                Err(Unresolved::NoTable { database, typed }) => {
                    Err(format!("no table `{database}`.`{typed}`"))
                }
                Err(Unresolved::Several(several)) => Err(several.problem().to_string()),
            };
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{typed}");
        }
    }

    #[test]
    fn a_name_that_may_be_one_of_several_is_refused_with_all_of_them() {
        let held: Held = [("d".to_owned(), vec!["Ab".to_owned(), "aB".to_owned()])].into();
        let refused = resolve(&held, &"D.ab".parse().expect("a name")).expect_err("two tables");
        let Unresolved::Several(several) = refused else { panic!("{refused:?}") };
        let said = several.problem().to_string();
        assert!(said.contains("`d`.`Ab`, `d`.`aB`"), "{said}");
    }
}
