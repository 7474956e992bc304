//! The heartbeat of this server: a message to a URL while it works. A dead server can raise no alarm. The service that
//! receives heartbeats can.

use model::Problem;
use serde_json::json;
use storage::post::Message;

use crate::context::Control;
use crate::error::Error;
use crate::health;

/// The watcher that sends heartbeats.
pub(crate) const WATCHER: &str = "heartbeat";

/// Sends a heartbeat, if one is due and this server works: its metadata and disks answer, and its watchers run.
pub(crate) async fn beat(control: &Control) -> Result<(), Error> {
    let heartbeats = &control.context.heartbeats;
    let Some(url) = heartbeats.due() else { return Ok(()) };
    if let Some(problem) = health::problems(control).await.into_iter().next() {
        return Err(problem.into());
    }
    let ailing = control.context.watch_log.ailing(WATCHER);
    if !ailing.is_empty() {
        return Err(Problem::internal("heartbeat-withheld").with("watchers", ailing.join(", ")).into());
    }
    let body = json!({ "server": control.context.server_name, "version": env!("CARGO_PKG_VERSION") });
    let message = Message { url: url.clone(), headers: Vec::new(), body: body.to_string() };
    let sent = control.context.rules.post(message).await;
    sent.map_err(|error| Problem::outside("heartbeat-not-delivered").raw(error))?;
    heartbeats.sent();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use model::Secret;
    use model::egress::Egress;
    use model::text::Text;
    use model::time::Timestamp;

    use super::beat;
    use crate::context::{Control, Heartbeat, Settings, WakesBy};

    async fn open(url: &str, allow: &[&str]) -> Result<(tempfile::TempDir, Control), String> {
        let dir = tempfile::tempdir().expect("a directory");
        let settings = Settings {
            admin_password: Some(Secret::new("correct horse")),
            egress: Egress::of_server(allow.iter().copied(), []).expect("rules"),
            heartbeat: Some(Heartbeat { url: Secret::new(url), every: Duration::from_secs(60) }),
            ..Settings::new(dir.path())
        };
        match Control::open(settings).await {
            Ok(opened) => Ok((dir, opened.control)),
            Err(error) => Err(format!("{} {error} {error:?}", error.problem().text.id)),
        }
    }

    /// Returns the text of the failure of a heartbeat, and all that it shows.
    async fn failure(control: &Control) -> (String, String) {
        let error = beat(control).await.expect_err("no heartbeat");
        (error.problem().text.id.clone(), format!("{error} {error:?}"))
    }

    #[tokio::test]
    async fn a_server_with_a_bad_or_refused_url_does_not_start_and_does_not_show_it() {
        for (url, id) in [
            ("hooks.example/hidden", "heartbeat-url-malformed"),
            ("https://u:hidden@hooks.example/", "heartbeat-url-malformed"),
            ("http://127.0.0.1:1/hidden", "channel-url-refused"),
        ] {
            let refused = open(url, &[]).await.err().expect("refused");
            assert!(refused.starts_with(id) && !refused.contains("hidden"), "{url}: {refused}");
        }
    }

    #[tokio::test]
    async fn a_heartbeat_that_does_not_arrive_is_due_again_and_its_failure_hides_the_url() {
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").expect("a port");
            free.local_addr().expect("bound").port()
        };
        let url = format!("http://127.0.0.1:{port}/hidden");
        let (_dir, control) = open(&url, &["loopback"]).await.expect("opens");
        for _ in 0..2 {
            let (id, shown) = failure(&control).await;
            assert_eq!(id, "heartbeat-not-delivered");
            assert!(!shown.contains("hidden"), "{shown}");
        }
        control.context.heartbeats.sent();
        assert!(beat(&control).await.is_ok(), "none is due before the interval is over");
    }

    #[tokio::test]
    async fn a_server_whose_watchers_fail_sends_no_heartbeat() {
        let (_dir, control) = open("http://127.0.0.1:1/", &["loopback"]).await.expect("opens");
        let log = &control.context.watch_log;
        log.enter("first", Duration::from_secs(60), WakesBy::Timer);
        let note = |error: Option<Text>| log.note("first", Timestamp(0), Duration::ZERO, error);
        note(Some(Text::new("metadata-no-answer")));
        assert_eq!(failure(&control).await.0, "heartbeat-withheld");
        note(None);
        assert_eq!(failure(&control).await.0, "heartbeat-not-delivered", "nobody listens on port 1");
    }
}
