//! The heartbeat of a server, received by a service outside.

use std::fs;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;

use crate::lifeboat::{PASSWORD, Server, lifeboat, run};

#[test]
fn a_server_that_works_reports_it_and_shows_its_url_nowhere() {
    let receiver = TcpListener::bind("127.0.0.1:0").expect("a port");
    let folder = tempfile::tempdir().expect("a directory");
    let (file, log) = (folder.path().join("url"), folder.path().join("log"));
    let port = receiver.local_addr().expect("bound").port();
    fs::write(&file, format!("http://127.0.0.1:{port}/ping/hidden\n")).expect("written");
    let config = folder.path().join("lifeboat.toml");
    fs::write(&config, format!("[heartbeat]\nurl_file = {file:?}\nminutes = 60\n")).expect("written");
    let server = Server::start_with(tempfile::tempdir().expect("a directory"), Some(PASSWORD), |command| {
        command.args(["--server-name", "here", "--config"]).arg(&config);
        command.env("LIFEBOAT_LOG", "debug").stderr(File::create(&log).expect("a file"));
    });

    let (mut stream, _) = receiver.accept().expect("a heartbeat");
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut head = Vec::new();
    while head.last().is_none_or(|line: &String| !line.trim().is_empty()) {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).expect("text") > 0, "the request ends early: {head:?}");
        head.push(line);
    }
    assert_eq!(head[0].trim(), "POST /ping/hidden HTTP/1.1");
    let length = head
        .iter()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.trim().parse().ok());
    let mut body = vec![0; length.expect("a length")];
    reader.read_exact(&mut body).expect("the body");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!([&body["server"], &body["version"]], ["here", env!("CARGO_PKG_VERSION")]);

    // The receiver refuses the heartbeat, which has no consequence but the text.
    stream.write_all(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("answered");
    let token = token(&server);
    let mut watched = Value::Null;
    while watched["lastError"].is_null() {
        let (status, text) = server.get_with("/api/v2/watchers", &token);
        assert!(status == 200 && !text.contains("hidden"), "{text}");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        let all = answer["data"]["watchers"].as_array().expect("a list").clone();
        watched = all.into_iter().find(|watcher| watcher["name"] == "heartbeat").expect("it is listed");
    }
    assert_eq!(watched["lastError"]["id"], "heartbeat-not-delivered", "{watched:#}");
    assert_eq!(watched["lastError"]["raw"], "the receiver answers HTTP 500", "{watched:#}");
    server.stop();
    let log = fs::read_to_string(&log).expect("text");
    assert!(log.contains("a watcher failed") && !log.contains("hidden"), "{log}");
    let shown = run(lifeboat().args(["serve", "--print-config", "--config"]).arg(&config)).out;
    assert!(shown.contains("heartbeat.minutes       = 60") && !shown.contains("hidden"), "{shown}");
}

/// Returns a token of the administrator.
fn token(server: &Server) -> String {
    let ran = server.run("admin token create reader");
    assert_eq!(ran.status, 0, "{}", ran.err);
    ran.out.trim().to_owned()
}
