//! A client's session: its identity, its settings, and the part of the simulator that answers each statement.

mod ddl;
mod forward;
mod login;
mod set;
mod show;
mod users;
mod variables;

use std::collections::HashMap;
use std::sync::Arc;

use crate::backend::Bridge;
use crate::civil::{self, SECOND};
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::gen4::command::{Outcome, Ties};
use crate::process::{Kill, Process};
use crate::sql::engine::{self, Environment, Facts};
use crate::sql::token::{TokenKind, statements};
use crate::sql::{Answer, Column, Cursor, Table, Token, Value};
use crate::transcript::Entry;
use crate::wire::connection::Door;
use crate::world::{Caller, Cluster, TenantId, Warning, views};
use crate::{gen3, gen4};
use variables::Variables;

/// The answer to a statement.
pub(crate) enum Reply {
    Ok {
        affected: u64,
    },
    Rows(Answer),
    /// A real server answers; its packets are read from the bridge.
    Forwarded,
}

impl Reply {
    pub(crate) fn ok() -> Self {
        Self::Ok { affected: 0 }
    }

    fn text(&self) -> String {
        match self {
            Self::Ok { .. } => "ok".to_owned(),
            Self::Rows(answer) => format!("rows {}", answer.rows.len()),
            Self::Forwarded => "forwarded".to_owned(),
        }
    }
}

/// A session.
pub(crate) struct Session {
    process: Arc<Process>,
    cluster: usize,
    server: usize,
    connection: u32,
    user: String,
    tenant: TenantId,
    tenant_name: String,
    database: String,
    variables: Variables,
    user_variables: HashMap<String, Value>,
    ties: Ties,
    warnings: Vec<Warning>,
    /// Whether the next answer is cut off.
    cut: bool,
    bridge: Option<Bridge>,
}

impl Session {
    /// Returns the server of this session.
    pub(crate) fn door(&self) -> Door {
        Door { process: self.process.clone(), cluster: self.cluster, server: self.server }
    }

    /// Resets all settings, as `COM_RESET_CONNECTION` does.
    pub(crate) fn reset(&mut self) {
        self.variables = Variables::default();
        self.user_variables.clear();
        self.ties = Ties::default();
        self.warnings.clear();
    }

    pub(crate) fn warning_count(&self) -> u16 {
        self.warnings.len() as u16
    }

    pub(crate) fn take_cut(&mut self) -> bool {
        std::mem::take(&mut self.cut)
    }

    pub(crate) fn use_database(&mut self, name: &str) -> Result<(), SqlError> {
        // A backend has its own databases; the bridge sets the current one with the next statement.
        let known = ["oceanbase", "information_schema", "mysql", "test", ""];
        if self.bridge.is_none() && !known.contains(&name.to_lowercase().as_str()) {
            return Err(SqlError {
                code: 5154,
                number: 1049,
                state: "42000",
                message: format!("Unknown database '{name}'"),
                gap: false,
            });
        }
        name.clone_into(&mut self.database);
        Ok(())
    }

    pub(crate) fn kill(&self, id: u32, kill: Kill) -> Result<(), SqlError> {
        if self.process.kill(id, kill) {
            return Ok(());
        }
        Err(SqlError {
            code: 5066,
            number: 1094,
            state: "HY000",
            message: format!("Unknown thread id: {id}"),
            gap: false,
        })
    }

    pub(crate) fn note_gap(&self, what: &str, error: &SqlError) {
        self.record(what, &Err(error.clone()));
    }

    /// Records a text that could not be executed; a text that cannot be tokenized may contain a secret and is not
    /// shown.
    pub(crate) fn note_unread(&self, text: &str, error: &SqlError) {
        let what = match statements(text) {
            Ok(all) if all.len() == 1 => shown(text, &all[0]),
            _ => format!("{} bytes that are not one statement", text.len()),
        };
        self.record(&what, &Err(error.clone()));
    }

    /// Answers one statement, after the faults that apply.
    pub(crate) async fn execute(&mut self, text: &str, tokens: &[Token]) -> Result<Reply, SqlError> {
        let shown = shown(text, tokens);
        let result = match self.trouble(&shown).await {
            Ok(()) => self.dispatch(text, tokens).await,
            Err(error) => Err(error),
        };
        self.record(&shown, &result);
        result.map_err(|error| self.enriched(error))
    }

    /// With `enable_rich_error_msg`, an error text starts with the server and the time.
    fn enriched(&self, mut error: SqlError) -> SqlError {
        let place = self.process.with(self.cluster, |cluster| {
            let time = civil::format(cluster.now_us, cluster.zone_s);
            cluster.parameters.is_true("enable_rich_error_msg").then(|| {
                format!("[{}] [{time}] [YB427F000001-{:016X}-0-0]", cluster.address(), cluster.now_us)
            })
        });
        if let Some(place) = place {
            error.message = format!("{place} {}", error.message);
        }
        error
    }

    fn record(&self, sql: &str, result: &Result<Reply, SqlError>) {
        let answer = match result {
            Ok(reply) => reply.text(),
            Err(error) => format!("error {} ({}) {}", error.number, error.state, error.message),
        };
        let cluster = self.process.with(self.cluster, |cluster| cluster.name.clone());
        self.process.transcript.add(Entry {
            sequence: 0,
            at_us: self.process.clock.now_us(),
            cluster,
            connection: self.connection,
            user: self.user.clone(),
            tenant: self.tenant_name.clone(),
            sql: sql.to_owned(),
            answer,
            gap: result.as_ref().is_err_and(|error| error.gap),
        });
    }

    /// Applies the faults of slow and hanging statements and of cut connections.
    async fn trouble(&mut self, shown: &str) -> Result<(), SqlError> {
        let (slow, hangs, cut) = self.process.with(self.cluster, |cluster| {
            let slow = cluster.faults.hit(FaultName::StatementSlow, shown);
            let hangs = cluster.faults.hit(FaultName::StatementHang, shown).is_some();
            let cut = cluster.faults.hit(FaultName::ConnectionCut, shown).is_some();
            (slow.map(|fault| (fault.seconds.unwrap_or(1.0) * 1e6) as i64), hangs, cut)
        });
        self.cut = cut;
        let limit_us = self.variables.query_timeout_us();
        let wait_us = if hangs { i64::MAX } else { slow.unwrap_or(0) };
        if wait_us == 0 {
            return Ok(());
        }
        let until_us = self.process.clock.now_us().saturating_add(wait_us.min(limit_us));
        self.process.clock.sleep_until(until_us).await;
        if wait_us > limit_us { Err(SqlError::timeout(limit_us)) } else { Ok(()) }
    }

    async fn dispatch(&mut self, text: &str, tokens: &[Token]) -> Result<Reply, SqlError> {
        let mut cursor = Cursor::new(text, tokens);
        let shows_warnings = cursor.clone().words("SHOW WARNINGS") || cursor.clone().words("SHOW ERRORS");
        if !shows_warnings {
            self.warnings.clear();
        }
        if self.bridge.is_some() && !self.is_ours(tokens) {
            return self.forward_statement(text, tokens).await;
        }
        if cursor.words("ALTER SYSTEM") {
            return self.alter_system(&mut cursor).await;
        }
        let first = tokens.first().map(|token| token.value.to_uppercase()).unwrap_or_default();
        match first.as_str() {
            "SELECT" | "WITH" | "(" => self.select(text, tokens).map(Reply::Rows),
            "SHOW" => self.show(text, tokens).map(Reply::Rows),
            "DESC" | "DESCRIBE" => self.describe_table(tokens).map(Reply::Rows),
            "SET" => self.set(text, tokens).map(|()| Reply::ok()),
            "USE" => {
                let name = tokens.get(1).map(|token| token.value.clone()).unwrap_or_default();
                self.use_database(&name).map(|()| Reply::ok())
            }
            "BEGIN" | "START" | "COMMIT" | "ROLLBACK" => Ok(Reply::ok()),
            "KILL" => self.kill_statement(&mut cursor),
            "CREATE" | "DROP" | "ALTER" | "GRANT" => self.ddl(&mut cursor).map(|()| Reply::ok()),
            "" => Err(SqlError::syntax("")),
            "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "EXPLAIN" | "CALL" | "TRUNCATE" | "LOAD"
            | "LOCK" | "UNLOCK" | "PREPARE" | "EXECUTE" | "ANALYZE" | "REVOKE" | "RENAME" | "FLUSH" => {
                Err(SqlError::gap(format!("statement {first}")))
            }
            _ => Err(SqlError::syntax(text).into_gap()),
        }
    }

    fn kill_statement(&self, cursor: &mut Cursor<'_>) -> Result<Reply, SqlError> {
        cursor.expect_words("KILL")?;
        let kill = if cursor.words("QUERY") { Kill::Query } else { Kill::Connection };
        cursor.words("CONNECTION");
        let id = u32::try_from(cursor.number()?).unwrap_or_default();
        self.kill(id, kill).map(|()| Reply::ok())
    }

    async fn alter_system(&mut self, cursor: &mut Cursor<'_>) -> Result<Reply, SqlError> {
        let is_new = self.process.profile(self.cluster).is_tenant_level();
        let caller = Caller { tenant: self.tenant };
        self.ties.zone_s = self.zone_s();
        self.require("ALTER SYSTEM")?;
        if !is_new {
            let command = gen3::grammar::parse(cursor).map_err(SqlError::into_gap)?;
            let ties = &self.ties;
            self.process
                .with(self.cluster, |cluster| gen3::command::execute(cluster, caller, &command, ties))?;
            return Ok(Reply::ok());
        }
        let command = gen4::grammar::parse(cursor).map_err(SqlError::into_gap)?;
        let ties = &mut self.ties;
        let outcome = self
            .process
            .with(self.cluster, |cluster| gen4::command::execute(cluster, caller, &command, ties))?;
        match outcome {
            Outcome::Done(warnings) => self.warnings = warnings,
            Outcome::AwaitRestore(job) => self.await_restore(job).await?,
        }
        Ok(Reply::ok())
    }

    /// Waits for the new tenant, checking every second; a time-out does not end the restore itself.
    async fn await_restore(&self, job: u64) -> Result<(), SqlError> {
        let limit_us = self.variables.query_timeout_us();
        let deadline_us = self.process.clock.now_us().saturating_add(limit_us);
        loop {
            let outcome =
                self.process.with(self.cluster, |cluster| gen4::restore::statement_outcome(cluster, job));
            if let Some(result) = outcome {
                return result;
            }
            let now_us = self.process.clock.now_us();
            if now_us >= deadline_us {
                return Err(SqlError::timeout(limit_us));
            }
            self.process.clock.sleep_until((now_us + SECOND).min(deadline_us)).await;
        }
    }

    /// Runs a SELECT over the tables of the world.
    fn select(&self, text: &str, tokens: &[Token]) -> Result<Answer, SqlError> {
        self.query(tokens, |env| engine::run(text, tokens, env))
    }

    /// Returns the columns of a statement's answer.
    pub(crate) fn describe(&mut self, text: &str, tokens: &[Token]) -> Result<Vec<Column>, SqlError> {
        let first = tokens.first().map(|token| token.value.to_uppercase()).unwrap_or_default();
        if self.bridge.is_some() && !self.is_ours(tokens) {
            return Ok(Vec::new());
        }
        match first.as_str() {
            "SELECT" | "WITH" | "(" => self.query(tokens, |env| engine::describe(text, tokens, env)),
            "SHOW" => self.show(text, tokens).map(|answer| answer.columns),
            "DESC" | "DESCRIBE" => self.describe_table(tokens).map(|answer| answer.columns),
            _ => Ok(Vec::new()),
        }
    }

    /// Runs a query with its environment: the session's variables and the tenant's tables.
    fn query<T>(
        &self,
        tokens: &[Token],
        run: impl FnOnce(&Environment<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let reads_views = tokens.iter().any(|token| token.is_word("FROM"));
        if reads_views {
            self.require("SELECT")?;
        }
        self.process.with(self.cluster, |cluster| {
            let system = |name: &str| self.variables.get(name, cluster, self);
            let table = |name: &str| self.table(cluster, name);
            run(&Environment {
                facts: self.facts(cluster),
                pipes_as_concat: self.variables.sql_mode().contains("PIPES_AS_CONCAT"),
                user_variables: &self.user_variables,
                system_variable: &system,
                table: &table,
            })
        })
    }

    fn table(&self, cluster: &Cluster, name: &str) -> Option<Table> {
        views::table(cluster, self.tenant, name)
    }

    fn facts(&self, cluster: &Cluster) -> Facts {
        let server = &cluster.servers[self.server.min(cluster.servers.len() - 1)];
        Facts {
            now_us: cluster.now_us,
            zone_s: self.variables.zone_s(cluster.zone_s),
            sql_version: cluster.profile.sql_version(),
            version: cluster.profile.version().to_owned(),
            database: self.database.clone(),
            user: format!("{}@%", self.user),
            tenant: self.tenant_name.clone(),
            tenant_id: self.tenant.0 as i64,
            host: server.ip.clone(),
            rpc_port: i64::from(server.rpc_port),
            connection: self.connection,
        }
    }

    fn zone_s(&self) -> i32 {
        let cluster_zone_s = self.process.with(self.cluster, |cluster| cluster.zone_s);
        self.variables.zone_s(cluster_zone_s)
    }

    fn require(&self, privilege: &str) -> Result<(), SqlError> {
        self.process.with(self.cluster, |cluster| {
            let user = cluster.tenants.get(&self.tenant).and_then(|tenant| tenant.users.get(&self.user));
            match user {
                Some(user) if user.may(privilege) => Ok(()),
                None => Err(SqlError::plain(5160)),
                Some(_) if privilege == "SELECT" => Err(SqlError {
                    code: 5036,
                    number: 1142,
                    state: "42000",
                    message: format!(
                        "SELECT command denied to user '{}'@'%' for table 'oceanbase.*'",
                        self.user
                    ),
                    gap: false,
                }),
                Some(_) => Err(SqlError::access_denied(privilege)),
            }
        })
    }
}

/// Returns one statement of a text, with its arguments inserted.
fn shown(text: &str, tokens: &[Token]) -> String {
    let is_bound = tokens.iter().any(|token| {
        let written = text.get(token.start..token.end);
        written == Some("?") && token.kind != TokenKind::Placeholder
    });
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return String::new() };
    if !is_bound {
        return text.get(first.start..last.end).unwrap_or(text).to_owned();
    }
    let mut shown = String::new();
    let mut at = first.start;
    for token in tokens {
        shown.push_str(text.get(at..token.start).unwrap_or_default());
        match text.get(token.start..token.end) {
            Some("?") if token.kind == TokenKind::Text => {
                shown.push_str(&format!("'{}'", token.value.replace('\\', "\\\\").replace('\'', "''")));
            }
            Some("?") => shown.push_str(&token.value),
            written => shown.push_str(written.unwrap_or_default()),
        }
        at = token.end;
    }
    shown
}
