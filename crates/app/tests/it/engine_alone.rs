//! `dump`, `load` and `verify`, which need no server.

use crate::lifeboat::{Transcript, lifeboat};
use crate::seekdb::{fingerprint, with_shop};

#[test]
fn a_shop_is_dumped_loaded_and_verified_without_a_server() {
    let seekdb = with_shop("app_alone");
    seekdb.run(&["DROP DATABASE IF EXISTS app_alone_2"]).expect("a clean server");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut transcript = Transcript::new(dir.path(), &[(seekdb.port.to_string(), "PORT")]);
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    let base = format!("file://{}/dumps", dir.path().display());
    let mut tell = |arguments: String| {
        let mut command = lifeboat();
        command.args(arguments.split_whitespace()).env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password);
        transcript.run(&arguments, &mut command)
    };
    tell(format!("dump --url {url} --to {base} --database nowhere"));
    tell(format!("dump --url {url} --to {base} --database app_alone"));
    let dumps: Vec<_> = std::fs::read_dir(dir.path().join("dumps")).expect("dumps").collect();
    let [Ok(dump)] = dumps.as_slice() else { panic!("{dumps:?}") };
    let from = format!("{base}/{}", dump.file_name().to_string_lossy());
    tell(format!("verify --from {from}"));
    tell(format!("load --from {from} --url {url}"));
    tell(format!("load --from {from} --url {url} --rename app_alone=app_alone_2"));
    assert_eq!(fingerprint(&seekdb, "app_alone"), fingerprint(&seekdb, "app_alone_2"));
    tell(format!("verify --from {from} --against {url} --rename app_alone=app_alone_2"));
    seekdb.run(&["DELETE FROM app_alone_2.sale WHERE id = 7"]).expect("a row less");
    tell(format!("verify --from {from} --against {url} --rename app_alone=app_alone_2"));
    let piece = dump.path().join("manifest.json");
    std::fs::remove_file(piece).expect("the manifest");
    tell(format!("verify --from {from}"));
    insta::assert_snapshot!(transcript.normal());
    seekdb.run(&["DROP DATABASE app_alone_2", "DROP DATABASE app_alone"]).expect("a clean server");
}
