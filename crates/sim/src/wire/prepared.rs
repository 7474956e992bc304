//! Prepared statements of a connection: the simulator's own, and those of a real server.

use std::io;

use super::answer;
use super::arguments::Prepared;
use super::connection::{Connection, Next};
use super::packet::Reader;
use crate::error::SqlError;
use crate::sql::token::statements;
use crate::sql::{Column, Kind};

/// The maximum number of prepared statements of a client.
const MAX_PREPARED: usize = 4_096;
/// The bit in the IDs of statements that belong to a real server.
const FORWARDED: u32 = 1 << 31;

/// Returns whether the ID at the start of a command belongs to a real server's statement.
pub(super) fn is_forwarded_id(body: &[u8]) -> bool {
    Reader::new(body).number(4).is_some_and(|id| id as u32 & FORWARDED != 0)
}

impl Connection {
    pub(super) fn is_forwarded_text(&self, body: &[u8]) -> bool {
        let text = String::from_utf8_lossy(body);
        self.session.is_bridged() && statements(&text).is_ok_and(|all| self.session.forwards_all(&all))
    }

    /// Prepares a statement on the real server; the returned ID gets the mark.
    pub(super) async fn forward_prepare(&mut self, body: &[u8]) -> io::Result<Next> {
        match self.session.forward_whole(0x16, body).await {
            Ok(_) => {}
            Err(error) => {
                self.packets.write(&answer::error(&error));
                return Ok(Next::Go);
            }
        }
        match self.session.next_forwarded().await {
            Ok(Some(mut first)) => {
                if let (Some(0), Some(high)) = (first.first().copied(), first.get_mut(4)) {
                    *high |= 0x80;
                }
                self.packets.write(&first);
            }
            Ok(None) => {}
            Err(error) => self.packets.write(&answer::error(&error)),
        }
        self.pass_on(false).await
    }

    /// Forwards a command for a prepared statement of the real server.
    pub(super) async fn forward_prepared(&mut self, command: u8, body: &[u8]) -> io::Result<Next> {
        let mut body = body.to_vec();
        if let Some(high) = body.get_mut(3) {
            *high &= 0x7f;
        }
        let result = self.session.forward_whole(command, &body).await;
        self.reply(result, false, true).await
    }

    pub(super) fn prepare(&mut self, text: &str) {
        match self.try_prepare(text) {
            Ok((id, arguments, columns)) => {
                let mut first = vec![0];
                first.extend_from_slice(&id.to_le_bytes());
                first.extend_from_slice(&(columns.len() as u16).to_le_bytes());
                first.extend_from_slice(&(arguments as u16).to_le_bytes());
                first.extend_from_slice(&[0, 0, 0]);
                self.packets.write(&first);
                let argument = Column { name: "?".to_owned(), kind: Kind::Varchar };
                for _ in 0..arguments {
                    self.packets.write(&answer::column(&argument));
                }
                if arguments > 0 {
                    self.packets.write(&answer::eof(0, false));
                }
                for column in &columns {
                    self.packets.write(&answer::column(column));
                }
                if !columns.is_empty() {
                    self.packets.write(&answer::eof(0, false));
                }
            }
            Err(error) => {
                self.session.note_unread(text, &error);
                self.packets.write(&answer::error(&error));
            }
        }
    }

    fn try_prepare(&mut self, text: &str) -> Result<(u32, usize, Vec<Column>), SqlError> {
        let mut all = statements(text).map_err(SqlError::into_gap)?;
        if all.len() != 1 || self.prepared.len() >= MAX_PREPARED {
            return Err(SqlError::gap("preparing several statements at once, or too many"));
        }
        let tokens = all.remove(0);
        let columns = self.session.describe(text, &tokens)?;
        let prepared = Prepared::new(text.to_owned(), tokens);
        let (id, arguments) = (self.next_statement, prepared.arguments);
        self.next_statement += 1;
        self.prepared.insert(id, prepared);
        Ok((id, arguments, columns))
    }

    pub(super) async fn execute_prepared(&mut self, body: &[u8]) -> io::Result<Next> {
        let mut reader = Reader::new(body);
        let id = reader.number(4).unwrap_or_default() as u32;
        let _flags_and_count = reader.take(5);
        let bound =
            self.prepared.get_mut(&id).map(|prepared| (prepared.text.clone(), prepared.bind(reader.rest())));
        let result = match bound {
            Some((text, Some(tokens))) => self.run(&text, &tokens).await,
            _ => Err(SqlError::arguments("mysqld_stmt_execute")),
        };
        self.reply(result, false, true).await
    }
}
