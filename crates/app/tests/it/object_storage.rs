//! Backups in an S3 storage, a real SeaweedFS: the storage is saved, tested, changed and used, and the backup sets are
//! found again after a loss of the catalogue.

use std::process::Command;

use serde_json::Value;
use xtask::seaweedfs::{Instance, shared};

use crate::lifeboat::{PASSWORD, Ran, Server, lifeboat, run};
use crate::seekdb::{Shop, fingerprint, large_shop, with_shop};

struct World {
    bucket: String,
    weed: &'static Instance,
    shop: Shop,
}

impl World {
    fn new(name: &str) -> Self {
        Self::with(with_shop(name), name)
    }

    fn with(shop: Shop, name: &str) -> Self {
        let weed = shared().expect("SeaweedFS starts");
        let bucket = format!("{}-{}", name.replace('_', "-"), std::process::id());
        weed.create_bucket(&bucket).expect("a bucket");
        Self { bucket, weed, shop }
    }

    fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("LIFEBOAT_CLUSTER_PASSWORD", &self.shop.password);
        command.env("LIFEBOAT_STORAGE_ENDPOINT", &self.weed.endpoint);
        command.env("LIFEBOAT_STORAGE_ACCESS_KEY_ID", &self.weed.access_key_id);
        command.env("LIFEBOAT_STORAGE_SECRET", &self.weed.secret)
    }

    fn run(&self, server: &Server, arguments: &str) -> Ran {
        let ran = run(self.tell(&mut server.command(arguments)));
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!said.contains(&self.weed.secret), "{arguments}: the secret was said");
        ran
    }

    fn good(&self, server: &Server, arguments: &str) -> String {
        let ran = self.run(server, arguments);
        assert_eq!(ran.status, 0, "{arguments}: {}{}", ran.out, ran.err);
        ran.out
    }

    fn refused(&self, server: &Server, arguments: &str) -> String {
        let ran = self.run(server, arguments);
        assert_ne!(ran.status, 0, "{arguments}: {}", ran.out);
        ran.out + &ran.err
    }

    fn take_over(&self, server: &Server) {
        self.good(server, &format!("cluster add demo --host 127.0.0.1:{} --user root", self.shop.port));
        self.good(server, &format!("storage add s3 s3://{}/dir", self.bucket));
    }
}

#[test]
fn a_shop_is_backed_up_to_s3_and_restored_from_it_also_after_the_catalogue_was_lost() {
    let world = World::new("app_s3");
    let server = Server::start();
    world.take_over(&server);
    let tested = world.good(&server, "storage test s3");
    assert!(tested.contains("accepts the key"), "{tested}");
    let database = &world.shop.database;
    world.good(&server, &format!("backup now --cluster demo --storage s3 --database {database} --wait"));
    let used = world.refused(&server, "storage remove s3");
    assert!(used.contains("in use by"), "{used}");
    let moved = world.refused(&server, "storage edit s3 --uri s3://elsewhere/dir");
    assert!(moved.contains("Error"), "{moved}");
    let known = world.good(&server, "storage scan s3");
    assert!(known.contains("1 already known, 0 added"), "{known}");
    let keys: Value = serde_json::from_str(&world.good(&server, "admin signing-key -o json")).expect("JSON");
    let key = keys["current"].as_str().expect("a key");
    drop(server);

    let server = Server::start();
    world.good(&server, &format!("storage add s3 s3://{}/dir", world.bucket));
    let unknown = world.good(&server, "storage scan s3");
    assert!(unknown.contains("1 left out") && unknown.contains("not taken over"), "{unknown}");
    world.good(&server, &format!("cluster add demo --host 127.0.0.1:{} --user root", world.shop.port));
    let found: Value = serde_json::from_str(&world.good(&server, "storage scan s3 -o json")).expect("JSON");
    let set = &found["added"][0]["backupSetId"];
    assert_eq!(found["added"][0]["origin"]["signature"], "UNKNOWN", "the other server's key is lost here");
    let copy = &world.shop.copy;
    let restore = format!("restore start --set {set} --cluster demo --rename {database}={copy} --wait");
    let refused = world.refused(&server, &restore);
    assert!(refused.contains("not trusted here") && refused.contains("--accept-foreign"), "{refused}");
    let trusted = world.good(&server, &format!("admin trust-key before {key}"));
    assert!(trusted.contains("TRUSTED") && trusted.contains(key), "{trusted}");
    world.good(&server, &restore);
    assert_eq!(fingerprint(&world.shop, database), fingerprint(&world.shop, copy));
    assert!(world.good(&server, "storage scan s3").contains("1 already known, 0 added"));
}

#[test]
fn a_backup_to_s3_resumes_after_the_server_was_killed() {
    let world = World::with(large_shop("app_s3_kill"), "app_s3_kill");
    let server = Server::start();
    world.take_over(&server);
    let database = &world.shop.database;
    let made =
        world.good(&server, &format!("backup now --cluster demo --storage s3 --database {database} -o json"));
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let task = made["backupObjectOpsResultList"][0]["taskIdList"][0].to_string();
    until_pieces_lie_there(&world, &server, &task);
    let server = Server::start_in(server.kill(), Some(PASSWORD));
    world.good(&server, &format!("task watch {task}"));
    let sets: Value = serde_json::from_str(&world.good(&server, "backup list -o json")).expect("JSON");
    assert_eq!(sets.as_array().map(Vec::len), Some(1), "{sets}");
    let found: Value = serde_json::from_str(&world.good(&server, "storage scan s3 -o json")).expect("JSON");
    assert_eq!((&found["found"], &found["known"]), (&1.into(), &1.into()), "{found}");
    let copy = &world.shop.copy;
    world.good(&server, &format!("restore start --set 1 --cluster demo --rename {database}={copy} --wait"));
    assert_eq!(fingerprint(&world.shop, database), fingerprint(&world.shop, copy));
}

/// Waits until the step that writes rows has started, so that the kill interrupts it.
fn until_pieces_lie_there(world: &World, server: &Server, task: &str) {
    for _ in 0..3_000 {
        let shown = world.good(server, &format!("task show {task} -o json"));
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        assert_ne!(shown["status"], "SUCCESSFUL", "the shop is large enough to keep the server busy");
        let steps = shown["subtasks"].as_array().cloned().unwrap_or_default();
        let writes = |step: &Value| step.to_string().contains("Dump data") && step["status"] == "RUNNING";
        if steps.iter().any(writes) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the task never came to its data");
}

#[test]
fn the_key_of_a_storage_can_be_changed_and_never_comes_back() {
    let world = World::new("app_s3_key");
    let server = Server::start();
    world.take_over(&server);
    let mut wrong = server.command("storage edit s3 --secret");
    assert_eq!(run(world.tell(&mut wrong).env("LIFEBOAT_STORAGE_SECRET", "wrong")).status, 0);
    let failed = world.refused(&server, "storage test s3");
    assert!(failed.contains("rejects the access key"), "{failed}");
    world.good(&server, "storage edit s3 --secret --rename nightly");
    world.good(&server, "storage test nightly");
    let listed = world.good(&server, "storage list -o json");
    assert!(listed.contains("nightly") && !listed.to_lowercase().contains("secret"), "{listed}");
    let database = std::fs::read(server.path("data/lifeboat.db")).expect("a file");
    let log = std::fs::read(server.path("data/lifeboat.db-wal")).unwrap_or_default();
    for bytes in [database, log] {
        let found = bytes.windows(world.weed.secret.len()).any(|part| part == world.weed.secret.as_bytes());
        assert!(!found, "the secret lies in clear in the metadata");
    }
}

#[test]
fn the_engine_alone_dumps_to_s3_verifies_and_loads_from_it() {
    let world = World::new("app_s3_alone");
    let (database, copy) = (&world.shop.database, &world.shop.copy);
    let url = format!("mysql://root@127.0.0.1:{}", world.shop.port);
    let alone = |arguments: &str| {
        let mut command = lifeboat();
        let ran = run(world.tell(command.args(arguments.split_whitespace())));
        assert_eq!(ran.status, 0, "{arguments}: {}{}", ran.out, ran.err);
        assert!(!format!("{}{}", ran.out, ran.err).contains(&world.weed.secret), "{arguments}");
        ran.out
    };
    let bucket = &world.bucket;
    let dumped = alone(&format!("dump --url {url} --to s3://{bucket}/alone --database {database} -o json"));
    let dumped: Value = serde_json::from_str(&dumped).expect("JSON");
    let from = dumped["uri"].as_str().expect("a URI");
    assert!(from.starts_with(&format!("s3://{bucket}/alone/")), "{from}");
    alone(&format!("verify --from {from} --against {url}"));
    alone(&format!("load --from {from} --url {url} --rename {database}={copy}"));
    assert_eq!(fingerprint(&world.shop, database), fingerprint(&world.shop, copy));
}

#[test]
fn metadata_are_copied_while_the_server_runs_and_put_back_where_nothing_is() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a directory");
    let good = |arguments: &str| {
        let ran = server.run(arguments);
        assert_eq!(ran.status, 0, "{arguments}: {}{}", ran.out, ran.err);
    };
    good(&format!("storage add nightly file://{}", server.path("backups").display()));
    let (data, file) = (server.path("data"), folder.path().join("copy"));
    good(&format!("admin backup-metadata --data-dir {} --to {}", data.display(), file.display()));
    let new = tempfile::tempdir().expect("a directory");
    let put_back = |dir: &std::path::Path| {
        let mut command = lifeboat();
        command.args(["admin", "restore-metadata", "--from"]).arg(&file).arg("--data-dir").arg(dir);
        run(&mut command)
    };
    std::fs::create_dir(new.path().join("data")).expect("a directory");
    let keyless = put_back(&new.path().join("data"));
    assert!(keyless.status != 0 && keyless.err.contains("secret.key"), "{}", keyless.err);
    std::fs::copy(data.join("secret.key"), new.path().join("data/secret.key")).expect("copied");
    let done = put_back(&new.path().join("data"));
    assert_eq!(done.status, 0, "{}", done.err);
    let again = put_back(&new.path().join("data"));
    assert_eq!(again.status, 0, "the same copy again changes nothing: {}", again.err);
    let restored = Server::start_in(new, Some("another password for nobody"));
    let in_use = put_back(&restored.path("data"));
    assert!(in_use.status != 0 && !in_use.err.is_empty(), "{}", in_use.out);
    let mut command = restored.command("storage list");
    let listed = run(command.env("LIFEBOAT_PASSWORD", PASSWORD));
    assert!(listed.out.contains("nightly"), "{}{}", listed.out, listed.err);
}
