//! The client of a server's REST API.

use std::time::Duration;

use model::problem::{ProblemKind, codes};
use model::{Problem, Secret};
use reqwest::Method;
use reqwest::header::ACCEPT_LANGUAGE;
use serde_json::Value;
use url::Url;

use crate::failure::Failure;
use crate::{language, secrets};

/// The page size for reading a whole list.
const PAGE_SIZE: usize = 500;

/// A client of a server's REST API.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    credential: Credential,
}

/// The credential for the log-on.
enum Credential {
    Token(Secret),
    Password { user: String, password: Secret },
}

impl Client {
    /// Returns a client of that server. It logs on with the token in the environment, otherwise with a password from
    /// the sources in [`crate::secrets`].
    pub(crate) fn new(server: &str, user: &str) -> Result<Self, Failure> {
        let base = read_address(server)?;
        if let Some(token) = secrets::from_environment("LIFEBOAT_TOKEN")? {
            return Self::build(base, Credential::Token(token));
        }
        let password = secrets::read("LIFEBOAT_PASSWORD", "cli-prompt-password")?;
        Self::build(base, Credential::Password { user: user.to_owned(), password })
    }

    /// Returns a client of that server with that password, regardless of the environment.
    pub(crate) fn with_password(server: &str, user: &str, password: Secret) -> Result<Self, Failure> {
        Self::build(read_address(server)?, Credential::Password { user: user.to_owned(), password })
    }

    fn build(base: Url, credential: Credential) -> Result<Self, Failure> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("lifeboat/", env!("CARGO_PKG_VERSION")));
        if base.scheme() == "http" {
            builder = builder.tls_certs_only([]); // plain HTTP needs none: the machine may have no certificates
        }
        let is_here = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if is_here {
            builder = builder.no_proxy();
        }
        let http =
            builder.build().map_err(|cause| Problem::internal("client-not-built").raw(innermost(&cause)))?;
        Ok(Self { http, base, credential })
    }

    /// Returns the `data` of a GET.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        self.send(Method::GET, path, query, None).await
    }

    /// Returns the `data` of a POST.
    pub(crate) async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.send(Method::POST, path, &[], body).await
    }

    /// Returns the `data` of a POST with a query.
    pub(crate) async fn post_with(
        &self,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        self.send(Method::POST, path, query, body).await
    }

    /// Returns the `data` of a PATCH.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::PATCH, path, &[], Some(body)).await
    }

    /// Returns the `data` of a PUT.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::PUT, path, &[], Some(body)).await
    }

    /// Returns the `data` of a DELETE.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Returns the `data` of a DELETE with a query.
    pub(crate) async fn delete_with(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        self.send(Method::DELETE, path, query, None).await
    }

    /// Returns all rows of a paged list.
    pub(crate) async fn list(&self, path: &str, query: &[(&str, String)]) -> Result<Vec<Value>, Failure> {
        let mut rows = Vec::new();
        for page in 1.. {
            let mut query = query.to_vec();
            query.extend([("page", page.to_string()), ("size", PAGE_SIZE.to_string())]);
            let data = self.get(path, &query).await?;
            let contents = data["contents"].as_array().cloned().unwrap_or_default();
            let is_last = contents.len() < PAGE_SIZE;
            rows.extend(contents);
            if is_last {
                break;
            }
        }
        Ok(rows)
    }

    /// Returns the text at a path outside the REST API, also of an answer that reports a problem: `/readyz` explains it.
    pub(crate) async fn text(&self, path: &str) -> Result<String, Failure> {
        let answer =
            self.request(Method::GET, path).send().await.map_err(|cause| self.unreachable(&cause))?;
        answer.text().await.map_err(|cause| self.unreachable(&cause))
    }

    /// Returns a request with the credential.
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let request = self.http.request(method, url);
        let request = match &self.credential {
            Credential::Token(token) => request.bearer_auth(token.expose()),
            Credential::Password { user, password } => request.basic_auth(user, Some(password.expose())),
        };
        request.header(ACCEPT_LANGUAGE, language::header())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut request = self.request(method, &format!("/api/v2{path}")).query(query);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|cause| self.unreachable(&cause))?;
        let status = answer.status();
        let text = answer.bytes().await.map_err(|cause| self.unreachable(&cause))?;
        let mut envelope: Value = serde_json::from_slice(&text).map_err(|_| self.not_lifeboat(status))?;
        if status.is_success() && envelope.get("data").is_some() {
            return Ok(envelope["data"].take());
        }
        Err(Failure::from_answer(&envelope["error"]).unwrap_or_else(|| self.not_lifeboat(status).into()))
    }

    fn unreachable(&self, cause: &reqwest::Error) -> Failure {
        let problem = Problem::new(ProblemKind::Outside, codes::OUTSIDE, "server-unreachable");
        Failure::passing(problem.with("server", &self.base).raw(innermost(cause)))
    }

    fn not_lifeboat(&self, status: reqwest::StatusCode) -> Problem {
        Problem::outside("server-not-lifeboat").with("server", &self.base).with("status", status)
    }
}

/// Reads the address of a server. An address with a password is refused: process lists would show it.
fn read_address(server: &str) -> Result<Url, Problem> {
    let malformed =
        || Problem::invalid("server-address-malformed").with("server", model::storage::mask_uri(server));
    let url = Url::parse(server).map_err(|_| malformed())?;
    if url.password().is_some() || !url.username().is_empty() {
        return Err(Problem::invalid("url-with-password").with("url", model::storage::mask_uri(server)));
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(malformed());
    }
    Ok(url)
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::read_address;

    #[test]
    fn an_address_holds_no_password() {
        let cases = [
            ("http://127.0.0.1:8180", None),
            ("https://lifeboat.example/base", None),
            ("http://admin:hunter2@127.0.0.1", Some("url-with-password")),
            ("127.0.0.1:8180", Some("server-address-malformed")),
            ("ftp://x", Some("server-address-malformed")),
        ];
        for (address, expected) in cases {
            let refusal = read_address(address).err();
            assert_eq!(refusal.as_ref().map(|problem| problem.text.id.as_str()), expected, "{address}");
            assert!(!format!("{refusal:?}").contains("hunter2"));
        }
    }
}
