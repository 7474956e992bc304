//! `dump`, `load` and `verify`, which need no server.

use std::io::BufRead as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

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
        transcript.run(&arguments, command.env("HOME", dir.path().join("home")))
    };
    tell(format!("dump --url {url} --to {base} --database nowhere"));
    tell(format!("dump --url {url} --to {base} --database {shop}"));
    let dumps: Vec<_> = std::fs::read_dir(dir.path().join("dumps")).expect("dumps").collect();
    let [Ok(dump)] = dumps.as_slice() else { panic!("{dumps:?}") };
    let from = format!("{base}/{}", dump.file_name().to_string_lossy());
    tell(format!("verify --from {from}"));
    let load = format!("load --from {from} --url {url}");
    tell(load.clone());
    tell(format!("{load} --rename {shop}={copy}"));
    assert_eq!(fingerprint(&seekdb, shop), fingerprint(&seekdb, copy));
    tell(format!("verify --from {from} --against {url} --rename {shop}={copy}"));
    seekdb.run(&[format!("DELETE FROM `{copy}`.sale WHERE id = 7")]).expect("a row less");
    tell(format!("verify --from {from} --against {url} --rename {shop}={copy}"));
    seekdb.run(&[format!("DROP DATABASE `{copy}`")]).expect("no copy");
    tell(format!("{load} --table {shop}.nothing --rename {shop}={copy}"));
    tell(format!("{load} --table {shop}.sale --rename {shop}={copy}"));
    let piece = dump.path().join("manifest.json");
    std::fs::remove_file(piece).expect("the manifest");
    tell(format!("verify --from {from}"));
    insta::assert_snapshot!(transcript.normal());
}

#[test]
fn a_load_that_could_not_make_something_names_it_and_ends_with_4() {
    let seekdb = with_shop("app_not_made");
    let (shop, copy) = (&seekdb.database, &seekdb.copy);
    let statements = [
        format!("CREATE TABLE `{shop}`.gone (id INT PRIMARY KEY)"),
        format!("CREATE VIEW `{shop}`.of_gone AS SELECT id FROM `{shop}`.gone"),
        format!("DROP TABLE `{shop}`.gone"),
    ];
    seekdb.run(&statements).expect("a view of nothing");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    let tell = |arguments: &str| {
        let mut command = lifeboat();
        command.args(arguments.split_whitespace()).env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password);
        run(command.env("HOME", dir.path()))
    };
    let dumped = tell(&format!(
        "dump --url {url} --to file://{}/dumps --database {shop} -o json",
        dir.path().display()
    ));
    assert_eq!(dumped.status, 0, "the view is kept: {}", dumped.err);
    let dump: Value = serde_json::from_str(&dumped.out).expect("JSON");
    let uri = dump["uri"].as_str().expect("a URI");
    let load = format!("load --url {url} --from {uri} --rename {shop}={copy}");
    let loaded = tell(&format!("{load} -o json"));
    assert_eq!(loaded.status, 4, "{}", loaded.err);
    let said: Value = serde_json::from_str(&loaded.out).expect("JSON");
    let part = &said["notMade"][0];
    assert_eq!((&part["kind"], &part["name"]), (&json!("views"), &json!(format!("`{copy}`.`of_gone`"))));
    assert!(part["reason"].as_str().is_some_and(|reason| reason.contains("of_gone")), "{said}");
    assert_eq!(said["notMade"].as_array().map(Vec::len), Some(1));
    assert!(loaded.err.contains("load-incomplete"), "{}", loaded.err);
    seekdb.run(&[format!("DROP DATABASE `{copy}`")]).expect("no copy");
    let loaded = tell(&load);
    assert_eq!(loaded.status, 4, "{}", loaded.err);
    assert!(loaded.out.contains(&format!("`{copy}`.`of_gone`")), "{}", loaded.out);
    assert!(!loaded.out.contains("read back"), "it is not called whole: {}", loaded.out);
}

#[test]
fn a_load_without_the_code_of_its_dump_is_partial_unless_that_is_agreed_to() {
    let seekdb = with_shop("app_codeless");
    let (shop, copy) = (&seekdb.database, &seekdb.copy);
    let statements = [
        format!("USE `{shop}`"),
        "CREATE PROCEDURE restock () UPDATE product SET price = 1".to_owned(),
        "CREATE FUNCTION twice (x INT) RETURNS INT DETERMINISTIC RETURN 2 * x".to_owned(),
        "CREATE TRIGGER r BEFORE INSERT ON product FOR EACH ROW SET NEW.price = 1".to_owned(),
    ];
    seekdb.run(&statements).expect("code");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    let tell = |arguments: &str| {
        let mut command = lifeboat();
        command.args(arguments.split_whitespace()).env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password);
        run(command.env("HOME", dir.path()))
    };
    let dumped = tell(&format!(
        "dump --url {url} --to file://{}/dumps --database {shop} -o json",
        dir.path().display()
    ));
    let dump: Value = serde_json::from_str(&dumped.out).expect("JSON");
    let uri = dump["uri"].as_str().expect("a URI");
    let load = format!("load --url {url} --from {uri} --rename {shop}={copy}");
    let drop = || seekdb.run(&[format!("DROP DATABASE IF EXISTS `{copy}`")]).expect("no copy");
    let routines = || {
        let found = seekdb.run(&[format!("SHOW CREATE PROCEDURE `{copy}`.restock")]).is_ok();
        (found, seekdb.run(&[format!("SHOW CREATE TRIGGER `{copy}`.r")]).is_ok())
    };

    let plain = tell(&format!("{load} -o json"));
    assert_eq!(plain.status, 4, "{}", plain.err);
    let said: Value = serde_json::from_str(&plain.out).expect("JSON");
    assert_eq!((&said["status"], said["notMade"].as_array().map(Vec::len)), (&json!("PARTIAL"), Some(3)));
    let kinds: Vec<&str> = (0..3).filter_map(|at| said["notMade"][at]["kind"].as_str()).collect();
    assert_eq!(kinds, ["routines", "routines", "triggers"]);
    drop();
    let plain = tell(&load);
    assert!(plain.status == 4 && plain.err.contains("--with-code"), "{}", plain.err);
    let reason = format!("The trigger `{copy}`.`r` is not created: code was not requested (--with-code)");
    assert!(plain.out.contains(&reason), "{}", plain.out);

    drop();
    let half = tell(&format!("{load} --without routines"));
    assert_eq!(half.status, 4, "{}", half.err);
    assert!(half.out.contains("the kind routines are left out, as requested"), "{}", half.out);
    drop();
    let agreed = tell(&format!("{load} --without routines --without triggers -o json"));
    assert_eq!(agreed.status, 0, "{}", agreed.err);
    let said: Value = serde_json::from_str(&agreed.out).expect("JSON");
    assert_eq!((&said["status"], &said["notMade"]), (&json!("COMPLETE"), &json!([])));
    assert_eq!(routines(), (false, false));
    drop();
    let mixed = tell(&format!("{load} --with-code --without triggers"));
    assert_eq!((mixed.status, routines()), (0, (true, false)), "{}", mixed.err);
    let refused = tell(&format!("{load} --without sequences"));
    assert!(refused.status == 2 && refused.err.contains("the kind sequences"), "{}", refused.err);
}

/// Returns the origin that a command showed.
fn origin(ran: &Ran) -> Value {
    assert_eq!(ran.status, 0, "{}", ran.err);
    serde_json::from_str::<Value>(&ran.out).expect("JSON")["origin"].clone()
}

#[test]
fn a_dump_is_signed_with_the_key_of_its_user_whom_alone_load_asks_nothing() {
    let seekdb = with_shop("app_own_key");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    let base = format!("file://{}/dumps", dir.path().display());
    let tell = |home: Option<&str>, arguments: &str| {
        let mut command = lifeboat();
        command.args(arguments.split_whitespace()).env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password);
        match home {
            Some(home) => command.env("HOME", dir.path().join(home)),
            None => command.env_remove("HOME"),
        };
        run(&mut command)
    };
    let dump = |home: Option<&str>| {
        let ran = tell(home, &format!("dump --url {url} --to {base} --database {} -o json", seekdb.database));
        assert_eq!(ran.status, 0, "{}", ran.err);
        let said: Value = serde_json::from_str(&ran.out).expect("JSON");
        (said["uri"].as_str().expect("a URI").to_owned(), said["signer"].clone())
    };
    std::fs::write(dir.path().join("file"), "").expect("written");
    let (eva, max) = (Some("eva"), Some("max"));
    let (signed, key) = dump(eva);
    assert_eq!(dump(eva).1, key, "the same key");
    assert_eq!(
        origin(&tell(eva, &format!("verify --from {signed} -o json"))),
        json!({ "signature": "own", "key": key })
    );
    let (key, mut copies) = (key.as_str().expect("a key"), 0);
    let mut load = |home: Option<&str>, from: &str, more: &str| {
        copies += 1;
        let names = format!("{}={}_{copies}", seekdb.database, seekdb.copy);
        let ran = tell(home, &format!("load --url {url} --from {from} --rename {names} {more} -o json"));
        seekdb.run(&[format!("DROP DATABASE IF EXISTS `{}_{copies}`", seekdb.copy)]).expect("dropped");
        ran
    };
    assert_eq!(origin(&load(eva, &signed, "")), json!({ "signature": "own", "key": key }));
    let foreign = load(max, &signed, "");
    for part in
        [format!("--trust-key {key}"), "--accept-unsigned".into(), format!("lifeboat verify --from {signed}")]
    {
        assert!(foreign.status != 0 && foreign.err.contains(&part), "{part}: {}", foreign.err);
    }
    assert_eq!(origin(&load(max, &signed, &format!("--trust-key {key}")))["signature"], "known");

    // Without a directory for a key, the dump is made without a signature.
    for home in [None, Some("file")] {
        let (unsigned, signer) = dump(home);
        assert_eq!(signer, Value::Null, "{home:?}");
        let verified = tell(eva, &format!("verify --from {unsigned} -o json"));
        assert_eq!(origin(&verified), json!({ "signature": "unsigned" }));
        let refused = load(eva, &unsigned, "");
        for part in ["--trust-key", "--accept-unsigned", &*format!("lifeboat verify --from {unsigned}")] {
            assert!(refused.status != 0 && refused.err.contains(part), "{part}: {}", refused.err);
        }
        assert_eq!(origin(&load(eva, &unsigned, "--accept-unsigned"))["signature"], "unsigned");
    }
    let said = tell(None, &format!("dump --url {url} --to {base} --database {}", seekdb.database));
    assert_eq!(said.out.matches("The dump is not signed").count(), 1, "{}", said.out);
}

#[test]
fn a_signed_dump_is_loaded_with_the_key_that_signed_it_and_with_no_other() {
    let seekdb = with_shop("app_signed");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    let tell = |arguments: &str| {
        let mut command = lifeboat();
        command.args(arguments.split_whitespace()).env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password);
        run(&mut command)
    };
    let keygen = |name: &str| {
        let file = dir.path().join(name);
        let ran = tell(&format!("keygen {} -o json", file.display()));
        assert_eq!(ran.status, 0, "{}", ran.err);
        let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let said: Value = serde_json::from_str(&ran.out).expect("JSON");
        let text = std::fs::read_to_string(&file).expect("a key");
        let secret = text.lines().last().expect("a line");
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "the secret key is shown");
        (file.display().to_string(), said["publicKey"].as_str().expect("a key").to_owned())
    };
    let ((file, key), (_, stranger)) = (keygen("mine"), keygen("other"));
    assert_ne!(tell(&format!("keygen {file}")).status, 0, "an existing key is never replaced");

    let base = format!("file://{}/dumps", dir.path().display());
    let dumped = tell(&format!(
        "dump --url {url} --to {base} --database {} --sign-key {file} -o json",
        seekdb.database
    ));
    let dumped: Value = serde_json::from_str(&dumped.out).expect("JSON");
    assert_eq!(dumped["signer"], *key);
    let from = dumped["uri"].as_str().expect("a URI");
    let verified = tell(&format!("verify --from {from} -o json"));
    assert_eq!(origin(&verified), json!({ "signature": "unknown", "key": key }));
    let verified = tell(&format!("verify --from {from} --trust-key {key} -o json"));
    assert_eq!(origin(&verified), json!({ "signature": "known", "name": key, "key": key }));
    let refused = |arguments: &str, part: &str| {
        let ran = tell(&format!("{arguments} --from {from}"));
        assert!(ran.status != 0 && ran.err.contains(part), "{arguments}: {}{}", ran.out, ran.err);
    };
    refused(&format!("verify --trust-key {stranger}"), &format!("signed with {key}"));
    let load = format!("load --url {url} --rename {}={}", seekdb.database, seekdb.copy);
    refused(&load, &format!("--trust-key {key}"));
    refused(&format!("{load} --accept-unsigned"), &format!("--trust-key {key}"));
    refused(&format!("{load} --trust-key {stranger}"), &format!("signed with {key}"));
    refused(&format!("{load} --trust-key {}", &key[..20]), "is not a public signing key");
    let loaded = tell(&format!("{load} --trust-key {stranger} --trust-key {key} --from {from} -o json"));
    assert_eq!(origin(&loaded)["key"], *key);
    assert_eq!(fingerprint(&seekdb, &seekdb.database), fingerprint(&seekdb, &seekdb.copy));

    // Anyone can give a changed manifest a valid hash, but not a signature.
    let path = from.strip_prefix("file://").expect("a directory").to_owned() + "/manifest.json";
    let text = std::fs::read_to_string(&path).expect("a manifest");
    let (content, seal) = text.split_once('\n').expect("two lines");
    let changed = content.replacen("\"rows\":", "\"rows\": ", 1);
    let hash = |content: &str| blake3::hash(content.as_bytes()).to_hex().to_string();
    std::fs::write(&path, format!("{changed}\n{}", seal.replace(&hash(content), &hash(&changed))))
        .expect("altered");
    for altered in ["verify".to_owned(), format!("{load} --trust-key {key}")] {
        refused(&altered, "manifest.json of the dump was changed");
    }
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

/// The storage accepts no large file until there is space again. Then the test runs the printed command unchanged.
#[test]
fn a_dump_that_was_interrupted_is_resumed_by_the_option_that_it_prints() {
    let seekdb = with_shop("app_resumed");
    let shop = &seekdb.database;
    let statements = [
        format!("CREATE TABLE `{shop}`.wide (id INT PRIMARY KEY, v LONGBLOB)"),
        format!("INSERT INTO `{shop}`.wide VALUES (1, REPEAT(x'00FF', 1000000))"),
    ];
    seekdb.run(&statements).expect("a table whose piece is large");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let base = format!("file://{}/dumps", dir.path().display());
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    let dump = |shell: &str, more: &[&str]| {
        let binary = lifeboat();
        let mut command = Command::new("sh");
        command.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.args(["-c", shell]).arg(binary.get_program());
        command.args(["dump", "--url", &url, "--to", &base, "--database", shop, "--compression", "none"]);
        run(command.args(more).env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password))
    };
    // The maximum file size is half a megabyte or one megabyte, depending on the shell's unit. The signal is ignored,
    // so that the write fails.
    let interrupted = dump("trap '' 25; ulimit -f 1000; exec \"$0\" \"$@\"", &[]);
    assert_ne!(interrupted.status, 0, "{}", interrupted.err);
    let hint = interrupted.out.lines().find(|line| line.contains("--resume")).expect("a hint");
    let option = hint.split('`').nth(1).expect("an option between backticks");
    let words: Vec<&str> = option.split_whitespace().collect();
    let ["--resume", id] = words[..] else { panic!("{hint}") };
    let resumed = dump("exec \"$0\" \"$@\"", &words);
    assert_eq!(resumed.status, 0, "{}", resumed.err);
    let folders: Vec<_> = std::fs::read_dir(dir.path().join("dumps")).expect("dumps").collect();
    let [Ok(folder)] = &folders[..] else { panic!("{folders:?}") };
    assert_eq!(folder.file_name().to_str(), Some(id));
    let mut verify = lifeboat();
    let verified = run(verify.args(["verify", "--from", &format!("{base}/{id}")]));
    assert_eq!(verified.status, 0, "{}", verified.err);
}

/// The signal comes when the dump has begun; compressing the rows takes much longer than that.
#[test]
fn a_dump_that_a_signal_ends_prints_how_it_is_resumed() {
    let seekdb = with_shop("app_signalled");
    let shop = &seekdb.database;
    let row = "CONCAT(SHA2(RAND(), 512), SHA2(RAND(), 512), SHA2(RAND(), 512), SHA2(RAND(), 512))";
    let mut statements = vec![
        format!("CREATE TABLE `{shop}`.wide (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(600))"),
        format!("INSERT INTO `{shop}`.wide (v) VALUES ('x'), ('y')"),
    ];
    let more = format!("INSERT INTO `{shop}`.wide (v) SELECT {row} FROM `{shop}`.wide");
    statements.extend(std::iter::repeat_n(more, 14));
    seekdb.run(&statements).expect("a large table");
    let url = format!("mysql://root@127.0.0.1:{}", seekdb.port);
    for signal in ["INT", "TERM"] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let base = format!("file://{}/dumps", dir.path().display());
        let dump = |more: &[&str]| {
            let mut command = lifeboat();
            command.args(["dump", "--url", &url, "--to", &base, "--database", shop, "--threads", "1"]);
            command.args(["--compression", "zstd:19"]).args(more);
            command.env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password);
            command
        };
        let mut child = dump(&[]).stdout(std::process::Stdio::piped()).spawn().expect("it starts");
        let mut lines = std::io::BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut line = || lines.next().map(|line| line.expect("text"));
        let begun = std::iter::from_fn(&mut line).find(|line| line.contains("reads the snapshot"));
        assert!(begun.is_some(), "the dump begins");
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(sent.expect("kill can be run").success());
        let hint = std::iter::from_fn(&mut line).find(|line| line.contains("--resume")).expect("a hint");
        assert_ne!(child.wait().expect("it ends").code(), Some(0), "{signal}");
        let folders: Vec<_> = std::fs::read_dir(dir.path().join("dumps")).expect("dumps").collect();
        let [Ok(folder)] = &folders[..] else { panic!("{folders:?}") };
        let id = folder.file_name().into_string().expect("text");
        assert!(hint.contains(&format!("`--resume {id}`")), "{hint}");
        if signal == "TERM" {
            let resumed = run(&mut dump(&["--resume", &id]));
            assert_eq!(resumed.status, 0, "{}", resumed.err);
        }
    }
}

#[test]
fn what_a_dump_leaves_out_without_consent_decides_its_exit_status() {
    let seekdb = with_shop("app_left_out");
    let shop = &seekdb.database;
    let unwritable = "JSON_ARRAY(x.b) FROM JSON_TABLE('[5]', '$[*]' COLUMNS (b BIT(9) PATH '$')) x";
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
        command.args(["dump", "--url", &url, "--to", &base, "--database", shop]);
        let form = if more.contains(&"-o") { &[][..] } else { &["-o", "json"] };
        command.args(form).args(more);
        let Ran { status, out, err } = run(command.env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password));
        (status, out, err)
    };
    let named = |stdout: &str| -> (String, Vec<(String, bool)>) {
        let data: Value = serde_json::from_str(stdout).expect("JSON");
        let objects = data["leftOut"].as_array().expect("a list").iter();
        let name = |object: &Value| object["name"].as_str().unwrap_or_default().to_owned();
        let list = objects.map(|object| (name(object), object["agreed"] == true)).collect();
        (data["status"].as_str().unwrap_or_default().to_owned(), list)
    };
    let odd = format!("`{shop}`.`odd`");
    let (code, stdout, stderr) = run(&[]);
    assert_eq!((code, named(&stdout)), (4, ("PARTIAL".to_owned(), vec![(odd.clone(), false)])), "{stderr}");
    let (_, text, _) = run(&["-o", "table"]);
    assert!(text.contains(&format!("To accept this, add `--exclude '{odd}'`")), "{text}");
    let (code, stdout, stderr) = run(&["--exclude", &odd]);
    assert_eq!((code, named(&stdout)), (0, ("COMPLETE".to_owned(), vec![(odd.clone(), true)])), "{stderr}");
    let (code, _, stderr) = run(&["--exclude", &format!("{shop}.od")]);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains(&format!("`{shop}`.`od`")) && stderr.contains(&odd), "{stderr}");
    let (code, _, stderr) = run(&["--without", "event"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("did you mean `events`?"), "{stderr}");
}

#[test]
fn notes_that_a_dump_finds_while_reading_are_shown_by_each_command() {
    let maria = xtask::mariadb::Instance::start().expect("a MariaDB");
    let packets = |bytes: u32| format!("SET GLOBAL max_allowed_packet = {bytes}");
    let statements = [
        packets(16 << 20),
        "CREATE DATABASE notes".to_owned(),
        "CREATE TABLE notes.large (id INT PRIMARY KEY, b LONGBLOB)".to_owned(),
    ];
    maria.run(&statements).expect("a table");
    let fill = "INSERT INTO notes.large VALUES (1, REPEAT('x', 3000000))".to_owned();
    maria.run(&[fill, packets(1 << 20)]).expect("a value that the settings do not let through any more");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let base = format!("file://{}/dumps", dir.path().display());
    let url = format!("mysql://root@127.0.0.1:{}", maria.port);
    let run = |arguments: &[&str]| {
        let mut command = lifeboat();
        let Ran { status, out, err } =
            run(command.args(arguments).env("LIFEBOAT_CLUSTER_PASSWORD", &maria.password));
        assert_eq!(status, 0, "{arguments:?}: {err}");
        out
    };
    let note = "exceeds the server's max_allowed_packet";
    let notes = |out: &str| {
        let data: Value = serde_json::from_str(out).expect("JSON");
        assert!(data["notes"].to_string().contains(note), "{out}");
        data["uri"].as_str().unwrap_or_default().to_owned()
    };
    let dump = ["dump", "--url", &url, "--to", &base, "--database", "notes"];
    assert_eq!(run(&dump).matches(note).count(), 1, "it is said once");
    let uri = notes(&run(&[&dump[..], &["-o", "json"]].concat()));
    assert!(run(&["verify", "--from", &uri]).contains(note));
    notes(&run(&["verify", "--from", &uri, "-o", "json"]));
    let load = ["load", "--from", &uri, "--url", &url];
    let drop = || maria.run(&["DROP DATABASE notes".to_owned(), packets(16 << 20)]).expect("dropped");
    drop();
    assert!(run(&load).contains(note));
    drop();
    notes(&run(&[&load[..], &["-o", "json"]].concat()));
}
