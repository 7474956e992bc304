//! Endpoints that are not object stores: the effects of an entered address, and what it reveals.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::Secret;
use model::storage::{StorageLocation, StorageType};
use storage::{Client, Error, ErrorKind, FileRoots};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A service that gives every request the same answer.
struct Service {
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl Service {
    async fn start(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { port, requests }
    }
}

fn answer(status: &str, header: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn location(endpoint: String) -> StorageLocation {
    StorageLocation {
        kind: StorageType::S3,
        path: "backup/dir".to_owned(),
        endpoint: Some(endpoint),
        access_key_id: Some("id".to_owned()),
        app_id: None,
    }
}

async fn asked(endpoint: String) -> Error {
    let roots = FileRoots::new(Vec::<std::path::PathBuf>::new()).expect("no roots");
    let secret = Secret::new("secret");
    match Client::open(&location(endpoint), Some(&secret), &roots) {
        Ok(client) => client.list("").await.expect_err("no object store"),
        Err(error) => error,
    }
}

const CREDENTIALS: &str = "{\"AccessKeyId\": \"AKIA\", \"SecretAccessKey\": \"hunter2\"}";

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let metadata = Service::start(answer("200 OK", "", CREDENTIALS)).await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
        let header = format!("Location: http://127.0.0.1:{}/latest/meta-data\r\n", metadata.port);
        let service = Service::start(answer(status, &header, "")).await;
        let error = asked(format!("http://127.0.0.1:{}", service.port)).await;
        assert!(service.requests.load(Ordering::Relaxed) > 0, "{status}");
        assert_eq!(metadata.requests.load(Ordering::Relaxed), 0, "{status}: {error:?}");
    }
}

#[tokio::test]
async fn the_body_of_an_unknown_service_is_not_shown() {
    for status in ["200 OK", "400 Bad Request", "403 Forbidden", "418 I'm a teapot"] {
        let service = Service::start(answer(status, "ETag: \"1\"\r\n", CREDENTIALS)).await;
        let error = asked(format!("http://127.0.0.1:{}", service.port)).await;
        let shown = format!("{error} {error:?} {:?}", error.problem());
        assert!(!shown.contains("hunter2"), "{status}: {shown}");
    }
}

#[tokio::test]
async fn an_address_of_a_metadata_service_is_refused_before_anything_is_sent() {
    for endpoint in ["http://169.254.169.254", "http://[fd00:ec2::254]", "http://100.100.100.200:80"] {
        let error = asked(endpoint.to_owned()).await;
        assert_eq!(*error.kind(), ErrorKind::AddressRefused, "{endpoint}: {error:?}");
    }
}
