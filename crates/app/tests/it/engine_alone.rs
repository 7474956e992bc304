//! `dump`, `load` and `verify`, which need no server.

use crate::lifeboat::{Transcript, lifeboat};
use crate::seekdb::{fingerprint, with_shop};

#[test]
fn a_shop_is_dumped_loaded_and_verified_without_a_server() {
    let seekdb = with_shop("app_alone");
    let (shop, copy) = (&seekdb.database, &seekdb.copy);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut transcript = Transcript::new(
        dir.path(),
        &[
            (seekdb.copy.clone(), "SHOP_COPY"),
            (seekdb.database.clone(), "SHOP"),
            (format!(":{}", seekdb.port), ":PORT"),
        ],
    );
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    let base = format!("file://{}/dumps", dir.path().display());
    let mut tell = |arguments: String| {
        let mut command = lifeboat();
        command.args(arguments.split_whitespace()).env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password);
        transcript.run(&arguments, &mut command)
    };
    tell(format!("dump --url {url} --to {base} --database nowhere"));
    tell(format!("dump --url {url} --to {base} --database {shop}"));
    let dumps: Vec<_> = std::fs::read_dir(dir.path().join("dumps")).expect("dumps").collect();
    let [Ok(dump)] = dumps.as_slice() else { panic!("{dumps:?}") };
    let from = format!("{base}/{}", dump.file_name().to_string_lossy());
    tell(format!("verify --from {from}"));
    tell(format!("load --from {from} --url {url}"));
    tell(format!("load --from {from} --url {url} --rename {shop}={copy}"));
    assert_eq!(fingerprint(&seekdb, shop), fingerprint(&seekdb, copy));
    tell(format!("verify --from {from} --against {url} --rename {shop}={copy}"));
    seekdb.run(&[format!("DELETE FROM `{copy}`.sale WHERE id = 7")]).expect("a row less");
    tell(format!("verify --from {from} --against {url} --rename {shop}={copy}"));
    seekdb.run(&[format!("DROP DATABASE `{copy}`")]).expect("no copy");
    tell(format!("load --from {from} --url {url} --table {shop}.nothing --rename {shop}={copy}"));
    tell(format!("load --from {from} --url {url} --table {shop}.sale --rename {shop}={copy}"));
    let piece = dump.path().join("manifest.json");
    std::fs::remove_file(piece).expect("the manifest");
    tell(format!("verify --from {from}"));
    insta::assert_snapshot!(transcript.normal());
}

#[test]
fn dumps_of_one_second_are_as_many_dumps() {
    let seekdb = with_shop("app_same_second");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let base = format!("file://{}/dumps", dir.path().display());
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    let begin = || {
        let mut command = lifeboat();
        command.args(["dump", "--url", &url, "--to", &base, "--database", &seekdb.database]);
        command.env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password).stdout(std::process::Stdio::null());
        command.spawn().expect("it starts")
    };
    for mut dump in [begin(), begin(), begin()] {
        assert!(dump.wait().expect("it ends").success());
    }
    let folders = std::fs::read_dir(dir.path().join("dumps")).expect("dumps");
    let complete = folders.filter(|folder| {
        let path = folder.as_ref().expect("a folder").path();
        path.join("manifest.json").exists()
    });
    assert_eq!(complete.count(), 3);
}
