//! Who asks: HTTP Basic, a personal token, or the session of a browser, checked before anything else of a request is read.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use control::Actor;
use model::problem::{ProblemKind, codes};
use model::{Problem, Secret};

use crate::error::Failure;
use crate::{Api, session};

/// Middleware: lets nobody pass who is not logged on, and keeps who it is for [`Caller`].
pub(crate) async fn log_on(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    match authenticate(&api, peer, request.method().clone(), request.headers().clone()).await {
        Ok(actor) => {
            request.extensions_mut().insert(actor);
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    }
}

async fn authenticate(
    api: &Api,
    peer: Option<IpAddr>,
    method: Method,
    headers: HeaderMap,
) -> Result<Actor, Failure> {
    let address = client_address(peer, &headers, &api.trusted_proxies);
    let Some(value) = headers.get(AUTHORIZATION) else {
        let token = session::token(&headers).ok_or_else(|| nobody("not-logged-on"))?;
        session::check_is_console(&method, &headers)?;
        return Ok(control::users::sessions::resume(&api.control, &token, &address).await?);
    };
    if let Some(token) = value.to_str().ok().and_then(read_bearer) {
        return Ok(control::users::tokens::resume(&api.control, &token, &address).await?);
    }
    let (name, password) =
        value.to_str().ok().and_then(read_basic).ok_or_else(|| nobody("authorization-malformed"))?;
    Ok(control::users::authenticate(&api.control, &name, &password, &address).await?)
}

fn nobody(id: &str) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, codes::UNAUTHENTICATED, id)
}

/// Reads `Basic base64(name:password)`.
fn read_basic(value: &str) -> Option<(String, Secret)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), Secret::new(password)))
}

/// Reads `Bearer token`.
fn read_bearer(value: &str) -> Option<Secret> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}

/// Returns where the request came from. A proxy's word is taken only when the proxy is trusted: whoever could make
/// addresses up would never be locked out. Of several proxies in a row the last untrusted hop counts.
pub(crate) fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> String {
    let Some(peer) = peer else { return "unknown".to_owned() };
    if !trusted.contains(&peer) {
        return peer.to_string();
    }
    let hops = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> =
        hops.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    hops.into_iter().rev().find(|hop| !trusted.contains(hop)).unwrap_or(peer).to_string()
}

/// Who asks. Every route behind [`log_on`] has one.
pub(crate) struct Caller(pub(crate) Actor);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let actor = parts.extensions.get::<Actor>().cloned();
        Ok(Self(actor.ok_or_else(|| nobody("not-logged-on"))?))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::HeaderMap;

    use super::{client_address, read_basic, read_bearer};

    #[test]
    fn a_token_is_told_from_a_password() {
        let read = |value| read_bearer(value).map(|token| token.expose().to_owned());
        assert_eq!(read("Bearer lifeboat_1").as_deref(), Some("lifeboat_1"));
        assert_eq!(read("bearer  x ").as_deref(), Some("x"));
        assert_eq!(read("Basic YWRtaW46YQ=="), None);
        assert_eq!(read("Bearer"), None);
    }

    #[test]
    fn a_password_may_hold_colons_and_letters_of_any_language() {
        let read = |value| read_basic(value).map(|(name, password)| (name, password.expose().to_owned()));
        assert_eq!(read("Basic YWRtaW46YTpiOmM="), Some(("admin".into(), "a:b:c".into())));
        assert_eq!(read("basic ZXZhOuWvhueggQ=="), Some(("eva".into(), "密码".into())));
        for wrong in ["Bearer YWRtaW46YQ==", "Basic", "Basic ???", "Basic YWRtaW4="] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.9, 198.51.100.7, 10.0.0.2".parse().expect("a header"));
        let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
        assert_eq!(client_address(Some(ip("192.0.2.1")), &headers, &trusted), "192.0.2.1");
        assert_eq!(client_address(Some(ip("10.0.0.1")), &headers, &trusted), "198.51.100.7");
        assert_eq!(client_address(Some(ip("10.0.0.1")), &HeaderMap::new(), &trusted), "10.0.0.1");
    }
}
