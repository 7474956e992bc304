//! Authentication: HTTP Basic, a personal token, or a browser session, checked before the rest of a request is read. A
//! caller without permission for a path learns nothing about its fields: instead of an error about fields, it gets the
//! missing permission.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use control::Actor;
use model::problem::{ProblemKind, codes};
use model::user::Permission;
use model::{Problem, Secret};

use crate::error::Failure;
use crate::{Api, session};

/// Middleware: rejects requests without a log-on, and stores the user for [`Caller`].
pub(crate) async fn log_on(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    match authenticate(&api, peer, request.method().clone(), request.headers().clone()).await {
        Ok(actor) => {
            let needed = needed(request.method(), request.uri().path());
            request.extensions_mut().insert(actor.clone());
            let response = next.run(request).await;
            match needed.filter(|_| is_about_fields(response.status())).map(|needed| actor.must(needed)) {
                Some(Err(refusal)) => Failure::from(refusal).into_response(),
                _ => response,
            }
        }
        Err(failure) => failure.into_response(),
    }
}

/// Returns whether an answer reports an error in the request itself.
fn is_about_fields(status: StatusCode) -> bool {
    use StatusCode as Status;
    [
        Status::BAD_REQUEST,
        Status::PAYLOAD_TOO_LARGE,
        Status::UNSUPPORTED_MEDIA_TYPE,
        Status::UNPROCESSABLE_ENTITY,
    ]
    .contains(&status)
}

/// Returns the minimum permission of a path below `/api/v2` or of the metrics; the use case checks it, and any
/// further one. A test compares this with the use cases, path by path.
fn needed(method: &Method, path: &str) -> Option<Permission> {
    let parts: Vec<&str> =
        path.trim_start_matches("/api/v2").split('/').filter(|part| !part.is_empty()).collect();
    match (method.is_safe(), &parts[..]) {
        (_, ["users", "me"] | ["users", "me", "password"] | ["version"]) => None,
        (_, ["users", "me", ..]) => Some(Permission::Read),
        (_, ["users" | "audit" | "configuration", ..]) => Some(Permission::ManageUsers),
        (_, ["alarm", "channels", ..]) => Some(Permission::ManageUsers),
        (false, ["signingKeys", ..]) => Some(Permission::ManageUsers),
        (false, ["ob", "clusters", _, "backup", "retention", "plan"]) => Some(Permission::Read),
        (false, ["ob", "clusters", _, "backup", "retention", "deletePolicies", "preview"]) => {
            Some(Permission::Read)
        }
        (false, ["ob", "clusters", _, "refresh"]) => Some(Permission::Read),
        (false, ["ob", "clusters"] | ["ob", "clusters", _]) => Some(Permission::ManageClusters),
        (false, ["ob", "clusters", _, "tenants", _, "credential", ..]) => Some(Permission::ManageClusters),
        (true, _) => Some(Permission::Read),
        (false, _) => Some(Permission::Backup),
    }
}

async fn authenticate(
    api: &Api,
    peer: Option<IpAddr>,
    method: Method,
    headers: HeaderMap,
) -> Result<Actor, Failure> {
    let address = api.ingress.client_address(peer, &headers);
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

/// The caller. Every route after [`log_on`] has one.
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
    use super::{read_basic, read_bearer};

    #[test]
    fn a_token_is_distinguished_from_a_password() {
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
}
