//! Counts rows once more if pieces were split by keys that a server may compare differently from how it sorts them:
//! texts, dates. Otherwise, rows could be missing or duplicated between the pieces without any error.

use std::collections::HashMap;
use std::sync::Arc;

use oceanbase::{Session, Statement};

use crate::archive::PieceReceipt;
use crate::column::Form;
use crate::crew::Work;
use crate::dumping::lost::Lost;
use crate::dumping::snapshot::{close, open};
use crate::dumping::together::{Together, let_go};
use crate::error::{DuringSql as _, Error, Result};
use crate::plan::{Chunk, Plan, TablePlan, full_name};
use crate::source::Source;

/// A table to be counted.
pub(super) struct Count {
    pub(super) database: String,
    pub(super) table: TablePlan,
    expected: u64,
}

/// Returns the tables that need counting, with how many rows their pieces have.
pub(super) fn counts(plan: &Plan, receipts: &[PieceReceipt]) -> Vec<Count> {
    let mut rows: HashMap<(&str, &str), u64> = HashMap::new();
    for receipt in receipts {
        *rows.entry((&receipt.database, &receipt.table)).or_default() += receipt.piece.rows;
    }
    let tables =
        plan.databases.iter().flat_map(|database| database.tables.iter().map(move |table| (database, table)));
    let doubtful = tables.filter(|(_, table)| is_doubtful(table));
    let count = doubtful.map(|(database, table)| Count {
        database: database.name.clone(),
        table: table.clone(),
        expected: rows.get(&(&*database.name, &*table.name)).copied().unwrap_or(0),
    });
    count.collect()
}

fn is_doubtful(table: &TablePlan) -> bool {
    let cut = table.chunks.iter().any(|chunk| chunk.up_to.is_some());
    cut && table.key.iter().any(|column| column.form != Form::Number)
}

/// Counts tables in the dump's snapshot.
pub(super) struct CountRows {
    pub(super) plan: Arc<Plan>,
    pub(super) together: Option<Arc<Together>>,
    pub(super) lost: Arc<Lost>,
}

impl Work for CountRows {
    type Job = Count;

    async fn open(&self, source: &Source) -> Result<Session> {
        open(&self.plan, self.together.as_deref(), source).await
    }

    async fn close(&self, session: Session) {
        close(self.together.as_deref(), session).await;
    }

    async fn prepare(&self, _: &mut Session) -> Result<()> {
        Ok(())
    }

    async fn work(&self, session: &mut Session, job: Count) -> Result<()> {
        let (database, table) = (job.database.clone(), job.table.name.clone());
        match self.count(session, job).await {
            Err(error) if self.lost.takes(&error) && !session.is_broken() => {
                self.lost.add(&self.plan.consent, &database, &table, &error);
                Ok(())
            }
            counted => counted,
        }
    }
}

impl CountRows {
    async fn count(&self, session: &mut Session, job: Count) -> Result<()> {
        let full = full_name(&job.database, &job.table.name);
        let (dump, scn, moment) = (&self.plan.dump, self.plan.scn, self.plan.moment());
        let all = TablePlan { key: Vec::new(), ..job.table };
        let from = moment.source(&job.database, &all, &Chunk::default());
        let sql = format!("SELECT {}COUNT(*) FROM {from}", moment.hint(false));
        let answer = session.rows(&Statement::read(sql).within(crate::LONG_READ)).await;
        let rows = answer.during_read(dump, scn, || format!("count {full}"))?;
        if self.together.is_some() {
            let_go(session).await?;
        }
        let found = rows.first().map_or(Ok(0), |row| row.u64(0)).during(|| format!("count {full}"))?;
        if found == job.expected {
            return Ok(());
        }
        Err(Error::RowsMiscut { table: full, expected: found, found: job.expected })
    }
}
