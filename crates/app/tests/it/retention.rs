//! The retention of backup sets, as a DBA uses it: plan, hold, confirmation, deletion.

use serde_json::{Value, json};

use crate::lifeboat::{Ran, Server};
use crate::seekdb::{Shop, with_shop};

struct Stand {
    server: Server,
    shop: Shop,
}

impl Stand {
    fn new(name: &str) -> Self {
        let (server, shop) = (Server::start(), with_shop(name));
        std::fs::create_dir(server.path("backups")).expect("a directory");
        let stand = Self { server, shop };
        stand.good(&format!("cluster add demo --host 127.0.0.1:{} --user root", stand.shop.port));
        let place = format!("file://{}", stand.server.path("backups").display());
        stand.good(&format!("storage add nightly {place}"));
        stand
    }

    fn run(&self, arguments: &str) -> Ran {
        let mut command = self.server.command(arguments);
        crate::lifeboat::run(command.env("LIFEBOAT_CLUSTER_PASSWORD", &self.shop.password))
    }

    fn good(&self, arguments: &str) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.status, 0, "{arguments}: {}{}", ran.out, ran.err);
        ran.out
    }

    fn refused(&self, arguments: &str) -> String {
        let ran = self.run(arguments);
        assert_ne!(ran.status, 0, "{arguments}: {}", ran.out);
        ran.err
    }

    fn back_up(&self) {
        self.good(&format!("backup now --cluster demo --database {} --wait", self.shop.database));
    }

    /// Returns the plan's action for each set, by ID.
    fn plan(&self, rules: &str) -> Vec<(i64, String)> {
        let plan = self.good(&format!("retention plan --cluster demo {rules} -o json"));
        let plan: Value = serde_json::from_str(&plan).expect("JSON");
        let sets = plan["contents"][0]["sets"].as_array().expect("sets").clone();
        let of = |set: Value| {
            let first = set["reasons"][0]["id"].as_str().expect("a reason").to_owned();
            (set["backupSetId"].as_i64().expect("a number"), first)
        };
        sets.into_iter().map(of).collect()
    }
}

#[test]
fn expired_sets_are_planned_held_asked_about_and_deleted() {
    let stand = Stand::new("app_retention");
    assert!(
        stand
            .refused("retention apply --cluster demo --yes")
            .contains("No logical backup set of demo has expired")
    );
    for _ in 0..3 {
        stand.back_up();
    }
    let (expired, last) = ("retention-delete-expired", "retention-keep-last");
    let of = |sets: [(i64, &str); 3]| sets.map(|(set, reason)| (set, reason.to_owned())).to_vec();
    assert_eq!(stand.plan(""), of([3, 2, 1].map(|set| (set, "retention-keep-no-policy"))));
    assert_eq!(stand.plan("--keep-last 1"), of([(3, last), (2, expired), (1, expired)]));
    let shown = stand.good("retention plan --cluster demo --keep-last 1");
    assert!(
        shown.contains("It has expired: no rule keeps it") && shown.contains("2 sets to delete"),
        "{shown}"
    );

    let held = stand.good("retention hold 1 --reason audit --until 2099-01-31T00:00:00+08:00");
    assert!(held.contains("Backup set 1 is held until 2099-01-30 16:00:00 UTC: audit"), "{held}");
    assert_eq!(stand.plan("--keep-last 1"), of([(3, last), (2, expired), (1, "retention-keep-held")]));
    let asked = stand.refused("retention apply --cluster demo --keep-last 1");
    assert!(asked.contains("Deleting 1 backup set is not confirmed"), "{asked}");
    assert!(
        stand
            .refused("retention apply --cluster demo --keep-last 0 --yes")
            .contains("`keepLast` must be between")
    );
    let kept = stand.refused("retention apply --cluster demo --keep-last 1 --set 1 --yes");
    assert!(kept.contains("Backup set 1 has not expired"), "{kept}");

    stand.good("retention apply --cluster demo --keep-last 1 --yes --wait");
    let list = stand.good("backup list -o json");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let left: Vec<&Value> = list.as_array().expect("a list").iter().map(|set| &set["backupSetId"]).collect();
    assert_eq!(left, [&json!(3), &json!(1)]);
    let nothing = stand.refused("retention apply --cluster demo --keep-last 1 --yes");
    assert!(nothing.contains("No logical backup set of demo has expired"), "{nothing}");
    assert!(stand.refused("restore start --set 2 --cluster demo").contains("was deleted"));

    stand.good("retention release 1");
    assert!(stand.refused("retention release 1").contains("is not held"));
    stand.good("retention apply --cluster demo --storage nightly --keep-last 1 --set 1 --yes --wait");
    assert_eq!(stand.plan("--keep-last 1"), [(3, last.to_owned())]);
    let audit = stand.good("admin audit");
    for deed in ["backup-hold", "backup-release", "clean-up"] {
        assert!(audit.contains(deed), "{audit}");
    }
    let objects = walk(&stand.server.path("backups"));
    assert!(objects.iter().any(|path| path.ends_with("manifest.json")), "{objects:?}");
    let dumps: std::collections::BTreeSet<&str> =
        objects.iter().filter_map(|path| path.split("/logical/").nth(1)?.split('/').next()).collect();
    assert_eq!(dumps.len(), 1, "{dumps:?}");
}

/// Returns the paths of all files below a folder.
fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path.display().to_string()) }
    }
    files
}
