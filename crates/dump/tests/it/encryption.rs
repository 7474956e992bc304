//! An encrypted dump reveals no rows to a reader of the storage, and loads with a key.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use dump::{ChunkAim, Compression, Error, Identities, Meter, Options, Recipient, load};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, files, load_options, query, selection};

/// A pair of keys that the program `age-keygen` made.
pub(crate) struct Key {
    pub(crate) recipient: Recipient,
    dir: TempDir,
}

impl Key {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let made = Command::new("age-keygen").arg("-o").arg(dir.path().join("key")).output();
        assert!(made.expect("the program age-keygen").status.success());
        let text = fs::read_to_string(dir.path().join("key")).expect("a key");
        let public = text.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("a public key");
        Self { recipient: public.parse().expect("a recipient"), dir }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.dir.path().join("key")
    }

    fn identities(&self) -> Identities {
        Identities::read(&fs::read_to_string(self.file()).expect("a key")).expect("identities")
    }
}

/// A word in every row, key, default and comment of the test's table.
const TELLTALE: &str = "grapefruit";

async fn encrypted_dump(bed: &Bed, database: &str, id: &str, key: &Key, compression: Compression) {
    let row = |number: u32| format!("('{TELLTALE}{number}', '{}')", TELLTALE.repeat(9));
    let rows: Vec<String> = (0..3000).map(row).collect();
    let statements = [
        format!("CREATE TABLE t (name VARCHAR(40) PRIMARY KEY, v VARCHAR(99) DEFAULT '{TELLTALE}')"),
        format!("INSERT INTO t VALUES {}", rows.join(",")),
        "CREATE TABLE n (id INT PRIMARY KEY, v INT)".to_owned(),
        "INSERT INTO n SELECT LENGTH(name) * 100000 + CAST(SUBSTRING(name, 11) AS SIGNED), 1 FROM t"
            .to_owned(),
    ];
    bed.database(database, &statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let chunk = ChunkAim { rows: Some(700), ..ChunkAim::default() };
    let recipients = vec![key.recipient.clone()];
    let options =
        Options { selection: selection(&[database]), compression, recipients, chunk, ..Options::default() };
    bed.dump_with(&id.parse().expect("an id"), &options).await.expect("a dump");
}

#[tokio::test]
async fn an_encrypted_dump_shows_no_value_and_comes_back_with_its_key() {
    let (bed, key) = (Bed::shared(), Key::new());
    encrypted_dump(&bed, "d_sealed", "sealed", &key, Compression::Lz4).await;
    for file in files(&bed.dir.path().join("sealed")) {
        let bytes = fs::read(&file).expect("a file");
        let shown = bytes.windows(TELLTALE.len()).any(|window| window == TELLTALE.as_bytes());
        assert!(!shown, "{} shows a value", file.display());
    }
    assert_eq!(bed.verify("sealed").await.findings, []);
    assert_eq!(bed.compare("sealed", &[]).await.findings, []);
    bed.no_database("d_sealed_2");
    let names = [("d_sealed", "d_sealed_2")];
    let options = load::Options { identities: key.identities(), ..load_options(&names) };
    bed.load_with("sealed", &options).await;
    let mut session = bed.session().await;
    let sums = "SELECT COUNT(*), SUM(CRC32(name)), SUM(CRC32(v)) FROM";
    assert_eq!(
        query(&mut session, &format!("{sums} d_sealed.t")).await,
        query(&mut session, &format!("{sums} d_sealed_2.t")).await
    );
    session.close().await;
}

#[tokio::test]
async fn without_a_fitting_key_nothing_is_begun() {
    let (bed, key) = (Bed::shared(), Key::new());
    encrypted_dump(&bed, "d_locked", "locked", &key, Compression::default()).await;
    bed.no_database("d_locked_2");
    for identities in [Identities::default(), Key::new().identities()] {
        let options = load::Options { identities, ..load_options(&[("d_locked", "d_locked_2")]) };
        let dump = "locked".parse().expect("an id");
        let refused = create_schema(&bed.source(), &bed.client, &dump, &options).await;
        assert!(matches!(&refused, Err(Error::Locked { path }) if path.ends_with(".age")), "{refused:?}");
    }
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, "SHOW DATABASES LIKE 'd\\_locked\\_2'").await.len(), 0);
    session.close().await;
}

#[tokio::test]
async fn a_piece_that_was_swapped_for_one_of_another_key_is_found() {
    let (bed, key) = (Bed::shared(), Key::new());
    encrypted_dump(&bed, "d_swapped", "swapped", &key, Compression::None).await;
    let pieces = files(&bed.dir.path().join("swapped/data/d_swapped/n"));
    fs::copy(&pieces[1], &pieces[0]).expect("a copy");
    assert_eq!(bed.verify("swapped").await.findings.len(), 1);
    bed.no_database("d_swapped_2");
    let options =
        load::Options { identities: key.identities(), ..load_options(&[("d_swapped", "d_swapped_2")]) };
    let (dump, never) = ("swapped".parse().expect("an id"), CancellationToken::new());
    let (target, client) = (bed.source(), &bed.client);
    create_schema(&target, client, &dump, &options).await.expect("a schema");
    let loaded = load::load_data(&target, client, &dump, &options, 2, &Meter::new(), &never).await;
    assert!(loaded.is_err(), "a swapped piece was loaded");
}
