//! Opening the metadata: the data directory, its lock, its key, its schema.
//!
//! 1. the directory exists, and no other process uses it (several Lifeboats may use a server's database)
//! 2. the database is not damaged or lost: a key without a database means that one existed
//! 3. the schema is brought to this version; a newer one is refused
//! 4. the key is the one that sealed the secrets; it is created only if none ever existed
//! 5. no copy was partly restored

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::Timestamp;
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::database::{Connection, Database, Transaction, without_unended};
use crate::dialect::{SQLITE_MIGRATIONS, sqlite_is_damaged, sqlite_options};
use crate::error::Error;
use crate::journal::{end_all_leases, in_time};
use crate::room::Room;
use crate::schema;
use crate::seal::{KEY_BYTES, Sealer, new_key};
use crate::server::Server;
use crate::sql::statement;

/// The files in a data directory.
const LOCK_FILE: &str = "lifeboat.lock";
const KEY_FILE: &str = "secret.key";
const DATABASE_FILE: &str = "lifeboat.db";

/// The maximum number of concurrent readers.
const READERS: u32 = 4;

/// The timeout for getting a connection.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// The setting with the key's fingerprint.
const FINGERPRINT: &str = "key-fingerprint";

/// The setting that exists while the first key is being created.
const KEY_PENDING: &str = "key-pending";

/// The setting that exists while a copy is being restored.
pub(crate) const RESTORING: &str = "restoring";

/// The setting with the identity of the restored copy, until the metadata are used.
pub(crate) const RESTORED: &str = "restored";

/// The open database, for reading; [`Metadata::begin`] starts a write. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metadata {
    pub(crate) database: Arc<Database>,
    pub(crate) sealer: Arc<Sealer>,
    /// Locks other programs out while the database of a directory is open.
    _lock: Option<Arc<Lock>>,
}

/// The locks on an open data directory: one on the directory itself, which cannot be removed, and one on a file in
/// it, for file systems that cannot lock directories.
#[derive(Debug)]
pub(crate) struct Lock {
    _directory: File,
    _file: File,
}

impl Metadata {
    /// Opens the metadata in a data directory; creates both if they do not exist.
    ///
    /// # Errors
    /// When another program uses the directory, when the metadata were used by a newer version, or when their key is
    /// missing or another one; and when the directory or the database fails.
    pub async fn open(data_directory: &Path) -> Result<Self, Error> {
        let stored = Stored::open(data_directory, None, Beside::Known).await?;
        stored.unlock(data_directory).await
    }

    /// Opens metadata on a server, which several Lifeboats may use at once. The data directory contains the key,
    /// which must be the same for all of them; the first one creates it.
    ///
    /// # Errors
    /// As [`Metadata::open`], except for the lock; also when the server does not respond or refuses the log-on.
    pub async fn open_on(data_directory: &Path, server: &Server) -> Result<Self, Error> {
        let stored = Stored::open(data_directory, Some(server), Beside::Known).await?;
        stored.unlock(data_directory).await
    }

    /// Opens the metadata in a data directory that a running server uses, for reading only.
    pub(crate) async fn open_to_read(data_directory: &Path) -> Result<Self, Error> {
        let options = sqlite_options(&data_directory.join(DATABASE_FILE)).pragma("query_only", "ON");
        let readers = connect("open the metadata for reading", READERS, options).await?;
        let database = Database::sqlite(readers.clone(), readers, None);
        let path = data_directory.join(KEY_FILE);
        let expected = setting(&mut database.read().await?, FINGERPRINT).await?;
        let shown = path.display().to_string();
        let key = spawn_blocking(move || read_or_make_key(&path, false)).await;
        let sealer = Sealer::new(&key.expect("file work does not panic")?);
        match expected {
            Some(expected) if expected == sealer.fingerprint() => {}
            expected => {
                let expected = expected.unwrap_or_default();
                return Err(Error::KeyOther {
                    path: shown,
                    found: sealer.fingerprint().to_owned(),
                    expected,
                });
            }
        }
        Ok(Self { database: Arc::new(database), sealer: Arc::new(sealer), _lock: None })
    }

    /// Begins a write transaction. Only one writer is active at a time, so do nothing slow in a transaction: no call
    /// to a cluster or a storage, no hashing, and no other writing call of [`Metadata`], which would wait for this
    /// one to end.
    ///
    /// # Errors
    /// When the database fails, or is busy for too long.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        Ok(Transaction { connection: self.database.begin().await?, sealer: self.sealer.clone() })
    }

    /// Returns the time of the metadata's clock, which all servers on the same metadata use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn now(&self) -> Result<Timestamp, Error> {
        Ok(Timestamp(self.read().await?.now().await?.0))
    }

    /// Moves this server's reading of the clock forward or back, as if the clock were set: for tests.
    pub fn turn_clock(&self, by_us: i64) {
        self.database.turn_clock(by_us);
    }

    /// Ends all connections. Other programs can open the metadata after the last clone is dropped.
    pub async fn close(self) {
        self.database.close().await;
    }

    pub(crate) async fn read(&self) -> Result<Connection, Error> {
        self.database.read().await
    }

    /// Checks that the database can be read and written.
    ///
    /// # Errors
    /// When it cannot, and when the disk of the data directory is nearly full.
    pub async fn check(&self) -> Result<(), Error> {
        in_time("check the metadata", async {
            self.look_at_room().await?;
            let mut writer = self.database.begin().await?;
            // Rewrites an existing value.
            let touch = statement("check the metadata", "UPDATE settings SET value = value WHERE name = ?");
            writer.execute(touch.bind(FINGERPRINT)).await?;
            writer.commit().await
        })
        .await
    }

    /// Checks the disk space of the data directory, and releases or restores the reserve.
    ///
    /// # Errors
    /// When the disk is nearly full; then no task starts.
    pub async fn look_at_room(&self) -> Result<(), Error> {
        let Some(room) = self.database.room() else { return Ok(()) };
        spawn_blocking(move || {
            room.look();
            room.check()
        })
        .await
        .expect("file work does not panic")
    }
}

/// A database with this version's schema, before its secrets can be opened.
pub(crate) struct Stored {
    pub(crate) database: Database,
    /// Its name in messages.
    pub(crate) place: String,
    lock: Option<Arc<Lock>>,
}

/// The meaning of a key file in a data directory without a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// The database was lost.
    Known,
    /// A copy will be restored.
    Copy,
}

impl Stored {
    /// Opens the database in the data directory, or the one on a server.
    pub(crate) async fn open(
        data_directory: &Path,
        server: Option<&Server>,
        beside: Beside,
    ) -> Result<Self, Error> {
        let directory = data_directory.to_owned();
        let is_local = server.is_none();
        let prepared = spawn_blocking(move || prepare(&directory, is_local)).await;
        let lock = prepared.expect("file work does not panic")?.map(Arc::new);
        if let Some(server) = server {
            schema::migrate(server).await?;
            let (writers, readers) = server.pools().await?;
            let place = server.place();
            return Ok(Self { database: Database::mysql(server.clone(), writers, readers), place, lock });
        }
        let file = data_directory.join(DATABASE_FILE);
        let options = sqlite_options(&file);
        let damaged = |error: Error| match error {
            Error::Database { cause: sqlx::Error::Database(said), .. } if is_damaged(&*said) => {
                Error::DatabaseDamaged { path: file.display().to_string(), cause: said.to_string() }
            }
            other => other,
        };
        let writer = connect("open the metadata", 1, options.clone()).await.map_err(damaged)?;
        let prepared = async {
            check_whole(&writer, &file).await.map_err(damaged)?;
            if beside == Beside::Known && data_directory.join(KEY_FILE).exists() && is_empty(&writer).await? {
                return Err(lost(data_directory));
            }
            migrate(&writer, data_directory).await
        };
        if let Err(error) = prepared.await {
            writer.close().await; // leaves no write-ahead log behind that a new file of the same name would use
            return Err(error);
        }
        let readers =
            connect("open the metadata for reading", READERS, options.pragma("query_only", "ON")).await?;
        let place = data_directory.display().to_string();
        let room = Room::open(data_directory);
        Ok(Self { database: Database::sqlite(writer, readers, Some(room)), place, lock })
    }

    async fn unlock(self, data_directory: &Path) -> Result<Metadata, Error> {
        match self.open_key(data_directory).await {
            Ok(sealer) => {
                Ok(Metadata { database: Arc::new(self.database), sealer: Arc::new(sealer), _lock: self.lock })
            }
            Err(error) => {
                self.database.close().await;
                Err(error)
            }
        }
    }

    async fn open_key(&self, data_directory: &Path) -> Result<Sealer, Error> {
        let mut connection = self.database.begin().await?;
        if setting(&mut connection, RESTORING).await?.is_some() {
            return Err(Error::RestoreUnfinished { path: self.place.clone() });
        }
        if self.lock.is_some() {
            // No other process uses the directory, so the holders of all tasks are dead, and there is no need to wait
            // for the end of their leases.
            end_all_leases(&mut connection).await?;
        }
        forget(&mut connection, RESTORED).await?; // from now on, the metadata differ from the copy
        connection.commit().await?;
        unlock(&self.database, data_directory, self.lock.is_some()).await
    }
}

/// Creates the directory. If it contains the database, makes it readable by the owner only, and locks out others.
fn prepare(directory: &Path, is_local: bool) -> Result<Option<Lock>, Error> {
    let failed = |verb, path: &Path| {
        let path = path.display().to_string();
        move |cause| Error::DataDirectory { verb, path, cause }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed("make", directory))?;
    if !is_local {
        return Ok(None);
    }
    let lock = lock(directory)?;
    // SQLite would create it readable by everybody; its other files inherit the permissions of this one.
    let database_path = directory.join(DATABASE_FILE);
    private().create(true).truncate(false).open(&database_path).map_err(failed("open", &database_path))?;
    Ok(Some(lock))
}

fn lock(directory: &Path) -> Result<Lock, Error> {
    let file_path = directory.join(LOCK_FILE);
    let failed =
        |verb, path: &Path, cause| Error::DataDirectory { verb, path: path.display().to_string(), cause };
    let in_use = || Error::DirectoryInUse { path: directory.display().to_string() };
    let itself = File::open(directory).map_err(|cause| failed("open", directory, cause))?;
    match itself.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use()),
        Err(TryLockError::Error(error)) => tracing::debug!(%error, "this file system locks no directories"),
    }
    let file = private().create(true).truncate(false).open(&file_path);
    let file = file.map_err(|cause| failed("open", &file_path, cause))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _directory: itself, _file: file }),
        Err(TryLockError::WouldBlock) => Err(in_use()),
        Err(TryLockError::Error(cause)) => Err(failed("lock", &file_path, cause)),
    }
}

fn lost(directory: &Path) -> Error {
    let shown = |file| directory.join(file).display().to_string();
    Error::DatabaseLost { path: shown(DATABASE_FILE), key: shown(KEY_FILE) }
}

/// Returns whether SQLite reports that a file is not a database, or is damaged.
fn is_damaged(said: &dyn sqlx::error::DatabaseError) -> bool {
    said.code().is_some_and(|code| sqlite_is_damaged(&code))
}

/// Refuses a damaged database, before anything is read from it or written to it.
async fn check_whole(writer: &SqlitePool, file: &Path) -> Result<(), Error> {
    let failed = |cause| Error::Database { verb: "check the metadata", cause };
    let found: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(writer).await.map_err(failed)?;
    if found == "ok" {
        return Ok(());
    }
    Err(Error::DatabaseDamaged { path: file.display().to_string(), cause: found })
}

/// Returns whether a database has no schema yet.
async fn is_empty(writer: &SqlitePool) -> Result<bool, Error> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master").fetch_one(writer).await;
    let count: i64 = count.map_err(|cause| Error::Database { verb: "look for metadata", cause })?;
    Ok(count == 0)
}

pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

async fn connect(
    verb: &'static str,
    connections: u32,
    options: SqliteConnectOptions,
) -> Result<SqlitePool, Error> {
    let pool = without_unended(SqlitePoolOptions::new())
        .max_connections(connections)
        .acquire_timeout(CONNECTION_WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false);
    pool.connect_with(options).await.map_err(|cause| Error::Database { verb, cause })
}

/// Upgrades the schema to this version.
async fn migrate(writer: &SqlitePool, directory: &Path) -> Result<(), Error> {
    let path = directory.display().to_string();
    match SQLITE_MIGRATIONS.run(writer).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(found)) => {
            let known = SQLITE_MIGRATIONS.iter().map(|step| step.version).max().unwrap_or(0);
            Err(Error::NewerSchema { path, found, known })
        }
        Err(cause) => Err(Error::Migration { path, cause: Box::new(cause) }),
    }
}

/// Reads the key for the secrets. It is created if neither a key nor a sealed secret exists. A key that the database
/// does not know belongs to another database, which was lost.
async fn unlock(database: &Database, data_directory: &Path, is_local: bool) -> Result<Sealer, Error> {
    let path = data_directory.join(KEY_FILE);
    let mut connection = database.begin().await?;
    let expected = setting(&mut connection, FINGERPRINT).await?;
    let may_make = expected.is_none() && !is_anything_sealed(&mut connection).await?;
    if expected.is_none() && is_local {
        let is_pending = setting(&mut connection, KEY_PENDING).await?.is_some();
        if path.exists() && !is_pending {
            return Err(lost(data_directory));
        }
        if !is_pending {
            keep(&mut connection, KEY_PENDING, "").await?;
        }
        // Recorded before the key exists, so that a crash in between is not mistaken for a lost database.
        connection.commit().await?;
        connection = database.begin().await?;
    }
    let shown = path.display().to_string();
    let key =
        spawn_blocking(move || read_or_make_key(&path, may_make)).await.expect("file work does not panic")?;
    let sealer = Sealer::new(&key);
    match expected {
        Some(expected) if expected != sealer.fingerprint() => {
            return Err(Error::KeyOther { path: shown, found: sealer.fingerprint().to_owned(), expected });
        }
        Some(_) => {}
        None => {
            keep(&mut connection, FINGERPRINT, sealer.fingerprint()).await?;
            forget(&mut connection, KEY_PENDING).await?;
            connection.commit().await?;
        }
    }
    Ok(sealer)
}

/// Stores a new setting.
pub(crate) async fn keep(connection: &mut Connection, name: &'static str, value: &str) -> Result<(), Error> {
    let keep = statement("keep a setting", "INSERT INTO settings (name, value) VALUES (?, ?)");
    connection.execute(keep.bind(name).bind(value)).await.map(drop)
}

/// Removes a setting; succeeds if it does not exist.
pub(crate) async fn forget(connection: &mut Connection, name: &'static str) -> Result<(), Error> {
    let forget = statement("remove a setting", "DELETE FROM settings WHERE name = ?");
    connection.execute(forget.bind(name)).await.map(drop)
}

/// Reads a setting.
pub(crate) async fn setting(
    connection: &mut Connection,
    name: &'static str,
) -> Result<Option<String>, Error> {
    let read = statement("read a setting", "SELECT value FROM settings WHERE name = ?");
    let row = connection.row(read.bind(name)).await?;
    row.map(|row| row.text("value")).transpose()
}

/// Returns the fingerprint of the key in a data directory, which must exist.
pub(crate) async fn key_fingerprint(data_directory: &Path) -> Result<String, Error> {
    let path = data_directory.join(KEY_FILE);
    let read = spawn_blocking(move || read_or_make_key(&path, false)).await;
    Ok(Sealer::new(&read.expect("file work does not panic")?).fingerprint().to_owned())
}

/// Returns the location of the key of a data directory, for messages.
pub(crate) fn key_place(data_directory: &Path) -> String {
    data_directory.join(KEY_FILE).display().to_string()
}

async fn is_anything_sealed(connection: &mut Connection) -> Result<bool, Error> {
    let count = statement(
        "look for sealed secrets",
        "SELECT (SELECT COUNT(*) FROM clusters) + (SELECT COUNT(*) FROM storages WHERE secret IS NOT NULL) AS total",
    );
    Ok(connection.count(count).await? > 0)
}

fn read_or_make_key(path: &Path, may_make: bool) -> Result<Zeroizing<[u8; KEY_BYTES]>, Error> {
    let shown = || path.display().to_string();
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && may_make => {
            return make_key(path).map_err(|cause| Error::DataDirectory {
                verb: "make",
                path: shown(),
                cause,
            });
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Err(Error::KeyMissing { path: shown() });
        }
        Err(cause) => return Err(Error::DataDirectory { verb: "open", path: shown(), cause }),
    };
    let failed = |cause| Error::DataDirectory { verb: "read", path: shown(), cause };
    if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others than the owner may read the key file; `chmod 600` it");
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(failed)?;
    let bytes = BASE64.decode(text.trim()).map(Zeroizing::new);
    let key = bytes.ok().and_then(|bytes| <[u8; KEY_BYTES]>::try_from(&bytes[..]).ok());
    key.map(Zeroizing::new).ok_or_else(|| Error::KeyMalformed { path: shown() })
}

/// Creates a key. It is durable before anything is sealed with it.
fn make_key(path: &Path) -> io::Result<Zeroizing<[u8; KEY_BYTES]>> {
    let key = new_key();
    let text = Zeroizing::new(format!("{}\n", BASE64.encode(&key[..])));
    // Written under a temporary name, because an incomplete key file would prevent every later start.
    let unfinished = path.with_extension("key.new");
    let mut file = private().create(true).truncate(true).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(key)
}
