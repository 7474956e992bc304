//! A backup on the real kernel through REST, with its events.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::forged::recover_a_forged_set;
use crate::server::{ADMIN, Server};

/// How long a test waits before it fails.
const LIMIT: Duration = Duration::from_secs(60);

/// One event: its number, its type, its data.
type Seen = (i64, String, Value);

/// The stream of events.
struct Events {
    stream: axum::body::BodyDataStream,
    /// The received text that was not parsed yet: a chunk contains several events.
    text: String,
}

impl Events {
    /// Opens the stream after `after`.
    async fn open(server: &Server, after: Option<i64>) -> Self {
        use tower::ServiceExt as _;
        let mut request = Request::get("/api/v2/events").header("authorization", ADMIN);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = server.router.clone().oneshot(request).await.expect("a router always answers");
        assert_eq!(response.status(), StatusCode::OK);
        Self { stream: response.into_body().into_data_stream(), text: String::new() }
    }

    /// Waits for the next event.
    async fn next(&mut self) -> Seen {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let found =
                    field("id:").zip(field("event:")).zip(field("data:")).map(|((id, kind), data)| {
                        let data = serde_json::from_str(data).expect("JSON");
                        (id.parse().expect("a number"), kind.to_owned(), data)
                    });
                self.text = rest.to_owned();
                if let Some(found) = found {
                    return found;
                }
            }
            let chunk = tokio::time::timeout(LIMIT, self.stream.next()).await.expect("an event in time");
            let chunk = chunk.expect("no end").expect("a chunk");
            self.text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// Reads events until one of them is the wanted one, and returns all.
    async fn until(&mut self, wanted: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let mut seen = Vec::new();
        while !seen.last().is_some_and(&wanted) {
            seen.push(self.next().await);
        }
        seen
    }
}

#[tokio::test]
async fn a_backup_is_followed_by_its_events_and_they_can_be_had_again() {
    let seekdb = xtask::seekdb::shared().expect("seekdb starts");
    let database = format!("api_story_{}", std::process::id()); // two runs of the tests may share the server
    seekdb.fresh_database(&database).expect("a database");
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "INSERT INTO t VALUES (1), (2)",
        "CREATE TABLE other (id INT PRIMARY KEY)",
        "INSERT INTO other VALUES (3)",
    ];
    let statements = [&[format!("USE {database}")][..], &statements.map(str::to_owned)].concat();
    seekdb.run(&statements).expect("three rows");
    let server = Server::open().await;
    let control = server.control.clone();
    let working = tokio::spawn({
        let shutdown = server.shutdown.clone();
        async move { control.run(shutdown).await }
    });
    let cluster = json!({
        "name": "demo", "addresses": [format!("127.0.0.1:{}", seekdb.port)], "user": "root", "password": seekdb.password,
    });
    let added = server.ask("POST", "/api/v2/ob/clusters", Some(&cluster)).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    let cluster = added.json()["data"]["id"].as_i64().expect("an id");
    let ability =
        server.ask("GET", &format!("/api/v2/ob/clusters/{cluster}/backup/ability"), None).await.json();
    assert_eq!(ability["data"]["backupAbility"], "LOGICAL_BACKUP");

    let mut live = Events::open(&server, None).await;
    let body = json!({
        "dataBackupMode": "FULL_BACKUP",
        "obBackupServiceStorageConfig": { "obBackupStorageBaseInfo": {
            "backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": server.dir.path().join("backups"),
        }},
        "obBackupObjectList": [{ "backupDimension": "DATABASE", "databaseName": database }],
    });
    let path = format!("/api/v2/ob/clusters/{cluster}/backup/backupNow");
    let begun = server.ask("POST", &path, Some(&body)).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
    let result = &begun.json()["data"]["backupObjectOpsResultList"][0];
    assert_eq!((&result["beSuccessful"], &result["errorCode"]), (&json!(true), &Value::Null));
    let task = result["taskIdList"][0].as_i64().expect("a task");

    let path = format!("/api/v2/tasks/instances/{task}");
    // Events arrive after their cause: a quick backup may have ended before the events of its lanes arrive.
    let mut seen = live.until(|(_, kind, _)| kind == "lane").await;
    while server.ask("GET", &path, None).await.json()["data"]["status"] == "RUNNING" {
        seen.extend(live.until(|(_, kind, _)| kind == "task").await);
    }
    let ended = server.ask("GET", &path, None).await.json();
    assert_eq!(ended["data"]["status"], "SUCCESSFUL", "{ended}");
    assert!(seen.is_sorted_by(|one, next| one.0 < next.0), "numbers grow");
    assert!(seen.iter().all(|(.., data)| data["taskId"] == task && data["clusterId"] == cluster), "{seen:?}");
    assert!(seen.iter().any(|(_, kind, _)| kind == "lane"), "{seen:?}");

    let (middle, last) = (seen[seen.len() / 2].0, seen[seen.len() - 1].0);
    let mut again = Events::open(&server, Some(middle)).await;
    let replayed = again.until(|(id, ..)| *id == last).await;
    let expected: Vec<Seen> = seen.into_iter().filter(|(id, ..)| *id > middle).collect();
    assert_eq!(replayed, expected, "what came behind the last event seen comes again, once");

    let sets = server.ask("GET", "/api/v2/backup/sets", None).await.json();
    assert_eq!(sets["data"]["contents"][0]["rows"], 3, "{sets}");
    recover_one_table(&server, &sets["data"]["contents"][0], &database).await;
    let task = recover_a_forged_set(&server, &sets["data"]["contents"][0], &database).await;
    let path = format!("/api/v2/tasks/instances/{task}");
    while server.ask("GET", &path, None).await.json()["data"]["status"] == "RUNNING" {
        again.until(|(_, kind, _)| kind == "task").await;
    }
    assert_eq!(server.ask("GET", &path, None).await.json()["data"]["status"], "SUCCESSFUL");
    be_told_of_an_alarm(&server, cluster).await;
    server.shutdown.cancel();
    tokio::time::timeout(LIMIT, working).await.expect("the server stops in time").expect("no panic");
    let drop = |name: &str| format!("DROP DATABASE {name}");
    seekdb
        .run(&[drop(&database), drop(&format!("{database}_2")), drop(&format!("{database}_3"))])
        .expect("a clean server");
}

/// Lets a backup fail, and waits for the event of the alarm.
async fn be_told_of_an_alarm(server: &Server, cluster: i64) {
    let mut live = Events::open(server, None).await.stream;
    std::fs::write(server.dir.path().join("blocked"), "a file where a directory should be").expect("written");
    let body = json!({
        "obBackupServiceStorageConfig": { "obBackupStorageBaseInfo": {
            "backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": server.dir.path().join("blocked/below"),
        }},
    });
    let begun =
        server.ask("POST", &format!("/api/v2/ob/clusters/{cluster}/backup/backupNow"), Some(&body)).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
    let mut text = String::new();
    while !text.contains("event: alarm") || !text.ends_with("\n\n") {
        let chunk = tokio::time::timeout(LIMIT, live.next()).await.expect("an event in time");
        text.push_str(std::str::from_utf8(&chunk.expect("no end").expect("a chunk")).expect("text"));
    }
    let event = text.split("\n\n").find(|event| event.contains("event: alarm")).expect("an event");
    assert!(!event.contains("id:"), "an event without a number leaves the last number as it is: {event}");
    let data = event.lines().find_map(|line| line.strip_prefix("data:")).expect("what it carries");
    let data: Value = serde_json::from_str(data).expect("JSON");
    let list = server.ask("GET", "/api/v2/alarm/alarms", None).await.json();
    let alarm = &list["data"]["contents"][0];
    assert_eq!(data["change"], "RAISED");
    for field in ["id", "alarmType", "clusterId", "tenantId"] {
        assert_eq!(data[field], alarm[field], "{field}: {data} {alarm}");
    }
    Box::pin(handle_an_alarm(server, alarm)).await;
}

/// Acknowledges and silences a recorded alarm.
async fn handle_an_alarm(server: &Server, alarm: &Value) {
    assert_eq!(alarm["state"], "NEW");
    let path =
        format!("/api/v2/alarm/alarms/{}", alarm["alarmId"].as_i64().expect("recorded before the event"));
    let body = json!({ "comment": "mine" });
    let done = server.ask("POST", &format!("{path}/acknowledge"), Some(&body)).await.json();
    assert_eq!(done["data"]["state"], "ACKNOWLEDGED", "{done}");
    let body = json!({ "reason": "upgrade", "endTime": "2020-01-01T00:00:00Z" });
    let refused = server.ask("PUT", &format!("{path}/silence"), Some(&body)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    let until = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let until =
        model::Timestamp(i64::try_from(until.as_micros()).expect("small") + 3_600_000_000).to_rfc3339();
    let body = json!({ "reason": "upgrade", "endTime": until });
    let done = server.ask("PUT", &format!("{path}/silence"), Some(&body)).await.json();
    assert_eq!(
        (&done["data"]["state"], &done["data"]["silenced"]["reason"]),
        (&json!("SILENCED"), &json!("upgrade"))
    );
    let count = async |query: &str| {
        let list = server.ask("GET", &format!("/api/v2/alarm/alarms?{query}"), None).await.json();
        list["data"]["page"]["totalElements"].as_i64().expect("a number")
    };
    let found =
        (count("state=SILENCED").await, count("state=NEW&level=2").await, count("state=RECOVERED").await);
    assert_eq!(found, (1, 0, 0));
    let done = server.ask("DELETE", &format!("{path}/silence"), None).await.json();
    assert_eq!(done["data"]["state"], "ACKNOWLEDGED", "{done}");
    let shown = server.ask("GET", &path, None).await.json();
    assert_eq!(shown["data"]["acknowledged"]["comment"], "mine");
    let unknown = server.ask("GET", "/api/v2/alarm/alarms/4711", None).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{}", unknown.text);
    let level = server.ask("GET", "/api/v2/alarm/alarms?level=3", None).await;
    assert_eq!(level.status, StatusCode::BAD_REQUEST, "{}", level.text);
}

/// Finds a table in the set, and recovers only this table, under a new name of its database.
async fn recover_one_table(server: &Server, set: &Value, database: &str) {
    let (id, cluster) = (&set["backupSetId"], &set["clusterId"]);
    let path = format!("/api/v2/backup/sets/{id}/databases");
    let databases = server.ask("GET", &path, None).await.json();
    let held = &databases["data"]["contents"][0];
    assert_eq!((&held["name"], &held["tables"]), (&json!(database), &json!(2)), "{databases}");
    let tables = server.ask("GET", &format!("{path}/{database}/tables?size=1"), None).await.json();
    let data = &tables["data"];
    assert_eq!((&data["contents"][0]["name"], &data["page"]["totalElements"]), (&json!("other"), &json!(2)));

    let path = format!("/api/v2/ob/clusters/{cluster}/backup/restore");
    let body = |object: Value| {
        json!({
            "backupSetId": id, "restoreTenantId": 1, "obBackupObjectList": [object],
            "rename": { database: format!("{database}_2") },
        })
    };
    let table =
        |name: &str| json!({ "backupDimension": "TABLE", "databaseName": database, "tableName": name });
    let mut elsewhere = table("other");
    elsewhere["tenantId"] = json!(1);
    for (object, expected) in [
        (table("gone"), "table-not-in-set"),
        (json!({ "backupDimension": "TABLE", "databaseName": database }), "backup-object-incomplete"),
        (json!({ "backupDimension": "TENANT" }), "restore-object-is-no-part"),
        (elsewhere, "restore-object-is-no-part"),
    ] {
        let refused = server.ask("POST", &path, Some(&body(object))).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        assert_eq!(refused.json()["error"]["id"], expected);
    }

    let mut live = Events::open(server, None).await;
    let begun = server.ask("POST", &path, Some(&body(table("other")))).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
    let task = begun.json()["data"]["backupObjectOpsResultList"][0]["taskIdList"][0].clone();
    let path = format!("/api/v2/tasks/instances/{task}");
    while server.ask("GET", &path, None).await.json()["data"]["status"] == "RUNNING" {
        live.until(|(_, kind, _)| kind == "task").await;
    }
    let path = format!("/api/v2/ob/clusters/{cluster}/backup/task/restoreTasks");
    let listed = server.ask("GET", &path, None).await.json();
    let row = &listed["data"]["contents"][0];
    assert_eq!((&row["status"], &row["id"]), (&json!("RESTORE_SUCCESS"), &task), "{listed}");
    assert_eq!(row["obBackupObjectList"], json!([table("other")]));
    let path = format!("/api/v2/ob/clusters/{cluster}/tenants/1/databases/{database}_2/tables");
    let found = server.ask("GET", &path, None).await.json();
    let names: Vec<&Value> =
        found["data"]["contents"].as_array().expect("a list").iter().map(|table| &table["name"]).collect();
    assert_eq!(names, ["other"], "nothing else came along");
}
