//! The views of a database, each after those that it reads.

use std::collections::BTreeMap;

use model::text::Text;
use oceanbase::statement::literal;
use oceanbase::{Session, Statement, catalog};

use crate::ddl::qualified::Qualified;
use crate::dumping::vanished::NO_SUCH;
use crate::error::{DuringSql as _, Result};
use crate::plan::{ViewPlan, full_name};
use crate::refusal::is_refusal;

/// MySQL's number for a view or code whose definer does not exist.
const DEFINER_GONE: u16 = 1449;

/// Returns the views, each after those that it reads. A view that cannot be queried here is included, too: this user
/// or its definer may lack a privilege that they have in the target.
pub(super) async fn survey_views(
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
                let missing =
                    if is_gone { Vec::new() } else { missing_tables(session, database, &name).await? };
                if missing.is_empty() {
                    let id = if is_gone { "dump-view-definer-gone" } else { "dump-view-silent" };
                    notes.push(Text::new(id).with("view", &full).with("why", &error));
                }
                let note =
                    |table| Text::new("dump-view-table-missing").with("view", &full).with("table", table);
                notes.extend(missing.into_iter().map(note));
            }
            Err(error) => return Err(error).during(|| format!("read {full}")),
        }
        views.push(ViewPlan { name, broken: None });
    }
    Ok(views)
}

/// Returns the tables and views that a view reads and that do not exist. One that this user may not read exists, as far
/// as this user can see.
async fn missing_tables(session: &mut Session, database: &str, view: &str) -> Result<Vec<String>> {
    let query = catalog::view_query(session, database, view).await;
    let query = query.during(|| format!("read the query of {}", full_name(database, view)))?;
    let mut missing = Vec::new();
    for (database, table) in Qualified::read(&query.unwrap_or_default(), |_| true).tables() {
        let full = full_name(&database, &table);
        match probe(session, &full).await {
            Err(error) if error.number().is_some_and(|number| NO_SUCH.contains(&number)) => {
                missing.push(full);
            }
            Err(error) if is_refusal(&error) => {}
            done => done.during(|| format!("read {full}"))?,
        }
    }
    Ok(missing)
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
