//! Procedures, functions, triggers, events, outlines, users, roles and privileges. They are created only on request:
//! code runs with the privileges of its definer, and users can log on.

use std::collections::{BTreeMap, HashSet};

use model::inventory::ObjectKind;
use model::not_made::{NotMade, PartKind};
use model::text::Text;
use oceanbase::statement::literal;
use oceanbase::{Session, Statement, catalog};
use storage::Client;

use crate::archive::Archive;
use crate::ddl::grant::{Granted, granted};
use crate::ddl::installation::{default_grant, is_default_account};
use crate::ddl::qualified::Qualified;
use crate::ddl::token::Quoting;
use crate::error::{DuringSql as _, Result};
use crate::id::DumpId;
use crate::layout::ObjectKey;
use crate::load::allowed::{self, Wanted};
use crate::load::connection::{Under, enter, is_refused, is_there, make, make_lenient, open_for_loading};
use crate::load::marks::Marks;
use crate::load::not_requested::kind_of;
use crate::load::{Made, Options, names};
use crate::manifest::{CodeEntry, DatabaseEntry, Manifest};
use crate::plan::{Selection, full_name};
use crate::schema_file::{SchemaKind, SchemaObject, set_zone, usual_zone};
use crate::source::Target;

/// Creates users and roles (existing ones are not changed), then procedures and functions. Call it after
/// [`super::create_schema`], and before the views that use functions are created.
///
/// # Errors
/// Fails when the server does.
pub async fn create_routines(
    target: &Target,
    client: &Client,
    dump: &DumpId,
    options: &Options,
) -> Result<Made> {
    let mut making = Making::begin(target, client, dump, options).await?;
    making.check().await?;
    making.accounts().await?;
    making.code(&[SchemaKind::Procedure, SchemaKind::Function]).await?;
    Ok(making.end().await)
}

/// Creates triggers, events and outlines, and grants users and roles their privileges. Call it last: a trigger would
/// change the rows that are loaded.
///
/// # Errors
/// Fails when the server does.
pub async fn create_triggers(
    target: &Target,
    client: &Client,
    dump: &DumpId,
    options: &Options,
) -> Result<Made> {
    let mut making = Making::begin(target, client, dump, options).await?;
    making.check().await?;
    making.code(&[SchemaKind::Trigger, SchemaKind::Event, SchemaKind::Outline]).await?;
    making.grants().await?;
    Ok(making.end().await)
}

/// The piece number in the note of an account.
pub(super) const ACCOUNT: u32 = 0;

struct Making {
    session: Session,
    archive: Archive,
    manifest: Manifest,
    names: BTreeMap<String, String>,
    made: Made,
    selection: Selection,
    without: Vec<ObjectKind>,
}

impl Making {
    async fn begin(target: &Target, client: &Client, dump: &DumpId, options: &Options) -> Result<Self> {
        let (archive, manifest) =
            Archive::open(client, dump, &options.identities, options.expected_manifest.as_deref()).await?;
        let names = names(&manifest, options)?;
        let (session, selection) = (open_for_loading(target).await?, options.selection.clone());
        let (made, without) = (Made::default(), options.without.clone());
        Ok(Self { session, archive, manifest, names, made, selection, without })
    }

    /// Checks all users, privileges and code that this load may create, before the first statement runs.
    async fn check(&self) -> Result<()> {
        let wanted = Wanted { names: &self.names, selection: &self.selection };
        allowed::check_code(&self.archive, &self.manifest, wanted).await
    }

    async fn end(self) -> Made {
        self.session.close().await;
        self.made
    }

    /// Creates the code of these kinds in all databases.
    async fn code(&mut self, kinds: &[SchemaKind]) -> Result<()> {
        for (name, database) in &self.names.clone() {
            if !self.selection.has_whole_database(name) {
                continue;
            }
            if !self.manifest.databases.iter().any(|entry| entry.name == *name && !entry.code.is_empty()) {
                continue;
            }
            let there = existing(&mut self.session, database).await?;
            let objects = self.objects(ObjectKey::Code { database: name }).await?;
            enter(&mut self.session, database).await?;
            let collation = self.database_collation(database).await?;
            let is_wanted = |object: &SchemaObject| {
                kinds.contains(&object.kind) && !self.without.contains(&kind_of(object.kind.word()).0)
            };
            for object in objects.into_iter().filter(is_wanted).collect::<Vec<_>>() {
                if !there.contains(&(object.kind, object.name.to_lowercase())) {
                    self.create(database, collation.as_deref(), &object).await?;
                }
            }
            make_lenient(&mut self.session).await?; // resets the `sql_mode` of the code
            if kinds.contains(&SchemaKind::Event) && !self.without.contains(&ObjectKind::Events) {
                self.note_past_events(name, database).await?;
            }
        }
        Ok(())
    }

    /// Creates code in the current database, with the `sql_mode`, time zone and character set that it was created
    /// with in the source. Code under another collation of the database would do something else, and nothing but
    /// ALTER DATABASE sets it: it is not created.
    async fn create(&mut self, database: &str, collation: Option<&str>, object: &SchemaObject) -> Result<()> {
        let what = full_name(database, &object.name);
        if let (Some(own), Some(other)) = (object.database_collation.as_deref(), collation)
            && !is_same_collation(own, other)
        {
            let reason = Text::new("load-code-collation").with("what", &what).with("collation", own);
            let reason = reason.with("database", database).with("other", other);
            self.made.lack(part_of(object.kind), &what, reason);
            return Ok(());
        }
        if let Some(zone) = &object.zone
            && !self.run(Statement::read(set_zone(zone)), part_of(object.kind), &what).await?
        {
            return Ok(()); // in another time zone, the event would run at other times
        }
        self.create_in_mode(object, &what).await?;
        if object.zone.is_some() {
            let back = self.session.run(&Statement::read(usual_zone())).await;
            back.during(|| "set the connection's time zone".to_owned())?;
        }
        Ok(())
    }

    /// Returns the collation of the current database, which its code has; `None` on OceanBase and seekdb.
    async fn database_collation(&mut self, database: &str) -> Result<Option<String>> {
        if self.session.server().product.is_oceanbase() {
            return Ok(None);
        }
        let reading = || format!("read the collation of `{database}`");
        let rows =
            self.session.rows(&Statement::read("SELECT @@collation_database")).await.during(reading)?;
        let found = rows.first().map(|row| row.str(0).map(str::to_owned));
        found.transpose().during(reading)
    }

    async fn create_in_mode(&mut self, object: &SchemaObject, what: &str) -> Result<()> {
        let mode = object.mode.as_deref().unwrap_or_default();
        let kind = part_of(object.kind);
        let statement = match self.renamed(&object.statement, Quoting::of_mode(mode), what) {
            Ok(statement) => statement,
            Err(reason) => {
                self.made.lack(kind, what, reason);
                return Ok(());
            }
        };
        let set = Statement::read(format!("SET SESSION sql_mode = {}", literal(mode)));
        if !self.run(set, kind, what).await? {
            return Ok(());
        }
        let context = object.context.as_ref();
        self.made.notes.extend(Under::begin(&mut self.session, context, &statement, what).await?);
        self.run(Statement::act(statement), kind, what).await?;
        Under::end(&mut self.session, context).await
    }

    /// Notes the events whose time has passed: a server drops them immediately after their creation.
    async fn note_past_events(&mut self, name: &str, database: &str) -> Result<()> {
        let entry = self.manifest.databases.iter().find(|entry| entry.name == name);
        let held: Vec<String> = entry.map_or_else(Vec::new, |entry| {
            let events = entry.code.iter().filter(|code| code.kind == "event");
            events.map(|code| code.name.clone()).collect()
        });
        if held.is_empty() {
            return Ok(());
        }
        let there = existing(&mut self.session, database).await?;
        for event in held {
            let what = full_name(database, &event);
            let is_it = |part: &NotMade| part.kind == PartKind::Events && part.name == what;
            let was_refused = self.made.not_made.iter().any(is_it);
            if !was_refused && !there.contains(&(SchemaKind::Event, event.to_lowercase())) {
                self.made.notes.push(Text::new("load-event-past").with("event", what));
            }
        }
        Ok(())
    }

    /// Returns code with the new names of databases; or why it is not created: the old database may still be named in
    /// it, and the code would read or change that database.
    fn renamed(&self, statement: &[u8], quoting: Quoting, what: &str) -> std::result::Result<Vec<u8>, Text> {
        let changed = |name: &str| self.names.get(name).is_some_and(|new| new != name);
        // A server that stores names in lower case also accepts such a name for the database.
        let otherwise = |name: &str| {
            !self.names.contains_key(name)
                && self.names.iter().any(|(old, new)| old != new && old.eq_ignore_ascii_case(name))
        };
        let code = Qualified::read_code(statement, quoting, changed);
        let mut unclear = Qualified::read_code(statement, quoting, otherwise).names();
        unclear.extend(code.unclear().clone());
        let is_renamed = self.names.iter().any(|(old, new)| old != new);
        if let Some(statement) = code.runs_unknown().filter(|_| is_renamed && unclear.is_empty()) {
            let reason = Text::new("load-code-runs-text").with("what", what);
            return Err(reason.with("statement", statement));
        }
        match unclear.into_iter().next() {
            None => Ok(code.renamed(&self.names)),
            Some((database, statement)) => {
                let reason = Text::new("load-code-names-database").with("what", what);
                Err(reason.with("database", database).with("statement", statement))
            }
        }
    }

    async fn marks(&mut self) -> Result<Option<Marks>> {
        marks_of_accounts(&mut self.session, &self.archive, &self.manifest, &self.names).await
    }

    /// Creates users and roles.
    async fn accounts(&mut self) -> Result<()> {
        let Some(marks) = self.marks().await? else { return Ok(()) };
        let is_wanted = self.selection.is_all() && !self.without.contains(&ObjectKind::Users);
        if self.manifest.accounts.is_empty() || !is_wanted {
            return Ok(());
        }
        // Also accounts of the server itself: they are never changed.
        let there = catalog::all_accounts(&mut self.session).await.during(|| "read the users".to_owned())?;
        let there: HashSet<String> =
            there.unwrap_or_default().iter().map(catalog::Account::spelled).collect();
        let ours = marks.all(&mut self.session).await?;
        for object in self.objects(ObjectKey::Accounts).await? {
            // Noted before it is created, to distinguish a created but not yet locked account from a foreign one.
            let is_ours = ours.contains_key(&(object.name.clone(), ACCOUNT));
            if there.contains(&object.name) && !is_ours {
                if object.kind == SchemaKind::Account {
                    self.made.notes.push(Text::new("load-account-exists").with("account", &object.name));
                }
                continue;
            }
            marks.ensure(&mut self.session, &[(&object.name, ACCOUNT)]).await?;
            let is_default = is_default_account(&object.statement, &self.manifest.accounts);
            // OceanBase may refuse a user that it created nevertheless: the repetition must find it.
            let statement = match object.statement.strip_prefix(b"CREATE USER ") {
                Some(rest)
                    if self.session.server().product.is_oceanbase()
                        && !rest.starts_with(b"IF NOT EXISTS ") =>
                {
                    [b"CREATE USER IF NOT EXISTS ", rest].concat()
                }
                _ => object.statement,
            };
            let Some(reason) = self.refusal(Statement::act(statement), &object.name).await? else { continue };
            match is_default {
                true => self.made.notes.push(reason),
                false => self.made.lack(PartKind::Users, &object.name, reason),
            }
        }
        Ok(())
    }

    /// Grants users and roles their privileges on the loaded objects.
    async fn grants(&mut self) -> Result<()> {
        let Some(marks) = self.marks().await? else { return Ok(()) };
        let held = self
            .manifest
            .schema
            .iter()
            .any(|object| object.path == self.archive.stored_path(ObjectKey::Grants));
        if !held || !self.selection.is_all() || self.without.contains(&ObjectKind::Grants) {
            return Ok(());
        }
        let ours = marks.all(&mut self.session).await?;
        let (from, to) = (self.manifest.server.product, self.session.server().product);
        let is_of_server =
            |name: &str| catalog::every_server_has(from, name) && catalog::every_server_has(to, name);
        for object in self.objects(ObjectKey::Grants).await? {
            // An account that existed before keeps its privileges unchanged. The role PUBLIC always exists.
            if !ours.contains_key(&(object.name.clone(), ACCOUNT)) && object.name != catalog::PUBLIC_ROLE {
                continue;
            }
            let reason = match granted(&object.statement, &self.names, is_of_server) {
                Granted::By(sql) => match self.refusal(Statement::act(sql), &object.name).await? {
                    None => continue,
                    Some(refusal) => Text { id: "load-grant-refused".to_owned(), ..refusal },
                },
                Granted::Elsewhere(database) => Text::new("load-grant-elsewhere").with("database", database),
                Granted::Pattern(pattern) => {
                    let reason = Text::new("load-grant-pattern").with("pattern", pattern);
                    self.made.lack(PartKind::Grants, &object.name, reason.with("account", &object.name));
                    continue;
                }
            };
            match default_grant(&object.statement) {
                // No one granted it: another server has its own defaults.
                Some(database) => {
                    let note = Text::new("load-grant-default").with("account", &object.name);
                    self.made.notes.push(note.with("database", database));
                }
                None => {
                    self.made.lack(PartKind::Grants, &object.name, reason.with("account", &object.name));
                }
            }
        }
        Ok(())
    }

    /// Runs a statement and records a refusal. Returns whether it succeeded.
    async fn run(&mut self, statement: Statement, kind: PartKind, what: &str) -> Result<bool> {
        let refusal = self.refusal(statement, what).await?;
        let is_made = refusal.is_none();
        refusal.into_iter().for_each(|reason| self.made.lack(kind, what, reason));
        Ok(is_made)
    }

    /// Runs a statement, and returns why the server refuses it.
    async fn refusal(&mut self, statement: Statement, what: &str) -> Result<Option<Text>> {
        match make(&mut self.session, &statement).await {
            Ok(_) => Ok(None),
            // An earlier attempt created it: seekdb's catalogue shows new code to other connections a little later.
            Err(error) if is_there(&error) => Ok(None),
            Err(error) if is_refused(&error) => {
                Ok(Some(Text::new("load-code-refused").with("what", what).with("why", error)))
            }
            Err(error) => Err(error).during(|| format!("make {what}")),
        }
    }

    async fn objects(&self, key: ObjectKey<'_>) -> Result<Vec<SchemaObject>> {
        allowed::objects(&self.archive, key, |_| true).await
    }
}

/// Finds the notes of the created accounts: those of the first database.
pub(super) async fn marks_of_accounts(
    session: &mut Session,
    archive: &Archive,
    manifest: &Manifest,
    names: &BTreeMap<String, String>,
) -> Result<Option<Marks>> {
    let Some((name, database)) = names.first_key_value() else { return Ok(None) };
    let Some(entry) = manifest.databases.iter().find(|entry| entry.name == *name) else { return Ok(None) };
    Marks::find(session, entry, database, &archive.dump).await.map(Some)
}

/// Returns the procedures, functions and triggers of a database that the load would also create.
pub(super) async fn clashing(
    session: &mut Session,
    entry: &DatabaseEntry,
    database: &str,
    without: &[ObjectKind],
) -> Result<Vec<String>> {
    let there = existing(session, database).await?;
    let has = |code: &&CodeEntry| {
        let (name, is_wanted) = (code.name.to_lowercase(), !without.contains(&kind_of(&code.kind).0));
        is_wanted && there.iter().any(|(kind, other)| kind.word() == code.kind && *other == name)
    };
    Ok(entry.code.iter().filter(has).map(|code| full_name(database, &code.name)).collect())
}

/// Returns the kind of an object in the report of a load.
fn part_of(kind: SchemaKind) -> PartKind {
    match kind {
        SchemaKind::Table => PartKind::Tables,
        SchemaKind::View | SchemaKind::BrokenView => PartKind::Views,
        SchemaKind::Procedure | SchemaKind::Function => PartKind::Routines,
        SchemaKind::Trigger => PartKind::Triggers,
        SchemaKind::Event => PartKind::Events,
        SchemaKind::Outline => PartKind::Outlines,
        SchemaKind::Sequence | SchemaKind::SequenceValue => PartKind::Sequences,
        SchemaKind::Account | SchemaKind::AccountChange => PartKind::Users,
        SchemaKind::Grant => PartKind::Grants,
    }
}

/// Returns whether both names are of one collation: newer servers call `utf8` `utf8mb3`.
fn is_same_collation(one: &str, other: &str) -> bool {
    let usual = |name: &str| name.to_ascii_lowercase().replacen("utf8mb3_", "utf8_", 1);
    usual(one) == usual(other)
}

/// Returns the code that a database has, by kind and name.
async fn existing(session: &mut Session, database: &str) -> Result<HashSet<(SchemaKind, String)>> {
    let reading = || format!("list the code in `{database}`");
    let mut there = HashSet::new();
    for routine in catalog::routines(session, database).await.during(reading)? {
        let kind = match routine.kind {
            catalog::RoutineKind::Procedure => SchemaKind::Procedure,
            catalog::RoutineKind::Function => SchemaKind::Function,
        };
        there.insert((kind, routine.name.to_lowercase()));
    }
    for trigger in catalog::triggers(session, database).await.during(reading)? {
        there.insert((SchemaKind::Trigger, trigger.name.to_lowercase()));
    }
    for event in catalog::events(session, database).await.during(reading)? {
        there.insert((SchemaKind::Event, event.name.to_lowercase()));
    }
    for outline in catalog::outlines(session, database).await.during(reading)?.unwrap_or_default().carried {
        there.insert((SchemaKind::Outline, outline.name.to_lowercase()));
    }
    Ok(there)
}

#[cfg(test)]
mod tests {
    use super::is_same_collation;

    #[test]
    fn collations_are_compared_by_their_meaning() {
        for (one, other, expected) in [
            ("latin1_swedish_ci", "latin1_swedish_ci", true),
            ("utf8mb3_general_ci", "utf8_general_ci", true),
            ("utf8mb4_general_ci", "utf8_general_ci", false),
            ("latin1_swedish_ci", "utf8mb4_general_ci", false),
        ] {
            assert_eq!(is_same_collation(one, other), expected, "{one} {other}");
        }
    }
}
