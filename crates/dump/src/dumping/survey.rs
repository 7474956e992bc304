//! The objects to dump, and those that dumps do not support.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::Problem;
use model::inventory::{Consent, LeftOut, ObjectKind};
use model::problem::codes;
use model::text::Text;
use oceanbase::catalog::{self, TableIdentity, TableKind};
use oceanbase::statement::{identifier, literal};
use oceanbase::{Session, Statement, inventory};

use crate::chunk::{hidden_key as hidden_key_columns, usable_key};
use crate::column::{Column, Form, Members};
use crate::ddl::form::{self, Refusal};
use crate::ddl::table::TableDefinition;
use crate::dumping::catalogue::Catalogue;
use crate::dumping::definition::{Definitions, Kept};
use crate::dumping::left_out::{Scope, is_about_one};
use crate::dumping::schema::{created_by, database_statement};
use crate::error::{DuringSql as _, Error, Result};
use crate::load::{MARKS_TABLE, progress_tables};
use crate::plan::{Selection, TablePlan, ViewPlan, full_name};
use crate::refusal::is_refusal;
use crate::source::Source;

/// The objects that can be dumped.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) databases: Vec<DatabaseSurvey>,
    /// What is left out, or may be.
    pub(super) left_out: Vec<LeftOut>,
    /// What the reader of the log should know.
    pub(super) notes: Vec<Text>,
    /// The statements that were read.
    pub(super) kept: Kept,
}

pub(super) struct DatabaseSurvey {
    pub(super) name: String,
    /// The names of all its tables and views, including those that are left out.
    names: Vec<String>,
    pub(super) tables: Vec<TableSurvey>,
    pub(super) views: Vec<ViewPlan>,
    pub(super) sequences: Vec<String>,
}

pub(super) struct TableSurvey {
    /// The plan, without chunks yet.
    pub(super) plan: TablePlan,
    pub(super) partitions: Vec<String>,
    pub(super) bytes_guess: u64,
    pub(super) rows_guess: u64,
}

/// The identities of all tables, by database and name; `None` where the server does not show them.
pub(super) type Identities = Option<BTreeMap<String, BTreeMap<String, TableIdentity>>>;

impl Survey {
    /// Returns whether anything can be dumped.
    pub(super) fn has_something(&self) -> bool {
        self.databases.iter().any(|database| {
            !(database.tables.is_empty() && database.views.is_empty() && database.sequences.is_empty())
        })
    }

    /// Returns why nothing can be dumped; empty if something can.
    pub(super) fn problems(&self) -> Vec<Problem> {
        if self.has_something() {
            return Vec::new();
        }
        let whole = [ObjectKind::Databases, ObjectKind::Tables];
        let lost = self.left_out.iter().filter(|object| whole.contains(&object.kind) && !object.agreed);
        let lost = lost.filter(|object| object.reason.id.starts_with("dump-"));
        let problem = |object: &LeftOut| Problem {
            text: object.reason.clone(),
            ..Problem::refused(codes::PRECHECK_FAILED, &object.reason.id)
        };
        lost.map(problem).collect()
    }

    /// Adds what else is left out. A database that is left out as a whole has no further entries.
    pub(super) fn add_lost(&mut self, lost: Vec<LeftOut>) {
        let is_whole = |object: &LeftOut| object.kind == ObjectKind::Databases;
        let whole: Vec<&LeftOut> = self.left_out.iter().filter(|object| is_whole(object)).collect();
        let is_said =
            |object: &LeftOut| !is_whole(object) && whole.iter().any(|lost| lost.name == object.name);
        let more: Vec<LeftOut> = lost.into_iter().filter(|object| !is_said(object)).collect();
        self.left_out.extend(more);
    }

    /// Leaves a table out.
    fn lose(&mut self, consent: &Consent, table: String, reason: Text) {
        self.left_out.push(consent.left_out(ObjectKind::Tables, table, reason));
    }
}

/// Returns the databases that are dumped.
pub(super) async fn chosen_databases(session: &mut Session, scope: Scope<'_>) -> Result<Vec<String>> {
    let selection = scope.selection;
    let all = catalog::databases(session).await.during(|| "list the databases".to_owned())?;
    let mut chosen: Vec<String> = all.into_iter().filter(|name| selection.has_database(name)).collect();
    for object in &selection.0 {
        let (model::backup::BackupObject::Database(name) | model::backup::BackupObject::Table(name, _)) =
            object;
        if !chosen.iter().any(|found| Selection(vec![object.clone()]).has_database(found)) {
            return Err(Error::NothingThere { what: format!("database `{name}`") });
        }
    }
    chosen.retain(|name| !scope.consent.excludes_database(name));
    Ok(chosen)
}

/// Returns the identities of all tables of these databases.
pub(super) async fn identities(session: &mut Session, databases: &[String]) -> Result<Identities> {
    let mut all = BTreeMap::new();
    for name in databases {
        let found = catalog::table_identities(session, name).await;
        match found.during(|| format!("read the numbers of the tables of `{name}`"))? {
            Some(found) => all.insert(name.clone(), found),
            None => return Ok(None),
        };
    }
    Ok(Some(all))
}

/// The number of tables from which further connections are worth opening.
const READERS_WORTH_TABLES: usize = 16;

/// Further connections that may read definitions.
#[derive(Clone, Copy)]
pub(super) struct Readers<'a> {
    pub(super) source: &'a Source,
    pub(super) connections: usize,
}

impl Readers<'_> {
    /// Returns whether they may read in parallel to `session`. Concurrent changes are detected on OceanBase only,
    /// where every change has a number.
    fn may_join(&self, session: &Session) -> bool {
        session.server().product.is_oceanbase() && self.connections > 1
    }
}

/// Reads the objects that can be dumped.
pub(super) async fn survey(
    session: &mut Session,
    readers: Readers<'_>,
    scope: Scope<'_>,
    databases: &[String],
) -> Result<Survey> {
    let mut survey = Survey::default();
    let mut aside = if readers.may_join(session) { Some(readers.source.open().await?) } else { None };
    for name in databases {
        if let Err(reason) = database_statement(session, name).await? {
            survey.left_out.push(scope.consent.left_out(ObjectKind::Databases, name, reason));
            continue;
        }
        let catalogue = Catalogue::read(session, aside.as_mut(), name).await;
        let catalogue = catalogue.during(|| format!("read the catalogue of `{name}`"))?;
        let database = survey_database(session, readers, scope, name, catalogue, &mut survey).await?;
        survey.databases.push(database);
    }
    if let Some(aside) = aside {
        aside.close().await;
    }
    for object in &scope.selection.0 {
        let model::backup::BackupObject::Table(database, table) = object else { continue };
        let only = Selection(vec![object.clone()]);
        if survey.left_out.iter().any(|lost| only.has_database(&lost.name)) {
            continue; // its database is lost as a whole
        }
        let found = survey
            .databases
            .iter()
            .any(|there| there.names.iter().any(|name| only.has_table(&there.name, name)));
        if !found {
            return Err(Error::NothingThere { what: format!("table {}", full_name(database, table)) });
        }
    }
    Ok(survey)
}

async fn survey_database(
    session: &mut Session,
    readers: Readers<'_>,
    scope: Scope<'_>,
    name: &str,
    mut catalogue: Catalogue,
    survey: &mut Survey,
) -> Result<DatabaseSurvey> {
    let definitions = Arc::clone(&catalogue.definitions);
    if catalogue.tables.iter().any(|table| table.name.to_ascii_lowercase().starts_with(MARKS_TABLE)) {
        let leftover = progress_tables(session, name).await?;
        catalogue.tables.retain(|table| !leftover.contains(&table.name));
        let note = |table: &String| Text::new("dump-leftover").with("table", full_name(name, table));
        survey.notes.extend(leftover.iter().map(note));
    }
    let is_base = |table: &&catalog::Table| has_rows(&table.kind) && scope.has_table(name, &table.name);
    let base: Vec<String> = catalogue.tables.iter().filter(is_base).map(|table| table.name.clone()).collect();
    let is_worth = readers.may_join(session) && base.len() >= READERS_WORTH_TABLES;
    let mut texts = if is_worth { definitions.texts(readers, base).await? } else { HashMap::new() };
    let names = catalogue.tables.iter().map(|table| table.name.clone()).collect();
    let product = session.server().product;
    let (mut tables, mut views, mut sequences) = (Vec::new(), Vec::new(), Vec::new());
    for table in catalogue.tables.into_iter().filter(|table| scope.has_table(name, &table.name)) {
        match &table.kind {
            TableKind::View => views.push(table.name),
            TableKind::Sequence => {
                if !scope.consent.is_without(ObjectKind::Sequences) {
                    sequences.push(table.name);
                }
            }
            TableKind::Other(table_type) => {
                let (full, kind) =
                    (full_name(name, &table.name), inventory::kind_of_table(product, table_type));
                let reason = Text::new("left-out-table-type").with("table", &full).with("type", table_type);
                survey.left_out.push(scope.consent.left_out(kind, full, reason));
            }
            TableKind::Base | TableKind::SystemVersioned if catalogue.unfit.contains_key(&table.name) => {
                let full = full_name(name, &table.name);
                let reason = Text::new("dump-engine-without-snapshot").with("table", &full);
                let reason = reason.with("engine", &catalogue.unfit[&table.name]);
                survey.lose(scope.consent, full, reason);
            }
            TableKind::Base | TableKind::SystemVersioned => {
                let columns = catalogue.columns.remove(&table.name).unwrap_or_default();
                let mut key = catalogue.keys.remove(&table.name).unwrap_or_default();
                if table.kind == TableKind::SystemVersioned {
                    // The server adds the row end time to the key. It is the same in all current rows.
                    let is_own = |name: &str| columns.iter().any(|own| own.name == name && !own.generated);
                    key.retain(|part| is_own(&part.name));
                }
                let mut reader = TableReader {
                    session: &mut *session,
                    database: name,
                    columns,
                    key: &key,
                    definitions: &definitions,
                    consent: scope.consent,
                    survey: &mut *survey,
                };
                let text = match texts.remove(&table.name) {
                    Some(text) => text,
                    None => match reader.text(&table.name).await {
                        Err(error) if is_about_one(&error) => {
                            reader.refused(&table.name, &error);
                            continue;
                        }
                        text => text?,
                    },
                };
                if let Some(plan) = reader.read(&table.name, text) {
                    let mut partitions = catalogue.partitions.remove(&table.name).unwrap_or_default();
                    if table.kind == TableKind::SystemVersioned {
                        // Reading by partition also returns historical rows.
                        partitions.clear();
                        let full = full_name(name, &table.name);
                        let reason = Text::new("left-out-history").with("table", &full);
                        survey.left_out.push(scope.consent.left_out(ObjectKind::History, full, reason));
                    }
                    let (bytes_guess, rows_guess) = (table.bytes_guess, table.rows_guess);
                    tables.push(TableSurvey { plan, partitions, bytes_guess, rows_guess });
                }
            }
        }
    }
    let views = survey_views(session, name, views, &mut survey.notes).await?;
    Ok(DatabaseSurvey { name: name.to_owned(), names, tables, views, sequences })
}

fn has_rows(kind: &TableKind) -> bool {
    matches!(kind, TableKind::Base | TableKind::SystemVersioned)
}

/// The privilege that shows the inner tables of OceanBase, in which definitions are exact.
const INNER_TABLES: &str = "SELECT ON oceanbase.*";

struct TableReader<'a> {
    session: &'a mut Session,
    database: &'a str,
    columns: Vec<catalog::Column>,
    key: &'a [catalog::KeyColumn],
    definitions: &'a Definitions,
    consent: &'a Consent,
    survey: &'a mut Survey,
}

impl TableReader<'_> {
    /// Returns the form of a column on this server, or why its table can't be dumped. MySQL and MariaDB send and accept
    /// vectors as bytes.
    fn form(&mut self, column: &catalog::Column, table: &str) -> std::result::Result<Form, Text> {
        let full = format!("{table}.{}", identifier(&column.name));
        let Some(form) = Form::of(column) else {
            let reason = Text::new("dump-type-unknown").with("column", full);
            return Err(reason.with("type", &column.column_type));
        };
        if self.session.server().product.is_oceanbase() {
            return Ok(form);
        }
        match Members::shown(column) {
            Some(Members::Hidden) => return Err(Text::new("dump-members-hidden").with("column", full)),
            Some(Members::Doubtful) => {
                self.survey.notes.push(Text::new("dump-members-questionable").with("column", full));
                return Ok(Form::Ordinal);
            }
            Some(Members::Whole) | None => {}
        }
        Ok(match form {
            Form::Floats => Form::Bytes,
            Form::Text if !is_whole_in_utf8mb4(column.character_set.as_deref()) => {
                if Members::shown(column).is_some() { Form::Ordinal } else { Form::Raw }
            }
            form => form,
        })
    }

    async fn text(&mut self, table: &str) -> Result<Option<Vec<u8>>> {
        let text = self.definitions.text(self.session, table).await;
        text.during(|| format!("read the definition of {}", full_name(self.database, table)))
    }

    /// Checks that the statement only creates this table, and that its columns are those in the catalogue: a wrongly
    /// printed name might stand for another column.
    fn check(&self, table: &str, text: &[u8]) -> std::result::Result<(), Refusal> {
        let unreadable = || Refusal("its columns can't be told".to_owned());
        let definition = TableDefinition::read(text).ok_or_else(unreadable)?;
        let (mut named, mut known): (Vec<&str>, Vec<&str>) = (
            definition.columns().collect(),
            self.columns.iter().map(|column| column.name.as_str()).collect(),
        );
        named.sort_unstable();
        known.sort_unstable();
        if named != known {
            return Err(Refusal("its columns are not those of the catalogue".to_owned()));
        }
        form::check(&created_by(self.database, table, definition))
    }

    /// Leaves out a table whose definition the server does not show.
    fn refused(&mut self, table: &str, error: &Error) {
        let full = full_name(self.database, table);
        let why = error.problem().text.raw.unwrap_or_else(|| error.to_string());
        let reason = Text::new("dump-definition-refused").with("table", &full).with("why", why);
        self.survey.lose(self.consent, full, reason);
    }

    /// Returns the plan of a table, without chunks yet; `None` if it can't be dumped, which is noted.
    fn read(&mut self, table: &str, text: Option<Vec<u8>>) -> Option<TablePlan> {
        let full = full_name(self.database, table);
        if self.definitions.is_doubtful(text.as_deref()) {
            let reason = Text::new("dump-definition-hidden").with("table", &full);
            self.survey.lose(self.consent, full, reason.with("privilege", INNER_TABLES));
            return None;
        }
        let Some((definition, text)) = text.and_then(|text| Some((TableDefinition::read(&text)?, text)))
        else {
            let reason = Text::new("dump-definition-unreadable").with("table", &full);
            self.survey.lose(self.consent, full, reason);
            return None;
        };
        if let Err(why) = self.check(table, &text) {
            let reason = Text::new("dump-statement-refused").with("object", &full).with("why", why);
            self.survey.lose(self.consent, full, reason);
            return None;
        }
        let mut known = Vec::new();
        let (generated, own): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.columns).into_iter().partition(|column| column.generated);
        // If a table generates all its columns, one of them represents each row.
        let stand_in = generated.into_iter().next().filter(|_| own.is_empty());
        known.extend(stand_in.map(|column| (column, Form::Generated)));
        for column in own {
            match self.form(&column, &full) {
                Ok(form) => known.push((column, form)),
                Err(reason) => {
                    self.survey.lose(self.consent, full, reason);
                    return None;
                }
            }
        }
        // Tables without a primary key are cut by the server's hidden key, if it is visible.
        let keyless = self.key.is_empty() || definition.is_heap();
        let hidden_key = keyless && self.session.server().product.is_oceanbase();
        let key = if hidden_key { hidden_key_columns() } else { usable_key(self.key, &known) };
        if key.is_empty() {
            let note = if keyless { "dump-table-without-key" } else { "dump-key-not-usable" };
            self.survey.notes.push(Text::new(note).with("table", full));
        }
        let columns = known.into_iter().map(|(column, form)| Column { name: column.name, form }).collect();
        let identity = self.definitions.identity(table, &definition);
        self.survey.kept.keep(self.database, table, text);
        Some(TablePlan { name: table.to_owned(), columns, key, hidden_key, identity, chunks: Vec::new() })
    }
}

/// Returns whether utf8mb4 preserves every byte of texts in this character set of MySQL and MariaDB. Other character
/// sets have bytes without a character, or several encodings of one character. For single surrogates, utf8mb4 has the
/// bytes of utf8mb3, but not those of utf32.
fn is_whole_in_utf8mb4(character_set: Option<&str>) -> bool {
    const WHOLE: [&str; 7] = ["utf8mb4", "utf8mb3", "utf8", "ascii", "latin1", "utf16", "utf16le"];
    character_set.is_none_or(|name| WHOLE.contains(&name))
}

/// MySQL's number for a view or code whose definer does not exist.
const DEFINER_GONE: u16 = 1449;

/// Returns the views, each after those that it reads. A view that cannot be queried here is included, too: this user
/// or its definer may lack a privilege that they have in the target.
async fn survey_views(
    session: &mut Session,
    database: &str,
    names: Vec<String>,
    notes: &mut Vec<Text>,
) -> Result<Vec<ViewPlan>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let uses = catalog::view_uses(session, database).await;
    let uses = uses.during(|| format!("read what the views of `{database}` read"))?;
    // A view that calls a function of its own database works only there.
    session.enter(database).await.during(|| format!("use `{database}`"))?;
    let mut views = Vec::new();
    for name in in_order(names, database, &uses) {
        let full = full_name(database, &name);
        match probe(session, &full).await {
            Ok(()) => {}
            Err(error) if is_refusal(&error) => {
                // The view works again when the account exists. It may be missing in the target, too.
                let is_gone = error.number() == Some(DEFINER_GONE);
                let id = if is_gone { "dump-view-definer-gone" } else { "dump-view-silent" };
                notes.push(Text::new(id).with("view", &full).with("why", &error));
            }
            Err(error) => return Err(error).during(|| format!("read {full}")),
        }
        views.push(ViewPlan { name, broken: None });
    }
    Ok(views)
}

/// Checks that a view can be queried, without reading it: MySQL and MariaDB run functions of a view even if no row is
/// requested, and these may draw from a sequence or write.
async fn probe(session: &mut Session, view: &str) -> std::result::Result<(), oceanbase::Error> {
    if session.server().product.is_oceanbase() {
        return session.rows(&Statement::read(format!("SELECT 1 FROM {view} LIMIT 0"))).await.map(drop);
    }
    let query = literal(&format!("SELECT 1 FROM {view}"));
    session.run(&Statement::read(format!("PREPARE lifeboat_view FROM {query}"))).await?;
    session.run(&Statement::read("DEALLOCATE PREPARE lifeboat_view")).await.map(drop)
}

/// Sorts views after those that they read. Views have no cycles.
fn in_order(
    names: Vec<String>,
    database: &str,
    uses: &BTreeMap<String, Vec<(String, String)>>,
) -> Vec<String> {
    let mut waiting = names;
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let waits = |name: &String| {
            let read = uses.get(name).map_or(&[][..], Vec::as_slice);
            read.iter().any(|(owner, used)| owner == database && used != name && waiting.contains(used))
        };
        let (rest, ready): (Vec<String>, Vec<String>) = waiting.iter().cloned().partition(waits);
        if ready.is_empty() {
            ordered.extend(rest); // a cycle is impossible; if the server reports one, no view is lost
            break;
        }
        ordered.extend(ready);
        waiting = rest;
    }
    ordered
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::in_order;

    #[test]
    fn a_view_comes_after_those_that_it_reads() {
        let name = |text: &str| text.to_owned();
        let own = |text: &str| (name("shop"), name(text));
        let uses = BTreeMap::from([
            (name("a"), vec![own("b"), own("table")]),
            (name("b"), vec![own("c"), (name("hr"), name("a"))]),
        ]);
        let ordered = in_order(vec![name("a"), name("b"), name("c")], "shop", &uses);
        assert_eq!(ordered, ["c", "b", "a"]);
        let circle = BTreeMap::from([(name("a"), vec![own("b")]), (name("b"), vec![own("a")])]);
        assert_eq!(in_order(vec![name("a"), name("b")], "shop", &circle).len(), 2);
    }
}
