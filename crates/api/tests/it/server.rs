//! A server with empty metadata, and its client.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use control::{Control, Opened, Settings};
use model::Secret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The administrator's password in every test.
pub(crate) const PASSWORD: &str = "correct horse";

/// `admin:correct horse`.
pub(crate) const ADMIN: &str = "Basic YWRtaW46Y29ycmVjdCBob3JzZQ==";

/// Returns a value of the header `Authorization`.
pub(crate) fn basic(name: &str, password: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("{name}:{password}")))
}

/// A server with its own data directory.
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) control: Control,
    pub(crate) shutdown: CancellationToken,
    pub(crate) dir: TempDir,
}

/// The answer of a server.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Server {
    /// Opens a server whose administrator has changed the password to [`PASSWORD`].
    pub(crate) async fn open() -> Self {
        Self::open_with(Some(PASSWORD)).await
    }

    /// Opens a server; without a password it creates an initial one that must be changed.
    pub(crate) async fn open_with(password: Option<&str>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let settings = Settings { admin_password: password.map(Secret::new), ..Settings::new(dir.path()) };
        let Opened { control, .. } = Control::open(settings).await.expect("an empty directory can be opened");
        let shutdown = CancellationToken::new();
        let settings = api::Settings {
            server_name: "here".into(),
            is_https: false,
            trusted_proxies: Vec::new(),
            shutdown: shutdown.clone(),
        };
        Self { router: api::router(control.clone(), settings), control, shutdown, dir }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.router.clone().oneshot(request).await.expect("a router always answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.expect("the whole answer");
        let text = String::from_utf8(bytes.to_vec()).expect("answers are text");
        Answered { status: parts.status, headers: parts.headers, text }
    }

    /// Creates an account and changes its password to [`PASSWORD`]; returns its `Authorization` header.
    pub(crate) async fn account(&self, name: &str, role: &str) -> String {
        let given = "given by the administrator";
        let body = json!({ "name": name, "role": role, "password": given });
        let made = self.ask("POST", "/api/v2/users", Some(&body)).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        let body = json!({ "oldPassword": given, "newPassword": PASSWORD }).to_string();
        let request = Request::post("/api/v2/users/me/password")
            .header("authorization", basic(name, given))
            .header("content-type", "application/json")
            .body(Body::from(body));
        let changed = self.send(request.expect("a request")).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
        basic(name, PASSWORD)
    }

    /// Logs a browser on with [`PASSWORD`]; returns its cookie.
    pub(crate) async fn browser(&self, name: &str) -> String {
        let body = json!({ "name": name, "password": PASSWORD }).to_string();
        let request = Request::post("/api/v2/session")
            .header("content-type", "application/json")
            .header("x-lifeboat-console", "1")
            .body(Body::from(body));
        let begun = self.send(request.expect("a request")).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
        let set = begun.headers["set-cookie"].to_str().expect("text");
        set.split(';').next().expect("a pair").to_owned()
    }

    /// Returns a request for the logged-on user, with a cookie.
    pub(crate) fn with(&self, cookie: &str) -> Request<Body> {
        let request = Request::get("/api/v2/users/me").header("cookie", cookie).body(Body::empty());
        request.expect("a request")
    }

    /// Sends a request as the administrator.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answered {
        let request = Request::builder().method(method).uri(path).header("authorization", ADMIN);
        let request = match body {
            Some(body) => {
                request.header("content-type", "application/json").body(Body::from(body.to_string()))
            }
            None => request.body(Body::empty()),
        };
        self.send(request.expect("a request")).await
    }
}
