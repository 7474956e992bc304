//! The audit log. Lines are only ever added.

use model::Timestamp;

use crate::database::{Listing, Slice, Transaction};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, Statement, statement};

/// An action to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The name of the account.
    pub user: String,
    /// The address of the client.
    pub address: String,
    /// The action, such as `backup-now`.
    pub action: String,
    /// The object, such as `cluster/prod`.
    pub target: String,
    /// `done`, or the ID of the resulting error.
    pub outcome: String,
}

/// A recorded action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number, increasing.
    pub id: i64,
    /// The time.
    pub at: Timestamp,
    /// The action.
    pub deed: Deed,
}

/// A filter for entries of the audit log; absent fields do not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// By the account of this name.
    pub user: Option<String>,
    /// This action.
    pub action: Option<String>,
    /// With an object whose name contains this text.
    pub target: Option<String>,
}

impl AuditFilter {
    fn narrow(&self, statement: Statement) -> Statement {
        statement
            .push(" FROM audit_lines WHERE 1 = 1")
            .and_if("written_at >= ?", self.from)
            .and_if("written_at < ?", self.until)
            .and_if("user_name = ?", self.user.as_ref())
            .and_if("action = ?", self.action.as_ref())
            .and_if("INSTR(target, ?) > 0", self.target.as_ref())
    }
}

impl Metadata {
    /// Returns a part of the audit log, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_list(&self, filter: &AuditFilter, slice: Slice) -> Result<Listing<AuditLine>, Error> {
        let mut reader = self.read().await?;
        let total = reader.count(filter.narrow(statement("count deeds", "SELECT COUNT(*) AS total"))).await?;
        let list = filter.narrow(statement("list deeds", "SELECT *")).push(" ORDER BY id DESC");
        let list = slice.cut(list);
        let items = reader.rows(list).await?.iter().map(line).collect::<Result<_, _>>()?;
        Ok(Listing { items, total })
    }
}

impl Transaction {
    /// Records an action.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_append(&mut self, deed: &Deed) -> Result<(), Error> {
        let at = self.now().await?;
        let id = self.connection.take_numbers("audit_lines", 1).await?;
        let insert = statement(
            "remember a deed",
            "INSERT INTO audit_lines (id, written_at, user_name, address, action, target, outcome)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(id).bind(at).bind(&deed.user).bind(&deed.address);
        let insert = insert.bind(&deed.action).bind(&deed.target).bind(&deed.outcome);
        self.connection.execute(insert).await.map(drop)
    }
}

fn line(row: &Row) -> Result<AuditLine, Error> {
    Ok(AuditLine {
        id: row.integer("id")?,
        at: row.timestamp("written_at")?,
        deed: Deed {
            user: row.text("user_name")?,
            address: row.text("address")?,
            action: row.text("action")?,
            target: row.text("target")?,
            outcome: row.text("outcome")?,
        },
    })
}
