//! A real S3 server, and an administrator's requests to it.

use http::Method;
use model::Secret;
use model::storage::{StorageLocation, StorageType};
use reqsign_aws_v4::{RequestSigner, StaticCredentialProvider};
use reqsign_core::{Context, Signer};
use storage::{Client, FileRoots};
use tokio::sync::OnceCell;
use xtask::seaweedfs::{Instance, shared};

/// Returns the server of this test run.
pub(crate) async fn server() -> &'static Instance {
    let started = tokio::task::spawn_blocking(shared).await.expect("no panic");
    started.expect("SeaweedFS starts")
}

/// Returns the secret of the server's administrator.
pub(crate) async fn secret() -> Secret {
    Secret::new(&*server().await.secret)
}

/// Returns a location in a bucket.
pub(crate) async fn location(path: &str) -> StorageLocation {
    let server = server().await;
    StorageLocation {
        kind: StorageType::S3,
        path: path.to_owned(),
        endpoint: Some(server.endpoint.clone()),
        access_key_id: Some(server.access_key_id.clone()),
        app_id: None,
    }
}

/// Returns an empty location in a bucket that all tests share.
pub(crate) async fn fresh_location() -> StorageLocation {
    static BUCKET: OnceCell<()> = OnceCell::const_new();
    BUCKET.get_or_init(|| create("shared", false)).await;
    location(&format!("shared/base/{:016x}", rand::random::<u64>())).await
}

/// Opens a location with the administrator's key.
pub(crate) async fn open(location: &StorageLocation) -> Client {
    Client::open(location, Some(&secret().await), &FileRoots::default()).expect("a well-formed location")
}

/// Opens an empty location.
pub(crate) async fn client() -> Client {
    open(&fresh_location().await).await
}

/// Creates a bucket; with a lock, every object in it is retained for a day.
pub(crate) async fn create(name: &'static str, locked: bool) {
    let server = server().await;
    let make = move || if locked { server.create_locked_bucket(name) } else { server.create_bucket(name) };
    tokio::task::spawn_blocking(make).await.expect("no panic").expect("a new bucket");
    if locked {
        let rule = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>\
                    <Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>";
        administer(Method::PUT, &format!("{name}?object-lock="), rule).await;
    }
}

/// Sends a request as the server's administrator; returns the answer's body.
pub(crate) async fn administer(method: Method, target: &str, body: &'static str) -> String {
    let server = server().await;
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{}/{target}", server.endpoint))
        .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        .body(body)
        .expect("a request");
    let (mut parts, body) = request.into_parts();
    let provider = StaticCredentialProvider::new(&server.access_key_id, &server.secret);
    let signer = Signer::new(Context::new(), provider, RequestSigner::new("s3", "us-east-1"));
    signer.sign(&mut parts, None).await.expect("it is signed");
    let request = reqwest::Request::try_from(http::Request::from_parts(parts, body)).expect("a request");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().build().expect("a client");
    let answer = client.execute(request).await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    assert!(status.is_success(), "{status}: {text}");
    text
}
