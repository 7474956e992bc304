//! A client's connection: log-on, then commands until the client disconnects or is killed.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::answer;
use super::arguments::Prepared;
use super::login::{self, Login};
use super::packet::{Packets, Reader};
use super::prepared::is_forwarded_id;
use crate::backend;
use crate::error::SqlError;
use crate::process::{Kill, Process, Victim};
use crate::session::{Reply, Session};
use crate::sql::token::statements;
use crate::sql::{Answer, Token};

/// The approximate size of the slices of a long answer.
const SLICE_BYTES: usize = 256 << 10;

/// The server that a client is connected to.
pub(crate) struct Door {
    pub(crate) process: Arc<Process>,
    pub(crate) cluster: usize,
    pub(crate) server: usize,
}

/// Serves a client until its connection ends.
pub(crate) async fn serve(stream: TcpStream, door: Door) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let victim = door.process.admit();
    let served = log_in(Packets::new(stream), &door, &victim).await;
    if let Ok(Some((packets, session))) = served {
        let mut connection = Connection {
            packets,
            session,
            salt: victim.salt,
            prepared: HashMap::new(),
            next_statement: 1,
            victim: victim.clone(),
        };
        let result = connection.commands().await;
        door.process.dismiss(victim.id);
        return result;
    }
    door.process.dismiss(victim.id);
    served.map(|_| ())
}

async fn log_in(
    mut packets: Packets,
    door: &Door,
    victim: &Victim,
) -> io::Result<Option<(Packets, Session)>> {
    let version = door.process.profile(door.cluster).handshake_version();
    let tls = door.process.tls.as_ref();
    packets.write(&login::greeting(version, victim.id, &victim.salt, tls.is_some()));
    packets.flush().await?;
    let Some(mut payload) = packets.read().await? else { return Ok(None) };
    if let Some(tls) = tls
        && login::asks_for_tls(&payload)
    {
        packets = packets.secure(&tls.0).await?;
        let Some(under_tls) = packets.read().await? else { return Ok(None) };
        payload = under_tls;
    }
    let Some(mut login) = login::read_login(&payload) else { return Ok(None) };
    if login.plugin != login::PLUGIN {
        packets.write(&login::switch_request(&victim.salt));
        packets.flush().await?;
        let Some(proof) = packets.read().await? else { return Ok(None) };
        login.proof = proof;
    }
    let opened = open(door, victim.id, &victim.salt, &login);
    match &opened {
        Ok(_) => packets.write(&answer::ok(0, 0, false)),
        Err(error) => packets.write(&answer::error(error)),
    }
    packets.flush().await?;
    Ok(opened.ok().map(|session| (packets, session)))
}

fn open(door: &Door, id: u32, salt: &[u8; 20], login: &Login) -> Result<Session, SqlError> {
    let proof = login.proof.strip_suffix(&[0]).filter(|proof| proof.len() == 20 || proof.is_empty());
    let proof = proof.unwrap_or(&login.proof);
    Session::open(
        &door.process,
        door.cluster,
        door.server,
        id,
        &login.user,
        login.database.clone(),
        |password| login::proves(password, salt, proof),
    )
    .map_err(|mut error| {
        if error.number == 1045 {
            error.message = error.message.replace("?", if proof.is_empty() { "NO" } else { "YES" });
        }
        error
    })
}

pub(super) struct Connection {
    pub(super) packets: Packets,
    pub(super) session: Session,
    salt: [u8; 20],
    pub(super) prepared: HashMap<u32, Prepared>,
    pub(super) next_statement: u32,
    victim: Victim,
}

/// Whether the connection continues.
#[derive(PartialEq)]
pub(super) enum Next {
    Go,
    Close,
}

impl Connection {
    async fn commands(&mut self) -> io::Result<()> {
        let victim = self.victim.clone();
        loop {
            self.packets.restart();
            let payload = tokio::select! {
                payload = self.packets.read() => payload?,
                () = victim.ended() => return Ok(()),
            };
            let Some(payload) = payload else { return Ok(()) };
            let Some((&command, body)) = payload.split_first() else { return Ok(()) };
            let next = self.command(command, body).await?;
            self.packets.flush().await?;
            if next == Next::Close {
                return Ok(());
            }
        }
    }

    async fn command(&mut self, command: u8, body: &[u8]) -> io::Result<Next> {
        match command {
            0x01 => return Ok(Next::Close),
            0x02 => {
                let database = String::from_utf8_lossy(body).into_owned();
                let result = self.session.use_database(&database).map(|()| Reply::ok());
                self.reply(result, false, false).await?;
            }
            0x03 => return self.query(body).await,
            0x04 => self.packets.write(&answer::eof(0, false)),
            0x09 => self.packets.write(b"Uptime: 1  Threads: 1  lifeboat-sim"),
            0x0c => {
                let id = Reader::new(body).number(4).unwrap_or_default();
                let result = self.session.kill(id as u32, Kill::Connection).map(|()| Reply::ok());
                self.reply(result, false, false).await?;
            }
            0x0e => self.packets.write(&answer::ok(0, 0, false)),
            0x11 => return self.change_user(body).await,
            0x16 if self.is_forwarded_text(body) => return self.forward_prepare(body).await,
            0x17..=0x1a if is_forwarded_id(body) => return self.forward_prepared(command, body).await,
            0x16 => self.prepare(&String::from_utf8_lossy(body)),
            0x17 => return self.execute_prepared(body).await,
            0x18 => {
                let mut reader = Reader::new(body);
                if let (Some(id), Some(argument)) = (reader.number(4), reader.number(2))
                    && let Some(prepared) = self.prepared.get_mut(&(id as u32))
                {
                    prepared.append_long(argument as usize, reader.rest());
                }
            }
            0x19 => {
                let id = Reader::new(body).number(4).unwrap_or_default() as u32;
                self.prepared.remove(&id);
            }
            0x1a => {
                let id = Reader::new(body).number(4).unwrap_or_default() as u32;
                if let Some(prepared) = self.prepared.get_mut(&id) {
                    prepared.reset();
                }
                self.packets.write(&answer::ok(0, 0, false));
            }
            0x1b => self.packets.write(&answer::eof(0, false)),
            0x1f => {
                self.session.reset();
                self.prepared.clear();
                if self.session.is_bridged() {
                    return self.forward(0x1f, body).await;
                }
                self.packets.write(&answer::ok(0, 0, false));
            }
            other => {
                let mut error = SqlError::gap(format!("protocol command {other:#04x}"));
                (error.number, error.state) = (1047, "08S01");
                self.session.note_gap(&format!("protocol command {other:#04x}"), &error);
                self.packets.write(&answer::error(&error));
            }
        }
        Ok(Next::Go)
    }

    async fn query(&mut self, body: &[u8]) -> io::Result<Next> {
        if self.session.is_bridged() && is_plain_data(body) {
            return self.forward(0x03, body).await;
        }
        let text = &*String::from_utf8_lossy(body);
        let all = match statements(text) {
            Ok(all) if all.is_empty() => {
                let mut error = SqlError::syntax("");
                (error.number, error.message) = (1065, "Query was empty".to_owned());
                Err(error)
            }
            other => other,
        };
        let all = match all {
            Ok(all) => all,
            Err(error) => {
                self.session.note_unread(text, &error.clone().into_gap());
                self.packets.write(&answer::error(&error));
                return Ok(Next::Go);
            }
        };
        if self.session.forwards_all(&all) {
            all.iter().for_each(|tokens| self.session.note_settings(text, tokens));
            return self.forward(0x03, body).await;
        }
        let last = all.len() - 1;
        for (at, tokens) in all.iter().enumerate() {
            let result = self.run(text, tokens).await;
            let failed = result.is_err();
            if self.reply(result, at < last, false).await? == Next::Close {
                return Ok(Next::Close);
            }
            if failed {
                break;
            }
        }
        Ok(Next::Go)
    }

    /// Forwards a command to the real server; it can be killed until the answer begins.
    async fn forward(&mut self, command: u8, body: &[u8]) -> io::Result<Next> {
        self.victim.spare();
        let result = tokio::select! {
            result = self.session.forward_whole(command, body) => result,
            () = self.victim.killed() => Err(SqlError::plain(5065)),
        };
        self.reply(result, false, false).await
    }

    /// Runs one statement, which can be killed.
    pub(super) async fn run(&mut self, text: &str, tokens: &[Token]) -> Result<Reply, SqlError> {
        self.victim.spare();
        tokio::select! {
            result = self.session.execute(text, tokens) => result,
            () = self.victim.killed() => Err(SqlError::plain(5065)),
        }
    }

    async fn change_user(&mut self, body: &[u8]) -> io::Result<Next> {
        let Some(mut login) = login::read_change_user(body) else { return Ok(Next::Close) };
        self.packets.write(&login::switch_request(&self.salt));
        self.packets.flush().await?;
        let Some(proof) = self.packets.read().await? else { return Ok(Next::Close) };
        login.proof = proof;
        let door = self.session.door();
        match open(&door, self.victim.id, &self.salt, &login) {
            Ok(session) => {
                self.session = session;
                self.prepared.clear();
                self.packets.write(&answer::ok(0, 0, false));
                Ok(Next::Go)
            }
            Err(error) => {
                self.packets.write(&answer::error(&error));
                Ok(Next::Close)
            }
        }
    }

    pub(super) async fn reply(
        &mut self,
        result: Result<Reply, SqlError>,
        more: bool,
        binary: bool,
    ) -> io::Result<Next> {
        let warnings = self.session.warning_count();
        // An answer of one packet is cut before that packet: the client never learns whether the statement succeeded.
        if !matches!(result, Ok(Reply::Rows(_))) && self.session.take_cut() {
            return Ok(Next::Close);
        }
        match result {
            Ok(Reply::Ok { affected }) => self.packets.write(&answer::ok(affected, warnings, more)),
            Ok(Reply::Rows(rows)) => return self.rows(&rows, warnings, more, binary).await,
            Ok(Reply::Forwarded) => return self.pass_on(more).await,
            Err(error) => self.packets.write(&answer::error(&error)),
        }
        Ok(Next::Go)
    }

    /// Forwards the real server's answer, packet by packet.
    pub(super) async fn pass_on(&mut self, more: bool) -> io::Result<Next> {
        let mut held: Option<Vec<u8>> = None;
        loop {
            let next = tokio::select! {
                next = self.session.next_forwarded() => next,
                () = self.victim.killed() => Err(SqlError::plain(5065)),
            };
            match next {
                Ok(Some(payload)) => {
                    if let Some(earlier) = held.replace(payload) {
                        self.packets.write(&earlier);
                        self.send_slice().await?;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    held = None;
                    self.session.abandon_forwarded();
                    self.packets.write(&answer::error(&error));
                    break;
                }
            }
        }
        if let Some(mut last) = held {
            if more && last.first() != Some(&0xff) {
                backend::mark_more(&mut last);
            }
            self.packets.write(&last);
        }
        Ok(Next::Go)
    }

    async fn rows(&mut self, rows: &Answer, warnings: u16, more: bool, binary: bool) -> io::Result<Next> {
        let mut count = Vec::new();
        super::packet::put_length(&mut count, rows.columns.len() as u64);
        self.packets.write(&count);
        for column in &rows.columns {
            self.packets.write(&answer::column(column));
        }
        self.packets.write(&answer::eof(warnings, false));
        // A cut connection ends after half of the rows.
        let cut = self.session.take_cut();
        let sent = if cut { rows.rows.len() / 2 } else { rows.rows.len() };
        for row in &rows.rows[..sent] {
            let payload = if binary { answer::binary_row(&rows.columns, row) } else { answer::text_row(row) };
            self.packets.write(&payload);
            self.send_slice().await?;
        }
        if cut {
            return Ok(Next::Close);
        }
        self.packets.write(&answer::eof(warnings, more));
        Ok(Next::Go)
    }

    async fn send_slice(&mut self) -> io::Result<()> {
        if self.packets.queued() > SLICE_BYTES { self.packets.flush().await } else { Ok(()) }
    }
}

/// Returns whether a command is a data statement, which is for the real server; it may be long and contain any bytes.
fn is_plain_data(body: &[u8]) -> bool {
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    let word: Vec<u8> = body[start..].iter().take_while(|byte| byte.is_ascii_alphabetic()).copied().collect();
    ["INSERT", "REPLACE", "CREATE", "DROP", "UPDATE", "DELETE"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}
