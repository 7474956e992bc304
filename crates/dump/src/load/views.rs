//! Views, created last: each after those that it reads, also across databases.

use std::collections::{BTreeMap, HashSet};

use model::not_made::PartKind;
use model::text::Text;
use oceanbase::catalog::Context;
use oceanbase::{Session, Statement, catalog};

use crate::archive::Archive;
use crate::ddl::qualified::Qualified;
use crate::ddl::qualify::without_security;
use crate::ddl::token::{Token, TokenKind, tokens};
use crate::error::{DuringSql as _, Result};
use crate::layout::ObjectKey;
use crate::load::connection::{Under, enter, is_refused, make, make_lenient};
use crate::load::{Made, allowed};
use crate::manifest::Manifest;
use crate::plan::{Selection, full_name};
use crate::schema_file::{SchemaKind, SchemaObject};

/// A view that is to be created.
struct Waiting {
    database: String,
    name: String,
    statement: Vec<u8>,
    context: Option<Context>,
    /// Whether `||` concatenates texts in it.
    has_pipes: bool,
    /// The server's message at the last attempt.
    refusal: Option<oceanbase::Error>,
}

/// Makes `||` concatenate texts.
const PIPES_CONCATENATE: &str = "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',PIPES_AS_CONCAT')";

/// Creates the views. Returns those that could not be created.
pub(super) async fn create_views(
    session: &mut Session,
    archive: &Archive,
    manifest: &Manifest,
    names: &BTreeMap<String, String>,
    selection: &Selection,
) -> Result<Made> {
    let of_oceanbase = manifest.server.product.is_oceanbase();
    let strange = !of_oceanbase && session.server().product.is_oceanbase();
    let folds = session.server().product.is_oceanbase();
    let mut made = Made::default();
    let mut waiting = Vec::new();
    for entry in &manifest.databases {
        let Some(database) = names.get(&entry.name) else { continue };
        for view in entry.broken_views.iter().filter(|view| selection.has_table(&entry.name, view)) {
            let view = full_name(database, view);
            let reason = Text::new("load-view-was-broken").with("view", &view);
            made.lack(PartKind::Views, view, reason);
        }
        if entry.views.is_empty() {
            continue;
        }
        let there =
            catalog::tables(session, database).await.during(|| format!("list the views of `{database}`"))?;
        let there: HashSet<String> = there.into_iter().map(|table| table.name).collect();
        for object in view_objects(archive, &entry.name, selection).await? {
            if there.contains(&object.name) || folds && there.contains(&object.name.to_lowercase()) {
                continue;
            }
            let mut statement = object.statement;
            if strange {
                let (plain, invoker) = without_security(&statement);
                statement = plain;
                if invoker {
                    let note = Text::new("load-view-security-left-out");
                    let view = full_name(database, &object.name);
                    made.notes.push(note.with("view", view).with("target", session.server()));
                }
            }
            match renamed(&statement, names) {
                Some(statement) => waiting.push(Waiting {
                    database: database.clone(),
                    name: object.name,
                    has_pipes: of_oceanbase && has_pipes(&statement),
                    statement,
                    context: object.context.clone(),
                    refusal: None,
                }),
                None => {
                    let view = full_name(database, &object.name);
                    let reason = Text::new("load-view-ambiguous").with("view", &view);
                    made.lack(PartKind::Views, view, reason);
                }
            }
        }
    }
    // A view may read a later one of another database: as long as some can be created, the rest is retried.
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting = try_all(session, waiting, &mut made.notes).await?;
        if waiting.len() == before {
            break;
        }
    }
    for view in waiting {
        let why = view.refusal.map(|refusal| refusal.to_string()).unwrap_or_default();
        let full = full_name(&view.database, &view.name);
        let reason = Text::new("load-view-refused").with("view", &full).with("why", why);
        made.lack(PartKind::Views, full, reason);
    }
    Ok(made)
}

/// Tries to create each view; returns those that the server refused.
async fn try_all(session: &mut Session, views: Vec<Waiting>, notes: &mut Vec<Text>) -> Result<Vec<Waiting>> {
    let mut refused = Vec::new();
    for mut view in views {
        enter(session, &view.database).await?;
        let (what, context) = (full_name(&view.database, &view.name), view.context.as_ref());
        let note = Under::begin(session, context, &view.statement, &what).await?;
        if view.has_pipes {
            let set = session.run(&Statement::read(PIPES_CONCATENATE)).await;
            set.during(|| format!("set the sql_mode of {what}"))?;
        }
        let made = make(session, &Statement::act(view.statement.clone())).await;
        if view.has_pipes {
            make_lenient(session).await?; // resets the `sql_mode`
        }
        Under::end(session, context).await?;
        match made {
            Ok(_) => notes.extend(note),
            Err(error) if is_refused(&error) => {
                view.refusal = Some(error);
                refused.push(view);
            }
            Err(error) => {
                return Err(error).during(|| format!("create the view {what}"));
            }
        }
    }
    Ok(refused)
}

async fn view_objects(archive: &Archive, database: &str, selection: &Selection) -> Result<Vec<SchemaObject>> {
    let chosen = |object: &SchemaObject| selection.has_table(database, &object.name);
    let objects = allowed::objects(archive, ObjectKey::Views { database }, chosen).await?;
    Ok(objects.into_iter().filter(|object| object.kind == SchemaKind::View).collect())
}

/// Returns the statement with the new names of databases; `None` if a name is ambiguous.
fn renamed(statement: &[u8], names: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    let changed = |name: &str| names.get(name).is_some_and(|new| new != name);
    let view = Qualified::read(statement, changed);
    view.unclear().is_empty().then(|| view.renamed(names))
}

/// Returns whether a view of OceanBase concatenates with `||`: it was created under `PIPES_AS_CONCAT`. The kernel shows
/// a logical or as `or`.
fn has_pipes(statement: &[u8]) -> bool {
    let is_pipe = |token: &Token<'_>| token.kind == TokenKind::Sign && token.text == b"|";
    tokens(statement).windows(2).any(|pair| pair.iter().all(is_pipe))
}

#[cfg(test)]
mod tests {
    use super::has_pipes;

    #[test]
    fn pipes_count_outside_quotes_only() {
        assert!(has_pipes(b"CREATE VIEW v AS select (`t`.`id` || 'x') AS `c` from `t`"));
        for plain in ["select '||'", "select `a||b` from t", "select 1 | 2", "select a or b /* || */"] {
            assert!(!has_pipes(format!("CREATE VIEW v AS {plain}").as_bytes()), "{plain}");
        }
    }
}
