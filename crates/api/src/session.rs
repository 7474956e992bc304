//! Browser sessions: logging on and off, and the session cookie.
//!
//! A browser sends the cookie to `/api` only, hides it from scripts, and does not send it with requests of other sites.
//! In addition, every write must have the header [`CONSOLE_HEADER`], which no page of another site can add.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse as _, Response};
use control::users::sessions;
use model::problem::{ProblemKind, codes};
use model::{Problem, Secret};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Api;
use crate::envelope::{Answer, Done, Envelope};
use crate::error::{Failure, Failures};
use crate::extract::Body;
use crate::views::secret::SecretText;
use crate::views::users::MeView;

/// The header that the console's own script sends with every request.
pub(crate) const CONSOLE_HEADER: &str = "x-lifeboat-console";

const NAME: &str = "lifeboat_session";

/// A log-on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogOnBody {
    /// The account's name.
    #[schema(max_length = 128)]
    name: String,
    /// Its password.
    password: SecretText,
}

/// Logs a browser on: the answer sets a session cookie
///
/// Needs the header `X-Lifeboat-Console`, and so do writes that use the cookie. A session ends after 30 minutes without
/// activity, and when the account's password is changed.
#[utoipa::path(
    post,
    path = "/api/v2/session",
    tag = "users",
    security(()),
    request_body = LogOnBody,
    responses((status = 200, body = Envelope<MeView>), Failures)
)]
pub(crate) async fn log_on(
    State(api): State<Api>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Body(body): Body<LogOnBody>,
) -> Result<Response, Failure> {
    check_is_console(&Method::POST, &headers)?;
    let LogOnBody { name, password } = body;
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    let address = api.ingress.client_address(peer, &headers);
    let begun = sessions::begin(&api.control, &name, &password.0, &address).await?;
    let cookie = cookie(begun.token.expose(), api.ingress.is_https(peer, &headers));
    Ok(([(SET_COOKIE, cookie)], Answer(MeView::from(begun.actor))).into_response())
}

/// Logs a browser off
#[utoipa::path(
    delete,
    path = "/api/v2/session",
    tag = "users",
    security(()),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn log_off(
    State(api): State<Api>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    check_is_console(&Method::DELETE, &headers)?;
    if let Some(token) = token(&headers) {
        sessions::end(&api.control, &token).await?;
    }
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    let gone = format!("{}; Max-Age=0", cookie("", api.ingress.is_https(peer, &headers)));
    Ok(([(SET_COOKIE, gone)], Answer(Done {})).into_response())
}

/// Returns the session's token, if the request has one.
pub(crate) fn token(headers: &HeaderMap) -> Option<Secret> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == NAME).map(|(_, token)| Secret::new(token))
}

/// Refuses a write that does not come from the console's own script.
pub(crate) fn check_is_console(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() || headers.contains_key(CONSOLE_HEADER) {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::Forbidden, codes::FORBIDDEN, "console-header-missing"))
}

/// Returns whether the request comes from the console. A browser that receives an authentication challenge prompts for
/// a password in its own window, but the console has a page for that.
pub(crate) fn is_console(headers: &HeaderMap) -> bool {
    headers.contains_key(CONSOLE_HEADER) || token(headers).is_some()
}

/// Returns the session cookie. After a log-on over TLS, it is sent over TLS only.
fn cookie(token: &str, is_https: bool) -> String {
    let secure = if is_https { "; Secure" } else { "" };
    format!("{NAME}={token}; Path=/api; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;
    use axum::http::{HeaderMap, Method};

    use super::{CONSOLE_HEADER, check_is_console, cookie, token};

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let found = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, value.parse().expect("a header"));
            token(&headers).map(|token| token.expose().to_owned())
        };
        assert_eq!(found("a=b; lifeboat_session=abc; c=d").as_deref(), Some("abc"));
        assert_eq!(found("xlifeboat_session=abc"), None);
        assert_eq!(token(&HeaderMap::new()).map(|token| token.expose().to_owned()), None);
    }

    #[test]
    fn a_write_without_the_consoles_header_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(check_is_console(&Method::GET, &headers).is_ok());
        for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
            assert!(check_is_console(&method, &headers).is_err(), "{method}");
        }
        headers.insert(CONSOLE_HEADER, "1".parse().expect("a header"));
        assert!(check_is_console(&Method::POST, &headers).is_ok());
    }

    #[test]
    fn under_tls_the_cookie_is_sent_under_tls_only() {
        assert!(!cookie("t", false).contains("Secure"));
        assert!(cookie("t", true).ends_with("; HttpOnly; SameSite=Strict; Secure"));
    }
}
