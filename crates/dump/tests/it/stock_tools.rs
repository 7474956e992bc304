//! Without Lifeboat, a dump is restored with `age`, `zstd` or `lz4`, and the `mariadb` client.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use dump::{ChunkAim, Compression, Options};

use crate::bed::{Bed, files, selection};
use crate::encryption::Key;

#[tokio::test]
async fn a_dump_is_restored_by_the_stock_client() {
    let bed = Bed::shared();
    let long: Vec<String> = (0..2000).map(|i| format!("({i},'a\\nb;\\n-- {i}\\0\\r\\\\\\'')")).collect();
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY, `col``umn` VARCHAR(60), KEY k (`col``umn`))",
        "CREATE TABLE child (id INT PRIMARY KEY, t INT, b VARBINARY(9), \
         CONSTRAINT child_t FOREIGN KEY (t) REFERENCES t (id))",
        &format!("INSERT INTO t VALUES {}", long.join(",")),
        "INSERT INTO child VALUES (1,5,0x00FF0A), (2,NULL,''), (3,7,NULL)",
        "CREATE VIEW v AS SELECT child.id FROM child JOIN t ON t.id = child.t",
    ];
    bed.database("d_stock", &statements).await;
    let key = Key::new();
    for (id, compression, recipients) in [
        ("packed", Compression::default(), vec![]),
        ("packed-lz4", Compression::Lz4, vec![]),
        ("plain", Compression::None, vec![]),
        ("sealed", Compression::default(), vec![key.recipient.clone()]),
        ("sealed-lz4", Compression::Lz4, vec![key.recipient.clone()]),
        ("sealed-plain", Compression::None, vec![key.recipient.clone()]),
    ] {
        let end = if recipients.is_empty() { "" } else { ".age" };
        let chunk = ChunkAim { rows: Some(700), ..ChunkAim::default() };
        let options = Options {
            selection: selection(&["d_stock"]),
            compression,
            recipients,
            chunk,
            ..Options::default()
        };
        bed.dump_with(&id.parse().expect("an id"), &options).await.expect("a dump");
        bed.database("d_stock_2", &[]).await;
        let dump = bed.dir.path().join(id);
        let run = |file: &Path| client_with(&bed, "d_stock_2", file, Some(&key));
        run(&dump.join(format!("schema/d_stock/tables.sql{end}")));
        let pieces = files(&dump.join("data/d_stock"));
        assert_eq!(pieces.len(), 4, "{pieces:?}");
        pieces.iter().for_each(|piece| run(piece));
        run(&dump.join(format!("schema/d_stock/views.sql{end}")));
        assert_eq!(bed.compare(id, &[("d_stock", "d_stock_2")]).await.findings, []);
        let mut session = bed.session().await;
        assert_eq!(
            crate::bed::query(&mut session, "SELECT id FROM d_stock_2.v ORDER BY id").await,
            [["1"], ["3"]]
        );
        session.close().await;
    }
}

/// Runs `zstd -dc file | mariadb database`, or `mariadb database < file`.
pub(crate) fn client(bed: &Bed, database: &str, file: &Path) {
    client_with(bed, database, file, None);
}

/// Runs `age -d file | zstd -dc | mariadb database`, with the steps that the file name requires.
fn client_with(bed: &Bed, database: &str, file: &Path, key: Option<&Key>) {
    let mut input: Stdio = File::open(file).expect("the file").into();
    let mut unpackers = Vec::new();
    for end in file.to_str().expect("a path").rsplit('.') {
        let mut command = match end {
            "age" => {
                let mut command = Command::new("age");
                command.args(["-d", "-i"]).arg(key.expect("a key").file());
                command
            }
            "zst" => Command::new("zstd"),
            "lz4" => Command::new("lz4"),
            _ => break,
        };
        if end != "age" {
            command.arg("-dc");
        }
        let spawned = command.stdin(input).stdout(Stdio::piped()).spawn();
        let mut child = spawned.unwrap_or_else(|cause| panic!("the program for .{end}: {cause}"));
        input = child.stdout.take().expect("piped").into();
        unpackers.push(child);
    }
    let status = Command::new("mariadb")
        .args([
            "--no-defaults",
            "-h",
            &bed.server.host,
            "-P",
            &bed.server.port.to_string(),
            "-u",
            "root",
            database,
        ])
        .env("MYSQL_PWD", &bed.server.password)
        .stdin(input)
        .status()
        .expect("the program mariadb");
    assert!(status.success(), "{}", file.display());
    for mut unpacker in unpackers {
        assert!(unpacker.wait().expect("an unpacker").success(), "{}", file.display());
    }
}
