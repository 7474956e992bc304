//! Queries the server for the types of the values in its documents.

use std::collections::{BTreeMap, BTreeSet};

use oceanbase::statement::{identifier, literal};
use oceanbase::{Effect, Row, Session, Statement};

use crate::chunk::condition;
use crate::document::Node;
use crate::encode::push_quoted;
use crate::moment::Moment;
use crate::plan::{Chunk, TablePlan};
use crate::refusal::is_refusal;
use crate::typed::{Suspected, Suspects, Typed};
use crate::weight::{Sort, Weights};

/// The value types in a document that was parsed from text.
const PLAIN: &str = "('DOUBLE','STRING','INTEGER','UNSIGNED INTEGER','BOOLEAN','NULL','OBJECT','ARRAY')";

/// The number of documents whose size one statement queries.
const SAMPLES_AT_ONCE: usize = 64;

/// The maximum number of queried paths of documents in another form.
const PATHS_MOST: usize = 500;

/// The part of a table that a piece contains, in a snapshot.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) moment: Moment,
    pub(crate) database: &'a str,
    pub(crate) table: &'a TablePlan,
    pub(crate) chunk: &'a Chunk,
}

/// Why the documents could not be found.
pub(crate) enum Trouble {
    /// The server failed or refused.
    Server(oceanbase::Error),
    /// No literal restores a document: the column's position, and the text.
    Unwritable(usize, Vec<u8>),
}

impl From<oceanbase::Error> for Trouble {
    fn from(error: oceanbase::Error) -> Self {
        Self::Server(error)
    }
}

/// Finds the documents that their texts do not restore.
pub(crate) async fn find(
    session: &mut Session,
    part: Part<'_>,
    suspects: &Suspects,
) -> Result<Typed, Trouble> {
    let mut typed = Typed::default();
    for (place, suspected) in suspects.columns() {
        let column = format!("x.{}", identifier(&part.table.columns[place].name));
        match suspected {
            Suspected::At { paths, by_weight } => {
                let weights = suspects.weights(place).filter(|_| *by_weight);
                let is_plain = match weights.and_then(Weights::sorts) {
                    Some(sorts) => match have_weight_of_texts(session, part, &column, &sorts).await {
                        Err(error) if is_refusal(&error) => false, // it can't tell
                        weighed => weighed?,
                    },
                    None => false,
                };
                if !is_plain {
                    find_at(session, part, (place, &column), paths, &mut typed).await?;
                }
            }
            Suspected::Anywhere => {
                let found =
                    part.rows(session, &text(&column), &format!("({}) LIMIT 1", differs(&column))).await?;
                if let Some(row) = found.first() {
                    return Err(Trouble::Unwritable(place, row.bytes(0).unwrap_or_default().to_vec()));
                }
            }
        }
    }
    Ok(typed)
}

/// Returns whether the documents of a part take exactly the space of documents parsed from their texts. A DECIMAL in
/// one of them would take more, and nothing takes less.
async fn have_weight_of_texts(
    session: &mut Session,
    part: Part<'_>,
    column: &str,
    sorts: &[&Sort],
) -> Result<bool, oceanbase::Error> {
    let size = format!("JSON_STORAGE_SIZE({column})");
    let sums = format!("COALESCE(SUM({size}),0),COALESCE(SUM({size}*{size}),0)");
    let found = part.rows(session, &sums, "1").await?;
    let Some(found) = found.first() else { return Ok(false) };
    let sum = |place: usize| found.str(place).map(|text| text.parse::<u128>().ok());
    let (sum, squares) = (sum(0)?, sum(1)?);
    let (mut expected, mut expected_squares) = (0, 0);
    for some in sorts.chunks(SAMPLES_AT_ONCE) {
        let mut sql = b"SELECT ".to_vec();
        for (at, sort) in some.iter().enumerate() {
            sql.extend_from_slice(if at == 0 { b"" } else { b"," });
            sql.extend_from_slice(b"JSON_STORAGE_SIZE(CAST(");
            push_quoted(&mut sql, &sort.sample);
            sql.extend_from_slice(b" AS JSON))");
        }
        // The witness must not see the values.
        let mut weigh =
            Statement::bulk(sql, format!("SELECT JSON_STORAGE_SIZE(…) of {} documents", some.len()));
        weigh.effect = Effect::Read;
        let weighed = session.rows(&weigh).await?;
        for (at, sort) in some.iter().enumerate() {
            let Some(row) = weighed.first() else { return Ok(false) };
            let size = u128::from(row.u64(at)?);
            expected += u128::from(sort.count) * size;
            expected_squares += u128::from(sort.count) * size * size;
        }
    }
    Ok((sum, squares) == (Some(expected), Some(expected_squares)))
}

async fn find_at(
    session: &mut Session,
    part: Part<'_>,
    (place, column): (usize, &str),
    paths: &BTreeSet<String>,
    typed: &mut Typed,
) -> Result<(), Trouble> {
    let types: Vec<String> =
        paths.iter().map(|path| format!("{} NOT IN {PLAIN}", type_of(column, path))).collect();
    if types.is_empty() {
        return Ok(());
    }
    let condition = format!("({})", types.join(" OR "));
    let found = part.rows(session, &text(column), &condition).await?;
    let mut all = BTreeSet::new();
    for row in &found {
        let unwritable = || Trouble::Unwritable(place, row.bytes(0).unwrap_or_default().to_vec());
        let document = row.bytes(0).and_then(Node::read).ok_or_else(unwritable)?;
        document.each(&mut "$".to_owned(), &mut |path, value| {
            if (value.is_suspect() || matches!(value, Node::Number(_))) && !all.contains(path) {
                all.insert(path.to_owned());
            }
        });
        if all.len() > PATHS_MOST {
            return Err(unwritable());
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let expressions: Vec<String> =
        std::iter::once(text(column)).chain(all.iter().map(|path| type_of(column, path))).collect();
    for row in part.rows(session, &expressions.join(","), &condition).await? {
        let text = row.bytes(0).unwrap_or_default();
        let mut types = BTreeMap::new();
        for (at, path) in all.iter().enumerate() {
            if let Some(kind) = row.maybe_str(at + 1)? {
                types.insert(path.clone(), kind.to_owned());
            }
        }
        let mut literal = Vec::new();
        let written = Node::read(text).and_then(|document| document.push_typed(&mut literal, &types));
        if written.is_none() || !typed.add(place, text, &literal) {
            return Err(Trouble::Unwritable(place, text.to_vec()));
        }
    }
    Ok(())
}

fn text(column: &str) -> String {
    format!("CAST({column} AS CHAR)")
}

fn type_of(column: &str, path: &str) -> String {
    format!("JSON_TYPE(JSON_EXTRACT({column},{}))", literal(path))
}

/// Returns the condition that a document is larger than one parsed from its text, or differs from it: a DECIMAL takes
/// more space than a DOUBLE.
fn differs(column: &str) -> String {
    const PRINTED: &str =
        "\"([0-9]{4}-[0-9]{2}-[0-9]{2}|base64:type|-?[0-9]{2,3}:[0-9]{2}:[0-9]{2}[.][0-9]{6}\")";
    let text = text(column);
    let again = format!("CAST({text} AS JSON)");
    format!(
        "JSON_STORAGE_SIZE({column}) <> JSON_STORAGE_SIZE({again}) \
         OR {text} REGEXP '{PRINTED}' AND NOT ({again} <=> {column})"
    )
}

impl Part<'_> {
    /// Returns the values of these expressions for the rows of the part that meet a condition.
    async fn rows(
        self,
        session: &mut Session,
        expressions: &str,
        condition_of_rows: &str,
    ) -> Result<Vec<Row>, oceanbase::Error> {
        let Self { moment, database, table, chunk } = self;
        let (hint, from) = (moment.hint(table.hidden_key), moment.source(database, table, chunk));
        let bounds = condition(moment, &table.key, chunk);
        let word = if bounds.is_empty() { "WHERE" } else { "AND" };
        let sql = format!("SELECT {hint}{expressions} FROM {from}{bounds} {word} {condition_of_rows}");
        session.rows(&Statement::read(sql).within(crate::LONG_READ)).await
    }
}
