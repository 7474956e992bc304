//! Decides which statements the tenant's real server answers, and which the simulator answers.

use super::{Reply, Session, shown};
use crate::error::SqlError;
use crate::sql::Token;
use crate::world::views;

/// How many characters of a long statement are recorded.
const SHOWN_CHARS: usize = 2_000;

impl Session {
    /// Returns whether the tenant has a real server.
    pub(crate) fn is_bridged(&self) -> bool {
        self.bridge.is_some()
    }

    /// Returns whether all statements of a text are for the real server.
    pub(crate) fn forwards_all(&self, statements: &[Vec<Token>]) -> bool {
        self.is_bridged() && statements.iter().all(|tokens| !self.is_ours(tokens))
    }

    /// Returns whether the simulator must answer a statement itself, although the tenant has a real server.
    pub(super) fn is_ours(&self, tokens: &[Token]) -> bool {
        let word =
            |at: usize| tokens.get(at).map(|token: &Token| token.value.to_uppercase()).unwrap_or_default();
        match (word(0).as_str(), word(1).as_str()) {
            ("ALTER", "SYSTEM")
            | ("SHOW", "PARAMETERS")
            | ("KILL", _)
            | ("SET", "ENCRYPTION" | "DECRYPTION") => true,
            ("SELECT", _) => self.asks_identity(tokens) || self.names_view(tokens),
            _ => false,
        }
    }

    /// Returns whether a statement reads versions or connection IDs, which are those of the simulated cluster.
    fn asks_identity(&self, tokens: &[Token]) -> bool {
        let identity = ["ob_version", "version", "connection_id", "version_comment", "effective_tenant_id"];
        !tokens.iter().any(|token| token.is_word("FROM"))
            && tokens.iter().any(|token| identity.contains(&token.value.to_lowercase().as_str()))
    }

    fn names_view(&self, tokens: &[Token]) -> bool {
        self.process.with(self.cluster, |cluster| {
            tokens.iter().filter(|token| token.is_name()).any(|token| {
                let name = token.value.to_uppercase();
                (name.starts_with("DBA_OB_") || name.starts_with("GV$OB_PARAMETERS"))
                    && views::table(cluster, self.tenant, &name).is_some()
            })
        })
    }

    /// Forwards one statement of a text that also contains statements for the simulator.
    pub(super) async fn forward_statement(
        &mut self,
        text: &str,
        tokens: &[Token],
    ) -> Result<Reply, SqlError> {
        let sql = shown(text, tokens);
        self.note_settings(text, tokens);
        self.forward(0x03, sql.as_bytes()).await
    }

    /// Forwards a command unchanged, after the faults that apply, and records it.
    pub(crate) async fn forward_whole(&mut self, command: u8, body: &[u8]) -> Result<Reply, SqlError> {
        let told: String = String::from_utf8_lossy(body).chars().take(SHOWN_CHARS).collect();
        let told =
            if matches!(command, 0x03 | 0x16) { told } else { format!("protocol command {command:#04x}") };
        let result = match self.trouble(&told).await {
            Ok(()) => self.forward(command, body).await,
            Err(error) => Err(error),
        };
        self.record(&told, &result);
        result
    }

    async fn forward(&mut self, command: u8, body: &[u8]) -> Result<Reply, SqlError> {
        let database = self.database.clone();
        let Some(bridge) = &mut self.bridge else {
            return Err(SqlError::gap("no server behind this tenant"));
        };
        // The simulated cluster's own database cannot contain data.
        let database = if database.eq_ignore_ascii_case("oceanbase") { String::new() } else { database };
        bridge.send(command, body, &database).await?;
        Ok(Reply::Forwarded)
    }

    /// Returns the next packet of a forwarded answer.
    pub(crate) async fn next_forwarded(&mut self) -> Result<Option<Vec<u8>>, SqlError> {
        match &mut self.bridge {
            Some(bridge) => bridge.next().await,
            None => Ok(None),
        }
    }

    /// Abandons a partly read answer.
    pub(crate) fn abandon_forwarded(&mut self) {
        if let Some(bridge) = &mut self.bridge {
            bridge.abandon();
        }
    }

    /// Applies the effects of a forwarded statement on this session: the database, the time zone, the time-out.
    pub(crate) fn note_settings(&mut self, text: &str, tokens: &[Token]) {
        match tokens {
            [first, name, ..] if first.is_word("USE") => {
                name.value.clone_into(&mut self.database);
                if let Some(bridge) = &mut self.bridge {
                    bridge.note_database(&name.value);
                }
            }
            // The real server validates the command; the simulator only tracks it.
            [first, ..] if first.is_word("SET") => drop(self.set(text, tokens)),
            _ => {}
        }
    }
}
