//! A server with a full disk: what still works, what it reports, and that it continues by itself when there is space.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::lifeboat::Server;

/// How long a test waits.
const LIMIT: Duration = Duration::from_secs(60);

/// Writes until nothing more fits.
fn fill(path: &Path) {
    let mut file = File::options().create(true).append(true).open(path).expect("a file");
    for block in [1 << 20, 4096, 1] {
        while file.write_all(&vec![b'x'; block]).is_ok() {}
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LIMIT, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_full_disk_is_reported_allows_log_on_and_blocks_nothing() {
    let server = Server::start_on_small_disk(24);
    assert_eq!(server.get("/readyz"), (200, "ok\n".to_owned()));
    let token = server.run("admin token create watcher").out;
    let alarms = || server.get_with("/api/v2/alarm/alarms", token.trim()).1;
    assert!(alarms().contains("\"contents\":[]"), "{}", alarms());
    let filler = server.on_disk("filler");
    fill(&filler);
    until("the reserve is given up", || !server.on_disk("lifeboat.reserve").exists());
    until("it is not ready", || server.get("/readyz").0 == 503);
    let (_, said) = server.get("/readyz");
    assert!(said.contains("is full"), "{said}");
    assert_eq!(server.get("/healthz"), (200, "ok\n".to_owned()), "it is alive all the same");
    until("it is an alarm", || alarms().contains("lifeboat_disk_unavailable"));
    assert!(alarms().contains("is full") && alarms().contains("\"clusterId\":null"), "{}", alarms());
    let made = server.run("admin token create kept");
    assert_eq!(made.status, 0, "a write of a person finds room: {}", made.err);

    // Now no space is left, and every write fails.
    fill(&filler);
    let failed = |number: u32| server.run(&format!("admin token create t{number}"));
    until("writes fail", || (0..).map(failed).take(300).any(|ran| ran.err.contains("is full")));
    for number in 1000..1005 {
        let ran = failed(number);
        assert!(ran.status != 0 && ran.err.contains("is full"), "{}{}", ran.out, ran.err);
    }
    assert_eq!(server.get("/readyz").0, 503);

    fs::remove_file(&filler).expect("removed");
    let made = server.run("admin token create after");
    assert_eq!(made.status, 0, "it goes on at once, with no restart: {}", made.err);
    until("it is ready", || server.get("/readyz").0 == 200);
    assert!(server.on_disk("lifeboat.reserve").exists());
    until("the alarm is over", || alarms().contains("\"contents\":[]"));
    let listed = server.run("admin token list").out;
    assert!(listed.contains("kept") && listed.contains("after") && !listed.contains("t1000"), "{listed}");
}
