//! Without Lifeboat, a dump is restored with `zstd` and the `mariadb` client.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dump::{ChunkAim, Compression, Options};

use crate::bed::{Bed, selection};

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
    for (id, compression) in [("packed", Compression::default()), ("plain", Compression::None)] {
        let chunk = ChunkAim { rows: Some(700), ..ChunkAim::default() };
        let options = Options { selection: selection(&["d_stock"]), compression, chunk };
        bed.dump_with(&id.parse().expect("an id"), &options).await.expect("a dump");
        bed.database("d_stock_2", &[]).await;
        let dump = bed.dir.path().join(id);
        client(&bed, "d_stock_2", &dump.join("schema/d_stock/tables.sql"));
        let pieces = files(&dump.join("data/d_stock"));
        assert_eq!(pieces.len(), 4, "{pieces:?}");
        pieces.iter().for_each(|piece| client(&bed, "d_stock_2", piece));
        client(&bed, "d_stock_2", &dump.join("schema/d_stock/views.sql"));
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
    let mut unpack = None;
    let input: Stdio = if file.extension().is_some_and(|extension| extension == "zst") {
        let command = Command::new("zstd").arg("-dc").arg(file).stdout(Stdio::piped()).spawn();
        let mut child = command.expect("the program zstd");
        let output = child.stdout.take().expect("piped");
        unpack = Some(child);
        output.into()
    } else {
        File::open(file).expect("the file").into()
    };
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
    if let Some(mut unpack) = unpack {
        assert!(unpack.wait().expect("zstd").success(), "{}", file.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
