//! A bridge to a real server that answers the data statements of a tenant; packets are forwarded unchanged.

use tokio::net::TcpStream;

use crate::config::Backend;
use crate::error::SqlError;
use crate::wire::login;
use crate::wire::packet::{Packets, Reader};

/// More results of the same command follow.
const MORE_RESULTS: u16 = 8;

/// A tenant's connection to its real server, opened on first use.
pub(crate) struct Bridge {
    backend: Backend,
    packets: Option<Packets>,
    phase: Phase,
    database: String,
}

/// The position of the bridge in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No answer is expected.
    Idle,
    /// Before the first packet of a result.
    Start,
    Columns,
    Rows,
    /// The definitions after a prepared statement: this many groups, each ending with EOF.
    Definitions(u8),
}

impl Bridge {
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend, packets: None, phase: Phase::Idle, database: String::new() }
    }

    /// Sends a protocol command, after changing the database if necessary.
    pub(crate) async fn send(&mut self, command: u8, body: &[u8], database: &str) -> Result<(), SqlError> {
        if self.phase != Phase::Idle {
            // A killed statement left its answer partly read, so a new connection is needed.
            self.packets = None;
        }
        if self.packets.is_none() {
            self.connect().await?;
        }
        if self.database != database && !database.is_empty() && command != 0x02 {
            self.command(0x02, database.as_bytes()).await?;
            let answer = self.read().await?;
            if answer.first() == Some(&0xff) {
                return Err(refusal(&answer));
            }
            database.clone_into(&mut self.database);
        }
        self.command(command, body).await?;
        // The server does not answer the closing of a statement, nor long data that is sent ahead.
        self.phase = match command {
            0x18 | 0x19 => Phase::Idle,
            0x16 => Phase::Definitions(u8::MAX),
            _ => Phase::Start,
        };
        Ok(())
    }

    /// Records a change of the database by a forwarded statement.
    pub(crate) fn note_database(&mut self, database: &str) {
        database.clone_into(&mut self.database);
    }

    /// Returns the next packet of the answer; `None` at its end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, SqlError> {
        if self.phase == Phase::Idle {
            return Ok(None);
        }
        let payload = self.read().await?;
        let is_eof = payload.first() == Some(&0xfe) && payload.len() < 9;
        self.phase = match (self.phase, payload.first()) {
            (_, Some(0xff)) => Phase::Idle,
            (Phase::Definitions(u8::MAX), _) => definitions(&payload),
            (Phase::Definitions(groups), _) if is_eof && groups > 1 => Phase::Definitions(groups - 1),
            (Phase::Definitions(_), _) if is_eof => Phase::Idle,
            (Phase::Start, Some(0x00)) => after_status(ok_status(&payload)),
            (Phase::Start, _) => Phase::Columns,
            (Phase::Columns, _) if is_eof => Phase::Rows,
            (Phase::Rows, _) if is_eof => after_status(eof_status(&payload)),
            (unchanged, _) => unchanged,
        };
        Ok(Some(payload))
    }

    /// Closes the connection; the next statement opens a new one.
    pub(crate) fn abandon(&mut self) {
        (self.packets, self.phase) = (None, Phase::Idle);
    }

    async fn connect(&mut self) -> Result<(), SqlError> {
        let stream = TcpStream::connect(&self.backend.address).await.map_err(|error| self.lost(&error))?;
        stream.set_nodelay(true).map_err(|error| self.lost(&error))?;
        self.packets = Some(Packets::new(stream));
        self.phase = Phase::Idle;
        self.database.clear();
        let greeting = self.read().await?;
        let salt = login::read_greeting(&greeting).ok_or_else(|| self.lost("it speaks another protocol"))?;
        let answer = login::answer(&self.backend.user, &self.backend.password, &salt);
        self.write(&answer).await?;
        let mut reply = self.read().await?;
        if reply.first() == Some(&0xfe) {
            let salt =
                login::read_switch(&reply).ok_or_else(|| self.lost("it wants another way to log in"))?;
            let proof = login::proof(&self.backend.password, &salt);
            self.write(&proof).await?;
            reply = self.read().await?;
        }
        if reply.first() == Some(&0xff) { Err(refusal(&reply)) } else { Ok(()) }
    }

    async fn command(&mut self, command: u8, body: &[u8]) -> Result<(), SqlError> {
        let mut payload = Vec::with_capacity(body.len() + 1);
        payload.push(command);
        payload.extend_from_slice(body);
        if let Some(packets) = &mut self.packets {
            packets.restart();
        }
        self.write(&payload).await
    }

    async fn write(&mut self, payload: &[u8]) -> Result<(), SqlError> {
        let Some(packets) = &mut self.packets else { return Err(self.lost("it is not connected")) };
        packets.write(payload);
        let result = packets.flush().await;
        result.map_err(|error| self.lost(&error))
    }

    async fn read(&mut self) -> Result<Vec<u8>, SqlError> {
        let Some(packets) = &mut self.packets else { return Err(self.lost("it is not connected")) };
        match packets.read().await {
            Ok(Some(payload)) => Ok(payload),
            Ok(None) => {
                self.packets = None;
                Err(self.lost("it has hung up"))
            }
            Err(error) => {
                self.packets = None;
                Err(self.lost(&error))
            }
        }
    }

    fn lost(&self, why: impl std::fmt::Display) -> SqlError {
        SqlError::new(
            4016,
            format!("the server behind tenant {} at {}: {why}", self.backend.tenant, self.backend.address),
        )
    }
}

/// The error in a server's packet.
fn refusal(payload: &[u8]) -> SqlError {
    let number = payload.get(1..3).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let text = String::from_utf8_lossy(payload.get(9..).unwrap_or_default()).into_owned();
    SqlError { number, ..SqlError::new(4016, text) }
}

fn after_status(status: u16) -> Phase {
    if status & MORE_RESULTS == 0 { Phase::Idle } else { Phase::Start }
}

fn ok_status(payload: &[u8]) -> u16 {
    let mut reader = Reader::new(payload);
    reader.byte();
    reader.length();
    reader.length();
    reader.number(2).unwrap_or_default() as u16
}

fn eof_status(payload: &[u8]) -> u16 {
    payload.get(3..5).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

/// Returns how many groups of definitions follow the first packet of a prepared statement.
fn definitions(payload: &[u8]) -> Phase {
    let mut reader = Reader::new(payload);
    reader.take(5);
    let (columns, arguments) = (reader.number(2).unwrap_or_default(), reader.number(2).unwrap_or_default());
    match u8::from(columns > 0) + u8::from(arguments > 0) {
        0 => Phase::Idle,
        groups => Phase::Definitions(groups),
    }
}

/// Sets the flag "more results" in the last packet of an answer; other packets are unchanged.
pub(crate) fn mark_more(payload: &mut [u8]) {
    let at = if payload.first() == Some(&0xfe) {
        3
    } else {
        let mut reader = Reader::new(payload);
        reader.byte();
        reader.length();
        reader.length();
        payload.len() - reader.rest().len()
    };
    if let Some(low) = payload.get_mut(at) {
        *low |= MORE_RESULTS as u8;
    }
}
