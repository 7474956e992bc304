//! `dump`, `load` and `verify`, which need no server.

use crate::lifeboat::{Ran, Transcript, lifeboat, run};
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

#[test]
fn what_a_dump_leaves_out_without_consent_decides_its_exit_status() {
    let seekdb = with_shop("app_left_out");
    let shop = &seekdb.database;
    let unwritable = "JSON_ARRAY(CAST('123456789012345678901234567890.12' AS DECIMAL(40,2)))";
    let statements = [
        format!("CREATE TABLE `{shop}`.odd (id INT PRIMARY KEY, c JSON)"),
        format!("INSERT INTO `{shop}`.odd SELECT 7, {unwritable}"),
    ];
    seekdb.run(&statements).expect("a table that no dump carries");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let base = format!("file://{}/dumps", dir.path().display());
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    let run = |more: &[&str]| {
        let mut command = lifeboat();
        command.args(["dump", "--url", &url, "--to", &base, "--database", shop, "-o", "json"]).args(more);
        let Ran { status, out, err } = run(command.env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password));
        (status, out, err)
    };
    let named = |stdout: &str| -> (String, Vec<(String, bool)>) {
        let data: serde_json::Value = serde_json::from_str(stdout).expect("JSON");
        let objects = data["leftOut"].as_array().expect("a list").iter();
        let name = |object: &serde_json::Value| object["name"].as_str().unwrap_or_default().to_owned();
        let list = objects.map(|object| (name(object), object["agreed"] == true)).collect();
        (data["status"].as_str().unwrap_or_default().to_owned(), list)
    };
    let odd = format!("`{shop}`.`odd`");
    let (code, stdout, stderr) = run(&[]);
    assert_eq!((code, named(&stdout)), (4, ("PARTIAL".to_owned(), vec![(odd.clone(), false)])), "{stderr}");
    let (code, stdout, stderr) = run(&["--exclude", &odd]);
    assert_eq!((code, named(&stdout)), (0, ("COMPLETE".to_owned(), vec![(odd.clone(), true)])), "{stderr}");
    let (code, _, stderr) = run(&["--exclude", &format!("{shop}.od")]);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains(&format!("`{shop}`.`od`")) && stderr.contains(&odd), "{stderr}");
    let (code, _, stderr) = run(&["--without", "event"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("did you mean `events`?"), "{stderr}");
}
