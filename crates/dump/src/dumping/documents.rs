//! What the reader of the log should know of the JSON documents in a piece: what of them a text does not bring back.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use model::text::Text;
use oceanbase::statement::identifier;
use oceanbase::{Session, Statement};

use crate::chunk::condition;
use crate::error::{DuringSql as _, Result};
use crate::moment::Moment;
use crate::piece::PieceText;
use crate::plan::{Chunk, Plan, TablePlan, full_name};

/// What is known of the documents so far.
#[derive(Default)]
pub(super) struct Documents {
    /// The columns that hold a DATE, TIME, DATETIME or bytes.
    typed: Mutex<HashSet<String>>,
}

impl Documents {
    /// Returns what there is to say of a piece. Strings that look like dates are common, dates are not: the server is asked.
    pub(super) async fn notes(
        &self,
        session: &mut Session,
        plan: &Plan,
        database: &str,
        table: &TablePlan,
        chunk: &Chunk,
        text: &PieceText,
    ) -> Result<Vec<Text>> {
        let full = full_name(database, &table.name);
        let column = |place: usize| format!("{full}.{}", identifier(&table.columns[place].name));
        let note = |id: &str, column: &str| Text::new(id).with("column", column);
        let mut notes: Vec<Text> =
            text.respelt.iter().map(|&place| note("dump-json-zeros", &column(place))).collect();
        for &place in &text.typed {
            let full = column(place);
            let known = self.typed.lock().unwrap_or_else(PoisonError::into_inner).contains(&full);
            let is_typed = known || {
                let sql = select_typed(plan.moment(), database, table, chunk, &table.columns[place].name);
                match session.rows(&Statement::read(sql).within(crate::LONG_READ)).await {
                    Ok(rows) => !rows.is_empty(),
                    Err(error) if error.number().is_some() && !error.is_transient() => true, // it can't tell
                    Err(error) => {
                        return Err(error).during_read(&plan.dump, plan.scn, || format!("read {full}"));
                    }
                }
            };
            if is_typed {
                notes.push(note("dump-json-typed", &full));
                self.typed.lock().unwrap_or_else(PoisonError::into_inner).insert(full);
            }
        }
        Ok(notes)
    }
}

/// Returns the query for a first document of a chunk, in that column, in which a function put a DATE, TIME, DATETIME or bytes: read back
/// from its text, it is another.
fn select_typed(moment: Moment, database: &str, table: &TablePlan, chunk: &Chunk, column: &str) -> String {
    const PRINTED: &str =
        "\"([0-9]{4}-[0-9]{2}-[0-9]{2}|base64:type|-?[0-9]{2,3}:[0-9]{2}:[0-9]{2}[.][0-9]{6}\")";
    let (hint, from) = (moment.hint(table.hidden_key), moment.source(database, table, chunk));
    let (column, bounds) = (format!("x.{}", identifier(column)), condition(moment, &table.key, chunk));
    let text = format!("CAST({column} AS CHAR)");
    let differs = format!("NOT (CAST({text} AS JSON) <=> {column}) AND {text} REGEXP '{PRINTED}'");
    let word = if bounds.is_empty() { "WHERE" } else { "AND" };
    format!("SELECT {hint}1 FROM {from}{bounds} {word} {differs} LIMIT 1")
}
