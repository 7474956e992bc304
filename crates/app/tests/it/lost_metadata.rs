//! A server whose metadata are on a database server that has stopped or no longer responds.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::lifeboat::{PASSWORD, Server};

/// A connection to a database server that can be cut.
struct Way {
    port: u16,
    is_open: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let is_open = Arc::new(AtomicBool::new(true));
        let streams: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let (open, kept) = (is_open.clone(), streams.clone());
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if !open.load(Ordering::SeqCst) {
                    continue; // closed at once
                }
                let far = TcpStream::connect(target).expect("the database listens");
                let copy = |stream: &TcpStream| stream.try_clone().expect("a second handle");
                kept.lock().expect("no panic").extend([copy(&near), copy(&far)]);
                for (mut from, mut to) in [(copy(&near), copy(&far)), (far, near)] {
                    std::thread::spawn(move || {
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        Self { port, is_open, streams }
    }

    fn cut(&self) {
        self.is_open.store(false, Ordering::SeqCst);
        for stream in self.streams.lock().expect("no panic").drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    fn mend(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }
}

#[test]
fn without_its_metadata_a_server_fails_fast_and_continues_when_they_are_back() {
    let seekdb = xtask::seekdb::shared().expect("seekdb starts");
    let name = format!("lifeboat_lost_{}", std::process::id());
    seekdb.fresh_database(&name).expect("a fresh database");
    let way = Way::to(format!("{}:{}", seekdb.host, seekdb.port).parse().expect("an address"));
    let url = format!("mysql://root@127.0.0.1:{}/{name}", way.port);
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::start_with(dir, Some(PASSWORD), |command| {
        command.args(["--metadata", &url]).env("LIFEBOAT_METADATA_PASSWORD", &seekdb.password);
    });
    assert_eq!(server.get("/readyz"), (200, "ok\n".to_owned()));
    way.cut();
    let begun = Instant::now();
    let refused = server.run("cluster list");
    let took = begun.elapsed();
    assert!(refused.status != 0 && refused.err.contains("cannot reach its own database"), "{}", refused.err);
    assert!(took < Duration::from_secs(5), "{took:?}");
    std::thread::sleep(Duration::from_secs(2)); // as long as an answer of /readyz is cached
    let (status, said) = server.get("/readyz");
    assert!(status == 503 && said.contains("cannot reach its own database"), "{status} {said}");
    assert_eq!(server.get("/healthz").0, 200);
    way.mend();
    let listed = server.run("cluster list");
    assert_eq!(listed.status, 0, "{}", listed.err);
    drop(server);
    seekdb.run(&[format!("DROP DATABASE `{name}`")]).expect("dropped");
}
