//! The base of the tests: the shared seekdb, a directory for dumps, and calls for a whole dump or load.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dump::{Choice, ChunkAim, DumpId, Manifest, Meter, Options, Selection, Source, load};
use model::Secret;
use model::backup::BackupObject;
use model::cluster::Address;
use model::storage::StorageLocation;
use oceanbase::{Endpoint, NoWitness, Session, Statement};
use storage::{Client, FileRoots};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use xtask::seekdb::Server;

/// A server, and a directory for dumps.
pub(crate) struct Bed {
    /// The server.
    pub(crate) server: Server,
    /// The storage for dumps.
    pub(crate) client: Client,
    /// The directory itself.
    pub(crate) dir: TempDir,
    /// The user that dumps and loads.
    user: String,
}

impl Bed {
    /// Uses the server that all tests share.
    pub(crate) fn shared() -> Self {
        Self::on(xtask::seekdb::shared().expect("a running seekdb"))
    }

    /// Uses the MariaDB of this process.
    pub(crate) fn mariadb() -> Self {
        let own = xtask::mariadb::shared().expect("a running MariaDB");
        let (host, password) = (own.host.clone(), own.password.clone());
        Self::on(Server { host, port: own.port, password, pid: 0, dir: PathBuf::new() })
    }

    /// Uses another server, and the same directory for dumps.
    pub(crate) fn beside(&self, other: &Self) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self { server: other.server.clone(), client: self.client.clone(), dir, user: other.user.clone() }
    }

    /// Uses the same server as another user, and the same directory for dumps.
    pub(crate) fn as_user(&self, user: &str, password: &str) -> Self {
        let server = Server { password: password.to_owned(), ..self.server.clone() };
        let dir = tempfile::tempdir().expect("a directory");
        Self { server, client: self.client.clone(), dir, user: user.to_owned() }
    }

    /// Uses that server.
    pub(crate) fn on(server: Server) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self { server, client: client(dir.path()), dir, user: "root".to_owned() }
    }

    /// Uses the server that all tests share, and a directory of the caller.
    pub(crate) fn shared_in(path: &Path) -> Self {
        Self::on_in(xtask::seekdb::shared().expect("a running seekdb"), path)
    }

    /// Uses that server, and a directory that another process made and keeps.
    pub(crate) fn on_in(server: Server, path: &Path) -> Self {
        let mut bed = Self::on(server);
        bed.client = client(path);
        bed
    }

    /// Returns the server as source and target.
    pub(crate) fn source(&self) -> Source {
        let endpoint = Endpoint { user: self.user.clone(), ..endpoint(&self.server) };
        Source { endpoint, witness: Arc::new(NoWitness) }
    }

    /// Creates a database, empty, and runs statements in it.
    pub(crate) async fn database(&self, name: &str, statements: &[&str]) {
        self.server.fresh_database(name).expect("a database");
        let mut session = self.session().await;
        run(&mut session, &format!("USE `{name}`")).await;
        if !session.server().product.is_oceanbase() {
            run(&mut session, &format!("ALTER DATABASE `{name}` CHARACTER SET utf8mb4")).await;
        }
        for statement in statements {
            run(&mut session, statement).await;
        }
        session.close().await;
    }

    /// Removes a database that a test is going to create itself.
    pub(crate) fn no_database(&self, name: &str) {
        self.server.run(&[format!("DROP DATABASE IF EXISTS `{name}`")]).expect("no database");
    }

    /// Opens a connection.
    pub(crate) async fn session(&self) -> Session {
        Session::open(&self.source().endpoint, Arc::new(NoWitness)).await.expect("a connection")
    }

    /// Takes a whole dump of these databases.
    pub(crate) async fn dump(&self, id: &str, databases: &[&str], chunk: ChunkAim) -> Manifest {
        let dump = id.parse().expect("an id");
        let options = Options { selection: selection(databases), chunk, ..Options::default() };
        self.dump_with(&dump, &options).await.expect("a dump")
    }

    /// Takes a whole dump.
    pub(crate) async fn dump_with(&self, dump: &DumpId, options: &Options) -> dump::Result<Manifest> {
        self.dump_metered(dump, options, &Meter::new()).await
    }

    /// Takes a whole dump, and reports its progress.
    pub(crate) async fn dump_metered(
        &self,
        dump: &DumpId,
        options: &Options,
        meter: &Meter,
    ) -> dump::Result<Manifest> {
        let (source, never) = (self.source(), CancellationToken::new());
        let options = Options { connections: 4, ..options.clone() };
        let snapshot = dump::take_or_resume_snapshot(&source, &self.client, dump, &options).await?;
        dump::dump_schema(&source, &self.client, &snapshot).await?;
        dump::dump_data(&source, &self.client, &snapshot, 4, meter, &never).await?;
        snapshot.release().await;
        dump::finish(&self.client, dump, options.signer.as_ref()).await
    }

    /// Loads a whole dump under other names, verifies it, and removes the notes.
    pub(crate) async fn load(&self, id: &str, names: &[(&str, &str)]) -> Vec<model::text::Text> {
        self.load_with(id, &load_options(names)).await
    }

    /// Loads a whole dump as requested, verifies it, and removes the notes.
    pub(crate) async fn load_with(&self, id: &str, options: &load::Options) -> Vec<model::text::Text> {
        let dump: DumpId = id.parse().expect("an id");
        let (target, never) = (self.source(), CancellationToken::new());
        let meter = Meter::new();
        create_schema(&target, &self.client, &dump, options).await.expect("a schema");
        load::load_data(&target, &self.client, &dump, options, 3, &meter, &never).await.expect("rows");
        let made =
            load::create_indexes(&target, &self.client, &dump, options, 3, &never).await.expect("keys");
        let report = load::verify_data(&target, &self.client, &dump, options, 3, &meter, &never).await;
        assert_eq!(report.expect("a report").findings, []);
        load::finish(&target, &self.client, &dump, options).await.expect("an end");
        made.texts()
    }

    /// Compares a dump with databases.
    pub(crate) async fn compare(&self, id: &str, names: &[(&str, &str)]) -> dump::Report {
        let (dump, never) = (id.parse().expect("an id"), CancellationToken::new());
        let options = load_options(names);
        let choice =
            Choice { names: &options.databases, selection: &options.selection, expected_manifest: None };
        dump::verify_against(&self.source(), &self.client, &dump, choice, 3, &Meter::new(), &never)
            .await
            .expect("a report")
    }

    /// Verifies a dump.
    pub(crate) async fn verify(&self, id: &str) -> dump::Report {
        let (dump, never) = (id.parse().expect("an id"), CancellationToken::new());
        dump::verify(&self.client, &dump, None, 4, &Meter::new(), &never).await.expect("a report")
    }
}

fn client(path: &Path) -> Client {
    let location = StorageLocation::directory(path.to_str().expect("a path")).expect("a location");
    let roots = FileRoots::new([path]).expect("a root");
    Client::open(&location, None, &roots).expect("a storage")
}

/// Returns where the server is.
pub(crate) fn endpoint(server: &Server) -> Endpoint {
    let address = Address { host: server.host.clone(), port: server.port };
    Endpoint::new(vec![address], "root", Secret::new(server.password.clone()))
}

/// Chooses whole databases.
pub(crate) fn selection(databases: &[&str]) -> Selection {
    Selection(databases.iter().map(|&name| BackupObject::Database(name.to_owned())).collect())
}

/// Renames databases.
pub(crate) fn load_options(names: &[(&str, &str)]) -> load::Options {
    let databases: BTreeMap<String, String> =
        names.iter().map(|&(old, new)| (old.to_owned(), new.to_owned())).collect();
    load::Options { databases, ..load::Options::default() }
}

/// Runs a statement that must succeed.
pub(crate) async fn run(session: &mut Session, sql: &str) -> u64 {
    let mut tries = 0;
    loop {
        let statement = if tries > 0 { xtask::seekdb::again(sql) } else { sql.to_owned() };
        match session.run(&Statement::act(statement)).await {
            Ok(changed) => return changed,
            Err(error) if tries < 20 && error.number().is_some_and(xtask::seekdb::is_unsettled) => tries += 1,
            Err(error) if has_succeeded(&error, tries) => return 0,
            Err(error) => panic!("{sql:.200}: {error}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

fn has_succeeded(error: &oceanbase::Error, tries: u32) -> bool {
    xtask::seekdb::has_succeeded(error.number().unwrap_or_default(), &error.to_string(), tries)
}

/// Returns the rows of a query as text; invalid UTF-8 is escaped.
pub(crate) async fn query(session: &mut Session, sql: &str) -> Vec<Vec<String>> {
    let rows = match session.rows(&Statement::read(sql)).await {
        Ok(rows) => rows,
        Err(error) => panic!("{sql:.200}: {error}"),
    };
    let text =
        |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.escape_ascii().to_string());
    let cell = |value: Option<&[u8]>| value.map_or("NULL".to_owned(), text);
    rows.iter().map(|row| (0..row.width()).map(|place| cell(row.bytes(place))).collect()).collect()
}

/// Returns the files below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Creates databases and tables on two connections.
pub(crate) async fn create_schema(
    target: &Source,
    client: &Client,
    dump: &DumpId,
    options: &load::Options,
) -> dump::Result<load::Made> {
    load::create_schema(target, client, dump, options, 2, &CancellationToken::new()).await
}
