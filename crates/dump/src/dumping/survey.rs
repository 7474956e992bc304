//! The objects to dump, and those that dumps do not support.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::Problem;
use model::backup::BackupObject;
use model::inventory::{Consent, LeftOut, ObjectKind, name_of_database};
use model::problem::codes;
use model::text::Text;
use oceanbase::catalog::{self, TableIdentity, TableKind};
use oceanbase::statement::identifier;
use oceanbase::{Session, inventory};

use crate::chunk::{hidden_key as hidden_key_columns, usable_key};
use crate::column::{Column, Form, Members, is_whole_in_utf8mb4};
use crate::ddl::form::{self, Refusal};
use crate::ddl::table::TableDefinition;
use crate::dumping::catalogue::Catalogue;
use crate::dumping::definition::{Definitions, Kept};
use crate::dumping::left_out::{Scope, is_about_one, not_taken};
use crate::dumping::question_marks::{hidden_members, unproved_defaults};
use crate::dumping::schema::{created_by, database_statement};
use crate::dumping::vanished::{is_about_missing, is_gone, tables_now};
use crate::dumping::views::survey_views;
use crate::error::{DuringSql as _, Error, Result};
use crate::load::{MARKS_TABLE, progress_tables};
use crate::plan::{TablePlan, ViewPlan, full_name};
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
        let says_why = |id: &str| id.starts_with("dump-") || id == "left-out-definition";
        let lost = lost.filter(|object| says_why(&object.reason.id));
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

    /// Returns whether a database was read or is left out, and not dropped meanwhile.
    pub(super) fn mentions(&self, name: &str) -> bool {
        let shown = name_of_database(name);
        let is_lost = |lost: &LeftOut| lost.kind == ObjectKind::Databases && lost.name == shown;
        self.databases.iter().any(|database| database.name == name) || self.left_out.iter().any(is_lost)
    }

    /// Returns whether something was refused, perhaps because it was dropped meanwhile.
    fn lacks_something(&self) -> bool {
        !self.left_out.is_empty() || self.notes.iter().any(|note| note.id.starts_with("dump-view-"))
    }

    /// Removes what a database no longer has. Tables that were read before they were dropped stay. If the database has
    /// an object that was not listed, nothing is removed: it may be one of them under a new name.
    fn forget_dropped(&mut self, name: &str, there: &BTreeSet<String>) {
        let listed: BTreeSet<&String> = self.databases.iter().flat_map(|database| &database.names).collect();
        if there.iter().any(|object| !listed.contains(object)) {
            return;
        }
        let mut dropped = BTreeSet::new();
        for database in &mut self.databases {
            let names = std::mem::take(&mut database.names).into_iter();
            let (kept, gone): (Vec<String>, Vec<String>) = names.partition(|it| there.contains(it));
            database.names = kept;
            dropped.extend(gone.iter().map(|object| full_name(name, object)));
            database.views.retain(|view| there.contains(&view.name));
            database.sequences.retain(|sequence| there.contains(sequence));
        }
        self.left_out.retain(|lost| !dropped.contains(&lost.name));
        self.notes.retain(|note| note.args.get("view").is_none_or(|view| !dropped.contains(view)));
    }

    /// Adds what was read of a database.
    fn add(&mut self, other: Self) {
        let Self { databases, left_out, notes, kept } = other;
        self.databases.extend(databases);
        self.left_out.extend(left_out);
        self.notes.extend(notes);
        self.kept.add(kept);
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
    if let Some(gone) = selection.0.iter().find(|object| !chosen.iter().any(|name| name == object.database()))
    {
        return Err(Error::NothingThere { what: format!("database `{}`", gone.database()) });
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
        let mut own = Survey::default();
        let read = survey_one(session, aside.as_mut(), readers, scope, name, &mut own).await;
        let is_doubtful = read.as_ref().map_or_else(is_about_missing, |()| own.lacks_something());
        if is_doubtful && is_gone(session, name).await? {
            if scope.selection.is_all() {
                continue; // dropped after it was listed
            }
            return Err(Error::NothingThere { what: format!("database `{name}`") });
        }
        read?;
        if is_doubtful {
            own.forget_dropped(name, &tables_now(session, name).await?);
        }
        survey.add(own);
    }
    if let Some(aside) = aside {
        aside.close().await;
    }
    for object in &scope.selection.0 {
        let BackupObject::Table(database, table) = object else { continue };
        let shown = name_of_database(database);
        if survey.left_out.iter().any(|lost| lost.kind == ObjectKind::Databases && lost.name == shown) {
            continue; // its database is lost as a whole
        }
        let has_it = |there: &DatabaseSurvey| there.name == *database && there.names.contains(table);
        if !survey.databases.iter().any(has_it) {
            return Err(Error::NothingThere { what: format!("table {}", full_name(database, table)) });
        }
    }
    Ok(survey)
}

/// Reads what can be dumped of one database.
async fn survey_one(
    session: &mut Session,
    aside: Option<&mut Session>,
    readers: Readers<'_>,
    scope: Scope<'_>,
    name: &str,
    survey: &mut Survey,
) -> Result<()> {
    if let Err(reason) = database_statement(session, name).await? {
        survey.left_out.push(scope.consent.left_out(ObjectKind::Databases, name_of_database(name), reason));
        return Ok(());
    }
    let catalogue = Catalogue::read(session, aside, name).await;
    let catalogue = catalogue.during(|| format!("read the catalogue of `{name}`"))?;
    let database = survey_database(session, readers, scope, name, catalogue, survey).await?;
    survey.databases.push(database);
    Ok(())
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
                match reader.question_marks(&table.name, text.as_deref()).await {
                    Err(error) if is_about_one(&error) => {
                        reader.refused(&table.name, &error);
                        continue;
                    }
                    done => done?,
                }
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
pub(super) const INNER_TABLES: &str = "SELECT ON oceanbase.*";

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

    /// Reports members that the server shows with a `?` and rows show to be others, and notes defaults that no row shows.
    async fn question_marks(&mut self, table: &str, text: Option<&[u8]>) -> Result<()> {
        if self.session.server().product.is_oceanbase() {
            return Ok(());
        }
        let full = full_name(self.database, table);
        let reading = || format!("read the members and defaults of {full}");
        let column = |name: &String| format!("{full}.{}", identifier(name));
        let hidden =
            hidden_members(self.session, self.database, table, &self.columns).await.during(reading)?;
        self.survey.left_out.extend(hidden.iter().map(column).map(|column| {
            let reason = Text::new("left-out-member-names").with("column", &column);
            self.consent.left_out(ObjectKind::MemberNames, column, reason)
        }));
        let unproved = unproved_defaults(self.session, self.database, table, text.unwrap_or_default())
            .await
            .during(reading)?;
        let note = |name: &String| Text::new("dump-default-questionable").with("column", column(name));
        self.survey.notes.extend(unproved.iter().map(note));
        Ok(())
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
        let known: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        if definition.has_more_columns(&known) {
            let reason = Text::new("left-out-columns-hidden").with("table", &full);
            self.survey.lose(self.consent, full, reason);
            return None;
        }
        if let Err(why) = self.check(table, &text) {
            self.survey.left_out.push(not_taken(self.consent, ObjectKind::Tables, &full, &why));
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
