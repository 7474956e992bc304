//! SHOW and DESC.

use super::Session;
use crate::error::SqlError;
use crate::gen4;
use crate::sql::engine::{self, Environment};
use crate::sql::table::shown_type;
use crate::sql::token::statements;
use crate::sql::{Answer, Column, Cursor, Kind, Table, Token, Value};
use crate::world::views;

impl Session {
    pub(super) fn show(&self, text: &str, tokens: &[Token]) -> Result<Answer, SqlError> {
        let mut c = Cursor::new(text, tokens);
        c.expect_words("SHOW")?;
        if c.words("WARNINGS") || c.words("ERRORS") {
            return Ok(self.show_warnings());
        }
        if c.words("RESTORE PREVIEW") {
            return self.show_preview();
        }
        if c.words("PARAMETERS") {
            let tenant = tokens.windows(3).find(|three| three[0].is_word("TENANT")).map(|three| {
                if three[1].is_symbol("=") { three[2].value.clone() } else { three[1].value.clone() }
            });
            let end = tokens.iter().position(|token| token.is_word("TENANT")).unwrap_or(tokens.len());
            let table = self.process.with(self.cluster, |cluster| {
                let id = tenant.map_or(Ok(self.tenant), |name| cluster.expect_tenant(&name))?;
                Ok::<_, SqlError>(views::show_parameters(cluster, id, "__SHOWN"))
            })?;
            return self.filtered(&table, "name", text, &tokens[2..end.max(2)]);
        }
        c.words("SESSION");
        c.words("GLOBAL");
        if c.words("VARIABLES") || c.words("STATUS") {
            let at = tokens.iter().position(|token| token.is_word("VARIABLES") || token.is_word("STATUS"));
            let table = self.process.with(self.cluster, |cluster| self.variables.table(cluster, self));
            return self.filtered(
                &table,
                "Variable_name",
                text,
                &tokens[at.map_or(tokens.len(), |at| at + 1)..],
            );
        }
        self.show_catalogue(&mut c, text, tokens)
    }

    fn show_catalogue(&self, c: &mut Cursor<'_>, text: &str, tokens: &[Token]) -> Result<Answer, SqlError> {
        let one = |name: &'static str, values: &[&str]| Table {
            name: "__SHOWN".to_owned(),
            columns: vec![(name, "varchar(256)")],
            rows: values.iter().map(|value| vec![Value::from(*value)]).collect(),
        };
        let filter_from =
            |word: &str| tokens.iter().position(|token| token.is_word(word)).unwrap_or(tokens.len());
        if c.words("DATABASES") || c.words("SCHEMAS") {
            let table = one("Database", &["information_schema", "mysql", "oceanbase", "test"]);
            return self.filtered(&table, "Database", text, &tokens[2..]);
        }
        let is_full = c.words("FULL");
        if c.words("TABLES") {
            let names = self.process.with(self.cluster, |cluster| views::names(cluster, self.tenant));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let table = one("Tables_in_oceanbase", &names);
            return self.filtered(&table, "Tables_in_oceanbase", text, &tokens[filter_from("LIKE")..]);
        }
        if c.words("COLUMNS") || c.words("FIELDS") {
            c.expect_words("FROM")?;
            let mut name = c.name()?;
            if c.symbol(".") {
                name = c.name()?;
            }
            return self.columns_of(&name);
        }
        if c.words("GRANTS") {
            let grants = self.grants();
            let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
            return self.filtered(&one("Grants", &grants), "Grants", text, &[]);
        }
        if c.words("COLLATION") {
            let table = one("Collation", &["utf8mb4_general_ci", "utf8mb4_bin", "binary"]);
            return self.filtered(&table, "Collation", text, &tokens[2..]);
        }
        if c.words("PROCESSLIST") {
            return self.filtered(&self.connections(text, is_full), "Id", text, &[]);
        }
        Err(SqlError::gap(text))
    }

    /// Returns the connections that SHOW PROCESSLIST lists: this one; those of other clients are not simulated.
    fn connections(&self, text: &str, is_full: bool) -> Table {
        let (ip, port) = self.process.with(self.cluster, |cluster| {
            let server = &cluster.servers[self.server];
            (server.ip.clone(), i64::from(server.sql_port))
        });
        let database = if self.database.is_empty() { Value::Null } else { self.database.clone().into() };
        let cells: Vec<(&'static str, &'static str, Value)> = vec![
            ("Id", "bigint", Value::Int(i64::from(self.connection))),
            ("User", "varchar(128)", self.user.clone().into()),
            ("Tenant", "varchar(128)", self.tenant_name.clone().into()),
            ("Host", "varchar(128)", "127.0.0.1".into()),
            ("db", "varchar(128)", database),
            ("Command", "varchar(64)", "Query".into()),
            ("Time", "bigint", Value::Int(0)),
            ("State", "varchar(128)", "ACTIVE".into()),
            ("Info", "varchar(262143)", text.into()),
            ("Ip", "varchar(46)", ip.into()),
            ("Port", "bigint", Value::Int(port)),
        ];
        let of_full = ["Tenant", "Ip", "Port"];
        let shown = cells.into_iter().filter(|(name, ..)| is_full || !of_full.contains(name));
        let (columns, row) = shown.map(|(name, kind, value)| ((name, kind), value)).unzip();
        Table { name: "__SHOWN".to_owned(), columns, rows: vec![row] }
    }

    /// Applies `LIKE '…'` or `WHERE …` to a table.
    fn filtered(
        &self,
        table: &Table,
        column: &str,
        text: &str,
        filter: &[Token],
    ) -> Result<Answer, SqlError> {
        let has_filter = filter.first().is_some_and(|token| token.is_word("LIKE") || token.is_word("WHERE"));
        let condition = match filter {
            [first, pattern, ..] if first.is_word("LIKE") => {
                format!("WHERE `{column}` LIKE '{}'", pattern.value.replace("\\_", "_").replace('\'', "''"))
            }
            [first, .., last] if first.is_word("WHERE") => {
                text.get(first.start..last.end).unwrap_or_default().to_owned()
            }
            _ => String::new(),
        };
        if !filter.is_empty() && !has_filter {
            return Err(SqlError::syntax(&filter[0].value).into_gap());
        }
        let name = table.name.clone();
        let sql = format!("SELECT * FROM {name} {condition}");
        let tokens = statements(&sql)?.remove(0);
        self.process.with(self.cluster, |cluster| {
            let system = |name: &str| self.variables.get(name, cluster, self);
            let found = |wanted: &str| (wanted == name).then(|| table.clone());
            engine::run(
                &sql,
                &tokens,
                &Environment {
                    facts: self.facts(cluster),
                    pipes_as_concat: false,
                    user_variables: &self.user_variables,
                    system_variable: &system,
                    table: &found,
                },
            )
        })
    }

    fn show_warnings(&self) -> Answer {
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        Answer {
            columns: vec![
                column("Level", Kind::Varchar),
                column("Code", Kind::Integer),
                column("Message", Kind::Varchar),
            ],
            rows: self
                .warnings
                .iter()
                .map(|warning| {
                    vec![
                        Some("Warning".to_owned()),
                        Some(warning.code.to_string()),
                        Some(warning.message.clone()),
                    ]
                })
                .collect(),
        }
    }

    fn show_preview(&self) -> Result<Answer, SqlError> {
        let rows = self.process.with(self.cluster, |cluster| gen4::command::preview(cluster, &self.ties))?;
        let names = ["backup_type", "backup_id", "backup_dest", "description"];
        Ok(Answer {
            columns: names.map(|name| Column { name: name.to_owned(), kind: Kind::Varchar }).to_vec(),
            rows: rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect(),
        })
    }

    /// `DESC view`.
    pub(super) fn describe_table(&self, tokens: &[Token]) -> Result<Answer, SqlError> {
        match tokens.last() {
            Some(token) if tokens.len() > 1 && token.is_name() => self.columns_of(&token.value),
            _ => Err(SqlError::gap("DESC of something else than a view")),
        }
    }

    fn columns_of(&self, name: &str) -> Result<Answer, SqlError> {
        let upper = name.to_uppercase();
        let table = self.process.with(self.cluster, |cluster| self.table(cluster, &upper));
        let table = table.ok_or_else(|| {
            SqlError::new(5019, format!("Table 'oceanbase.{name}' doesn't exist")).into_gap()
        })?;
        let names = ["Field", "Type", "Null", "Key", "Default", "Extra"];
        Ok(Answer {
            columns: names.map(|name| Column { name: name.to_owned(), kind: Kind::Varchar }).to_vec(),
            rows: table
                .columns
                .iter()
                .map(|(name, declared)| {
                    let text = |text: &str| Some(text.to_owned());
                    vec![text(name), Some(shown_type(declared)), text("YES"), text(""), None, text("")]
                })
                .collect(),
        })
    }
}
