//! A copy of all metadata in one file, and its restore: after a loss, or into another kind of database.
//!
//! The file contains lines of JSON: a header; for each table, its name and its rows; and an end with a checksum of
//! everything before it. Sealed secrets are copied in sealed form. **The key file is not part of the copy and must be
//! stored separately**: without it, the secrets of the copy are lost; with it, they can be read.
//!
//! A copy is restored only into empty metadata. A setting marks the restore while it runs, and no server starts then;
//! after a crash, it starts over. Another setting marks its completion: as long as nothing has used the metadata
//! since, restoring the same copy again changes nothing and succeeds.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::task::spawn_blocking;

use crate::database::Connection;
use crate::error::Error;
use crate::open::{
    Beside, Metadata, RESTORED, RESTORING, Stored, forget, keep, key_fingerprint, key_place, private, setting,
};
use crate::server::Server;
use crate::sql::{Row, Statement, Value};
use crate::tables::{Column, TABLES, Table};

/// The format in the first line of a copy.
const FORMAT: &str = "lifeboat-metadata-copy";

/// How many rows are read at a time, and written in one transaction.
const ROWS_AT_ONCE: u32 = 1_000;

/// The longest line; the state of a step is far smaller.
const LINE_MAX_BYTES: usize = 256 << 20;

/// A summary of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopySummary {
    /// The number of rows of all tables.
    pub rows: u64,
    /// The size of the file.
    pub bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: String,
    schema: u32,
    key_fingerprint: String,
}

/// One line of a copy after the header.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Table(String),
    Row(Vec<serde_json::Value>),
    End { rows: u64, blake3: String },
}

impl Metadata {
    /// Opens the metadata of a data directory or on a server, and writes a copy. A running Lifeboat may be using
    /// them.
    ///
    /// # Errors
    /// When there are none, and as [`Metadata::open`] and [`Metadata::copy_to`].
    pub async fn copy(
        data_directory: &Path,
        server: Option<&Server>,
        file: &Path,
    ) -> Result<CopySummary, Error> {
        key_fingerprint(data_directory).await?; // fails instead of creating new metadata
        let metadata = match server {
            Some(server) => Self::open_on(data_directory, server).await?,
            None => match Self::open(data_directory).await {
                Err(Error::DirectoryInUse { .. }) => Self::open_to_read(data_directory).await?,
                opened => opened?,
            },
        };
        let copied = metadata.copy_to(file).await;
        metadata.close().await;
        copied
    }

    /// Writes a consistent copy of everything to a new file that only its owner can read. Servers keep working in the
    /// meantime.
    ///
    /// # Errors
    /// When the file exists already or cannot be written, or the database fails.
    pub async fn copy_to(&self, file: &Path) -> Result<CopySummary, Error> {
        let mut writer = Writer::create(file).await?;
        let mut reader = self.read().await?;
        let header = Header {
            format: FORMAT.to_owned(),
            schema: crate::tables::SCHEMA,
            key_fingerprint: self.sealer.fingerprint().to_owned(),
        };
        writer.line(&header).await?;
        let mut rows = 0;
        for table in TABLES {
            writer.line(&Line::Table(table.name.to_owned())).await?;
            let mut offset = 0;
            loop {
                let page = reader.rows(table.page(offset, ROWS_AT_ONCE)).await?;
                for row in &page {
                    writer.line(&Line::Row(values(table, row)?)).await?;
                }
                rows += page.len() as u64;
                offset += page.len() as u64;
                if page.len() < ROWS_AT_ONCE as usize {
                    break;
                }
            }
        }
        let blake3 = writer.hash.finalize().to_hex().to_string();
        writer.line(&Line::End { rows, blake3 }).await?;
        let bytes = writer.finish().await?;
        Ok(CopySummary { rows, bytes })
    }
}

/// Restores a copy: into the data directory, or into the database on a server. The data directory must already
/// contain the key of the copy's secrets.
///
/// Tasks that were running when the copy was written continue on the first server that starts.
///
/// # Errors
/// When the metadata are not empty, when the copy is damaged or of another version, when the key is missing or
/// another one, or when the database fails.
pub async fn restore(
    file: &Path,
    data_directory: &Path,
    server: Option<&Server>,
) -> Result<CopySummary, Error> {
    let (header, summary, identity) = verify(file).await?;
    let found = key_fingerprint(data_directory).await?;
    if found != header.key_fingerprint {
        let path = key_place(data_directory);
        return Err(Error::KeyOther { path, found, expected: header.key_fingerprint });
    }
    let stored = Stored::open(data_directory, server, Beside::Copy).await?;
    if !make_room(&stored, &identity).await? {
        stored.database.close().await;
        return Ok(summary);
    }
    let mut reader = Reader::open(file).await?;
    let _header: Header = reader.line().await?;
    let mut table: Option<&Table> = None;
    let mut writer = stored.database.begin().await?;
    let mut pending = 0;
    loop {
        match (reader.line().await?, table) {
            (Line::Table(name), _) => table = Some(by_name(&name).ok_or_else(|| reader.damaged())?),
            (Line::Row(values), Some(table)) => {
                let insert = insert(table, values).ok_or_else(|| reader.damaged())?;
                writer.execute(insert).await?;
                pending += 1;
            }
            (Line::Row(_), None) => return Err(reader.damaged()),
            (Line::End { .. }, _) => break,
        }
        if pending == ROWS_AT_ONCE {
            writer.commit().await?;
            writer = stored.database.begin().await?;
            pending = 0;
        }
    }
    complete(&mut writer, &identity).await?;
    writer.commit().await?;
    stored.database.close().await;
    Ok(summary)
}

/// Reads the whole copy once, so that a damaged one changes nothing; also returns its identity.
async fn verify(file: &Path) -> Result<(Header, CopySummary, String), Error> {
    let mut reader = Reader::open(file).await?;
    let header: Header = reader.line().await?;
    if header.format != FORMAT {
        return Err(reader.damaged());
    }
    let known = crate::tables::SCHEMA;
    if header.schema != known {
        return Err(Error::CopyOtherSchema { path: reader.place(), found: header.schema, known });
    }
    let mut seen = 0;
    loop {
        let before = reader.hash.finalize();
        match reader.line().await? {
            Line::Table(_) => {}
            Line::Row(_) => seen += 1,
            Line::End { rows, blake3 } => {
                let is_whole = rows == seen && blake3 == before.to_hex().as_str();
                if !is_whole || reader.has_more().await? {
                    return Err(reader.damaged());
                }
                return Ok((header, CopySummary { rows, bytes: reader.bytes }, blake3));
            }
        }
    }
}

/// Refuses metadata that are not empty, but clears the remains of an earlier attempt. Returns false if this copy was
/// already restored.
async fn make_room(stored: &Stored, identity: &str) -> Result<bool, Error> {
    let mut writer = stored.database.begin().await?;
    if setting(&mut writer, RESTORING).await?.is_none() {
        if setting(&mut writer, RESTORED).await?.as_deref() == Some(identity) {
            return Ok(false);
        }
        for table in TABLES.iter().filter(|table| !table.is_never_empty()) {
            if writer.count(table.count()).await? > 0 {
                return Err(Error::NotEmpty { path: stored.place.clone() });
            }
        }
        keep(&mut writer, RESTORING, "").await?;
    }
    for table in TABLES.iter().rev() {
        writer.execute(table.clear()).await?; // everything except the restore mark
    }
    writer.commit().await?;
    Ok(true)
}

/// Completes the restore: ends all leases, and allows servers to start.
async fn complete(writer: &mut Connection, identity: &str) -> Result<(), Error> {
    crate::journal::end_all_leases(writer).await?;
    forget(writer, RESTORED).await?;
    keep(writer, RESTORED, identity).await?;
    forget(writer, RESTORING).await
}

fn by_name(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

fn values(table: &Table, row: &Row) -> Result<Vec<serde_json::Value>, Error> {
    let value = |column: &Column| match *column {
        Column::Number(name) => Ok(row.integer_or_none(name)?.into()),
        Column::Text(name) => Ok(row.text_or_none(name)?.into()),
    };
    table.columns.iter().map(value).collect()
}

/// Returns the statement that restores a row; `None` if the row does not fit the table.
fn insert(table: &Table, values: Vec<serde_json::Value>) -> Option<Statement> {
    if values.len() != table.columns.len() {
        return None;
    }
    let pairs = table.columns.iter().zip(values);
    pairs.into_iter().try_fold(table.insert(), |insert, (column, value)| {
        Some(insert.bind(match (column, value) {
            (_, serde_json::Value::Null) => Value::Nothing,
            (Column::Number(_), serde_json::Value::Number(number)) => Value::Integer(number.as_i64()?),
            (Column::Text(_), serde_json::Value::String(text)) => Value::Text(text),
            _ => return None,
        }))
    })
}

/// A copy that is being written; it has a temporary name until it is complete.
struct Writer {
    file: BufWriter<File>,
    unfinished: PathBuf,
    target: PathBuf,
    hash: blake3::Hasher,
    bytes: u64,
}

impl Writer {
    async fn create(target: &Path) -> Result<Self, Error> {
        let failed = |cause| Error::Copy { verb: "write", path: target.display().to_string(), cause };
        if tokio::fs::try_exists(target).await.map_err(failed)? {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        let mut name = target.as_os_str().to_owned();
        name.push(".unfinished");
        let unfinished = PathBuf::from(name);
        let path = unfinished.clone();
        let opened = spawn_blocking(move || private().create(true).truncate(true).open(path)).await;
        let file = opened.expect("file work does not panic").map_err(failed)?;
        let file = BufWriter::new(File::from_std(file));
        Ok(Self { file, unfinished, target: target.to_owned(), hash: blake3::Hasher::new(), bytes: 0 })
    }

    async fn line<T: Serialize>(&mut self, line: &T) -> Result<(), Error> {
        let text = crate::sql::json(line) + "\n";
        self.hash.update(text.as_bytes());
        self.bytes += text.len() as u64;
        let written = self.file.write_all(text.as_bytes()).await;
        written.map_err(|cause| self.failed(cause))
    }

    async fn finish(mut self) -> Result<u64, Error> {
        let done = async {
            self.file.flush().await?;
            self.file.get_ref().sync_all().await?;
            tokio::fs::rename(&self.unfinished, &self.target).await?;
            let folder = self.target.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new("."))).await?.sync_all().await
        };
        match done.await {
            Ok(()) => Ok(self.bytes),
            Err(cause) => Err(self.failed(cause)),
        }
    }

    fn failed(&self, cause: io::Error) -> Error {
        Error::Copy { verb: "write", path: self.target.display().to_string(), cause }
    }
}

/// A copy that is being read.
struct Reader {
    file: BufReader<File>,
    path: PathBuf,
    hash: blake3::Hasher,
    bytes: u64,
}

impl Reader {
    async fn open(path: &Path) -> Result<Self, Error> {
        let opened = File::open(path).await;
        let failed = |cause| Error::Copy { verb: "read", path: path.display().to_string(), cause };
        let file = BufReader::new(opened.map_err(failed)?);
        Ok(Self { file, path: path.to_owned(), hash: blake3::Hasher::new(), bytes: 0 })
    }

    async fn line<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, Error> {
        let mut text = Vec::new();
        let read = self.file.read_until(b'\n', &mut text).await;
        read.map_err(|cause| Error::Copy { verb: "read", path: self.place(), cause })?;
        if text.last() != Some(&b'\n') || text.len() > LINE_MAX_BYTES {
            return Err(self.damaged());
        }
        self.hash.update(&text);
        self.bytes += text.len() as u64;
        serde_json::from_slice(&text).map_err(|_| self.damaged())
    }

    async fn has_more(&mut self) -> Result<bool, Error> {
        let rest = self.file.fill_buf().await;
        Ok(!rest
            .map_err(|cause| Error::Copy { verb: "read", path: self.path.display().to_string(), cause })?
            .is_empty())
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn damaged(&self) -> Error {
        Error::CopyDamaged { path: self.place() }
    }
}
